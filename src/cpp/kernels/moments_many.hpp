// Weighted moments of many features: lanes over features, each element summing rows in order.
//
// Rows are taken moment_rows at a time. Their differences from the shift, times the root of r, are written to memory that
// stays in the first-level cache; the second moment is then their matrix times its transpose, in blocks.
#pragma once

#include "moments_narrow.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Many features are held row by row, in panels of a multiple of 3 vectors and of 4 features: every block of the second
// moment then streams through at most two contiguous runs of memory, whatever D is.
template <class T> constexpr std::int64_t strip = 3 * native_width<T>;
template <class T> constexpr std::int64_t panel = native_width<T> < 4 ? 12 : strip<T>;
template <class T> constexpr std::int64_t panels(std::int64_t D) { return (D + panel<T> - 1) / panel<T>; }
template <class T> FASTGEN_INLINE std::int64_t in_panel(std::int64_t height, std::int64_t s, std::int64_t d) {
  return (d / panel<T>)*height * panel<T> + s * panel<T> + d % panel<T>;
}

// Four rows of `second` from `to`, or as many as there are, plus an accumulator each.
template <int C, class V>
FASTGEN_INLINE void add_rows(const V (&acc)[4][C], std::int64_t rows, std::int64_t pitch, double* to) {
  for (std::int64_t a = 0; a < 4 && a < rows; ++a, to += pitch) {
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) add_to_doubles(acc[a][c], to + c * V::width);
  }
}

// Sums over `count` samples of the products of 4 features with A vectors of features, and of the next 4 with B vectors
// (none if B is 0), added to `rows` rows of second. Twelve multiply-adds take at most four broadcasts and three loads, or
// eight and two: bound by the multiply-adds.
template <int A, int B, class T>
FASTGEN_INLINE void add_block(std::int64_t count, const T* four, const T* columns, std::int64_t rows,
                              std::int64_t pitch, double* second) {
  using V = Vec<T, native_width<T>>;
  constexpr int C = B > A ? B : A;
  V upper[4][A], lower[4][B ? B : 1];
  FASTGEN_UNROLL
  for (int a = 0; a < 4; ++a) {
    FASTGEN_UNROLL
    for (int c = 0; c < A; ++c) upper[a][c] = V(T(0));
    FASTGEN_UNROLL
    for (int c = 0; c < B; ++c) lower[a][c] = V(T(0));
  }
  for (std::int64_t s = 0; s < count; ++s, four += panel<T>, columns += panel<T>) {
    V e[C];
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) e[c] = V::load(columns + c * V::width), in_register(e[c]);
    FASTGEN_UNROLL
    for (int a = 0; a < 4; ++a) {
      const V f(four[a]);
      FASTGEN_UNROLL
      for (int c = 0; c < A; ++c) upper[a][c] = fma(f, e[c], upper[a][c]);
    }
    if constexpr (B > 0) {
      FASTGEN_UNROLL
      for (int a = 0; a < 4; ++a) {
        const V f(four[4 + a]);
        FASTGEN_UNROLL
        for (int c = 0; c < B; ++c) lower[a][c] = fma(f, e[c], lower[a][c]);
      }
    }
  }
  add_rows(upper, rows, pitch, second);
  if constexpr (B > 0) add_rows(lower, rows - 4, pitch, second + 4 * pitch);
}

// The lower triangle of sum diff diff^T, added to second. What lies above the diagonal, up to the next whole vector, gets
// something too, which nobody reads.
template <class T>
inline void add_products(std::int64_t D, std::int64_t count, const T* diff, std::int64_t pitch, double* second) {
  constexpr std::int64_t W = native_width<T>;
  for (std::int64_t j = 0; j < D; j += strip<T>) {
    const T* columns = diff + in_panel<T>(moment_rows, 0, j);
    // Vectors of features from j that rows i .. i + 3 need to reach the diagonal.
    const auto vectors = [&](std::int64_t i) { return ((i + 3 < D ? i + 3 : D - 1) - j) / W + 1; };
    for (std::int64_t i = j / 4 * 4; i < D; i += 4) {
      const T* four = diff + in_panel<T>(moment_rows, 0, i);
      double* to = second + i * pitch + j;
      const std::int64_t here = vectors(i), next = i + 4 < D && i % panel<T> + 4 < panel<T> ? vectors(i + 4) : 3;
      if (here + next > 3) {
        if (here >= 3) add_block<3, 0>(count, four, columns, D - i, pitch, to);
        else if (here == 2) add_block<2, 0>(count, four, columns, D - i, pitch, to);
        else add_block<1, 0>(count, four, columns, D - i, pitch, to);
        continue;
      }
      // Two narrow blocks at once: one alone has too few sums to hide the latency of a multiply-add.
      if (next == 2) add_block<1, 2>(count, four, columns, D - i, pitch, to);
      else add_block<1, 1>(count, four, columns, D - i, pitch, to);
      i += 4;
    }
  }
}

