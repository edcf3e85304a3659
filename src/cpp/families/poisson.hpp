// The Poisson law. Mass rate^x exp(-rate) / x! at x = 0, 1, 2, ...
//
// Parameter: rate > 0. Draws: inversion for rates below 10, else Hoermann's PTRS (parts/count_variate.hpp).
#pragma once

#include "../parts/count_variate.hpp"
#include "../parts/scalar_family.hpp"
#include "../vector/incomplete.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Poisson : AttemptsByBlock<Poisson> {
  enum Constant {
    rate,
    log_rate,
    b,
    alpha,
    n_drawn,
    // For log densities (vector/log_factorial.hpp): rate and log rate, each in two parts, and how far the table is good.
    high = n_drawn,
    low,
    log_high,
    log_low,
    most,
    table,  // for inversion
    n_constants = table + count_table
  };
  static constexpr bool looks_up = true;

  static void prepare(const double* p, double* c) {
    using V = Vec<double, 1>;
    const V mean(p[0]);
    c[rate] = p[0];
    const auto log = math::cut_log(p[0]), whole = math::cut(p[0]);
    c[log_rate] = log.high + log.low;
    c[high] = whole.high, c[low] = whole.low, c[log_high] = log.high, c[log_low] = log.low;
    c[most] = p[0] < math::cut_limit ? math::most_known(c[log_rate]) : -1.0;
    if (p[0] >= poisson_by_rejection) {
      const auto hat = poisson_hat(mean);
      c[b] = hat.b.v, c[alpha] = hat.alpha.v;
      return;
    }
    double* t = c + table;
    fill_count_table(t, math::exp(-p[0]), -math::expm1(-p[0]), [&](double k) { return p[0] / k; });
    V lanes[table];
    for (int j = 0; j < table; ++j) lanes[j] = V(c[j]);
    t[anchor_mass] = math::exp(log_density(lanes, V(t[at_anchor]))).v;
    t[anchor_beyond] = math::gamma_tails(V(t[at_anchor] + 1.0), mean).lower.v;
  }

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const V zero(0.0), k = min(max(x, zero), V(math::known_factorials - 1.0));
    const auto factorial = math::log_factorial(k);
    V r = (fma(k, c[log_high], -c[high]) - factorial.high) + (fma(k, c[log_low], -c[low]) - factorial.low);
    const auto beyond = x > c[most];
    if (any(beyond)) {
      const V count = max(x, zero);
      r = select(beyond, -math::deviance(count, c[rate]) - math::log_excess(count), r);
    }
    return on_counts(x, V(math::infinity<double>), r);
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const auto before = x < V(0.0);
    const V most(0x1p1021);  // sums of two such numbers are finite
    const auto t = math::gamma_tails(min(max(floor(x), V(0.0)), most) + V(1.0), c[rate]);
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
  static FASTGEN_INLINE Mask<double, W> attempt(const Vec<double, W>* c, const Source<W>& source,
                                                Vec<std::uint64_t, W> word, Vec<std::uint64_t, W> other,
                                                Vec<double, W>& value) {
    using V = Vec<double, W>;
    const auto small = c[rate] < V(poisson_by_rejection);
    auto accepted = small;
    value = V(0.0);
    if (any(small))
      value = invert_by_table(source, table, small, unit(word), [&](V k) FASTGEN_LAMBDA_INLINE { return c[rate] / k; });
    if (any(!small)) {
      V k;
      const auto taken = poisson_attempt(c[rate], c[log_rate], PoissonHat<V>{c[b], c[alpha]}, word, other, k);
      accepted = accepted | taken, value = select(small, value, k);
    }
    return accepted;
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
