// Reading memory, and tables held in registers, at places that differ from lane to lane.
#pragma once

#include "vec.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

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
#endif
    V r;
    FASTGEN_UNROLL
    for (int lane = 0; lane < W; ++lane) r.v[lane] = base[index.v[lane]];
    return r;
  }
}

// Of eight lanes whose bits are set: their numbers in order, and for each, in four bits, how many come before it.
struct LanesOfBits {
  alignas(32) std::int32_t lane[256][8];
  std::uint32_t ranks[256];
  constexpr LanesOfBits() : lane{}, ranks{} {
    for (unsigned bits = 0; bits < 256; ++bits)
      for (int i = 0, count = 0; i < 8; ++i)
        if (bits >> i & 1) ranks[bits] |= std::uint32_t(count) << 4 * i, lane[bits][count++] = i;
  }
};
constexpr LanesOfBits lanes_of_bits;

// Tells W values apart by the ranges that they lie in.
//
// take: of the values in a range, in order, to values[0], values[1], ..., of which all W may be written, and to their lanes of the
// answer first, first + 1, ...; returns how many there are.
// store: the answer; lanes that no range has taken keep what they began with.
template <int W> class RangeSorter {
  std::int32_t answer_[W];

 public:
  struct Range {
    std::int32_t low, count;  // low .. low + count - 1
  };
  FASTGEN_INLINE explicit RangeSorter(Vec<std::int32_t, W> answer) { answer.store(answer_); }
  FASTGEN_INLINE int take(Vec<std::int32_t, W> a, const Range& range, std::int32_t first, std::int32_t* values) {
    int n = 0;
    for (int lane = 0; lane < W; ++lane) {
      const std::int32_t value = a[lane];
      const bool taken = value >= range.low && value < range.low + range.count;
      values[n] = value;
      answer_[lane] = taken ? first + n : answer_[lane];
      n += taken;
    }
    return n;
  }
  FASTGEN_INLINE void store(std::int32_t* to) const { __builtin_memcpy(to, answer_, sizeof answer_); }
};
#if defined(__AVX512F__)
// Compress and expand, and comparisons, share one port, which binds: so ranks come from elsewhere, four bits each in one word.
template <> class RangeSorter<16> {
  __m512i first_;
  std::uint64_t ranks_ = 0;

 public:
  struct Range {
    __m512i low, count;
    Range() = default;
    FASTGEN_INLINE Range(std::int32_t low_, std::int32_t count_)
        : low(_mm512_set1_epi32(low_)), count(_mm512_set1_epi32(count_)) {}
  };
  FASTGEN_INLINE explicit RangeSorter(Vec<std::int32_t, 16> answer) : first_((__m512i)answer.v) {}
  FASTGEN_INLINE int take(Vec<std::int32_t, 16> a, const Range& range, std::int32_t first, std::int32_t* values) {
    const __m512i lanes = (__m512i)a.v;
    __mmask16 taken = _mm512_cmplt_epu32_mask(_mm512_sub_epi32(lanes, range.low), range.count);
    asm("" : "+Yk"(taken));  // else GCC chooses the register that cannot mask, and moves it
    _mm512_storeu_si512(values, _mm512_maskz_compress_epi32(taken, lanes));
    first_ = _mm512_mask_set1_epi32(first_, taken, first);
    ranks_ |= _pdep_u64(0xfedcba9876543210u, _pdep_u64(taken, 0x1111111111111111u) * 15);
    return __builtin_popcount(taken);
  }
  FASTGEN_INLINE void store(std::int32_t* to) const {
    const __m512i halves =
        _mm512_mask_set1_epi32(_mm512_set1_epi32(std::int32_t(ranks_)), 0xff00, std::int32_t(ranks_ >> 32));
    const __m512i shifts = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28);
    const __m512i rank = _mm512_and_si512(_mm512_maskz_srlv_epi32(0xffff, halves, shifts), _mm512_set1_epi32(15));
    _mm512_storeu_si512(to, _mm512_add_epi32(first_, rank));
  }
};
#elif defined(__AVX2__)
template <> class RangeSorter<8> {
  __m256i first_;
  std::uint32_t ranks_ = 0;

 public:
  struct Range {
    __m256i before, last;
    Range() = default;
    FASTGEN_INLINE Range(std::int32_t low, std::int32_t count)
        : before(_mm256_set1_epi32(low - 1)), last(_mm256_set1_epi32(low + count - 1)) {}
  };
  FASTGEN_INLINE explicit RangeSorter(Vec<std::int32_t, 8> answer) : first_((__m256i)answer.v) {}
  FASTGEN_INLINE int take(Vec<std::int32_t, 8> a, const Range& range, std::int32_t first, std::int32_t* values) {
    const __m256i lanes = (__m256i)a.v;
    const __m256i taken =
        _mm256_andnot_si256(_mm256_cmpgt_epi32(lanes, range.last), _mm256_cmpgt_epi32(lanes, range.before));
    const unsigned bits = unsigned(_mm256_movemask_ps((__m256)taken));
    const __m256i order = _mm256_load_si256((const __m256i*)lanes_of_bits.lane[bits]);
    _mm256_storeu_si256((__m256i*)values, _mm256_permutevar8x32_epi32(lanes, order));
    first_ = _mm256_blendv_epi8(first_, _mm256_set1_epi32(first), taken);
    ranks_ |= lanes_of_bits.ranks[bits];
    return __builtin_popcount(bits);
  }
  FASTGEN_INLINE void store(std::int32_t* to) const {
    const __m256i shifts = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
    const __m256i rank =
        _mm256_and_si256(_mm256_srlv_epi32(_mm256_set1_epi32(std::int32_t(ranks_)), shifts), _mm256_set1_epi32(15));
    _mm256_storeu_si256((__m256i*)to, _mm256_add_epi32(first_, rank));
  }
};
#endif

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

// Asks the memory for elements p[ahead .. ahead + n), which may lie beyond an array: to be read or written soon, or to be read
// later, which is to say when other data have passed through the first-level cache.
enum class Soon { read, read_later, written };
template <Soon Use, class T> FASTGEN_INLINE void prefetch(const T* p, std::int64_t ahead, std::int64_t n) {
  const std::uintptr_t from = reinterpret_cast<std::uintptr_t>(p) + std::uintptr_t(ahead) * sizeof(T);
  for (std::uintptr_t line = 0; line < std::uintptr_t(n) * sizeof(T); line += 64)
    __builtin_prefetch(reinterpret_cast<const void*>(from + line), Use == Soon::written,
                       Use == Soon::read_later ? 2 : 3);
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
