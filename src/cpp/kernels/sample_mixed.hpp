// Sampling from mixtures of several families, in i.i.d. order.
//
// The stream is cut into cells of 8,192 samples (fewer of many features). The r-th sample of a cell that belongs to block b is
// drawn as number (first of the cell) + r of a stream of the block's own, whose key is the key of the whole + b. So a family
// draws what belongs to it as if it were alone, and makes no bits that nobody wants; then the rows of all blocks are put in
// order. To know r takes the labels of the cell up to the sample, which are cheap.
#pragma once

#include "../families/registry.hpp"
#include "../parts/scratch.hpp"
#include "../parts/with_constant.hpp"
#include "labels.hpp"
#include "sample_alike.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// So that what a cell takes stays in the second-level cache. A smaller cell costs time: of each block the last group of normals
// and the last attempts of rejection are mostly empty.
// Any change here changes drawn bits: raise stream_version.
constexpr std::int64_t mixed_cell(std::int64_t D) {
  constexpr std::int64_t most = 8192, least = 128, numbers = 32768;
  const std::int64_t n = numbers / D / least * least;
  return n < least ? least : n > most ? most : n;
}

// The rows of a cell that belong to a block.
struct Share {
  std::int32_t first_label, n_labels;
  std::int32_t begin, end;  // where they are, among what is listed and drawn
  std::int64_t before;  // how many of the cell come before them
};

// Of so many blocks each has room for a whole cell. Those of more are counted before they are listed, which takes a pass for each.
constexpr int listed_together = 4;

template <class T> struct MixedMemory {
  static constexpr std::int64_t width = native_width<std::int32_t>;  // lists are written so much beyond their ends
  Share* shares;
  std::int32_t *labels, *place;  // of the rows of a cell
  std::int32_t* own;  // labels, block by block
  T *drawn, *family;  // rows, block by block
  MixedMemory(const Model<T>& m, Scratch<T>& scratch) {
    const std::int64_t cell = mixed_cell(m.n_features);
    const std::int64_t room = (m.n_blocks > listed_together ? cell : cell * m.n_blocks) + width * m.n_blocks;
    shares = scratch.template take<Share>(m.n_blocks);
    labels = scratch.template take<std::int32_t>(cell + width);
    place = scratch.template take<std::int32_t>(cell + width);
    own = scratch.template take<std::int32_t>(room);
    drawn = scratch.take(room * m.n_features);
    std::int64_t most = 0;
    for (std::int64_t b = 0; b < m.n_blocks; ++b) {
      const std::int64_t need = ops_of(m.blocks[b]).draw_scratch(m.blocks[b], sample_tile(m.blocks[b]));
      most = need > most ? need : most;
    }
    family = scratch.take(most);
  }
};

// Lists rows with these labels, followed by others that belong to no block, in the shares of B blocks: their labels in `own`,
// their places there in `place`. Places of rows of other blocks are kept if there are any.
template <int B>
FASTGEN_INLINE void list_rows(Share* shares, bool others, const std::int32_t* labels, std::int64_t n, std::int32_t* own,
                              std::int32_t* place) {
  using I = Vec<std::int32_t, native_width<std::int32_t>>;
  using Sorter = RangeSorter<I::width>;
  typename Sorter::Range range[B];
  std::int32_t end[B];  // in registers
  FASTGEN_UNROLL
  for (int b = 0; b < B; ++b) range[b] = {shares[b].first_label, shares[b].n_labels}, end[b] = shares[b].end;
  for (std::int64_t s = 0; s < n; s += I::width) {
    const I label = I::load(labels + s);
    Sorter sorter(others ? I::load(place + s) : I(0));
    FASTGEN_UNROLL
    for (int b = 0; b < B; ++b) end[b] += sorter.take(label, range[b], end[b], own + end[b]);
    sorter.store(place + s);
  }
  FASTGEN_UNROLL
  for (int b = 0; b < B; ++b) shares[b].end = end[b];
}
inline void list_rows(Share* shares, std::int64_t n_blocks, const std::int32_t* labels, std::int64_t n,
                      std::int32_t* own, std::int32_t* place) {
  for (std::int64_t b = 0; b < n_blocks; b += listed_together) {
    const std::int64_t left = n_blocks - b;
    with_constant<1, listed_together>(
        left < listed_together ? left : listed_together,
        [&]<int B>() FASTGEN_LAMBDA_INLINE { list_rows<B>(shares + b, b > 0, labels, n, own, place); });
  }
}

inline std::int64_t count_rows(const Share& share, const std::int32_t* labels, std::int64_t n) {
  const std::uint32_t first = std::uint32_t(share.first_label), count = std::uint32_t(share.n_labels);
  std::uint32_t found = 0;
  for (std::int64_t s = 0; s < n; ++s) found += std::uint32_t(labels[s]) - first < count;
  return found;
}

