// Small special functions of Vec<T, W>, T = double or float: what log densities are made of.
//
// A density with a large factorial or gamma function is a small difference of large numbers. Its saddle-point form is
// not (C. Loader, Fast and accurate computation of binomial probabilities, 2000): two non-negative functions carry it,
//     deviance(x, m) = x log(x / m) + m - x          how far x is from its mean
//     log_excess(x)  = log x! - (x log x - x)        about log(2 pi x) / 2, and 0 at 0
// so that the rounding errors are those of the result, whatever the size of the parameters:
//     Poisson            -deviance(x, rate) - log_excess(x)
//     Gamma              -deviance(a, r x) - log_excess(a) + log(a / x)                         shape a, rate r
//     Binomial           -deviance(x, n p) - deviance(n - x, n q) + log_excess(n) - log_excess(x) - log_excess(n - x)
//     NegativeBinomial   with s = x + r:  -deviance(r, s p) - deviance(x, s q) + log(r / s)
//                        + log_excess(s) - log_excess(x) - log_excess(r)          x failures, r successes, p + q = 1
//     Beta               with s = a + b:  -deviance(a, s x) - deviance(b, s y) + log(a b / (s x y))
//                        + log_excess(s) - log_excess(a) - log_excess(b)                                    x + y = 1
//     StudentT           -(v + 1) / 2 log1p(t^2 / v) + log_gamma_ratio(v / 2, 1 / 2) - log(pi v) / 2
//     Cauchy             tails acot(x) / pi and acot(-x) / pi
// Where a product such as n p is rounded, deviance takes what the rounding lost as a third argument.
//
// The rules and the meaning of the error bounds are those of math.hpp; the bounds are held by tests/test_special.py.
#pragma once

#include "math.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace math {

// atan(top / bottom) + quarters * pi / 4, where the quotient is at most tan(pi / 8) in size.
template <class V> FASTGEN_INLINE V atan_quotient(V top, V bottom, V quarters) {
  using T = typename V::Scalar;
  const V u = top / bottom, z = u * u;
  const V rest = fma(u * z, poly(z, Table<T>::atan), quarters * V(Table<T>::two_pi[1] / 8));
  return fma(quarters, V(Table<T>::two_pi[0] / 8), u + rest);
}

// atan x: 1.5 / 2.0 ULP, all x.
template <class V> FASTGEN_INLINE V atan(V x) {
  using T = typename V::Scalar;
  const V one(T(1)), a = abs(x);
  const auto middle = a > V(T(numbers::tan_pi_eighth)), far = a > V(T(numbers::cot_pi_eighth));
  const V top = select(far, V(T(-1)), select(middle, a - one, a)),
          bottom = select(far, a, select(middle, a + one, one));
  return copysign(atan_quotient(top, bottom, select(far, V(T(2)), select(middle, one, V(T(0))))), x);
}

// The angle in (0, pi) whose cotangent is x: 1.5 / 2.0 ULP, all x; acot(x) / pi is the upper tail of the Cauchy law.
template <class V> FASTGEN_INLINE V acot(V x) {
  using T = typename V::Scalar;
  const V one(T(1)), zero(T(0)), a = abs(x);
  const auto middle = a > V(T(numbers::tan_pi_eighth)), far = a > V(T(numbers::cot_pi_eighth)), negative = x < zero;
  // The angle of |x|, then its supplement where x is negative.
  const V top = select(far, one, select(middle, one - a, -a)), bottom = select(far, a, select(middle, a + one, one));
  const V quarters = select(far, zero, select(middle, one, V(T(2))));
  return atan_quotient(select(negative, -top, top), bottom, select(negative, V(T(4)) - quarters, quarters));
}

// e^x c, rounded once where the result is subnormal; c of modest size.
template <class V> FASTGEN_INLINE V exp_times(V x, V c) {
  using T = typename V::Scalar;
  V biased;
  const V p = exp_residue(reduce_exp(clamp_exp(x), T(2 * Format<T>::bias), biased));
  return scale_exp(p, biased, c);
}

// log(1 + t) - t: 4.0 / 4.0 ULP, t > -1; -infinity at -1 and infinity.
template <class V> FASTGEN_INLINE V log1pmx(V t) {
  using T = typename V::Scalar;
  const V s = t / (t + V(T(2))), z = s * s;
  const V near = fma(s * z, poly(z, Table<T>::log_wide), -s * t), far = log1p(t) - t;
  return select(z <= V(T(1) / 9), near, select(t < V(infinity<T>), far, -t));
}

