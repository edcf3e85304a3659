// Many mixtures at once: B mixtures of K components each, held as one block of B K components.
//
// Drawing: the whole batch is one stream, sample i of mixture b at place i B + b, so that neighbours in the stream differ in
// their mixture and a draw of one sample from each is one contiguous piece. Scoring: rows in the order of the answer; a
// scalar law takes its constants lane by lane, so a vector of rows may belong to as many mixtures.
#pragma once

#include "../parts/load_tile.hpp"
#include "mixture.hpp"
#include "sample.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// The component within its mixture of each of n neighbours in the stream, of mixtures `mixture` and on: how many of their
// thresholds are at most the sample's word. `words` have the highest bit flipped, as the thresholds.
inline void count_thresholds(const Batch& batch, std::int64_t mixture, std::int64_t n, const std::int64_t* words,
                             std::int64_t* out) {
  const std::int64_t B = batch.n_mixtures, K = batch.n_components;
  const std::int64_t *thresholds = batch.thresholds + mixture, *last = batch.last + mixture;
  std::int64_t i = 0;
  constexpr std::int64_t few = 16;  // from there on a search is quicker
  if (K <= few) {
    using I = Vec<std::int64_t, native_width<std::int64_t>>;
    for (; i + I::width <= n; i += I::width) {
      const I word = I::load(words + i);
      I k(std::int64_t(0));
      for (std::int64_t j = 0; j + 1 < K; ++j) k = k - as_ints(I::load(thresholds + j * B + i) <= word);
      min(k, I::load(last + i)).store(out + i);  // rounding must not reach components of weight 0
    }
  }
  for (; i < n; ++i) {
    std::int64_t k = 0;
    for (std::int64_t left = K - 1; left > 0;) {
      const std::int64_t half = left / 2;
      const bool above = thresholds[(k + half) * B + i] <= words[i];
      k = above ? k + half + 1 : k;
      left = above ? left - half - 1 : half;
    }
    out[i] = k < last[i] ? k : last[i];
  }
}

// The component of every place.
inline void fill_batch_labels(const Batch& batch, const PhiloxKey& key, Position first, std::int64_t n,
                              std::int32_t* out) {
  constexpr std::int64_t piece = 256;
  std::uint64_t words[piece];
  std::int64_t flipped[piece], component[piece];
  const std::int64_t B = batch.n_mixtures, K = batch.n_components;
  std::int64_t mixture = std::int64_t(std::uint64_t(first % Position(B)));
  for (std::int64_t done = 0; done < n; done += piece) {
    const std::int64_t count = n - done < piece ? n - done : piece;
    fill_words64(key, purpose::batch_labels, first + Position(done), count, words);
    for (std::int64_t i = 0; i < count; ++i) flipped[i] = std::int64_t(words[i] ^ (std::uint64_t(1) << 63));
    for (std::int64_t i = 0; i < count;) {
      const std::int64_t run = count - i < B - mixture ? count - i : B - mixture;
      count_thresholds(batch, mixture, run, flipped + i, component + i);
      for (std::int64_t r = 0; r < run; ++r) out[done + i + r] = std::int32_t((mixture + r) * K + component[i + r]);
      i += run, mixture = mixture + run == B ? 0 : mixture + run;
    }
  }
}

template <class T> struct BatchSampleMemory {
  std::int64_t tile;
  std::int32_t* chosen;
  T* family;
  BatchSampleMemory(const Model<T>& m, Scratch<T>& scratch) : tile(sample_tile(64, m.n_features)) {
    chosen = scratch.template take<std::int32_t>(tile);
    family = scratch.take(ops_of(m.blocks[0]).draw_scratch(m.blocks[0], tile));
  }
};
template <class T> inline std::int64_t batch_sample_scratch(const Model<T>& m) {
  Scratch<T> scratch;
  BatchSampleMemory<T>(m, scratch);
  return scratch.used();
}

