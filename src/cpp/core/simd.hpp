// Vec<T, W>: W lanes of T, the only place in the core that knows an instruction set.
//
// Everything that has one natural meaning (arithmetic, comparisons, shifts, select) is written with the vector
// extensions that GCC and Clang share; the handful of operations the compilers do not find by themselves (fused
// multiply-add, square root, 32x32->64 multiply, "any lane set") use intrinsics, with a lane-by-lane form for every
// other width. Vec<T, 1> is the reference: plain scalars, compiled on every platform.
//
// Included by ISA-compiled files only. Everything is in an anonymous namespace inside a namespace named after the
// instruction set, so no two copies can be merged by the linker (see ../README.md, "The one-definition rule").
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#ifndef FASTGEN_ISA
#error "FASTGEN_ISA names the instruction set this file is compiled for; CMakeLists.txt sets it"
#endif
#ifndef FASTGEN_VECTOR_BYTES
#error "FASTGEN_VECTOR_BYTES is the vector size in bytes, 0 for the scalar reference; CMakeLists.txt sets it"
#endif

#if defined(__clang__)
#define FASTGEN_UNROLL _Pragma("unroll")
#else
#define FASTGEN_UNROLL _Pragma("GCC unroll 16")
#endif
#ifdef FASTGEN_NO_INLINE  // for the test that looks at every symbol
#define FASTGEN_INLINE inline
#define FASTGEN_LAMBDA_INLINE
#else
#define FASTGEN_INLINE inline __attribute__((always_inline))
#define FASTGEN_LAMBDA_INLINE __attribute__((always_inline))
#endif
#define FASTGEN_NOINLINE __attribute__((noinline))

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Lanes of T in this instruction set's widest vector.
template <class T>
constexpr int native_width = FASTGEN_VECTOR_BYTES ? FASTGEN_VECTOR_BYTES / int(sizeof(T)) : 1;

template <int Bytes> struct IntOfSize;
template <> struct IntOfSize<2> {
  using type = std::int16_t;
  using uns = std::uint16_t;
};
template <> struct IntOfSize<4> {
  using type = std::int32_t;
  using uns = std::uint32_t;
};
template <> struct IntOfSize<8> {
  using type = std::int64_t;
  using uns = std::uint64_t;
};
template <class T> using IntLike = typename IntOfSize<int(sizeof(T))>::type;
template <class T> using UintLike = typename IntOfSize<int(sizeof(T))>::uns;

template <class T, int W> struct Storage {
  typedef T type __attribute__((vector_size(sizeof(T) * W)));
  typedef IntLike<T> mask __attribute__((vector_size(sizeof(T) * W)));
};
template <class T> struct Storage<T, 1> {
  using type = T;
  using mask = bool;
};

template <class T, int W> struct Mask {
  using Native = typename Storage<T, W>::mask;
  Native v;
  friend FASTGEN_INLINE Mask operator&(Mask a, Mask b) { return {Native(a.v & b.v)}; }
  friend FASTGEN_INLINE Mask operator|(Mask a, Mask b) { return {Native(a.v | b.v)}; }
  friend FASTGEN_INLINE Mask operator!(Mask a) {
    if constexpr (W == 1) return {!a.v};
    else return {~a.v};
  }
};

