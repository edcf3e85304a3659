// The beta law. Density x^(a - 1) (1 - x)^(b - 1) / B(a, b) for 0 < x < 1, in saddle-point form (core/special.hpp); its
// limits at both ends.
//
// Parameters: concentration1 a > 0, concentration0 b > 0. Draws: G / (G + H) for gamma variates of shapes a and b
// (kernels/gamma_variate.hpp), in logarithms where a shape is small, so that neither 0 / 0 nor a coarse end arises.
#pragma once

#include "gamma.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Beta {
  // (a_d, a_c) and (b_d, b_c) are the GammaShapes of a and b; s = a + b with what its rounding lost. For small x the
  // distribution function is exp(a log x + log_power).
  enum Constant {
    a,
    b,
    a_d,
    a_c,
    b_d,
    b_c,
    most,
    n_drawn,
    s = n_drawn,
    s_lost,
    constant,
    tiny_constant,
    log_power,
    less_a,
    less_b,
    at_0,
    at_1,
    n_constants
  };

  static void prepare(const double* p, double* c) {
    using V = Vec<double, 1>;
    constexpr double inf = math::infinity<double>;
    const GammaShape<V> of_a{V(p[0])}, of_b{V(p[1])};
    c[a] = p[0], c[b] = p[1];
    c[a_d] = of_a.d.v, c[a_c] = of_a.c.v, c[b_d] = of_b.d.v, c[b_c] = of_b.c.v;
    c[most] = p[1] > 1.0 ? 1 - 0x1p-53 : 1.0;
    c[s] = p[0] + p[1];
    const double back = c[s] - p[1];
    c[s_lost] = (p[0] - back) + (p[1] - (c[s] - back));
    const double log_a = math::log(V(p[0])).v, log_b = math::log(V(p[1])).v, log_s = math::log(V(c[s])).v;
    const double excess = math::log_excess(V(p[0])).v + math::log_excess(V(p[1])).v;
    c[constant] = log_a + (log_b - log_s) + (math::log_excess(V(c[s])).v - excess);
    c[log_power] = -math::log_beta(V(p[0]), V(p[1])).v - log_a;
    c[tiny_constant] = c[constant] + p[0] * (1.0 - (log_a - log_s));
    c[less_a] = p[0] - 1.0, c[less_b] = p[1] - 1.0;
    c[at_0] = p[0] == 1.0 ? log_b : p[0] < 1.0 ? inf : -inf;
    c[at_1] = p[1] == 1.0 ? log_a : p[1] < 1.0 ? inf : -inf;
  }

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const V zero(0.0), one(1.0), y = one - x, y_lost = (one - y) - x, log_xy = math::log(x * y);
    const V m = c[s] * x, n = c[s] * y;
    const V m_lost = fma(c[s_lost], x, fma(c[s], x, -m));
    const V n_lost = fma(c[s_lost], y, fma(c[s], y_lost, fma(c[s], y, -n)));
    const V other = math::deviance(c[b], n, n_lost);
    // Near 0 from log x = log(x y), whose error the saddle-point form would leave in full; a / m may be beyond the numbers.
    const V tiny = fma(c[less_a], log_xy, c[tiny_constant]) - m;
    const V usual = (c[constant] - log_xy) - math::deviance(c[a], m, m_lost);
    const V r = select(x < V(1e-20), tiny, usual) - other;
    const V edge = select(x == zero, c[at_0], select(x == one, c[at_1], V(-math::infinity<double>)));
    return select((x > zero) & (x < one), r, edge);
  }
  // (a - 1) / x - (b - 1) / y, in one fraction so that nothing cancels near the mode.
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    const V zero(0.0), one(1.0), y = one - x;
    const V sum = c[less_a] + c[less_b], back = sum - c[less_b];
    const V sum_lost = (c[less_a] - back) + (c[less_b] - (sum - back));
    const V inner = fma(-sum_lost, x, fma(-sum, x, c[less_a])) / (x * y);
    const V left = select(c[less_a] == zero, zero, c[less_a] / x),
            right = select(c[less_b] == zero, zero, c[less_b] / y);
    const auto simple = (x == zero) | (y == zero) | (c[less_a] == zero) | (c[less_b] == zero);
    return select((x < zero) | (x > one), V(math::nan<double>), select(simple, left - right, inner));
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V zero(0.0), one(1.0), at = min(max(x, zero), one);
    auto t = math::beta_tails(c[a], c[b], max(at, V(1e-290)), one - at);
    const auto tiny = at < V(1e-290);
    if (any(tiny)) {
      const V power = fma(c[a], math::log(at), c[log_power]);
      t.lower = select(tiny, math::exp(power), t.lower), t.upper = select(tiny, -math::expm1(power), t.upper);
    }
    lower = select(x <= zero, zero, select(x >= one, one, t.lower));
    upper = select(x <= zero, one, select(x >= one, zero, t.upper));
  }
  template <class V> static FASTGEN_INLINE void bracket(const V*, V, V& low, V& high) { low = V(0.0), high = V(1.0); }

  template <int W>
  static FASTGEN_INLINE Vec<double, W> propose(const Vec<double, W>* c, const Source<W>& source, std::uint32_t attempt,
                                               Vec<double, W>& value) {
    using V = Vec<double, W>;
    V g, h, g_excess, h_excess;
    const V g_height = gamma_law::propose(c[a], c[a_d], c[a_c], source, 2 * attempt, g, g_excess);
    const V h_height = gamma_law::propose(c[b], c[b_d], c[b_c], source, 2 * attempt + 1, h, h_excess);
    if (any((c[a] < V(1.0)) | (c[b] < V(1.0)))) {
      const V difference = h_excess - g_excess, shrink = math::exp(-abs(difference));
      g = g * select(difference < V(0.0), shrink, V(1.0)), h = h * select(difference > V(0.0), shrink, V(1.0));
    }
    value = min(g / (g + h), c[most]);  // where b > 1, 1 has no density
    return g_height + h_height;
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
