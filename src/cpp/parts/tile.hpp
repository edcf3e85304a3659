// A tile of points, feature by feature: what every family works on.
#pragma once

#include "../core/kernel_table.hpp"
#include "../vector/math.hpp"
#include "../vector/philox.hpp"
#include "../vector/simd.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// The points after those of a tile, asked for a few cache lines at a time while the tile is worked on: to read a row takes a tenth
// of the work on it, and the hardware does not foresee where the next tile begins.
class Upcoming {
  std::uintptr_t at_ = 0, end_ = 0;
  std::int64_t share_ = 1;  // cache lines a step

 public:
  template <class T> Upcoming(Points<T> points, std::int64_t features, std::int64_t begin, std::int64_t n) {
    if (points.col_stride != 1 || points.row_stride != features || begin >= points.n) return;
    const std::int64_t end = begin + n < points.n ? begin + n : points.n;
    at_ = reinterpret_cast<std::uintptr_t>(points.data + begin * features);
    end_ = reinterpret_cast<std::uintptr_t>(points.data + end * features);
  }
  // Divides what is left among so many calls of `fetch`.
  void share_out(std::int64_t steps) { share_ = std::int64_t(end_ - at_) / cache_line_bytes / steps + 1; }
  template <Soon Use> void fetch() {
    if (at_ >= end_) return;
    prefetch<Use>(reinterpret_cast<const char*>(at_), 0, cache_line_bytes * share_);
    at_ += std::uintptr_t(cache_line_bytes * share_);
  }
};

// The most lanes that a vector of any instruction set has: so many samples are whole vectors of every width.
constexpr std::int64_t most_lanes = 16;
static_assert(most_lanes % native_width<float> == 0);

// Points in structure-of-arrays order: feature d of sample s is x[d * stride + s]. Samples n .. padded are zeros, and
// every value is finite: rows with a NaN or an infinity have it replaced by 0 and are named in `special`.
template <class T> struct Tile {
  const T* x;
  std::int64_t stride;
  std::int64_t n;
  std::int64_t padded;  // n rounded up to whole vectors
  // Per sample 0, -inf (a value is infinite) or NaN (a value is NaN); null when all are finite.
  const T* special = nullptr;
  const T* seen = nullptr;       // like x: 0 where a value was not observed, else 1; null when all were
  Upcoming* upcoming = nullptr;  // for families whose work on a tile is long
};

// Samples to draw, all of one block: first .. first + n of a stream.
template <class T> struct DrawTile {
  const PhiloxKey& key;
  std::uint64_t first;
  std::int64_t n;
  const std::int32_t* labels;  // (n,) component in the mixture
  T* out;                      // (n, D), row-major
  T* scratch;                  // Family::draw_scratch elements
  // Memory of n D elements that will be written soon and is in no cache: asked for while samples are drawn.
  T* soon = out;
};

template <class T> constexpr T largest = sizeof(T) == 8 ? T(0x1.fffffffffffffp1023) : T(0x1.fffffep127);

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
