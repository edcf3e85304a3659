// Incomplete gamma and beta functions: both tails of the Gamma, Beta and Student t laws, and by them of many others:
//     Poisson            P(X <= k) = upper(k + 1, rate)              by gamma_tails
//     InverseGamma       P(X <= x) = upper(a, scale / x)             by gamma_tails
//     Binomial           P(X <= k) = upper(k + 1, n - k; p, 1 - p)   by beta_tails
//     NegativeBinomial   P(X <= k) = lower(r, k + 1; p, 1 - p)       by beta_tails; both by few_trials.hpp where it applies
// Each tail is accurate relative to itself, down to the smallest numbers.
//
// Every method below is the density at x, up to a factor that varies slowly. The density is exp of deviances, whose error
// is a few ULP: at a tail of e^-700 that makes 700 times as many ULP of the tail, and this is the part of the stated
// bounds that grows. Near the mean of a law with large parameters the factor comes from an asymptotic series of fixed
// length, elsewhere from series and continued fractions, which then need few terms whatever the parameters.
//
// A vector runs the methods that some lane needs. Each lane takes its own, and leaves a loop by its own criterion, so
// that its bits are its own as well. All is computed in double, on native vectors; floats are converted, with an error of
// 0.51 ULP.
#pragma once

#include "special.hpp"
#include "tails.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace math {

// f(x...) for lanes of any kind, where f takes native vectors of doubles: one copy of f's code serves all.
template <class F, class V, class... More> Tails<V> in_double(F f, V first, More... more) {
  using T = typename V::Scalar;
  if constexpr (!std::is_same_v<T, double>) {
    const auto r = in_double(f, convert<double>(first), convert<double>(more)...);
    return {convert<T>(r.lower), convert<T>(r.upper)};
  } else if constexpr (is_wide<T, V::width>) {
    const auto lo = in_double(f, first.lo, more.lo...), hi = in_double(f, first.hi, more.hi...);
    return {V(lo.lower, hi.lower), V(lo.upper, hi.upper)};
  } else return f(first, more...);
}

// 1 / (1 + d(1) / (1 + d(2) / (1 + ...))) in the lanes of `active`: numerators and denominators of its convergents by
// their common recurrence, in blocks of four, until two neighbours agree. There is no need to scale them: in the
// fractions of this file they stay between 1e-40 and 1e20, for parameters up to 1e9.
template <class V, class M, class D> FASTGEN_INLINE V continued_fraction(M active, D d, int most) {
  using T = typename V::Scalar;
  V top(T(1)), bottom(T(1)), top_before(T(0)), bottom_before(T(1));
  for (int n = 1; n <= most && any(active); n += 4) {
    V p = top, q = bottom, p_before = top_before, q_before = bottom_before;
    FASTGEN_UNROLL
    for (int i = 0; i < 4; ++i) {
      const V dn = d(n + i), p_next = fma(dn, p_before, p), q_next = fma(dn, q_before, q);
      p_before = p, q_before = q, p = p_next, q = q_next;
    }
    top = select(active, p, top), bottom = select(active, q, bottom);
    top_before = select(active, p_before, top_before), bottom_before = select(active, q_before, bottom_before);
    const V cross = p * q_before;
    active = active & (abs(fma(p_before, q, -cross)) > abs(cross) * V(Format<T>::epsilon / 2));
  }
  return top / bottom;
}

// first + next(1) + next(2) + ... in the lanes of `active`, in blocks of four until the terms no longer count.
template <class V, class M, class Next> FASTGEN_INLINE V sum_terms(M active, V first, Next next, int most) {
  using T = typename V::Scalar;
  V sum = first;
  for (int n = 1; n <= most && any(active); n += 4) {
    V s = sum, term = sum;
    FASTGEN_UNROLL
    for (int i = 0; i < 4; ++i) {
      term = next(n + i);
      s = s + term;
    }
    sum = select(active, s, sum);
    active = active & (abs(term) > abs(sum) * V(Format<T>::epsilon / 4));
  }
  return sum;
}

