// The exponential law. Density rate exp(-rate x) for x >= 0.
//
// Parameter: rate > 0. Draws: -log u / rate.
#pragma once

#include "../parts/scalar_family.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Exponential {
  enum Constant { inverse, n_drawn, rate = n_drawn, norm, n_constants };

  static void prepare(const double* p, double* c) {
    c[rate] = p[0];
    c[inverse] = 1.0 / p[0];
    c[norm] = math::log(p[0]);
  }

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    return select(x < V(0.0), V(-math::infinity<double>), fma(-c[rate], x, c[norm]));
  }
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    return select(x < V(0.0), V(math::nan<double>), -c[rate]);
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V t = -c[rate] * max(x, V(0.0));
    lower = -math::expm1(t);
    upper = math::exp(t);
  }
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    low = high = -math::log1p(-q) * c[inverse];
  }

  static constexpr Supply supply{.words = 1};
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source) {
    return source.exponential() * c[inverse];
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