template <class T, int W> struct Vec {
  using Scalar = T;
  using Native = typename Storage<T, W>::type;
  static constexpr int width = W;
  Native v;

  Vec() = default;
  FASTGEN_INLINE Vec(Native native) : v(native) {}
  // Broadcast: s - 0 is s for every s, so compilers make it one instruction (0 + s would turn -0 into 0 and cost an
  // addition). The template keeps it apart from the native constructor when W is 1.
  template <class S, class = decltype(T(S())), int U = W, class = std::enable_if_t<(U > 1)>>
  FASTGEN_INLINE Vec(S scalar) : v(T(scalar) - Native{}) {}

  static FASTGEN_INLINE Vec load(const T* p) {
    Vec r;
    __builtin_memcpy(&r.v, p, sizeof(Native));
    return r;
  }
  FASTGEN_INLINE void store(T* p) const { __builtin_memcpy(p, &v, sizeof(Native)); }

  FASTGEN_INLINE T operator[](int i) const {
    if constexpr (W == 1) return v;
    else return v[i];
  }

  friend FASTGEN_INLINE Vec operator+(Vec a, Vec b) { return Vec(Native(a.v + b.v)); }
  friend FASTGEN_INLINE Vec operator-(Vec a, Vec b) { return Vec(Native(a.v - b.v)); }
  friend FASTGEN_INLINE Vec operator*(Vec a, Vec b) { return Vec(Native(a.v * b.v)); }
  friend FASTGEN_INLINE Vec operator/(Vec a, Vec b) { return Vec(Native(a.v / b.v)); }
  friend FASTGEN_INLINE Vec operator-(Vec a) { return Vec(Native(-a.v)); }
  friend FASTGEN_INLINE Mask<T, W> operator<(Vec a, Vec b) { return {a.v < b.v}; }
  friend FASTGEN_INLINE Mask<T, W> operator<=(Vec a, Vec b) { return {a.v <= b.v}; }
  friend FASTGEN_INLINE Mask<T, W> operator>(Vec a, Vec b) { return {a.v > b.v}; }
  friend FASTGEN_INLINE Mask<T, W> operator>=(Vec a, Vec b) { return {a.v >= b.v}; }
  friend FASTGEN_INLINE Mask<T, W> operator==(Vec a, Vec b) { return {a.v == b.v}; }
  friend FASTGEN_INLINE Mask<T, W> operator!=(Vec a, Vec b) { return {a.v != b.v}; }
  // Integer lanes only.
  friend FASTGEN_INLINE Vec operator&(Vec a, Vec b) { return Vec(Native(a.v & b.v)); }
  friend FASTGEN_INLINE Vec operator|(Vec a, Vec b) { return Vec(Native(a.v | b.v)); }
  friend FASTGEN_INLINE Vec operator^(Vec a, Vec b) { return Vec(Native(a.v ^ b.v)); }
  friend FASTGEN_INLINE Vec operator<<(Vec a, int n) { return Vec(Native(a.v << T(n))); }
  friend FASTGEN_INLINE Vec operator>>(Vec a, int n) { return Vec(Native(a.v >> T(n))); }  // arithmetic for signed T
};

// Twice the native width: two vectors side by side. An elementary function is one long chain of dependent instructions;
// written on a wide Vec, two chains run interleaved and hide each other's latency.
template <class T, int W> constexpr bool is_wide =
    FASTGEN_VECTOR_BYTES != 0 && W * int(sizeof(T)) > FASTGEN_VECTOR_BYTES;
template <class T> constexpr int wide_width = native_width<T> == 1 ? 1 : 2 * native_width<T>;

template <class T, int W>
  requires is_wide<T, W>
struct Mask<T, W> {
  using Half = Mask<T, W / 2>;
  Half lo, hi;
  friend FASTGEN_INLINE Mask operator&(Mask a, Mask b) { return {a.lo & b.lo, a.hi & b.hi}; }
  friend FASTGEN_INLINE Mask operator|(Mask a, Mask b) { return {a.lo | b.lo, a.hi | b.hi}; }
  friend FASTGEN_INLINE Mask operator!(Mask a) { return {!a.lo, !a.hi}; }
};

template <class T, int W>
  requires is_wide<T, W>
struct Vec<T, W> {
  using Scalar = T;
  using Half = Vec<T, W / 2>;
  static constexpr int width = W;
  Half lo, hi;

