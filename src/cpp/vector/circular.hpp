// Angles, and the von Mises law on the circle.
#pragma once

#include "bessel.hpp"
#include "normal_tails.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace math {

// x - center less the nearest multiple of 2 pi, in [-pi, pi]: error 2 / 2 ULP of the result plus 2^-103 / 2^-45
// times |x - center|, which is below 2^50 / 2^21. Beyond that some angle.
template <class V> FASTGEN_INLINE V angle_between(V x, V center) {
  using T = typename V::Scalar;
  const V d = x - center, back = d - x, low = (x - (d - back)) - (center + back);  // x - center = d + low exactly
  const V magic(Format<T>::integer), pi(Table<T>::two_pi[0] * T(0.5));
  const V n = fma(d, V(T(0.15915494309189533577)), magic) - magic;
  // The first product is subtracted exactly: what remains has no digit below those of d and two_pi[0].
  const V r = fma(-n, V(Table<T>::two_pi[0]), d) + fma(-n, V(Table<T>::two_pi[1]), low);
  // n may have been rounded to the wrong side of a half.
  const V turn(Table<T>::two_pi[0]), wrapped = select(r > pi, r - turn, select(r < -pi, r + turn, r));
  return min(pi, max(-pi, wrapped));
}
template <Number T> FASTGEN_INLINE T angle_between(T x, T center) {
  return angle_between(Vec<T, 1>(x), Vec<T, 1>(center)).v;
}

// s = sin(theta / 2), c = cos(theta / 2) for theta in [0, pi]: 3 ULP each, c near pi included.
template <class V> FASTGEN_INLINE void half_angle(V theta, V& s, V& c) {
  using T = typename V::Scalar;
  const V pi(Table<T>::two_pi[0] * T(0.5)), rest = (pi - theta) + V(Table<T>::two_pi[1] * T(0.5));
  const auto near = theta < rest;
  V sine, cosine;
  sincos_2pi(select(near, theta, rest) * V(T(0.079577471545947667884)), sine, cosine);
  s = select(near, sine, cosine);
  c = select(near, cosine, sine);
}

// kappa (cos d - 1), without cancellation: 8 ULP, d in [-pi, pi].
template <class V> FASTGEN_INLINE V von_mises_exponent(V d, V kappa) {
  V s, c;
  half_angle(abs(d), s, c);
  return kappa * (V(typename V::Scalar(-2)) * (s * s));  // twice kappa may overflow
}

// The probabilities of [-pi, theta] and [theta, pi] under the density norm exp(kappa (cos t - 1)), where norm =
// 1 / (2 pi e^-kappa I_0(kappa)): relative error 1e-12 / 1e-5 in both tails, theta in [-pi, pi], 0 <= kappa <= 1e8.
//
// The tail beyond theta >= 0 is e^(-2 kappa sin^2(theta / 2)) times the integral of e^-y, with t = theta + 2 a and
// y = 2 kappa sin a sin(theta + a), as far as y = 32 (or t = pi). In r = tan(a / 2), which is in [0, 1], everything is
// rational, and Gauss's rule converges fast. The cubic r(x) spreads its nodes where r is large.
template <class V> FASTGEN_INLINE Tails<V> von_mises_tails(V theta, V kappa, V norm) {
  using T = typename V::Scalar;
  using S = SpecialTable<T>;
  constexpr T half_range = sizeof(T) == 8 ? T(16) : T(8.5);
  const V one(T(1)), two(T(2)), half(T(0.5));
  V s, c;
  half_angle(abs(theta), s, c);
  // The end T of the range: sin^2(T / 2) = s^2 + rise. Then sin, cos of (T - theta) / 2 by differences of squares.
  const V rise = min(V(half_range) / kappa, c * c), end_s = sqrt(fma(s, s, rise)), end_c = sqrt(c * c - rise);
  const V end = (rise / fma(end_s, c, end_c * s)) / (one + fma(end_c, c, end_s * s));
  const V bend = V(T(0.25)) * end * end, scale = end / (one + bend);
  const V sine = two * s * c, cosine = (c - s) * (c + s);
  V sum(T(0));
  for (int i = 0; i < int(sizeof(S::angle_nodes) / sizeof(T)); ++i) {
    const V x(S::angle_nodes[i]), b = bend * x * x, r = scale * x * (one + b);
    const V q = one / fma(r, r, one), sin_a = two * r * q, cos_a = (one - r * r) * q;
    const V y = kappa * (two * sin_a) * fma(sine, cos_a, cosine * sin_a);
    const V w = V(S::angle_weights[i]) * fma(b, V(T(3)), one) * q;
    sum = fma(w, exp_nonpositive(-y), sum);
  }
  const V tail = min(half, V(T(4)) * norm * scale * sum * exp(kappa * (V(T(-2)) * (s * s))));
  const auto left = theta < V(T(0));
  return {select(left, tail, one - tail), select(left, one - tail, tail)};
}

}  // namespace math
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