// Places start B + first .. + n of the stream, in its order. Labels number the components of the block.
template <class T>
inline void batch_sample(const Model<T>& m, const Batch& batch, std::uint64_t key, std::uint64_t start,
                         std::int64_t first, std::int64_t n, T* out, std::int32_t* labels, T* scratch) {
  Scratch<T> areas(scratch);
  BatchSampleMemory<T> memory(m, areas);
  const PhiloxKey round_keys(key);
  for (std::int64_t i = 0; i < n; i += memory.tile) {
    const std::int64_t count = n - i < memory.tile ? n - i : memory.tile;
    const Position at = Position(start) * Position(batch.n_mixtures) + Position(first + i);
    std::int32_t* chosen = labels ? labels + i : memory.chosen;
    fill_batch_labels(batch, round_keys, at, count, chosen);
    const DrawTile<T> draw{.key = round_keys,
                           .first = std::uint64_t(at),
                           .n = count,
                           .labels = chosen,
                           .out = out + i * m.n_features,
                           .scratch = memory.family};
    ops_of(m.blocks[0]).draw(m.blocks[0], draw);
  }
}

// Rows a tile of scoring holds: its table has K columns.
inline std::int64_t batch_tile(std::int64_t K, std::int64_t D) {
  const std::int64_t n = 8192 / (K > D ? K : D) / tile_quantum * tile_quantum;
  return n < tile_quantum ? tile_quantum : n > 5 * tile_quantum ? 5 * tile_quantum : n;
}

template <class T> struct BatchMemory {
  std::int64_t tile;
  T *x, *special, *seen, *answer, *shifts, *table;
  std::int64_t* component;  // of each row
  T* family;
  BatchMemory(const Model<T>& m, const Batch& batch, Scratch<T>& scratch)
      : tile(batch_tile(batch.n_components, m.n_features)) {
    x = scratch.take(m.n_features * tile);
    special = scratch.take(tile);
    seen = m.integrates_missing ? scratch.take(m.n_features * tile) : nullptr;
    answer = scratch.take(tile);
    shifts = scratch.take(tile);
    table = scratch.take(batch.n_components * tile);
    component = scratch.template take<std::int64_t>(tile);
    family = scratch.take(ops_of(m.blocks[0]).evaluate_scratch(m.blocks[0], tile));
  }
};
template <class T> inline std::int64_t batch_evaluate_scratch(const Model<T>& m, const Batch& batch) {
  Scratch<T> scratch;
  BatchMemory<T>(m, batch, scratch);
  return scratch.used();
}

// Log densities, or densities, of n points, which are rows first, first + 1, ... of all: `rows` belong to each mixture.
template <class T>
inline void batch_evaluate(const Model<T>& m, const Batch& batch, Quantity quantity, Points<T> points,
                           std::int64_t rows, std::int64_t first, T* out, T* scratch) {
  Scratch<T> areas(scratch);
  const BatchMemory<T> memory(m, batch, areas);
  const std::int64_t K = batch.n_components, D = m.n_features, size = memory.tile;
  const Block<T>& block = m.blocks[0];
  const FamilyOps<T>& family = ops_of(block);
  T *answer = memory.answer, *table = memory.table;
  std::int64_t* component = memory.component;
  for (std::int64_t i = 0; i < points.n;) {
    const std::int64_t mixture = (first + i) / rows, row = (first + i) % rows, left = points.n - i;
    // A multivariate family takes the rows of one mixture at a time.
    const std::int64_t most = family.log_density_each || left < rows - row ? left : rows - row;
    const std::int64_t n = most < size ? most : size;
    const Tile<T> tile = load_tile(points, D, i, n, size, memory.x, memory.special, memory.seen);
    if (family.log_density_each) {
      std::int64_t b = mixture, r = row;
      for (std::int64_t s = 0; s < tile.padded; ++s) {
        component[s] = b * K;
        if (s + 1 < n && ++r == rows) r = 0, ++b;
      }
      for (std::int64_t k = 0; k < K; ++k) {
        family.log_density_each(block, component, tile, m.log_weights, table + k * size);
        for (std::int64_t s = 0; s < tile.padded; ++s) ++component[s];
      }
    } else {
      family.log_density(block, mixture * K, mixture * K + K, tile, m.log_weights, table, memory.family);
    }
    mark_special(tile, K, table);
    log_sum_exp(table, tile, K, negligible<T>(K), memory.shifts, answer);
    if (quantity == Quantity::prob) exponentials(answer, tile.padded);
    __builtin_memcpy(out + i, answer, std::size_t(n) * sizeof(T));
    i += n;
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