  Vec() = default;
  FASTGEN_INLINE Vec(Half low, Half high) : lo(low), hi(high) {}
  template <class S, class = decltype(T(S()))> FASTGEN_INLINE Vec(S scalar) : lo(scalar), hi(scalar) {}
  static FASTGEN_INLINE Vec load(const T* p) { return {Half::load(p), Half::load(p + W / 2)}; }
  FASTGEN_INLINE void store(T* p) const { lo.store(p), hi.store(p + W / 2); }
  FASTGEN_INLINE T operator[](int i) const { return i < W / 2 ? lo[i] : hi[i - W / 2]; }

#define FASTGEN_WIDE(result, op) \
  friend FASTGEN_INLINE result operator op(Vec a, Vec b) { return {a.lo op b.lo, a.hi op b.hi}; }
  using M = Mask<T, W>;
  FASTGEN_WIDE(Vec, +)
  FASTGEN_WIDE(Vec, -)
  FASTGEN_WIDE(Vec, *)
  FASTGEN_WIDE(Vec, /)
  FASTGEN_WIDE(Vec, &)
  FASTGEN_WIDE(Vec, |)
  FASTGEN_WIDE(Vec, ^)
  FASTGEN_WIDE(M, <)
  FASTGEN_WIDE(M, <=)
  FASTGEN_WIDE(M, >)
  FASTGEN_WIDE(M, >=)
  FASTGEN_WIDE(M, ==)
  FASTGEN_WIDE(M, !=)
#undef FASTGEN_WIDE
  friend FASTGEN_INLINE Vec operator-(Vec a) { return {-a.lo, -a.hi}; }
  friend FASTGEN_INLINE Vec operator<<(Vec a, int n) { return {a.lo << n, a.hi << n}; }
  friend FASTGEN_INLINE Vec operator>>(Vec a, int n) { return {a.lo >> n, a.hi >> n}; }
};

// The same bits read as another lane type; the total size must agree.
template <class To, class T, int W>
FASTGEN_INLINE Vec<To, W* int(sizeof(T)) / int(sizeof(To))> bit_cast(Vec<T, W> a) {
  using R = Vec<To, W* int(sizeof(T)) / int(sizeof(To))>;
  if constexpr (is_wide<T, W>) return R(bit_cast<To>(a.lo), bit_cast<To>(a.hi));
  else {
    R r;
    static_assert(sizeof(r) == sizeof(a));
    __builtin_memcpy(&r.v, &a.v, sizeof(r));
    return r;
  }
}
template <class V> using IntVec = Vec<IntLike<typename V::Scalar>, V::width>;
template <class V> using UintVec = Vec<UintLike<typename V::Scalar>, V::width>;

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
// A mask from integer lanes, used on floating lanes of the same size (or the other way round).
template <class To, class T, int W> FASTGEN_INLINE Mask<To, W> mask_cast(Mask<T, W> m) {
  static_assert(sizeof(To) == sizeof(T));
  if constexpr (W == 1) return {m.v};
  else if constexpr (is_wide<T, W>) return {mask_cast<To>(m.lo), mask_cast<To>(m.hi)};
  else return {(typename Storage<To, W>::mask)m.v};
}

// a > b ? a : b, so a NaN in either gives b: exactly what x86 has in one instruction, though GCC does not see it.
template <class T, int W> FASTGEN_INLINE Vec<T, W> max(Vec<T, W> a, Vec<T, W> b) {
  using V [[maybe_unused]] = Vec<T, W>;
  if constexpr (is_wide<T, W>) return V(max(a.lo, b.lo), max(a.hi, b.hi));
#if defined(__AVX2__)
  if constexpr (std::is_same_v<T, double> && W == 4)
    return V((typename V::Native)_mm256_max_pd((__m256d)a.v, (__m256d)b.v));
  if constexpr (std::is_same_v<T, float> && W == 8)
    return V((typename V::Native)_mm256_max_ps((__m256)a.v, (__m256)b.v));
#endif
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<T, double> && W == 8)
    return V((typename V::Native)_mm512_maskz_max_pd(0xff, (__m512d)a.v, (__m512d)b.v));
  if constexpr (std::is_same_v<T, float> && W == 16)
    return V((typename V::Native)_mm512_maskz_max_ps(0xffff, (__m512)a.v, (__m512)b.v));
