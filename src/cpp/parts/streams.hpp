// The random bits of a tile's samples: arrays of 64 bits a sample, of a fixed layout, so that a sample's are its index's alone.
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

// The arrays of a tile, each made when it is first asked for: the blocks of a mixture share them.
struct Streams {
  enum Name { word, block_a, block_b, normal, normal_2, part, part_2, count };
  // The j-th array of a supply.
  static constexpr Name name(Supply supply, int j) {
    if (j < supply.words) return word;
    j -= supply.words;
    if (j < 2 * supply.blocks) return Name(block_a + j);
    j -= 2 * supply.blocks;
    return j < supply.normals ? Name(normal + j) : Name(part + (j - supply.normals));
  }

  std::uint64_t* memory;  // count * pitch
  std::int64_t pitch;
  unsigned made = 0;

  bool has(Name name) const { return made >> name & 1; }
  // True if generating this array for the n listed samples alone (a block each) is cheaper than for the whole tile.
  bool sparse(Name name, std::int64_t n, std::int64_t tile) const {
    if (n == tile || has(name) || name == normal || name == normal_2) return false;
    return name == block_a || name == block_b || (name == word ? 2 : 4) * n < tile;
  }
  // out[0 .. n) = the array's entries of samples index[0 .. n), n a multiple of the widest vector; of block_a also block_b's,
  // `pitch` further on.
  static void listed(Name name, const PhiloxKey& key, const std::uint64_t* index, std::int64_t n, std::uint64_t* out,
                     std::int64_t pitch) {
    constexpr int W = wide_width<double>;
    using U = Vec<std::uint64_t, W>;
    const auto number = [](std::uint64_t i) { return U(i); };
    const auto first_of = [&](const PhiloxBlocks<W>& b) { return pair_halves(b.word[0], b.word[1]); };
    const auto second_of = [&](const PhiloxBlocks<W>& b) { return pair_halves(b.word[2], b.word[3]); };
    const auto is = [&](U a, std::uint64_t value) { return a == number(value); };
    if (name == block_b) return;
    for (std::int64_t s = 0; s < n; s += W) {
      const U i = U::load(index + s), row = i & number(15);
      U r;
      if (name == block_a) {
        const auto b = philox<W>(key, i, i >> 32, number(0), number(purpose::attempts));
        r = first_of(b);
        second_of(b).store(out + pitch + s);
      } else if (name == word) {
        const U at = ((i >> 5) << 4) | row;
        const auto b = philox<W>(key, at, at >> 32, number(0), number(purpose::words64));
        r = select(is((i >> 4) & number(1), 0), first_of(b), second_of(b));
      } else {
        const U at = ((i >> 6) << 4) | row, column = (i >> 4) & number(3);
        const std::uint64_t slot = std::uint64_t((name - part) * second_offset / 4 >> 64);  // 16 blocks to 64 words
        const auto b = philox<W>(key, at, at >> 32, number(slot), number(purpose::parts));
        r = select(is(column, 0), b.word[0],
                   select(is(column, 1), b.word[1], select(is(column, 2), b.word[2], b.word[3])));
      }
      r.store(out + s);
    }
  }
  const std::uint64_t* get(Name name, const PhiloxKey& key, std::uint64_t first, std::int64_t n) {
    std::uint64_t* out = memory + name * pitch;
    if (has(name)) return out;
    switch (name) {
      case word: fill_words64(key, purpose::words64, first, n, out); break;
      case block_a:
      case block_b:
        fill_blocks(key, first, n, memory + block_a * pitch, memory + block_b * pitch);
        made |= 1u << block_a | 1u << block_b;
        break;
      case normal:
      case normal_2:
        fill_normals(key, first + (name - normal) * second_offset, n, reinterpret_cast<double*>(out));
        break;
      default: fill_parts(key, first + (name - part) * second_offset, n, out);
    }
    made |= 1u << name;
    return out;
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
