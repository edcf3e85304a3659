// The random bits of scalar laws, and what samplers make of them first.
//
// Every sample has its own, addressed by its index alone: in arrays of a fixed layout what a law's Supply names, which is
// all that most laws read and the first attempt of those that reject; and any number of further blocks, whose attempt number is
// part of the counter, so that a lane that tries again disturbs no other.
#pragma once

#include "../core/math.hpp"
#include "../core/philox.hpp"
#include "normals.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// What a sample reads of the streams, each an array of 64 bits a sample:
struct Supply {
  int words = 0;  // 0 or 1: 64 bits, two samples to a Philox block
  int blocks = 0;  // 0 or 1: two words of 64 bits, block number 0 of the sample's attempts
  int normals = 0;  // 0 to 2: standard normals
  int shorts = 0;  // 0 to 2: the low 32 bits count, four samples to a block
  constexpr int arrays() const { return words + 2 * blocks + normals + shorts; }
};
constexpr int most_arrays = 4;
// Where the second normals and shorts of samples are, far beyond the first.
constexpr Position second_supply = Position(1) << 90;

// out[0 .. n) = words first .. first + n: sixteen blocks make 32 words, the first two words of each block, then the others.
inline void fill_words64(const PhiloxKey& key, std::uint32_t purpose, Position first, std::int64_t n,
                         std::uint64_t* out) {
  constexpr int W = wide_width<std::uint64_t> < 16 ? wide_width<std::uint64_t> : 16;
  using U = Vec<std::uint64_t, W>;
  const U low(std::uint64_t(0xffffffffu));
  fill_groups<32>(first, n, out, [&](Position group, std::uint64_t* to) {
    FASTGEN_UNROLL
    for (int b = 0; b < 16; b += W) {
      const auto block = philox_at<W>(key, purpose, group * 16, iota<std::uint64_t, W>() + U(std::uint64_t(b)));
      ((block.word[0] & low) | (block.word[1] << 32)).store(to + b);
      ((block.word[2] & low) | (block.word[3] << 32)).store(to + 16 + b);
    }
  });
}

// Both words of blocks first .. first + n, which are those of Source::words(0).
inline void fill_blocks(const PhiloxKey& key, std::uint64_t first, std::int64_t n, std::uint64_t* a, std::uint64_t* b) {
  constexpr int W = wide_width<std::uint64_t> < 16 ? wide_width<std::uint64_t> : 16;
  using U = Vec<std::uint64_t, W>;
  const U low(std::uint64_t(0xffffffffu));
  std::uint64_t buffer[2][16];
  for (std::int64_t done = 0; done < n;) {
    const std::uint64_t position = first + std::uint64_t(done);
    const std::int64_t skip = std::int64_t(position % 16), left = n - done;
    const bool whole = skip == 0 && left >= 16;
    std::uint64_t *to_a = whole ? a + done : buffer[0], *to_b = whole ? b + done : buffer[1];
    FASTGEN_UNROLL
    for (int i = 0; i < 16; i += W) {
      const auto block =
          philox_at<W>(key, attempts, Position(position / 16 * 16), iota<std::uint64_t, W>() + U(std::uint64_t(i)));
      ((block.word[0] & low) | (block.word[1] << 32)).store(to_a + i);
      ((block.word[2] & low) | (block.word[3] << 32)).store(to_b + i);
    }
    const std::int64_t take = left < 16 - skip ? left : 16 - skip;
    if (!whole) {
      __builtin_memcpy(a + done, buffer[0] + skip, std::size_t(take) * 8);
      __builtin_memcpy(b + done, buffer[1] + skip, std::size_t(take) * 8);
    }
    done += take;
  }
}

// out[0 .. n) = words first .. first + n of 32 bits, in the layout of core/philox.hpp, each in the low half of 64 bits.
inline void fill_shorts(const PhiloxKey& key, Position first, std::int64_t n, std::uint64_t* out) {
  constexpr int W = wide_width<std::uint64_t> < 16 ? wide_width<std::uint64_t> : 16;
  using U = Vec<std::uint64_t, W>;
  fill_groups<64>(first, n, out, [&](Position group, std::uint64_t* to) {
    FASTGEN_UNROLL
    for (int b = 0; b < 16; b += W) {
      const auto block = philox_at<W>(key, shorts, group * 16, iota<std::uint64_t, W>() + U(std::uint64_t(b)));
      FASTGEN_UNROLL
      for (int w = 0; w < 4; ++w) block.word[w].store(to + 16 * w + b);
    }
  });
}

// The arrays of samples first .. first + n, one after the other, in the order in which Supply names them.
template <Supply supply>
inline void fill_supply(const PhiloxKey& key, std::uint64_t first, std::int64_t n, std::uint64_t* out) {
  if constexpr (supply.words > 0) fill_words64(key, words64, first, n, out), out += n;
  if constexpr (supply.blocks > 0) fill_blocks(key, first, n, out, out + n), out += 2 * n;
  for (int i = 0; i < supply.normals; ++i, out += n)
    fill_normals(key, Position(first) + i * second_supply, n, reinterpret_cast<double*>(out));
  for (int i = 0; i < supply.shorts; ++i, out += n) fill_shorts(key, Position(first) + i * second_supply, n, out);
}

