// The families: everything generic reaches a family through its entry here. Scalar laws come from the list in
// core/families.hpp; a law's header is included here.
#pragma once

#include "../core/families.hpp"
#include "bernoulli.hpp"
#include "beta.hpp"
#include "binomial.hpp"
#include "categorical.hpp"
#include "cauchy.hpp"
#include "delta.hpp"
#include "exponential.hpp"
#include "factor_normal.hpp"
#include "gamma.hpp"
#include "geometric.hpp"
#include "gumbel.hpp"
#include "half_normal.hpp"
#include "inverse_gamma.hpp"
#include "laplace.hpp"
#include "log_normal.hpp"
#include "logistic.hpp"
#include "multivariate_normal.hpp"
#include "negative_binomial.hpp"
#include "normal.hpp"
#include "pareto.hpp"
#include "poisson.hpp"
#include "product.hpp"
#include "skew_normal.hpp"
#include "student_t.hpp"
#include "truncated_normal.hpp"
#include "uniform.hpp"
#include "von_mises.hpp"
#include "weibull.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

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

// In the order of core/families.hpp.
// clang-format off
template <class T>
constexpr FamilyOps<T> registry[] = {
    family_ops<Normal, T>(),
    family_ops<MultivariateNormal, T>(),
    family_ops<FactorNormal, T>(),
    family_ops<Product, T>(),
    family_ops<Categorical, T>(),
#define FASTGEN_OPS(name, ...) family_ops<ScalarFamily<name>, T>(),
    FASTGEN_SCALAR_LAWS(FASTGEN_OPS)
#undef FASTGEN_OPS
};
// clang-format on

template <class T> const FamilyOps<T>& ops_of(const Block<T>& block) { return registry<T>[block.family]; }

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
