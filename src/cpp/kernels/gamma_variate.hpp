// Gamma variates: G. Marsaglia and W. Tsang, A simple method for generating gamma variables, 2000.
//
// With d = a - 1/3 and c = 1 / sqrt(9 d), d (1 + c x)^3 of a normal x is nearly gamma of shape a >= 1; a rejection, of less
// than one attempt in twenty, makes it exact. For a < 1 a variate of shape a + 1 is multiplied by u^(1/a) (their section 6).
#pragma once

#include "../core/special.hpp"
#include "variates.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// What the method needs of a shape: of a, or of a + 1 where a < 1.
template <class V> struct GammaShape {
  V d, c;
  explicit FASTGEN_INLINE GammaShape(V a) {
    d = select(a < V(1.0), a + V(1.0), a) - V(0x1.5555555555555p-2);
    c = V(0x1.5555555555555p-2) / sqrt(d);
  }
  FASTGEN_INLINE GammaShape(V d_, V c_) : d(d_), c(c_) {}
};

// The lower 32 bits as a number of 0 .. 2^32 - 1.
template <int W> FASTGEN_INLINE Vec<double, W> part_number(Vec<std::uint64_t, W> word) {
  using U = Vec<std::uint64_t, W>;
  const U bits = merge_halves(word, U(std::uint64_t(0x4330000000000000u)));
  return bit_cast<double>(bits) - Vec<double, W>(0x1p52);
}

// d (1 + t)^3 with t = c x, and whether it is accepted by the 32 bits of u that are known, cell / 2^32, whatever follows them.
//
// The condition is log u < h = x^2 / 2 + d (1 - v + log v), v = (1 + t)^3. The terms up to t^3 cancel:
//     h = 3 d (log(1 + t) - t + t^2 / 2 - t^3 / 3) >= -3/4 d t^4 (1 + 1.4 max(-t, 0))   for t > -1/2,
// by the signs of the terms for t > 0; for t < 0 their sum over t^4 is convex, and 1.4 above its chord. With e^h >= 1 + h and
// 9 d t^2 = x^2 this leaves open one proposal in 25 at a = 1, one in 100 at a = 3; their own 1 - 0.0331 x^4 leaves one in 10.
template <int W>
FASTGEN_INLINE Mask<double, W> gamma_proposal(const GammaShape<Vec<double, W>>& shape, Vec<double, W> x,
                                              Vec<double, W> cell, Vec<double, W>& value) {
  using V = Vec<double, W>;
  constexpr double twelfth = (1 + 0x1p-40) / 12;  // rounding must not accept
  const V t = shape.c * x, root = V(1.0) + t, tx = t * x;
  value = shape.d * (root * root * root);
  const V bound = (tx * tx) * fma(min(t, V(0.0)), V(1.4 * twelfth), V(-twelfth));
  return (fma(bound, V(0x1p32), V(0x1p32 - 1) - cell) > V(0.0)) & (t > V(-0.5));
}

// The same decided by all of u.
template <int W>
FASTGEN_INLINE Mask<double, W> gamma_judgement(const GammaShape<Vec<double, W>>& shape, Vec<double, W> x,
                                               Vec<double, W> u, Vec<double, W>& value) {
  using V = Vec<double, W>;
  const V t = shape.c * x, root = V(1.0) + t;
  value = shape.d * (root * root * root);
  // t is kept where the logarithm has a value.
  const V safe = max(t, V(-1.0)), w = safe * fma(safe, safe + V(3.0), V(3.0));
  return (math::log_positive(u) < fma(x * x, V(0.5), shape.d * math::log1pmx(w))) & (root > V(0.0));
}

// A uniform beside the normal of a block of the stream: it has the 32 bits that the normal's angle left; the radius
// lends its last ones, which count only where these are 0.
template <int W> FASTGEN_INLINE Vec<double, W> spare_uniform(Vec<std::uint64_t, W> a, Vec<std::uint64_t, W> b) {
  return unit((b << 32) | (a & Vec<std::uint64_t, W>(std::uint64_t(0xffffffffu))));
}

// One attempt, by one block of the stream.
template <int W>
FASTGEN_INLINE Mask<double, W> gamma_attempt(const GammaShape<Vec<double, W>>& shape, Vec<std::uint64_t, W> a,
                                             Vec<std::uint64_t, W> b, Vec<double, W>& value) {
  const auto x = normal_of(a, b);
  auto accepted = gamma_proposal(shape, x, part_number(b), value);
  if (any(!accepted)) accepted = accepted | gamma_judgement(shape, x, spare_uniform(a, b), value);
  return accepted;
}

// The factor u^(1/a) of shapes a < 1, 1 for others. Of a shape of 1e-3 many variates are below the smallest double: 0.
template <class V> FASTGEN_INLINE V gamma_boost(V a, V u) {
  const auto small = a < V(1.0);
  if (!any(small)) return V(1.0);
  return select(small, math::exp(math::log_positive(u) / a), V(1.0));
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
