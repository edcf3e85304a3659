// Weighted full moments of five to eight features: lanes over features, the whole triangle in registers.
//
// Bound by multiply-adds: on AVX2 12 sums of 4 numbers, of which 9 would do for 36 products. One loop makes differences and
// weighted differences of some rows, another adds their products: in one loop AVX2 has too few registers, and broadcasts
// of what was just computed take permutations.
#pragma once

#include "../parts/with_constant.hpp"
#include "moments_few.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

constexpr std::int64_t narrow_features = 8;

// The rows whose numbers are listed, each of 8 features at x[row * stride], with zeros past the last.
template <int D, class T>
inline void add_moments_narrow(const MomentSums<T>& sums, const T* x, std::int64_t stride, const std::uint16_t* row) {
  constexpr int W = native_width<T> < narrow_features ? native_width<T> : int(narrow_features);
  constexpr int C = (D + W - 1) / W;
  using V = Vec<T, W>;
  alignas(64) T diff[moment_rows * C * W], weighted[moment_rows * C * W], padded[C * W] = {};
  for (int d = 0; d < D; ++d) padded[d] = T(sums.shift[d]);
  for (std::int64_t s0 = 0; s0 < sums.count; s0 += moment_rows) {
    const std::int64_t count = sums.count - s0 < moment_rows ? sums.count - s0 : moment_rows;
    V shift[C], first[C];
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) shift[c] = V::load(padded + c * W), first[c] = V(T(0));
    for (std::int64_t s = 0; s < count; ++s) {
      const T* from = x + std::int64_t(row[s0 + s]) * stride;
      const V r(sums.r[s0 + s]);
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) {
        const V e = V::load(from + c * W) - shift[c], w = r * e;
        first[c] = first[c] + w;
        e.store(diff + (s * C + c) * W);
        w.store(weighted + (s * C + c) * W);
      }
    }
    alignas(64) T total[C * W];
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) first[c].store(total + c * W);
    for (int d = 0; d < D; ++d) sums.first[d] += double(total[d]);

    V second[D][C];
    FASTGEN_UNROLL
    for (int i = 0; i < D; ++i) {
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) second[i][c] = V(T(0));
    }
    for (std::int64_t s = 0; s < count; ++s) {
      V e[C];
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) e[c] = V::load(diff + (s * C + c) * W), in_register(e[c]);
      FASTGEN_UNROLL
      for (int i = 0; i < D; ++i) {
        const V w(weighted[s * C * W + i]);
        FASTGEN_UNROLL
        for (int c = 0; c <= i / W; ++c) second[i][c] = fma(w, e[c], second[i][c]);
      }
    }
    FASTGEN_UNROLL
    for (int i = 0; i < D; ++i) {
      FASTGEN_UNROLL
      for (int c = 0; c <= i / W; ++c) add_to_doubles(second[i][c], sums.second + i * sums.pitch + c * W);
    }
  }
}

template <class T>
inline void add_moments_narrow(const MomentSums<T>& sums, std::int64_t D, const T* x, std::int64_t stride,
                               const std::uint16_t* row) {
  with_constant<5, 8>(D, [&]<int Few>() FASTGEN_LAMBDA_INLINE { add_moments_narrow<Few>(sums, x, stride, row); });
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
