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

// Samples that share L, by index: mean of sample i at mean[i], normals at z[i], answer to out[i].
template <class T> struct AffineGroup {
  std::int64_t count;
  const T* const* mean;
  const T* const* z;
  T* const* out;
};

// R vectors of rows from r of every sample: four at a time, so that each load of L feeds four.
template <class V, int R, class T>
FASTGEN_INLINE void affine_row_block(std::int64_t D, std::int64_t r, const T* L, const AffineGroup<T>& g) {
  std::int64_t i = 0;
  for (; i + 4 <= g.count; i += 4)
    affine_rows<V, R, 4, T>(D, r, {g.mean[i], g.mean[i + 1], g.mean[i + 2], g.mean[i + 3]}, L,
                            {g.z[i], g.z[i + 1], g.z[i + 2], g.z[i + 3]}, {g.out[i], g.out[i + 1], g.out[i + 2], g.out[i + 3]});
  for (; i < g.count; ++i) affine_rows<V, R, 1, T>(D, r, {g.mean[i]}, L, {g.z[i]}, {g.out[i]});
}

// All rows, block by block: a block of L stays in the first-level cache while the samples go by. Vectors have at most W
// lanes; the last one overlaps the one before instead of running past the end.
template <int W, class T> FASTGEN_INLINE void affine(std::int64_t D, const T* L, const AffineGroup<T>& g) {
  if constexpr (W > 1)
    if (D < W) return affine<W / 2>(D, L, g);
  using V = Vec<T, W>;
  std::int64_t r = 0;
  if (g.count == 1)
    for (; r + 4 * W <= D; r += 4 * W) affine_row_block<V, 4>(D, r, L, g);
  for (; r + 2 * W <= D; r += 2 * W) affine_row_block<V, 2>(D, r, L, g);
  for (; r + W <= D; r += W) affine_row_block<V, 1>(D, r, L, g);
  if (r < D) affine_row_block<V, 1>(D, D - W, L, g);
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
