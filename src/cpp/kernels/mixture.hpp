// Densities of a mixture over a tile: the log densities of all components, then max and sum in two passes.
//
// One exp a (sample, component) pair; the K x tile table stays in cache. Sums run over components in ascending order.
#pragma once

#include "../families/registry.hpp"
#include "atoms.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

constexpr std::int64_t line = 16;  // scratch areas start at multiples of 16 elements, so vectors do not split lines
constexpr std::int64_t round_to_line(std::int64_t n) { return (n + line - 1) / line * line; }

// Memory of one tile: the points, flags of special rows, the K x tile table, and what the families ask for.
template <class T> struct Workspace {
  T *x, *special, *seen, *table, *family;
  std::int64_t used;
  Workspace(const Model<T>& m, T* scratch) {
    T* p = scratch;
    x = p, p += round_to_line(m.n_features * m.tile);
    special = p, p += round_to_line(m.tile);
    seen = nullptr;
    if (m.integrates_missing) seen = p, p += round_to_line(m.n_features * m.tile);
    table = p, p += round_to_line(m.n_components * m.tile);
    family = p;
    std::int64_t most = 0;
    for (std::int64_t b = 0; b < m.n_blocks; ++b) {
      const std::int64_t need = registry<T>[m.blocks[b].family].evaluate_scratch(m.blocks[b], m.tile);
      most = need > most ? need : most;
    }
    p += round_to_line(most);
    used = p - scratch;
  }
};

// How a long computation asks whether to go on.
struct Patience {
  Cancelled cancelled;
  void* context;
  bool over() const { return cancelled && cancelled(context); }
};

// The log densities of rows that are not finite: -inf where a value is infinite, NaN where one is NaN.
template <class T> inline void mark_special(const Tile<T>& tile, std::int64_t K, T* table) {
  if (!tile.special) return;
  for (std::int64_t s = 0; s < tile.n; ++s)
    if (tile.special[s] != T(0))
      for (std::int64_t k = 0; k < K; ++k) table[k * tile.stride + s] = tile.special[s];
}

// Fills table[k * stride + s]; false when interrupted. `offset` is added to component k (a log weight, or 0).
template <class T>
inline bool component_table(const Model<T>& m, const Tile<T>& tile, const T* offset, T* table, T* scratch,
                            Patience patience) {
  for (std::int64_t b = 0; b < m.n_blocks; ++b) {
    const Block<T>& block = m.blocks[b];
    const std::int64_t K = block.shape.n_components, D = block.shape.n_features;
    // About 10 ms of work between two looks at the clock.
    const std::int64_t pair = 16 + D * (D + 3) / 2;
    const std::int64_t most = 20'000'000 / (pair * tile.padded) + 1;
    for (std::int64_t k = 0; k < K; k += most) {
      if (k && patience.over()) return false;
      const std::int64_t end = k + most < K ? k + most : K;
      registry<T>[block.family].log_density(block, k, end, tile, offset + block.first,
                                            table + block.first * tile.stride, scratch);
    }
  }
  if (m.n_atoms) exclude_at_atoms(m, tile, table);
  mark_special(tile, m.n_components, table);
  return true;
}

// The largest of each column, or 0 where that is -inf: a shift that leaves exp(-inf) = 0. NaN columns stay NaN.
template <class V, class T>
FASTGEN_INLINE V column_shift(const T* table, std::int64_t stride, std::int64_t K) {
  V top = V::load(table);
  for (std::int64_t k = 1; k < K; ++k) top = max(V::load(table + k * stride), top);
  return select(top == V(-infinity<T>), V(T(0)), top);
}

// Calls body.template operator()<V>(s) for columns 0 .. padded, two vectors at a time while there are two.
template <class T, class Body> FASTGEN_INLINE void for_columns(std::int64_t padded, Body body) {
  using Wide = Vec<T, wide_width<T>>;
  using V = Vec<T, native_width<T>>;
  std::int64_t s = 0;
  for (; s + Wide::width <= padded; s += Wide::width) body.template operator()<Wide>(s);
  for (; s < padded; s += V::width) body.template operator()<V>(s);
}

// log of the sum of exponentials of each column, into out.
template <class T> inline void log_sum_exp(const T* table, const Tile<T>& tile, std::int64_t K, T* out) {
  if (K == 1) {  // the same bits, as exp(0) = 1 and log(1) = 0
    for (std::int64_t s = 0; s < tile.padded; ++s) out[s] = T(0) + table[s];
    return;
  }
  for_columns<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
    const T* column = table + s;
    const V shift = column_shift<V>(column, tile.stride, K);
    V sum(T(0));
    for (std::int64_t k = 0; k < K; ++k) sum = sum + math::exp_nonpositive(V::load(column + k * tile.stride) - shift);
    const V value = math::log(sum) + shift;
    select(shift == V(infinity<T>), shift, value).store(out + s);
  });
}

// Columns become probabilities that sum to 1 (times scale[s], where given); log_sum gets the log of the sum. Where every
// component has density 0 the point says nothing, and the weights of the mixture are the answer.
template <class T>
inline void soft_max(const Model<T>& m, T* table, const Tile<T>& tile, const T* scale, T* log_sum) {
  const std::int64_t K = m.n_components;
  for_columns<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
    T* column = table + s;
    const V shift = column_shift<V>(column, tile.stride, K);
    V sum(T(0));
    for (std::int64_t k = 0; k < K; ++k) {
      const V e = math::exp_nonpositive(V::load(column + k * tile.stride) - shift);
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
    V best = V::load(table + s);
    I index(IntLike<T>(0));
    const auto nan = best != best;
    for (std::int64_t k = 1; k < K; ++k) {
      const V v = V::load(table + k * tile.stride + s);
      const auto better = v > best;
      best = select(better, v, best);
      index = select(mask_cast<IntLike<T>>(better), I(IntLike<T>(k)), index);
    }
    index = select(mask_cast<IntLike<T>>(best == V(-infinity<T>)), I(IntLike<T>(likeliest)), index);
    index = select(mask_cast<IntLike<T>>(nan), I(IntLike<T>(-1)), index);
    for (int i = 0; i < W && s + i < tile.n; ++i) out[s + i] = index[i];
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
