// out = mean + L z, one sample at a time or four that share L, lanes over features.
//
// Columns of L are contiguous (column j at L + j D, zeros above the diagonal), so rows of the answer are written with
// plain stores in i.i.d. order. Each element is summed over j in ascending order and the mean is added last: adding
// it first would round every partial sum to the mean's last place.
//
// One sample alone is bound by loads of L (one a multiply-add); four together by the multiply-adds.
#pragma once

#include "../core/simd.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class V, int R, int S, class T>
FASTGEN_INLINE void affine_rows(std::int64_t D, std::int64_t r0, const T* const (&mean)[S], const T* L,
                                const T* const (&z)[S], T* const (&out)[S]) {
  V acc[S][R];
  FASTGEN_UNROLL
  for (int s = 0; s < S; ++s) {
    FASTGEN_UNROLL
    for (int r = 0; r < R; ++r) acc[s][r] = V(T(0));
  }
  const std::int64_t end = r0 + R * V::width;  // columns past the last row are zeros
  const T* column = L + r0;
  for (std::int64_t j = 0; j < end; ++j, column += D) {
    V l[R];
    FASTGEN_UNROLL
    for (int r = 0; r < R; ++r) l[r] = V::load(column + r * V::width);
    FASTGEN_UNROLL
    for (int s = 0; s < S; ++s) {
      const V zj(z[s][j]);
      FASTGEN_UNROLL
      for (int r = 0; r < R; ++r) acc[s][r] = fma(l[r], zj, acc[s][r]);
    }
  }
  FASTGEN_UNROLL
  for (int s = 0; s < S; ++s) {
    FASTGEN_UNROLL
    for (int r = 0; r < R; ++r) {
      const std::int64_t row = r0 + r * V::width;
      (acc[s][r] + V::load(mean[s] + row)).store(out[s] + row);
    }
  }
}

// All rows with vectors of at most W lanes. The last vector overlaps the one before instead of running past the end.
template <int W, int S, class T>
FASTGEN_INLINE void affine(std::int64_t D, const T* const (&mean)[S], const T* L, const T* const (&z)[S],
                           T* const (&out)[S]) {
  if constexpr (W > 1)
    if (D < W) return affine<W / 2, S>(D, mean, L, z, out);
  using V = Vec<T, W>;
  constexpr int R = S == 1 ? 4 : 2;
  std::int64_t r = 0;
  for (; r + R * W <= D; r += R * W) affine_rows<V, R, S>(D, r, mean, L, z, out);
  if constexpr (R == 4)
    for (; r + 2 * W <= D; r += 2 * W) affine_rows<V, 2, S>(D, r, mean, L, z, out);
  for (; r + W <= D; r += W) affine_rows<V, 1, S>(D, r, mean, L, z, out);
  if (r < D) affine_rows<V, 1, S>(D, D - W, mean, L, z, out);
}

// D known when compiled, for the few features where vectors over features would be mostly empty.
template <int D, class T> FASTGEN_INLINE void affine_small(const T* mean, const T* L, const T* z, T* out) {
  using V = Vec<T, 1>;
  FASTGEN_UNROLL
  for (int r = 0; r < D; ++r) {
    V acc(T(0));
    FASTGEN_UNROLL
    for (int j = 0; j <= r; ++j) acc = fma(V(L[j * D + r]), V(z[j]), acc);
    out[r] = acc.v + mean[r];
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
