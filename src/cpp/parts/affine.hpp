// Rows mean + L z in the place of their normals z, which lie row by row: lanes over features, so rows are read and written as
// they lie, in i.i.d. order.
//
// L is packed in panels of a cache line of rows, column by column: every step of the sum reads one cache line, the next one,
// whatever D is. Each element is summed over j in ascending order and the mean is added last: adding it first would round
// every partial sum to the mean's last place.
//
// In their place, as that keeps the memory that a tile touches half as large, and in the second-level cache when it is written: a
// feature needs the normals up to its own, so features are made from the last to the first, and each stores after it has read.
//
// Six samples that share L go together: two loads of it feed twelve multiply-adds, which then bind. Four that do not: the
// loads of L bind (one a multiply-add), and the four chains hide each other's latency.
#pragma once

#include "../core/kernel_table.hpp"
#include "../vector/simd.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class T> constexpr std::int64_t affine_panel = cache_line_bytes / std::int64_t(sizeof(T));

template <class T> constexpr std::int64_t last_panel(std::int64_t D) {
  return (D - 1) / affine_panel<T> * affine_panel<T>;
}

// Elements of the packed factor: panel p holds columns 0 up to its last row.
template <class T> constexpr std::int64_t affine_size(std::int64_t D) {
  const std::int64_t P = affine_panel<T>, last = last_panel<T>(D);
  return last * (last + P) / 2 + P * D;
}
// Where the panel that starts at row r begins.
template <class T> constexpr std::int64_t affine_offset(std::int64_t r) { return r * (r + affine_panel<T>) / 2; }

template <class T> inline void pack_affine(std::int64_t D, const double* lower, T* to) {
  constexpr std::int64_t P = affine_panel<T>;
  for (std::int64_t r = 0; r < D; r += P)
    for (std::int64_t j = 0; j < (r + P < D ? r + P : D); ++j)
      for (std::int64_t i = r; i < r + P; ++i) *to++ = i < D && j <= i ? T(lower[i * D + j]) : T(0);
}

// S samples whose rows begin at row[s]. Shared: all have the factor and mean of the first.
template <class T, int S, bool Shared> struct AffineSamples {
  const T *L[Shared ? 1 : S], *mean[Shared ? 1 : S];
  T* row[S];
};

// R vectors of rows from row r + first. A function of its own: inlined among others of its kind, GCC keeps some of the sums
// in memory.
template <int R, int S, bool Shared, class T>
FASTGEN_NOINLINE void affine_rows(std::int64_t D, std::int64_t r, std::int64_t first,
                                  const AffineSamples<T, S, Shared>& a) {
  constexpr std::int64_t P = affine_panel<T>;
  using V = Vec<T, native_width<T>>;
  V acc[S][R];
  const T *z[S], *L[S];
  FASTGEN_UNROLL
  for (int s = 0; s < S; ++s) {
    z[s] = a.row[s], L[s] = a.L[Shared ? 0 : s] + affine_offset<T>(r) + first;
    FASTGEN_UNROLL
    for (int v = 0; v < R; ++v) acc[s][v] = V(T(0));
  }
  const auto column = [&](std::int64_t j) FASTGEN_LAMBDA_INLINE {
    V l[R];
    FASTGEN_UNROLL
    for (int s = 0; s < S; ++s) {
      if (!Shared || s == 0) {
        FASTGEN_UNROLL
        for (int v = 0; v < R; ++v) {
          l[v] = V::load(L[s] + j * P + v * V::width);
          if constexpr (Shared && S > 1) in_register(l[v]);
        }
      }
      const V zj(z[s][j]);
      FASTGEN_UNROLL
      for (int v = 0; v < R; ++v) acc[s][v] = fma(l[v], zj, acc[s][v]);
    }
  };
  // By eights: the number of rounds is then small enough for branch predictors.
  constexpr int together = 8;
  const std::int64_t end = r + P < D ? r + P : D;
  std::int64_t j = 0;
  for (; j + together <= end; j += together) {
    FASTGEN_UNROLL
    for (int i = 0; i < together; ++i) column(j + i);
  }
  for (; j < end; ++j) column(j);
  FASTGEN_UNROLL
  for (int v = 0; v < R; ++v) {
    const std::int64_t row = r + first + v * V::width;
    FASTGEN_UNROLL
    for (int s = 0; s < S; ++s) {
      const T* mean = a.mean[Shared ? 0 : s];
      T* out = a.row[s];
      if (row + V::width <= D) {
        (acc[s][v] + V::load(mean + row)).store(out + row);
      } else {
        T rest[V::width];
        acc[s][v].store(rest);
        for (std::int64_t i = row; i < D; ++i) out[i] = rest[i - row] + mean[i];
      }
    }
  }
}

