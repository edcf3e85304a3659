// Integer lanes: halves and quarters of 64 bits, and the ways from integers to floating-point numbers.
#pragma once

#include "arithmetic.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// The full 64-bit product of the low 32 bits of each lane; the high 32 bits of the operands are ignored.
// Compilers do not find this instruction in the plain form below, with which a word of Philox took 3.5 ns instead of 1.24.
template <int W> FASTGEN_INLINE Vec<std::uint64_t, W> mul_wide_u32(Vec<std::uint64_t, W> a, Vec<std::uint64_t, W> b) {
  using V = Vec<std::uint64_t, W>;
  if constexpr (is_wide<std::uint64_t, W>) return V(mul_wide_u32(a.lo, b.lo), mul_wide_u32(a.hi, b.hi));
#if defined(__AVX2__)
  if constexpr (W == 4) return V((typename V::Native)_mm256_mul_epu32((__m256i)a.v, (__m256i)b.v));
#endif
#if defined(__AVX512F__)
  if constexpr (W == 8) return V((typename V::Native)_mm512_maskz_mul_epu32(0xff, (__m512i)a.v, (__m512i)b.v));
#endif
#if defined(__aarch64__)
  if constexpr (W == 2) return V((typename V::Native)vmull_u32(vmovn_u64((uint64x2_t)a.v), vmovn_u64((uint64x2_t)b.v)));
#endif
  const V low(std::uint64_t(0xffffffffu));
  return (a & low) * (b & low);
}

// The high half of every lane, in its place in the low one; what the new high half holds is left open. Where a vector of 512 bits
// has one port for shifts and multiplications, a shuffle leaves it to the latter.
template <int W> FASTGEN_INLINE Vec<std::uint64_t, W> high_halves(Vec<std::uint64_t, W> a) {
  using V = Vec<std::uint64_t, W>;
  if constexpr (is_wide<std::uint64_t, W>) return V(high_halves(a.lo), high_halves(a.hi));
#if defined(__AVX512F__)
  if constexpr (W == 8) return V((typename V::Native)_mm512_maskz_shuffle_epi32(0xffff, (__m512i)a.v, _MM_PERM_DDBB));
#endif
  return a >> 32;
}

// The low half of every lane of `low` under the high half of that of `high`.
template <int W>
FASTGEN_INLINE Vec<std::uint64_t, W> merge_halves(Vec<std::uint64_t, W> low, Vec<std::uint64_t, W> high) {
  using V = Vec<std::uint64_t, W>;
  if constexpr (is_wide<std::uint64_t, W>) return V(merge_halves(low.lo, high.lo), merge_halves(low.hi, high.hi));
#if defined(__AVX2__)
  if constexpr (W == 4) return V((typename V::Native)_mm256_blend_epi32((__m256i)low.v, (__m256i)high.v, 0xaa));
#endif
#if defined(__AVX512F__)
  if constexpr (W == 8) return V((typename V::Native)_mm512_mask_blend_epi32(0xaaaa, (__m512i)low.v, (__m512i)high.v));
#endif
  const V mask(std::uint64_t(0xffffffffu));
  return (low & mask) | (high & V(~std::uint64_t(0xffffffffu)));
}
// The low half of every lane of `low` under the low half of that of `high`.
template <int W>
FASTGEN_INLINE Vec<std::uint64_t, W> pair_halves(Vec<std::uint64_t, W> low, Vec<std::uint64_t, W> high) {
  using V = Vec<std::uint64_t, W>;
  if constexpr (is_wide<std::uint64_t, W>) return V(pair_halves(low.lo, high.lo), pair_halves(low.hi, high.hi));
#if defined(__AVX512F__)
  if constexpr (W == 8)
    return V((typename V::Native)_mm512_mask_shuffle_epi32((__m512i)low.v, 0xaaaa, (__m512i)high.v, _MM_PERM_CCAA));
#endif
  return merge_halves(low, high << 32);
}
// The top 16 bits of every lane of `top` above the other 48 of `rest`.
template <int W>
FASTGEN_INLINE Vec<std::uint64_t, W> top_quarter(Vec<std::uint64_t, W> top, Vec<std::uint64_t, W> rest) {
  using V = Vec<std::uint64_t, W>;
  if constexpr (is_wide<std::uint64_t, W>) return V(top_quarter(top.lo, rest.lo), top_quarter(top.hi, rest.hi));
#if defined(__AVX2__)
  if constexpr (W == 4) return V((typename V::Native)_mm256_blend_epi16((__m256i)rest.v, (__m256i)top.v, 0x88));
#endif
#if defined(__AVX512F__)
  if constexpr (W == 8)
    return V((typename V::Native)_mm512_mask_blend_epi16(0x88888888u, (__m512i)rest.v, (__m512i)top.v));
#endif
  const std::uint64_t mask = 0x0000ffffffffffffu;
  return (top & V(~mask)) | (rest & V(mask));
}

