// The Gumbel law of maxima. Density exp(-z - e^-z) / scale with z = (x - loc) / scale.
//
// Parameters: loc, scale > 0. Draws: -log of an exponential.
#pragma once

#include "../parts/scalar_family.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Gumbel {
  enum Constant { loc, scale, n_drawn, inverse = n_drawn, norm, n_constants };

  static void prepare(const double* p, double* c) {
    c[loc] = p[0];
    c[scale] = p[1];
    c[inverse] = 1.0 / p[1];
    c[norm] = -math::log(p[1]);
  }

  // e^-z, which is the larger term by far on the left: with the remainder of z, whose rounding would grow with |z|.
  template <class V> static FASTGEN_INLINE V decay(const V* c, V x, V& z) {
    const V d = x - c[loc];
    z = d * c[inverse];
    const V e = math::exp(-z), rest = fma(-z, c[scale], d) * c[inverse];
    return select(abs(z) < V(700.0), fma(-rest, e, e), e);
  }
  static constexpr bool long_chains = true;
  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    V z;
    const V e = decay(c, x, z);
    return (c[norm] - z) - e;
  }
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    return math::expm1((c[loc] - x) * c[inverse]) * c[inverse];
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    V z;
    const V e = decay(c, x, z);
    lower = math::exp(-e);
    upper = -math::expm1(-e);
  }
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    low = high = fma(c[scale], -math::log(-math::log(q)), c[loc]);
  }

  static constexpr Supply supply{.words = 1};
  static constexpr int stages = 2;
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>*, const Source<W>& source) {
    return source.exponential();
  }
  template <int Stage, int W>
  static FASTGEN_INLINE Vec<double, W> stage(const Vec<double, W>* c, const Source<W>&, Vec<double, W> value) {
    return fma(c[scale], -math::log_positive(value), c[loc]);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
