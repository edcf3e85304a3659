// Sampling in i.i.d. order: labels of a tile, then each family fills the rows that carry its labels.
#pragma once

#include "../families/registry.hpp"
#include "../parts/rows.hpp"
#include "../parts/streams.hpp"
#include "labels.hpp"
#include "scratch.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Samples drawn together: enough that about 32 share a component, few enough that the normals of the tile stay near.
// A matter of speed alone; it does not show in the bits.
inline std::int64_t sample_tile(std::int64_t K, std::int64_t D) {
  constexpr std::int64_t least = 128, near = 65536;
  std::int64_t n = D < 8 ? 4096 / D : 32 * K;
  n = n * D > near ? near / D : n;
  return (n < least ? least : n > 1024 ? 1024 : n) / least * least;
}

template <class T> inline std::int64_t sample_tile(const Model<T>& m) {
  return sample_tile(m.n_components, m.n_features);
}

template <class T> struct SampleMemory {
  std::int64_t tile;
  std::int32_t* chosen;
  Streams streams{};
  std::int32_t* ends = nullptr;  // these of several blocks only: see sort_by_block
  std::uint16_t* rows = nullptr;
  T* family;
  SampleMemory(const Model<T>& m, Scratch<T>& scratch) : tile(sample_tile(m)) {
    chosen = scratch.template take<std::int32_t>(tile);
    if (sizeof(T) == 8 && m.n_features == 1)
      streams = {scratch.template take<std::uint64_t>(Streams::count * tile), tile};
    if (m.n_blocks > 1) {
      ends = scratch.template take<std::int32_t>(m.n_blocks);
      rows = scratch.template take<std::uint16_t>(tile + list_margin);
    }
    std::int64_t most = 0;
    for (std::int64_t b = 0; b < m.n_blocks; ++b) {
      const std::int64_t need = ops_of(m.blocks[b]).draw_scratch(m.blocks[b], tile);
      most = need > most ? need : most;
    }
    family = scratch.take(most);
  }
};
template <class T> inline std::int64_t sample_scratch(const Model<T>& m) {
  Scratch<T> scratch;
  SampleMemory<T>(m, scratch);
  return scratch.used();
}

// The rows of a tile by block: those of block b are rows[ends[b - 1] .. ends[b]), ascending.
template <class T>
inline void sort_by_block(const Model<T>& m, const std::int32_t* labels, std::int64_t n, std::uint16_t* rows,
                          std::int32_t* ends) {
  std::int64_t count = 0;
  for (std::int64_t b = 0; b < m.n_blocks; ++b) {
    const std::int32_t below = std::int32_t(m.blocks[b].first - 1),
                       end = below + 1 + std::int32_t(m.blocks[b].shape.n_components);
    count += list_rows<std::int32_t>(n, rows + count, [&]<class I>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
      const I label = I::load(labels + s);
      return (label > I(below)) & (label < I(end));
    });
    ends[b] = std::int32_t(count);
  }
}

template <class T>
inline void sample(const Model<T>& m, std::uint64_t key, std::uint64_t first, std::int64_t n, T* out,
                   std::int64_t* labels, T* scratch) {
  Scratch<T> areas(scratch);
  SampleMemory<T> memory(m, areas);
  const std::int64_t tile = memory.tile;
  std::int32_t *chosen = memory.chosen, *ends = memory.ends;
  Streams& streams = memory.streams;
  const PhiloxKey round_keys(key);
  for (std::int64_t i = 0; i < n; i += tile) {
    const std::int64_t count = n - i < tile ? n - i : tile;
    const std::uint64_t at = first + std::uint64_t(i);
    fill_labels(m.chooser, round_keys, at, count, chosen);
    streams.made = 0;
    DrawTile<T> draw{.key = round_keys,
                     .first = at,
                     .n = count,
                     .labels = chosen,
                     .out = out + i * m.n_features,
                     .scratch = memory.family,
                     .mine = nullptr,
                     .count = count,
                     .streams = &streams};
    if (m.n_blocks > 1) sort_by_block(m, chosen, count, memory.rows, ends);
    for (std::int64_t b = 0; b < m.n_blocks; ++b) {
      if (m.n_blocks > 1) {
        const std::int64_t begin = b > 0 ? ends[b - 1] : 0;
        draw.mine = memory.rows + begin, draw.count = ends[b] - begin;
      }
      if (draw.count > 0) ops_of(m.blocks[b]).draw(m.blocks[b], draw);
    }
    if (labels)
      for (std::int64_t j = 0; j < count; ++j) labels[i + j] = chosen[j];
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
