// Sampling from mixtures of several families, in i.i.d. order.
//
// The stream is cut into cells of 2,048 samples (fewer of many features). The r-th sample of a cell that belongs to block b is
// drawn as number (first of the cell) + r of a stream of the block's own, whose key is the key of the whole + b. So a family
// draws what belongs to it in one piece, as if it were alone, and makes no bits that nobody wants; then the rows of all blocks
// are put in order. To know r takes the labels of the cell up to the sample, which are cheap.
#pragma once

#include "../families/registry.hpp"
#include "../parts/scratch.hpp"
#include "../parts/with_constant.hpp"
#include "labels.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// So that what a cell takes stays in the second-level cache; of one feature, labels and places stay in the first-level one. A
// smaller cell costs time: of each block the last group of normals and the last attempts of rejection are mostly empty.
// Any change here changes drawn bits: raise stream_version.
constexpr std::int64_t mixed_cell(std::int64_t D) {
  constexpr std::int64_t most = 2048, least = 128, numbers = 32768;
  const std::int64_t n = numbers / D / least * least;
  return n < least ? least : n > most ? most : n;
}

template <class T> struct MixedMemory {
  static constexpr std::int64_t width = native_width<std::int32_t>;  // lists are written so much beyond their ends
  std::int32_t *labels, *place;  // of the rows of a cell; places are those in `drawn`
  std::int32_t* own;  // labels of the rows of a block
  T *drawn, *family;  // rows block by block
  MixedMemory(const Model<T>& m, Scratch<T>& scratch) {
    const std::int64_t cell = mixed_cell(m.n_features);
    labels = scratch.template take<std::int32_t>(cell + width);
    place = scratch.template take<std::int32_t>(cell + width);
    own = scratch.template take<std::int32_t>(cell + width);
    drawn = scratch.take(cell * m.n_features);
    std::int64_t most = 0;
    for (std::int64_t b = 0; b < m.n_blocks; ++b) {
      const std::int64_t need = ops_of(m.blocks[b]).draw_scratch(m.blocks[b], cell);
      most = need > most ? need : most;
    }
    family = scratch.take(most);
  }
};

// Of rows whose labels are labels[0 .. n), followed by others that belong to no block: the labels of those of one block to
// `own`, and where they will be drawn, from `at` on, to their places in `place`. Returns how many.
template <class T>
inline std::int64_t list_block(const Block<T>& block, const std::int32_t* labels, std::int64_t n, std::int64_t at,
                               std::int32_t* own, std::int32_t* place) {
  using I = Vec<std::int32_t, MixedMemory<T>::width>;
  const std::int32_t first = std::int32_t(block.first), K = std::int32_t(block.shape.n_components);
  std::int64_t count = 0;
  for (std::int64_t s = 0; s < n; s += I::width)
    count += take_range(I::load(labels + s), first, K, std::int32_t(at + count), own + count, place + s);
  return count;
}

// How many of the rows belong to a block.
template <class T>
inline std::int64_t count_block(const Block<T>& block, const std::int32_t* labels, std::int64_t n) {
  const std::uint32_t first = std::uint32_t(block.first), K = std::uint32_t(block.shape.n_components);
  std::uint32_t count = 0;
  for (std::int64_t s = 0; s < n; ++s) count += std::uint32_t(labels[s]) - first < K;
  return count;
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
    fill_labels(m.chooser, label_keys, origin, end, memory.labels);
    for (std::int64_t j = 0; j < memory.width; ++j) memory.labels[end + j] = -1;
    const std::int32_t* wanted = memory.labels + begin;
    std::int64_t drawn = 0;
    for (std::int64_t b = 0; b < m.n_blocks; ++b) {
      const Block<T>& block = m.blocks[b];
      const std::int64_t count = list_block(block, wanted, end - begin, drawn, memory.own, memory.place);
      if (count == 0) continue;
      const std::int64_t before = count_block(block, memory.labels, begin);
      const PhiloxKey own_keys(key + std::uint64_t(b));
      ops_of(block).draw(block, {.key = own_keys,
                                 .first = origin + std::uint64_t(before),
                                 .n = count,
                                 .labels = memory.own,
                                 .out = memory.drawn + drawn * D,
                                 .scratch = memory.family});
      drawn += count;
    }
    put_in_order(memory.drawn, memory.place, end - begin, D, out + i * D);
    if (labels)
      for (std::int64_t j = 0; j < end - begin; ++j) labels[i + j] = wanted[j];
    i += end - begin;
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
