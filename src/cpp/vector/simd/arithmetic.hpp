// Arithmetic of lanes beyond the operators, and what one asks of masks.
#pragma once

#include "vec.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class T, int W> FASTGEN_INLINE Vec<T, W> select(Mask<T, W> m, Vec<T, W> a, Vec<T, W> b) {
  if constexpr (is_wide<T, W>) return {select(m.lo, a.lo, b.lo), select(m.hi, a.hi, b.hi)};
  else return Vec<T, W>(typename Vec<T, W>::Native(m.v ? a.v : b.v));
}
// -1 in the set lanes, 0 in the others.
template <class T, int W> FASTGEN_INLINE Vec<T, W> as_ints(Mask<T, W> m) {
  static_assert(std::is_integral_v<T> && !is_wide<T, W>);
  if constexpr (W == 1) return Vec<T, W>(T(-T(m.v)));
  else return Vec<T, W>(typename Vec<T, W>::Native(m.v));
}

// A mask from integer lanes, used on floating lanes of the same size (or the other way round).
template <class To, class T, int W> FASTGEN_INLINE Mask<To, W> mask_cast(Mask<T, W> m) {
  static_assert(sizeof(To) == sizeof(T));
  if constexpr (W == 1) return {m.v};
  else if constexpr (is_wide<T, W>) return {mask_cast<To>(m.lo), mask_cast<To>(m.hi)};
  else return {(typename Storage<To, W>::mask)m.v};
}

// The larger of two numbers, or the smaller: a > b ? a : b, or a < b ? a : b, so a NaN in either gives b. x86 has exactly that
// in one instruction, though GCC does not see it.
template <bool Larger, class T, int W> FASTGEN_INLINE Vec<T, W> pick(Vec<T, W> a, Vec<T, W> b) {
  using V [[maybe_unused]] = Vec<T, W>;
  if constexpr (is_wide<T, W>) return V(pick<Larger>(a.lo, b.lo), pick<Larger>(a.hi, b.hi));
#if defined(__AVX2__)
  if constexpr (std::is_same_v<T, double> && W == 4) {
    const __m256d x = (__m256d)a.v, y = (__m256d)b.v;
    return V((typename V::Native)(Larger ? _mm256_max_pd(x, y) : _mm256_min_pd(x, y)));
  }
  if constexpr (std::is_same_v<T, float> && W == 8) {
    const __m256 x = (__m256)a.v, y = (__m256)b.v;
    return V((typename V::Native)(Larger ? _mm256_max_ps(x, y) : _mm256_min_ps(x, y)));
  }
#endif
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<T, double> && W == 8) {
    const __m512d x = (__m512d)a.v, y = (__m512d)b.v;
    return V((typename V::Native)(Larger ? _mm512_maskz_max_pd(0xff, x, y) : _mm512_maskz_min_pd(0xff, x, y)));
  }
  if constexpr (std::is_same_v<T, float> && W == 16) {
    const __m512 x = (__m512)a.v, y = (__m512)b.v;
    return V((typename V::Native)(Larger ? _mm512_maskz_max_ps(0xffff, x, y) : _mm512_maskz_min_ps(0xffff, x, y)));
  }
#endif
  return select(Larger ? a > b : a < b, a, b);
}
template <class T, int W> FASTGEN_INLINE Vec<T, W> max(Vec<T, W> a, Vec<T, W> b) { return pick<true>(a, b); }
template <class T, int W> FASTGEN_INLINE Vec<T, W> min(Vec<T, W> a, Vec<T, W> b) { return pick<false>(a, b); }

template <class T> constexpr UintLike<T> sign_bit = UintLike<T>(1) << (8 * sizeof(T) - 1);
template <class T, int W> FASTGEN_INLINE Vec<T, W> abs(Vec<T, W> a) {
  using U = UintLike<T>;
  return bit_cast<T>(bit_cast<U>(a) & Vec<U, W>(U(~sign_bit<T>)));
}
// |a| with the sign of s.
template <class T, int W> FASTGEN_INLINE Vec<T, W> copysign(Vec<T, W> a, Vec<T, W> s) {
  using U = UintLike<T>;
  const Vec<U, W> bit(sign_bit<T>);
  return bit_cast<T>((bit_cast<U>(a) & Vec<U, W>(U(~sign_bit<T>))) | (bit_cast<U>(s) & bit));
}

template <class T, int W> FASTGEN_INLINE bool any(Mask<T, W> m) {
  if constexpr (W == 1) {
    return m.v;
  } else if constexpr (is_wide<T, W>) {
    return any(m.lo | m.hi);
  } else {
#if defined(__AVX2__)
    if constexpr (sizeof(m.v) == 32) return _mm256_movemask_epi8((__m256i)m.v) != 0;
#endif
#if defined(__AVX512F__)
    if constexpr (sizeof(m.v) == 64) return _mm512_movepi8_mask((__m512i)m.v) != 0;
#endif
#if defined(__SSE2__)
    if constexpr (sizeof(m.v) == 16) return _mm_movemask_epi8((__m128i)m.v) != 0;
#endif
    // Other widths: fold the lanes with OR.
    IntLike<T> bits = 0;
    for (int i = 0; i < W; ++i) bits |= m.v[i];
    return bits != 0;
  }
}