// Makes the labels of rows 0 .. end of a cell, and lists rows begin .. end.
template <class T>
inline void share_out(const Model<T>& m, const PhiloxKey& keys, std::uint64_t origin, std::int64_t begin,
                      std::int64_t end, const MixedMemory<T>& memory) {
  const std::int64_t n_blocks = m.n_blocks, cell = mixed_cell(m.n_features);
  const auto make_labels = [&](std::int64_t from, std::int64_t to) {
    fill_labels(m.chooser, keys, origin + std::uint64_t(from), to - from, memory.labels + from);
    for (std::int64_t past = to; past < to + memory.width; ++past) memory.labels[past] = -1;
  };
  const auto list = [&](std::int64_t from, std::int64_t to) {
    list_rows(memory.shares, n_blocks, memory.labels + from, to - from, memory.own, memory.place + from);
  };
  for (std::int64_t b = 0; b < n_blocks; ++b) {
    const Block<T>& block = m.blocks[b];
    const std::int32_t at = n_blocks > listed_together ? 0 : std::int32_t(b * (cell + memory.width));
    memory.shares[b] = {std::int32_t(block.first), std::int32_t(block.shape.n_components), at, at, 0};
  }
  if (n_blocks > listed_together) {
    make_labels(0, end);
    std::int64_t at = 0;
    for (std::int64_t b = 0; b < n_blocks; ++b) {
      Share& share = memory.shares[b];
      share.before = count_rows(share, memory.labels, begin);
      share.begin = share.end = std::int32_t(at);
      at += count_rows(share, memory.labels + begin, end - begin) + memory.width;
    }
    list(begin, end);
    return;
  }
  // In runs, as labels are then in the first-level cache for every block.
  for (std::int64_t from = 0; from < end; from += label_batch) {
    const std::int64_t to = end - from < label_batch ? end : from + label_batch;
    const std::int64_t start = begin < from ? from : begin < to ? begin : to;
    make_labels(from, to);
    for (std::int64_t b = 0; b < n_blocks && start > from; ++b)
      memory.shares[b].before += count_rows(memory.shares[b], memory.labels + from, start - from);
    list(start, to);
  }
}

// out[s] = row place[s] of what was drawn.
template <class T>
inline void put_in_order(const T* drawn, const std::int32_t* place, std::int64_t n, std::int64_t D, T* out) {
  std::int64_t s = 0;
  if constexpr (sizeof(T) == 8) {
    using V = Vec<T, native_width<T>>;
    if (D == 1)
      for (; s + V::width <= n; s += V::width)
        gather(drawn, convert<std::uint64_t>(Vec<std::int32_t, V::width>::load(place + s))).store(out + s);
  }
  const auto copy = [&](std::int64_t size) FASTGEN_LAMBDA_INLINE {
    for (; s < n; ++s) __builtin_memcpy(out + s * size, drawn + place[s] * size, std::size_t(size) * sizeof(T));
  };
  if (!with_constant<1, 8>(D, [&]<int Few>() FASTGEN_LAMBDA_INLINE { copy(Few); })) copy(D);
}

template <class T>
inline void sample_mixed(const Model<T>& m, std::uint64_t key, std::uint64_t first, std::int64_t n, T* out,
                         std::int64_t* labels, T* scratch) {
  Scratch<T> areas(scratch);
  const MixedMemory<T> memory(m, areas);
  const PhiloxKey label_keys(key);
  const std::int64_t D = m.n_features, cell = mixed_cell(D);
  for (std::int64_t i = 0; i < n;) {
    // Rows begin .. end of the cell whose first row is `origin`.
    const std::uint64_t at = first + std::uint64_t(i), origin = at / std::uint64_t(cell) * std::uint64_t(cell);
    const std::int64_t begin = std::int64_t(at - origin), end = n - i < cell - begin ? begin + (n - i) : cell;
    share_out(m, label_keys, origin, begin, end, memory);
    T* soon = out + i * D;
    for (std::int64_t b = 0; b < m.n_blocks; ++b) {
      const Block<T>& block = m.blocks[b];
      const Share& share = memory.shares[b];
      const PhiloxKey own_keys(key + std::uint64_t(b));
      const std::int64_t tile = sample_tile(block), drawn = share.end - share.begin;
      for (std::int64_t j = 0; j < drawn; j += tile) {
        const std::int64_t count = drawn - j < tile ? drawn - j : tile;
        ops_of(block).draw(block, {.key = own_keys,
                                   .first = origin + std::uint64_t(share.before + j),
                                   .n = count,
                                   .labels = memory.own + share.begin + j,
                                   .out = memory.drawn + (share.begin + j) * D,
                                   .scratch = memory.family,
                                   .soon = soon});
        soon += count * D;
      }
    }
    put_in_order(memory.drawn, memory.place + begin, end - begin, D, out + i * D);
    if (labels)
      for (std::int64_t j = 0; j < end - begin; ++j) labels[i + j] = memory.labels[begin + j];
    i += end - begin;
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
