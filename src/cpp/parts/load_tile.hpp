// From rows of data to a tile: transposed, and with what is not finite set aside.
#pragma once

#include "tile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Whether all numbers shown to it are finite: v - v is 0 for a finite v and NaN otherwise.
template <class T> class FiniteCheck {
  using V = Vec<T, native_width<T>>;
  V sum_ = V(T(0));
  T sum_one_ = T(0);

 public:
  FASTGEN_INLINE void add(V v) { sum_ = sum_ + (v - v); }
  FASTGEN_INLINE void add_one(T v) { sum_one_ = sum_one_ + (v - v); }
  FASTGEN_INLINE bool passed() const { return !any(sum_ != sum_) && sum_one_ == sum_one_; }
};

// A single feature may stay where it is, if it ends in whole logical lanes.
template <class T>
inline bool stays_in_place(Points<T> points, std::int64_t features, std::int64_t begin, std::int64_t n) {
  using V = Vec<T, native_width<T>>;
  if (features != 1 || points.row_stride != 1 || n % most_lanes != 0) return false;
  FiniteCheck<T> check;
  for (std::int64_t s = 0; s < n; s += V::width) check.add(V::load(points.data + begin + s));
  return check.passed();
}

// Copies features, of W rows at a time: feature d of row s is base[s * row + d * col] and goes to x[d * stride + s]. `from` is where
// row s begins: one address that moves on, where compilers would keep one for each row and feature.
template <class T> struct Transposition {
  static constexpr int W = native_width<T>;
  using V = Vec<T, W>;

  const T* base;
  std::int64_t row, col, features;
  T* x;
  std::int64_t stride;
  FiniteCheck<T> check = {};

  FASTGEN_INLINE void put(std::int64_t d, std::int64_t s, V v) {
    v.store(x + d * stride + s);
    check.add(v);
  }

  // Rows that lie side by side, or one.
  FASTGEN_INLINE void copy(const T* from, std::int64_t s) {
    for (std::int64_t d = 0; d < features; ++d) put(d, s, V::load(from + d * col));
  }
  // Two features side by side, and nothing else.
  FASTGEN_INLINE void split(const T* from, std::int64_t s) {
    V a = V::load(from), b = V::load(from + W);
    split_pairs(a, b);
    put(0, s, a), put(1, s, b);
  }
  // W features from `first` on, of which the first `count` are put.
  FASTGEN_INLINE void square(const T* from, std::int64_t s, std::int64_t first, std::int64_t count) {
    V block[W];
    FASTGEN_UNROLL
    for (int r = 0; r < W; ++r) block[r] = V::load(from + r * row + first);
    transpose(block);
    FASTGEN_UNROLL
    for (int r = 0; r < W; ++r)
      if (r < count) put(first + r, s, block[r]);
  }
  FASTGEN_INLINE void gather(const T* from, std::int64_t s, std::int64_t d) {
    T lanes[W];
    FASTGEN_UNROLL
    for (int r = 0; r < W; ++r) lanes[r] = from[r * row + d * col];
    put(d, s, V::load(lanes));
  }
  FASTGEN_INLINE void put_one(std::int64_t s, std::int64_t d) {
    const T v = base[s * row + d * col];
    x[d * stride + s] = v;
    check.add_one(v);
  }

  // How far a square reaches past the features of a row.
  FASTGEN_INLINE std::int64_t beyond() const { return features < W ? W - features : 0; }
  // How many of n rows are read in squares as far as their last feature; `left` rows of data begin at base. Features that do not
  // fill a square take one if they fill more than half of it: it begins earlier in the row and copies some features twice. Where a
  // row is shorter than a square, the square reads on into the next row, which the last rows of the data do not have.
  FASTGEN_INLINE std::int64_t rows_in_squares(std::int64_t n, std::int64_t left) const {
    if (col != 1 || features % W <= W / 2 || (beyond() > 0 && row < features)) return 0;
    while (n > 0 && (left - n) * row < beyond()) --n;
    return n;
  }

  // Rows s .. s + W.
  FASTGEN_INLINE void vector_of_rows(const T* from, std::int64_t s, std::int64_t in_squares) {
    if (W == 1 || row == 1) {
      copy(from, s);
    } else if constexpr (W > 1) {
      if (col == 1 && row == 2 && features == 2) return split(from, s);
      std::int64_t d = 0;
      if (col == 1)
        for (; d + W <= features; d += W) square(from, s, d, W);
      if (s + W <= in_squares) return square(from, s, beyond() > 0 ? 0 : features - W, features);
      for (; d < features; ++d) gather(from, s, d);
    }
  }
};

