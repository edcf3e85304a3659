// Distribution function of a scalar mixture and its inverse.
//
// The quantile lies between the smallest and the largest quantile of the components: a bracket that cannot fail, though
// it may be as wide as the number line. Inside it the search takes Newton's steps on the logarithm of the nearer tail
// (nearly straight even at 1e-300) for as long as they get on; after one that does not it halves the bracket 1, 2, 4, 8, ...
// times before it tries again. So it comes to an end within about 64 halvings and 7 vain steps however the law is shaped,
// and within 5 to 20 evaluations usually. A lane that has converged is frozen, so lanes do not disturb each other.
#pragma once

#include "mixture.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// The bits of numbers as integers in the order of the numbers, and back: those of a negative one, but for its sign, are
// turned over.
template <class T, int W> FASTGEN_INLINE Vec<T, W> turn(Vec<T, W> bits) {
  using U = std::make_unsigned_t<T>;
  return bits ^ bit_cast<T>(bit_cast<U>(bits >> int(8 * sizeof(T) - 1)) >> 1);
}
template <class V> FASTGEN_INLINE IntVec<V> to_order(V a) { return turn(bit_cast<IntLike<typename V::Scalar>>(a)); }
template <class V> FASTGEN_INLINE V from_order(IntVec<V> i) { return bit_cast<typename V::Scalar>(turn(i)); }

// Halving an interval so halves the count of numbers in it: from 1e-300 to 1 takes as few steps as from 1 to 2.
template <class V> FASTGEN_INLINE V halfway(V a, V b) {
  const IntVec<V> i = to_order(a), j = to_order(b);
  return from_order<V>((i & j) + ((i ^ j) >> 1));  // the mean, without overflow
}

template <class T>
inline void mixture_tails(const Model<T>& m, std::int64_t n, const T* x, T* lower, T* upper, T* density) {
  for (std::int64_t s = 0; s < n; ++s) lower[s] = upper[s] = density[s] = T(0);
  for (std::int64_t b = 0; b < m.n_blocks; ++b)
    ops_of(m.blocks[b]).add_tails(m.blocks[b], n, x, m.weights + m.blocks[b].first, lower, upper, density);
}

constexpr std::int64_t quantile_areas = 12;  // scratch, in tiles

template <class T> inline void mixture_cdf(const Model<T>& m, const Tile<T>& tile, T* out, T* scratch) {
  T *lower = scratch, *upper = lower + m.tile, *density = upper + m.tile;
  mixture_tails(m, tile.padded, tile.x, lower, upper, density);
  // Weights that sum to 1 within rounding must not lift a probability above 1.
  for (std::int64_t s = 0; s < tile.n; ++s) out[s] = lower[s] < T(1) ? lower[s] : T(1);
}

