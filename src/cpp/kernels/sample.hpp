// Sampling in i.i.d. order: labels of a tile, then its rows.
#pragma once

#include "../families/registry.hpp"
#include "../parts/scratch.hpp"
#include "labels.hpp"
#include "sample_mixed.hpp"

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
  return m.n_blocks > 1 ? mixed_cell(m.n_features) : sample_tile(m.n_components, m.n_features);
}

template <class T> struct SampleMemory {
  std::int64_t tile;
  std::int32_t* chosen;
  T* family;
  SampleMemory(const Model<T>& m, Scratch<T>& scratch) : tile(sample_tile(m)) {
    chosen = scratch.template take<std::int32_t>(tile);
    family = scratch.take(ops_of(m.blocks[0]).draw_scratch(m.blocks[0], tile));
  }
};

// Mixtures of one family.
template <class T>
inline void sample_alike(const Model<T>& m, std::uint64_t key, std::uint64_t first, std::int64_t n, T* out,
                         std::int64_t* labels, T* scratch) {
  Scratch<T> areas(scratch);
  const SampleMemory<T> memory(m, areas);
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

template <class T> inline std::int64_t sample_scratch(const Model<T>& m) {
  Scratch<T> scratch;
  if (m.n_blocks > 1) MixedMemory<T>(m, scratch);
  else SampleMemory<T>(m, scratch);
  return scratch.used();
}

template <class T>
inline void sample(const Model<T>& m, std::uint64_t key, std::uint64_t first, std::int64_t n, T* out,
                   std::int64_t* labels, T* scratch) {
  if (m.n_blocks > 1) sample_mixed(m, key, first, n, out, labels, scratch);
  else sample_alike(m, key, first, n, out, labels, scratch);
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
