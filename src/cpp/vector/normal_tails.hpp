// Tails of the normal law and of its truncations to an interval, as far out as numbers reach.
//
// Everything rests on the Mills ratio M(z) = (1 - cdf(z)) / density(z), z >= 0, which never underflows.
#pragma once

#include "special_tables.hpp"
#include "tails.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace math {

template <class T> constexpr T very_large = sizeof(T) == 8 ? T(1e150) : T(1e18);  // its square is finite

// (1 - cdf(z)) / density(z) of the standard normal law: 4.0 / 4.0 ULP, z >= 0.
template <class V> FASTGEN_INLINE V mills(V z) {
  using T = typename V::Scalar;
  z = min(V(very_large<T> * very_large<T>), z);
  return poly((z - V(T(5))) / (z + V(T(5))), SpecialTable<T>::mills) / (z + V(T(1)));
}

// e^(-z^2 / 2): 2.5 / 2.5 ULP, all z.
template <class V> FASTGEN_INLINE V exp_half_square(V z) {
  using T = typename V::Scalar;
  z = min(V(T(sizeof(T) == 8 ? 40 : 15)), abs(z));
  const V square = z * z, low = fma(z, z, -square), e = exp(square * V(T(-0.5)));
  return fma(low * V(T(-0.5)), e, e);
}

// 1 - cdf(z): 7 / 7 ULP, z >= 0.
template <class V> FASTGEN_INLINE V normal_tail(V z) {
  using T = typename V::Scalar;
  return exp_half_square(z) * (mills(z) * V(T(numbers::inverse_sqrt_two_pi)));
}

// log cdf(z): 8 / 8 ULP, all z.
template <class V> FASTGEN_INLINE V log_ndtr(V z) {
  using T = typename V::Scalar;
  const V a = abs(z), m = mills(a) * V(T(numbers::inverse_sqrt_two_pi));
  return select(z < V(T(0)), fma(z * V(T(-0.5)), z, log(m)), log1p(-exp_half_square(a) * m));
}

// density(z) / cdf(z), the derivative of log cdf: 8 / 8 ULP, all z.
template <class V> FASTGEN_INLINE V log_ndtr_slope(V z) {
  using T = typename V::Scalar;
  const V one(T(1)), a = abs(z), m = mills(a), density = exp_half_square(a) * V(T(numbers::inverse_sqrt_two_pi));
  return select(z < V(T(0)), one / m, density / fma(-density, m, one));
}

// The integral of e^(-m s - s^2 / 2) over 0 <= s <= width: relative error 1e-14 / 2e-6, m >= 0, width >= 0.
template <class V> FASTGEN_INLINE V scaled_interval(V m, V width) {
  using T = typename V::Scalar;
  using S = SpecialTable<T>;
  width = min(V(very_large<T>), width);
  const V w = width * fma(width, V(T(0.5)), m);
  const V far = mills(m) - mills(m + width) * exp(-w);
  // There the difference cancels for narrow intervals, so Gauss's rule where the exponent stays below 1.
  const auto near = w < V(T(1));
  if (!any(near)) return far;
  V sum(T(0));
  for (int i = 0; i < int(sizeof(S::interval_nodes) / sizeof(T)); ++i) {
    const V s = width * V(S::interval_nodes[i]);
    sum = fma(V(S::interval_weights[i]), exp_nonpositive(-s * fma(s, V(T(0.5)), m)), sum);
  }
  return select(near, width * sum, far);
}

// The point of [a, b] nearest to 0, where the normal density is largest.
template <class V> FASTGEN_INLINE V nearest_to_zero(V a, V b) { return min(b, max(a, V(typename V::Scalar(0)))); }

// The integral of e^((r^2 - t^2) / 2) over a <= t <= b, where r is a number of no larger absolute value than any in
// [a, b]: relative error 1e-14 / 3e-6, and 2 ULP more times the exponent where |a|, |b| > |r|.
template <class V> FASTGEN_INLINE V normal_interval(V a, V b, V r) {
  using T = typename V::Scalar;
  const V zero(T(0)), large(very_large<T>);
  a = min(large, max(-large, a)), b = min(large, max(-large, b)), r = abs(min(large, max(-large, r)));
  const V m = min(abs(a), abs(b)), to_erf = V(T(numbers::sqrt_half));
  const V one_side = scaled_interval(m, b - a) * exp((m - r) * (m + r) * V(T(-0.5)));
  const V both_sides = V(T(numbers::sqrt_half_pi)) * (erf(b * to_erf) + erf(-a * to_erf));
  return select((a < zero) & (b > zero), both_sides, one_side);
}