// Lane by lane: where threshold > u, label - 1; elsewhere, below = threshold.
template <class I> FASTGEN_INLINE void pass_threshold(I threshold, I u, I& label, I& below) {
#if defined(__AVX512BW__)
  if constexpr (sizeof(I) == 64 && I::width == 32) {  // GCC makes a vector of the mask for the subtraction
    const __mmask32 above = _mm512_cmpgt_epi16_mask((__m512i)threshold.v, (__m512i)u.v);
    label.v =
        (typename I::Native)_mm512_mask_sub_epi16((__m512i)label.v, above, (__m512i)label.v, _mm512_set1_epi16(1));
    below.v = (typename I::Native)_mm512_mask_blend_epi16(above, (__m512i)threshold.v, (__m512i)below.v);
    return;
  }
#endif
  const auto above = threshold > u;
  label = label + as_ints(above);
  below = select(above, below, threshold);
}

// The lanes as doubles, or rounded to floats.
template <class To, class T, int W> FASTGEN_INLINE Vec<To, W> convert(Vec<T, W> a) {
  if constexpr (W == 1) return Vec<To, 1>(To(a.v));
  else if constexpr (is_wide<T, W> || is_wide<To, W>) {  // by halves, which lie in memory as the whole
    Vec<T, W / 2> from[2];
    __builtin_memcpy(from, &a, sizeof(a));
    const Vec<To, W / 2> to[2] = {convert<To>(from[0]), convert<To>(from[1])};
    Vec<To, W> r;
    __builtin_memcpy(&r, to, sizeof(r));
    return r;
  } else {
#if defined(__AVX512F__)
    if constexpr (W == 8 && std::is_same_v<T, std::int32_t> && std::is_integral_v<To>)  // GCC goes by halves
      return Vec<To, W>((typename Vec<To, W>::Native)_mm512_maskz_cvtepi32_epi64(0xff, (__m256i)a.v));
#endif
    return Vec<To, W>(__builtin_convertvector(a.v, typename Vec<To, W>::Native));
  }
}

// A 64-bit integer as the nearest double, without the conversion that AVX2 lacks.
template <int W> FASTGEN_INLINE Vec<double, W> to_double(Vec<std::uint64_t, W> a) {
  using U = Vec<std::uint64_t, W>;
  using V = Vec<double, W>;
  if constexpr (is_wide<double, W>) return {to_double(a.lo), to_double(a.hi)};
#if defined(__AVX512F__)
  if constexpr (W == 8) return convert<double>(a);
#endif
  const V h = bit_cast<double>((a >> 32) | U(std::uint64_t(0x4530000000000000u)));              // 2^84 + hi 2^32
  const V l = bit_cast<double>(merge_halves(a, U(std::uint64_t(0x4330000000000000u))));  // 2^52 + lo
  return (h - V(19342813118337666422669312.0)) + l;                                  // minus (2^84 + 2^52)
}

// A 32-bit integer as the nearest float, without the unsigned conversion that AVX2 lacks.
template <int W> FASTGEN_INLINE Vec<float, W> to_float(Vec<std::uint32_t, W> a) {
  using U = Vec<std::uint32_t, W>;
  using V = Vec<float, W>;
  if constexpr (is_wide<float, W>) return {to_float(a.lo), to_float(a.hi)};
#if defined(__AVX512F__)
  if constexpr (W == 16) return convert<float>(a);
#endif
  const V h = bit_cast<float>((a >> 16) | U(std::uint32_t(0x53000000u)));                      // 2^39 + hi 2^16
  const V l = bit_cast<float>((a & U(std::uint32_t(0xffffu))) | U(std::uint32_t(0x4b000000u)));  // 2^23 + lo
  return (h - V(549764202496.0f)) + l;                                                         // minus (2^39 + 2^23)
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
