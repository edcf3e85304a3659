// Lists of the rows of a tile, or of bits, that something is true of.
#pragma once

#include "tile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Lists the rows s < n that test(V, s) chooses, V(s) being eight lanes of T, sixteen or one; eight at a time and without
// branches. The list may be overwritten up to `list_margin` places past its end, and rows up to n rounded up to sixteen are tested.
constexpr std::int64_t list_margin = 8;
template <class T, class Test>
FASTGEN_INLINE std::int64_t list_rows(std::int64_t n, std::uint16_t* list, Test test) {
  constexpr int together = native_width<T> < 16 ? 8 : 16;
  std::int64_t count = 0;
  for (std::int64_t s = 0; s < n; s += together) {
    unsigned chosen = 0;
    if constexpr (native_width<T> > 1) {
      chosen = bits(test.template operator()<Vec<T, together>>(s));
    } else {
      FASTGEN_UNROLL
      for (int i = 0; i < 8; ++i) chosen |= unsigned(test.template operator()<Vec<T, 1>>(s + i).v) << i;
    }
    if (n - s < together) chosen &= (1u << (n - s)) - 1;
    FASTGEN_UNROLL
    for (int part = 0; part < together; part += 8) {
      const unsigned eight = chosen >> part & 255;
      FASTGEN_UNROLL
      for (int i = 0; i < 8; ++i) list[count + i] = std::uint16_t(s + part + lanes_of_bits.lane[eight][i]);
      count += __builtin_popcount(eight);
    }
  }
  return count;
}

// Calls body(i) for the bits i that are set, in order.
template <class Body> FASTGEN_INLINE void for_bits(std::uint64_t bits, Body body) {
  for (; bits != 0; bits &= bits - 1) body(__builtin_ctzll(bits));
}

// Appends first + the numbers of the bits that are set to list[0 .. count) and returns the new count. Two are written whether
// they are there or not, as nothing can foresee how many there are: the list needs room for `list_bits_margin` more.
constexpr std::int64_t list_bits_margin = 2;
FASTGEN_INLINE std::int64_t list_bits(std::uint64_t bits, std::uint64_t first, std::uint64_t* list,
                                      std::int64_t count) {
  FASTGEN_UNROLL
  for (int i = 0; i < 2; ++i) {
    list[count] = first + std::uint64_t(__builtin_ctzll(bits | std::uint64_t(1) << 63));
    count += bits != 0;
    bits &= bits - 1;
  }
  for_bits(bits, [&](int i) FASTGEN_LAMBDA_INLINE { list[count++] = first + std::uint64_t(i); });
  return count;
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
