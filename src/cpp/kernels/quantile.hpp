// Distribution function of a scalar mixture and its inverse.
//
// The quantile lies between the smallest and the largest quantile of the components: a bracket that cannot fail. Inside
// it Newton's method runs on the logarithm of the nearer tail (nearly straight even at 1e-300), and bisects where a step
// would leave the bracket or progress stalls. A lane that has converged is frozen, so lanes do not disturb each other.
#pragma once

#include "mixture.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Numbers in their order as integers, so that halving an interval halves the count of numbers in it: from 1e-300 to 1 takes
// as few steps as from 1 to 2.
template <class V> FASTGEN_INLINE V halfway(V a, V b) {
  using T = typename V::Scalar;
  using U = UintLike<T>;
  // The bits of a negative number, but for the sign, turned over: from bits to order, and from order back to bits.
  const auto turn = [](IntVec<V> bits) FASTGEN_LAMBDA_INLINE {
    return bits ^ bit_cast<IntLike<T>>(bit_cast<U>(bits >> int(8 * sizeof(T) - 1)) >> 1);
  };
  const IntVec<V> i = turn(bit_cast<IntLike<T>>(a)), j = turn(bit_cast<IntLike<T>>(b));
  return bit_cast<T>(turn((i & j) + ((i ^ j) >> 1)));  // the mean, without overflow
}

template <class T> constexpr T largest = sizeof(T) == 8 ? T(0x1.fffffffffffffp1023) : T(0x1.fffffep127);

template <class T>
inline void mixture_tails(const Model<T>& m, std::int64_t n, const T* x, T* lower, T* upper, T* density) {
  for (std::int64_t s = 0; s < n; ++s) lower[s] = upper[s] = density[s] = T(0);
  for (std::int64_t b = 0; b < m.n_blocks; ++b)
    registry<T>[m.blocks[b].family].add_tails(m.blocks[b], n, x, m.weights + m.blocks[b].first, lower, upper, density);
}

constexpr std::int64_t quantile_areas = 8;  // scratch, in tiles

template <class T> inline void mixture_cdf(const Model<T>& m, const Tile<T>& tile, T* out, T* scratch) {
  T *lower = scratch, *upper = lower + m.tile, *density = upper + m.tile;
  mixture_tails(m, tile.padded, tile.x, lower, upper, density);
  // Weights that sum to 1 within rounding must not lift a probability above 1.
  for (std::int64_t s = 0; s < tile.n; ++s) out[s] = lower[s] < T(1) ? lower[s] : T(1);
}

template <class T> inline void mixture_icdf(const Model<T>& m, const Tile<T>& tile, T* out, T* scratch) {
  using V = Vec<T, native_width<T>>;
  const std::int64_t n = tile.padded;
  T *low = scratch, *high = low + m.tile, *lower = high + m.tile, *upper = lower + m.tile, *density = upper + m.tile;
  T *x = density + m.tile, *target = x + m.tile, *active = target + m.tile;
  for (std::int64_t s = 0; s < n; ++s) low[s] = infinity<T>, high[s] = -infinity<T>;
  for (std::int64_t b = 0; b < m.n_blocks; ++b)
    registry<T>[m.blocks[b].family].bracket_quantile(m.blocks[b], n, tile.x, m.weights + m.blocks[b].first, low, high);
  if (m.n_atoms) bracket_between_atoms(m, n, tile.x, low, high, lower);
  for (std::int64_t s = 0; s < n; s += V::width) {
    V l = V::load(low + s), h = V::load(high + s);
    const V q = V::load(tile.x + s), half(T(0.5)), end(largest<T>);
    // Nothing to search for where the bracket is a point, q is 0 or 1, or not a number (q is no probability).
    const auto search = (l < h) & (q > V(T(0))) & (q < V(T(1)));
    l = select(search, max(l, -end), l), h = select(search, min(h, end), h);
    l.store(low + s), h.store(high + s);
    V start = fma(h, half, l * half);
    start = select(l == h, l, start);
    start = select((q > V(T(0))) & (q < V(T(1))), start, select(q == V(T(0)), l, h));
    select((q >= V(T(0))) & (q <= V(T(1))), start, V(T(__builtin_nanf("")))).store(x + s);
    select(search, V(T(1)), V(T(0))).store(active + s);
    // The smaller of q and 1 - q (exact from 1/2 on), in logarithm.
    math::log(select(q < V(T(0.5)), q, V(T(1)) - q)).store(target + s);
  }
  // After `free` iterations every other one bisects; halving 64-bit numbers 66 times leaves nothing between the ends.
  constexpr int free = 24, most = free + 2 * 66;
  for (int iteration = 0; iteration < most; ++iteration) {
    mixture_tails(m, n, x, lower, upper, density);
    bool again = false;
    for (std::int64_t s = 0; s < n; s += V::width) {
      const V at = V::load(x + s), q = V::load(tile.x + s), f = V::load(density + s);
      V l = V::load(low + s), h = V::load(high + s);
      const auto left = q < V(T(0.5));
      const auto on = V::load(active + s) > V(T(0));
      const V tail = select(left, V::load(lower + s), V::load(upper + s));
      // excess > 0: the point is too far right. In logarithms of the tail, d(excess)/dx = density / tail.
      V excess = math::log(tail) - V::load(target + s);
      excess = select(left, excess, -excess);
      l = select(on & (excess < V(T(0))), at, l);
      h = select(on & (excess > V(T(0))), at, h);
      const V middle = halfway(l, h);
      const V step = excess * tail / f;
      const V newton = at - step;
      const bool bisect = iteration > free && iteration % 2 == 0;
      const auto inside = (newton > l) & (newton < h);
      V next = select(inside, newton, middle);
      if (bisect) next = middle;
      // To the last place: until nothing moves, or no number is left between the ends of the bracket.
      const auto done = (next == at) | (excess == V(T(0))) | (middle == l) | (middle == h);
      next = select(excess == V(T(0)), at, next);
      select(on, next, at).store(x + s);
      l.store(low + s);
      h.store(high + s);
      const auto still = on & !done;
      select(still, V(T(1)), V(T(0))).store(active + s);
      again = again || any(still);
    }
    if (!again) break;
  }
  for (std::int64_t s = 0; s < tile.n; ++s) out[s] = x[s];
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
