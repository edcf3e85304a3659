// The skew normal law of A. Azzalini, A class of distributions which includes the normal ones, 1985. Density
// 2 phi(z) Phi(shape z) / scale with z = (x - loc) / scale.
//
// Parameters: loc, scale > 0, shape. Draws: loc + scale (delta |z0| + sqrt(1 - delta^2) z1) for the two normals of one block,
// delta = shape / sqrt(1 + shape^2).
#pragma once

#include "../parts/scalar_family.hpp"
#include "../vector/skew.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct SkewNormal {
  enum Constant { loc, along, across, n_drawn, scale = n_drawn, inverse, shape, norm, n_constants };

  static void prepare(const double* p, double* c) {
    const double a = p[2] < 0 ? -p[2] : p[2];
    const double rest = a > 1e8 ? 1.0 / a : 1.0 / sqrt(1.0 + a * a);  // sqrt(1 - delta^2)
    c[loc] = p[0], c[scale] = p[1], c[shape] = p[2];
    c[across] = p[1] * rest;
    c[along] = p[1] * (a > 1e8 ? (p[2] < 0 ? -1.0 : 1.0) : p[2] * rest);
    c[inverse] = 1.0 / p[1];
    c[norm] = -numbers::half_log_half_pi - math::log(p[1]);
  }

  // log cdf(t) of the normal law to 1e-15 of 1 or of the result, where math::log_ndtr is precise relative to the result: with
  // one logarithm for both signs, and the divisions of math::mills in one.
  template <class V> static FASTGEN_INLINE V log_cdf(V t) {
    const V one(1.0), a = min(abs(t), V(math::very_large<double>)), five(5.0);
    const V inverse = one / ((a + five) * (a + one));
    const V q = math::long_poly((a - five) * ((a + one) * inverse), math::SpecialTable<double>::mills);
    const V m = q * ((a + five) * inverse) * V(numbers::inverse_sqrt_two_pi);
    const V half_square = V(-0.5) * t * t;  // of t itself, which may be larger than `a` may
    const auto negative = t < V(0.0);
    const V beyond = math::exp_nonpositive(half_square) * m;
    return select(negative, half_square, V(0.0)) + math::log_positive(select(negative, m, one - beyond));
  }
  static constexpr bool long_chains = true;
  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const V z = (x - c[loc]) * c[inverse];
    return fma(V(-0.5) * z, z, c[norm]) + log_cdf(c[shape] * z);
  }
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    const V z = (x - c[loc]) * c[inverse];
    return fma(c[shape], math::log_ndtr_slope(c[shape] * z), -z) * c[inverse];
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const auto t = math::skew_normal_tails((x - c[loc]) * c[inverse], c[shape]);
    lower = t.lower, upper = t.upper;
  }
  // |z| is half-normal: neither tail is heavier than twice a normal one.
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    const V half(0.5), room(1e-12), ends = V(1e-12) * abs(c[loc]);
    const V z_low = math::normal_quantile(half * q) - room, z_high = room - math::normal_quantile(half * (V(1.0) - q));
    low = fma(c[scale], z_low, c[loc]) - ends, high = fma(c[scale], z_high, c[loc]) + ends;
  }

  static constexpr Supply supply{};
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source) {
    using V = Vec<double, W>;
    Vec<std::uint64_t, W> first, second;
    source.words(0, first, second);
    V cosine, sine;
    unit_vector(second, cosine, sine);
    const V r = sqrt(math::log_positive(unit(first)) * V(-2.0));
    return fma(c[along], r * abs(cosine), fma(c[across], r * sine, c[loc]));
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
