// Densities of a mixture over a tile: the log densities of all components, then max and sum in two passes.
//
// One exp a (sample, component) pair; the K x tile table stays in cache. Sums run over components in ascending order.
#pragma once

#include "atoms.hpp"
#include "prune.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Memory of one tile: the points, flags of special rows, the K x tile table, and what families and pruning ask for.
template <class T> struct Workspace {
  T *x, *special, *seen, *table, *family, *prune;
  std::int64_t tile;
  Workspace(const Model<T>& m, std::int64_t rows, Scratch<T>& scratch) : tile(rows) {
    x = scratch.take(m.n_features * tile);
    special = scratch.take(tile);
    seen = m.integrates_missing ? scratch.take(m.n_features * tile) : nullptr;
    table = scratch.take(m.n_components * tile);
    std::int64_t family_most = 0, prune_most = 0;
    for (std::int64_t b = 0; b < m.n_blocks; ++b) {
      const Block<T>& block = m.blocks[b];
      const FamilyOps<T>& ops = ops_of(block);
      const std::int64_t need = ops.evaluate_scratch(block, tile);
      family_most = need > family_most ? need : family_most;
      if (!ops.bound_rows || ops.bound_rows(block.shape) == 0) continue;
      Scratch<T> pruning;
      PruneMemory<T>(block.shape.n_components, m.n_features, tile, pruning);
      prune_most = pruning.used() > prune_most ? pruning.used() : prune_most;
    }
    family = scratch.take(family_most);
    prune = scratch.take(prune_most);
  }
};

// How far below the largest a log density may lie and still count. What lies lower contributes nothing, by definition:
// K such terms change a density by a relative e^-40 at most (e^-20 in float32), far below a rounding. A rule on
// final values, so what a row gets depends on that row alone, and work that could only lead to such a value may be left out.
template <class T> inline T negligible(std::int64_t K) { return T(sizeof(T) == 8 ? 40 : 20) + math::log(T(K)); }

// The log densities of rows that are not finite: -inf where a value is infinite, NaN where one is NaN.
template <class T> inline void mark_special(const Tile<T>& tile, std::int64_t K, T* table) {
  if (!tile.special) return;
  for (std::int64_t s = 0; s < tile.n; ++s)
    if (tile.special[s] != T(0))
      for (std::int64_t k = 0; k < K; ++k) table[k * tile.stride + s] = tile.special[s];
}

// Fills table[k * stride + s]; false when interrupted. `offset` is added to component k (a log weight, or 0). Values that
// would be more than `cutoff` below the largest of their column may be replaced by others that are.
template <class T>
inline bool component_table(const Model<T>& m, const Tile<T>& tile, const T* offset, T cutoff, const Workspace<T>& w,
                            PruningHints& hints, Patience patience) {
  for (std::int64_t b = 0; b < m.n_blocks; ++b) {
    const Block<T>& block = m.blocks[b];
    const std::int64_t K = block.shape.n_components;
    T* table = w.table + block.first * tile.stride;
    Pruned pruned = Pruned::useless;
    if (cutoff < math::infinity<T>) {
      Scratch<T> pruning(w.prune);
      const PruneMemory<T> memory(K, m.n_features, w.tile, pruning);
      pruned = prune(block, tile, offset + block.first, cutoff, table, w.family, memory,
                     hints.pause[b % PruningHints::slots], patience);
    }
    if (pruned == Pruned::interrupted) return false;
    if (pruned == Pruned::done) continue;
    const std::int64_t most = pieces_between_looks(pair_work(m.n_features) * tile.padded);
    for (std::int64_t k = 0; k < K; k += most) {
      if (k && patience.over()) return false;
      ops_of(block).log_density(block, k, k + most < K ? k + most : K, tile, offset + block.first,
                                table + k * tile.stride, w.family);
    }
  }
  if (m.n_atoms) exclude_at_atoms(m, tile, w.table);
  mark_special(tile, m.n_components, w.table);
  return true;
}

// The largest of each column, or 0 where that is -inf: a shift that leaves exp(-inf) = 0. NaN columns stay NaN.
template <class V, class T>
FASTGEN_INLINE V column_shift(const T* table, std::int64_t stride, std::int64_t K) {
  V top = V::load(table);
  for (std::int64_t k = 1; k < K; ++k) top = max(V::load(table + k * stride), top);
  return select(top == V(-math::infinity<T>), V(T(0)), top);
}

