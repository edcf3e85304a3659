// A tile of points, feature by feature: what every family works on.
#pragma once

#include "../core/kernel_table.hpp"
#include "../core/philox.hpp"
#include "../core/simd.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Points in structure-of-arrays order: feature d of sample s is x[d * stride + s]. Samples n .. padded are zeros, and
// every value is finite: rows with a NaN or an infinity have it replaced by 0 and are named in `special`.
template <class T> struct Tile {
  const T* x;
  std::int64_t stride;
  std::int64_t n;
  std::int64_t padded;  // n rounded up to whole vectors
  const T* special;     // per sample 0, -inf (a value is infinite) or NaN (a value is NaN); null when all are finite
};

// Samples to draw: rows first .. first + n of a stream, of which this block fills those that carry its labels: all of them
// where it is the only one.
template <class T> struct DrawTile {
  const PhiloxKey& key;
  std::uint64_t first;
  std::int64_t n;
  const std::int32_t* labels;  // (n,) component in the mixture
  T* out;                      // (n, D), row-major
  T* scratch;                  // Family::draw_scratch elements
  bool alone;                  // the mixture has no other block
};

template <class T> constexpr T infinity = T(__builtin_inff());

// Rows begin .. begin + n of `points` into tile order. x holds features * stride elements, special stride.
template <class T>
inline Tile<T> load_tile(Points<T> points, std::int64_t features, std::int64_t begin, std::int64_t n,
                         std::int64_t stride, T* x, T* special) {
  constexpr int W = native_width<T>;
  using V = Vec<T, W>;
  const std::int64_t padded = (n + W - 1) / W * W;
  const T* base = points.data + begin * points.row_stride;
  // Feature-inner blocks of rows would read lines once, sample-inner ones write them once; eight rows at a time do both.
  for (std::int64_t s0 = 0; s0 < n; s0 += 8) {
    const std::int64_t rows = n - s0 < 8 ? n - s0 : 8;
    const T* from = base + s0 * points.row_stride;
    if (rows == 8) {
      for (std::int64_t d = 0; d < features; ++d) {
        T* to = x + d * stride + s0;
        const T* column = from + d * points.col_stride;
        FASTGEN_UNROLL
        for (std::int64_t r = 0; r < 8; ++r) to[r] = column[r * points.row_stride];
      }
    } else {
      for (std::int64_t d = 0; d < features; ++d)
        for (std::int64_t r = 0; r < rows; ++r)
          x[d * stride + s0 + r] = from[d * points.col_stride + r * points.row_stride];
    }
  }
  // To whole logical lanes (kernels/moments.hpp), whatever the vector width.
  for (std::int64_t d = 0; d < features; ++d)
    for (std::int64_t s = n; s % 16 != 0; ++s) x[d * stride + s] = T(0);

  // v - v is 0 for a finite v and NaN otherwise.
  V check(T(0));
  for (std::int64_t d = 0; d < features; ++d)
    for (std::int64_t s = 0; s < padded; s += W) {
      const V v = V::load(x + d * stride + s);
      check = check + (v - v);
    }
  Tile<T> tile{x, stride, n, padded, nullptr};
  if (any(check != check)) {
    tile.special = special;
    for (std::int64_t s = 0; s < padded; ++s) special[s] = T(0);
    for (std::int64_t d = 0; d < features; ++d)
      for (std::int64_t s = 0; s < n; ++s) {
        T& v = x[d * stride + s];
        if (v - v == T(0)) continue;
        if (v != v) special[s] = v;
        else if (special[s] == special[s]) special[s] = -infinity<T>;
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

// Calls body.template operator()<C>(s) for strips of C vectors that cover 0 .. padded.
template <class T, int C, class Body> FASTGEN_INLINE void for_strips(std::int64_t padded, Body body) {
  constexpr std::int64_t W = native_width<T>;
  std::int64_t s = 0;
  for (; s + C * W <= padded; s += C * W) body.template operator()<C>(s);
  if constexpr (C > 1)
    for (; s < padded; s += W) body.template operator()<1>(s);
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
