// The binomial law: successes in n trials. Mass C(n, x) p^x (1 - p)^(n - x) at x = 0 .. n, in Loader's saddle-point form
// (vector/special.hpp).
//
// Parameters: n, a whole number; probs, p in [0, 1]. Draws, with p mirrored to at most 1/2: inversion for n p below 10, else
// Hoermann's BTRS (parts/count_variate.hpp).
#pragma once

#include "../parts/count_variate.hpp"
#include "../parts/scalar_family.hpp"
#include "../vector/few_trials.hpp"
#include "../vector/incomplete.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Binomial : AttemptsByBlock<Binomial> {
  enum Constant {
    n,
    p,
    b,
    alpha,
    log_odds,  // of the rarer outcome
    at_mode,  // the logarithm of its mass at the mode, or what takes its place where n is in the table
    n_drawn,
    mean = n_drawn,
    mean_lost,
    rest,
    rest_lost,  // n p and n (1 - p), and what their roundings left out
    excess,  // log_excess(n)
    q,
    // For n in the table (vector/log_factorial.hpp): log n!, log p, log q in two parts, and n, else -1.
    high,
    low,
    p_high,
    p_low,
    q_high,
    q_low,
    most,
    table,  // for inversion of the rarer outcome
    n_constants = table + count_table
  };
  static constexpr bool looks_up = true;
  static constexpr double by_rejection = 10;  // from this expected number of the rarer outcome on

  static void prepare(const double* parameters, double* c) {
    using V = Vec<double, 1>;
    const double trials = parameters[0], prob = parameters[1];
    c[n] = trials, c[p] = prob, c[q] = 1.0 - prob;
    const double q_lost = (1.0 - c[q]) - prob;
    c[mean] = trials * c[p], c[mean_lost] = fma(trials, c[p], -c[mean]);
    c[rest] = trials * c[q], c[rest_lost] = fma(trials, c[q], -c[rest]) + trials * q_lost;
    c[excess] = math::log_excess(trials);
    c[most] = -1.0;
    if (prob > 0.0 && c[q] > 0.0) {
      const auto log_p = math::cut_log(prob), log_q = prob > 0.5 ? math::cut_log(c[q]) : math::cut(math::log1p(-prob));
      c[p_high] = log_p.high, c[p_low] = log_p.low, c[q_high] = log_q.high, c[q_low] = log_q.low;
      c[log_odds] = (log_p.high - log_q.high) + (log_p.low - log_q.low);
      if (trials <= math::most_known(log_p.high) && trials <= math::most_known(log_q.high)) {
        const auto factorial = math::log_factorial(V(trials));
        c[high] = factorial.high.v, c[low] = factorial.low.v, c[most] = trials;
      }
    }

    const bool mirrored = prob > 0.5;
    const double rare = mirrored ? c[q] : prob, common = mirrored ? prob : c[q], expected = trials * rare;
    c[log_odds] = mirrored ? -c[log_odds] : c[log_odds];
    V lanes[table];
    for (int j = 0; j < table; ++j) lanes[j] = V(c[j]);
    const auto mass_of = [&](double k) { return log_density(lanes, V(mirrored ? trials - k : k)); };
    if (expected >= by_rejection) {
      const double deviation = sqrt(expected * common), mode = floor((trials + 1.0) * rare);
      c[b] = 1.15 + 2.53 * deviation;
      c[alpha] = (2.83 + 5.1 / c[b]) * deviation;
      c[at_mode] = mass_of(mode).v;
      if (trials < math::known_factorials) c[at_mode] = -table_mass(V(trials), V(c[log_odds]), V(mode)).v;
      return;
    }
    const double none = trials * math::log1p(-rare);
    double* t = c + table;
    fill_count_table(t, math::exp(none), 0.0 - math::expm1(none),
                     [&](double k) { return (trials - k + 1) / k * (rare / common); });
    t[anchor_mass] = math::exp(mass_of(t[at_anchor])).v;
    if (t[at_anchor] < trials && rare > 0)
      t[anchor_beyond] = math::beta_tails(V(t[at_anchor] + 1), V(trials - t[at_anchor]), V(rare), V(common)).lower.v;
  }

  // For n in the table, the logarithm of the mass at k but for a constant.
  template <class V> static FASTGEN_INLINE V table_mass(V n, V log_odds, V k) {
    return fma(k, log_odds, -math::log_factorial(k).high) - math::log_factorial(n - k).high;
  }
  template <class V> static FASTGEN_INLINE V far_log_density(const V* c, V successes) {
    const V failures = c[n] - successes;
    const V distance =
        math::deviance(successes, c[mean], c[mean_lost]) + math::deviance(failures, c[rest], c[rest_lost]);
    return (c[excess] - math::log_excess(successes)) - math::log_excess(failures) - distance;
  }
  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const V successes = min(max(x, V(0.0)), c[n]), last(math::known_factorials - 1.0);
    const V k = min(successes, last), m = min(c[n] - successes, last);
    const auto of_k = math::log_factorial(k), of_m = math::log_factorial(m);
    V r = fma(k, c[p_high], fma(m, c[q_high], (c[high] - of_k.high) - of_m.high)) +
          fma(k, c[p_low], fma(m, c[q_low], (c[low] - of_k.low) - of_m.low));
    const auto beyond = x > c[most];
    if (any(beyond)) r = select(beyond, far_log_density(c, successes), r);
    return on_counts(x, c[n], r);
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V zero(0.0), one(1.0), k = max(floor(x), zero);
    math::Tails<V> t;
    const auto few = c[n] <= V(math::few_trials);  // of all lanes or none
    if (any(few)) {
      const V at = min(k, c[n] - one);
      t = {math::at_most(c[n] - one - at, c[n], c[q], c[p]), math::at_most(at, c[n], c[p], c[q])};
    } else {
      t = math::beta_tails(k + one, max(c[n] - k, one), c[p], c[q]);
    }
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
  static FASTGEN_INLINE Mask<double, W> attempt(const Vec<double, W>* c, const Source<W>& source,
                                                Vec<std::uint64_t, W> word, Vec<std::uint64_t, W> other,
                                                Vec<double, W>& value) {
    using V = Vec<double, W>;
    const V zero(0.0), complement = V(1.0) - c[p];
    const auto mirrored = c[p] > V(0.5);
    const V rare = select(mirrored, complement, c[p]), expected = c[n] * rare;
    const auto small = expected < V(by_rejection);
    auto accepted = small;
    V k(0.0);
    if (any(small)) {
      const V odds = rare / select(mirrored, c[p], complement);
      k = invert_by_table(source, table, small, unit(word),
                          [&](V at) FASTGEN_LAMBDA_INLINE { return (c[n] - at + V(1.0)) / at * odds; });
      k = min(k, c[n]);
    }
    if (any(!small)) {
      V proposed;
      const V a = fma(V(0.0248), c[b], fma(V(0.01), rare, V(-0.0873)));
      const V height = math::log_positive(transformed(a, c[b], c[alpha], expected + V(0.5), word, other, proposed));
      const V at = min(max(proposed, zero), c[n]), last(math::known_factorials - 1.0);
      V log_mass = table_mass(min(c[n], last), c[log_odds], min(at, last)) + c[at_mode];
      const auto beyond = (c[n] > last) & !small;
      if (any(beyond)) {
        V all[table];
        all[n] = c[n];
        for (int j = mean; j <= excess; ++j) all[j] = source.constant(Vec<std::uint64_t, W>(std::uint64_t(j)));
        const V far = far_log_density(all, select(mirrored, c[n] - at, at)) - c[at_mode];
        log_mass = select(beyond, far, log_mass);
      }
      accepted = accepted | ((height <= log_mass) & (proposed == at)), k = select(small, k, proposed);
    }
    value = select(mirrored, c[n] - k, k);
    return accepted;
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
