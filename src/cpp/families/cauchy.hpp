// The Cauchy law. Density 1 / (pi scale (1 + z^2)) with z = (x - loc) / scale.
//
// Parameters: loc, scale > 0. Draws: the cotangent of a uniform angle.
#pragma once

#include "../parts/scalar_family.hpp"
#include "../vector/special.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Cauchy {
  enum Constant { loc, scale, n_drawn, inverse = n_drawn, norm, far_norm, n_constants };

  static void prepare(const double* p, double* c) {
    const double log_scale = math::log(p[1]);
    c[loc] = p[0];
    c[scale] = p[1];
    c[inverse] = 1.0 / p[1];
    c[norm] = -numbers::log_pi - log_scale;
    c[far_norm] = -numbers::log_pi + log_scale;
  }

  // -log(1 + z^2); where 1 no longer counts, scale / (pi (x - loc)^2), in which nothing overflows.
  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const V d = x - c[loc], z = d * c[inverse];
    const auto far = abs(z) > V(0x1p60);
    const V log = math::log_positive(select(far, abs(d), fma(z, z, V(1.0))));
    return fma(select(far, V(-2.0), V(-1.0)), log, select(far, c[far_norm], c[norm]));
  }
  // 2 d / (d^2 + scale^2) without the squares
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    const V d = c[loc] - x;
    return V(2.0) / fma(c[scale], c[scale] / d, d);
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V z = (x - c[loc]) * c[inverse];
    const V near = math::acot(abs(z)) * V(numbers::inverse_pi), far = V(1.0) - near;
    lower = select(z < V(0.0), near, far);
    upper = select(z < V(0.0), far, near);
  }
  // The z > 0 beyond which lies `tail`, at most 1/2.
  template <class V> static FASTGEN_INLINE V beyond(V tail) {
    V s, c;
    math::sincos_2pi(V(0.5) * tail, s, c);
    return c / s;
  }
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    const V z = beyond(min(q, V(1.0) - q));
    low = high = fma(c[scale], select(q < V(0.5), -z, z), c[loc]);
  }

  static constexpr Supply supply{.words = 1};
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source) {
    return fma(c[scale], flip_sign(beyond(half_unit(source.word())), source.word()), c[loc]);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
