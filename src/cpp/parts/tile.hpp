// A tile of points, feature by feature: what every family works on.
#pragma once

#include "../core/kernel_table.hpp"
#include "../core/math.hpp"
#include "../core/philox.hpp"
#include "../core/simd.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// The points after those of a tile, asked for a few cache lines at a time while the tile is worked on: to read a row takes a tenth
// of the work on it, and the hardware does not foresee where the next tile begins.
class Upcoming {
  std::uintptr_t at_ = 0, end_ = 0;

 public:
  template <class T> Upcoming(Points<T> points, std::int64_t features, std::int64_t begin, std::int64_t n) {
    if (points.col_stride != 1 || points.row_stride != features || begin >= points.n) return;
    const std::int64_t end = begin + n < points.n ? begin + n : points.n;
    at_ = reinterpret_cast<std::uintptr_t>(points.data + begin * features);
    end_ = reinterpret_cast<std::uintptr_t>(points.data + end * features);
  }
  std::int64_t lines() const { return std::int64_t(end_ - at_) / 64; }
  void fetch(std::int64_t count) {
    if (at_ >= end_) return;
    prefetch<Soon::read>(reinterpret_cast<const char*>(at_), 0, 64 * count);
    at_ += 64 * std::uintptr_t(count);
  }
};

// Points in structure-of-arrays order: feature d of sample s is x[d * stride + s]. Samples n .. padded are zeros, and
// every value is finite: rows with a NaN or an infinity have it replaced by 0 and are named in `special`.
template <class T> struct Tile {
  const T* x;
  std::int64_t stride;
  std::int64_t n;
  std::int64_t padded;  // n rounded up to whole vectors
  const T* special;     // per sample 0, -inf (a value is infinite) or NaN (a value is NaN); null when all are finite
  const T* seen;        // like x: 0 where a value was not observed, else 1; null when all were
  Upcoming* upcoming = nullptr;  // for families whose work on a tile is long
};

struct Streams;

// Samples to draw: rows first .. first + n of a stream, of which this block fills those that carry its labels.
template <class T> struct DrawTile {
  const PhiloxKey& key;
  std::uint64_t first;
  std::int64_t n;
  const std::int32_t* labels;  // (n,) component in the mixture
  T* out;                      // (n, D), row-major
  T* scratch;                  // Family::draw_scratch elements
  const std::uint16_t* mine;   // which of the rows those are, ascending; null where all are
  std::int64_t count;          // how many
  Streams* streams = nullptr;  // the tile's random bits, where there is one feature
  bool alone() const { return !mine; }
  std::int64_t row(std::int64_t j) const { return mine ? mine[j] : j; }
};

template <class T> constexpr T largest = sizeof(T) == 8 ? T(0x1.fffffffffffffp1023) : T(0x1.fffffep127);