#endif
  return select(a > b, a, b);
}
template <class T, int W> FASTGEN_INLINE Vec<T, W> min(Vec<T, W> a, Vec<T, W> b) {
  using V [[maybe_unused]] = Vec<T, W>;
  if constexpr (is_wide<T, W>) return V(min(a.lo, b.lo), min(a.hi, b.hi));
#if defined(__AVX2__)
  if constexpr (std::is_same_v<T, double> && W == 4)
    return V((typename V::Native)_mm256_min_pd((__m256d)a.v, (__m256d)b.v));
  if constexpr (std::is_same_v<T, float> && W == 8)
    return V((typename V::Native)_mm256_min_ps((__m256)a.v, (__m256)b.v));
#endif
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<T, double> && W == 8)
    return V((typename V::Native)_mm512_maskz_min_pd(0xff, (__m512d)a.v, (__m512d)b.v));
  if constexpr (std::is_same_v<T, float> && W == 16)
    return V((typename V::Native)_mm512_maskz_min_ps(0xffff, (__m512)a.v, (__m512)b.v));
#endif
  return select(a < b, a, b);
}

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

// The full 64-bit product of the low 32 bits of each lane; the high 32 bits of the operands are ignored.
// Compilers do not find this instruction in the plain form below (KERNELS: 3.5 against 1.24 ns a Philox word).
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

// base[index[lane]]. Where there is no instruction for it, lane by lane in registers: a vector read from where scalars were just
// stored waits for them.
template <class T, int W> FASTGEN_INLINE Vec<T, W> gather(const T* base, Vec<std::uint64_t, W> index) {
  using V = Vec<T, W>;
  if constexpr (is_wide<std::uint64_t, W>) {
    return V(gather(base, index.lo), gather(base, index.hi));
  } else if constexpr (W == 1) {
    return V(base[index.v]);
  } else {
#if defined(__AVX512F__)
    if constexpr (W == 8 && sizeof(T) == 8)
      return V(
          (typename V::Native)_mm512_mask_i64gather_epi64(_mm512_setzero_si512(), 0xff, (__m512i)index.v, base, 8));
    if constexpr (W == 8 && sizeof(T) == 4)
      return V(
          (typename V::Native)_mm512_mask_i64gather_epi32(_mm256_setzero_si256(), 0xff, (__m512i)index.v, base, 4));
#endif
    V r;
    FASTGEN_UNROLL
    for (int lane = 0; lane < W; ++lane) r.v[lane] = base[index.v[lane]];
    return r;
  }
}

// Element index[lane] of a table of 2 W numbers in two vectors, where the instruction set has that.
template <class T, int W> constexpr bool has_lookup =
#if defined(__AVX512F__)
    W * sizeof(T) == 64;
#else
    false;
#endif
template <class T, int W>
FASTGEN_INLINE Vec<T, W> look_up(Vec<T, W> low, Vec<T, W> high, IntVec<Vec<T, W>> index) {
  static_assert(has_lookup<T, W>);
#if defined(__AVX512F__)
  using Native = typename Vec<T, W>::Native;
  if constexpr (sizeof(T) == 8)
    return Vec<T, W>((Native)_mm512_permutex2var_pd((__m512d)low.v, (__m512i)index.v, (__m512d)high.v));
  else return Vec<T, W>((Native)_mm512_permutex2var_ps((__m512)low.v, (__m512i)index.v, (__m512)high.v));
#else
  (void)low, (void)index;
  return high;
#endif
}

