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
  const T* r;  // (padded,) zeros past n
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
      for (int e = 0; e <= d; ++e) sums.second[d * D + e] += lane_sum(second[e]);
    }
    sums.first[d] += lane_sum(first);
  }
}

// Many features are held in panels of 3 vectors, their weighted differences in panels of one: every block of the second
// moment then streams through two contiguous runs of memory, whatever D is.
template <class T> constexpr std::int64_t panel = 3 * native_width<T>;
template <class T> constexpr std::int64_t panels(std::int64_t D) { return (D + panel<T> - 1) / panel<T>; }
template <class T> FASTGEN_INLINE std::int64_t in_panel(std::int64_t height, std::int64_t s, std::int64_t d) {
  return (d / panel<T>)*height * panel<T> + s * panel<T> + d % panel<T>;
}

// Weighted differences: panels of one vector, or of 4 features where vectors are shorter.
template <class T> constexpr std::int64_t weighted_panel = native_width<T> < 4 ? 4 : native_width<T>;
template <class T> FASTGEN_INLINE std::int64_t in_weighted(std::int64_t s, std::int64_t d) {
  return (d / weighted_panel<T>)*moment_rows * weighted_panel<T> + s * weighted_panel<T> + d % weighted_panel<T>;
}

// A 4 x (C vectors) block of sum weighted_i diff_j over `count` samples, added to rows i of second from column j.
// Twelve multiply-adds take four broadcasts and three loads: bound by the multiply-adds.
template <int C, class T>
FASTGEN_INLINE void add_block(std::int64_t D, std::int64_t count, const T* weighted, const T* diff, std::int64_t i,
                              std::int64_t j, double* second) {
  constexpr int W = native_width<T>;
  using V = Vec<T, W>;
  V acc[4][C];
  FASTGEN_UNROLL
  for (int a = 0; a < 4; ++a) {
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) acc[a][c] = V(T(0));
  }
  for (std::int64_t s = 0; s < count; ++s, diff += panel<T>, weighted += weighted_panel<T>) {
    V e[C];
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) e[c] = V::load(diff + c * W), in_register(e[c]);
    FASTGEN_UNROLL
    for (int a = 0; a < 4; ++a) {
      const V w(weighted[a]);
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) acc[a][c] = fma(w, e[c], acc[a][c]);
    }
  }
  T stored[4][C * W];
  FASTGEN_UNROLL
  for (int a = 0; a < 4; ++a) {
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) acc[a][c].store(stored[a] + c * W);
  }
  for (std::int64_t a = 0; a < 4 && i + a < D; ++a) {
    double* to = second + (i + a) * D + j;
    const std::int64_t end = i + a + 1 - j < C * W ? i + a + 1 - j : C * W;  // the lower triangle
    if (end == C * W) {
      FASTGEN_UNROLL
      for (int b = 0; b < C * W; ++b) to[b] += double(stored[a][b]);
    } else {
      for (std::int64_t b = 0; b < end; ++b) to[b] += double(stored[a][b]);
    }
  }
}

// Memory for many features: the tile in panels, differences and weighted differences of moment_rows samples, and sums.
template <class T> struct MomentPanels {
  T *rows, *diff, *weighted, *shift, *first, *second;
  std::int64_t used;
  MomentPanels(std::int64_t D, std::int64_t tile, T* p) {
    T* const begin = p;
    const std::int64_t width = panels<T>(D) * panel<T>;
    rows = p, p += round_to_line(width * tile);
    diff = p, p += round_to_line(width * moment_rows);
    weighted = p, p += round_to_line((width + weighted_panel<T>)*moment_rows);
    shift = p, p += round_to_line(width);
    first = p, p += round_to_line(width);
    second = p, p += round_to_line(width);
    used = p - begin;
  }
};

// The tile in panels, zeros past the last feature.
template <class T> inline void fill_panels(const Tile<T>& tile, std::int64_t D, std::int64_t height, T* rows) {
  for (std::int64_t p = 0; p < panels<T>(D); ++p)
    for (std::int64_t s = 0; s < tile.n; ++s) {
      T* to = rows + p * height * panel<T> + s * panel<T>;
      for (std::int64_t c = 0; c < panel<T>; ++c) {
        const std::int64_t d = p * panel<T> + c;
        to[c] = d < D ? tile.x[d * tile.stride + s] : T(0);
      }
    }
}

template <class T>
inline void add_moments_many(const MomentSums<T>& sums, const MomentPanels<T>& m, std::int64_t height, std::int64_t D,
                             std::int64_t n) {
  constexpr int W = native_width<T>;
  using V = Vec<T, W>;
  const std::int64_t width = (D + W - 1) / W * W;
  for (std::int64_t d = 0; d < width; ++d) m.shift[d] = d < D ? T(sums.shift[d]) : T(0);
  const bool full = sums.order == MomentOrder::full;
  for (std::int64_t s0 = 0; s0 < n; s0 += moment_rows) {
    const std::int64_t count = n - s0 < moment_rows ? n - s0 : moment_rows;
    const T* r = sums.r + s0;
    std::int64_t zeros = 0;
    while (zeros < count && r[zeros] == T(0)) ++zeros;
    if (zeros == count) continue;  // far from this component: every term is an exact zero
    for (std::int64_t d = 0; d < width; d += W) {
      const V c = V::load(m.shift + d);
      V first(T(0)), second(T(0));
      const T* from = m.rows + in_panel<T>(height, s0, d);
      T* diff = m.diff + in_panel<T>(moment_rows, 0, d);
      for (std::int64_t s = 0; s < count; ++s, from += panel<T>, diff += panel<T>) {
        const V e = V::load(from) - c;
        const V w = V(r[s]) * e;
        first = first + w;
        if (full) {
          e.store(diff);
          w.store(m.weighted + in_weighted<T>(s, d));
        } else {
          second = fma(w, e, second);
        }
      }
      first.store(m.first + d);
      second.store(m.second + d);
    }
    for (std::int64_t d = 0; d < D; ++d) sums.first[d] += double(m.first[d]);
    if (sums.order == MomentOrder::diagonal)
      for (std::int64_t d = 0; d < D; ++d) sums.second[d] += double(m.second[d]);
    if (!full) continue;
    for (std::int64_t p = 0; p < panels<T>(D); ++p) {
      const std::int64_t j = p * panel<T>;
      const T* diff = m.diff + in_panel<T>(moment_rows, 0, j);
      for (std::int64_t i = j / 4 * 4; i < D; i += 4) {
        const T* weighted = m.weighted + in_weighted<T>(0, i);
        const std::int64_t vectors = (i + 3 - j) / W + 1;  // that reach the diagonal
        if (vectors >= 3) add_block<3>(D, count, weighted, diff, i, j, sums.second);
        else if (vectors == 2) add_block<2>(D, count, weighted, diff, i, j, sums.second);
        else add_block<1>(D, count, weighted, diff, i, j, sums.second);
      }
    }
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
    if (!component_table(m, tile, m.log_weights, hard ? T(0) : negligible<T>(K), w, patience)) return;
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
    if (many) fill_panels(tile, D, m.tile, memory.rows);
    const auto add = [&](const MomentSums<T>& one) {
      if (one.mass) add_mass(one, lanes);
      if (many) return add_moments_many(one, memory, m.tile, D, n);
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
