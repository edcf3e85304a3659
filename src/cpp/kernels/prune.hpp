// Log densities of a block most of whose components are far from any one row: bounds for all pairs first, then the
// full work only for pairs that can matter.
//
// A family may bound its log densities from above at a small part of their cost (`bound_rows`, `log_bound`). With
// components well apart, as clusters in many dimensions are, a bound rules out most pairs. Rows of a tile that need the
// same component are gathered side by side, so that vectors are full. Which pairs get the full work is a question of speed
// alone: a pair without has a bound below what counts, and its log density, lower still, would not have counted either.
#pragma once

#include "../families/registry.hpp"
#include "../parts/patience.hpp"
#include "../parts/scratch.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

constexpr std::int64_t pair_work(std::int64_t rows) { return 16 + rows * (rows + 3) / 2; }

// The largest of each vector of columns and the first component that has it; NaN is passed over, but in component 0.
template <class V> struct Best {
  V value;
  IntVec<V> component;
};
template <class V, class T>
FASTGEN_INLINE Best<V> best_component(const T* table, std::int64_t stride, std::int64_t K) {
  using I = IntVec<V>;
  Best<V> best{V::load(table), I(IntLike<T>(0))};
  for (std::int64_t k = 1; k < K; ++k) {
    const V v = V::load(table + k * stride);
    const auto better = v > best.value;
    best.value = select(better, v, best.value);
    best.component = select(mask_cast<IntLike<T>>(better), I(IntLike<T>(k)), best.component);
  }
  return best;
}

// Scratch: gathered rows, their densities, per row the best density so far and that of the likeliest component; then
// 32-bit integers, the likeliest component of each row, rows in the order of those, rows gathered, and ends of groups.
template <class T> struct PruneMemory {
  T *x, *density, *best, *likeliest_density;
  std::int32_t *likeliest, *order, *gathered, *ends;
  PruneMemory(std::int64_t K, std::int64_t D, std::int64_t tile, Scratch<T>& scratch) {
    x = scratch.take(D * tile);
    density = scratch.take(tile);
    best = scratch.take(tile);
    likeliest_density = scratch.take(tile);
    likeliest = scratch.template take<std::int32_t>(tile);
    order = scratch.template take<std::int32_t>(tile);
    gathered = scratch.template take<std::int32_t>(tile);
    ends = scratch.template take<std::int32_t>(K + 1);
  }
};

// Do bounds rule out enough? Asked of the first columns of a tile, whose bounds are in `lp`. The rows of the factor that the
// bound of the likeliest component leaves out will take about 1 each from twice its log density.
template <class T>
inline bool bounds_pay(const Tile<T>& part, std::int64_t K, std::int64_t rows_left, T cutoff, const T* lp) {
  const T gap = cutoff + T(0.5) * T(rows_left);
  std::int64_t near = 0;
  for (std::int64_t s = 0; s < part.n; ++s) {
    T top = lp[s];
    for (std::int64_t k = 1; k < K; ++k) top = lp[k * part.stride + s] > top ? lp[k * part.stride + s] : top;
    for (std::int64_t k = 0; k < K; ++k) near += !(lp[k * part.stride + s] - top < -gap);
  }
  return 5 * near < 2 * K * part.n;  // gathering doubles the work of a pair
}

// Log densities of component k of a block at `count` rows of a tile, into memory.density.
template <class T>
inline void log_density_at(const Block<T>& block, std::int64_t k, const Tile<T>& tile, const std::int32_t* rows,
                           std::int64_t count, const T* offset, const PruneMemory<T>& memory, T* scratch) {
  constexpr std::int64_t W = native_width<T>;
  const std::int64_t padded = (count + W - 1) / W * W, stride = area_size(count);
  for (std::int64_t d = 0; d < block.shape.n_features; ++d) {
    const T* from = tile.x + d * tile.stride;
    T* to = memory.x + d * stride;
    for (std::int64_t j = 0; j < count; ++j) to[j] = from[rows[j]];
    for (std::int64_t j = count; j < padded; ++j) to[j] = T(0);
  }
  const Tile<T> gathered{.x = memory.x, .stride = stride, .n = count, .padded = padded};
  ops_of(block).log_density(block, k, k + 1, gathered, offset, memory.density, scratch);
}

// Bounds that rule out too little are not asked for again for so many tiles: to ask a part of every tile would cost 3 in 100.
constexpr std::int32_t tiles_of_pause = 15;
inline bool pauses(std::int32_t& pause) {
  return __atomic_load_n(&pause, __ATOMIC_RELAXED) > 0 && __atomic_fetch_sub(&pause, 1, __ATOMIC_RELAXED) > 0;
}