// a[lane] and b[lane] = the first two of row index[lane] of a table whose rows are `pitch` long.
template <class T, int W>
FASTGEN_INLINE void load_pairs(const T* table, std::int64_t pitch, const std::int32_t* index, Vec<T, W>& a,
                               Vec<T, W>& b) {
  const auto pair = [&](int lane) FASTGEN_LAMBDA_INLINE { return table + pitch * std::int64_t(index[lane]); };
#if defined(__AVX2__)
  if constexpr (sizeof(T) == 8 && W == 4) {
    const __m256d even = _mm256_loadu2_m128d((const double*)pair(2), (const double*)pair(0));
    const __m256d odd = _mm256_loadu2_m128d((const double*)pair(3), (const double*)pair(1));
    a.v = (typename Vec<T, W>::Native)_mm256_unpacklo_pd(even, odd);
    b.v = (typename Vec<T, W>::Native)_mm256_unpackhi_pd(even, odd);
    return;
  }
  if constexpr (sizeof(T) == 4 && W == 8) {
    const auto two = [&](int lane) {
      const __m128 first = _mm_castpd_ps(_mm_load_sd((const double*)pair(lane)));
      return _mm_loadh_pi(first, (const __m64*)pair(lane + 1));
    };
    const __m256 front = _mm256_set_m128(two(4), two(0)), back = _mm256_set_m128(two(6), two(2));
    a.v = (typename Vec<T, W>::Native)_mm256_shuffle_ps(front, back, 0x88);
    b.v = (typename Vec<T, W>::Native)_mm256_shuffle_ps(front, back, 0xdd);
    return;
  }
#endif
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4 && W == 16) {
    Vec<T, 8> first[2], second[2];
    load_pairs(table, pitch, index, first[0], second[0]);
    load_pairs(table, pitch, index + 8, first[1], second[1]);
    __builtin_memcpy(&a, first, sizeof(a));
    __builtin_memcpy(&b, second, sizeof(b));
    return;
  }
  if constexpr (sizeof(T) == 8 && W == 8) {
    const auto two = [&](int lane) {
      return _mm256_loadu2_m128d((const double*)pair(lane + 2), (const double*)pair(lane));
    };
    const auto four = [&](int lane) {
      return _mm512_maskz_insertf64x4(0xff, _mm512_castpd256_pd512(two(lane)), two(lane + 4), 1);
    };
    const __m512d even = four(0), odd = four(1);
    a.v = (typename Vec<T, W>::Native)_mm512_maskz_unpacklo_pd(0xff, even, odd);
    b.v = (typename Vec<T, W>::Native)_mm512_maskz_unpackhi_pd(0xff, even, odd);
    return;
  }
#endif
  T first[W], second[W];
  for (int lane = 0; lane < W; ++lane) first[lane] = pair(lane)[0], second[lane] = pair(lane)[1];
  a = Vec<T, W>::load(first), b = Vec<T, W>::load(second);
}

// Holds a value in a register: without it GCC reads a vector that several multiply-adds share from memory once for each,
// and the loads bind instead.
template <class T, int W> FASTGEN_INLINE void in_register(Vec<T, W>& a) {
#if defined(__AVX512F__)
  if constexpr (sizeof(a) == 64) asm("" : "+v"(a.v));
#elif defined(__AVX2__)
  if constexpr (sizeof(a) == 32) asm("" : "+x"(a.v));
#endif
  (void)a;
}