// Both tails of a law with density proportional to e^(-n z^2 / 2) f(z) in some variable z: N. Temme's uniform expansion,
// as in A. Gil, J. Segura and N. Temme, Efficient and accurate algorithms for the computation and inversion of the
// incomplete gamma function ratios, 2012, section 2.3. f[i] are the Taylor coefficients of f, with f[0] = 1. Repeated
// integration by parts leaves a normal tail and the density times a power series in z, whose coefficients obey
// b(i - 1) = f(i) + (i + 1) b(i + 1) / n. The f of this file have radius of convergence sqrt(4 pi) or more, so that N
// coefficients leave a relative error near (|z| / 3.54)^N where n is large. `deviance` is n z^2 / 2.
template <class V, class C, int N>
FASTGEN_INLINE Tails<V> uniform_tails(V n, V z, V deviance, const C (&f)[N]) {
  using T = typename V::Scalar;
  const V one(T(1)), half(T(0.5)), inverse = one / n;
  V b(T(0)), b_above(T(0)), sum(T(0));
  FASTGEN_UNROLL
  for (int i = N - 1; i >= 1; --i) {
    const V below = fma(b_above * inverse, V(T(i + 1)), V(f[i]));
    sum = fma(sum, z, below);
    b_above = b, b = below;
  }
  const V total = fma(b_above, inverse, one);  // the integral over all z, of which the tails are fractions
  const V rest = sum / (total * sqrt(n * V(T(numbers::two_pi))));
  const V y = sqrt(deviance), outward = select(z < V(T(0)), -rest, rest);
  const V near = fma(exp(-deviance), outward, half * (one - erf_near(y)));
  const V far = exp_times(-deviance, fma(erfc_scaled(min(V(T(27.3)), y)), half, outward));
  const V tail = select(y < half, near, far), other = one - tail;
  const auto left = z < V(T(0));
  return {select(left, tail, other), select(left, other, tail)};
}

// P(a, x) and Q(a, x) in native vectors of doubles.
template <class V> Tails<V> gamma_tails_native(V a, V x, V lost) {
  using T = typename V::Scalar;
  const V one(T(1)), unknown(nan<T>);
  const V distance = deviance(a, x, lost), z = copysign(sqrt((distance + distance) / a), x - a);
  const auto uniform = (a >= V(T(16))) & (abs(z) <= one);
  const auto small = (a < V(T(0.5))) & (x < a + V(T(2)));
  const auto fraction = (x >= a + V(T(2))) & !uniform;
  const auto series = (x < a + V(T(2))) & !(uniform | small);
  Tails<V> r{unknown, unknown};
  if (any(uniform)) r = uniform_tails(a, z, distance, Table<T>::uniform);
  if (any(series | fraction)) {
    const V exponent = -(distance + log_excess(a));  // of x^a e^-x / Gamma(a + 1)
    if (any(series)) {
      // 1 + x / (a + 1) + x^2 / ((a + 1) (a + 2)) + ...: at most 48 terms, as x < 18 or x < a / 3.
      V term = one;
      const V sum = sum_terms(series, one, [&](int n) FASTGEN_LAMBDA_INLINE {
        term = term * (x / (a + V(T(n))));
        return term;
      }, 80);
      const V lower = exp_times(exponent, sum);
      r.lower = select(series, lower, r.lower), r.upper = select(series, one - lower, r.upper);
    }
    if (any(fraction)) {
      // Legendre's continued fraction: at most 72 steps, where a and x are smallest.
      const V c = (x - a) + one;
      const V factor = continued_fraction<V>(fraction, [&](int n) FASTGEN_LAMBDA_INLINE {
        return V(T(n)) * (a - V(T(n))) / ((c + V(T(2 * n - 2))) * (c + V(T(2 * n))));
      }, 100);
      const V upper = exp_times(exponent, a / c * factor);
      r.upper = select(fraction, upper, r.upper), r.lower = select(fraction, one - upper, r.lower);
    }
  }
  if (any(small)) {
    // P = h (1 + a m), Q = 1 - h - h a m with h = x^a / Gamma(a + 1) near 1 and m = sum of (-x)^k / (k! (a + k)).
    V m(T(0));
    FASTGEN_UNROLL
    for (int k = 28; k >= 1; --k) m = fma(m * x, V(T(-1) / T(k + 1)), one / (a + V(T(k))));
    m = m * -x;
    const V w = fma(a, log(x), -lgamma1p_unit(min(one, a))), h = exp(w), lower = fma(h * a, m, h);
    r.lower = select(small, lower, r.lower), r.upper = select(small, -fma(h * a, m, expm1(w)), r.upper);
  }
  return r;
}

