// What generic code may ask of a family, and how it is filled in.
#pragma once

#include "tile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class T> struct FamilyOps {
  std::int64_t (*constants_size)(Shape);
  std::int64_t (*prepare_scratch)(Shape);
  void (*prepare)(Shape, const double* const*, std::int64_t, std::int64_t, T*, double*);
  std::int64_t (*evaluate_scratch)(const Block<T>&, std::int64_t tile);
  void (*log_density)(const Block<T>&, std::int64_t, std::int64_t, const Tile<T>&, const T*, T*, T*);
  // Optional, both or none: upper bounds of the log densities from the first rows of a factor (0: no bounds).
  std::int64_t (*bound_rows)(Shape);
  void (*log_bound)(const Block<T>&, std::int64_t, std::int64_t, const Tile<T>&, const T*, T*, T*);
  void (*add_gradient)(const Block<T>&, const Tile<T>&, const T*, T*, T*);
  std::int64_t (*draw_scratch)(const Block<T>&, std::int64_t samples);
  void (*draw)(const Block<T>&, const DrawTile<T>&);
  // Scalar laws only. Like log_density, but every sample s under a component of its own.
  void (*log_density_each)(const Block<T>&, const std::int64_t* component, const Tile<T>&, const T* offset, T* lp);
  void (*add_tails)(const Block<T>&, std::int64_t, const T*, const T*, T*, T*, T*);
  void (*bracket_quantile)(const Block<T>&, std::int64_t, const T*, const T*, T*, T*);
};

template <class Family, class T> constexpr FamilyOps<T> all_ops() {
  FamilyOps<T> ops{Family::template constants_size<T>,
                   Family::prepare_scratch,
                   Family::template prepare<T>,
                   Family::template evaluate_scratch<T>,
                   Family::template log_density<T>,
                   nullptr,
                   nullptr,
                   Family::template add_gradient<T>,
                   Family::template draw_scratch<T>,
                   Family::template draw<T>,
                   nullptr,
                   nullptr,
                   nullptr};
  if constexpr (Family::bounded) {
    ops.bound_rows = Family::bound_rows;
    ops.log_bound = Family::template log_bound<T>;
  }
  if constexpr (Family::scalar) {
    ops.log_density_each = Family::template log_density_each<T>;
    ops.add_tails = Family::template add_tails<T>;
    ops.bracket_quantile = Family::template bracket_quantile<T>;
  }
  return ops;
}

// Empty where a family has no kernels in that precision.
template <class Family, class T> constexpr FamilyOps<T> family_ops() {
  if constexpr (sizeof(T) == 4 && !Family::has_float) {
    return {};
  } else {
    return all_ops<Family, T>();
  }
}

// The entry of a family, for families made of others too.
template <class T> const FamilyOps<T>& ops_of(const Block<T>& block);

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
