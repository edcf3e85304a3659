// The inverse gamma law: of scale / G for a gamma variate G of rate 1. Density b^a x^(-a - 1) e^(-b / x) / Gamma(a) for x > 0.
//
// Parameters: concentration a > 0, scale b > 0. Draws: by the gamma variate.
#pragma once

#include "gamma.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct InverseGamma {
  enum Constant {
    a,
    shape_d,
    shape_c,
    scale,
    n_drawn,
    log_scale = n_drawn,
    log_a,
    constant,
    tiny_constant,
    log_factorial,
    size,
    plus_one,
    n_constants
  };

  static void prepare(const double* p, double* c) {
    using V = Vec<double, 1>;
    const GammaShape<V> shape{V(p[0])};
    c[a] = p[0], c[scale] = p[1];
    c[shape_d] = shape.d.v, c[shape_c] = shape.c.v;
    c[log_scale] = math::log(p[1]), c[log_a] = math::log(p[0]);
    const double excess = math::log_excess(p[0]);
    c[constant] = c[log_a] - excess;
    c[log_factorial] = excess + p[0] * (c[log_a] - 1.0);
    c[tiny_constant] = p[0] * c[log_scale] + (c[log_a] - c[log_factorial]);
    c[size] = gamma_law::largest(p[0] * c[log_scale], c[log_factorial] - c[log_a]);
    c[plus_one] = p[0] + 1.0;
  }

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const V m = c[scale] / x, power = fma(-c[plus_one], math::log_positive(x), c[tiny_constant]), plain = power - m;
    const auto enough = gamma_law::is_plain(c[size], power, m, plain, x);
    if (!any(!enough)) return plain;
    const V lost = fma(-m, x, c[scale]) / x, log_x = math::log(x);
    const V known = select(abs(lost) < m, lost, V(0.0));  // m may be infinite
    const V tiny = fma(-c[plus_one], log_x, c[tiny_constant]);
    const V r = select(enough, plain, gamma_law::log_density(c[a], c[constant], m, known, log_x, tiny));
    return select(x > V(0.0), r, V(-math::infinity<double>));
  }
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    const V m = c[scale] / x, lost = fma(-m, x, c[scale]) / x;
    const V r = ((m - c[plus_one]) + select(abs(lost) < m, lost, V(0.0))) / x;
    return select(x < V(0.0), V(math::nan<double>), r);
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V y = max(x, V(0.0)), m = c[scale] / y, lost = fma(-m, y, c[scale]) / y;
    const V known = select(abs(lost) < m, lost, V(0.0));
    const auto t = gamma_law::tails(c[a], c[log_factorial], m, known, c[log_scale] - math::log(y));
    lower = t.upper, upper = t.lower;
  }
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    V l, h;
    gamma_law::bracket(c[a], c[log_a], c[log_factorial], math::log1p(-q), math::log(q), l, h);
    low = math::exp(c[log_scale] - h), high = math::exp(c[log_scale] - l);
  }

  static constexpr Supply supply{.normals = 1, .parts = 1};
  template <int W>
  static FASTGEN_INLINE Mask<double, W> first(const Vec<double, W>* c, const Source<W>& source, Vec<double, W>& value) {
    const auto accepted = gamma_law::first(c[shape_d], c[shape_c], source.normal(), source.array[1], value);
    value = c[scale] / value;
    return accepted;
  }
  template <int W>
  static FASTGEN_INLINE Mask<double, W> retry(const Vec<double, W>* c, const Source<W>& source, std::uint32_t number,
                                              Vec<double, W>& value) {
    Vec<std::uint64_t, W> a, b;
    source.words(number, a, b);
    const auto accepted =
        gamma_law::retry(c[shape_d], c[shape_c], source.normal(), source.array[1], number > 0, a, b, value);
    value = c[scale] / value;
    return accepted;
  }
  // Shapes near 0 have much of their mass beyond the largest number: that is drawn instead.
  static constexpr int stages = 2;
  template <int Stage, int W>
  static FASTGEN_INLINE Vec<double, W> stage(const Vec<double, W>* c, const Source<W>& source, Vec<double, W> value) {
    using V = Vec<double, W>;
    const auto small = c[a] < V(1.0);
    if (any(small)) {
      const V root = math::exp(-gamma_law::half_excess(c[a], source));
      value = select(small, value * root * root, value);
    }
    return min(value, V(largest<double>));
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
