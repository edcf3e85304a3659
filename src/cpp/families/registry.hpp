// The families: everything generic reaches a family through its entry here. Scalar laws come from the list in
// core/families.hpp; a law's header is included here.
#pragma once

#include "../core/families.hpp"
#include "bernoulli.hpp"
#include "binomial.hpp"
#include "categorical.hpp"
#include "delta.hpp"
#include "exponential.hpp"
#include "geometric.hpp"
#include "laplace.hpp"
#include "multivariate_normal.hpp"
#include "negative_binomial.hpp"
#include "normal.hpp"
#include "poisson.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class T> struct FamilyOps {
  std::int64_t (*constants_size)(Shape);
  void (*prepare)(Shape, const double* const*, std::int64_t, std::int64_t, T*, double*);
  std::int64_t (*evaluate_scratch)(Shape, std::int64_t tile);
  void (*log_density)(const Block<T>&, std::int64_t, std::int64_t, const Tile<T>&, const T*, T*, T*);
  void (*add_gradient)(const Block<T>&, const Tile<T>&, const T*, T*, T*);
  std::int64_t (*draw_scratch)(Shape, std::int64_t samples);
  void (*draw)(const Block<T>&, const DrawTile<T>&);
  // Scalar laws only.
  void (*add_tails)(const Block<T>&, std::int64_t, const T*, const T*, T*, T*, T*);
  void (*bracket_quantile)(const Block<T>&, std::int64_t, const T*, const T*, T*, T*);
};

template <class Family, class T> constexpr FamilyOps<T> all_ops() {
  FamilyOps<T> ops{Family::template constants_size<T>,
                   Family::template prepare<T>,
                   Family::template evaluate_scratch<T>,
                   Family::template log_density<T>,
                   Family::template add_gradient<T>,
                   Family::template draw_scratch<T>,
                   Family::template draw<T>,
                   nullptr,
                   nullptr};
  if constexpr (Family::scalar) {
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

// In the order of core/families.hpp.
template <class T>
constexpr FamilyOps<T> registry[] = {family_ops<Normal, T>(), family_ops<MultivariateNormal, T>(),
                                     family_ops<Categorical, T>(),
#define FASTGEN_OPS(name, ...) family_ops<ScalarFamily<name>, T>(),
                                     FASTGEN_SCALAR_LAWS(FASTGEN_OPS)
#undef FASTGEN_OPS
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
