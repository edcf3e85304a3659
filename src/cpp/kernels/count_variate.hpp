// How counts are drawn: small ones by inversion, large ones by transformed rejection.
#pragma once

#include "../core/special.hpp"
#include "variates.hpp"
#include "whole.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// ---- inversion ----
//
// X is the least k with P(X > k) <= u, found by walking up: P(X > k) = P(X > k - 1) - P(X = k). Subtracting leaves an error
// of 2^-53 of where one started, which would spoil the far tail; so draws that fall into it start at an anchor, beyond
// which P(X > k) <= 2^-20 is known to its own precision, and every mass is right to about 2^-70.

constexpr double beyond_anchor = 0x1p-20;

// A place to start from: k, P(X = k), P(X > k).
template <class V> struct CountStart {
  V k, mass, beyond;
};

// `ratio(k)` is P(X = k) / P(X = k - 1). Lanes that are not active keep the k they start from.
template <class V, class M, class Ratio>
FASTGEN_INLINE V invert_counts(M active, V u, CountStart<V> at, Ratio ratio) {
  constexpr int most = 200;  // no mass of a law that is drawn this way needs more; ends what rounding left
  active = active & (u < at.beyond);
  for (int i = 0; i < most && any(active); ++i) {
    at.k = select(active, at.k + V(1.0), at.k);
    at.mass = at.mass * ratio(at.k);
    at.beyond = at.beyond - at.mass;
    active = active & (u < at.beyond);
  }
  return at.k;
}

// The first k from which on P(X > k) <= beyond_anchor, roughly, by the same walk.
template <class Ratio> inline double find_anchor(double first_mass, double first_beyond, Ratio ratio) {
  double k = 0, mass = first_mass, beyond = first_beyond;
  for (; beyond > beyond_anchor && k < 200; beyond -= mass) k += 1, mass *= ratio(k);
  return k;
}

// ---- transformed rejection ----
//
// W. Hoermann, The transformed rejection method for generating Poisson random variables, 1993 (PTRS), and The generation of
// binomial random variates, 1993 (BTRS). A uniform (U, V) goes to k = floor((2 a / us + b) U + center), us = 1/2 - |U|, and is
// taken where V <= mass(k) (a / us^2 + b) / alpha; at once where us >= 0.07 and V <= v_r. With a height that is V alpha /
// (a / us^2 + b) it is taken where height <= mass(k), the mass in the units that alpha is made for.

template <int W> struct Proposal {
  Vec<double, W> k, us, v, slope;  // slope = a / us
  FASTGEN_INLINE Proposal(Vec<double, W> a, Vec<double, W> b, Vec<double, W> center, Vec<std::uint64_t, W> first,
                          Vec<std::uint64_t, W> second) {
    using V = Vec<double, W>;
    us = half_unit(first), v = unit(second), slope = a / us;
    k = floor(fma(slope + slope + b, signed_by(V(0.5) - us, first), center));
  }
  // 0 where k is taken at once, infinity where it is outside 0 .. most, else the height.
  FASTGEN_INLINE Vec<double, W> height(Vec<double, W> b, Vec<double, W> alpha, Vec<double, W> v_r,
                                       Vec<double, W> most) const {
    using V = Vec<double, W>;
    const auto at_once = (us >= V(0.07)) & (v <= v_r), outside = (k < V(0.0)) | (k > most);
    const V ask = v * alpha * us / fma(b, us, slope);
    return select(at_once, V(0.0), select(outside, V(math::infinity<double>), ask));
  }
};

// ---- Poisson ----

constexpr double poisson_by_rejection = 10;  // from this rate on

// What PTRS needs of a rate.
template <class V> struct PoissonHat {
  V a, b, alpha, v_r;
};
template <class V> FASTGEN_INLINE PoissonHat<V> poisson_hat(V rate) {
  const V b = fma(V(2.53), sqrt(rate), V(0.931));
  return {fma(V(0.02483), b, V(-0.059)), b, V(1.1239) + V(1.1328) / (b - V(3.4)), V(0.9277) - V(3.6224) / (b - V(2.0))};
}

// Proposals for rates of at least 10, and whether one that was not taken at once is.
template <int W>
FASTGEN_INLINE Vec<double, W> poisson_proposal(Vec<double, W> rate, const PoissonHat<Vec<double, W>>& hat,
                                               Vec<std::uint64_t, W> first, Vec<std::uint64_t, W> second,
                                               Vec<double, W>& k) {
  const Proposal<W> p(hat.a, hat.b, rate + Vec<double, W>(0.43), first, second);
  k = p.k;
  return p.height(hat.b, hat.alpha, hat.v_r, Vec<double, W>(math::infinity<double>));
}
template <class V> FASTGEN_INLINE auto poisson_accepts(V rate, V k, V height) {
  // log mass(k) = -deviance - error - log(2 pi k) / 2 for k >= 1, and -rate at 0.
  const auto none = k < V(1.0);
  const V count = max(k, V(1.0)), two_pi(6.28318530717958647692);
  const V log_mass = -math::deviance(count, rate) - math::stirling_error_far(count);
  const V root = select(none, V(1.0), sqrt(two_pi * count));
  return math::log(height * root) <= select(none, -rate, log_mass);
}

// A Poisson variate of a rate below 10, from 0 on: for rates that are drawn themselves.
template <class V, class M> FASTGEN_INLINE V poisson_inversion(M active, V rate, V u) {
  const CountStart<V> start{V(0.0), math::exp(-rate), -math::expm1(-rate)};
  return invert_counts(active, u, start, [&](V k) FASTGEN_LAMBDA_INLINE { return rate / k; });
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
