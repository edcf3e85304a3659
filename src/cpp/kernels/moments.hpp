// The E step and the sums of the M step in one pass: tile -> log densities -> responsibilities -> weighted moments.
//
// For component k with responsibilities r (times sample weights) and shift c_k: mass sum r, first moment sum r (x - c_k),
// second moment sum r (x - c_k)(x - c_k)^T. Shifting by the current mean keeps every digit that the data have.
// Sums are taken in T over a tile, in an order fixed by the shape alone, and added to doubles: few features use 64 bytes
// of logical lanes over samples and a tree; many use lanes over features, each element summing samples in order.
//
// Work a (sample, component) pair: that of the log density, one exp, and D (D + 1) / 2 + 2 D multiply-adds (full).
#pragma once

#include "mixture.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class T> constexpr int logical_lanes = 64 / int(sizeof(T));
constexpr std::int64_t moment_rows = 64;  // samples whose differences are held at once when features are many

// Sum of logical lanes by a tree of fixed shape, in double.
template <int N, class V> FASTGEN_INLINE double lane_sum(const V (&acc)[N]) {
  using T = typename V::Scalar;
  constexpr int lanes = N * V::width;
  T stored[lanes];
  FASTGEN_UNROLL
  for (int v = 0; v < N; ++v) acc[v].store(stored + v * V::width);
  double sum[lanes];
  FASTGEN_UNROLL
  for (int i = 0; i < lanes; ++i) sum[i] = double(stored[i]);
  FASTGEN_UNROLL
  for (int half = lanes / 2; half > 0; half /= 2) {
    FASTGEN_UNROLL
    for (int i = 0; i < half; ++i) sum[i] += sum[i + half];
  }
  return sum[0];
}

// One component (or all together, for a scatter), one tile.
template <class T> struct MomentSums {
  const T* r;  // (padded,) zeros past n
  const double* shift;  // (D,)
  MomentOrder order;
  std::int64_t pitch;  // of a row of second when full
  double *mass, *first, *second;  // mass may be null
};

template <class T> inline void add_mass(const T* r, std::int64_t padded, double* mass) {
  constexpr int N = logical_lanes<T> / native_width<T>;
  using V = Vec<T, native_width<T>>;
  V total[N];
  for (int v = 0; v < N; ++v) total[v] = V(T(0));
  for (std::int64_t s = 0; s < padded; s += logical_lanes<T>) {
    FASTGEN_UNROLL
    for (int v = 0; v < N; ++v) total[v] = total[v] + V::load(r + s + v * V::width);
  }
  *mass += lane_sum(total);
}

template <int D, class T>
inline void add_moments_few(const MomentSums<T>& sums, const T* x, std::int64_t stride, std::int64_t padded) {
  constexpr int N = logical_lanes<T> / native_width<T>;
  using V = Vec<T, native_width<T>>;
  V shift[D];
  for (int d = 0; d < D; ++d) shift[d] = V(T(sums.shift[d]));
  // One row of the second moment at a time keeps the accumulators in registers.
  for (int d = 0; d < D; ++d) {
    V first[N], second[D][N];
    for (int v = 0; v < N; ++v) first[v] = V(T(0));
    for (int e = 0; e < D; ++e)
      for (int v = 0; v < N; ++v) second[e][v] = V(T(0));
    const auto loop = [&](auto body) FASTGEN_LAMBDA_INLINE {
      for (std::int64_t s = 0; s < padded; s += logical_lanes<T>) {
        FASTGEN_UNROLL
        for (int v = 0; v < N; ++v) {
          const std::int64_t at = s + v * V::width;
          const V diff = V::load(x + d * stride + at) - shift[d];
          const V weighted = V::load(sums.r + at) * diff;
          first[v] = first[v] + weighted;
          body(at, v, diff, weighted);
        }
      }
    };
    if (sums.order == MomentOrder::first) {
      loop([](std::int64_t, int, V, V) FASTGEN_LAMBDA_INLINE {});
    } else if (sums.order == MomentOrder::diagonal) {
      loop([&](std::int64_t, int v, V diff, V weighted)
               FASTGEN_LAMBDA_INLINE { second[0][v] = fma(weighted, diff, second[0][v]); });
      sums.second[d] += lane_sum(second[0]);
    } else {
      loop([&](std::int64_t at, int v, V, V weighted) FASTGEN_LAMBDA_INLINE {
        FASTGEN_UNROLL
        for (int e = 0; e < D; ++e)
          if (e <= d) second[e][v] = fma(weighted, V::load(x + e * stride + at) - shift[e], second[e][v]);
      });
      for (int e = 0; e <= d; ++e) sums.second[d * sums.pitch + e] += lane_sum(second[e]);
    }
    sums.first[d] += lane_sum(first);
  }
}