// Memory for many features: the tile row by row; responsibilities of one component; differences of moment_rows rows, and
// sums.
template <class T> struct MomentPanels {
  T *rows, *r, *diff, *root, *shift, *first, *second;
  std::uint16_t* every;  // 0, 1, ..., tile - 1
  std::int64_t height;
  MomentPanels(std::int64_t D, std::int64_t tile, Scratch<T>& scratch) : height(tile) {
    const std::int64_t width = panels<T>(D) * panel<T>;
    rows = scratch.take(width * tile);
    r = scratch.take(tile);
    every = scratch.template take<std::uint16_t>(tile);
    diff = scratch.take(width * moment_rows);
    root = scratch.take(moment_rows);
    shift = scratch.take(width);
    first = scratch.take(width);
    second = scratch.take(width);
  }
};

// The tile in panels, zeros to the next whole vector past the last feature. Rows whose features lie side by side are
// copied from where the caller holds them, if they are all finite; else from the tile.
template <class T>
inline void fill_panels(const Tile<T>& tile, const T* points, std::int64_t row_stride, std::int64_t col_stride,
                        std::int64_t D, const MomentPanels<T>& m) {
  constexpr std::int64_t W = native_width<T>;
  using V = Vec<T, W>;
  const bool copy = col_stride == 1 && !tile.special;
  const std::int64_t whole = copy ? D / W * W : 0;
  for (std::int64_t s = 0; s < tile.n; ++s) {
    const T* x = points + s * row_stride;
    for (std::int64_t j = 0; j < D; j += panel<T>) {
      T* to = m.rows + in_panel<T>(m.height, s, j) - j;
      const std::int64_t end = j + panel<T> < D ? j + panel<T> : D;
      std::int64_t d = j;
      for (; d + W <= end && d < whole; d += W) V::load(x + d).store(to + d);
      for (; d < end; ++d) to[d] = tile.x[d * tile.stride + s];
      for (; d % W != 0; ++d) to[d] = T(0);
    }
  }
}

// C vectors of features from d for `count` rows: their first moment, and with Full the differences times root r, else the
// second moment's diagonal. Several vectors side by side hide the latency of the sums.
template <int C, bool Full, class T>
inline void add_differences(const MomentPanels<T>& m, const std::uint16_t* row, const T* r, std::int64_t count,
                            std::int64_t d) {
  using V = Vec<T, native_width<T>>;
  constexpr int W = V::width;
  V shift[C], first[C], second[C];
  FASTGEN_UNROLL
  for (int c = 0; c < C; ++c) shift[c] = V::load(m.shift + d + c * W), first[c] = second[c] = V(T(0));
  const T* rows = m.rows + in_panel<T>(m.height, 0, d);
  T* diff = m.diff + in_panel<T>(moment_rows, 0, d);
  for (std::int64_t s = 0; s < count; ++s, diff += panel<T>) {
    const T* x = rows + std::int64_t(row[s]) * panel<T>;
    const V weight(r[s]), root(Full ? m.root[s] : T(0));
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) {
      const V e = V::load(x + c * W) - shift[c];
      if constexpr (Full) {
        first[c] = fma(weight, e, first[c]);
        (root * e).store(diff + c * W);
      } else {
        const V w = weight * e;
        first[c] = first[c] + w;
        second[c] = fma(w, e, second[c]);
      }
    }
  }
  FASTGEN_UNROLL
  for (int c = 0; c < C; ++c) first[c].store(m.first + d + c * W), second[c].store(m.second + d + c * W);
}

template <bool Full, class T>
inline void add_differences(const MomentPanels<T>& m, std::int64_t D, const std::uint16_t* row, const T* r,
                            std::int64_t count) {
  for (std::int64_t d = 0; d < D; d += strip<T>) {
    const std::int64_t vectors = (D - d + native_width<T> - 1) / native_width<T>;
    if (vectors >= 3) add_differences<3, Full>(m, row, r, count, d);
    else if (vectors == 2) add_differences<2, Full>(m, row, r, count, d);
    else add_differences<1, Full>(m, row, r, count, d);
  }
}

// The rows whose numbers are listed.
template <class T>
inline void add_moments_many(const MomentSums<T>& sums, const MomentPanels<T>& m, std::int64_t D,
                             const std::uint16_t* row) {
  constexpr int W = native_width<T>;
  using V = Vec<T, W>;
  if (sums.count == 0) return;
  if (sums.mass) add_mass(sums.r, sums.count, sums.mass);
  if (sums.order == MomentOrder::full && D <= narrow_features)
    return add_moments_narrow(sums, D, m.rows, panel<T>, row);
  for (std::int64_t d = 0; d < (D + W - 1) / W * W; ++d) m.shift[d] = d < D ? T(sums.shift[d]) : T(0);
  for (std::int64_t s = 0; s < sums.count; s += moment_rows) {
    const std::int64_t count = sums.count - s < moment_rows ? sums.count - s : moment_rows;
    const T* r = sums.r + s;
    if (sums.order == MomentOrder::full) {
      for (std::int64_t i = 0; i < count; i += W) sqrt(V::load(r + i)).store(m.root + i);
      add_differences<true>(m, D, row + s, r, count);
      add_products(D, count, m.diff, sums.pitch, sums.second);
    } else {
      add_differences<false>(m, D, row + s, r, count);
    }
    for (std::int64_t d = 0; d < D; ++d) sums.first[d] += double(m.first[d]);
    if (sums.order == MomentOrder::diagonal)
      for (std::int64_t d = 0; d < D; ++d) sums.second[d] += double(m.second[d]);
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