// sums[r][c] = fma(a[r], b[c], sums[r][c]): the heart of every matrix product here. Twelve sums, three vectors and one
// broadcast are all sixteen registers of AVX2, which GCC fills only if it is told how; left alone it spills.
template <int R, int C, class T, int W>
FASTGEN_INLINE void add_outer_product(Vec<T, W> (&sums)[R][C], const T* a, Vec<T, W> (&b)[C]) {
  FASTGEN_UNROLL
  for (int c = 0; c < C; ++c) in_register(b[c]);
#if defined(__AVX2__) && !defined(__AVX512F__) && !defined(__clang__)  // Clang allots them well by itself
  if constexpr (R == 4 && C == 3 && sizeof(b[0]) == 32) {
#define FASTGEN_ROW(broadcast, fmadd, at, x, y, z)                                                          \
  broadcast " " at ", %[p]\n\t" fmadd " %[p], %[b0], %[" x "]\n\t" fmadd " %[p], %[b1], %[" y "]\n\t" fmadd \
            " %[p], %[b2], %[" z "]\n\t"
#define FASTGEN_ROWS(broadcast, fmadd, size)                                                                    \
  asm(FASTGEN_ROW(broadcast, fmadd, "%[a]", "s00", "s01", "s02")                                                \
          FASTGEN_ROW(broadcast, fmadd, #size "+%[a]", "s10", "s11", "s12")                                     \
              FASTGEN_ROW(broadcast, fmadd, "2*" #size "+%[a]", "s20", "s21", "s22")                            \
                  FASTGEN_ROW(broadcast, fmadd, "3*" #size "+%[a]", "s30", "s31", "s32")                        \
      : [p] "=&x"(p), [s00] "+x"(sums[0][0].v), [s01] "+x"(sums[0][1].v), [s02] "+x"(sums[0][2].v),             \
        [s10] "+x"(sums[1][0].v), [s11] "+x"(sums[1][1].v), [s12] "+x"(sums[1][2].v), [s20] "+x"(sums[2][0].v), \
        [s21] "+x"(sums[2][1].v), [s22] "+x"(sums[2][2].v), [s30] "+x"(sums[3][0].v), [s31] "+x"(sums[3][1].v), \
        [s32] "+x"(sums[3][2].v)                                                                                \
      : [b0] "x"(b[0].v), [b1] "x"(b[1].v), [b2] "x"(b[2].v), [a] "m"(*reinterpret_cast<const T(*)[4]>(a)))
    typename Vec<T, W>::Native p;
    if constexpr (sizeof(T) == 8) FASTGEN_ROWS("vbroadcastsd", "vfmadd231pd", 8);
    else FASTGEN_ROWS("vbroadcastss", "vfmadd231ps", 4);
#undef FASTGEN_ROWS
#undef FASTGEN_ROW
    return;
  }
#endif
  FASTGEN_UNROLL
  for (int r = 0; r < R; ++r) {
    const Vec<T, W> p(a[r]);
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) sums[r][c] = fma(p, b[c], sums[r][c]);
  }
}

// Compile-time lists of lanes, for shuffles.
template <int... I> struct Lanes {};
template <int N, int... I> struct LaneList : LaneList<N - 1, N - 1, I...> {};
template <int... I> struct LaneList<0, I...> {
  using type = Lanes<I...>;
};

// Rows become columns: W vectors in place, by swapping blocks of lanes of size 1, 2, 4, ... between rows that far apart.
template <int H, class V, int... I> FASTGEN_INLINE void swap_blocks(V& a, V& b, Lanes<I...>) {
  constexpr int W = V::width;
  const typename V::Native low = a.v, high = b.v;
  a.v = __builtin_shufflevector(low, high, (I & H ? W + I - H : I)...);
  b.v = __builtin_shufflevector(low, high, (I & H ? W + I : I + H)...);
}
template <int H = 1, class T, int W> FASTGEN_INLINE void transpose(Vec<T, W> (&rows)[W]) {
  if constexpr (H < W) {
    FASTGEN_UNROLL
    for (int i = 0; i < W; ++i)
      if (!(i & H)) swap_blocks<H>(rows[i], rows[i + H], typename LaneList<W>::type());
    transpose<2 * H>(rows);
  }
}

// Eight rows of four, two to a vector, become four columns of eight: rows 0 and 2, 1 and 3, 4 and 6, 5 and 7.
template <class T> FASTGEN_INLINE void transpose_quarters(Vec<T, 8> (&q)[4]) {
  using Native = typename Vec<T, 8>::Native;
  FASTGEN_UNROLL
  for (int i = 0; i < 4; i += 2) {
    const Native a = q[i].v, b = q[i + 1].v;
    q[i].v = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
    q[i + 1].v = __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
  }
  const Native even[2] = {q[0].v, q[2].v}, odd[2] = {q[1].v, q[3].v};
  q[0].v = __builtin_shufflevector(even[0], even[1], 0, 1, 4, 5, 8, 9, 12, 13);
  q[1].v = __builtin_shufflevector(odd[0], odd[1], 0, 1, 4, 5, 8, 9, 12, 13);
  q[2].v = __builtin_shufflevector(even[0], even[1], 2, 3, 6, 7, 10, 11, 14, 15);
  q[3].v = __builtin_shufflevector(odd[0], odd[1], 2, 3, 6, 7, 10, 11, 14, 15);
}

// Pairs (a0 b0 a1 b1 ...) in two vectors become the vectors a0 a1 ... and b0 b1 ...
template <class V, int... I> FASTGEN_INLINE void split_pairs(V& a, V& b, Lanes<I...>) {
  const typename V::Native low = a.v, high = b.v;
  a.v = __builtin_shufflevector(low, high, (2 * I)...);
  b.v = __builtin_shufflevector(low, high, (2 * I + 1)...);
}
template <class T, int W> FASTGEN_INLINE void split_pairs(Vec<T, W>& a, Vec<T, W>& b) {
  split_pairs(a, b, typename LaneList<W>::type());
}

// And back.
template <class V, int... I> FASTGEN_INLINE void join_pairs(V& a, V& b, Lanes<I...>) {
  constexpr int W = V::width;
  const typename V::Native first = a.v, second = b.v;
  a.v = __builtin_shufflevector(first, second, (I / 2 + I % 2 * W)...);
  b.v = __builtin_shufflevector(first, second, (W / 2 + I / 2 + I % 2 * W)...);
}
template <class T, int W> FASTGEN_INLINE void join_pairs(Vec<T, W>& a, Vec<T, W>& b) {
  join_pairs(a, b, typename LaneList<W>::type());
}

// The vectors a, b, c become those of a0 b0 c0 a1 b1 c1 ...
template <class V, int... I> FASTGEN_INLINE void join_triples(V& a, V& b, V& c, Lanes<I...>) {
  constexpr int W = V::width;
  const typename V::Native x = a.v, y = b.v, z = c.v;
  // Position p of the whole holds element p / 3 of vector p % 3: those of the first two first, then the third's among them.
  const auto part = [&]<int Begin>() FASTGEN_LAMBDA_INLINE {
    const typename V::Native two =
        __builtin_shufflevector(x, y, ((Begin + I) % 3 == 1 ? W + (Begin + I) / 3 : (Begin + I) / 3)...);
    return typename V::Native(__builtin_shufflevector(two, z, ((Begin + I) % 3 == 2 ? W + (Begin + I) / 3 : I)...));
  };
  a.v = part.template operator()<0>(), b.v = part.template operator()<W>(), c.v = part.template operator()<2 * W>();
}
template <class T, int W> FASTGEN_INLINE void join_triples(Vec<T, W>& a, Vec<T, W>& b, Vec<T, W>& c) {
  join_triples(a, b, c, typename LaneList<W>::type());
}

// Asks the memory for elements p[ahead .. ahead + n), which may lie beyond an array: to be read, or to be written, soon.
enum class Soon { read, written };
template <Soon Use, class T> FASTGEN_INLINE void prefetch(const T* p, std::int64_t ahead, std::int64_t n) {
  const std::uintptr_t from = reinterpret_cast<std::uintptr_t>(p) + std::uintptr_t(ahead) * sizeof(T);
  for (std::uintptr_t line = 0; line < std::uintptr_t(n) * sizeof(T); line += 64)
    __builtin_prefetch(reinterpret_cast<const void*>(from + line), Use == Soon::written ? 1 : 0, 3);
}

// 0, 1, 2, ... in the lanes.
template <class T, int W> FASTGEN_INLINE Vec<T, W> iota() {
  if constexpr (is_wide<T, W>) return {iota<T, W / 2>(), iota<T, W / 2>() + Vec<T, W / 2>(T(W / 2))};
  else {
    Vec<T, W> r(T(0));
    if constexpr (W > 1)
      for (int i = 0; i < W; ++i) r.v[i] = T(i);
    return r;
  }
}

// One vector after the other.
template <class T> FASTGEN_INLINE Vec<T, 8> join(Vec<T, 4> first, Vec<T, 4> second) {
  Vec<T, 8> r;
  r.v = __builtin_shufflevector(first.v, second.v, 0, 1, 2, 3, 4, 5, 6, 7);
  return r;
}

// Numbers of 16 bits, widened.
template <int W> FASTGEN_INLINE Vec<std::uint64_t, W> load_widened(const std::uint16_t* p) {
  using V = Vec<std::uint64_t, W>;
#if defined(__AVX512F__)
  if constexpr (W == 8)
    return V((typename V::Native)_mm512_maskz_cvtepu16_epi64(0xff, _mm_loadu_si128((const __m128i*)p)));
#endif
#if defined(__AVX2__)
  if constexpr (W == 4) return V((typename V::Native)_mm256_cvtepu16_epi64(_mm_loadl_epi64((const __m128i*)p)));
#endif
  std::uint64_t wide[W];
  for (int i = 0; i < W; ++i) wide[i] = p[i];
  return V::load(wide);
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