// Uniform on the midpoints of 2^64 cells of (0, 1), relative precision kept towards 0; the last ones round to 1 - 2^-53.
template <int W> FASTGEN_INLINE Vec<double, W> unit(Vec<std::uint64_t, W> word) {
  using V = Vec<double, W>;
  return min(fma(to_double(word, word >> 32), V(0x1p-64), V(0x1p-65)), V(1 - 0x1p-53));
}
// The lowest 63 bits as a uniform of (0, 1/2), the highest free to be a sign: both tails of a symmetric law are then those
// of a small number.
template <int W> FASTGEN_INLINE Vec<double, W> half_unit(Vec<std::uint64_t, W> word) {
  using V = Vec<double, W>;
  const auto shifted = word << 1;
  return min(fma(to_double(shifted, shifted >> 32), V(0x1p-65), V(0x1p-66)), V(0.5));
}
// x, negated where the highest bit of word is set.
template <int W> FASTGEN_INLINE Vec<double, W> signed_by(Vec<double, W> x, Vec<std::uint64_t, W> word) {
  return bit_cast<double>(bit_cast<std::uint64_t>(x) ^ (word & Vec<std::uint64_t, W>(sign_bit<double>)));
}

// The bits of W samples.
template <int W> struct Source {
  using V = Vec<double, W>;
  using U = Vec<std::uint64_t, W>;
  const PhiloxKey& key;
  U index;  // of the samples in the stream
  U array[most_arrays];  // what the law's Supply names
  // Where the samples' components have their constants: of laws that look some up.
  const double* constants;
  std::int64_t stride;
  U component;

  // Constant number j of each sample's component.
  FASTGEN_INLINE V constant(U j) const {
    return gather(constants, mul_wide_u32(j, U(std::uint64_t(stride))) + component);
  }

  FASTGEN_INLINE U word() const { return array[0]; }
  FASTGEN_INLINE V normal(int i = 0) const { return bit_cast<double>(array[i]); }
  FASTGEN_INLINE V uniform() const { return unit(word()); }
  // Whether the highest bit is set, which half_unit leaves free.
  FASTGEN_INLINE Mask<double, W> upper_half() const {
    return mask_cast<double>(bit_cast<std::int64_t>(word()) < Vec<std::int64_t, W>(std::int64_t(0)));
  }
  // Exponential of rate 1, between 2^-66 and 46: half_unit is the probability beyond, on the side of the highest bit, so
  // that neither end is coarse or cut off.
  FASTGEN_INLINE V exponential() const {
    const V half = half_unit(word()), rest = V(1.0) - half;  // 1 - half = rest + lost
    const V lost = (V(1.0) - rest) - half;
    // log(1 - half) = log rest + lost / rest, to half an ULP without the division.
    const auto upper = upper_half();
    return select(upper, V(0.0), -lost) - math::log_positive(select(upper, half, rest));
  }

  // Two words of 64 bits from block number `attempt` of each sample.
  FASTGEN_INLINE void words(std::uint32_t attempt, U& a, U& b) const {
    const U low(std::uint64_t(0xffffffffu));
    const auto block = philox<W>(key, index, index >> 32, U(std::uint64_t(0)),
                                 U(std::uint64_t(attempts) | std::uint64_t(attempt) << 8));
    a = (block.word[0] & low) | (block.word[1] << 32);
    b = (block.word[2] & low) | (block.word[3] << 32);
  }
};

// A point on the unit circle at a uniform angle, from the bits of a word.
template <int W>
FASTGEN_INLINE void unit_vector(Vec<std::uint64_t, W> word, Vec<double, W>& c, Vec<double, W>& s) {
  using U = Vec<std::uint64_t, W>;
  const auto t = bit_cast<double>(((word << 2) >> 12) | U(std::uint64_t(0x3ff0000000000000u))) - Vec<double, W>(1.5);
  unit_vector(t, word, word << 1, c, s);
}

// A standard normal from a word for its radius and a word whose 32 high bits place its angle.
template <int W>
FASTGEN_INLINE Vec<double, W> normal_of(Vec<std::uint64_t, W> radius_word, Vec<std::uint64_t, W> angle_word) {
  using V = Vec<double, W>;
  using U = Vec<std::uint64_t, W>;
  // u in [1, 2) counts whole turns; the midpoint of its cell keeps the cosine away from exact zeros.
  const V turn = bit_cast<double>(((angle_word >> 32) << 20) | U(std::uint64_t(0x3ff0000000080000u)));
  V s, c;
  math::sincos_2pi(turn, s, c);
  return sqrt(math::log_positive(unit(radius_word)) * V(-2.0)) * c;
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
