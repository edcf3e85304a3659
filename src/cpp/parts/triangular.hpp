// Triangular products over a strip of samples: the inner loops of every full-covariance kernel.
//
// The factor is packed in blocks of up to four rows so that one pass over it feeds four rows x C vectors of samples:
// twelve accumulators, three sample vectors and one broadcast fill the sixteen registers of AVX2. Each sample's sum
// runs over the columns in ascending order, whatever the blocking.
#pragma once

#include "../vector/simd.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Packed size of a D x D triangle: each entry once.
constexpr std::int64_t triangle_size(std::int64_t D) { return D * (D + 1) / 2; }

// Lower factor in row blocks: for each block, the rectangle left of the diagonal column by column (R values each), then
// the diagonal triangle column by column.
template <class T> inline void pack_lower(std::int64_t D, const double* a, T* to) {
  for (std::int64_t i = 0; i < D; i += 4) {
    const std::int64_t R = D - i < 4 ? D - i : 4;
    for (std::int64_t j = 0; j < i; ++j)
      for (std::int64_t r = 0; r < R; ++r) *to++ = T(a[(i + r) * D + j]);
    for (std::int64_t j = 0; j < R; ++j)
      for (std::int64_t r = j; r < R; ++r) *to++ = T(a[(i + r) * D + i + j]);
  }
}

// Where pack_lower puts entry (i, j).
constexpr std::int64_t packed_index(std::int64_t D, std::int64_t i, std::int64_t j) {
  const std::int64_t top = i / 4 * 4, R = D - top < 4 ? D - top : 4;
  const std::int64_t before = triangle_size(top);  // rows above, each entry once
  if (j < top) return before + j * R + (i - top);
  const std::int64_t c = j - top;
  return before + top * R + c * R - c * (c - 1) / 2 + (i - j);
}

// Its transpose (upper) in row blocks: the diagonal triangle column by column, then the rectangle right of it.
template <class T> inline void pack_transposed(std::int64_t D, const double* a, T* to) {
  for (std::int64_t i = 0; i < D; i += 4) {
    const std::int64_t R = D - i < 4 ? D - i : 4;
    for (std::int64_t j = 0; j < R; ++j)
      for (std::int64_t r = 0; r <= j; ++r) *to++ = T(a[(i + j) * D + i + r]);
    for (std::int64_t j = i + R; j < D; ++j)
      for (std::int64_t r = 0; r < R; ++r) *to++ = T(a[j * D + i + r]);
  }
}

// Where lower * (x - origin) + start takes its columns x - origin from. at(j, s) begins with column j from sample s on; next(xs)
// gives C vectors of it and goes on to the following one. lower_rows reads the columns left of its rows from `diff`, `pitch` apart.
//
// Here each block of rows makes its own, and keeps them in diff for the rows below.
template <class T> struct KeptColumns {
  const T* x;
  std::int64_t stride;
  const T *origin, *start;
  T* diff;
  std::int64_t pitch;
  FASTGEN_INLINE KeptColumns at(std::int64_t j, std::int64_t s) const {
    return {x + j * stride + s, stride, origin + j, start, diff + j * pitch + s, pitch};
  }
  template <int C, class V> FASTGEN_INLINE void next(V (&xs)[C]) {
    const V o(*origin++);
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) {
      xs[c] = V::load(x + c * V::width) - o;
      xs[c].store(diff + c * V::width);
    }
    x += stride, diff += pitch;
  }
};
// Here all are in diff, made once for many products with one origin.
template <class T> struct ReadyColumns {
  const T *diff, *start;
  std::int64_t pitch;
  FASTGEN_INLINE ReadyColumns at(std::int64_t j, std::int64_t s) const { return {diff + j * pitch + s, start, pitch}; }
  template <int C, class V> FASTGEN_INLINE void next(V (&xs)[C]) {
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) xs[c] = V::load(diff + c * V::width);
    diff += pitch;
  }
};
// Here they are made whenever they are asked for. There is no diff: not for lower_rows.
template <class T> struct FreshColumns {
  const T* x;
  std::int64_t stride;
  const T *origin, *start;
  FASTGEN_INLINE FreshColumns at(std::int64_t j, std::int64_t s) const {
    return {x + j * stride + s, stride, origin + j, start};
  }
  template <int C, class V> FASTGEN_INLINE void next(V (&xs)[C]) {
    const V o(*origin++);
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) xs[c] = V::load(x + c * V::width) - o;
    x += stride;
  }
};

