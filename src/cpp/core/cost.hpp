// Nanoseconds that one core spends on a call's parts, roughly: to decide about threads and slices of work, nothing else. No
// answer depends on them.
#pragma once

#include <cstdint>

#include "kernel_table.hpp"

namespace fastgen {
namespace cost {

constexpr double ns_per_multiply_add = 0.1;
constexpr double ns_per_exp = 1.5;

constexpr double cube(std::int64_t D) { return double(D) * double(D) * double(D); }

// A row drawn.
constexpr double sample_ns(std::int64_t D) { return 5.0 + double(D) * (4.0 + 0.5 * double(D) * ns_per_multiply_add); }

// The log density of a row under one component.
constexpr double pair_ns(std::int64_t D) { return ns_per_exp + double(D * (D + 3)) * 0.5 * ns_per_multiply_add; }

// A row, of which each component costs so much.
constexpr double row_ns(std::int64_t K, std::int64_t D, double component_ns) {
  return 2.0 + double(D) + double(K) * component_ns;
}

// Any quantity of a row.
constexpr double evaluate_ns(Quantity quantity, std::int64_t K, std::int64_t D) {
  switch (quantity) {
    case Quantity::grad_log_prob: return row_ns(K, D, pair_ns(D) * 3);
    case Quantity::cdf: return row_ns(K, D, 20);
    case Quantity::icdf: return row_ns(K, D, 300);
    default: return row_ns(K, D, pair_ns(D));
  }
}

// The responsibilities of a row and its part of the moments.
constexpr double moments_ns(std::int64_t K, std::int64_t D, MomentOrder order) {
  return row_ns(K, D, 4.0 + double(D * (D + 3)) * (order == MomentOrder::full ? 0.1 : 0.05));
}

// The constants of a component.
constexpr double prepare_ns(std::int64_t D) { return 50.0 + cube(D) * 0.2; }

// A Cholesky factor of a matrix, or of its inverse.
constexpr double cholesky_ns(std::int64_t D) { return 500.0 + cube(D) * 0.3; }

// A full covariance from moments, and its factor.
constexpr double covariance_ns(std::int64_t D) { return 1000.0 + cube(D) * 0.3; }

}  // namespace cost
}  // namespace fastgen
