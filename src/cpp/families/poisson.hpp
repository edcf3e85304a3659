// The Poisson law. Mass rate^x exp(-rate) / x! at x = 0, 1, 2, ...
//
// Parameter: rate > 0. Draws: inversion for rates below 10, else Hoermann's PTRS (kernels/count_variate.hpp).
#pragma once

#include "../core/incomplete.hpp"
#include "../kernels/count_variate.hpp"
#include "../kernels/scalar_family.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Poisson {
  enum Constant {
    rate,
    // Inversion: the masses at 0 and at the anchor, and what is beyond.
    first_mass,
    first_beyond,
    anchor,
    anchor_mass,
    anchor_beyond,
    n_constants,
    // Rejection, in the same places.
    a = first_mass,
    b,
    alpha,
    v_r
  };

  static void prepare(const double* p, double* c) {
    using V = Vec<double, 1>;
    const V mean(p[0]);
    c[rate] = p[0];
    if (p[0] >= poisson_by_rejection) {
      const auto hat = poisson_hat(mean);
      c[a] = hat.a.v, c[b] = hat.b.v, c[alpha] = hat.alpha.v, c[v_r] = hat.v_r.v, c[anchor_beyond] = 0.0;
      return;
    }
    c[first_mass] = math::exp(-mean).v;
    c[first_beyond] = -math::expm1(-mean).v;
    c[anchor] = find_anchor(c[first_mass], c[first_beyond], [&](double k) { return p[0] / k; });
    const V at(c[anchor]);
    c[anchor_mass] = math::exp(log_density(&mean, at)).v;
    c[anchor_beyond] = math::gamma_tails(at + V(1.0), mean).lower.v;
  }

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const V count = max(x, V(0.0));
    return on_counts(x, V(math::infinity<double>), -math::deviance(count, c[rate]) - math::log_excess(count));
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const auto before = x < V(0.0);
    const auto t = math::gamma_tails(max(floor(x), V(0.0)) + V(1.0), c[rate]);
    lower = select(before, V(0.0), t.upper);
    upper = select(before, V(1.0), t.lower);
  }
  // By Wilson and Hilferty's cube root.
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    const V ninth = V(1.0 / 9.0) / c[rate];
    const V root = max(fma(math::normal_quantile(q), sqrt(ninth), V(1.0) - ninth), V(0.0));
    low = high = select(q > V(0.0), c[rate] * (root * root * root), V(0.0));
  }

  template <int W>
  static FASTGEN_INLINE Vec<double, W> propose(const Vec<double, W>* c, const Source<W>& source, std::uint32_t attempt,
                                               Vec<double, W>& value) {
    using V = Vec<double, W>;
    Vec<std::uint64_t, W> first, second;
    source.words(attempt, first, second);
    const auto small = c[rate] < V(poisson_by_rejection);
    V height(0.0);
    value = V(0.0);
    if (any(small)) {
      const V u = unit(first);
      const auto far = u < c[anchor_beyond];
      const CountStart<V> start{select(far, c[anchor], V(0.0)), select(far, c[anchor_mass], c[first_mass]),
                                select(far, c[anchor_beyond], c[first_beyond])};
      value = invert_counts(small, u, start, [&](V k) FASTGEN_LAMBDA_INLINE { return c[rate] / k; });
    }
    if (any(!small)) {
      V k;
      const V asked = poisson_proposal(c[rate], PoissonHat<V>{c[a], c[b], c[alpha], c[v_r]}, first, second, k);
      value = select(small, value, k), height = select(small, height, asked);
    }
    return height;
  }
  template <class V> static FASTGEN_INLINE auto accepts(const V* c, V value, V height) {
    return poisson_accepts(c[rate], value, height);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
