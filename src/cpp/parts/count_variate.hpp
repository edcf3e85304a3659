// How counts are drawn: small ones by inversion, large ones by transformed rejection.
#pragma once

#include "../vector/log_factorial.hpp"
#include "../vector/special.hpp"
#include "variates.hpp"
#include "whole.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// ---- inversion ----
//
// X is the least k with P(X > k) <= u. P(X > k) = P(X > k - 1) - P(X = k) from k = 0 on; subtracting leaves an error of 2^-53
// of where one started, which would spoil the far tail. So a table goes as far as an anchor, beyond which P(X > k) <= 2^-20
// is known to its own precision; draws beyond walk on from there, and every mass is right to about 2^-70.

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

// The table among a component's constants: the anchor, its mass, what is beyond, and P(X > k) for k below the anchor, then 0.
enum CountTable { at_anchor, anchor_mass, anchor_beyond, beyond, count_table = beyond + 32 };

// Fills all but the mass at the anchor and what is beyond, given P(X = 0) and P(X > 0).
template <class Ratio> inline void fill_count_table(double* table, double mass, double rest, Ratio ratio) {
  double k = 0;
  for (; rest > beyond_anchor && k < 31; rest -= mass) {
    table[beyond + int(k)] = rest;
    k += 1, mass *= ratio(k);
  }
  table[at_anchor] = k;
}

// The law whose table is constant number `first` and following.
template <int W, class M, class Ratio>
FASTGEN_INLINE Vec<double, W> invert_by_table(const Source<W>& source, int first, M active, Vec<double, W> u,
                                              Ratio ratio) {
  using V = Vec<double, W>;
  using U = Vec<std::uint64_t, W>;
  const auto constant = [&](int j) FASTGEN_LAMBDA_INLINE { return source.constant(U(std::uint64_t(first + j))); };
  U k(std::uint64_t(0));
  FASTGEN_UNROLL
  for (int step = 16; step > 0; step /= 2) {
    const V rest = source.constant(k + U(std::uint64_t(first + beyond + step - 1)));
    k = k + select(mask_cast<std::uint64_t>(u < rest), U(std::uint64_t(step)), U(std::uint64_t(0)));
  }
  V count = to_double(k);
  const auto far = active & (u < V(2 * beyond_anchor));
  if (any(far)) {
    const CountStart<V> start{constant(at_anchor), constant(anchor_mass), constant(anchor_beyond)};
    const auto farther = far & (u < start.beyond);
    count = select(farther, invert_counts(farther, u, start, ratio), count);
  }
  return count;
}

// ---- transformed rejection ----
//
// W. Hoermann, The transformed rejection method for generating Poisson random variables, 1993 (PTRS), and The generation of
// binomial random variates, 1993 (BTRS). A uniform (U, V) goes to k = floor((2 a / us + b) U + center), us = 1/2 - |U|, and is
// taken where V alpha / (a / us^2 + b) <= mass(k), in the units that alpha is made for. Hoermann takes some at once, to
// save the mass; vectors would need it for some lane anyway.

// Proposes k, and says the height that the mass must reach.
template <int W>
FASTGEN_INLINE Vec<double, W> transformed(Vec<double, W> a, Vec<double, W> b, Vec<double, W> alpha,
                                          Vec<double, W> center, Vec<std::uint64_t, W> first,
                                          Vec<std::uint64_t, W> second, Vec<double, W>& k) {
  using V = Vec<double, W>;
  const V us = half_unit(first), slope = a / us;
  k = floor(fma(slope + slope + b, flip_sign(V(0.5) - us, first), center));
  return unit(second) * alpha * us / fma(b, us, slope);
}

// ---- Poisson ----

constexpr double poisson_by_rejection = 10;  // from this rate on

// What PTRS needs of a rate: b and alpha; a follows from b.
template <class V> struct PoissonHat {
  V b, alpha;
};
template <class V> FASTGEN_INLINE PoissonHat<V> poisson_hat(V rate) {
  const V b = fma(V(2.53), sqrt(rate), V(0.931));
  return {b, V(1.1239) + V(1.1328) / (b - V(3.4))};
}

// A proposal for rates of at least 10, and whether it is accepted.
template <int W>
FASTGEN_INLINE Mask<double, W> poisson_attempt(Vec<double, W> rate, Vec<double, W> log_rate,
                                               const PoissonHat<Vec<double, W>>& hat, Vec<std::uint64_t, W> first,
                                               Vec<std::uint64_t, W> second, Vec<double, W>& k) {
  using V = Vec<double, W>;
  const V a = fma(V(0.02483), hat.b, V(-0.059)), zero(0.0), most(math::known_factorials - 1.0);
  const V height = math::log_positive(transformed(a, hat.b, hat.alpha, rate + V(0.43), first, second, k));
  const auto table = math::log_factorial(min(max(k, zero), most));
  V log_mass = (fma(k, log_rate, -rate) - table.high) - table.low;
  const auto beyond = k > most;
  if (any(beyond)) {
    const V count = max(k, most), far = -math::deviance(count, rate) - math::log_excess(count);
    log_mass = select(beyond, far, log_mass);
  }
  return (height <= log_mass) & (k >= zero);
}

// A Poisson variate of a rate below 10, from 0 on: for rates that are drawn themselves.
template <class V, class M> FASTGEN_INLINE V poisson_inversion(M active, V rate, V u) {
  const CountStart<V> start{V(0.0), math::exp(-rate), -math::expm1(-rate)};
  return invert_counts(active, u, start, [&](V k) FASTGEN_LAMBDA_INLINE { return rate / k; });
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
