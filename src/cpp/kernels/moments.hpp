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
constexpr std::int64_t moment_rows = 96;  // samples whose differences are held at once when features are many
constexpr std::int64_t few_features = 4;

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
  const T* r;           // (padded,) zeros past n
  const double* shift;  // (D,)
  MomentOrder order;
  double *mass, *first, *second;  // mass may be null
};

template <class T> inline void add_mass(const MomentSums<T>& sums, std::int64_t padded) {
  constexpr int N = logical_lanes<T> / native_width<T>;
  using V = Vec<T, native_width<T>>;
  V total[N];
  for (int v = 0; v < N; ++v) total[v] = V(T(0));
  for (std::int64_t s = 0; s < padded; s += logical_lanes<T>) {
    FASTGEN_UNROLL
    for (int v = 0; v < N; ++v) total[v] = total[v] + V::load(sums.r + s + v * V::width);
  }
  *sums.mass += lane_sum(total);
}

template <int D, class T>
inline void add_moments_few(const MomentSums<T>& sums, const T* x, std::int64_t stride, std::int64_t padded) {
  constexpr int N = logical_lanes<T> / native_width<T>;
  using V = Vec<T, native_width<T>>;
  V shift[D];
  for (int d = 0; d < D; ++d) shift[d] = V(T(sums.shift[d]));
  // One row of the second moment at a time keeps the accumulators in registers.
  for (int d = 0; d < D; ++d) {
    const int from = sums.order == MomentOrder::full ? 0 : d;
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
      loop([&](std::int64_t, int v, V diff, V weighted) FASTGEN_LAMBDA_INLINE {
        second[0][v] = fma(weighted, diff, second[0][v]);
      });
      sums.second[d] += lane_sum(second[0]);
    } else {
      loop([&](std::int64_t at, int v, V, V weighted) FASTGEN_LAMBDA_INLINE {
        FASTGEN_UNROLL
        for (int e = 0; e < D; ++e)
          if (e <= d) second[e][v] = fma(weighted, V::load(x + e * stride + at) - shift[e], second[e][v]);
      });
      for (int e = from; e <= d; ++e) sums.second[d * D + e] += lane_sum(second[e]);
    }
    sums.first[d] += lane_sum(first);
  }
}

// A 4 x (C vectors) block of sum weighted_i diff_j over `rows` samples.
template <int C, class T>
FASTGEN_INLINE void add_block(std::int64_t D, std::int64_t pitch, std::int64_t rows, const T* weighted, const T* diff,
                              std::int64_t i, std::int64_t j, double* second) {
  constexpr int W = native_width<T>;
  using V = Vec<T, W>;
  V acc[4][C];
  FASTGEN_UNROLL
  for (int a = 0; a < 4; ++a) {
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) acc[a][c] = V(T(0));
  }
  for (std::int64_t s = 0; s < rows; ++s) {
    V e[C];
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) e[c] = V::load(diff + s * pitch + j + c * W);
    FASTGEN_UNROLL
    for (int a = 0; a < 4; ++a) {
      const V w(weighted[s * pitch + i + a]);
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) acc[a][c] = fma(w, e[c], acc[a][c]);
    }
  }
  T stored[C * W];
  FASTGEN_UNROLL
  for (int a = 0; a < 4; ++a) {
    if (i + a >= D) break;
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) acc[a][c].store(stored + c * W);
    double* to = second + (i + a) * D + j;
    const std::int64_t end = i + a + 1 - j < C * W ? i + a + 1 - j : C * W;
    for (std::int64_t b = 0; b < end; ++b) to[b] += double(stored[b]);
  }
}

// rows: the tile row by row, (n, pitch) with zeros past D. diff and weighted: (moment_rows, pitch).
template <class T>
inline void add_moments_many(const MomentSums<T>& sums, const T* rows, std::int64_t pitch, std::int64_t D, std::int64_t n,
                             T* diff, T* weighted, T* shift, T* totals) {
  constexpr int W = native_width<T>;
  using V = Vec<T, W>;
  for (std::int64_t d = 0; d < pitch; ++d) shift[d] = d < D ? T(sums.shift[d]) : T(0);
  const bool full = sums.order == MomentOrder::full;
  for (std::int64_t s0 = 0; s0 < n; s0 += moment_rows) {
    const std::int64_t count = n - s0 < moment_rows ? n - s0 : moment_rows;
    const T* r = sums.r + s0;
    bool none = true;  // far from this component: every term is an exact zero
    for (std::int64_t s = 0; s < count; ++s) none = none && r[s] == T(0);
    if (none) continue;
    for (std::int64_t d = 0; d < pitch; d += W) {
      const V c = V::load(shift + d);
      V first(T(0)), second(T(0));
      for (std::int64_t s = 0; s < count; ++s) {
        const V e = V::load(rows + (s0 + s) * pitch + d) - c;
        const V w = V(r[s]) * e;
        first = first + w;
        if (full) {
          e.store(diff + s * pitch + d);
          w.store(weighted + s * pitch + d);
        } else {
          second = fma(w, e, second);
        }
      }
      first.store(totals + d);
      second.store(totals + pitch + d);
    }
    for (std::int64_t d = 0; d < D; ++d) sums.first[d] += double(totals[d]);
    if (sums.order == MomentOrder::diagonal)
      for (std::int64_t d = 0; d < D; ++d) sums.second[d] += double(totals[pitch + d]);
    if (!full) continue;
    for (std::int64_t i = 0; i < D; i += 4) {
      std::int64_t j = 0;
      for (; j + 2 * W <= i + 3; j += 3 * W) add_block<3>(D, pitch, count, weighted, diff, i, j, sums.second);
      for (; j <= i + 3 && j < D; j += W) add_block<1>(D, pitch, count, weighted, diff, i, j, sums.second);
    }
  }
}

