// The negative binomial law: failures before the r-th success, r > 0 real. Mass
// Gamma(x + r) / (Gamma(r) x!) p^r (1 - p)^x at x = 0, 1, 2, ..., in saddle-point form (vector/special.hpp).
//
// Parameters: concentration, r > 0; probs, p in (0, 1]. Draws: a Poisson variate whose rate is a gamma variate of shape r and
// scale (1 - p) / p. Blocks 0, 2, 4, ... of a sample are the gamma's attempts, the others the Poisson's.
#pragma once

#include "../parts/count_variate.hpp"
#include "../parts/scalar_family.hpp"
#include "../vector/few_trials.hpp"
#include "../vector/incomplete.hpp"
#include "gamma.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct NegativeBinomial {
  // excess is log_excess(r); shape_d and shape_c are the GammaShape of r. The last are for the sum of logarithms: at_0 is
  // r log p, the constant log(2 pi) / 2 - log Gamma(r) + r log p, and size the largest of its parts.
  enum Constant {
    r,
    p,
    shape_d,
    shape_c,
    odds,
    n_drawn,
    q = n_drawn,
    q_lost,
    excess,
    log_q,
    at_0,
    constant,
    size,
    n_constants
  };

  static void prepare(const double* parameters, double* c) {
    using V = Vec<double, 1>;
    c[r] = parameters[0], c[p] = parameters[1], c[q] = 1.0 - c[p];
    c[q_lost] = (1.0 - c[q]) - c[p];
    c[excess] = math::log_excess(c[r]);
    const GammaShape<V> shape{V(c[r])};
    c[shape_d] = shape.d.v, c[shape_c] = shape.c.v;
    c[odds] = c[q] / c[p];
    const double log_gamma = math::lgamma(c[r]);
    c[log_q] = math::log1p(-c[p]);
    c[at_0] = c[r] * math::log(c[p]);
    c[constant] = numbers::half_log_two_pi + (c[at_0] - log_gamma);
    c[size] = gamma_law::largest(c[at_0], log_gamma);
  }

  // The sum of logarithms as it stands where no term is much larger than the result, as for the gamma law.
  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const V zero(0.0), one(1.0), most(math::known_factorials - 1.0), k = min(max(x, zero), most),
                                                                     s = max(k + c[r], one);
    const V of_s = (s - V(0.5)) * math::log_positive(s), of_k = k * c[log_q];
    const auto factorial = math::log_factorial(k);
    const V gamma = (of_s - s) + math::stirling_error_far(s);
    const V sum = ((gamma - factorial.high) + (of_k - factorial.low)) + c[constant];
    const V plain = select(k == zero, c[at_0], sum);
    const V largest = max(max(of_s, -of_k), c[size]);
    const auto enough =
        (((largest <= V(64.0) * max(abs(plain), one)) & (largest < V(math::infinity<double>))) | (k == zero)) &
        (x <= most);
    if (!any(!enough)) return on_counts(x, most, plain);
    return on_counts(x, V(math::infinity<double>), select(enough, plain, far_log_density(c, x)));
  }
  template <class V> static FASTGEN_INLINE V far_log_density(const V* c, V x) {
    const V failures = max(x, V(0.0)), sum = failures + c[r];
    const V back = sum - failures, sum_lost = (failures - (sum - back)) + (c[r] - back);
    const V wins = sum * c[p], wins_lost = fma(sum_lost, c[p], fma(sum, c[p], -wins));
    const V losses = sum * c[q], losses_lost = fma(sum_lost, c[q], fma(sum, c[q_lost], fma(sum, c[q], -losses)));
    const V distance = math::deviance(c[r], wins, wins_lost) + math::deviance(failures, losses, losses_lost);
    const V excesses = (math::log_excess(sum) - c[excess]) - math::log_excess(failures);
    return (excesses + math::log(c[r] / sum)) - distance;
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V zero(0.0), one(1.0), most(1e150);  // beyond it the products of beta_tails overflow
    const V failures = min(max(floor(x), zero), most), trials = failures + c[r];
    auto t = math::beta_tails(c[r], failures + one, c[p], c[q]);
    const auto few = (trials <= V(math::few_trials)) & (c[r] == floor(c[r]));
    if (any(few)) {
      const V n = select(few, trials, zero);
      t.lower = select(few, math::at_most(failures, n, c[q], c[p]), t.lower);
      t.upper = select(few, math::at_most(c[r] - one, n, c[p], c[q]), t.upper);
    }
    // A mean beyond the numbers has all of them below it.
    const auto all = c[q] == zero,
               none = (x < zero) | ((c[r] * c[odds] == V(math::infinity<double>)) & (x < V(math::infinity<double>)));
    lower = select(none, zero, select(all, one, t.lower));
    upper = select(none, one, select(all, zero, t.upper));
  }
  // By the gamma law of the same mean and variance, and Wilson and Hilferty's cube root.
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V prob, V& low, V& high) {
    const V zero(0.0), one(1.0), ninth = V(1.0 / 9.0) / (c[r] * c[q]);
    const V root = max(fma(math::normal_quantile(prob), sqrt(ninth), one - ninth), zero);
    low = high = select((prob > zero) & (c[q] > zero), c[r] * c[odds] * (root * root * root), zero);
  }

  static constexpr Supply supply{.words = 1};  // for the factor of shapes below 1
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source) {
    using V = Vec<double, W>;
    Vec<std::uint64_t, W> first, second;
    V gamma(0.0), value, k(0.0);
    auto active = c[r] > V(0.0);
    for (std::uint32_t attempt = 0; any(active); attempt += 2) {
      source.words(attempt, first, second);
      const auto accepted = gamma_attempt(GammaShape<V>(c[shape_d], c[shape_c]), first, second, value);
      gamma = select(active & accepted, value, gamma);
      active = active & !accepted;
    }
    const V rate = min(gamma * gamma_boost(c[r], source.uniform()) * c[odds], V(1e300));
    const auto small = rate < V(poisson_by_rejection);
    source.words(1, first, second);
    if (any(small)) k = poisson_inversion(small, rate, unit(first));
    active = !small;
    const V mean = max(rate, V(poisson_by_rejection)), log_mean = math::log_positive(mean);
    const auto hat = poisson_hat(mean);
    for (std::uint32_t attempt = 1; any(active); attempt += 2) {
      if (attempt > 1) source.words(attempt, first, second);
      const auto accepted = poisson_attempt(mean, log_mean, hat, first, second, value);
      k = select(active & accepted, value, k);
      active = active & !accepted;
    }
    return k;
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
