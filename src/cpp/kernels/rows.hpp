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

// The samples of a tile whose labels are first .. first + K - 1.
template <class T>
inline std::int64_t list_labels(const DrawTile<T>& tile, std::int64_t first, std::int64_t K, std::uint16_t* list) {
  return list_rows<std::int32_t>(tile.n, list, [&]<class I>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
    const I label = I::load(tile.labels + s) - I(std::int32_t(first));
    return (label > I(std::int32_t(-1))) & (label < I(std::int32_t(K)));
  });
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
