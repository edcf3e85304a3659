// The geometric law: failures before the first success. Mass p (1 - p)^x at x = 0, 1, 2, ...
//
// Parameter: probs, p in (0, 1]. Draws: the whole part of log u / log(1 - p).
#pragma once

#include "../parts/scalar_family.hpp"
#include "../parts/whole.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Geometric {
  enum Constant { log_p, log_q, inverse, n_constants };

  static void prepare(const double* p, double* c) {
    c[log_p] = math::log(p[0]);
    c[log_q] = math::log1p(-p[0]);  // -inf for p = 1
    c[inverse] = 1.0 / c[log_q];
  }

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const V value = select(x == V(0.0), c[log_p], fma(x, c[log_q], c[log_p]));
    return on_counts(x, V(math::infinity<double>), value);
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V failures = max(floor(x) + V(1.0), V(0.0));  // X > x: all of them
    const V t = select(failures > V(0.0), failures * c[log_q], V(0.0));
    lower = V(0.0) - math::expm1(t);  // no -0
    upper = math::exp(t);
  }
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    const V x = math::log1p(-q) * c[inverse];
    low = high = max(floor(x), V(0.0));  // NaN, where all succeed and q is 1, is 0
  }

  static constexpr Supply supply{.words = 1};
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source) {
    return floor(source.exponential() * -c[inverse]);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
