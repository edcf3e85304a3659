// Modified Bessel functions I_v of the first kind: what von Mises and von Mises-Fisher laws need of them.
//
// One method for all v >= 0, x >= 0. With s^2 = v^2 + x^2 and t = v^2 / s^2 Debye's expansion (DLMF 10.41.3), in
// logarithms,
//
//     log I_v(x) = s - v asinh(v / x) - log(2 pi s) / 2 + sum_k P_k(t) / s^k,
//
// is that of large v and that of large x in one, and good to 2e-16 from s = 40 on. Below, the order is raised until
// v >= 40, and the recurrence I_(k-1) = (2 k / x) I_k + I_(k+1), stable downwards, leads back.
// Everything is kept in terms of I_v(x) / x^v, which is finite and positive at x = 0.
#pragma once

#include "math.hpp"
#include "special_tables.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace math {

template <class V> struct BesselI {
  V log_scaled;  // log(e^-x I_v(x)); -infinity at x = 0 unless v = 0
  V log_norm;    // log(e^x x^v / ((2 pi)^(v + 1) I_v(x))): of exp(x (cos - 1)) on the sphere in 2 v + 2 dimensions
  V ratio;       // I_(v+1)(x) / I_v(x): the mean resultant length there
  V complement;  // 1 - ratio, to full precision
};

// Errors in double / float, for v <= 1e5, x <= 1e8: the logarithms 2e-14 / 1e-5 of max(1, |result|), 1e-15 / 1e-6 where
// v or x is above 40; ratio 1e-15 / 1e-6; complement 2e-14 / 1e-5. Steps of the recurrence: 40 at most.
template <class V> FASTGEN_INLINE BesselI<V> bessel_i(V v, V x) {
  using T = typename V::Scalar;
  using S = SpecialTable<T>;
  const V zero(T(0)), one(T(1)), half(T(0.5)), enough(T(40));
  v = max(zero, v);  // an order out of its domain must not make a long loop
  // The order at which the expansion is used: v, or the first of v + 1, v + 2, ... from 40 on.
  const V raised = enough + (v - ((v + V(two_to_bits<T>)) - V(two_to_bits<T>)));
  V k = select(x < enough, max(v, select(raised < enough, raised + one, raised)), v);
  const V order = k;
  const V s = sqrt(fma(order, order, x * x)), inverse = one / s, cosine = order * inverse, t = cosine * cosine;
  // sum_k P_k(t) / s^k, and the like sum with (k + 2 i) c[k][i], which is -s^2 / x times its derivative.
  V sum = zero, slope = zero;
  int last = int(sizeof(S::debye) / sizeof(T)) - 1;
  for (int row = S::debye_terms; row > 0; --row) {
    V p = zero, q = zero;
    for (int i = row; i >= 0; --i, --last) {
      const V c(S::debye[last]);
      p = fma(p, t, c);
      q = fma(q, t, c * V(T(row + 2 * i)));
    }
    sum = (sum + p) * inverse;
    slope = (slope + q) * inverse;
  }
  const V excess = order * (order / (x + s));  // s - x
  const V bend = (half + slope) * inverse * inverse;
  V rho = one / (s + order) - bend;  // I_(k+1) / (x I_k)
  const V direct = (order + excess) / (s + order) + x * bend;
  V product = one;  // of (2 k I_k + x I_(k+1)) / (32 I_k): the power of two nearest to the geometric mean
  for (auto on = k > v + half; any(on); on = k > v + half) {
    const V f = fma(x * x, rho, k + k);
    product = select(on, product * (f * V(T(0.03125))), product);
    rho = select(on, one / f, rho);
    k = select(on, k - one, k);
  }
  const V top = order + s, lift = (order - v) * log(top * V(T(0.03125))) - excess - log(product);
  const V core = fma(half, log(s * V(T(numbers::two_pi))), lift - sum);
  BesselI<V> r;
  r.ratio = x * rho;
  r.complement = select(order > v, one - r.ratio, direct);
  r.log_norm = fma(v, log(top), core) - (v + one) * V(T(numbers::log_two_pi));
  const V rise = select(v == zero, zero, v * log1p((order + excess) / x));
  r.log_scaled = -(rise + core);
  return r;
}

}  // namespace math
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