// Many features are held row by row, in panels of a multiple of 3 vectors and of 4 features: every block of the second
// moment then streams through at most two contiguous runs of memory, whatever D is.
template <class T> constexpr std::int64_t strip = 3 * native_width<T>;
template <class T> constexpr std::int64_t panel = native_width<T> < 4 ? 12 : strip<T>;
template <class T> constexpr std::int64_t panels(std::int64_t D) { return (D + panel<T> - 1) / panel<T>; }
template <class T> FASTGEN_INLINE std::int64_t in_panel(std::int64_t height, std::int64_t s, std::int64_t d) {
  return (d / panel<T>)*height * panel<T> + s * panel<T> + d % panel<T>;
}

// Rows of `second` from `to`, R of them at most, plus an accumulator each.
template <int C, class V>
FASTGEN_INLINE void add_rows(const V (&acc)[4][C], std::int64_t rows, std::int64_t pitch, double* to) {
  using T = typename V::Scalar;
  for (std::int64_t a = 0; a < 4 && a < rows; ++a, to += pitch) {
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) {
      if constexpr (sizeof(T) == sizeof(double)) {
        (V::load(to + c * V::width) + acc[a][c]).store(to + c * V::width);
      } else {
        T stored[V::width];
        acc[a][c].store(stored);
        for (int b = 0; b < V::width; ++b) to[c * V::width + b] += double(stored[b]);
      }
    }
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

// The rows of a tile that take part in a sum: those with r != 0, in order. Near a component of many features there are
// few, and all others are exact zeros.
template <class T> struct Taken {
  std::uint16_t* row;
  T *r, *root;  // root: sqrt(r)
};

// Memory for many features: the tile row by row, those taken, weighted differences of moment_rows of them, and sums.
template <class T> struct MomentPanels {
  T *rows, *diff, *shift, *first, *second;
  Taken<T> taken;
  std::int64_t used;
  MomentPanels(std::int64_t D, std::int64_t tile, T* p) {
    T* const begin = p;
    const std::int64_t width = panels<T>(D) * panel<T>;
    rows = p, p += round_to_line(width * tile);
    diff = p, p += round_to_line(width * moment_rows);
    shift = p, p += round_to_line(width);
    first = p, p += round_to_line(width);
    second = p, p += round_to_line(width);
    taken.r = p, p += round_to_line(tile);
    taken.root = p, p += round_to_line(tile);
    taken.row = reinterpret_cast<std::uint16_t*>(p), p += round_to_line(tile + 4);
    used = p - begin;
  }
};

// The tile in panels, zeros to the next whole vector past the last feature. Rows whose features lie side by side are
// copied from where the caller holds them, if they are all finite; else from the tile.
template <class T>
inline void fill_panels(const Tile<T>& tile, const T* points, std::int64_t row_stride, std::int64_t col_stride,
                        std::int64_t D, std::int64_t height, T* rows) {
  constexpr std::int64_t W = native_width<T>;
  using V = Vec<T, W>;
  const bool copy = col_stride == 1 && !tile.special;
  const std::int64_t whole = copy ? D / W * W : 0;
  for (std::int64_t s = 0; s < tile.n; ++s) {
    const T* x = points + s * row_stride;
    for (std::int64_t j = 0; j < D; j += panel<T>) {
      T* to = rows + in_panel<T>(height, s, j) - j;
      const std::int64_t end = j + panel<T> < D ? j + panel<T> : D;
      std::int64_t d = j;
      for (; d + W <= end && d < whole; d += W) V::load(x + d).store(to + d);
      for (; d < end; ++d) to[d] = tile.x[d * tile.stride + s];
      for (; d % W != 0; ++d) to[d] = T(0);
    }
  }
}

// Which of four numbers are not 0, as bits.
template <class T> FASTGEN_INLINE unsigned nonzero_bits(const T* r) {
  if constexpr (native_width<T> >= 4) {
    using V = Vec<T, 4>;
    return bits(V::load(r) != V(T(0)));
  } else {
    return unsigned(r[0] != T(0)) | unsigned(r[1] != T(0)) << 1 | unsigned(r[2] != T(0)) << 2 |
           unsigned(r[3] != T(0)) << 3;
  }
}

// Lists the rows with r != 0, four at a time and without branches, and their r, with zeros to whole logical lanes.
// r has zeros from n to whole logical lanes. Returns how many there are.
template <class T> inline std::int64_t take_rows(const T* r, std::int64_t n, const Taken<T>& taken) {
  struct Four {
    std::uint16_t row[4];
  };
  // Numbers of the set bits, from the lowest.
  static constexpr Four set[16] = {{{0}},       {{0}},       {{1}},       {{0, 1}},    {{2}},    {{0, 2}},
                                   {{1, 2}},    {{0, 1, 2}}, {{3}},       {{0, 3}},    {{1, 3}}, {{0, 1, 3}},
                                   {{2, 3}},    {{0, 2, 3}}, {{1, 2, 3}}, {{0, 1, 2, 3}}};
  std::int64_t count = 0;
  for (std::int64_t s = 0; s < n; s += 4) {
    const unsigned bits = nonzero_bits(r + s);
    FASTGEN_UNROLL
    for (int i = 0; i < 4; ++i) taken.row[count + i] = std::uint16_t(s + set[bits].row[i]);
    count += __builtin_popcount(bits);
  }
  for (std::int64_t s = 0; s < count; ++s) taken.r[s] = r[taken.row[s]];
  for (std::int64_t s = count; s % logical_lanes<T> != 0; ++s) taken.r[s] = T(0);
  return count;
}

// C vectors of features from d for `count` rows taken: their first moment, and with Full the differences times root r,
// else the second moment's diagonal. Several vectors side by side hide the latency of the sums.
template <int C, bool Full, class T>
inline void add_differences(const MomentPanels<T>& m, std::int64_t height, std::int64_t taken, std::int64_t count,
                            std::int64_t d) {
  using V = Vec<T, native_width<T>>;
  constexpr int W = V::width;
  V shift[C], first[C], second[C];
  FASTGEN_UNROLL
  for (int c = 0; c < C; ++c) shift[c] = V::load(m.shift + d + c * W), first[c] = second[c] = V(T(0));
  const T* rows = m.rows + in_panel<T>(height, 0, d);
  T* diff = m.diff + in_panel<T>(moment_rows, 0, d);
  for (std::int64_t s = taken; s < taken + count; ++s, diff += panel<T>) {
    const T* x = rows + std::int64_t(m.taken.row[s]) * panel<T>;
    const V r(m.taken.r[s]), root(Full ? m.taken.root[s] : T(0));
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) {
      const V e = V::load(x + c * W) - shift[c];
      if constexpr (Full) {
        first[c] = fma(r, e, first[c]);
        (root * e).store(diff + c * W);
      } else {
        const V w = r * e;
        first[c] = first[c] + w;
        second[c] = fma(w, e, second[c]);
      }
    }
  }
  FASTGEN_UNROLL
  for (int c = 0; c < C; ++c) first[c].store(m.first + d + c * W), second[c].store(m.second + d + c * W);
}

