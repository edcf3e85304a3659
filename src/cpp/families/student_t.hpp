// Student's t law. Density Gamma((v + 1) / 2) / (Gamma(v / 2) sqrt(pi v) scale) (1 + t^2 / v)^(-(v + 1) / 2) with
// t = (x - loc) / scale.
//
// Parameters: df v > 0, loc, scale > 0. Draws: sqrt(v (u^(-2 / v) - 1)) cos(angle) with u and the angle uniform (R. W. Bailey,
// Polar generation of random variates with the t-distribution, 1994). Nothing is rejected, and by expm1 nothing cancels at
// large v.
#pragma once

#include "../parts/scalar_family.hpp"
#include "../vector/incomplete.hpp"
#include "../vector/normal_tails.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct StudentT {
  enum Constant {
    v,
    loc,
    scale,
    two_over_v,
    n_drawn,
    inverse = n_drawn,
    inverse_v,
    power,
    v_scale,
    log_scale,
    log_v,
    norm,
    n_constants
  };

  static void prepare(const double* p, double* c) {
    c[v] = p[0], c[loc] = p[1], c[scale] = p[2];
    c[two_over_v] = 2.0 / p[0];
    c[inverse] = 1.0 / p[2];
    c[inverse_v] = 1.0 / p[0];
    c[power] = -0.5 * (p[0] + 1.0);
    c[v_scale] = p[0] * p[2];
    c[log_scale] = math::log(p[2]), c[log_v] = math::log(p[0]);
    c[norm] = math::log_gamma_ratio(0.5 * p[0], 0.5) - 0.5 * (numbers::log_pi + c[log_v]) - c[log_scale];
  }

  static constexpr double far = 1e100;  // from here on 1 + t^2 / v is t^2 / v to every digit, and t^2 may overflow

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const V d = abs(x - c[loc]), t = d * c[inverse];
    V log = math::log1p((t * t) * c[inverse_v]);
    const auto beyond = t > V(far);
    if (any(beyond)) log = select(beyond, fma(V(2.0), math::log(d) - c[log_scale], -c[log_v]), log);
    return fma(c[power], log, c[norm]);
  }
  // (v + 1) d / (d^2 + v scale^2) without the squares
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    const V d = c[loc] - x;
    const V r = V(-2.0) * c[power] / fma(c[v_scale], c[scale] / d, d);
    return select(d == V(0.0), d, r);
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V d = x - c[loc], t = d * c[inverse], limit(far);
    const auto r = math::student_tails(c[v], min(limit, max(-limit, t)));
    lower = r.lower, upper = r.upper;
    const auto beyond = abs(t) > limit;
    if (any(beyond)) {  // a power of t, which for small v is no small number
      const V one(1.0),
          near = min(lower, upper) * math::exp(c[v] * ((math::log(limit) - math::log(abs(d))) + c[log_scale]));
      lower = select(beyond, select(t < V(0.0), near, one - near), lower);
      upper = select(beyond, select(t < V(0.0), one - near, near), upper);
    }
  }
  // Beyond the normal quantile, but not beyond that of the law's own asymptote (1 + t^2 / v -> t^2 / v), nor of Cauchy's for
  // v >= 1.
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& low, V& high) {
    const V one(1.0), half(0.5), tail = min(q, one - q), room(1e-9);
    V s, k;
    math::sincos_2pi(half * tail, s, k);
    const V log_power = (c[norm] + c[log_scale]) + (half * (c[v] - one)) * c[log_v] - math::log(tail);
    const V power_law = math::exp(log_power * c[inverse_v]), cauchy = select(c[v] < one, power_law, k / s);
    const V bound = min(power_law, cauchy), near = abs(math::normal_quantile(tail)) * (one - room);
    const V inner = c[scale] * select(bound < V(math::infinity<double>), near, bound),
            outer = c[scale] * bound * (one + room);
    const auto left = q < half, middle = q == half;
    low = select(middle, c[loc], select(left, c[loc] - outer, c[loc] + inner));
    high = select(middle, c[loc], select(left, c[loc] - inner, c[loc] + outer));
    const V slack = abs(c[loc]) * V(0x1p-51);
    low = low - slack, high = high + slack;
  }

  static constexpr Supply supply{.blocks = 1};
  static constexpr int stages = 2;
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source) {
    return -math::log_positive(unit(source.array[0])) * c[two_over_v];
  }
  template <int Stage, int W>
  static FASTGEN_INLINE Vec<double, W> stage(const Vec<double, W>* c, const Source<W>& source, Vec<double, W> e) {
    using V = Vec<double, W>;
    V cosine, sine;
    unit_vector(source.array[1], cosine, sine);
    V r = sqrt(c[v] * math::expm1(e));
    const auto large = e > V(600.0);  // v below 0.15: the square overflows before the root
    if (any(large)) r = select(large, sqrt(c[v]) * math::exp(V(0.5) * e), r);
    return fma(c[scale] * r, cosine, c[loc]);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
