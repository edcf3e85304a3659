// Every quantity of a point under a mixture, tile by tile.
#pragma once

#include "../parts/load_tile.hpp"
#include "discrete_quantile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Rows per tile; affects speed only. Few features: as many rows as fit the first-level cache, but at least 144. Many features:
// enough rows per component for pruning to pay.
template <class T> inline std::int64_t rows_at_once(const Model<T>& m) {
  constexpr std::int64_t few = 3 * tile_quantum, many = 4 * tile_quantum, near = 20480 / std::int64_t(sizeof(T));
  if (m.n_features < 32) {
    const std::int64_t fit = near / (m.n_features + m.n_components + 4) / tile_quantum * tile_quantum;
    const std::int64_t rows = fit > few ? fit : few;
    return rows < m.tile ? rows : m.tile;
  }
  const std::int64_t larger = m.n_components > m.n_features ? m.n_components : m.n_features;
  const std::int64_t most = larger * many > 65536 ? 65536 / larger / tile_quantum * tile_quantum : many;
  return m.tile > most ? m.tile : most;
}

template <class T> struct EvaluateMemory {
  Workspace<T> workspace;
  T* answer;  // room for what is not written to its place at once, and for what the quantity needs on the way
  EvaluateMemory(const Model<T>& m, Quantity quantity, Scratch<T>& scratch)
      : workspace(m, rows_at_once(m), scratch), answer(scratch.take(room(m, quantity, workspace.tile))) {}

 private:
  static std::int64_t room(const Model<T>& m, Quantity quantity, std::int64_t rows) {
    Scratch<T> areas;
    switch (quantity) {
      case Quantity::grad_log_prob: areas.take(m.n_features * rows); break;
      case Quantity::cdf: Tails<T>(m, areas); break;
      case Quantity::icdf:
        if (m.discrete) DiscreteSearch<T>(m, areas);
        else QuantileSearch<T>(m, areas);
        break;
      default: areas.take(2 * area_size(rows));
    }
    return areas.used();
  }
};

template <class T> inline std::int64_t evaluate_scratch(const Model<T>& m, Quantity quantity) {
  Scratch<T> scratch;
  EvaluateMemory<T>(m, quantity, scratch);
  return scratch.used();
}

// How far below the largest log density a component still shows in an answer.
template <class T> inline T depth_that_counts(Quantity quantity, std::int64_t K) {
  switch (quantity) {
    case Quantity::log_prob:
    case Quantity::prob:
    case Quantity::grad_log_prob: return negligible<T>(K);
    case Quantity::assign: return T(0);
    default: return math::infinity<T>;
  }
}

// The infinities are the ends of the number line; as probabilities they mean nothing. `points` and `out` begin with the tile.
template <class T>
inline void answer_special(const Tile<T>& tile, Quantity quantity, const T* points, std::int64_t row_stride, T* out) {
  if (!tile.special) return;
  for (std::int64_t s = 0; s < tile.n; ++s) {
    if (tile.special[s] == T(0)) continue;
    const T v = points[s * row_stride];
    if (v != v || quantity == Quantity::icdf) out[s] = math::nan<T>;
    else out[s] = v > T(0) ? T(1) : T(0);
  }
}

// Distribution functions of a tile, or quantiles. False when interrupted. A function of its own: inlined, it would take registers
// from the loops over densities and gradients.
template <class T>
FASTGEN_NOINLINE bool evaluate_scalar(const Model<T>& m, const Tile<T>& tile, Quantity quantity, T* out, T* scratch,
                                      Patience patience) {
  if (quantity == Quantity::icdf)
    return m.discrete ? discrete_icdf(m, tile, out, scratch, patience) : mixture_icdf(m, tile, out, scratch, patience);
  mixture_cdf(m, tile, out, scratch);
  return true;
}