// Rows begin .. begin + n of `points` into tile order. x holds features * stride elements, special stride. Where `seen` is
// given (like x) a NaN is a value that was not observed, and the row is not special for it.
template <class T>
inline Tile<T> load_tile(Points<T> points, std::int64_t features, std::int64_t begin, std::int64_t n,
                         std::int64_t stride, T* x, T* special, T* seen = nullptr) {
  constexpr int W = native_width<T>;
  using V = Vec<T, W>;
  const std::int64_t padded = (n + W - 1) / W * W, row = points.row_stride, col = points.col_stride;
  const T* base = points.data + begin * row;
  // v - v is 0 for a finite v and NaN otherwise.
  V check(T(0));
  // A single feature may stay where it is, if it ends in whole logical lanes.
  if (features == 1 && row == 1 && n % 16 == 0) {
    for (std::int64_t s = 0; s < n; s += W) {
      const V v = V::load(base + s);
      check = check + (v - v);
    }
    if (!any(check != check)) return {base, stride, n, padded, nullptr, nullptr};
    check = V(T(0));
  }
  T check_one = T(0);
  const auto put = [&](std::int64_t d, std::int64_t s, V v) FASTGEN_LAMBDA_INLINE {
    v.store(x + d * stride + s);
    check = check + (v - v);
  };
  const auto put_one = [&](std::int64_t d, std::int64_t s) FASTGEN_LAMBDA_INLINE {
    const T v = base[s * row + d * col];
    x[d * stride + s] = v;
    check_one = check_one + (v - v);
  };
  // Whole squares of features are transposed. So is the better part of one: it starts early, at features that are there already,
  // or, of fewer than W, takes in what follows a row, which is the next row and must be within the data.
  const std::int64_t beyond = features < W ? W - features : 0;
  std::int64_t in_squares = 0;
  if (col == 1 && features % W > W / 2 && (beyond == 0 || row >= features)) {
    in_squares = n;
    while (in_squares > 0 && (points.n - begin - in_squares) * row < beyond) --in_squares;
  }
  // A vector of rows at a time: lines are read once, and written while they are in the first-level cache. Its loads jump from row
  // to row, which the hardware does not foresee.
  constexpr std::int64_t ahead = 4096 / std::int64_t(sizeof(T));
  const bool contiguous = col == 1 && row == features;
  std::int64_t s = 0;
  for (; s + W <= n; s += W) {
    const T* from = base + s * row;
    if (contiguous) prefetch<Soon::read>(from, ahead, W * row);
    std::int64_t d = 0;
    if (W == 1 || row == 1) {
      for (; d < features; ++d) put(d, s, V::load(from + d * col));
    } else if constexpr (W > 1) {
      if (col == 1 && row == 2 && features == 2) {
        V a = V::load(from), b = V::load(from + W);
        split_pairs(a, b);
        put(0, s, a), put(1, s, b);
        continue;
      }
      const auto square = [&](std::int64_t first, std::int64_t most) FASTGEN_LAMBDA_INLINE {
        V block[W];
        FASTGEN_UNROLL
        for (int r = 0; r < W; ++r) block[r] = V::load(from + r * row + first);
        transpose(block);
        FASTGEN_UNROLL
        for (int r = 0; r < W; ++r)
          if (r < most) put(first + r, s, block[r]);
      };
      if (col == 1)
        for (; d + W <= features; d += W) square(d, W);
      if (s + W <= in_squares) {
        square(beyond > 0 ? 0 : features - W, features);
        continue;
      }
      for (; d < features; ++d) {
        T lanes[W];
        FASTGEN_UNROLL
        for (int r = 0; r < W; ++r) lanes[r] = from[r * row + d * col];
        put(d, s, V::load(lanes));
      }
    }
  }
  for (std::int64_t d = 0; d < features; ++d) {
    for (std::int64_t r = s; r < n; ++r) put_one(d, r);
    // To whole logical lanes (kernels/moments.hpp), whatever the vector width.
    for (std::int64_t r = n; r % 16 != 0; ++r) x[d * stride + r] = T(0);
  }

  Tile<T> tile{x, stride, n, padded, nullptr, nullptr};
  if (any(check != check) || check_one != check_one) {
    tile.special = special;
    for (s = 0; s < padded; ++s) special[s] = T(0);
    if (seen) {
      tile.seen = seen;
      for (std::int64_t j = 0; j < features * stride; ++j) seen[j] = T(1);
    }
    for (std::int64_t d = 0; d < features; ++d)
      for (s = 0; s < n; ++s) {
        T& v = x[d * stride + s];
        if (v - v == T(0)) continue;
        if (v != v && seen) seen[d * stride + s] = T(0);
        else if (v != v) special[s] = v;
        else if (special[s] == special[s]) special[s] = -math::infinity<T>;
        v = T(0);
      }
  }
  return tile;
}

// rows x columns of a strip-mined table, lanes over samples, written row by row: out[s * columns + c] = in[c * stride + s].
template <class T>
inline void store_rows(const T* in, std::int64_t stride, std::int64_t columns, std::int64_t n, T* out) {
  for (std::int64_t s = 0; s < n; ++s)
    for (std::int64_t c = 0; c < columns; ++c) out[s * columns + c] = in[c * stride + s];
}

// Calls body.template operator()<C>(s) for strips of C vectors that cover begin .. padded; the last may be narrower.
template <class T, int C, class Body>
FASTGEN_INLINE void for_strips(std::int64_t padded, Body body, std::int64_t begin = 0) {
  constexpr std::int64_t W = native_width<T>;
  std::int64_t s = begin;
  for (; s + C * W <= padded; s += C * W) body.template operator()<C>(s);
  if constexpr (C > 1) for_strips<T, C - 1>(padded, body, s);
}

// Calls body.template operator()<V>(s) for columns 0 .. padded, two vectors at a time while there are two.
template <class T, class Body> FASTGEN_INLINE void for_columns(std::int64_t padded, Body body) {
  using Wide = Vec<T, wide_width<T>>;
  using V = Vec<T, native_width<T>>;
  std::int64_t s = 0;
  for (; s + Wide::width <= padded; s += Wide::width) body.template operator()<Wide>(s);
  for (; s < padded; s += V::width) body.template operator()<V>(s);
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
