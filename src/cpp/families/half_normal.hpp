// The half-normal law: |x| for a normal x about 0. Density sqrt(2 / pi) exp(-x^2 / (2 scale^2)) / scale for x >= 0.
//
// Parameter: scale > 0. Draws: the stream's normals without their signs.
#pragma once

#include "../parts/scalar_family.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct HalfNormal {
  enum Constant { scale, n_drawn, inverse = n_drawn, norm, n_constants };

  static void prepare(const double* p, double* c) {
    c[scale] = p[0];
    c[inverse] = 1.0 / p[0];
    c[norm] = -numbers::half_log_half_pi - math::log(p[0]);
  }

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const V z = x * c[inverse];
    return select(x < V(0.0), V(-math::infinity<double>), fma(V(-0.5) * z, z, c[norm]));
  }
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    return select(x < V(0.0), V(math::nan<double>), -(x * c[inverse]) * c[inverse]);
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V t = max(x, V(0.0)) * c[inverse] * V(numbers::sqrt_half);
    lower = math::erf(t);
    upper = math::erfc(t);
  }
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    const V half(0.5);
    low = high = c[scale] * math::normal_quantile(half * q, half * (V(1.0) - q));
  }

  static constexpr Supply supply{.normals = 1};
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source) {
    return c[scale] * abs(source.normal());
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
