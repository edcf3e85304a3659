// The binomial law: successes in n trials. Mass C(n, x) p^x (1 - p)^(n - x) at x = 0 .. n, in Loader's saddle-point form
// (core/special.hpp).
//
// Parameters: n, a whole number; probs, p in [0, 1]. Draws, with p mirrored to at most 1/2: inversion for n p below 10, else
// Hoermann's BTRS (kernels/count_variate.hpp).
#pragma once

#include "../core/incomplete.hpp"
#include "../kernels/count_variate.hpp"
#include "../kernels/scalar_family.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Binomial {
  enum Constant {
    n,
    p,
    q,
    mean,
    mean_lost,
    rest,
    rest_lost,  // n p and n (1 - p), and what their roundings left out
    excess,  // log_excess(n)
    // Inversion of the rarer outcome: its odds, masses at 0 and at the anchor, and what is beyond.
    odds,
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
    v_r,
    log_at_mode
  };
  static constexpr double by_rejection = 10;  // from this expected number of the rarer outcome on

  static void prepare(const double* parameters, double* c) {
    using V = Vec<double, 1>;
    const double trials = parameters[0], prob = parameters[1];
    c[n] = trials, c[p] = prob, c[q] = 1.0 - prob;
    const double q_lost = (1.0 - c[q]) - prob;
    c[mean] = trials * c[p], c[mean_lost] = fma(V(trials), V(c[p]), V(-c[mean])).v;
    c[rest] = trials * c[q], c[rest_lost] = fma(V(trials), V(c[q]), V(-c[rest])).v + trials * q_lost;
    c[excess] = math::log_excess(V(trials)).v;

    const bool mirrored = prob > 0.5;
    const double rare = mirrored ? c[q] : prob, common = mirrored ? prob : c[q], expected = trials * rare;
    c[odds] = rare / common;
    V lanes[n_constants];
    for (int j = 0; j < n_constants; ++j) lanes[j] = V(c[j]);
    const auto mass_of = [&](double k) { return log_density(lanes, V(mirrored ? trials - k : k)); };
    if (expected >= by_rejection) {
      const double deviation = sqrt(V(expected * common)).v;
      c[b] = 1.15 + 2.53 * deviation;
      c[a] = -0.0873 + 0.0248 * c[b] + 0.01 * rare;
      c[alpha] = (2.83 + 5.1 / c[b]) * deviation;
      c[v_r] = 0.92 - 4.2 / c[b];
      c[log_at_mode] = mass_of(floor(V((trials + 1.0) * rare)).v).v;
      return;
    }
    const V none = V(trials) * math::log1p(V(-rare));
    c[first_mass] = math::exp(none).v;
    c[first_beyond] = 0.0 - math::expm1(none).v;
    c[anchor] = find_anchor(c[first_mass], c[first_beyond], [&](double k) { return (trials - k + 1) / k * c[odds]; });
    c[anchor_mass] = math::exp(mass_of(c[anchor])).v;
    c[anchor_beyond] = 0.0;
    if (c[anchor] < trials && rare > 0)
      c[anchor_beyond] = math::beta_tails(V(c[anchor] + 1), V(trials - c[anchor]), V(rare), V(common)).lower.v;
  }

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const V successes = min(max(x, V(0.0)), c[n]), failures = c[n] - successes;
    const V distance =
        math::deviance(successes, c[mean], c[mean_lost]) + math::deviance(failures, c[rest], c[rest_lost]);
    const V value = (c[excess] - math::log_excess(successes)) - math::log_excess(failures) - distance;
    return on_counts(x, c[n], value);
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V zero(0.0), one(1.0), k = max(floor(x), zero);
    const auto t = math::beta_tails(k + one, max(c[n] - k, one), c[p], c[q]);
    const auto none = (x < zero) | ((k < c[n]) & (c[q] == zero)), all = (x >= zero) & ((k >= c[n]) | (c[p] == zero));
    lower = select(none, zero, select(all, one, t.upper));
    upper = select(none, one, select(all, zero, t.lower));
  }
  // By the normal law and its first correction.
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V prob, V& low, V& high) {
    const V zero(0.0), z = math::normal_quantile(prob), skew = (c[q] - c[p]) * V(1.0 / 6.0);
    const V x = fma(z, sqrt(c[mean] * c[q]), fma(skew, fma(z, z, V(-1.0)), c[mean]));
    const V least = select(c[q] == zero, c[n], zero), most = select(c[p] == zero, zero, c[n]);
    const V inner = min(max(x, least), most);
    low = high = select(prob <= zero, least, select(prob >= V(1.0), most, inner));
  }

  template <int W>
  static FASTGEN_INLINE Vec<double, W> propose(const Vec<double, W>* c, const Source<W>& source, std::uint32_t attempt,
                                               Vec<double, W>& value) {
    using V = Vec<double, W>;
    Vec<std::uint64_t, W> first, second;
    source.words(attempt, first, second);
    const auto mirrored = c[p] > V(0.5);
    const V expected = c[n] * select(mirrored, c[q], c[p]);
    const auto small = expected < V(by_rejection);
    V height(0.0), k(0.0);
    if (any(small)) {
      const V u = unit(first);
      const auto far = u < c[anchor_beyond];
      const CountStart<V> start{select(far, c[anchor], V(0.0)), select(far, c[anchor_mass], c[first_mass]),
                                select(far, c[anchor_beyond], c[first_beyond])};
      k = invert_counts(small, u, start,
                        [&](V at) FASTGEN_LAMBDA_INLINE { return (c[n] - at + V(1.0)) / at * c[odds]; });
      k = min(k, c[n]);
    }
    if (any(!small)) {
      const Proposal<W> proposal(c[a], c[b], expected + V(0.5), first, second);
      k = select(small, k, proposal.k);
      height = select(small, height, proposal.height(c[b], c[alpha], c[v_r], c[n]));
    }
    value = select(mirrored, c[n] - k, k);
    return height;
  }
  template <class V> static FASTGEN_INLINE auto accepts(const V* c, V value, V height) {
    return math::log(height) <= log_density(c, value) - c[log_at_mode];
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
