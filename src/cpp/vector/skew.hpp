// Tails of the skew normal law, density 2 phi(x) Phi(alpha x).
#pragma once

#include "normal_tails.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace math {

// The probabilities of (-infinity, x] and [x, infinity): relative error 1e-12 / 1e-5 in both, |alpha| <= 1e150 / 1e18.
//
// All four tails at |x| = h, |alpha| = a follow from the light one (sign of alpha against that of x),
//     q = (1 / pi) int_a^infinity exp(-h^2 (1 + u^2) / 2) / (1 + u^2) du,
// without cancellation: the heavy one is erfc(h / sqrt 2) - q, and q is at most half of that.
// q by Gauss's rule on this integral, as far as the exponent grows by 32, when z = a h >= 1.5. For smaller z the range
// would be long against 1 / (1 + u^2), but q = tail(h) - 2 T(h, a) = 2 T(z, 1 / a) - tail(z) erf(h / sqrt 2) lose little
// (Owen's T, the same integral from 0 to a), and the one with a or 1 / a below 1 has a smooth integrand.
template <class V> FASTGEN_INLINE Tails<V> skew_normal_tails(V x, V alpha) {
  using T = typename V::Scalar;
  using S = SpecialTable<T>;
  const V zero(T(0)), one(T(1)), half(T(0.5));
  const V h = min(V(T(sizeof(T) == 8 ? 40 : 15)), abs(x)), a = min(V(very_large<T>), abs(alpha));
  const V z = a * h, z_low = fma(a, h, -z);
  const auto direct = z >= V(T(1.5)), flat = (!direct) & (a < one), steep = (!direct) & (a >= one);
  // The integral from lo to lo + length of exp(-H^2 (u^2 - lo^2) / 2) / (1 + u^2).
  const V growth = V(T(sizeof(T) == 8 ? 64 : 34)) / (z * z);
  const V lo = select(direct, a, zero), H = select(steep, z, h);
  const V length = select(direct, a * (growth / (one + sqrt(one + growth))), select(flat, a, one / a));
  const V step = H * length, linear = H * lo * step, quadratic = half * step * step;
  V sum(T(0));
  for (int i = 0; i < int(sizeof(S::wedge_nodes) / sizeof(T)); ++i) {
    const V s(S::wedge_nodes[i]), u = fma(length, s, lo);
    const V y = s * fma(quadratic, s, linear);
    sum = fma(V(S::wedge_weights[i]) / fma(u, u, one), exp_nonpositive(-y), sum);
  }
  // e^(-H^2 / 2), and for the direct form e^(-z^2 / 2) with the rounding of z made good.
  const V tail_z = exp_half_square(z), z_part = fma(-z * z_low, tail_z, tail_z);
  const V front = select(steep, one, exp_half_square(h)) * select(flat, one, z_part);
  const V integral = V(T(numbers::inverse_pi)) * front * length * sum;
  const V tail = normal_tail(h), inside = erf(h * V(T(numbers::sqrt_half)));
  V q = select(direct, integral, select(flat, tail - integral, integral - normal_tail(z) * inside));
  q = max(q, zero);
  // At h the mass beyond on the side of alpha's sign is heavy, on the other light.
  const V heavy = (tail + tail) - q;
  const auto right = x >= zero, positive = alpha >= zero;
  const auto is_light = (right & !positive) | ((!right) & positive);
  const V beyond = select(is_light, q, heavy), rest = select(is_light, one - q, inside + q);
  return {select(right, rest, beyond), select(right, beyond, rest)};
}

}  // namespace math
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
