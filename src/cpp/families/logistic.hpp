// The logistic law. Density e^-z / (scale (1 + e^-z)^2) with z = (x - loc) / scale.
//
// Parameters: loc, scale > 0. Draws: the logarithm of the odds of a uniform.
#pragma once

#include "../parts/power.hpp"
#include "../parts/scalar_family.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Logistic {
  enum Constant { loc, scale, n_drawn, inverse = n_drawn, norm, n_constants };

  static void prepare(const double* p, double* c) {
    c[loc] = p[0];
    c[scale] = p[1];
    c[inverse] = 1.0 / p[1];
    c[norm] = -math::log(p[1]);
  }

  static constexpr bool long_chains = true;
  template <class V> static FASTGEN_INLINE V begin_log_density(const V* c, V x) {
    return math::exp_nonpositive(-abs((x - c[loc]) * c[inverse]));
  }
  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x, V e) {
    // log(1 + e) = 2 atanh(s) with s = e / (2 + e) <= 1/3
    const V a = abs((x - c[loc]) * c[inverse]), s = e / (e + V(2.0)), z = s * s, two(2.0);
    return fma(-two * s, fma(z, math::poly(z, math::Table<double>::log_wide), two), c[norm] - a);
  }
  // -tanh(z / 2) / scale
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    const V z = (x - c[loc]) * c[inverse], t = math::expm1(-abs(z));
    return copysign(t / (V(2.0) + t), -z) * c[inverse];
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V z = (x - c[loc]) * c[inverse], e = math::exp(-abs(z)), far = V(1.0) / (V(1.0) + e), near = e * far;
    lower = select(z < V(0.0), near, far);
    upper = select(z < V(0.0), far, near);
  }
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    const V tail = min(q, V(1.0) - q), z = math::log(tail / (V(1.0) - tail));
    low = high = fma(c[scale], select(q < V(0.5), z, -z), c[loc]);
  }

  static constexpr Supply supply{.words = 1};
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source) {
    const auto odds = power::log_odds(half_unit(source.word()));
    return fma(c[scale], flip_sign(odds, source.word()), c[loc]);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
