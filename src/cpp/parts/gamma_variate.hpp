// Gamma variates: G. Marsaglia and W. Tsang, A simple method for generating gamma variables, 2000.
//
// With d = a - 1/3 and c = 1 / sqrt(9 d), d (1 + c x)^3 of a normal x is nearly gamma of shape a >= 1; a rejection, of less
// than one attempt in twenty, makes it exact. For a < 1 a variate of shape a + 1 is multiplied by u^(1/a) (their section 6).
#pragma once

#include "../vector/special.hpp"
#include "variates.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// What the method needs of a shape: of a, or of a + 1 where a < 1.
template <class V> struct GammaShape {
  V d, c;
  explicit FASTGEN_INLINE GammaShape(V a) {
    d = select(a < V(1.0), a + V(1.0), a) - V(1.0 / 3);
    c = V(1.0 / 3) / sqrt(d);
  }
  FASTGEN_INLINE GammaShape(V d_, V c_) : d(d_), c(c_) {}
};

// The lower 32 bits as a number of 0 .. 2^32 - 1, and 2^52 more.
template <int W> FASTGEN_INLINE Vec<double, W> raised_part(Vec<std::uint64_t, W> word) {
  using U = Vec<std::uint64_t, W>;
  return bit_cast<double>(merge_halves(word, U(std::uint64_t(0x4330000000000000u))));
}
template <int W> FASTGEN_INLINE Vec<double, W> part_number(Vec<std::uint64_t, W> word) {
  return raised_part(word) - Vec<double, W>(0x1p52);
}

// d (1 + t)^3 with t = c x, and whether it is accepted by the 32 bits of u that are known, the lower ones of `word`, whatever
// follows them.
//
// The condition is log u < h = x^2 / 2 + d (1 - v + log v), v = (1 + t)^3. The terms up to t^3 cancel:
//     h = 3 d (log(1 + t) - t + t^2 / 2 - t^3 / 3) >= -3/4 d t^4 (1 + 2.281 max(-t, 0))   for t > -3/4,
// by the signs of the terms for t > 0; for t < 0 their sum over t^4 is convex, and 2.281 above its chord. With e^h >= 1 + h and
// 9 d t^2 = x^2 this leaves open one proposal in 14 at a = 1, where one in 20 is to be rejected, one in 25 at a = 1.4 and one in
// 50 at a = 2.5. Half of what it leaves open at a = 1 is beyond t = -3/4; farther out the chord is too steep to gain.
template <int W>
FASTGEN_INLINE Mask<double, W> gamma_proposal(const GammaShape<Vec<double, W>>& shape, Vec<double, W> x,
                                              Vec<std::uint64_t, W> word, Vec<double, W>& value) {
  using V = Vec<double, W>;
  constexpr double twelfth = (1 + 0x1p-40) / 12;  // rounding must not accept
  const V t = shape.c * x, root = V(1.0) + t, tx = t * x;
  value = shape.d * (root * root * root);
  const V bound = (tx * tx) * fma(min(t, V(0.0)), V(2.281 * twelfth), V(-twelfth));
  const V room = V(0x1p52 + 0x1p32 - 1) - raised_part(word);  // exact
  return (fma(bound, V(0x1p32), room) > V(0.0)) & (t > V(-0.75));
}

// h, or -infinity where 1 + t <= 0.
template <int W>
FASTGEN_INLINE Vec<double, W> gamma_height(const GammaShape<Vec<double, W>>& shape, Vec<double, W> x) {
  using V = Vec<double, W>;
  const V t = shape.c * x;
  // t is kept where the logarithm has a value.
  const V safe = max(t, V(-1.0)), w = safe * fma(safe, safe + V(3.0), V(3.0));
  return select(t > V(-1.0), fma(x * x, V(0.5), shape.d * math::log1pmx(w)), V(-math::infinity<double>));
}

// The same decided by all of u.
template <int W>
FASTGEN_INLINE Mask<double, W> gamma_judgement(const GammaShape<Vec<double, W>>& shape, Vec<double, W> x,
                                               Vec<double, W> u, Vec<double, W>& value) {
  const Vec<double, W> root = Vec<double, W>(1.0) + shape.c * x;
  value = shape.d * (root * root * root);
  return math::log_positive(u) < gamma_height(shape, x);
}

// The same decided by the bits that are known and, where they leave it open, those that rest() gives, a uniform of (0, 1): that
// is where u is small, or all but on the border. The answer is that of all bits.
template <int W, class Rest>
FASTGEN_INLINE Mask<double, W> gamma_judgement(const GammaShape<Vec<double, W>>& shape, Vec<double, W> x,
                                               Vec<double, W> cell, Rest rest) {
  using V = Vec<double, W>;
  const V h = gamma_height(shape, x), log_u = math::log_positive(fma(cell, V(0x1p-32), V(0x1p-33)));
  const auto close = (cell < V(0x1p20)) | (abs(log_u - h) < V(1e-6));  // the rest moves log u by 2^-21 elsewhere
  if (!any(close)) [[likely]]
    return log_u < h;
  return math::log_positive((cell + rest()) * V(0x1p-32)) < h;
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
  auto accepted = gamma_proposal(shape, x, b, value);
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