// x log(x / m) + m - x: 5.0 / 5.0 ULP, x >= 0, m >= 0; `lost` is what the rounding of m left out.
template <class V> FASTGEN_INLINE V deviance(V x, V m, V lost = V(typename V::Scalar(0))) {
  using T = typename V::Scalar;
  const V d = (x - m) - lost, v = d / (x + m), z = v * v;
  const V near = fma(x * v * z, poly(z, Table<T>::log_wide), d * v);
  if (!any(!(z <= V(T(1) / 9)))) return near;  // most vectors of points have none farther away
  // log(x / m) to more digits than a V holds: in two parts, and with the remainder of the division.
  V ratio = x / m;
  // Where the quotient overflows, that of x and m brought nearer to each other by 2^nearer.
  constexpr T nearer = sizeof(T) == 8 ? 1200 : 200;
  constexpr T down = sizeof(T) == 8 ? T(0x1p-600) : T(0x1p-100), up = sizeof(T) == 8 ? T(0x1p600) : T(0x1p100);
  const auto overflows = (ratio == V(infinity<T>)) & (m > V(T(0))) & (x < V(infinity<T>));
  if (any(overflows)) ratio = select(overflows, (x * V(down)) / (m * V(up)), ratio);
  V k;
  const V shift = select(overflows, V(nearer), V(T(0)));
  const V low = fma(shift, V(Table<T>::ln2[1]), log_parts_subnormal(ratio, k)),
          high = (k + shift) * V(Table<T>::ln2[0]);
  V remainder = fma(-ratio, lost, fma(-ratio, m, x));
  // The remainder is nothing where the ratio underflows.
  remainder = select(abs(remainder) < x, remainder, V(T(0)));
  V far = fma(x, high, fma(x, low, remainder - d));
  if (any(overflows)) far = select(overflows, x * (high + (low - V(T(1)))), far);  // the result itself may overflow
  const V r = select(z <= V(T(1) / 9), near, far);
  return select(m > V(T(0)), r, select((m == V(T(0))) & (x > V(T(0))), V(infinity<T>), m));
}

// log(Gamma(1 + x)) for 0 <= x <= 1.
template <class V> FASTGEN_INLINE V lgamma1p_unit(V x) {
  using T = typename V::Scalar;
  return x * (x - V(T(1))) * poly(x - V(T(0.5)), Table<T>::lgamma1p);
}
// log(Gamma(1 + x)) - (x + 1/2) log x + x - log(2 pi) / 2 for x >= 1.
template <class V> FASTGEN_INLINE V stirling_error_far(V x) {
  using T = typename V::Scalar;
  const V inverse = V(T(1)) / x, z = inverse * inverse;
  return inverse * horner(z, Table<T>::error_top) / horner(z, Table<T>::error_bottom);
}

// log x! - (x + 1/2) log x + x - log(2 pi) / 2: 2.0 / 2.5 ULP of max(1, result), x >= 0; infinity at 0.
template <class V> FASTGEN_INLINE V stirling_error(V x) {
  using T = typename V::Scalar;
  const V near = fma(x + V(T(0.5)), -log(x), (x + lgamma1p_unit(x)) - V(T(numbers::half_log_two_pi)));
  return select(x < V(T(1)), near, stirling_error_far(x));
}

// log x! - x log x + x = log(2 pi x) / 2 + stirling_error(x): 2.0 / 2.0 ULP of max(1, result), 0 <= x < infinity.
template <class V> FASTGEN_INLINE V log_excess(V x) {
  using T = typename V::Scalar;
  V k;
  const V low = log_parts_subnormal(x, k), log_x = fma(k, V(Table<T>::ln2[0]), low);  // finite at 0
  const V far = fma(log_x, V(T(0.5)), stirling_error_far(x) + V(T(numbers::half_log_two_pi)));
  const auto small = x < V(T(1));
  if (!any(small)) return far;
  return select(small, fma(x, -log_x, x + lgamma1p_unit(x)), far);
}

// lgamma(a + b) - lgamma(a): 3.0 / 3.0 ULP of max(1, |result|), a and b from 1e-3.
template <class V> FASTGEN_INLINE V log_gamma_ratio(V a, V b) {
  using T = typename V::Scalar;
  const V one(T(1)), zero(T(0));
  // From a + 1 where a is below 1, so that the errors are in proportion to b when b is small.
  const auto low = a < one;
  const V step = select(low, log1p(b / a), zero), base = select(low, a + one, a), s = base + b, t = b / base;
  const V rest = fma(log1p(t), V(T(-0.5)), stirling_error_far(s) - stirling_error_far(base));
  return fma(b, log(s), fma(base, log1pmx(t), rest)) - step;
}

// lgamma(a) + lgamma(b) - lgamma(a + b): 4.0 / 4.0 ULP of max(1, |result|), a and b from 1e-3.
template <class V> FASTGEN_INLINE V log_beta(V a, V b) {
  using T = typename V::Scalar;
  const V small = min(a, b), large = max(a, b), s = a + b, half(T(0.5));
  const V rest = (log_excess(small) - log(small)) + (stirling_error(large) - stirling_error(s));
  return fma(-small, log1p(large / small), fma(half - large, log1p(small / large), rest));
}

template <Number T> FASTGEN_INLINE T log_excess(T x) { return log_excess(Vec<T, 1>(x)).v; }
template <Number T> FASTGEN_INLINE T log_gamma_ratio(T a, T b) { return log_gamma_ratio(Vec<T, 1>(a), Vec<T, 1>(b)).v; }
template <Number T> FASTGEN_INLINE T log_beta(T a, T b) { return log_beta(Vec<T, 1>(a), Vec<T, 1>(b)).v; }

}  // namespace math
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
