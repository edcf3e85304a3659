// The Laplace law. Density exp(-|x - loc| / scale) / (2 scale).
//
// Parameters: loc, scale > 0. Draws: an exponential with a random sign.
#pragma once

#include "../parts/scalar_family.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Laplace {
  enum Constant { loc, scale, n_drawn, inverse = n_drawn, norm, n_constants };

  static void prepare(const double* p, double* c) {
    c[loc] = p[0];
    c[scale] = p[1];
    c[inverse] = 1.0 / p[1];
    c[norm] = -math::log(2.0) - math::log(p[1]);
  }

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    return c[norm] - abs((x - c[loc]) * c[inverse]);
  }
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    const V z = c[loc] - x;
    return select(z == V(0.0), V(0.0), copysign(c[inverse], z));
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V z = (x - c[loc]) * c[inverse];
    const V near = V(0.5) * math::exp(-abs(z)), far = V(1.0) - near;
    lower = select(z < V(0.0), near, far);
    upper = select(z < V(0.0), far, near);
  }
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    const V tail = min(q, V(1.0) - q);
    const V z = math::log(tail + tail);  // of the lower half
    low = high = fma(c[scale], select(q < V(0.5), z, -z), c[loc]);
  }

  static constexpr Supply supply{.words = 1};
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source) {
    const auto half = half_unit(source.word());
    return fma(c[scale], flip_sign(-math::log_positive(half + half), source.word()), c[loc]);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
