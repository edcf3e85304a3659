// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
// 1, 2, 3" (SC 2011), and the layout in which fastgen reads it.
//
// A block is 128 bits: philox(key, {index low, index high, slot, purpose}). Arrays of words or normals
// are read in groups of consecutive blocks whose layout is fixed, so that any vector width fills them with plain
// stores and gets the same bits:
//   words:          16 blocks make 64 words:   word  64 g + 16 w + b = word w of block 16 g + b
//   normals:        24 blocks make 64 doubles, 16 blocks 64 floats: see parts/normals.hpp
#pragma once

#include "simd.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Counters, and what the rounds make of them: a block a lane.
template <int W> struct PhiloxBlocks {
  Vec<std::uint64_t, W> word[4];  // the low 32 bits of each lane count
};

// A place in a flat array of words or normals: a sample index times the values a sample takes may pass 2^64.
__extension__ typedef unsigned __int128 Position;

// The ten round keys, made once for many blocks.
struct PhiloxKey {
  std::uint64_t round[10][2];
  explicit PhiloxKey(std::uint64_t key) {
    std::uint32_t k0 = std::uint32_t(key), k1 = std::uint32_t(key >> 32);
    for (auto& r : round) {
      r[0] = k0, r[1] = k1;
      k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
  }
};

constexpr std::uint32_t philox_m0 = 0xD2511F53u, philox_m1 = 0xCD9E8D57u;

// How many vectors of W lanes had better be made side by side: a round waits seven cycles for what it takes half of them to issue.
template <int W> constexpr int philox_together = native_width<std::uint64_t> == 8 && W == 8 ? 3 : 1;

// Rounds First .. 9 of N vectors of blocks side by side. The high halves of words 1 and 3 hold what earlier products left
// there; the next product ignores it.
template <int First, int N, int W>
FASTGEN_INLINE void philox_rounds(const PhiloxKey& key, PhiloxBlocks<W> (&blocks)[N]) {
  using U = Vec<std::uint64_t, W>;
  const U m0(std::uint64_t{philox_m0}), m1(std::uint64_t{philox_m1});
  FASTGEN_UNROLL
  for (int round = First; round < 10; ++round) {
    FASTGEN_UNROLL
    for (int i = 0; i < N; ++i) {
      U(&c)[4] = blocks[i].word;
      const U p0 = mul_wide_u32(m0, c[0]), p1 = mul_wide_u32(m1, c[2]);
      c[0] = high_halves(p1) ^ (c[1] ^ U(key.round[round][0]));
      c[1] = p1;
      c[2] = high_halves(p0) ^ (c[3] ^ U(key.round[round][1]));
      c[3] = p0;
    }
  }
}

// One block a lane, any counters.
template <int W>
FASTGEN_INLINE PhiloxBlocks<W> philox(const PhiloxKey& key, Vec<std::uint64_t, W> c0, Vec<std::uint64_t, W> c1,
                                      Vec<std::uint64_t, W> c2, Vec<std::uint64_t, W> c3) {
  PhiloxBlocks<W> blocks[1] = {{{c0, c1, c2, c3}}};
  philox_rounds<0>(key, blocks);
  return blocks[0];
}

// Block number `base` + lane of one purpose after the first two rounds. Only the lowest word of the counter may differ between
// lanes: base is a multiple of 8 and lane less than 8, or 16, so nothing carries. What the other three words become is then
// the same in all lanes and left to scalars: 70 vector instructions instead of 80, which bind.
template <int W>
FASTGEN_INLINE PhiloxBlocks<W> philox_begin(const PhiloxKey& key, std::uint32_t purpose, Position base,
                                            Vec<std::uint64_t, W> lane) {
  using U = Vec<std::uint64_t, W>;
  const U m0(std::uint64_t{philox_m0}), m1(std::uint64_t{philox_m1});
  const auto low = [](std::uint64_t a) { return a & 0xffffffffu; };
  const std::uint64_t from_slot = low(std::uint64_t(base >> 64)) * philox_m1;
  const U p0 = mul_wide_u32(m0, U(std::uint64_t(base)) + lane);
  const std::uint64_t c0 = low((from_slot >> 32) ^ std::uint64_t(base >> 32) ^ key.round[0][0]);
  const std::uint64_t from_c0 = c0 * philox_m0;
  const U p1 = mul_wide_u32(m1, high_halves(p0) ^ U(purpose ^ key.round[0][1]));
  return {{high_halves(p1) ^ U(low(from_slot) ^ key.round[1][0]), p1, p0 ^ U((from_c0 >> 32) ^ key.round[1][1]),
           U(low(from_c0))}};
}
template <int W>
FASTGEN_INLINE PhiloxBlocks<W> philox_at(const PhiloxKey& key, std::uint32_t purpose, Position base,
                                         Vec<std::uint64_t, W> lane) {
  PhiloxBlocks<W> blocks[1] = {philox_begin(key, purpose, base, lane)};
  philox_rounds<2>(key, blocks);
  return blocks[0];
}

// The words of blocks base + first .. base + first + W32 - 1 as 32-bit lanes in block order: even blocks in the low
// halves of 64-bit lanes, odd blocks in the high ones. At width 1 there is nothing to pair.
template <int W32> struct Words {
  Vec<std::uint32_t, W32> word[4];
};
template <int W32> FASTGEN_INLINE Words<W32> philox_words(const PhiloxKey& key, std::uint32_t purpose, Position base,
                                                          int first) {
  Words<W32> r;
  if constexpr (W32 == 1) {
    const auto b = philox_at<1>(key, purpose, base, Vec<std::uint64_t, 1>(std::uint64_t(first)));
    for (int w = 0; w < 4; ++w) r.word[w] = Vec<std::uint32_t, 1>(std::uint32_t(b.word[w].v));
  } else {
    constexpr int W = W32 / 2;
    using U = Vec<std::uint64_t, W>;
    const U even = (iota<std::uint64_t, W>() << 1) + U(std::uint64_t(first));
    PhiloxBlocks<W> made[2];
    if constexpr (philox_together<W> > 1) {
      made[0] = philox_begin(key, purpose, base, even),
      made[1] = philox_begin(key, purpose, base, even + U(std::uint64_t(1)));
      philox_rounds<2>(key, made);
    } else {
      made[0] = philox_at(key, purpose, base, even),
      made[1] = philox_at(key, purpose, base, even + U(std::uint64_t(1)));
    }
    FASTGEN_UNROLL
    for (int w = 0; w < 4; ++w) r.word[w] = bit_cast<std::uint32_t>(pair_halves(made[0].word[w], made[1].word[w]));
  }
  return r;
}

// One word of one block, for the rare paths.
inline std::uint32_t philox_word(const PhiloxKey& key, std::uint32_t purpose, Position position) {
  const auto b = philox_at<1>(key, purpose, (position >> 6) * 16, Vec<std::uint64_t, 1>(std::uint64_t(position & 15)));
  return std::uint32_t(b.word[int(position >> 4) & 3].v);
}

// Group-wise filling of out[0 .. n) with positions first .. first + n, where one group is `Group` values and
// make(index of a group, number of groups, pointer to their values) makes some that follow each other. Ends that cut a group go
// through a buffer.
template <int Group, class T, class Make>
FASTGEN_INLINE void fill_runs(Position first, std::int64_t n, T* out, Make make) {
  T buffer[Group];
  std::int64_t done = 0;
  while (done < n) {
    const Position position = first + Position(done);
    const std::int64_t skip = std::int64_t(std::uint64_t(position) % Group);
    const std::int64_t left = n - done, room = Group - skip;
    if (skip == 0 && left >= Group) {
      make(position / Group, left / Group, out + done);
      done += left / Group * Group;
    } else {
      const std::int64_t take = left < room ? left : room;
      make(position / Group, 1, buffer);
      __builtin_memcpy(out + done, buffer + skip, std::size_t(take) * sizeof(T));
      done += take;
    }
  }
}

// The same by make(index of a group, pointer to its values).
template <int Group, class T, class Make>
FASTGEN_INLINE void fill_groups(Position first, std::int64_t n, T* out, Make make) {
  fill_runs<Group>(first, n, out, [&](Position group, std::int64_t count, T* to) FASTGEN_LAMBDA_INLINE {
    for (std::int64_t i = 0; i < count; ++i) make(group + Position(i), to + Group * i);
  });
}

inline void fill_words(const PhiloxKey& key, std::uint32_t purpose, Position first, std::int64_t n,
                       std::uint32_t* out) {
  constexpr int W = wide_width<std::uint32_t> < 16 ? wide_width<std::uint32_t> : 16;
  fill_groups<64>(first, n, out, [&](Position group, std::uint32_t* to) FASTGEN_LAMBDA_INLINE {
    FASTGEN_UNROLL
    for (int b = 0; b < 16; b += W) {
      const auto words = philox_words<W>(key, purpose, group * 16, b);
      for (int w = 0; w < 4; ++w) words.word[w].store(to + 16 * w + b);
    }
  });
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