// Elements a row when features are many: D and the overhang of a 4 x 3-vector block.
constexpr std::int64_t moment_pitch(std::int64_t D) { return round_to_line(D + 4) + 3 * line; }

template <class T> inline std::int64_t moments_scratch(const Model<T>& m) {
  const std::int64_t pitch = moment_pitch(m.n_features);
  return Workspace<T>(m, nullptr).used + 2 * round_to_line(m.tile) + pitch * (m.tile + 2 * moment_rows + 3);
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
inline void moments(const Model<T>& m, Points<T> points, const double* sample_weight, std::int64_t begin, std::int64_t end,
                    bool hard, Moments* sums, T* scratch, Cancelled cancelled, void* context) {
  const Workspace<T> w(m, scratch);
  const Patience patience{cancelled, context};
  const std::int64_t K = m.n_components, D = m.n_features, pitch = moment_pitch(D);
  T* scale = scratch + w.used;
  T* log_sum = scale + round_to_line(m.tile);
  T* rows = log_sum + round_to_line(m.tile);
  T* diff = rows + pitch * m.tile;
  T* weighted = diff + pitch * moment_rows;
  T* shift = weighted + pitch * moment_rows;
  T* totals = shift + pitch;
  for (std::int64_t i = begin; i < end; i += m.tile) {
    if (i != begin && patience.over()) return;
    const std::int64_t n = end - i < m.tile ? end - i : m.tile;
    const Tile<T> tile = load_tile(points, D, i, n, m.tile, w.x, w.special);
    if (!component_table(m, tile, m.log_weights, w.table, w.family, patience)) return;
    const std::int64_t lanes = (n + logical_lanes<T> - 1) / logical_lanes<T> * logical_lanes<T>;
    for (std::int64_t s = 0; s < lanes; ++s) scale[s] = s >= n ? T(0) : sample_weight ? T(sample_weight[i + s]) : T(1);
    if (hard) hard_max(w.table, tile, K, scale, log_sum);
    else soft_max(m, w.table, tile, scale, log_sum);
    // Eight partial sums in double, joined by a tree.
    double part[8] = {};
    for (std::int64_t s = 0; s < n; ++s)
      if (scale[s] != T(0)) part[s % 8] += (sample_weight ? sample_weight[i + s] : 1.0) * double(log_sum[s]);
    sums->log_likelihood +=
        ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));

    const bool many = D > few_features;
    if (many) {
      for (std::int64_t s = 0; s < n; ++s) {
        for (std::int64_t d = 0; d < D; ++d) rows[s * pitch + d] = w.x[d * tile.stride + s];
        for (std::int64_t d = D; d < pitch; ++d) rows[s * pitch + d] = T(0);
      }
    }
    const auto add = [&](const MomentSums<T>& one) {
      if (one.mass) add_mass(one, lanes);
      if (many) return add_moments_many(one, rows, pitch, D, n, diff, weighted, shift, totals);
      switch (D) {
        case 1: return add_moments_few<1>(one, w.x, tile.stride, lanes);
        case 2: return add_moments_few<2>(one, w.x, tile.stride, lanes);
        case 3: return add_moments_few<3>(one, w.x, tile.stride, lanes);
        default: return add_moments_few<4>(one, w.x, tile.stride, lanes);
      }
    };
    const std::int64_t second = sums->order == MomentOrder::full ? D * D : D;
    for (std::int64_t k = 0; k < K; ++k) {
      if (k % 64 == 63 && D > 64 && patience.over()) return;
      T* r = w.table + k * tile.stride;
      for (std::int64_t s = n; s < lanes; ++s) r[s] = T(0);
      add({r, sums->shift + k * D, sums->order, sums->mass + k, sums->first + k * D,
           sums->second ? sums->second + k * second : nullptr});
    }
    if (sums->scatter) add({scale, sums->center, MomentOrder::full, nullptr, sums->scatter_first, sums->scatter});
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