// Rows begin .. begin + n into x, with zeros to whole logical lanes. False where something is not finite.
template <class T>
FASTGEN_INLINE bool transpose_into_tile(Points<T> points, std::int64_t features, std::int64_t begin, std::int64_t n,
                                        std::int64_t stride, T* x) {
  constexpr int W = native_width<T>;
  const std::int64_t row = points.row_stride, col = points.col_stride;
  Transposition<T> to{points.data + begin * row, row, col, features, x, stride};
  const std::int64_t in_squares = to.rows_in_squares(n, points.n - begin);
  // A vector of rows at a time: each cache line is read once, and written while it is in the first-level cache. Short rows are
  // asked for ahead, as the hardware does not foresee loads that jump from row to row. Long ones it does foresee, and they
  // would drive each other out of the first-level cache.
  constexpr std::int64_t ahead = 4096 / std::int64_t(sizeof(T));
  const bool ask_ahead = col == 1 && row == features && W * row <= 2 * ahead;
  std::int64_t s = 0;
  for (; s + W <= n; s += W) {
    const T* from = to.base + s * row;
    if (ask_ahead) prefetch<Soon::read>(from, ahead, W * row);
    to.vector_of_rows(from, s, in_squares);
  }
  for (std::int64_t d = 0; d < features; ++d) {
    for (std::int64_t r = s; r < n; ++r) to.put_one(r, d);
    // To whole logical lanes (kernels/moments_few.hpp), whatever the vector width.
    for (std::int64_t r = n; r % most_lanes != 0; ++r) x[d * stride + r] = T(0);
  }
  return to.check.passed();
}

// The tile x with 0 for what is not finite, and with where that was.
template <class T>
inline Tile<T> set_special_aside(Tile<T> tile, std::int64_t features, T* x, T* special, T* seen) {
  tile.special = special;
  for (std::int64_t s = 0; s < tile.padded; ++s) special[s] = T(0);
  if (seen) {
    tile.seen = seen;
    for (std::int64_t j = 0; j < features * tile.stride; ++j) seen[j] = T(1);
  }
  for (std::int64_t d = 0; d < features; ++d)
    for (std::int64_t s = 0; s < tile.n; ++s) {
      T& v = x[d * tile.stride + s];
      if (v - v == T(0)) continue;
      if (v != v && seen) seen[d * tile.stride + s] = T(0);
      else if (v != v) special[s] = v;
      else if (special[s] == special[s]) special[s] = -math::infinity<T>;
      v = T(0);
    }
  return tile;
}

// Rows begin .. begin + n of `points` into tile order. x holds features * stride elements, special stride. Where `seen` is
// given (like x) a NaN is a value that was not observed, and the row is not special for it.
template <class T>
inline Tile<T> load_tile(Points<T> points, std::int64_t features, std::int64_t begin, std::int64_t n,
                         std::int64_t stride, T* x, T* special, T* seen = nullptr) {
  constexpr int W = native_width<T>;
  Tile<T> tile{.x = x, .stride = stride, .n = n, .padded = (n + W - 1) / W * W};
  if (stays_in_place(points, features, begin, n)) tile.x = points.data + begin;
  else if (!transpose_into_tile(points, features, begin, n, stride, x))
    tile = set_special_aside(tile, features, x, special, seen);
  return tile;
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
