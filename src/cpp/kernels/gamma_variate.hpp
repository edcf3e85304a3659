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

// One attempt, from a normal x and a uniform u. True where `value` is a gamma variate of scale 1.
template <int W>
FASTGEN_INLINE Mask<double, W> gamma_attempt(const GammaShape<Vec<double, W>>& shape, Vec<double, W> x,
                                             Vec<double, W> u, Vec<double, W>& value) {
  using V = Vec<double, W>;
  const V one(1.0), t = shape.c * x, root = one + t, square = x * x;
  const auto positive = root > V(0.0);
  value = shape.d * (root * root * root);
  auto accepted = u < fma(square * square, V(-0.0331), one);
  if (any(positive & !accepted)) {
    // log u < x^2 / 2 + d (1 - v + log v) with v = (1 + t)^3 = 1 + w; t is kept where the logarithm has a value.
    const V safe = max(t, V(-1.0)), w = safe * fma(safe, safe + V(3.0), V(3.0));
    accepted = accepted | (math::log_positive(u) < fma(square, V(0.5), shape.d * math::log1pmx(w)));
  }
  return accepted & positive;
}

// A normal and a uniform from one block of the stream: the uniform has the 32 bits that the normal's angle left; the radius
// lends its last ones, which count only where these are 0.
template <int W> FASTGEN_INLINE Vec<double, W> spare_uniform(Vec<std::uint64_t, W> a, Vec<std::uint64_t, W> b) {
  return unit((b << 32) | (a & Vec<std::uint64_t, W>(std::uint64_t(0xffffffffu))));
}

// One attempt, by one block of the stream.
template <int W>
FASTGEN_INLINE Mask<double, W> gamma_attempt(const GammaShape<Vec<double, W>>& shape, Vec<std::uint64_t, W> a,
                                             Vec<std::uint64_t, W> b, Vec<double, W>& value) {
  return gamma_attempt(shape, normal_of(a, b), spare_uniform(a, b), value);
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
