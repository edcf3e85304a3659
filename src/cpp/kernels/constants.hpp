// The constants of components, lane by lane: each lane has a component of its own, whose constants are a row of a table.
#pragma once

#include "../core/kernel_table.hpp"
#include "../core/simd.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// c[j][lane] = element j of row index[lane] of a table whose rows are `pitch` long. Rows are read by whole vectors: after the
// last one there is room for table_margin elements.
constexpr std::int64_t table_margin = 16;
template <int N, class T, int W, class Index>
FASTGEN_INLINE void load_rows(const T* table, std::int64_t pitch, const Index* index, Vec<T, W> (&c)[N]) {
  if constexpr (is_wide<T, W>) {
    Vec<T, W / 2> lo[N], hi[N];
    load_rows(table, pitch, index, lo);
    load_rows(table, pitch, index + W / 2, hi);
    FASTGEN_UNROLL
    for (int j = 0; j < N; ++j) c[j] = {lo[j], hi[j]};
  } else if constexpr (N == 2 && std::is_same_v<Index, std::int32_t>) {
    load_pairs(table, pitch, index, c[0], c[1]);
  } else if constexpr (sizeof(T) == 8 && W == 8) {  // a square of 64 elements takes longer to transpose than to gather
    using U = Vec<std::uint64_t, W>;
    const U place = mul_wide_u32(convert<std::uint64_t>(Vec<Index, W>::load(index)), U(std::uint64_t(pitch)));
    FASTGEN_UNROLL
    for (int j = 0; j < N; ++j) c[j] = gather(table + j, place);
  } else {
    const T* row[W];
    FASTGEN_UNROLL
    for (int i = 0; i < W; ++i) row[i] = table + pitch * std::int64_t(index[i]);
    FASTGEN_UNROLL
    for (int j = 0; j < N; j += W) {
      Vec<T, W> square[W];
      FASTGEN_UNROLL
      for (int i = 0; i < W; ++i) square[i] = Vec<T, W>::load(row[i] + j);
      transpose(square);
      FASTGEN_UNROLL
      for (int i = 0; i < W; ++i)
        if (j + i < N) c[j + i] = square[i];
    }
  }
}

// The first N constants of each component of a block, for many vectors of samples whose components are given by their number in
// the mixture: in registers where they fit and the instruction set can look them up there.
template <int N, class T, int W> class Constants {
  using V = Vec<T, W>;
  using I = IntVec<V>;
  static constexpr std::int64_t most_held = has_lookup<T, W> ? 2 * W : 0;
  const T* table;
  std::int64_t pitch;
  bool held;
  I first;
  V low[N], high[N];

 public:
  FASTGEN_INLINE Constants(const Block<T>& block, std::int64_t pitch_)
      : table(block.constants - block.first * pitch_), pitch(pitch_), held(block.shape.n_components <= most_held),
        first(IntLike<T>(block.first)) {
    if constexpr (most_held > 0) {
      if (!held) return;
      T column[N][most_held] = {};
      for (std::int64_t k = 0; k < block.shape.n_components; ++k)
        for (int j = 0; j < N; ++j) column[j][k] = block.constants[k * pitch + j];
      for (int j = 0; j < N; ++j) low[j] = V::load(column[j]), high[j] = V::load(column[j] + W);
    }
  }
  // Those of components component[0 .. W).
  FASTGEN_INLINE void load(const std::int32_t* component, V (&c)[N]) const {
    if constexpr (most_held > 0) {
      if (held) {
        const I index = convert<IntLike<T>>(Vec<std::int32_t, W>::load(component)) - first;
        FASTGEN_UNROLL
        for (int j = 0; j < N; ++j) c[j] = look_up(low[j], high[j], index);
        return;
      }
    }
    load_rows(table, pitch, component, c);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