// The incomplete gamma functions P(a, x) and Q(a, x) = 1 - P(a, x): (100 - 4 log result) ULP, 1e-3 <= a <= 1e9, x >= 0,
// which is 2e-14 of the result near 1 and 7e-13 at 1e-308. `lost` is what the rounding of x left out: it counts where a is
// large.
template <class V> FASTGEN_INLINE Tails<V> gamma_tails(V a, V x, V lost = V(typename V::Scalar(0))) {
  return in_double([](auto... v) { return gamma_tails_native(v...); }, a, x, lost);
}

// The Taylor coefficients of f = z / w, where w dw/dz = z (1 + k w - l w^2) and w = z + ...: the f of uniform_tails for
// the beta law, w = (t - m) / (m (1 - m)), m = a / (a + b), k = 1 - 2 m, l = m (1 - m), n = a b / (a + b).
// Table<double>::uniform has those for k = 1, l = 0, which are of the gamma law with w = t / a - 1, n = a.
template <class V, int N> FASTGEN_INLINE void beta_series(V k, V l, V (&f)[N]) {
  using T = typename V::Scalar;
  V w[N + 1], square_before(T(0)), square(T(1));  // coefficients of w and, the last two, of w^2
  w[1] = square, f[0] = square;
  FASTGEN_UNROLL
  for (int i = 2; i <= N; ++i) {
    const V next = fma(k, w[i - 1], -l * square_before) * V(T(2) / T(i + 1));
    V half = V(T(0.5)) * next;  // of this coefficient of w^2, less the products of known ones
    FASTGEN_UNROLL
    for (int j = 2; j < i + 1 - j; ++j) half = fma(-w[j], w[i + 1 - j], half);
    if (i % 2 == 1) half = fma(w[(i + 1) / 2] * V(T(-0.5)), w[(i + 1) / 2], half);
    w[i] = half;
    square_before = square, square = next;
    V sum = w[i];
    FASTGEN_UNROLL
    for (int j = 2; j < i; ++j) sum = fma(w[j], f[i - j], sum);
    f[i - 1] = -sum;
  }
}

