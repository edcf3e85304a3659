// A point mass: X = value. Its density is with respect to a unit mass at the value: 1 there, 0 elsewhere; what that does to
// continuous laws in the same mixture is in kernels/atoms.hpp.
//
// Parameter: value. Draws: the value.
#pragma once

#include "../parts/scalar_family.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Delta {
  enum Constant { value, n_constants };

  static void prepare(const double* p, double* c) { c[value] = p[0] + 0.0; }  // no -0

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    return select(x == c[value], V(0.0), V(-math::infinity<double>));
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    lower = select(x < c[value], V(0.0), V(1.0));
    upper = select(x < c[value], V(1.0), V(0.0));
  }
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V, V& low, V& high) { low = high = c[value]; }

  static constexpr Supply supply{};
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>* c, const Source<W>&) {
    return c[value];
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
