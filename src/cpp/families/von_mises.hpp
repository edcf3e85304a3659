// The von Mises law of angles. Density exp(kappa cos(x - loc)) / (2 pi I_0(kappa)), of period 2 pi.
//
// Parameters: loc, concentration kappa >= 0. Variates lie in [-pi, pi], whatever loc, and the distribution function is
// theirs: 0 up to -pi, 1 from pi on. Draws: D. Best and N. Fisher, Efficient simulation of the von Mises distribution, 1979:
// rejection from the wrapped Cauchy law, here in terms of 1 - cos, so that nothing cancels at any concentration.
#pragma once

#include "../parts/scalar_family.hpp"
#include "../vector/circular.hpp"
#include "../vector/special.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct VonMises {
  // mean is loc in [-pi, pi]; spread is tan(theta / 2) / tan(phi / 2) of a wrapped Cauchy angle theta made of a uniform one, phi;
  // offset is kappa (r - 1) of Best and Fisher. The cut is where variates end, as an angle from loc, with its tails.
  enum Constant {
    mean,
    kappa,
    spread,
    offset,
    n_drawn,
    loc = n_drawn,
    norm,
    density,
    cut,
    cut_lower,
    cut_upper,
    n_constants
  };

  static void prepare(const double* p, double* c) {
    using V = Vec<double, 1>;
    const double k = p[1], two_k = k + k;  // may overflow
    c[loc] = p[0], c[kappa] = k;
    c[mean] = math::angle_between(p[0], 0.0);
    const double root = two_k > 1e10 ? two_k : sqrt(1.0 + two_k * two_k);
    c[offset] = 0.5 * (1.0 + 1.0 / (root + two_k));
    c[spread] = k < 1e300 ? sqrt(c[offset] / (c[offset] + two_k)) : 0.5 / sqrt(k);
    constexpr double limit = 1e150;  // from here on squares overflow, and what follows is exact
    c[norm] = k < limit ? math::bessel_i(V(0.0), V(k)).log_norm.v : 0.5 * (math::log(k) - numbers::log_two_pi);
    c[density] = math::exp(c[norm]);
    c[cut] = math::angle_between(-numbers::pi, p[0]);
    const auto t = math::von_mises_tails(V(c[cut]), V(k), V(c[density]));
    c[cut_lower] = t.lower.v, c[cut_upper] = t.upper.v;
  }

  static constexpr bool long_chains = true;
  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    return math::von_mises_exponent(math::angle_between(x, c[loc]), c[kappa]) + c[norm];
  }
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    const V d = math::angle_between(x, c[loc]);
    V s, k;
    math::half_angle(abs(d), s, k);
    return copysign(c[kappa] * (V(2.0) * (s * k)), -d);
  }

  // Draws are angles, though the density goes on.
  template <class V> static FASTGEN_INLINE auto drawn(V x) { return abs(x) <= V(numbers::pi); }

  // From the tails about loc. Those of the part of the circle that does not hold the cut's far side are differences; where
  // the density hardly changes over it and they would cancel, Gauss's rule instead.
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    using S = math::SpecialTable<double>;
    const V zero(0.0), one(1.0), half(0.5), end(numbers::pi);
    const auto before = x <= -end, after = x >= end;
    x = min(end, max(-end, x));
    const V d = math::angle_between(x, c[loc]);
    const auto t = math::von_mises_tails(d, c[kappa], c[density]);
    // Whether the angle has grown from the cut to d without passing the point opposite to loc; near the cut x tells.
    const auto near = abs(d - c[cut]) < V(1e-3), first = (near & (x < zero)) | ((!near) & (d > c[cut]));
    // The mass between d and the cut.
    const V low = min(d, c[cut]), high = max(d, c[cut]);
    const V low_lower = select(first, c[cut_lower], t.lower), low_upper = select(first, c[cut_upper], t.upper);
    const V high_lower = select(first, t.lower, c[cut_lower]), high_upper = select(first, t.upper, c[cut_upper]);
    V between = select(high <= zero, high_lower - low_lower,
                       select(low >= zero, low_upper - high_upper, (one - low_lower) - high_upper));
    const V length = select(first, x + end, end - x), from = math::von_mises_exponent(low, c[kappa]),
            to = math::von_mises_exponent(high, c[kappa]);
    const V peak = select((low < zero) & (high > zero), zero, max(from, to));
    const auto flat = (length < half) & (peak - min(from, to) < one);
    if (any(flat)) {
      V sum(0.0);
      for (int i = 0; i < int(sizeof(S::interval_nodes) / sizeof(double)); ++i) {
        const V at = fma(length, select(first, V(S::interval_nodes[i]), -V(S::interval_nodes[i])), c[cut]);
        sum =
            fma(V(S::interval_weights[i]), math::exp(math::von_mises_exponent(min(end, max(-end, at)), c[kappa])), sum);
      }
      between = select(flat, length * c[density] * sum, between);
    }
    const V rest = select(first, c[cut_lower] + t.upper, t.lower + c[cut_upper]);
    lower = select(before, zero, select(after, one, select(first, between, rest)));
    upper = select(before, one, select(after, zero, select(first, rest, between)));
  }
  template <class V> static FASTGEN_INLINE void bracket(const V*, V, V& low, V& high) {
    low = V(-numbers::pi), high = V(numbers::pi);
  }

  static constexpr Supply supply{};
  template <int W>
  static FASTGEN_INLINE Mask<double, W> first(const Vec<double, W>* c, const Source<W>& source, Vec<double, W>& value) {
    return attempt(c, source, 0, value);
  }
  template <int W>
  static FASTGEN_INLINE Mask<double, W> retry(const Vec<double, W>* c, const Source<W>& source, std::uint32_t number,
                                              Vec<double, W>& value) {
    return attempt(c, source, number + 1, value);
  }
  template <int W>
  static FASTGEN_INLINE Mask<double, W> attempt(const Vec<double, W>* c, const Source<W>& source, std::uint32_t number,
                                                Vec<double, W>& value) {
    using V = Vec<double, W>;
    Vec<std::uint64_t, W> first, second;
    source.words(number, first, second);
    // tan(theta / 2) = top / bottom; `height` is kappa (r - cos theta).
    V bottom, top;
    unit_vector(first, bottom, top);
    top = top * c[spread];
    const V one(1.0), square = top * top, w = (square + square) / fma(bottom, bottom, square);
    const V height = fma(c[kappa], w, c[offset]), u = unit(second);
    auto accepted = u < height * (V(2.0) - height);
    if (any(!accepted)) accepted = accepted | (math::log_positive(u / height) < one - height);
    const V half_angle = math::atan(top / bottom);
    value = math::angle_between(half_angle + half_angle, -c[mean]);
    return accepted;
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
