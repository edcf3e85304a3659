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
template <class T, int W> FASTGEN_INLINE Vec<T, W> flip_negative(Vec<T, W> bits) {
  using U = std::make_unsigned_t<T>;
  return bits ^ bit_cast<T>(bit_cast<U>(bits >> int(8 * sizeof(T) - 1)) >> 1);
}
template <class V> FASTGEN_INLINE IntVec<V> to_order(V a) {
  return flip_negative(bit_cast<IntLike<typename V::Scalar>>(a));
}
template <class V> FASTGEN_INLINE V from_order(IntVec<V> i) { return bit_cast<typename V::Scalar>(flip_negative(i)); }

// Halving an interval so halves the count of numbers in it: from 1e-300 to 1 takes as few steps as from 1 to 2.
template <class V> FASTGEN_INLINE V halfway(V a, V b) {
  const IntVec<V> i = to_order(a), j = to_order(b);
  return from_order<V>((i & j) + ((i ^ j) >> 1));  // the mean, without overflow
}

template <class T> inline void mixture_tails(const Model<T>& m, std::int64_t n, const T* x, Tails<T> to) {
  for (std::int64_t s = 0; s < n; ++s) to.lower[s] = to.upper[s] = to.density[s] = T(0);
  for (std::int64_t b = 0; b < m.n_blocks; ++b)
    ops_of(m.blocks[b]).add_tails(m.blocks[b], n, x, m.weights + m.blocks[b].first, to.lower, to.upper, to.density);
}

template <class T> inline void mixture_cdf(const Model<T>& m, const Tile<T>& tile, T* out, T* scratch) {
  Scratch<T> areas(scratch);
  const Tails<T> tails(m, areas);
  mixture_tails(m, tile.padded, tile.x, tails);
  // Weights sum to 1 within rounding: that must not lift a probability above 1, nor keep one below where nothing is left.
  constexpr T nothing = sizeof(T) == 8 ? T(0x1p-54) : T(0x1p-25);
  for (std::int64_t s = 0; s < tile.n; ++s) {
    const T p = tails.upper[s] < nothing ? T(1) : tails.lower[s];
    out[s] = p > T(1) ? T(1) : p;
  }
}

// From the smallest to the largest quantile of the components.
template <class T> inline void bracket_quantiles(const Model<T>& m, std::int64_t n, const T* q, T* low, T* high) {
  for (std::int64_t s = 0; s < n; ++s) low[s] = math::infinity<T>, high[s] = -math::infinity<T>;
  for (std::int64_t b = 0; b < m.n_blocks; ++b)
    ops_of(m.blocks[b]).bracket_quantile(m.blocks[b], n, q, m.weights + m.blocks[b].first, low, high);
}

