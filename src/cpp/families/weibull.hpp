// The Weibull law. Density (k / x) y e^-y with y = (x / scale)^k for x > 0; its limit at 0.
//
// Parameters: concentration k > 0, scale > 0. Draws: scale E^(1 / k) of an exponential E.
#pragma once

#include "../parts/power.hpp"
#include "../parts/scalar_family.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Weibull {
  enum Constant {
    scale,
    half_inverse,
    n_drawn,
    concentration = n_drawn,
    exponent,
    mantissa,
    inverse_mantissa,
    less_one,
    norm,
    at_0,
    slope_at_0,
    inverse,
    longest_log,
    per_log,
    per_power,
    n_constants
  };

  static void prepare(const double* p, double* c) {
    const double k = p[0], rate = 1.0 / p[1];
    const power::Scale split(p[1]);
    c[scale] = p[1];
    c[half_inverse] = 0.5 / k;
    c[concentration] = k;
    c[exponent] = split.exponent, c[mantissa] = split.mantissa, c[inverse_mantissa] = split.inverse_mantissa;
    c[less_one] = k - 1.0;
    c[inverse] = rate, c[longest_log] = k > 1.0 ? 667.0 / k : 667.0;  // log 1e290
    c[per_log] = k / 256.0, c[per_power] = k > 64.0 ? math::infinity<double> : k / 128.0;
    c[norm] = math::log(k) - math::log(p[1]);
    c[at_0] = k == 1.0 ? c[norm] : k < 1.0 ? math::infinity<double> : -math::infinity<double>;
    c[slope_at_0] = k == 1.0 ? -rate : k < 1.0 ? -math::infinity<double> : math::infinity<double>;
  }

  template <class V> static FASTGEN_INLINE V power_of(const V* c, V x, V& log_ratio) {
    const auto sum = power::log_ratio(x, c[exponent], c[mantissa], c[inverse_mantissa]);
    log_ratio = sum.high;
    return power::exp(power::product(c[concentration], sum));
  }
  static constexpr bool long_chains = true;
  template <class V> static FASTGEN_INLINE V begin_log_density(const V* c, V x) {
    return math::log_positive(x * c[inverse]);
  }
  // y = e^(k log z), z = x / scale, in one piece is off by y (2 k + |k log z|) roundings. 256 roundings of 1, or of the result where
  // that is larger, are allowed; where there are more, and for k > 64, power_of makes y. `longest_log` keeps z and y within normal
  // numbers; what stands for the logarithm is longer for every x that is not a positive normal number.
  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x, V log_z) {
    const V e = math::exp_normal(c[concentration] * log_z);
    const V plain = fma(c[less_one], log_z, c[norm]) - e;
    const auto defined = abs(log_z) < c[longest_log];
    const V excess = e * fma(c[per_log], abs(log_z), c[per_power]);  // those roundings over 256
    if (!any(!(defined & (excess <= V(1.0))))) return plain;
    const auto enough = defined & (excess <= max(abs(plain), V(1.0)));
    if (!any(!enough)) return plain;
    V ratio;
    const V y = power_of(c, x, ratio), r = select(enough, plain, fma(c[less_one], ratio, c[norm]) - y);
    return select(x > V(0.0), r, select(x == V(0.0), c[at_0], V(-math::infinity<double>)));
  }
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    V ratio;
    const V y = power_of(c, x, ratio), r = fma(-c[concentration], y, c[less_one]) / x;
    return select(x > V(0.0), r, select(x == V(0.0), c[slope_at_0], V(math::nan<double>)));
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    V ratio;
    const V y = select(x > V(0.0), power_of(c, x, ratio), V(0.0));
    lower = -math::expm1(-y);
    upper = math::exp(-y);
  }
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    const V e = -math::log1p(-q);
    V k;
    const V rest = math::log_parts_subnormal(e, k);
    const auto t = power::quotient(power::joined(k * V(math::Table<double>::ln2[0]), rest), c[concentration]);
    const V x = power::scaled_exp(c[scale], t);
    low = high = select(e > V(0.0), select(e < V(math::infinity<double>), x, e), V(0.0));
  }

  static constexpr Supply supply{.words = 1};
  static constexpr int stages = 3;
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>*, const Source<W>& source) {
    return source.exponential();
  }
  template <int Stage, int W>
  static FASTGEN_INLINE Vec<double, W> stage(const Vec<double, W>* c, const Source<W>&, Vec<double, W> value) {
    if constexpr (Stage == 1) return math::log_positive(value);
    else return power::squared_exp(c[scale], c[half_inverse] * value);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
