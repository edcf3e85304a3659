// The multivariate normal law. Density exp(-|L^-1 (x - mean)|^2 / 2) / (det L (2 pi)^(D/2)), covariance L L^T.
//
// Parameters: means (K, D) and a factor, by variant: "full" L (K, D, D); "tied" L (D, D); "diag" standard deviations
// (K, D); "spherical" standard deviations (K,). Draws: mean + L z, normals flat: sample index * D + feature.
#pragma once

#include "multivariate_normal/constants.hpp"
#include "multivariate_normal/gradient.hpp"
#include "multivariate_normal/log_density.hpp"
#include "multivariate_normal/sampling.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct MultivariateNormal {
  static constexpr bool scalar = false, has_float = true, bounded = true;

  template <class T> static constexpr auto constants_size = multivariate_normal::constants_size<T>;
  static constexpr auto prepare_scratch = multivariate_normal::prepare_scratch;
  template <class T> static constexpr auto prepare = multivariate_normal::prepare<T>;

  template <class T> static constexpr auto evaluate_scratch = multivariate_normal::evaluate_scratch<T>;
  template <class T> static constexpr auto log_density = multivariate_normal::log_density<T>;
  static constexpr auto bound_rows = multivariate_normal::bound_rows;
  template <class T> static constexpr auto log_bound = multivariate_normal::log_bound<T>;
  template <class T> static constexpr auto add_gradient = multivariate_normal::add_gradient<T>;

  template <class T> static constexpr auto draw_scratch = multivariate_normal::draw_scratch<T>;
  template <class T> static constexpr auto draw = multivariate_normal::draw<T>;
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
