// Quantiles of mixtures of discrete laws: the least x whose distribution function reaches q.
//
// The search is among whole numbers, between the ends of the support, from what the components guess. Newton's method runs
// on the logarithm of the nearer tail with the mass as its slope, rounded up; where it stays it asks the neighbour, which
// ends the search. After a few steps the interval is halved instead, in the order of numbers: 70 steps end any search.
#pragma once

#include "../parts/whole.hpp"
#include "quantile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// The ends of the support of the mixture as far as it has weight: all components' quantiles of 0 and 1.
template <class T> inline void support_ends(const Model<T>& m, T& low, T& high) {
  constexpr int W = native_width<T>;
  T q[W], lows[W], highs[W];
  const T ends[] = {T(0), T(1)};
  for (const T end : ends) {
    for (int i = 0; i < W; ++i) q[i] = end;
    bracket_quantiles(m, W, q, lows, highs);
    (end == T(0) ? low : high) = end == T(0) ? lows[0] : highs[0];
  }
}

// Memory of a tile's search: a number a row in every area.
template <class T> struct DiscreteSearch {
  T *low, *high;  // the bracket
  T* x;  // where to look next
  Tails<T> tails;
  T* active;  // 1 until the quantile is found, then 0
  AtomSearch<T> atoms;
  DiscreteSearch(const Model<T>& m, Scratch<T>& scratch)
      : low(scratch.take(m.tile)), high(scratch.take(m.tile)), x(scratch.take(m.tile)), tails(m, scratch),
        active(scratch.take(m.tile)), atoms(m, scratch) {}
};

// False when interrupted.
template <class T>
inline bool discrete_icdf(const Model<T>& m, const Tile<T>& tile, T* out, T* scratch, Patience patience) {
  using V = Vec<T, native_width<T>>;
  const std::int64_t n = tile.padded;
  Scratch<T> areas(scratch);
  const auto [low, high, x, tails, active, atoms] = DiscreteSearch<T>(m, areas);
  T least = T(0), most = T(0);
  support_ends(m, least, most);
  const V zero(T(0)), one(T(1)), half(T(0.5)), first = floor(V(least)) - one, last = zero - floor(-V(most));

  bracket_quantiles(m, n, tile.x, low, high);
  for (std::int64_t s = 0; s < n; s += V::width) {
    const V q = V::load(tile.x + s), guess = floor(fma(V::load(low + s), half, V::load(high + s) * half));
    min(max(guess, first + one), last).store(x + s);
    first.store(low + s);
    last.store(high + s);
    select((q > zero) & (q < one), one, zero).store(active + s);
  }

  // low does not reach q, high does.
  constexpr int free = 8, all = free + 66;
  for (int iteration = 0; iteration < all; ++iteration) {
    if (patience.over()) return false;
    mixture_tails(m, n, x, tails);
    bool again = false;
    for (std::int64_t s = 0; s < n; s += V::width) {
      const V at = V::load(x + s), q = V::load(tile.x + s);
      const V below = V::load(tails.lower + s), above = V::load(tails.upper + s);
      V l = V::load(low + s), h = V::load(high + s);
      const auto on = V::load(active + s) > zero, left = q < half;
      const auto reached = (below >= q) | ((above <= one - q) & !left);  // as `reaches`
      l = select(on & !reached, at, l);
      h = select(on & reached, at, h);
      // Halves count from the lower end, where numbers are densest, while that is exact. Beyond 2^53 there may be no whole
      // number between.
      const V exact(math::two_to_bits<T> / T(2));
      const V origin = select((l < exact) & (-first < exact), first - one, zero), inner = max(h - one, l);
      const V middle = floor(halfway(l - origin, h - origin)) + origin;
      const V tail = select(left, below, above), target = select(left, q, one - q);
      V excess = math::log(tail / target);
      excess = select(left, excess, -excess);
      const V newton = zero - floor(excess * tail / V::load(tails.density + s) - at);
      const auto within = [&](V v) FASTGEN_LAMBDA_INLINE { return min(max(v, l + one), inner); };
      V next = within(iteration < free ? select((newton >= l) & (newton <= h), newton, middle) : middle);
      next = select((next > l) & (next < h), next, within(middle));
      const auto still = on & (next > l) & (next < h);
      select(still, next, at).store(x + s);
      l.store(low + s);
      h.store(high + s);
      select(still, one, zero).store(active + s);
      again = again || any(still);
    }
    if (!again) break;
  }

  for (std::int64_t s = 0; s < n; s += V::width) {
    const V q = V::load(tile.x + s), h = V::load(high + s);
    const V inside = select(q > zero, h, V(least)), answer = select(q < one, inside, V(most));
    select((q >= zero) & (q <= one), answer, V(math::nan<T>)).store(x + s);
  }
  if (m.n_atoms) {
    // An atom between two whole numbers may reach q before the upper one.
    for (std::int64_t s = 0; s < n; ++s) low[s] = first[0], high[s] = x[s];
    if (!bracket_between_atoms(m, n, tile.x, low, high, atoms, patience)) return false;
    for (std::int64_t s = 0; s < n; ++s)
      if (low[s] == high[s] && low[s] < x[s]) x[s] = low[s];
  }
  for (std::int64_t s = 0; s < tile.n; ++s) out[s] = x[s];
  return true;
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
