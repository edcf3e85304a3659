// Sampling: of a mixture of one family, or of several.
#pragma once

#include "sample_alike.hpp"
#include "sample_mixed.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class T> inline std::int64_t sample_tile(const Model<T>& m) {
  return m.n_blocks > 1 ? mixed_cell(m.n_features) : sample_tile(m.blocks[0]);
}

template <class T> inline std::int64_t sample_scratch(const Model<T>& m) {
  Scratch<T> scratch;
  if (m.n_blocks > 1) MixedMemory<T>(m, scratch);
  else AlikeMemory<T>(m, scratch);
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