// The search for the quantiles of a tile. Every area holds a number a row; the functions take a vector of rows from s on.
template <class T> struct QuantileSearch {
  using V = Vec<T, native_width<T>>;
  using M = Mask<T, native_width<T>>;

  T *low, *high;  // the bracket
  Tails<T> tails;  // at x
  T* x;  // where to look next; in the end the quantile
  T* target;  // the smaller of q and 1 - q, in logarithm
  T* active;  // 1 until the quantile is found, then 0
  T* last_excess;  // size of the excess at the point before
  T* last_newton;  // length of Newton's step from there, infinite if it was none
  T *due, *due_if_vain;  // halvings due now, and after the next vain step
  AtomSearch<T> atoms;

  QuantileSearch(const Model<T>& m, Scratch<T>& scratch)
      : low(scratch.take(m.tile)), high(scratch.take(m.tile)), tails(m, scratch), x(scratch.take(m.tile)),
        target(scratch.take(m.tile)), active(scratch.take(m.tile)), last_excess(scratch.take(m.tile)),
        last_newton(scratch.take(m.tile)), due(scratch.take(m.tile)), due_if_vain(scratch.take(m.tile)),
        atoms(m, scratch) {}

  // The first point, within a bracket that is known.
  FASTGEN_INLINE void start(V q, std::int64_t s) const {
    const V zero(T(0)), one(T(1)), none(math::infinity<T>), end(largest<T>);
    const V l = V::load(low + s), h = V::load(high + s);
    const M proper = (q > zero) & (q < one);
    // An end may be infinite, which in their order is the number after the largest: the answer, if that is not far enough.
    V first = fma(h, V(T(0.5)), l * V(T(0.5)));
    first = select((first > l) & (first < h), first, min(end, max(-end, halfway(l, h))));
    first = select(l == h, l, first);
    first = select(proper, first, select(q == zero, l, h));
    select((q >= zero) & (q <= one), first, V(math::nan<T>)).store(x + s);
    select(proper & (l < h), one, zero).store(active + s);
    // 1 - q is exact from 1/2 on.
    math::log(select(q < V(T(0.5)), q, one - q)).store(target + s);
    none.store(last_excess + s);
    none.store(last_newton + s);
    zero.store(due + s);
    one.store(due_if_vain + s);
  }

  // What the tails say of the points.
  struct Look {
    V at, density, tail, excess;
    M flat, below, above;  // below or above the quantile
  };
  FASTGEN_INLINE Look look(V q, std::int64_t s) const {
    constexpr T rounded = 16 * (sizeof(T) == 8 ? T(0x1p-52) : T(0x1p-23));
    const V zero(T(0)), density = V::load(tails.density + s);
    const M left = q < V(T(0.5));
    const V tail = select(left, V::load(tails.lower + s), V::load(tails.upper + s));
    // excess > 0: the point is too far right. In logarithms of the tail, d(excess)/dx = density / tail.
    V excess = math::log(tail) - V::load(target + s);
    excess = select(left, excess, -excess);
    // Where no component has density the distribution function is flat; its least point is the quantile, but for roundings of it.
    const M flat = (density == zero) & (abs(excess) <= V(rounded));
    return {V::load(x + s), density, tail, excess, flat, (excess < zero) & (!flat), (excess > zero) | flat};
  }

  // How the search gets on: as the areas of these names, after the last step has been judged.
  struct Progress {
    V newton, due, due_if_vain;
  };
  // A step gets on if it halves the excess or the bracket.
  FASTGEN_INLINE Progress judge_last_step(V excess, M halved, std::int64_t s) const {
    const V none(math::infinity<T>), newton = V::load(last_newton + s);
    const V now = V::load(due + s), later = V::load(due_if_vain + s);
    const M vain = (newton < none) & !(halved | (abs(excess) <= V(T(0.5)) * V::load(last_excess + s)));
    return {select(vain, none, newton), select(vain, later, now), select(vain, later + later, later)};
  }

  // Newton's step and a little beyond: by twice the error to be expected from how steps shrink, and to the next number.
  // The other end of the bracket, far away until then, comes as near as this one.
  static FASTGEN_INLINE V beyond_newton(V newton, V step, V last, M below) {
    using I = IntVec<V>;
    const V shrink = min(abs(step) / last, V(T(0.25)));
    const I side = select(mask_cast<IntLike<T>>(below), I(IntLike<T>(1)), I(IntLike<T>(-1)));
    return from_order<V>(to_order(newton - step * (shrink * (shrink + shrink))) + side);
  }

  // Narrows the brackets by what the tails say and moves the points on. False when all of them are found.
  FASTGEN_INLINE bool step(V q, std::int64_t s) const {
    const V zero(T(0)), one(T(1)), none(math::infinity<T>);
    const auto [at, density, tail, excess, flat, below, above] = look(q, s);
    const M searching = V::load(active + s) > zero;
    V l = V::load(low + s), h = V::load(high + s);
    const V old_middle = halfway(l, h);
    l = select(searching & below, at, l);
    h = select(searching & above, at, h);
    const V middle = halfway(l, h);
    const M halved = (below & (at >= old_middle)) | (above & (at <= old_middle));
    const Progress progress = judge_last_step(excess, halved, s);

    const V length = excess * tail / density, newton = at - length;
    const V beyond = beyond_newton(newton, length, progress.newton, below);
    const M slope = density < none;  // at an infinite density a step would be nothing
    const M by_newton = (progress.due == zero) & slope & (beyond > l) & (beyond < h);
    abs(excess).store(last_excess + s);
    select(by_newton, abs(length), none).store(last_newton + s);
    select(by_newton, progress.due, max(progress.due - one, zero)).store(due + s);
    progress.due_if_vain.store(due_if_vain + s);

    // To the last place: until a step moves nothing, or no number is left between the ends of the bracket, of which the upper one
    // reaches q. A step from far off that moves nothing tells of a kink.
    const M arrived = (!flat) & ((excess == zero) | (slope & (newton == at) & (abs(excess) < one)));
    const M done = arrived | (middle == l) | (middle == h);
    const V next = select(arrived, at, select(done, h, select(by_newton, beyond, middle)));
    select(searching, next, at).store(x + s);
    l.store(low + s);
    h.store(high + s);
    const M still = searching & !done;
    select(still, one, zero).store(active + s);
    return any(still);
  }
};

// False when interrupted.
template <class T>
inline bool mixture_icdf(const Model<T>& m, const Tile<T>& tile, T* out, T* scratch, Patience patience) {
  using V = Vec<T, native_width<T>>;
  constexpr int most_steps = 200;
  const std::int64_t n = tile.padded;
  Scratch<T> areas(scratch);
  const QuantileSearch<T> search(m, areas);
  bracket_quantiles(m, n, tile.x, search.low, search.high);
  if (m.n_atoms && !bracket_between_atoms(m, n, tile.x, search.low, search.high, search.atoms, patience)) return false;
  for (std::int64_t s = 0; s < n; s += V::width) search.start(V::load(tile.x + s), s);
  bool again = true;
  for (int i = 0; i < most_steps && again; ++i) {
    if (patience.over()) return false;
    mixture_tails(m, n, search.x, search.tails);
    again = false;
    for (std::int64_t s = 0; s < n; s += V::width) again = search.step(V::load(tile.x + s), s) || again;
  }
  for (std::int64_t s = 0; s < tile.n; ++s) out[s] = search.x[s];
  return true;
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