// log(cdf(b) - cdf(a)), a < b: error 1e-14 / 1e-5 of the result or of 1, whichever is larger; relative also near 0.
template <class V> FASTGEN_INLINE V log_normal_interval(V a, V b) {
  using T = typename V::Scalar;
  const V r = nearest_to_zero(a, b), zero(T(0)), share = normal_interval(a, b, r) * V(T(numbers::inverse_sqrt_two_pi));
  const auto most = (a < zero) & (b > zero) & (share > V(T(0.5)));
  return select(most, log1p(-(normal_tail(-a) + normal_tail(b))), fma(r * V(T(-0.5)), r, log(share)));
}

// The probabilities of [a, x] and [x, b] under the normal law truncated to [a, b]: relative error 1e-14 / 1e-5, and
// as much times the exponent (x^2 - r^2) / 2 when it is above 10.
template <class V> FASTGEN_INLINE Tails<V> truncated_normal_tails(V x, V a, V b) {
  x = min(b, max(a, x));
  const V r = nearest_to_zero(a, b), left = normal_interval(a, x, r), right = normal_interval(x, b, r);
  const V whole = left + right;
  return {left / whole, right / whole};
}

// The y in [0, width] with probability p of [0, y] and q of [y, width], p + q = 1, under the density in proportion to
// e^(-m y - y^2 / 2), m >= 0: the normal law beyond m, seen from there.
template <class V> FASTGEN_INLINE V normal_tail_quantile(V p, V q, V m, V width) {
  using T = typename V::Scalar;
  const V one(T(1)), half(T(0.5));
  // Newton on the logarithm of the upper tail, from the smaller of two bounds from above, stays above the root.
  const V top = mills(m), end = mills(m + width), w = width * fma(width, half, m), decay = exp(-w);
  const V share = p * (scaled_interval(m, width) / top);
  const V part = q * top;  // far out it may be below the numbers
  const V rest = select(part > V(T(sizeof(T) == 8 ? 1e-290 : 1e-30)), (part + p * (end * decay)) / top,
                        fma(p, (end / top) * decay, q));
  const V e = -select(share < half, log1p(-share), log(rest));
  V y = min((e + e) / (m + sqrt(fma(m, m, e + e))), e * top);  // in this order: the first is 0 / 0 at m = e = 0
  for (int i = 0; i < 5; ++i) {
    const V at = mills(m + y);
    y = fma(at, log(at / top) + (e - y * fma(y, half, m)), y);
  }
  // So narrow that the density is a straight line: its inverse to second order.
  const V narrow = p * width * fma(m * width, q * V(T(-0.5)), one);
  const auto is_narrow = width * (m + width) < V(Format<T>::epsilon * T(sizeof(T) == 8 ? 0x1p26 : 0x1p11));
  return select(is_narrow, narrow, y);
}

// The x with share u of the mass of the normal law outside its tails `low` and `high` below and v = 1 - u above it: through
// the smaller of the two tail probabilities, each a sum of positive terms.
template <class V> FASTGEN_INLINE V normal_quantile_between(V u, V v, V low, V high) {
  const V one(typename V::Scalar(1));
  const V below = fma(v, low, u * (one - high)), above = fma(u, high, v * (one - low));
  return copysign(normal_quantile(min(below, above)), below - above);
}

// The x in [a, b] with probability u of [a, x] under the normal law truncated to [a, b]: error 6 / 6 ULP of
// max(1, |x|).
template <class V> FASTGEN_INLINE V truncated_normal_quantile(V u, V a, V b) {
  using T = typename V::Scalar;
  const V zero(T(0)), one(T(1)), half(T(0.5)), large(very_large<T>);
  const V v = one - u, from = min(large, max(-large, a)), to = min(large, max(-large, b)), width = to - from;
  const V m = min(abs(from), abs(to));
  const auto straddles = (from < zero) & (to > zero), left = (from < zero) & !straddles;
  const V both_sides = normal_quantile_between(u, v, normal_tail(abs(from)), normal_tail(abs(to)));
  // One side, seen as the positive one.
  const V y = normal_tail_quantile(select(left, v, u), select(left, u, v), m, width);
  const V one_side = select(left, to - y, from + y);
  const V narrow = fma(u * width, fma(from * width, v * -half, one), from);
  const auto is_narrow = width * (m + width) < V(Format<T>::epsilon * T(sizeof(T) == 8 ? 0x1p26 : 0x1p11));
  const V x = select(straddles, select(is_narrow, narrow, both_sides), one_side);
  return select(u == zero, a, select(u == one, b, min(b, max(a, x))));
}

}  // namespace math
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
