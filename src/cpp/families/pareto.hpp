// The Pareto law (of the first kind). Density a scale^a / x^(a + 1) for x >= scale.
//
// Parameters: concentration a > 0, scale > 0, the least value. Draws: scale e^(E / a) of an exponential E.
#pragma once

#include "../parts/power.hpp"
#include "../parts/scalar_family.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Pareto {
  enum Constant {
    scale,
    half_inverse,
    n_drawn,
    concentration = n_drawn,
    exponent,
    mantissa,
    inverse_mantissa,
    negative_power,
    norm,
    n_constants
  };

  static void prepare(const double* p, double* c) {
    const power::Scale split(p[1]);
    c[scale] = p[1];
    c[half_inverse] = 0.5 / p[0];
    c[concentration] = p[0];
    c[exponent] = split.exponent, c[mantissa] = split.mantissa, c[inverse_mantissa] = split.inverse_mantissa;
    c[negative_power] = -(p[0] + 1.0);
    c[norm] = math::log(p[0]) - math::log(p[1]);
  }

  template <class V> static FASTGEN_INLINE power::Sum<V> log_ratio(const V* c, V x) {
    return power::log_ratio(x, c[exponent], c[mantissa], c[inverse_mantissa]);
  }
  static constexpr bool long_chains = true;
  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    // Points of the support are normal numbers, as scale is.
    const V r = fma(c[negative_power], power::log_quotient(x, c[mantissa], c[exponent]), c[norm]);
    return select(x < c[scale], V(-math::infinity<double>), r);
  }
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    return select(x < c[scale], V(math::nan<double>), c[negative_power] / x);
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const auto t = power::product(-c[concentration], log_ratio(c, max(x, c[scale])));
    lower = -math::expm1(t.high);
    upper = power::exp(t);
  }
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    const power::Sum<V> e{-math::log1p(-q), V(0.0)};
    low = high = power::scaled_exp(c[scale], power::quotient(e, c[concentration]));
  }

  static constexpr Supply supply{.words = 1};
  static constexpr int stages = 2;
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>*, const Source<W>& source) {
    return source.exponential();
  }
  template <int Stage, int W>
  static FASTGEN_INLINE Vec<double, W> stage(const Vec<double, W>* c, const Source<W>&, Vec<double, W> value) {
    return power::squared_exp(c[scale], c[half_inverse] * value);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
