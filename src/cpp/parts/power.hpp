// (x / scale)^a of laws with a power of the point in their density, to full precision: also where x / scale itself would
// overflow, or where an error in its logarithm grows with a.
#pragma once

#include "../vector/math.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace power {

// A number as the sum of two, the second below the rounding of the first.
template <class V> struct Sum {
  V high, low;
};
template <class V> FASTGEN_INLINE Sum<V> joined(V large, V small) {
  const V high = large + small;
  return {high, (large - high) + small};
}

constexpr double root_two = 0x1.6a09e667f3bcdp0;

// A scale as 2^exponent mantissa.
struct Scale {
  double exponent, mantissa, inverse_mantissa;
  explicit Scale(double scale) {
    using V = Vec<double, 1>;
    V k;
    UintVec<V> shifted;
    mantissa = math::split_exponent(V(scale), V(unbias), k, shifted).v;
    exponent = k.v;
    inverse_mantissa = 1.0 / mantissa;
  }
  static constexpr double unbias = math::two_to_bits<double> + math::Format<double>::bias;
};

// The mantissa of x > 0, and its exponent less that of a scale.
template <class V> FASTGEN_INLINE V split(V x, V exponent, V& k) {
  const auto tiny = x < V(math::Format<double>::smallest_normal);
  const V normal = select(tiny, x * V(math::two_to_bits<double>), x);
  UintVec<V> shifted;
  const V m = math::split_exponent(normal, select(tiny, V(Scale::unbias + 52.0), V(Scale::unbias)), k, shifted);
  k = k - exponent;
  return m;
}

// log(x / scale) for x > 0, scale given as in Scale; also relatively precise near 0.
template <class V> FASTGEN_INLINE Sum<V> log_ratio(V x, V exponent, V mantissa, V inverse_mantissa) {
  using Table = math::Table<double>;
  V k, carry;
  const V m = split(x, exponent, k);
  // m / mantissa = ratio (1 + lost)
  const V ratio = m * inverse_mantissa, lost = fma(-ratio, mantissa, m) / m;
  const V low = math::log_parts(ratio, V(Scale::unbias), carry);
  return joined((k + carry) * V(Table::ln2[0]), low + fma(k, V(Table::ln2[1]), lost));
}

// log(x / (2^exponent near)) for normal x and near: two roundings, one division.
template <class V> FASTGEN_INLINE V log_quotient(V x, V near, V exponent) {
  using Table = math::Table<double>;
  V k;
  UintVec<V> shifted;
  const UintVec<V> least = bit_cast<std::uint64_t>(near * V(0.5 * root_two));
  const V m = math::split_exponent(x, least, exponent + V(Scale::unbias), k, shifted);  // m / near within sqrt 2 of 1
  const V s = (m - near) / (m + near), z = s * s;  // the difference is exact; the logarithm is 2 atanh(s)
  const V log = fma(s * z, math::poly(z, Table::log), s + s);
  return fma(k, V(Table::ln2[0]), fma(k, V(Table::ln2[1]), log));
}
// log(p / (1 - p)) for 0 < p <= 1/2, normal.
template <class V> FASTGEN_INLINE V log_odds(V p) { return log_quotient(p, V(1.0) - p, V(0.0)); }

template <class V> FASTGEN_INLINE Sum<V> product(V a, Sum<V> b) {
  const V high = a * b.high;
  return {high, fma(a, b.high, -high) + a * b.low};
}
template <class V> FASTGEN_INLINE Sum<V> quotient(Sum<V> a, V b) {
  const V high = a.high / b;
  return {high, (fma(-high, b, a.high) + a.low) / b};
}

template <class V> FASTGEN_INLINE V exp(Sum<V> t) {
  const V e = math::exp(t.high);
  return select(abs(t.high) < V(700.0), fma(e, t.low, e), e);
}

// scale e^(2 t), also where e^(2 t) itself lies outside the numbers.
template <class V> FASTGEN_INLINE V squared_exp(V scale, V t) {
  const V root = math::exp(t);
  return scale * root * root;
}
// scale e^t, with the fewest roundings.
template <class V> FASTGEN_INLINE V scaled_exp(V scale, Sum<V> t) {
  return select(abs(t.high) < V(700.0), scale * exp(t), squared_exp(scale, V(0.5) * t.high));
}

}  // namespace power
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
