// The E step and the sums of the M step in one pass: tile -> log densities -> responsibilities -> weighted moments.
//
// For component k with responsibilities r (times sample weights) and shift c_k: mass sum r, first moment sum r (x - c_k),
// second moment sum r (x - c_k)(x - c_k)^T. Shifting by the current mean keeps every digit that the data have.
// Sums are taken in T over part of a tile, in an order fixed by the data alone, and added to doubles: few features with lanes
// over samples, all of them; many with lanes over features, and only the rows with r != 0.
//
// Work a (sample, component) pair: that of the log density, then, where it counts, one exp and D (D + 1) / 2 + 3 D
// multiply-adds (full).
#pragma once

#include "../parts/load_tile.hpp"
#include "moments_many.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class T> struct MomentMemory {
  Workspace<T> workspace;
  T *scale, *log_sum;  // of a tile's rows
  Shares<T> shares;  // these of many features only
  MomentPanels<T> panels;
  MomentMemory(const Model<T>& m, Scratch<T>& scratch)
      : MomentMemory(m, m.n_features <= few_features ? 0 : m.tile, scratch) {}

 private:
  MomentMemory(const Model<T>& m, std::int64_t rows, Scratch<T>& scratch)
      : workspace(m, m.tile, scratch), scale(scratch.take(m.tile)), log_sum(scratch.take(m.tile)),
        shares(m.n_components, rows, scratch), panels(m.n_features, rows, scratch) {}
};

template <class T> inline std::int64_t moments_scratch(const Model<T>& m) {
  Scratch<T> scratch;
  MomentMemory<T>(m, scratch);
  return scratch.used();
}

template <class T>
inline void moments(const Model<T>& m, Points<T> points, const double* sample_weight, std::int64_t begin,
                    std::int64_t end, bool hard, Moments* sums, T* scratch, PruningHints& hints, Cancelled cancelled,
                    void* context) {
  Scratch<T> areas(scratch);
  const MomentMemory<T> memory(m, areas);
  const Workspace<T>& w = memory.workspace;
  T *scale = memory.scale, *log_sum = memory.log_sum;
  const Shares<T>& shares = memory.shares;
  const MomentPanels<T>& panels = memory.panels;
  const Patience patience{cancelled, context};
  const std::int64_t K = m.n_components, D = m.n_features;
  const T cutoff = hard ? T(0) : negligible<T>(K);
  const bool few = D <= few_features;
  for (std::int64_t i = begin; i < end; i += m.tile) {
    if (i != begin && patience.over()) return;
    const std::int64_t n = end - i < m.tile ? end - i : m.tile;
    Tile<T> tile = load_tile(points, D, i, n, m.tile, w.x, w.special);
    Upcoming upcoming(points, D, i + n, m.tile);
    tile.upcoming = &upcoming;
    if (!component_table(m, tile, m.log_weights, cutoff, w, hints, patience)) return;
    const std::int64_t lanes = to_logical_lanes<T>(n);
    for (std::int64_t s = 0; s < lanes; ++s) scale[s] = s >= n ? T(0) : sample_weight ? T(sample_weight[i + s]) : T(1);
    if (hard) {
      hard_max(w.table, tile, K, scale, log_sum);
      if (!few) share_as_given(w.table, tile, K, shares);
    } else if (few) {
      soft_max(m, w.table, tile, cutoff, scale, log_sum);
    } else {
      share_softly(m, w.table, tile, cutoff, scale, log_sum, shares);
    }
    double part[8] = {};
    for (std::int64_t s = 0; s < n; ++s)
      if (scale[s] != T(0)) part[s % 8] += (sample_weight ? sample_weight[i + s] : 1.0) * double(log_sum[s]);
    sums->log_likelihood += tree_sum(part);

    if (!few) fill_panels(tile, points.data + i * points.row_stride, points.row_stride, points.col_stride, D, panels);
    const std::int64_t second = sums->order == MomentOrder::full ? D * sums->pitch : D;
    for (std::int64_t k = 0; k < K; ++k) {
      if (k % 64 == 63 && D > 64 && patience.over()) return;
      T* r = few ? w.table + k * tile.stride : panels.r;
      const std::int64_t count = few ? n : write_responsibilities(w.table, tile, k, shares, r);
      double* to = sums->second ? sums->second + k * second : nullptr;
      const MomentSums<T> one{.r = r,
                              .count = count,
                              .shift = sums->shift + k * D,
                              .order = sums->order,
                              .pitch = sums->pitch,
                              .mass = sums->mass + k,
                              .first = sums->first + k * D,
                              .second = to};
      if (few) {
        for (std::int64_t s = n; s < lanes; ++s) r[s] = T(0);
        add_moments_few(one, D, tile.x, tile.stride);
      } else {
        add_moments_many(one, panels, D, shares.rows(k));
      }
    }
    if (!sums->scatter) continue;
    const MomentSums<T> together{.r = scale,
                                 .count = n,
                                 .shift = sums->center,
                                 .order = MomentOrder::full,
                                 .pitch = sums->pitch,
                                 .mass = nullptr,
                                 .first = sums->scatter_first,
                                 .second = sums->scatter};
    if (few) {
      add_moments_few(together, D, tile.x, tile.stride);
    } else {
      for (std::int64_t s = 0; s < n; ++s) panels.every[s] = std::uint16_t(s);
      add_moments_many(together, panels, D, panels.every);
    }
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