// log of the sum of exponentials of each column, into out, without those more than `cutoff` below the largest. Scratch: a
// value a column. The logarithms come after all sums: two short loops keep their constants and overlap their rounds.
template <class T>
inline void log_sum_exp(const T* table, const Tile<T>& tile, std::int64_t K, T cutoff, T* shifts, T* out) {
  if (K == 1) {  // the same bits, as exp(0) = 1 and log(1) = 0
    for (std::int64_t s = 0; s < tile.padded; ++s) out[s] = T(0) + table[s];
    return;
  }
  for_columns<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
    const T* column = table + s;
    const V shift = column_shift<V>(column, tile.stride, K);
    V sum(T(0));
    for (std::int64_t k = 0; k < K; ++k) {
      const V v = V::load(column + k * tile.stride) - shift;
      sum = sum + select(v < V(-cutoff), V(T(0)), math::exp_shallow(v));  // NaN passes
    }
    shift.store(shifts + s);
    sum.store(out + s);
  });
  for_columns<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
    // At least 1, or 0 where all are -inf.
    const V shift = V::load(shifts + s), sum = V::load(out + s);
    const V value = math::log_positive(sum) + shift;
    select(shift == V(math::infinity<T>), shift, select(sum == V(T(0)), V(-math::infinity<T>), value)).store(out + s);
  });
}

// Replaces values by their exponentials.
template <class T> inline void exponentials(T* x, std::int64_t n) {
  using V = Vec<T, native_width<T>>;
  for (std::int64_t s = 0; s < n; s += V::width) math::exp(V::load(x + s)).store(x + s);
}

// Columns become probabilities that sum to 1 (times scale[s], where given); log_sum gets the log of the sum. Log densities
// more than `cutoff` below the largest become exact zeros. Where every component has density 0 the point says nothing,
// and the weights of the mixture are the answer.
template <class T>
inline void soft_max(const Model<T>& m, T* table, const Tile<T>& tile, T cutoff, const T* scale, T* log_sum) {
  const std::int64_t K = m.n_components;
  for_columns<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
    T* column = table + s;
    // Where densities are infinite (at an end of some supports), those components share: inf - largest, capped, is 0.
    const V shift = min(V(largest<T>), column_shift<V>(column, tile.stride, K));
    V sum(T(0));
    for (std::int64_t k = 0; k < K; ++k) {
      const V v = min(V(T(0)), V::load(column + k * tile.stride) - shift);
      const V e = select(v < V(-cutoff), V(T(0)), math::exp_nonpositive(v));  // NaN passes
      e.store(column + k * tile.stride);
      sum = sum + e;
    }
    if (log_sum) (math::log(sum) + shift).store(log_sum + s);
    const auto none = sum == V(T(0));
    V factor = V(T(1)) / select(none, V(T(1)), sum);
    if (scale) factor = factor * V::load(scale + s);
    for (std::int64_t k = 0; k < K; ++k) {
      T* at = column + k * tile.stride;
      V r = V::load(at) * factor;
      if (any(none)) r = select(none, V(m.weights[k]) * factor, r);
      r.store(at);
    }
  });
}

// The first most probable component of each column, as an index; -1 for a NaN column.
template <class T> inline void arg_max(const T* table, const Tile<T>& tile, std::int64_t K, const T* weights,
                                       std::int64_t* out) {
  std::int64_t likeliest = 0;  // where every density is 0
  for (std::int64_t k = 1; k < K; ++k)
    if (weights[k] > weights[likeliest]) likeliest = k;
  constexpr int W = native_width<T>;
  using V = Vec<T, W>;
  using I = IntVec<V>;
  for (std::int64_t s = 0; s < tile.padded; s += W) {
    const auto [best, component] = best_component<V>(table + s, tile.stride, K);
    I index = component;
    index = select(mask_cast<IntLike<T>>(best == V(-math::infinity<T>)), I(IntLike<T>(likeliest)), index);
    index = select(mask_cast<IntLike<T>>(best != best), I(IntLike<T>(-1)), index);
    for (int i = 0; i < W && s + i < tile.n; ++i) out[s + i] = index[i];
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