// Log densities of a tile, or densities, from its table. scratch: two areas of `rows`.
template <class T>
inline void densities(const Workspace<T>& w, const Tile<T>& tile, std::int64_t K, T cutoff, Quantity quantity, T* out,
                      T* scratch) {
  T* sums = tile.n == tile.padded ? out : scratch;
  log_sum_exp(w.table, tile, K, cutoff, scratch + area_size(w.tile), sums);
  if (quantity == Quantity::prob) exponentials(sums, tile.padded);
  if (sums != out) __builtin_memcpy(out, sums, std::size_t(tile.n) * sizeof(T));
}

// Gradients of the log density of a tile, from responsibilities in its table: slope[d * stride + s].
template <class T> inline void gradients(const Model<T>& m, const Tile<T>& tile, const Workspace<T>& w, T* slope) {
  const std::int64_t D = m.n_features;
  for (std::int64_t j = 0; j < D * tile.stride; ++j) slope[j] = T(0);
  for (std::int64_t b = 0; b < m.n_blocks; ++b)
    ops_of(m.blocks[b]).add_gradient(m.blocks[b], tile, w.table + m.blocks[b].first * tile.stride, slope, w.family);
  if (!tile.special) return;
  for (std::int64_t s = 0; s < tile.n; ++s)
    if (tile.special[s] != T(0))  // no slope at infinity, none where a value is unknown
      for (std::int64_t d = 0; d < D; ++d) slope[d * tile.stride + s] = math::nan<T>;
}

template <class T>
inline void evaluate(const Model<T>& m, Quantity quantity, Points<T> points, std::int64_t begin, std::int64_t end,
                     void* out, T* scratch, PruningHints& hints, Cancelled cancelled, void* context) {
  Scratch<T> areas(scratch);
  const EvaluateMemory<T> memory(m, quantity, areas);
  const Workspace<T>& w = memory.workspace;
  const std::int64_t rows = w.tile;
  T* answer = memory.answer;
  const Patience patience{cancelled, context};
  const std::int64_t K = m.n_components, D = m.n_features;
  const bool scalar_only = quantity == Quantity::cdf || quantity == Quantity::icdf;
  const T cutoff = depth_that_counts<T>(quantity, K);
  Pace pace{patience};
  for (std::int64_t i = begin; i < end; i += rows) {
    const std::int64_t n = end - i < rows ? end - i : rows;
    if (pace.over(n * K * pair_work(D) * (scalar_only ? 256 : 1))) return;
    Tile<T> tile = load_tile(points, D, i, n, rows, w.x, w.special, w.seen);
    Upcoming upcoming(points, D, i + rows < end ? i + rows : end + points.skip, rows);
    tile.upcoming = &upcoming;
    if (scalar_only) {
      T* to = static_cast<T*>(out) + i;
      if (!evaluate_scalar(m, tile, quantity, to, answer, patience)) return;
      answer_special(tile, quantity, points.data + i * points.row_stride, points.row_stride, to);
      continue;
    }
    const T* offset = quantity == Quantity::component_log_prob ? m.zeros : m.log_weights;
    if (!component_table(m, tile, offset, cutoff, w, hints, patience)) return;
    if (quantity == Quantity::responsibilities || quantity == Quantity::grad_log_prob)
      soft_max(m, w.table, tile, cutoff, static_cast<const T*>(nullptr), static_cast<T*>(nullptr));
    switch (quantity) {
      case Quantity::log_prob:
      case Quantity::prob: densities(w, tile, K, cutoff, quantity, static_cast<T*>(out) + i, answer); break;
      case Quantity::component_log_prob:
      case Quantity::responsibilities: store_rows(w.table, tile.stride, K, n, static_cast<T*>(out) + i * K); break;
      case Quantity::assign: arg_max(w.table, tile, K, m.weights, static_cast<std::int64_t*>(out) + i); break;
      case Quantity::grad_log_prob:
        gradients(m, tile, w, answer);
        store_rows(answer, tile.stride, D, n, static_cast<T*>(out) + i * D);
        break;
      default: break;
    }
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
