// Which values stay in registers, where compilers choose badly.
#pragma once

#include "arithmetic.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Holds a value in a register: without it GCC reads a vector that several multiply-adds share from memory once for each,
// and the loads bind instead.
template <class T, int W> FASTGEN_INLINE void in_register(Vec<T, W>& a) {
#if defined(__AVX512F__)
  if constexpr (sizeof(a) == 64) asm("" : "+v"(a.v));
#elif defined(__AVX2__)
  if constexpr (sizeof(a) == 32) asm("" : "+x"(a.v));
#endif
  (void)a;
}

// sums[r][c] = fma(a[r], b[c], sums[r][c]): the heart of every matrix product here. Twelve sums, three vectors and one
// broadcast are all sixteen registers of AVX2, which GCC fills only if it is told how; left alone it spills.
template <int R, int C, class T, int W>
FASTGEN_INLINE void add_outer_product(Vec<T, W> (&sums)[R][C], const T* a, Vec<T, W> (&b)[C]) {
  FASTGEN_UNROLL
  for (int c = 0; c < C; ++c) in_register(b[c]);
#if defined(__AVX2__) && !defined(__AVX512F__) && !defined(__clang__)  // Clang allots them well by itself
  if constexpr (R == 4 && C == 3 && sizeof(b[0]) == 32) {
#define FASTGEN_ROW(broadcast, fmadd, at, x, y, z)                                                          \
  broadcast " " at ", %[p]\n\t" fmadd " %[p], %[b0], %[" x "]\n\t" fmadd " %[p], %[b1], %[" y "]\n\t" fmadd \
            " %[p], %[b2], %[" z "]\n\t"
#define FASTGEN_ROWS(broadcast, fmadd, size)                                                                    \
  asm(FASTGEN_ROW(broadcast, fmadd, "%[a]", "s00", "s01", "s02")                                                \
          FASTGEN_ROW(broadcast, fmadd, #size "+%[a]", "s10", "s11", "s12")                                     \
              FASTGEN_ROW(broadcast, fmadd, "2*" #size "+%[a]", "s20", "s21", "s22")                            \
                  FASTGEN_ROW(broadcast, fmadd, "3*" #size "+%[a]", "s30", "s31", "s32")                        \
      : [p] "=&x"(p), [s00] "+x"(sums[0][0].v), [s01] "+x"(sums[0][1].v), [s02] "+x"(sums[0][2].v),             \
        [s10] "+x"(sums[1][0].v), [s11] "+x"(sums[1][1].v), [s12] "+x"(sums[1][2].v), [s20] "+x"(sums[2][0].v), \
        [s21] "+x"(sums[2][1].v), [s22] "+x"(sums[2][2].v), [s30] "+x"(sums[3][0].v), [s31] "+x"(sums[3][1].v), \
        [s32] "+x"(sums[3][2].v)                                                                                \
      : [b0] "x"(b[0].v), [b1] "x"(b[1].v), [b2] "x"(b[2].v), [a] "m"(*reinterpret_cast<const T(*)[4]>(a)))
    typename Vec<T, W>::Native p;
    if constexpr (sizeof(T) == 8) FASTGEN_ROWS("vbroadcastsd", "vfmadd231pd", 8);
    else FASTGEN_ROWS("vbroadcastss", "vfmadd231ps", 4);
#undef FASTGEN_ROWS
#undef FASTGEN_ROW
    return;
  }
#endif
  FASTGEN_UNROLL
  for (int r = 0; r < R; ++r) {
    const Vec<T, W> p(a[r]);
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) sums[r][c] = fma(p, b[c], sums[r][c]);
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