// False when interrupted.
template <class T>
inline bool mixture_icdf(const Model<T>& m, const Tile<T>& tile, T* out, T* scratch, Patience patience) {
  using V = Vec<T, native_width<T>>;
  const V zero(T(0)), one(T(1)), none(math::infinity<T>);
  const std::int64_t n = tile.padded;
  T *low = scratch, *high = low + m.tile, *lower = high + m.tile, *upper = lower + m.tile, *density = upper + m.tile;
  T *x = density + m.tile, *target = x + m.tile, *active = target + m.tile;
  // Of the last evaluation: the excess and the length of the step there (`none` if it was no Newton step). Halvings due
  // now, and after the next vain step.
  T *excess_before = active + m.tile, *step_before = excess_before + m.tile;
  T *due = step_before + m.tile, *pause = due + m.tile;
  for (std::int64_t s = 0; s < n; ++s) low[s] = math::infinity<T>, high[s] = -math::infinity<T>;
  for (std::int64_t b = 0; b < m.n_blocks; ++b)
    ops_of(m.blocks[b]).bracket_quantile(m.blocks[b], n, tile.x, m.weights + m.blocks[b].first, low, high);
  if (m.n_atoms) bracket_between_atoms(m, n, tile.x, low, high, lower);
  for (std::int64_t s = 0; s < n; s += V::width) {
    V l = V::load(low + s), h = V::load(high + s);
    const V q = V::load(tile.x + s), end(largest<T>);
    const auto proper = (q > zero) & (q < one);
    // An end may be infinite, which in their order is the number after the largest: the answer, if that is not far enough.
    V start = fma(h, V(T(0.5)), l * V(T(0.5)));
    start = select((start > l) & (start < h), start, min(end, max(-end, halfway(l, h))));
    start = select(l == h, l, start);
    start = select(proper, start, select(q == zero, l, h));
    select((q >= zero) & (q <= one), start, V(math::nan<T>)).store(x + s);
    select(proper & (l < h), one, zero).store(active + s);
    // The smaller of q and 1 - q (exact from 1/2 on), in logarithm.
    math::log(select(q < V(T(0.5)), q, one - q)).store(target + s);
    none.store(excess_before + s);
    none.store(step_before + s);
    zero.store(due + s);
    one.store(pause + s);
  }
  constexpr int most = 200;
  constexpr T rounded = 16 * (sizeof(T) == 8 ? T(0x1p-52) : T(0x1p-23));
  for (int iteration = 0; iteration < most; ++iteration) {
    if (patience.over()) return false;
    mixture_tails(m, n, x, lower, upper, density);
    bool again = false;
    for (std::int64_t s = 0; s < n; s += V::width) {
      const V at = V::load(x + s), f = V::load(density + s);
      V l = V::load(low + s), h = V::load(high + s);
      const auto left = V::load(tile.x + s) < V(T(0.5));
      const auto on = V::load(active + s) > zero;
      const V tail = select(left, V::load(lower + s), V::load(upper + s));
      // excess > 0: the point is too far right. In logarithms of the tail, d(excess)/dx = density / tail.
      V excess = math::log(tail) - V::load(target + s);
      excess = select(left, excess, -excess);
      // Where no component has density the distribution function is flat; its least point is the quantile, but for roundings of it.
      const auto flat = (f == zero) & (abs(excess) <= V(rounded));
      const auto above = (excess > zero) | flat;
      const auto below = (excess < zero) & (!flat);
      const V old_middle = halfway(l, h);
      l = select(on & below, at, l);
      h = select(on & above, at, h);
      const V middle = halfway(l, h);

      // A step gets on if it halves the excess or the bracket.
      V wait = V::load(due + s), longer = V::load(pause + s), before = V::load(step_before + s);
      const auto halved = (below & (at >= old_middle)) | (above & (at <= old_middle));
      const auto vain = (before < none) & !(halved | (abs(excess) <= V(T(0.5)) * V::load(excess_before + s)));
      wait = select(vain, longer, wait);
      longer = select(vain, longer + longer, longer);
      before = select(vain, none, before);

      // Newton's step and a little beyond: by twice the error to be expected from how steps shrink, and to the next number.
      // The other end of the bracket, far away until then, comes as near as this one.
      const V step = excess * tail / f, newton = at - step;
      const V shrink = min(abs(step) / before, V(T(0.25)));
      const IntVec<V> side = select(mask_cast<IntLike<T>>(below), IntVec<V>(IntLike<T>(1)), IntVec<V>(IntLike<T>(-1)));
      const V beyond = from_order<V>(to_order(newton - step * (shrink * (shrink + shrink))) + side);
      const auto slope = f < none;  // at an infinite density a step would be nothing
      const auto go = (wait == zero) & slope & (beyond > l) & (beyond < h);
      V next = select(go, beyond, middle);
      select(go, abs(step), none).store(step_before + s);
      select(go, wait, max(wait - one, zero)).store(due + s);
      longer.store(pause + s);
      abs(excess).store(excess_before + s);

      // To the last place: until a step moves nothing, or no number is left between the ends of the bracket, of which the upper one
      // reaches q. A step from far off that moves nothing tells of a kink.
      const auto here = (!flat) & ((excess == zero) | (slope & (newton == at) & (abs(excess) < one)));
      const auto done = here | (middle == l) | (middle == h);
      next = select(here, at, select(done, h, next));
      select(on, next, at).store(x + s);
      l.store(low + s);
      h.store(high + s);
      const auto still = on & !done;
      select(still, one, zero).store(active + s);
      again = again || any(still);
    }
    if (!again) break;
  }
  for (std::int64_t s = 0; s < tile.n; ++s) out[s] = x[s];
  return true;
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
