// The random bits of a tile's samples, as scalar laws read them: arrays of 64 bits a sample, of a fixed layout, so that a
// sample's are its index's alone.
#pragma once

#include "normals.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// What a law reads of them:
struct Supply {
  int words = 0;  // 0 or 1: 64 bits, two samples to a Philox block
  int blocks = 0;  // 0 or 1: two arrays of 64 bits, block number 0 of a sample's attempts
  int normals = 0;  // 0 to 2: standard normals, as doubles
  int parts = 0;  // 0 to 2: 32 bits, four samples to a block, in the low halves; the others may be anything
  constexpr int arrays() const { return words + 2 * blocks + normals + parts; }
};
constexpr int most_arrays = 4;
// Where the second normals and parts of samples are, far beyond the first.
constexpr Position second_offset = Position(1) << 90;

// Calls body(b, blocks base + b, ...) for vectors of the sixteen blocks from base on.
template <class Body>
FASTGEN_INLINE void for_sixteen_blocks(const PhiloxKey& key, std::uint32_t purpose, Position base, Body body) {
  constexpr int W = wide_width<std::uint64_t>;
  static_assert(16 % W == 0);
  FASTGEN_UNROLL
  for (int b = 0; b < 16; b += W)
    body(b, philox_at<W>(key, purpose, base, iota<std::uint64_t, W>() + Vec<std::uint64_t, W>(std::uint64_t(b))));
}

// out[0 .. n) = words first .. first + n: sixteen blocks make 32 words, the first two words of each block, then the others.
inline void fill_words64(const PhiloxKey& key, std::uint32_t purpose, Position first, std::int64_t n,
                         std::uint64_t* out) {
  fill_groups<32>(first, n, out, [&](Position group, std::uint64_t* to) FASTGEN_LAMBDA_INLINE {
    for_sixteen_blocks(key, purpose, group * 16, [&](int b, const auto& block) FASTGEN_LAMBDA_INLINE {
      pair_halves(block.word[0], block.word[1]).store(to + b);
      pair_halves(block.word[2], block.word[3]).store(to + 16 + b);
    });
  });
}

// Both words of blocks first .. first + n, which are those of Source::words(0).
inline void fill_blocks(const PhiloxKey& key, std::uint64_t first, std::int64_t n, std::uint64_t* a, std::uint64_t* b) {
  std::uint64_t buffer[2][16];
  for (std::int64_t done = 0; done < n;) {
    const std::uint64_t position = first + std::uint64_t(done);
    const std::int64_t skip = std::int64_t(position % 16), left = n - done;
    const bool whole = skip == 0 && left >= 16;
    std::uint64_t *to_a = whole ? a + done : buffer[0], *to_b = whole ? b + done : buffer[1];
    for_sixteen_blocks(key, purpose::attempts, Position(position / 16 * 16),
                       [&](int i, const auto& block) FASTGEN_LAMBDA_INLINE {
      pair_halves(block.word[0], block.word[1]).store(to_a + i);
      pair_halves(block.word[2], block.word[3]).store(to_b + i);
    });
    const std::int64_t take = left < 16 - skip ? left : 16 - skip;
    if (!whole) {
      __builtin_memcpy(a + done, buffer[0] + skip, std::size_t(take) * 8);
      __builtin_memcpy(b + done, buffer[1] + skip, std::size_t(take) * 8);
    }
    done += take;
  }
}

// out[0 .. n) = words first .. first + n of 32 bits, in the layout of vector/philox.hpp, each in the low half of 64 bits.
inline void fill_parts(const PhiloxKey& key, Position first, std::int64_t n, std::uint64_t* out) {
  fill_groups<64>(first, n, out, [&](Position group, std::uint64_t* to) FASTGEN_LAMBDA_INLINE {
    for_sixteen_blocks(key, purpose::parts, group * 16, [&](int b, const auto& block) FASTGEN_LAMBDA_INLINE {
      FASTGEN_UNROLL
      for (int w = 0; w < 4; ++w) block.word[w].store(to + 16 * w + b);
    });
  });
}

// The arrays of samples first .. first + n, in the order of Supply.
inline void fill_arrays(Supply supply, const PhiloxKey& key, std::uint64_t first, std::int64_t n,
                        std::uint64_t* const* arrays) {
  std::uint64_t* const* next = arrays;
  if (supply.words > 0) fill_words64(key, purpose::words64, first, n, *next++);
  if (supply.blocks > 0) fill_blocks(key, first, n, next[0], next[1]), next += 2;
  for (int i = 0; i < supply.normals; ++i)
    fill_normals(key, first + i * second_offset, n, reinterpret_cast<double*>(*next++));
  for (int i = 0; i < supply.parts; ++i) fill_parts(key, first + i * second_offset, n, *next++);
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