template <bool Full, class T>
inline void add_differences(const MomentPanels<T>& m, std::int64_t height, std::int64_t taken, std::int64_t count,
                            std::int64_t D) {
  for (std::int64_t d = 0; d < D; d += strip<T>) {
    const std::int64_t vectors = (D - d + native_width<T> - 1) / native_width<T>;
    if (vectors >= 3) add_differences<3, Full>(m, height, taken, count, d);
    else if (vectors == 2) add_differences<2, Full>(m, height, taken, count, d);
    else add_differences<1, Full>(m, height, taken, count, d);
  }
}

template <class T>
inline void add_moments_many(const MomentSums<T>& sums, const MomentPanels<T>& m, std::int64_t height, std::int64_t D,
                             std::int64_t n) {
  constexpr int W = native_width<T>;
  using V = Vec<T, W>;
  const std::int64_t all = take_rows(sums.r, n, m.taken);
  if (all == 0) return;
  const std::int64_t lanes = (all + logical_lanes<T> - 1) / logical_lanes<T> * logical_lanes<T>;
  if (sums.mass) add_mass(m.taken.r, lanes, sums.mass);
  const bool full = sums.order == MomentOrder::full;
  if (full)
    for (std::int64_t s = 0; s < lanes; s += W) sqrt(V::load(m.taken.r + s)).store(m.taken.root + s);
  for (std::int64_t d = 0; d < (D + W - 1) / W * W; ++d) m.shift[d] = d < D ? T(sums.shift[d]) : T(0);
  for (std::int64_t s = 0; s < all; s += moment_rows) {
    const std::int64_t count = all - s < moment_rows ? all - s : moment_rows;
    if (full) add_differences<true>(m, height, s, count, D);
    else add_differences<false>(m, height, s, count, D);
    for (std::int64_t d = 0; d < D; ++d) sums.first[d] += double(m.first[d]);
    if (sums.order == MomentOrder::diagonal)
      for (std::int64_t d = 0; d < D; ++d) sums.second[d] += double(m.second[d]);
    if (full) add_products(D, count, m.diff, sums.pitch, sums.second);
  }
}

