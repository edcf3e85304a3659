// The log-normal law: e^y for a normal y. Density exp(-z^2 / 2) / (x scale sqrt(2 pi)) for x > 0, z = (log x - loc) / scale.
//
// Parameters: loc, scale > 0, those of the normal law. Draws: e^y of the stream's normals.
#pragma once

#include "../parts/scalar_family.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct LogNormal {
  enum Constant { loc, scale, n_drawn, inverse = n_drawn, norm, n_constants };

  static void prepare(const double* p, double* c) {
    c[loc] = p[0];
    c[scale] = p[1];
    c[inverse] = 1.0 / p[1];
    c[norm] = -numbers::half_log_two_pi - math::log(p[1]);
  }

  // z and log x for x > 0. loc is taken from the exponent's part of log x first: then log x costs no digits, however large.
  template <class V> static FASTGEN_INLINE V standard(const V* c, V x, V& log_x) {
    V k;
    const V rest = math::log_parts_subnormal(x, k), ln2(math::Table<double>::ln2[0]);
    log_x = fma(k, ln2, rest);
    return (fma(k, ln2, -c[loc]) + rest) * c[inverse];
  }
  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    V log_x;
    const V z = standard(c, x, log_x);
    return select(x > V(0.0), fma(V(-0.5) * z, z, c[norm] - log_x), V(-math::infinity<double>));
  }
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    V log_x;
    const V z = standard(c, x, log_x);
    return select(x > V(0.0), -fma(z, c[inverse], V(1.0)) / x, V(math::nan<double>));
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    V log_x;
    const V t = standard(c, x, log_x) * V(numbers::sqrt_half);
    const auto inside = x > V(0.0);
    lower = select(inside, V(0.5) * math::erfc(-t), V(0.0));
    upper = select(inside, V(0.5) * math::erfc(t), V(1.0));
  }
  // e^(loc + scale z), with what the rounding of the exponent leaves out.
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    const V z = math::normal_quantile(q), a = c[scale] * z, y = a + c[loc], back = y - a;
    const V rest = ((a - (y - back)) + (c[loc] - back)) + fma(c[scale], z, -a), x = math::exp(y);
    low = high = select(abs(y) < V(700.0), fma(x, rest, x), x);
  }

  static constexpr Supply supply{.normals = 1};
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source) {
    return math::exp(fma(c[scale], source.normal(), c[loc]));
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
