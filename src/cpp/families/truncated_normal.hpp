// The normal law truncated to an interval. Density phi(z) / (scale (Phi(beta) - Phi(alpha))) for low <= x <= high, where z,
// alpha and beta are x, low and high less loc, over scale. The interval may be far out in either tail, and have no end.
//
// Parameters: loc, scale > 0, low < high (either may be infinite). Draws: by inversion, measured from `anchor`: the end of
// the interval nearest to loc, or loc itself when it is inside.
#pragma once

#include "../parts/scalar_family.hpp"
#include "../vector/normal_tails.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct TruncatedNormal {
  // reach is (anchor - loc) / scale, 0 when loc is inside; width is (high - low) / scale. A variate is
  // anchor + step y: y beyond |reach| in a tail, a step away from loc; or from low, when the interval is narrow; or both_sides.
  enum Constant {
    anchor,
    step,
    low,
    high,
    both_sides,
    mass_below,
    mass_above,
    distance,
    width,
    n_drawn,
    inverse = n_drawn,
    reach,
    alpha,
    beta,
    norm,
    n_constants
  };

  static void prepare(const double* p, double* c) {
    using V = Vec<double, 1>;
    const double inv = 1.0 / p[1];
    c[inverse] = inv, c[low] = p[2], c[high] = p[3];
    const auto distance_of = [inv](double from, double to) {
      const double length = to - from;
      return abs(length) < math::infinity<double> ? length * inv : (0.5 * to - 0.5 * from) * inv * 2.0;
    };
    c[alpha] = distance_of(p[0], p[2]), c[beta] = distance_of(p[0], p[3]), c[width] = distance_of(p[2], p[3]);
    const bool right = p[2] >= p[0], left = p[3] <= p[0] && !right, inside = !right && !left;
    const bool narrow = inside && c[width] < 1e-6;
    c[anchor] = right ? p[2] : left ? p[3] : p[0];
    c[reach] = right ? c[alpha] : left ? c[beta] : 0.0;
    c[distance] = right ? c[alpha] : left ? -c[beta] : 0.0;
    c[step] = left ? -p[1] : p[1];
    c[both_sides] = inside && !narrow;
    c[mass_below] = math::normal_tail(V(abs(c[alpha]))).v, c[mass_above] = math::normal_tail(V(abs(c[beta]))).v;
    const V whole = inside ? both(V(c[alpha]), V(c[beta])) : math::scaled_interval(V(c[distance]), V(c[width]));
    c[norm] = -math::log(whole.v) - math::log(p[1]);
  }

  // The integral of e^(-t^2 / 2) over a <= t <= b, where a < 0 < b.
  template <class V> static FASTGEN_INLINE V both(V a, V b) {
    const V to_erf(numbers::sqrt_half);
    return V(numbers::sqrt_half_pi) * (math::erf(b * to_erf) + math::erf(-a * to_erf));
  }
  // (reach^2 - z^2) / 2, from the difference of both.
  template <class V> static FASTGEN_INLINE V exponent(const V* c, V x) {
    const V d = (x - c[anchor]) * c[inverse];
    return -d * fma(d, V(0.5), c[reach]);
  }

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    const auto outside = (x < c[low]) | (x > c[high]);
    return select(outside, V(-math::infinity<double>), exponent(c, x) + c[norm]);
  }
  template <class V> static FASTGEN_INLINE V slope(const V* c, V x) {
    const V d = (x - c[anchor]) * c[inverse];
    return select((x < c[low]) | (x > c[high]), V(math::nan<double>), -(d + c[reach]) * c[inverse]);
  }
  // The masses of [low, x] and [x, high] in units of e^(-reach^2 / 2): each from its point nearest to loc.
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const V zero(0.0);
    x = min(c[high], max(c[low], x));
    const V far(1e300), z = min(far, max(-far, fma(x - c[anchor], c[inverse], c[reach])));
    const V decay = math::exp(exponent(c, x));
    const auto from_low = c[alpha] >= zero, to_high = c[beta] <= zero;
    const V below = math::scaled_interval(select(from_low, c[alpha], abs(z)), (x - c[low]) * c[inverse]);
    const V above = math::scaled_interval(select(to_high, -c[beta], abs(z)), (c[high] - x) * c[inverse]);
    const V left = select((c[alpha] < zero) & (z > zero), both(c[alpha], z), select(from_low, below, below * decay));
    const V right = select((c[beta] > zero) & (z < zero), both(z, c[beta]), select(to_high, above, above * decay));
    const V whole = left + right;
    lower = left / whole, upper = right / whole;
    // So narrow, in units of the scale, that its mass is below the numbers: the density is flat.
    const auto flat = whole == zero;
    if (any(flat)) [[unlikely]] {
      const V length = c[high] - c[low];
      lower = select(flat, (x - c[low]) / length, lower), upper = select(flat, (c[high] - x) / length, upper);
    }
  }
  // The quantile itself, with room for its error.
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V q, V& least, V& most) {
    const V room(1e-13), zero(0.0), one(1.0);
    const V x = quantile(c, q, one - q), size = abs(x) + abs(c[anchor]) + abs((x - c[anchor]) * V(4.0));
    const V slack = room * (size + abs(c[step]));
    least = select(q == zero, c[low], max(c[low], x - slack)),
    most = select(q == one, c[high], min(c[high], x + slack));
  }

  // u and v = 1 - u: the probabilities below and above, both to all their digits.
  template <class V> static FASTGEN_INLINE V quantile(const V* c, V u, V v) {
    const V zero(0.0);
    const auto inside = c[both_sides] > zero, left = c[step] < zero;
    V y(0.0);
    if (any(inside)) y = math::normal_quantile_between(u, v, c[mass_below], c[mass_above]);
    if (any(!inside)) {
      const V one_side = math::normal_tail_quantile(select(left, v, u), select(left, u, v), c[distance], c[width]);
      y = select(inside, y, one_side);
    }
    const auto narrow = (!inside) & (c[low] < c[anchor]) & (c[anchor] < c[high]);
    return min(c[high], max(c[low], fma(c[step], y, select(narrow, c[low], c[anchor]))));
  }

  static constexpr Supply supply{.words = 1};
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source) {
    using V = Vec<double, W>;
    const V half = half_unit(source.word()), rest = V(1.0) - half;
    const auto upper = upper_half(source.word());
    return quantile(c, select(upper, rest, half), select(upper, half, rest));
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
