// The constants of components, lane by lane: each lane has a component of its own, whose constants are a row of a table.
#pragma once

#include "../core/kernel_table.hpp"
#include "../vector/simd.hpp"

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
  } else if constexpr (sizeof(T) == 8 && W == 8) {  // four constants at a time: squares of eight are rarely full
    const auto row = [&](int i) FASTGEN_LAMBDA_INLINE { return table + pitch * std::int64_t(index[i]); };
    FASTGEN_UNROLL
    for (int j = 0; j < N; j += 4) {
      Vec<T, W> quarter[4];
      FASTGEN_UNROLL
      for (int i = 0; i < 4; ++i) {
        const int first = i / 2 * 4 + i % 2;
        quarter[i] = join(Vec<T, 4>::load(row(first) + j), Vec<T, 4>::load(row(first + 2) + j));
      }
      transpose_quarters(quarter);
      FASTGEN_UNROLL
      for (int i = 0; i < 4; ++i)
        if (j + i < N) c[j + i] = quarter[i];
    }
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

// table[index[lane]].
template <class T, int W> FASTGEN_INLINE Vec<T, W> load_each(const T* table, const std::int64_t* index) {
  if constexpr (sizeof(T) == 8) {
    return gather(table, bit_cast<std::uint64_t>(Vec<std::int64_t, W>::load(index)));
  } else {
    T value[W];
    for (int i = 0; i < W; ++i) value[i] = table[index[i]];
    return Vec<T, W>::load(value);
  }
}

// One constant of up to `most` components in registers, where the instruction set can look it up there.
template <class T, int W> struct HeldColumn {
  static constexpr std::int64_t most = has_lookup<T, W> ? 2 * W : 0;
  Vec<T, W> low, high;
  // From table[k * pitch], k < K.
  FASTGEN_INLINE void hold(const T* table, std::int64_t pitch, std::int64_t K) {
    T column[2 * W] = {};
    for (std::int64_t k = 0; k < K; ++k) column[k] = table[k * pitch];
    low = Vec<T, W>::load(column), high = Vec<T, W>::load(column + W);
  }
  FASTGEN_INLINE Vec<T, W> operator[](IntVec<Vec<T, W>> component) const { return look_up(low, high, component); }
};

// The first N constants of the components of a block, for many vectors of samples whose components are given by their number in
// the mixture.
template <int N, class T, int W> class LaneConstants {
  using V = Vec<T, W>;
  using Column = HeldColumn<T, W>;
  const T* table;
  std::int64_t pitch, first;
  bool held;
  Column column[N];

 public:
  FASTGEN_INLINE LaneConstants(const Block<T>& block, std::int64_t pitch_)
      : table(block.constants - block.first * pitch_), pitch(pitch_), first(block.first),
        held(block.shape.n_components <= Column::most) {
    if constexpr (Column::most > 0)
      if (held)
        for (int j = 0; j < N; ++j) column[j].hold(block.constants + j, pitch, block.shape.n_components);
  }
  // Those of components component[0 .. W).
  FASTGEN_INLINE void load(const std::int32_t* component, V (&c)[N]) const {
    if constexpr (Column::most > 0) {
      if (held) {
        const auto index = convert<IntLike<T>>(Vec<std::int32_t, W>::load(component)) - IntVec<V>(IntLike<T>(first));
        FASTGEN_UNROLL
        for (int j = 0; j < N; ++j) c[j] = column[j][index];
        return;
      }
    }
    load_rows(table, pitch, component, c);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
