// What samplers make of random bits first. A law reads the arrays that its Supply names (streams.hpp), and any number of
// further blocks, whose attempt number is part of the counter, so that a lane that tries again disturbs no other.
#pragma once

#include "../core/purpose.hpp"
#include "../vector/math.hpp"
#include "streams.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Uniform on the midpoints of 2^64 cells of (0, 1), relative precision kept towards 0; the last ones round to 1 - 2^-53.
template <int W> FASTGEN_INLINE Vec<double, W> unit(Vec<std::uint64_t, W> word) {
  using V = Vec<double, W>;
  return min(fma(to_double(word), V(0x1p-64), V(0x1p-65)), V(1 - 0x1p-53));
}
// The lowest 63 bits as a uniform of (0, 1/2], the highest free to be a sign: both tails of a symmetric law are then those
// of a small number. The last midpoints round to 1/2.
template <int W> FASTGEN_INLINE Vec<double, W> half_unit(Vec<std::uint64_t, W> word) {
  using V = Vec<double, W>;
  return fma(to_double(word << 1), V(0x1p-65), V(0x1p-66));
}
// Whether the highest bit is set, which half_unit leaves free.
template <int W> FASTGEN_INLINE Mask<double, W> upper_half(Vec<std::uint64_t, W> word) {
  return mask_cast<double>(bit_cast<std::int64_t>(word) < Vec<std::int64_t, W>(std::int64_t(0)));
}

// The bits of W samples.
template <int W> struct Source {
  using V = Vec<double, W>;
  using U = Vec<std::uint64_t, W>;
  const PhiloxKey& key;
  U index;  // of the samples in the stream
  U array[most_arrays];  // what the law's Supply names
  const double* constants[W] = {};  // of the samples' components, for laws that look some up

  // Constant number j of each sample's component.
  FASTGEN_INLINE V constant(U j) const {
    std::uint64_t number[W];
    j.store(number);
    double value[W];
    for (int i = 0; i < W; ++i) value[i] = constants[i][number[i]];
    return V::load(value);
  }

  FASTGEN_INLINE U word() const { return array[0]; }
  FASTGEN_INLINE V normal(int i = 0) const { return bit_cast<double>(array[i]); }
  FASTGEN_INLINE V uniform() const { return unit(word()); }
  // Exponential of rate 1, between 2^-66 and 46: half_unit is the probability beyond, on the side of the highest bit, so
  // that neither end is coarse or cut off.
  FASTGEN_INLINE V exponential() const {
    const V half = half_unit(word()), rest = V(1.0) - half;  // 1 - half = rest + lost
    const V lost = (V(1.0) - rest) - half;
    // log(1 - half) = log rest + lost / rest, to half an ULP without the division.
    const auto upper = upper_half(word());
    return select(upper, V(0.0), -lost) - math::log_positive(select(upper, half, rest));
  }

  // Two words of 64 bits from block number `attempt` of each sample, or of one of its features (`slot`).
  FASTGEN_INLINE void words(std::uint32_t attempt, U& a, U& b, U slot = U(std::uint64_t(0))) const {
    const auto block =
        philox<W>(key, index, index >> 32, slot, U(std::uint64_t(purpose::attempts) | std::uint64_t(attempt) << 8));
    a = pair_halves(block.word[0], block.word[1]);
    b = pair_halves(block.word[2], block.word[3]);
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
