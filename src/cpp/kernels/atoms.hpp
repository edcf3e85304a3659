// Point masses among other laws.
//
// With atoms, a density is with respect to length plus a unit mass at each atom. At an atom the continuous laws have density
// 0 (their mass there is 0), elsewhere the atoms have: a point that equals an atom came from it. Discrete laws and atoms both
// count, and simply add up. A distribution function jumps at an atom, and a quantile within the jump is the atom. Of several
// features, as of products, each has atoms of its own.
#pragma once

#include "../parts/patience.hpp"
#include "../parts/scratch.hpp"
#include "../parts/tile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// The distribution function of a mixture, its complement and the density, at the points of a tile.
template <class T> struct Tails {
  T *lower, *upper, *density;
  Tails(const Model<T>& m, Scratch<T>& scratch)
      : lower(scratch.take(m.tile)), upper(scratch.take(m.tile)), density(scratch.take(m.tile)) {}
};
template <class T> inline void mixture_tails(const Model<T>& m, std::int64_t n, const T* x, Tails<T> to);

// Continuous log densities become -inf where a point is an atom.
template <class T> inline void exclude_at_atoms(const Model<T>& m, const Tile<T>& tile, T* table) {
  using V = Vec<T, native_width<T>>;
  for (std::int64_t d = 0; d < m.n_features; ++d) {
    const std::int64_t first = m.first_atom[d], end = m.first_atom[d + 1];
    if (first == end) continue;
    for (std::int64_t s = 0; s < tile.padded; s += V::width) {
      const V x = V::load(tile.x + d * tile.stride + s);
      auto hit = x == V(m.atoms[first]);
      for (std::int64_t a = first + 1; a < end; ++a) hit = hit | (x == V(m.atoms[a]));
      if (tile.seen)
        hit = hit & (V::load(tile.seen + d * tile.stride + s) > V(T(0)));  // x is 0 where there is no value
      if (!any(hit)) continue;
      for (std::int64_t b = 0; b < m.n_blocks; ++b) {
        const Block<T>& block = m.blocks[b];
        if (!(block.columns ? block.columns[d] : block).continuous) continue;
        for (std::int64_t k = 0; k < block.shape.n_components; ++k) {
          T* to = table + (block.first + k) * tile.stride + s;
          select(hit, V(-math::infinity<T>), V::load(to)).store(to);
        }
      }
    }
  }
}

// Whether the distribution function has reached q: by either tail, as weights may sum to less than 1 by a rounding.
template <class T> inline bool reaches(T q, T lower, T upper) {
  return lower >= q || (q >= T(0.5) && upper <= T(1) - q);
}

// The number before x.
template <class T> inline T before(T x) {
  IntLike<T> bits;
  if (x == T(0)) bits = IntLike<T>(sign_bit<T> | 1);
  else {
    __builtin_memcpy(&bits, &x, sizeof(x));
    bits += x > T(0) ? -1 : 1;
  }
  __builtin_memcpy(&x, &bits, sizeof(x));
  return x;
}

// Memory of bracket_between_atoms.
template <class T> struct AtomSearch {
  Tails<T> tails;
  T *x, *index;
  AtomSearch(const Model<T>& m, Scratch<T>& scratch)
      : tails(m, scratch), x(scratch.take(m.tile)), index(scratch.take(m.tile)) {}
};

// Narrows each bracket [low, high] of a quantile to the part between two neighbouring atoms that holds it, or to a point
// where it is an atom: no jump is left inside. Binary search among the atoms, the same number of steps for every point. False when
// interrupted.
template <class T>
inline bool bracket_between_atoms(const Model<T>& m, std::int64_t n, const T* q, T* low, T* high, AtomSearch<T> memory,
                                  Patience patience) {
  const auto [tails, x, index] = memory;
  // The number of atoms whose distribution function is below q, so far; atoms from `index` + `length` on reach it.
  for (std::int64_t s = 0; s < n; ++s) index[s] = T(0);
  std::int64_t length = m.n_atoms;
  while (length > 0) {
    const std::int64_t half = (length + 1) / 2;
    for (std::int64_t s = 0; s < n; ++s) x[s] = m.atoms[std::int64_t(index[s]) + half - 1];
    if (patience.over()) return false;
    mixture_tails(m, n, x, tails);
    for (std::int64_t s = 0; s < n; ++s)
      if (!reaches(q[s], tails.lower[s], tails.upper[s])) index[s] += T(half);
    length -= half;
  }
  for (std::int64_t s = 0; s < n; ++s) {
    const std::int64_t i = std::int64_t(index[s]);
    x[s] = before(m.atoms[i < m.n_atoms ? i : m.n_atoms - 1]);
  }
  if (patience.over()) return false;
  mixture_tails(m, n, x, tails);
  for (std::int64_t s = 0; s < n; ++s) {
    const std::int64_t i = std::int64_t(index[s]);
    if (!(q[s] > T(0) && q[s] < T(1))) continue;
    if (i > 0 && m.atoms[i - 1] > low[s]) low[s] = m.atoms[i - 1];
    if (i == m.n_atoms) continue;
    if (!reaches(q[s], tails.lower[s], tails.upper[s])) low[s] = high[s] = m.atoms[i];
    else if (x[s] < high[s]) high[s] = x[s];
  }
  return true;
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
