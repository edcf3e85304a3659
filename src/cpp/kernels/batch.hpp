// Many mixtures at once: B mixtures of K components each, held as one block of B K components.
//
// Drawing: the whole batch is one stream, sample i of mixture b at place i B + b, so that neighbours in the stream differ in
// their mixture and a draw of one sample from each is one contiguous piece. Scoring: rows in the order of the answer; a
// scalar law takes its constants lane by lane, so a vector of rows may belong to as many mixtures.
#pragma once

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
    fill_words64(key, batch_labels, first + Position(done), count, words);
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
  T* values;
  Streams streams;
  T* family;
  BatchSampleMemory(const Model<T>& m, Scratch<T>& scratch) : tile(sample_tile(64, m.n_features)) {
    chosen = scratch.template take<std::int32_t>(tile);
    values = scratch.take(tile * m.n_features);
    streams = {scratch.template take<std::uint64_t>(Streams::count * tile), tile};
    family = scratch.take(ops_of(m.blocks[0]).draw_scratch(m.blocks[0], tile));
  }
};
template <class T> inline std::int64_t batch_sample_scratch(const Model<T>& m) {
  Scratch<T> scratch;
  BatchSampleMemory<T>(m, scratch);
  return scratch.used();
}

// Places first .. first + n of the stream; place start B + p B + b is sample p of mixture b, row b rows + p of the answer.
template <class T>
inline void batch_sample(const Model<T>& m, const Batch& batch, std::uint64_t key, std::uint64_t start,
                         std::int64_t rows, std::int64_t first, std::int64_t n, T* out, std::int64_t* labels,
                         T* scratch) {
  Scratch<T> areas(scratch);
  BatchSampleMemory<T> memory(m, areas);
  const std::int64_t B = batch.n_mixtures, D = m.n_features, tile = memory.tile;
  std::int32_t* chosen = memory.chosen;
  Streams& streams = memory.streams;
  const PhiloxKey round_keys(key);
  for (std::int64_t i = first; i < first + n; i += tile) {
    const std::int64_t count = first + n - i < tile ? first + n - i : tile;
    const Position at = Position(start) * Position(B) + Position(i);
    fill_batch_labels(batch, round_keys, at, count, chosen);
    streams.made = 0;
    // One sample of each mixture: the order of the stream is that of the answer.
    T* to = rows == 1 ? out + i * D : memory.values;
    ops_of(m.blocks[0])
        .draw(m.blocks[0], {round_keys, std::uint64_t(at), count, chosen, to, memory.family, nullptr, count, &streams});
    if (rows == 1 && !labels) continue;
    std::int64_t sample = i / B, mixture = i % B;
    for (std::int64_t s = 0; s < count; ++s) {
      const std::int64_t row = mixture * rows + sample;
      for (std::int64_t d = 0; d < D; ++d) out[row * D + d] = to[s * D + d];
      if (labels) labels[row] = chosen[s] % batch.n_components;
      if (++mixture == B) mixture = 0, ++sample;
    }
  }
}

// Rows a tile of scoring holds: its table has K columns.
inline std::int64_t batch_tile(std::int64_t K, std::int64_t D) {
  const std::int64_t n = 8192 / (K > D ? K : D) / tile_quantum * tile_quantum;
  return n < tile_quantum ? tile_quantum : n > 5 * tile_quantum ? 5 * tile_quantum : n;
}

template <class T> struct BatchLogProbMemory {
  std::int64_t tile;
  T *x, *special, *seen, *answer, *shifts, *table;
  std::int64_t* component;  // of each row
  T* family;
  BatchLogProbMemory(const Model<T>& m, const Batch& batch, Scratch<T>& scratch)
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
template <class T> inline std::int64_t batch_log_prob_scratch(const Model<T>& m, const Batch& batch) {
  Scratch<T> scratch;
  BatchLogProbMemory<T>(m, batch, scratch);
  return scratch.used();
}

// Log densities of rows begin .. end, `rows` of them to each mixture.
template <class T>
inline void batch_log_prob(const Model<T>& m, const Batch& batch, Points<T> points, std::int64_t rows,
                           std::int64_t begin, std::int64_t end, T* out, T* scratch) {
  Scratch<T> areas(scratch);
  const BatchLogProbMemory<T> memory(m, batch, areas);
  const std::int64_t K = batch.n_components, D = m.n_features, size = memory.tile;
  const Block<T>& block = m.blocks[0];
  const FamilyOps<T>& family = ops_of(block);
  T *answer = memory.answer, *table = memory.table;
  std::int64_t* component = memory.component;
  for (std::int64_t i = begin; i < end;) {
    // A multivariate family takes the rows of one mixture at a time.
    const std::int64_t limit = family.log_density_each       ? end
                               : (i / rows + 1) * rows < end ? (i / rows + 1) * rows
                                                             : end;
    const std::int64_t n = limit - i < size ? limit - i : size;
    const Tile<T> tile = load_tile(points, D, i, n, size, memory.x, memory.special, memory.seen);
    if (family.log_density_each) {
      std::int64_t mixture = i / rows, row = i % rows;
      for (std::int64_t s = 0; s < tile.padded; ++s) {
        component[s] = mixture * K;
        if (s + 1 < n && ++row == rows) row = 0, ++mixture;
      }
      for (std::int64_t k = 0; k < K; ++k) {
        family.log_density_each(block, component, tile, m.log_weights, table + k * size);
        for (std::int64_t s = 0; s < tile.padded; ++s) ++component[s];
      }
    } else {
      const std::int64_t k0 = i / rows * K;
      family.log_density(block, k0, k0 + K, tile, m.log_weights, table, memory.family);
    }
    mark_special(tile, K, table);
    log_sum_exp(table, tile, K, negligible<T>(K), memory.shifts, answer);
    __builtin_memcpy(out + i, answer, std::size_t(n) * sizeof(T));
    i += n;
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
