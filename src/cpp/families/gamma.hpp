// The gamma law. Density r^a x^(a - 1) e^(-r x) / Gamma(a) for x > 0, in saddle-point form (vector/special.hpp); its limit at 0.
//
// Parameters: concentration a > 0, rate r > 0. Draws: Marsaglia and Tsang (parts/gamma_variate.hpp).
#pragma once

#include "../parts/gamma_variate.hpp"
#include "../parts/scalar_family.hpp"
#include "../vector/incomplete.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// What the gamma law and that of the inverse share: m = r x, or scale / x, is a gamma variate of rate 1. Each function takes
// m, what its rounding lost, and its logarithm or that of x, which counts where m has left the normal numbers.
namespace gamma_law {

constexpr double least = 1e-290;  // m from here on has all its digits

// The sum a log m - m - log x - log Gamma(a) as it stands, power log x + constant - m, is right to 1e-13 where no term is much
// larger than the result: `size` is the largest of those that make up the constant. Elsewhere, for large shapes near the mode,
// for x that are no normal numbers, the saddle-point form.
template <class V> FASTGEN_INLINE auto is_plain(V size, V power, V m, V result, V x) {
  return (max(max(abs(power), m), size) <= V(64.0) * max(abs(result), V(1.0))) &
         (x >= V(math::Format<double>::smallest_normal));
}
inline double largest(double a, double b) { return a < 0 ? largest(-a, b) : b < 0 ? largest(a, -b) : a > b ? a : b; }

// log(a m^a e^-m / (a! x)), where constant is log a - log_excess(a), and `tiny` the same for small m, but for the e^-m: from
// log x, whose error the saddle-point form would leave in full.
template <class V> FASTGEN_INLINE V log_density(V a, V constant, V m, V lost, V log_x, V tiny) {
  return select(m < V(1e-20), tiny - m, (constant - log_x) - math::deviance(a, m, lost));
}

// P(M <= m) and P(M > m), where log_factorial is log a!.
template <class V> FASTGEN_INLINE math::Tails<V> tails(V a, V log_factorial, V m, V lost, V log_m) {
  const V most(0x1p1021);  // far beyond any law's mass; sums of two such numbers are finite
  auto t = math::gamma_tails(a, min(m, most), select(m < most, lost, V(0.0)));
  const auto tiny = m < V(least);
  if (any(tiny)) {
    const V power = fma(a, log_m, -log_factorial);
    t.lower = select(tiny, math::exp(power), t.lower), t.upper = select(tiny, -math::expm1(power), t.upper);
  }
  return t;
}

// Bounds of the logarithm of the quantile, from the logarithms of both tails. Chernoff's: P(M <= a - t) <= e^(-t^2 / (2 a))
// and P(M >= a + sqrt(2 a t) + t) <= e^-t; and for small m, m^a e^-m <= a! P(M <= m) <= m^a.
template <class V>
FASTGEN_INLINE void bracket(V a, V log_a, V log_factorial, V log_lower, V log_upper, V& log_low, V& log_high) {
  const V room(1e-9), u = (log_lower + log_factorial) / a, square = V(-2.0) * a * log_lower;
  const V drop = select(square > V(1e-290), sqrt(square), sqrt(a) * sqrt(V(-2.0) * log_lower));
  const V rise = sqrt(V(-2.0) * a * log_upper) - log_upper, high = math::log(a + rise);
  log_low = max(math::log(a - drop), u) - room;  // where a - drop is negative, its logarithm is NaN, and u is taken
  log_high = select(u + V(1.0 + 1e-3) < log_a, u + V(1.0), high) + room;
}

// How gamma variates of rate 1 and shape a, or a + 1 where a < 1, are drawn: `first` from a normal and the first bits of a
// uniform; `retry` number 0 from the bits that follow, later ones from a block each.
template <int W>
FASTGEN_INLINE Mask<double, W> first(Vec<double, W> d, Vec<double, W> c, Vec<double, W> normal,
                                     Vec<std::uint64_t, W> cell, Vec<double, W>& value) {
  return gamma_proposal(GammaShape<Vec<double, W>>(d, c), normal, cell, value);
}
template <int W>
FASTGEN_INLINE Mask<double, W> retry(Vec<double, W> d, Vec<double, W> c, Vec<double, W> normal,
                                     Vec<std::uint64_t, W> cell, bool again, Vec<std::uint64_t, W> a,
                                     Vec<std::uint64_t, W> b, Vec<double, W>& value) {
  using V = Vec<double, W>;
  const GammaShape<V> shape(d, c);
  if (again) return gamma_attempt(shape, a, b, value);
  return gamma_judgement(shape, normal, (part_number(cell) + unit(b)) * V(0x1p-32), value);
}

// What turns a variate of shape a + 1 into one of shape a, e^-excess, for a < 1: from a uniform of its own.
template <int W> FASTGEN_INLINE Vec<double, W> excess(Vec<double, W> a, Vec<std::uint64_t, W> word) {
  return -math::log_positive(unit(word)) / a;
}

// Half of it, negative, from the sample's own block.
template <int W> FASTGEN_INLINE Vec<double, W> half_excess(Vec<double, W> a, const Source<W>& source) {
  Vec<std::uint64_t, W> word, other;
  source.words(0, word, other);
  return Vec<double, W>(-0.5) * excess(a, word);
}

}  // namespace gamma_law

