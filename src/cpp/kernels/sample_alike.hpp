// Sampling from mixtures of one family, in i.i.d. order: labels of a tile, then its rows.
#pragma once

#include "../families/registry.hpp"
#include "../parts/scratch.hpp"
#include "labels.hpp"

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

// Of a block, whether alone or in company.
template <class T> inline std::int64_t sample_tile(const Block<T>& block) {
  return sample_tile(block.shape.n_components, block.shape.n_features);
}

template <class T> struct AlikeMemory {
  std::int64_t tile;
  std::int32_t* chosen;
  T* family;
  AlikeMemory(const Model<T>& m, Scratch<T>& scratch) : tile(sample_tile(m.blocks[0])) {
    chosen = scratch.template take<std::int32_t>(tile);
    family = scratch.take(ops_of(m.blocks[0]).draw_scratch(m.blocks[0], tile));
  }
};

template <class T>
inline void sample_alike(const Model<T>& m, std::uint64_t key, std::uint64_t first, std::int64_t n, T* out,
                         std::int64_t* labels, T* scratch) {
  Scratch<T> areas(scratch);
  const AlikeMemory<T> memory(m, areas);
  const PhiloxKey round_keys(key);
  for (std::int64_t i = 0; i < n; i += memory.tile) {
    const std::int64_t count = n - i < memory.tile ? n - i : memory.tile;
    const std::uint64_t at = first + std::uint64_t(i);
    fill_labels(m.chooser, round_keys, at, count, memory.chosen);
    ops_of(m.blocks[0])
        .draw(m.blocks[0], {.key = round_keys,
                            .first = at,
                            .n = count,
                            .labels = memory.chosen,
                            .out = out + i * m.n_features,
                            .scratch = memory.family});
    if (labels)
      for (std::int64_t j = 0; j < count; ++j) labels[i + j] = memory.chosen[j];
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
