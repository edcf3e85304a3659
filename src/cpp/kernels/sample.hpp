// Sampling in i.i.d. order: labels of a tile, then each family fills the rows that carry its labels.
#pragma once

#include "../families/registry.hpp"
#include "labels.hpp"
#include "rows.hpp"
#include "streams.hpp"

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

template <class T> inline std::int64_t sorting_scratch(const Model<T>& m, std::int64_t tile) {
  return m.n_blocks > 1 ? round_to_line((m.n_blocks * 4 + (tile + list_margin) * 2) / std::int64_t(sizeof(T)) + 1) : 0;
}

template <class T> inline std::int64_t sample_scratch(const Model<T>& m) {
  const std::int64_t n = sample_tile(m);
  std::int64_t most = 0;
  for (std::int64_t b = 0; b < m.n_blocks; ++b) {
    const std::int64_t need = ops_of(m.blocks[b]).draw_scratch(m.blocks[b], n);
    most = need > most ? need : most;
  }
  return most + n * 4 / std::int64_t(sizeof(T)) + (m.n_features == 1 ? Streams::count * n : 0) + sorting_scratch(m, n) +
         16;
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
  const std::int64_t tile = sample_tile(m);
  const PhiloxKey round_keys(key);
  std::int32_t* chosen = reinterpret_cast<std::int32_t*>(scratch);
  T* rest = scratch + tile * 4 / std::int64_t(sizeof(T));
  Streams streams{reinterpret_cast<std::uint64_t*>(rest), tile};
  if (sizeof(T) == 8 && m.n_features == 1) rest += Streams::count * tile;
  auto* ends = reinterpret_cast<std::int32_t*>(rest);
  auto* rows = reinterpret_cast<std::uint16_t*>(ends + m.n_blocks);
  rest += sorting_scratch(m, tile);
  for (std::int64_t i = 0; i < n; i += tile) {
    const std::int64_t count = n - i < tile ? n - i : tile;
    const std::uint64_t at = first + std::uint64_t(i);
    fill_labels(m.chooser, round_keys, at, count, chosen);
    streams.made = 0;
    DrawTile<T> draw{round_keys, at, count, chosen, out + i * m.n_features, rest, nullptr, count, &streams};
    if (m.n_blocks > 1) sort_by_block(m, chosen, count, rows, ends);
    for (std::int64_t b = 0; b < m.n_blocks; ++b) {
      if (m.n_blocks > 1) {
        const std::int64_t begin = b > 0 ? ends[b - 1] : 0;
        draw.mine = rows + begin, draw.count = ends[b] - begin;
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