struct Gamma {
  // shape_d and shape_c are the GammaShape of a.
  enum Constant {
    a,
    shape_d,
    shape_c,
    inverse,
    n_drawn,
    rate = n_drawn,
    log_rate,
    log_a,
    constant,
    tiny_constant,
    log_factorial,
    size,
    less_one,
    at_0,
    slope_at_0,
    n_constants
  };

  static void prepare(const double* p, double* c) {
    using V = Vec<double, 1>;
    const GammaShape<V> shape{V(p[0])};
    c[a] = p[0], c[rate] = p[1];
    c[shape_d] = shape.d.v, c[shape_c] = shape.c.v;
    c[inverse] = 1.0 / p[1];
    c[log_rate] = math::log(p[1]), c[log_a] = math::log(p[0]);
    const double excess = math::log_excess(p[0]);
    c[constant] = c[log_a] - excess;
    c[log_factorial] = excess + p[0] * (c[log_a] - 1.0);
    c[tiny_constant] = p[0] * c[log_rate] + (c[log_a] - c[log_factorial]);
    c[size] = gamma_law::largest(p[0] * c[log_rate], c[log_factorial] - c[log_a]);
    c[less_one] = p[0] - 1.0;
    c[at_0] = p[0] == 1.0 ? c[log_rate] : p[0] < 1.0 ? math::infinity<double> : -math::infinity<double>;
    c[slope_at_0] = p[0] == 1.0 ? -p[1] : p[0] < 1.0 ? -math::infinity<double> : math::infinity<double>;
  }

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const V m = c[rate] * x, power = fma(c[less_one], math::log_positive(x), c[tiny_constant]), plain = power - m;
    const auto enough = gamma_law::is_plain(c[size], power, m, plain, x);
    if (!any(!enough)) return plain;
    const V lost = fma(c[rate], x, -m), log_x = math::log(x), tiny = fma(c[less_one], log_x, c[tiny_constant]);
    const V r = select(enough, plain, gamma_law::log_density(c[a], c[constant], m, lost, log_x, tiny));
    return select(x > V(0.0), r, select(x == V(0.0), c[at_0], V(-math::infinity<double>)));
  }
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    const V r = fma(-c[rate], x, c[less_one]) / x, inside = select(c[less_one] == V(0.0), -c[rate], r);
    return select(x > V(0.0), inside, select(x == V(0.0), c[slope_at_0], V(math::nan<double>)));
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V y = max(x, V(0.0)), m = c[rate] * y;
    const auto t = gamma_law::tails(c[a], c[log_factorial], m, fma(c[rate], y, -m), math::log(y) + c[log_rate]);
    lower = t.lower, upper = t.upper;
  }
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    V l, h;
    gamma_law::bracket(c[a], c[log_a], c[log_factorial], math::log(q), math::log1p(-q), l, h);
    low = math::exp(l - c[log_rate]), high = math::exp(h - c[log_rate]);
  }

  static constexpr Supply supply{.normals = 1, .parts = 1};
  template <int W>
  static FASTGEN_INLINE Mask<double, W> first(const Vec<double, W>* c, const Source<W>& source, Vec<double, W>& value) {
    return gamma_law::first(c[shape_d], c[shape_c], source.normal(), source.array[1], value);
  }
  template <int W>
  static FASTGEN_INLINE Mask<double, W> retry(const Vec<double, W>* c, const Source<W>& source, std::uint32_t number,
                                              Vec<double, W>& value) {
    Vec<std::uint64_t, W> a, b;
    source.words(number, a, b);
    return gamma_law::retry(c[shape_d], c[shape_c], source.normal(), source.array[1], number > 0, a, b, value);
  }
  static constexpr int stages = 2;
  template <int Stage, int W>
  static FASTGEN_INLINE Vec<double, W> stage(const Vec<double, W>* c, const Source<W>& source, Vec<double, W> value) {
    using V = Vec<double, W>;
    const V scaled = value * c[inverse], infinite(math::infinity<double>);
    const auto small = c[a] < V(1.0);
    if (!any(small)) return scaled;
    const V root = math::exp(gamma_law::half_excess(c[a], source));  // twice, as its square alone may underflow
    V result = scaled * root * root;
    const auto large = scaled == infinite;  // which the roots may bring back
    if (any(large)) result = select(large, (V(0x1p-8) * value) * c[inverse] * root * root * V(0x1p8), result);
    return select(small, result, scaled);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