// The panel that starts at row r, without its empty vectors.
template <class T, int S, bool Shared>
FASTGEN_INLINE void affine_panel_of(std::int64_t D, std::int64_t r, const AffineSamples<T, S, Shared>& a) {
  constexpr std::int64_t W = native_width<T>, P = affine_panel<T>;
  // Up to two vectors at a time fit the registers with six samples.
  constexpr int R = P / W < 2 ? 1 : 2;
  const std::int64_t rows = D - r < P ? D - r : P;
  for (std::int64_t first = (rows - 1) / (R * W) * (R * W); first >= 0; first -= R * W) {
    if (R == 1 || r + first + W < D) affine_rows<R>(D, r, first, a);
    else affine_rows<1>(D, r, first, a);
  }
}

// `n` samples that share a factor and a mean: a panel stays in the first-level cache while they go by.
template <class T>
inline void affine_shared(std::int64_t D, const T* L, const T* mean, std::int64_t n, T* const* row) {
  for (std::int64_t r = last_panel<T>(D); r >= 0; r -= affine_panel<T>) {
    std::int64_t i = 0;
    // Fewer than four take as long as four (their chains are waited for), so the last of them stands in for the missing.
    const auto take = [&]<int S>() FASTGEN_LAMBDA_INLINE {
      AffineSamples<T, S, true> a{{L}, {mean}, {}};
      FASTGEN_UNROLL
      for (int s = 0; s < S; ++s) a.row[s] = row[i + s < n ? i + s : n - 1];
      affine_panel_of(D, r, a);
      i += S;
    };
    if constexpr (affine_panel<T> == native_width<T>) {  // sums of one vector: eight hide each other's latency
      while (n - i >= 9) take.template operator()<12>();
      while (n - i >= 5) take.template operator()<8>();
    }
    // Seven and eight go best as four and four.
    while (n - i >= 5 && n - i != 7 && n - i != 8) take.template operator()<6>();
    while (i < n) take.template operator()<4>();
  }
}

// S samples with factors of their own.
template <class T, int S> inline void affine_apart(std::int64_t D, const AffineSamples<T, S, false>& a) {
  for (std::int64_t r = last_panel<T>(D); r >= 0; r -= affine_panel<T>) affine_panel_of(D, r, a);
}

// D up to a panel known when compiled, in vectors no longer than the row needs. Reads `mean` up to whole vectors.
template <int D, class T> FASTGEN_INLINE void affine_few(const T* mean, const T* L, T* row) {
  constexpr int P = int(affine_panel<T>), narrow = 16 / int(sizeof(T));
  constexpr int wanted = D <= narrow ? narrow : D <= 2 * narrow ? 2 * narrow : 4 * narrow;
  constexpr int W = wanted < native_width<T> ? wanted : native_width<T>, R = (D + W - 1) / W;
  static_assert(D <= P);
  using V = Vec<T, W>;
  V acc[R];
  FASTGEN_UNROLL
  for (int j = 0; j < D; ++j) {
    const V zj(row[j]);
    FASTGEN_UNROLL
    for (int v = j / W; v < R; ++v) {
      const V l = V::load(L + j * P + v * W);
      acc[v] = j == 0 ? l * zj : fma(l, zj, acc[v]);
    }
  }
  FASTGEN_UNROLL
  for (int v = 0; v < R; ++v) {
    const V x = acc[v] + V::load(mean + v * W);
    if (v * W + W <= D) x.store(row + v * W);
    else __builtin_memcpy(row + v * W, &x, (D - v * W) * sizeof(T));
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
