// Lists of the rows of a tile that something is true of.
#pragma once

#include "tile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Row numbers of those of four rows whose bits are set, in order.
struct FourRows {
  std::uint16_t row[4];
};
constexpr FourRows rows_of_bits[16] = {
    {{}},  {{}},     {{1}},    {{0, 1}},    {{2}},    {{0, 2}},    {{1, 2}},    {{0, 1, 2}},
    {{3}}, {{0, 3}}, {{1, 3}}, {{0, 1, 3}}, {{2, 3}}, {{0, 2, 3}}, {{1, 2, 3}}, {{0, 1, 2, 3}},
};

// Lists the rows s < n that test(V, s) chooses, V(s) being four lanes of T or one; four at a time and without branches.
// The list may be overwritten up to three places past its end.
template <class T, class Test>
FASTGEN_INLINE std::int64_t list_rows(std::int64_t n, std::uint16_t* list, Test test) {
  std::int64_t count = 0;
  for (std::int64_t s = 0; s < n; s += 4) {
    unsigned chosen = 0;
    if constexpr (native_width<T> >= 4) {
      chosen = bits(test.template operator()<Vec<T, 4>>(s));
    } else {
      FASTGEN_UNROLL
      for (int i = 0; i < 4; ++i) chosen |= unsigned(test.template operator()<Vec<T, 1>>(s + i).v) << i;
    }
    if (n - s < 4) chosen &= (1u << (n - s)) - 1;
    FASTGEN_UNROLL
    for (int i = 0; i < 4; ++i) list[count + i] = std::uint16_t(s + rows_of_bits[chosen].row[i]);
    count += __builtin_popcount(chosen);
  }
  return count;
}

// The samples of a tile whose labels are first .. first + K - 1. Labels are read to the next multiple of 8.
template <class T>
inline std::int64_t list_labels(const DrawTile<T>& tile, std::int64_t first, std::int64_t K, std::uint16_t* list) {
  using I = Vec<std::int32_t, 8>;
  const I low(std::int32_t(first - 1)), high(std::int32_t(first + K));
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < tile.n; i += 64) {
    const std::int64_t n = tile.n - i < 64 ? tile.n - i : 64;
    std::uint64_t mine = 0;
    for (std::int64_t s = 0; s < n; s += 8) {
      const I label = I::load(tile.labels + i + s);
      mine |= std::uint64_t(bits((label > low) & (label < high))) << s;
    }
    mine &= ~std::uint64_t(0) >> (64 - n);
    for (; mine != 0; mine &= mine - 1) list[count++] = std::uint16_t(i + __builtin_ctzll(mine));
  }
  return count;
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