// R rows of lower * (x - origin) + start for C vectors of samples from s. Row blocks must be taken from the top: the block that
// starts at row i makes columns i .. i + R - 1 of KeptColumns, between multiply-adds, where stores cost nothing.
template <int R, int C, class T, class From, class V = Vec<T, native_width<T>>>
FASTGEN_INLINE const T* lower_rows(const T* packed, std::int64_t i, const From& from, std::int64_t s, V (&y)[R][C]) {
  FASTGEN_UNROLL
  for (int r = 0; r < R; ++r) {
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) y[r][c] = V(from.start[i + r]);
  }
  const T* diff = from.diff + s;
  // Four columns at a time: the shorter the loops, the more of their ends does a branch predictor foresee.
  for (std::int64_t j = 0; j < i; j += 4) {
    FASTGEN_UNROLL
    for (int u = 0; u < 4; ++u, diff += from.pitch, packed += R) {
      V xs[C];
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) xs[c] = V::load(diff + c * V::width);
      add_outer_product(y, packed, xs);
    }
  }
  From columns = from.at(i, s);
  FASTGEN_UNROLL
  for (int j = 0; j < R; ++j) {
    V xs[C];
    columns.next(xs);
    FASTGEN_UNROLL
    for (int r = j; r < R; ++r) {
      const V p(*packed++);
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) y[r][c] = fma(p, xs[c], y[r][c]);
    }
  }
  return packed;
}

// Whether twenty-four sums fit the registers.
template <class T> constexpr bool has_registers_for_eight_rows = native_width<T> * sizeof(T) == 64;
// The same for the eight rows of two blocks: y and z.
template <int C, class T, class From, class V = Vec<T, native_width<T>>>
FASTGEN_INLINE const T* lower_rows_twice(const T* packed, std::int64_t i, const From& from, std::int64_t s,
                                         V (&y)[4][C], V (&z)[4][C]) {
  FASTGEN_UNROLL
  for (int r = 0; r < 4; ++r) {
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) y[r][c] = V(from.start[i + r]), z[r][c] = V(from.start[i + 4 + r]);
  }
  const T* lower = packed + 4 * i + 10;
  const T* diff = from.diff + s;
  for (std::int64_t j = 0; j < i; j += 4) {
    FASTGEN_UNROLL
    for (int u = 0; u < 4; ++u, diff += from.pitch, packed += 4, lower += 4) {
      V xs[C];
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) xs[c] = V::load(diff + c * V::width);
      add_outer_product(y, packed, xs);
      add_outer_product(z, lower, xs);
    }
  }
  From columns = from.at(i, s);
  FASTGEN_UNROLL
  for (int j = 0; j < 8; ++j) {
    V xs[C];
    columns.next(xs);
    if (j < 4) {
      FASTGEN_UNROLL
      for (int r = 0; r < 4; ++r) {
        if (r < j) continue;
        const V p(*packed++);
        FASTGEN_UNROLL
        for (int c = 0; c < C; ++c) y[r][c] = fma(p, xs[c], y[r][c]);
      }
    }
    FASTGEN_UNROLL
    for (int r = 0; r < 4; ++r) {
      if (r < j - 4) continue;
      const V p(*lower++);
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) z[r][c] = fma(p, xs[c], z[r][c]);
    }
  }
  return lower;
}

// R rows of lower^T * x.
template <int R, int C, class T, class V = Vec<T, native_width<T>>>
FASTGEN_INLINE const T* transposed_rows(const T* packed, std::int64_t i, std::int64_t D, const T* x,
                                        std::int64_t stride, V (&y)[R][C]) {
  FASTGEN_UNROLL
  for (int r = 0; r < R; ++r) {
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) y[r][c] = V(T(0));
  }
  FASTGEN_UNROLL
  for (int j = 0; j < R; ++j) {
    FASTGEN_UNROLL
    for (int r = 0; r <= j; ++r) {
      const V p(*packed++);
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) y[r][c] = fma(p, V::load(x + (i + j) * stride + c * V::width), y[r][c]);
    }
  }
  for (std::int64_t j = i + R; j < D; ++j) {
    V xs[C];
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) xs[c] = V::load(x + j * stride + c * V::width);
    FASTGEN_UNROLL
    for (int r = 0; r < R; ++r) {
      const V p(packed[r]);
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) y[r][c] = fma(p, xs[c], y[r][c]);
    }
    packed += R;
  }
  return packed;
}

// Calls body.template operator()<R>(i, packed) -> packed for the row blocks of rows i .. end of a factor, i and, but for
// the last row of all, end multiples of 4.
template <class T, class Body>
FASTGEN_INLINE const T* for_row_blocks(std::int64_t i, std::int64_t end, const T* packed, Body body) {
  for (; i + 4 <= end; i += 4) packed = body.template operator()<4>(i, packed);
  switch (end - i) {
    case 3: return body.template operator()<3>(i, packed);
    case 2: return body.template operator()<2>(i, packed);
    case 1: return body.template operator()<1>(i, packed);
    default: return packed;
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
