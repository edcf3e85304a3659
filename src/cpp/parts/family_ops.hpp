// What generic code may ask of a family, and how it is filled in.
#pragma once

#include "patience.hpp"
#include "tile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Rows of samples are read and written as far as tile.padded. `scratch` is memory for the family to work with; null where it asks
// for none. Offsets, weights and parameters are those of a block: k counts its components.
template <class T> struct FamilyOps {
  // How many elements the constants of a block take.
  std::int64_t (*constants_size)(Shape shape);
  // How many doubles of scratch `prepare` asks for.
  std::int64_t (*prepare_scratch)(Shape shape);
  // Writes the constants of components k0 .. k1 - 1. Others may be written at the same time by other threads: what all share is
  // written with component 0. Parameters are in the order of core/families.hpp, each of the whole block. Incomplete when stopped.
  void (*prepare)(Shape shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants,
                  double* scratch, Patience patience);

  // How many elements of scratch log_density, log_bound and add_gradient ask for, of a tile with so many rows.
  std::int64_t (*evaluate_scratch)(const Block<T>& block, std::int64_t tile);
  // Writes lp[(k - k0) * tile.stride + s], the log density of component k at sample s plus offset[k], for k0 <= k < k1. Never NaN,
  // as the points are finite.
  void (*log_density)(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                      T* lp, T* scratch);
  // Optional, both or none. How many rows of a factor bounds are made from, which is what they cost; 0: there are none.
  std::int64_t (*bound_rows)(Shape shape) = nullptr;
  // The same with upper bounds of the log densities in their place.
  void (*log_bound)(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                    T* lp, T* scratch) = nullptr;
  // Adds to grad[d * tile.stride + s] the derivatives of all log densities in feature d, each times its r[k * tile.stride + s];
  // NaN where there is no derivative.
  void (*add_gradient)(const Block<T>& block, const Tile<T>& tile, const T* r, T* grad, T* scratch);

  // How many elements tile.scratch has, for a tile of so many samples.
  std::int64_t (*draw_scratch)(const Block<T>& block, std::int64_t samples);
  // Writes tile.out, whose rows all belong to the block, and nothing beyond.
  void (*draw)(const Block<T>& block, const DrawTile<T>& tile);

  // Scalar laws only. Writes lp[s], the log density of component k = component[s] at sample s plus offset[k]; never NaN.
  void (*log_density_each)(const Block<T>& block, const std::int64_t* component, const Tile<T>& tile, const T* offset,
                           T* lp) = nullptr;
  // Adds P(X <= x[s]), P(X > x[s]) and the density at x[s] of all components, each times weights[k], to lower[s], upper[s] and
  // density[s] for s < n, whole vectors.
  void (*add_tails)(const Block<T>& block, std::int64_t n, const T* x, const T* weights, T* lower, T* upper,
                    T* density) = nullptr;
  // Widens low[s] .. high[s] to hold the quantiles of q[s] of all components whose weight is not 0, for s < n, whole vectors.
  void (*bracket_quantile)(const Block<T>& block, std::int64_t n, const T* q, const T* weights, T* low,
                           T* high) = nullptr;
};

template <class Family, class T> constexpr FamilyOps<T> all_ops() {
  FamilyOps<T> ops{
      .constants_size = Family::template constants_size<T>,
      .prepare_scratch = Family::prepare_scratch,
      .prepare = Family::template prepare<T>,
      .evaluate_scratch = Family::template evaluate_scratch<T>,
      .log_density = Family::template log_density<T>,
      .add_gradient = Family::template add_gradient<T>,
      .draw_scratch = Family::template draw_scratch<T>,
      .draw = Family::template draw<T>,
  };
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
