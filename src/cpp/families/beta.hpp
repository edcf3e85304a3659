// The beta law. Density x^(a - 1) (1 - x)^(b - 1) / B(a, b) for 0 < x < 1, in saddle-point form (vector/special.hpp); its
// limits at both ends.
//
// Parameters: concentration1 a > 0, concentration0 b > 0. Draws: G / (G + H) for gamma variates of shapes a and b
// (parts/gamma_variate.hpp), in logarithms where a shape is small, so that neither 0 / 0 nor a coarse end arises.
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
    plain_constant,
    size,
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
    const double log_a = math::log(p[0]), log_b = math::log(p[1]), log_s = math::log(c[s]);
    const double excess = math::log_excess(p[0]) + math::log_excess(p[1]);
    c[constant] = log_a + (log_b - log_s) + (math::log_excess(c[s]) - excess);
    c[log_power] = -math::log_beta(p[0], p[1]) - log_a;
    c[plain_constant] = c[log_power] + log_a;
    c[size] = gamma_law::largest(c[plain_constant], gamma_law::largest(p[1], log_a));
    c[tiny_constant] = c[constant] + p[0] * (1.0 - (log_a - log_s));
    c[less_a] = p[0] - 1.0, c[less_b] = p[1] - 1.0;
    c[at_0] = p[0] == 1.0 ? log_b : p[0] < 1.0 ? inf : -inf;
    c[at_1] = p[1] == 1.0 ? log_a : p[1] < 1.0 ? inf : -inf;
  }

  // (a - 1) log x + (b - 1) log y - log B(a, b) as it stands where no term is much larger than the result, as for the gamma
  // law; b is one of them, for what is lost in y.
  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const V zero(0.0), one(1.0), y = one - x, of_x = c[less_a] * math::log_positive(x),
                                 of_y = c[less_b] * math::log_positive(y);
    const V plain = (of_x + of_y) + c[plain_constant];
    const auto enough = (max(max(abs(of_x), abs(of_y)), c[size]) <= V(64.0) * max(abs(plain), one)) &
                        (x >= V(math::Format<double>::smallest_normal)) & (x < one);
    if (!any(!enough)) return plain;
    const V y_lost = (one - y) - x, log_xy = math::log(x * y);
    const V m = c[s] * x, n = c[s] * y;
    const V m_lost = fma(c[s_lost], x, fma(c[s], x, -m));
    const V n_lost = fma(c[s_lost], y, fma(c[s], y_lost, fma(c[s], y, -n)));
    const V other = math::deviance(c[b], n, n_lost);
    // Near 0 from log x = log(x y), whose error the saddle-point form would leave in full; a / m may be beyond the numbers.
    const V tiny = fma(c[less_a], log_xy, c[tiny_constant]) - m;
    const V usual = (c[constant] - log_xy) - math::deviance(c[a], m, m_lost);
    const V r = select(enough, plain, select(x < V(1e-20), tiny, usual) - other);
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
    // a + b must be a number; so far out half of both is the same law to every digit.
    const V part = select(c[a] + c[b] < V(math::infinity<double>), one, V(0.5));
    auto t = math::beta_tails(part * c[a], part * c[b], max(at, V(1e-290)), one - at);
    const auto tiny = at < V(1e-290);
    if (any(tiny)) {
      const V power = fma(c[a], math::log(at), c[log_power]);
      t.lower = select(tiny, math::exp(power), t.lower), t.upper = select(tiny, -math::expm1(power), t.upper);
    }
    lower = select(x <= zero, zero, select(x >= one, one, t.lower));
    upper = select(x <= zero, one, select(x >= one, zero, t.upper));
  }
  template <class V> static FASTGEN_INLINE void bracket(const V*, V, V& low, V& high) { low = V(0.0), high = V(1.0); }

  static constexpr Supply supply{.normals = 2, .parts = 2};
  template <int W>
  static FASTGEN_INLINE Mask<double, W> first(const Vec<double, W>* c, const Source<W>& source, Vec<double, W>& value) {
    Vec<double, W> g, h;
    const auto of_a = gamma_law::first(c[a_d], c[a_c], source.normal(0), source.array[2], g);
    const auto of_b = gamma_law::first(c[b_d], c[b_c], source.normal(1), source.array[3], h);
    value = joined(c, g, h);
    return of_a & of_b;
  }
  // Block 0 has the words of small shapes, block 1 the bits that follow, 2 number and 2 number + 1 the further attempts.
  template <int W>
  static FASTGEN_INLINE Mask<double, W> retry(const Vec<double, W>* c, const Source<W>& source, std::uint32_t number,
                                              Vec<double, W>& value) {
    Vec<double, W> g, h;
    Vec<std::uint64_t, W> first, second, next_first, next_second;
    source.words(2 * number + 1, first, second);
    next_first = first, next_second = second;
    if (number > 0) source.words(2 * number, next_first, next_second);
    const auto of_a =
        gamma_law::retry(c[a_d], c[a_c], source.normal(0), source.array[2], number > 0, next_second, next_first, g);
    const auto of_b = gamma_law::retry(c[b_d], c[b_c], source.normal(1), source.array[3], number > 0, first, second, h);
    value = joined(c, g, h);
    return of_a & of_b;
  }
  // Where a shape is small the odds, g / h; the factors of small shapes follow, in logarithms.
  template <int W>
  static FASTGEN_INLINE Vec<double, W> joined(const Vec<double, W>* c, Vec<double, W> g, Vec<double, W> h) {
    using V = Vec<double, W>;
    const V share = min(g / (g + h), c[most]);  // where b > 1, 1 has no density
    const auto small = (c[a] < V(1.0)) | (c[b] < V(1.0));
    return any(small) ? select(small, g / h, share) : share;
  }
  static constexpr int stages = 2;
  template <int Stage, int W>
  static FASTGEN_INLINE Vec<double, W> stage(const Vec<double, W>* c, const Source<W>& source, Vec<double, W> value) {
    using V = Vec<double, W>;
    const V zero(0.0), one(1.0);
    const auto a_small = c[a] < one, b_small = c[b] < one;
    if (!any(a_small | b_small)) return value;
    Vec<std::uint64_t, W> word_a, word_b;
    source.words(0, word_a, word_b);
    const V excess_a = gamma_law::excess(c[a], word_a), excess_b = gamma_law::excess(c[b], word_b);
    const V difference = select(b_small, excess_b, zero) - select(a_small, excess_a, zero);
    const V shrink = math::exp(-abs(difference));
    const V g = value * select(difference < zero, shrink, one), h = select(difference > zero, shrink, one);
    return select(a_small | b_small, min(g / (g + h), c[most]), value);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
