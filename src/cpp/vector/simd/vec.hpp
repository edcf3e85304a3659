// Vec<T, W>, W lanes of T, and the Mask of its comparisons: what the vector extensions of GCC and Clang can say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "macros.hpp"

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

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
