// The uniform law on an interval. Density 1 / (high - low) for low <= x <= high.
//
// Parameters: low < high, their difference a normal number. Draws: from the nearer end, which keeps both ends precise.
#pragma once

#include "../parts/scalar_family.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Uniform {
  enum Constant { low, high, width, n_drawn, inverse = n_drawn, norm, n_constants };

  static void prepare(const double* p, double* c) {
    c[low] = p[0];
    c[high] = p[1];
    c[width] = p[1] - p[0];
    c[inverse] = 1.0 / c[width];
    c[norm] = -math::log(c[width]);
  }

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    return select((x < c[low]) | (x > c[high]), V(-math::infinity<double>), c[norm]);
  }
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    return select((x < c[low]) | (x > c[high]), V(math::nan<double>), V(0.0));
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V at = min(max(x, c[low]), c[high]), one(1.0);
    lower = min((at - c[low]) * c[inverse], one);
    upper = min((c[high] - at) * c[inverse], one);
  }
  // The point with a share of the interval, at most half of it, on one side.
  template <class V, class Mask> static FASTGEN_INLINE V inside(const V* c, V share, Mask from_low) {
    const V part = share * c[width];
    return select(from_low, min(c[low] + part, c[high]), max(c[high] - part, c[low]));
  }
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& least, V& most) {
    least = most = inside(c, min(q, V(1.0) - q), q < V(0.5));
  }

  static constexpr Supply supply{.words = 1};
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source) {
    return inside(c, half_unit(source.word()), !upper_half(source.word()));
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