// Which lanes are set, as bits.
template <class T, int W> FASTGEN_INLINE unsigned bits(Mask<T, W> m) {
  if constexpr (is_wide<T, W>) {
    return bits(m.lo) | bits(m.hi) << (W / 2);
  } else if constexpr (W == 1) {
    return m.v;
  } else {
#if defined(__AVX2__)
    if constexpr (sizeof(m.v) == 32 && W == 4) return unsigned(_mm256_movemask_pd((__m256d)m.v));
    if constexpr (sizeof(m.v) == 32 && W == 8) return unsigned(_mm256_movemask_ps((__m256)m.v));
#endif
#if defined(__AVX512F__)
    if constexpr (sizeof(m.v) == 64 && W == 8) return unsigned(_mm512_movepi64_mask((__m512i)m.v));
    if constexpr (sizeof(m.v) == 64 && W == 16) return unsigned(_mm512_movepi32_mask((__m512i)m.v));
#endif
#if defined(__SSE2__)
    if constexpr (sizeof(m.v) == 16 && W == 2) return unsigned(_mm_movemask_pd((__m128d)m.v));
    if constexpr (sizeof(m.v) == 16 && W == 4) return unsigned(_mm_movemask_ps((__m128)m.v));
#endif
    unsigned r = 0;
    for (int i = 0; i < W; ++i) r |= unsigned(m.v[i] & 1) << i;
    return r;
  }
}

// a * b + c with one rounding: the only way a fused multiply-add enters the core (-ffp-contract=off).
template <class T, int W> FASTGEN_INLINE Vec<T, W> fma(Vec<T, W> a, Vec<T, W> b, Vec<T, W> c) {
  using V [[maybe_unused]] = Vec<T, W>;
  if constexpr (W == 1) {
    if constexpr (sizeof(T) == 8) return V(__builtin_fma(a.v, b.v, c.v));
    else return V(__builtin_fmaf(a.v, b.v, c.v));
  } else if constexpr (is_wide<T, W>) {
    return V(fma(a.lo, b.lo, c.lo), fma(a.hi, b.hi, c.hi));
  } else {
#if defined(__FMA__)
    if constexpr (sizeof(T) == 8 && W == 2)
      return V((typename V::Native)_mm_fmadd_pd((__m128d)a.v, (__m128d)b.v, (__m128d)c.v));
    if constexpr (sizeof(T) == 8 && W == 4)
      return V((typename V::Native)_mm256_fmadd_pd((__m256d)a.v, (__m256d)b.v, (__m256d)c.v));
    if constexpr (sizeof(T) == 4 && W == 4)
      return V((typename V::Native)_mm_fmadd_ps((__m128)a.v, (__m128)b.v, (__m128)c.v));
    if constexpr (sizeof(T) == 4 && W == 8)
      return V((typename V::Native)_mm256_fmadd_ps((__m256)a.v, (__m256)b.v, (__m256)c.v));
#endif
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 8 && W == 8)
      return V((typename V::Native)_mm512_fmadd_pd((__m512d)a.v, (__m512d)b.v, (__m512d)c.v));
    if constexpr (sizeof(T) == 4 && W == 16)
      return V((typename V::Native)_mm512_fmadd_ps((__m512)a.v, (__m512)b.v, (__m512)c.v));
#endif
#if defined(__aarch64__)
    if constexpr (sizeof(T) == 8 && W == 2)
      return V((typename V::Native)vfmaq_f64((float64x2_t)c.v, (float64x2_t)a.v, (float64x2_t)b.v));
    if constexpr (sizeof(T) == 4 && W == 4)
      return V((typename V::Native)vfmaq_f32((float32x4_t)c.v, (float32x4_t)a.v, (float32x4_t)b.v));
#endif
    V r;
    for (int i = 0; i < W; ++i) {
      if constexpr (sizeof(T) == 8) r.v[i] = __builtin_fma(a.v[i], b.v[i], c.v[i]);
      else r.v[i] = __builtin_fmaf(a.v[i], b.v[i], c.v[i]);
    }
    return r;
  }
}

// Correctly rounded square root. (AVX-512: the zero-masked form, because GCC 12 warns inside its own plain one.)
template <class T, int W> FASTGEN_INLINE Vec<T, W> sqrt(Vec<T, W> a) {
  using V [[maybe_unused]] = Vec<T, W>;
  if constexpr (W == 1) {
    if constexpr (sizeof(T) == 8) return V(__builtin_sqrt(a.v));
    else return V(__builtin_sqrtf(a.v));
  } else if constexpr (is_wide<T, W>) {
    return V(sqrt(a.lo), sqrt(a.hi));
  } else {
#if defined(__AVX2__)
    if constexpr (sizeof(T) == 8 && W == 4) return V((typename V::Native)_mm256_sqrt_pd((__m256d)a.v));
    if constexpr (sizeof(T) == 4 && W == 8) return V((typename V::Native)_mm256_sqrt_ps((__m256)a.v));
#endif
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 8 && W == 8) return V((typename V::Native)_mm512_maskz_sqrt_pd(0xff, (__m512d)a.v));
    if constexpr (sizeof(T) == 4 && W == 16) return V((typename V::Native)_mm512_maskz_sqrt_ps(0xffff, (__m512)a.v));
#endif
#if defined(__aarch64__)
    if constexpr (sizeof(T) == 8 && W == 2) return V((typename V::Native)vsqrtq_f64((float64x2_t)a.v));
    if constexpr (sizeof(T) == 4 && W == 4) return V((typename V::Native)vsqrtq_f32((float32x4_t)a.v));
#endif
    V r;
    for (int i = 0; i < W; ++i) {
      if constexpr (sizeof(T) == 8) r.v[i] = __builtin_sqrt(a.v[i]);
      else r.v[i] = __builtin_sqrtf(a.v[i]);
    }
    return r;
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