enum class Pruned { done, useless, interrupted };

// lp[k * stride + s] = log density of component k of the block at sample s, plus offset[k], wherever that is no more than
// `cutoff` below the largest of the block; elsewhere something that is more than `cutoff` below it.
template <class T>
inline Pruned prune(const Block<T>& block, const Tile<T>& tile, const T* offset, T cutoff, T* lp, T* scratch,
                    const PruneMemory<T>& memory, std::int32_t& pause, Patience patience) {
  using V = Vec<T, native_width<T>>;
  constexpr std::int64_t fewest_rows = 48, fewest_components = 4;
  const FamilyOps<T>& family = ops_of(block);
  const std::int64_t K = block.shape.n_components, D = block.shape.n_features, stride = tile.stride;
  const std::int64_t rows = family.bound_rows ? family.bound_rows(block.shape) : 0;
  if (rows == 0 || K < fewest_components || tile.n < fewest_rows || pauses(pause)) return Pruned::useless;
  Pace pace{patience};

  // A look at a twelfth of the rows, in whole vectors of every width, decides whether the rest is worth while.
  const std::int64_t part = tile.n / 12, trial = part < most_lanes ? most_lanes : part / most_lanes * most_lanes;
  const Tile<T> views[] = {{.x = tile.x, .stride = stride, .n = trial, .padded = trial}, tile};
  for (const Tile<T>& t : views) {
    const std::int64_t most = pieces_between_looks(pair_work(rows) * t.padded);
    for (std::int64_t k = 0; k < K; k += most) {
      if (k && patience.over()) return Pruned::interrupted;
      family.log_bound(block, k, k + most < K ? k + most : K, t, offset, lp + k * stride, scratch);
    }
    if (t.n == trial && !bounds_pay(t, K, D - rows, cutoff, lp)) {
      __atomic_store_n(&pause, tiles_of_pause, __ATOMIC_RELAXED);
      return Pruned::useless;
    }
  }

  // The component with the highest bound first: nearly always the likeliest, which rules out most of the others.
  for (std::int64_t k = 0; k <= K; ++k) memory.ends[k] = 0;
  for (std::int64_t s = 0; s < tile.padded; s += V::width) {
    const auto component = best_component<V>(lp + s, stride, K).component;
    for (std::int64_t i = 0; i < V::width && s + i < tile.n; ++i) {
      memory.likeliest[s + i] = std::int32_t(component[int(i)]);
      ++memory.ends[component[int(i)] + 1];
    }
  }
  for (std::int64_t k = 0; k < K; ++k) memory.ends[k + 1] += memory.ends[k];
  for (std::int64_t s = 0; s < tile.n; ++s) memory.order[memory.ends[memory.likeliest[s]]++] = std::int32_t(s);
  for (std::int64_t s = 0; s < tile.padded; ++s) memory.best[s] = T(0);
  for (std::int64_t k = 0, begin = 0; k < K; begin = memory.ends[k++]) {
    const std::int64_t count = memory.ends[k] - begin;
    const std::int32_t* at = memory.order + begin;
    if (count == 0) continue;
    log_density_at(block, k, tile, at, count, offset, memory, scratch);
    for (std::int64_t j = 0; j < count; ++j) {
      memory.best[at[j]] = memory.likeliest_density[at[j]] = memory.density[j];
      lp[k * stride + at[j]] = -math::infinity<T>;  // done: not to be asked for again
    }
    if (pace.over(count * pair_work(D))) return Pruned::interrupted;
  }

  // Then whatever may still come near the best.
  for (std::int64_t k = 0; k < K; ++k) {
    T* row = lp + k * stride;
    std::int64_t count = 0;
    for (std::int64_t s = 0; s < tile.padded; s += V::width) {
      const auto out = V::load(row + s) - V::load(memory.best + s) < V(-cutoff);
      if (!any(!out)) continue;
      for (std::int64_t i = 0; i < V::width && s + i < tile.n; ++i) {
        memory.gathered[count] = std::int32_t(s + i);
        count += !(row[s + i] - memory.best[s + i] < -cutoff);
      }
    }
    if (count == 0) continue;
    log_density_at(block, k, tile, memory.gathered, count, offset, memory, scratch);
    for (std::int64_t j = 0; j < count; ++j) {
      const std::int64_t s = memory.gathered[j];
      row[s] = memory.density[j];
      memory.best[s] = row[s] > memory.best[s] ? row[s] : memory.best[s];
    }
    if (pace.over(count * pair_work(D))) return Pruned::interrupted;
  }
  for (std::int64_t s = 0; s < tile.n; ++s) lp[memory.likeliest[s] * stride + s] = memory.likeliest_density[s];
  return Pruned::done;
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