template <class T> inline std::int64_t moments_scratch(const Model<T>& m) {
  return Workspace<T>(m, nullptr).used + 2 * round_to_line(m.tile) +
         MomentPanels<T>(m.n_features, m.tile, nullptr).used;
}

// One-hot columns for the first most probable component, times scale.
template <class T>
inline void hard_max(T* table, const Tile<T>& tile, std::int64_t K, const T* scale, T* log_sum) {
  for (std::int64_t s = 0; s < tile.n; ++s) {
    std::int64_t best = 0;
    for (std::int64_t k = 1; k < K; ++k)
      if (table[k * tile.stride + s] > table[best * tile.stride + s]) best = k;
    log_sum[s] = table[best * tile.stride + s];
    for (std::int64_t k = 0; k < K; ++k) table[k * tile.stride + s] = T(0);
    table[best * tile.stride + s] = scale[s];
  }
}

template <class T>
inline void moments(const Model<T>& m, Points<T> points, const double* sample_weight, std::int64_t begin,
                    std::int64_t end, bool hard, Moments* sums, T* scratch, Cancelled cancelled, void* context) {
  const Workspace<T> w(m, scratch);
  const Patience patience{cancelled, context};
  const std::int64_t K = m.n_components, D = m.n_features;
  T* scale = scratch + w.used;
  T* log_sum = scale + round_to_line(m.tile);
  const MomentPanels<T> memory(D, m.tile, log_sum + round_to_line(m.tile));
  for (std::int64_t i = begin; i < end; i += m.tile) {
    if (i != begin && patience.over()) return;
    const std::int64_t n = end - i < m.tile ? end - i : m.tile;
    const Tile<T> tile = load_tile(points, D, i, n, m.tile, w.x, w.special);
    if (!component_table(m, tile, m.log_weights, w.table, w.family, patience)) return;
    const std::int64_t lanes = (n + logical_lanes<T> - 1) / logical_lanes<T> * logical_lanes<T>;
    for (std::int64_t s = 0; s < lanes; ++s) scale[s] = s >= n ? T(0) : sample_weight ? T(sample_weight[i + s]) : T(1);
    if (hard) hard_max(w.table, tile, K, scale, log_sum);
    else soft_max(m, w.table, tile, negligible<T>(K), scale, log_sum);
    // Eight partial sums in double, joined by a tree.
    double part[8] = {};
    for (std::int64_t s = 0; s < n; ++s)
      if (scale[s] != T(0)) part[s % 8] += (sample_weight ? sample_weight[i + s] : 1.0) * double(log_sum[s]);
    sums->log_likelihood += ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));

    const bool many = D > few_features;
    if (many)
      fill_panels(tile, points.data + i * points.row_stride, points.row_stride, points.col_stride, D, m.tile,
                  memory.rows);
    const auto add = [&](const MomentSums<T>& one) {
      if (many) return add_moments_many(one, memory, m.tile, D, n);
      if (one.mass) add_mass(one.r, lanes, one.mass);
      switch (D) {
        case 1: return add_moments_few<1>(one, w.x, tile.stride, lanes);
        case 2: return add_moments_few<2>(one, w.x, tile.stride, lanes);
        case 3: return add_moments_few<3>(one, w.x, tile.stride, lanes);
        default: return add_moments_few<4>(one, w.x, tile.stride, lanes);
      }
    };
    const std::int64_t second = sums->order == MomentOrder::full ? D * sums->pitch : D;
    for (std::int64_t k = 0; k < K; ++k) {
      if (k % 64 == 63 && D > 64 && patience.over()) return;
      T* r = w.table + k * tile.stride;
      for (std::int64_t s = n; s < lanes; ++s) r[s] = T(0);
      add({r, sums->shift + k * D, sums->order, sums->pitch, sums->mass + k, sums->first + k * D,
           sums->second ? sums->second + k * second : nullptr});
    }
    if (sums->scatter) add({scale, sums->center, MomentOrder::full, sums->pitch, nullptr, sums->scatter_first, sums->scatter});
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
