// Standard normals by Box and Muller (1958), two from every two uniform words, with nothing rejected.
//
// Layout (see core/philox.hpp): sixteen blocks make 32 doubles, the cosines first, then the sines, or 64 floats, as cos,
// sin, cos, sin of 16 each.
// Radius: 64 bits in double (largest |z| 9.49), 32 bits in float (6.76). Angle: 54 bits in double, 25 in float.
//
// Bound by arithmetic. A vector of doubles costs one Philox vector (80 instructions), a logarithm and a square root
// (30) and the two angles (25), and yields two vectors of normals.
#pragma once

#include "../core/math.hpp"
#include "../core/philox.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// x with its sign flipped where the top bit of word is set.
template <class T, int W> FASTGEN_INLINE Vec<T, W> flip_sign(Vec<T, W> x, Vec<UintLike<T>, W> word) {
  return bit_cast<T>(bit_cast<UintLike<T>>(x) ^ (word & Vec<UintLike<T>, W>(sign_bit<T>)));
}

// A point on the unit circle at a uniform angle, from the bits of a word: two sign bits choose the quadrant, the rest
// places the angle at pi/4 + phi in the first one, where (cos, sin) = (cos phi - sin phi, cos phi + sin phi) / sqrt 2.
// No lane needs its sine and cosine exchanged that way. phi = pi t / 2 with t in [-1/2, 1/2); the polynomials are
// Chebyshev interpolants of cos(phi) / sqrt 2 and sin(phi) / (t sqrt 2) in t^2, errors below 4e-17 (double), 2e-8 (float).
template <int W> FASTGEN_INLINE void unit_vector(Vec<std::uint64_t, W> word, Vec<double, W>& c, Vec<double, W>& s) {
  using U = Vec<std::uint64_t, W>;
  using V = Vec<double, W>;
  const V t = bit_cast<double>(((word << 2) >> 12) | U(std::uint64_t(0x3ff0000000000000u))) - V(1.5);
  const V y = t * t;
  V p(3.2917915026027708e-7), q(3.9837927816813855e-8);
  p = fma(p, y, V(-1.7819186532194026e-5)), q = fma(q, y, V(-2.5446251179656858e-6));
  p = fma(p, y, V(6.5001494434766533e-4)), q = fma(q, y, V(1.1344902567117628e-4));
  p = fma(p, y, V(-1.4752708706835613e-2)), q = fma(q, y, V(-3.3105000948264452e-3));
  p = fma(p, y, V(1.7937142921624884e-1)), q = fma(q, y, V(5.6351196429142044e-2));
  p = fma(p, y, V(-8.7235802495484687e-1)), q = fma(q, y, V(-4.5676559374971355e-1));
  p = fma(p, y, V(7.0710678118654749e-1)), q = fma(q, y, V(1.1107207345395916));
  q = q * t;
  c = flip_sign(p - q, word);
  s = flip_sign(p + q, word << 1);
}
template <int W> FASTGEN_INLINE void unit_vector(Vec<std::uint32_t, W> word, Vec<float, W>& c, Vec<float, W>& s) {
  using U = Vec<std::uint32_t, W>;
  using V = Vec<float, W>;
  const V t = bit_cast<float>(((word << 2) >> 9) | U(std::uint32_t(0x3f800000u))) - V(1.5f);
  const V y = t * t;
  V p(-1.4430747e-2f), q(-3.2542109e-3f);
  p = fma(p, y, V(1.7932127e-1f)), q = fma(q, y, V(5.6342422e-2f));
  p = fma(p, y, V(-8.7235552e-1f)), q = fma(q, y, V(-4.5676516e-1f));
  p = fma(p, y, V(7.0710676e-1f)), q = fma(q, y, V(1.1107207f));
  q = q * t;
  c = flip_sign(p - q, word);
  s = flip_sign(p + q, word << 1);
}

// sqrt(-2 log u) for u uniform on the midpoints of 2^64 (2^32) cells of (0, 1]. Where the midpoint rounds to 1 the
// logarithm is an exact zero.
template <class T, int W> FASTGEN_INLINE Vec<T, W> radius(Vec<T, W> u) {
  return sqrt(math::log_positive(u) * Vec<T, W>(T(-2)));
}

// 32 doubles: blocks 16 g .. 16 g + 15, in block order. Four AVX2 vectors run side by side.
inline void normal_group(const PhiloxKey& key, Position group, double* out) {
  constexpr int W = native_width<double> == 1 ? 1 : native_width<double> < 4 ? 4 : 16;
  using U = Vec<std::uint64_t, W>;
  using V = Vec<double, W>;
  const U low(std::uint64_t(0xffffffffu));
  FASTGEN_UNROLL
  for (int b = 0; b < 16; b += W) {
    const auto block = philox_at<W>(key, normals_f64, group * 16, iota<std::uint64_t, W>() + U(std::uint64_t(b)));
    const V u = fma(to_double(block.word[0], block.word[1]), V(0x1p-64), V(0x1p-65));
    const V r = radius(u);
    V c, s;
    unit_vector((block.word[2] & low) | (block.word[3] << 32), c, s);
    (r * c).store(out + b);
    (r * s).store(out + 16 + b);
  }
}
// 64 floats: blocks 16 g .. 16 g + 15.
inline void normal_group(const PhiloxKey& key, Position group, float* out) {
  constexpr int W = wide_width<float> < 16 ? wide_width<float> : 16;
  using V = Vec<float, W>;
  FASTGEN_UNROLL
  for (int b = 0; b < 16; b += W) {
    const auto words = philox_words<W>(key, normals_f32, group * 16, b);
    FASTGEN_UNROLL
    for (int half = 0; half < 2; ++half) {
      const V r = radius(fma(to_float(words.word[2 * half]), V(0x1p-32f), V(0x1p-33f)));
      V c, s;
      unit_vector(words.word[2 * half + 1], c, s);
      (r * c).store(out + 32 * half + b);
      (r * s).store(out + 32 * half + 16 + b);
    }
  }
}

template <class T> constexpr int normal_group_size = sizeof(T) == 8 ? 32 : 64;

// Standard normals first .. first + n of a stream.
template <class T> void fill_normals(std::uint64_t key, Position first, std::int64_t n, T* out) {
  const PhiloxKey round_keys(key);
  fill_groups<normal_group_size<T>>(first, n, out, [&](Position group, T* to) { normal_group(round_keys, group, to); });
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