// I_x(a, b) and 1 - I_x(a, b) in native vectors of doubles.
template <class V> Tails<V> beta_tails_native(V a, V b, V x, V y) {
  using T = typename V::Scalar;
  const V one(T(1)), zero(T(0)), s = a + b;
  // Exchanged where x is above the mean (of a + 1 and b + 1), so that `lower` is the smaller tail or not much larger than the other.
  const auto exchange = (b + one) * x > (a + one) * y;
  const V p = select(exchange, b, a), q = select(exchange, a, b);
  // The smaller of u and v, and s, to all their digits; the larger with what its rounding lost.
  V u = select(exchange, y, x), v = select(exchange, x, y);
  const auto first = u <= v;
  u = select(first, u, one - v), v = select(first, one - u, v);
  const V u_lost = select(first, zero, (one - u) - v), v_lost = select(first, (one - v) - u, zero);
  const V s_back = s - q, s_lost = (p - s_back) + (q - (s - s_back));
  const V mean_u = s * u, mean_v = s * v;
  const V mean_u_lost = fma(s, u, -mean_u) + fma(s_lost, u, s * u_lost);
  const V mean_v_lost = fma(s, v, -mean_v) + fma(s_lost, v, s * v_lost);
  const V distance = deviance(p, mean_u, mean_u_lost) + deviance(q, mean_v, mean_v_lost);
  const V ps = p / s, qs = q / s, n = p * qs, difference = (mean_u - p) + mean_u_lost;
  const V z = copysign(sqrt((distance + distance) / n), difference);
  const auto uniform = (n >= V(T(256))) & (abs(z) <= V(T(0.25)));
  const auto small = (p < V(T(0.5))) & !uniform;
  const auto fraction = !(uniform | small), counts = fraction & (distance < V(T(1000)));  // e^-1000 is 0
  Tails<V> r;
  if (any(uniform)) {
    V f[15];
    beta_series(qs - ps, ps * qs, f);
    r = uniform_tails(n, z, distance, f);
  }
  if (any(fraction)) {
    const V exponent = (log_excess(s) - log_excess(q)) - log_excess(p) - distance;  // of u^p v^q / B(p, q) / (p q / s)
    // The continued fraction of A. DiDonato and A. Morris (1992), which keeps its accuracy where v is small, in at most
    // 144 steps, where p < 1 and u is near 1.5 / q or the other way round:
    // 1 / (e(0) + c(1) / (e(1) + c(2) / ...)) with e(n) = n + h(n) + (p + n) / (p + 2 n + 1) (1 - difference + n (1 + v)),
    // c(n) = h(n) (p + n - 1) (s + n - 1) u / (p + 2 n - 1), h(n) = n (q - n) u / (p + 2 n - 1).
    const V lead = one - difference, slope = one + v;
    V inverse = one / (p + one), e = p * inverse * lead;
    const V outer = e;
    const V factor = continued_fraction<V>(counts, [&](int i) FASTGEN_LAMBDA_INLINE {
      const V n = V(T(i)), ui = u * inverse, h = n * (q - n) * ui, before = e;
      const V c = (h * (p + n - one)) * (ui * (s + n - one));  // in this order: neither factor overflows
      inverse = one / (p + V(T(2 * i + 1)));
      e = fma((p + n) * inverse, fma(n, slope, lead), n + h);
      return c / (before * e);
    }, 200) / outer;
    const V lower = exp_times(exponent, p * qs * factor);
    r.lower = select(fraction, lower, r.lower), r.upper = select(fraction, one - lower, r.upper);
  }
  if (any(small)) {
    // As in gamma_tails: h = u^p / (p B(p, q)), m = sum of (1 - q) (2 - q) ... (k - q) u^k / (k! (p + k)).
    V term = one;
    const V m = sum_terms(small, zero, [&](int k) FASTGEN_LAMBDA_INLINE {
      term = term * (u * (V(T(k)) - q) * V(T(1) / T(k)));
      return term / (p + V(T(k)));
    }, 120);
    const V w = fma(p, log(u), log_gamma_ratio(q, p) - lgamma1p_unit(min(one, p))), h = exp(w);
    r.lower = select(small, fma(h * p, m, h), r.lower);
    r.upper = select(small, -fma(h * p, m, expm1(w)), r.upper);
  }
  return {select(exchange, r.upper, r.lower), select(exchange, r.lower, r.upper)};
}

// The incomplete beta functions I_x(a, b) and 1 - I_x(a, b): (100 - 4 log result) ULP, 1e-3 <= a, b <= 1e9. The smaller of
// x and y counts, the other is taken as 1 less it.
template <class V> FASTGEN_INLINE Tails<V> beta_tails(V a, V b, V x, V y) {
  return in_double([](auto... v) { return beta_tails_native(v...); }, a, b, x, y);
}

// The tails of Student's t in native vectors of doubles.
template <class V> Tails<V> student_tails_native(V v, V t) {
  using T = typename V::Scalar;
  const V half(T(0.5)), a = abs(t), far(T(1e100)), near = min(far, a), square = near * near;
  v = min(V(T(1e30)), v);  // the normal law, to every digit
  const V sum = v + square;
  V tail = half * beta_tails_native(v * half, half, v / sum, square / sum).lower;
  const auto beyond = a > far;  // where the tail is a power of t to every digit, and t^2 might overflow
  if (any(beyond)) tail = select(beyond, tail * exp(v * log(far / a)), tail);
  const auto left = t < V(T(0));
  const V other = V(T(1)) - tail;
  return {select(left, tail, other), select(left, other, tail)};
}

// The tails P(T <= t) and P(T > t) of Student's t with v degrees of freedom: (100 - 4 log result) ULP, v >= 0.1.
template <class V> FASTGEN_INLINE Tails<V> student_tails(V v, V t) {
  return in_double([](auto... x) { return student_tails_native(x...); }, v, t);
}

}  // namespace math
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
