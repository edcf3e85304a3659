// Standard normals by Box and Muller (1958), two from every radius and angle, with nothing rejected.
//
// Double: 24 blocks (see core/philox.hpp) make 32 pairs. Blocks 0 .. 7 of a group bring the first 32 bits of the radii
// and angles of pairs 0 .. 15, blocks 8 .. 15 those of the others, and blocks 16 .. 23 another 16 bits for each. Radius:
// 48 bits, u in the middle of one of 2^48 equal cells; where u < 2^-16 another 32 bits divide the cell, so that u is known
// to 32 bits or better wherever it lies and |z| reaches 10.6. Angle: 48 bits.
// Float: 16 blocks make 32 pairs. Radius 32 bits (largest |z| 6.76), angle 25 bits.
// A group is 64 normals: 8 (16) cosines, then their sines, four (two) times.
//
// Bound by arithmetic. Three vectors of Philox (70 instructions each) bring four of pairs (55 each).
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

// A point on the unit circle at the angle pi/4 + phi, phi = pi t / 2 with t in [-1/2, 1/2), in the quadrant that the top
// bits of two words choose: (cos, sin) = (cos phi - sin phi, cos phi + sin phi) / sqrt 2, but for signs. No lane needs its
// sine and cosine exchanged that way. The polynomials are Chebyshev interpolants of cos(phi) / sqrt 2 and
// sin(phi) / (t sqrt 2) in t^2, errors below 4e-17 (double), 2e-8 (float).
template <int W>
FASTGEN_INLINE void unit_vector(Vec<double, W> t, Vec<std::uint64_t, W> c_sign, Vec<std::uint64_t, W> s_sign,
                                Vec<double, W>& c, Vec<double, W>& s) {
  using V = Vec<double, W>;
  const V y = t * t;
  V p(3.2917915026027708e-7), q(3.9837927816813855e-8);
  p = fma(p, y, V(-1.7819186532194026e-5)), q = fma(q, y, V(-2.5446251179656858e-6));
  p = fma(p, y, V(6.5001494434766533e-4)), q = fma(q, y, V(1.1344902567117628e-4));
  p = fma(p, y, V(-1.4752708706835613e-2)), q = fma(q, y, V(-3.3105000948264452e-3));
  p = fma(p, y, V(1.7937142921624884e-1)), q = fma(q, y, V(5.6351196429142044e-2));
  p = fma(p, y, V(-8.7235802495484687e-1)), q = fma(q, y, V(-4.5676559374971355e-1));
  p = fma(p, y, V(7.0710678118654749e-1)), q = fma(q, y, V(1.1107207345395916));
  q = q * t;
  c = flip_sign(p - q, c_sign);
  s = flip_sign(p + q, s_sign);
}
template <int W>
FASTGEN_INLINE void unit_vector(Vec<float, W> t, Vec<std::uint32_t, W> c_sign, Vec<std::uint32_t, W> s_sign,
                                Vec<float, W>& c, Vec<float, W>& s) {
  using V = Vec<float, W>;
  const V y = t * t;
  V p(-1.4430747e-2f), q(-3.2542109e-3f);
  p = fma(p, y, V(1.7932127e-1f)), q = fma(q, y, V(5.6342422e-2f));
  p = fma(p, y, V(-8.7235552e-1f)), q = fma(q, y, V(-4.5676516e-1f));
  p = fma(p, y, V(7.0710676e-1f)), q = fma(q, y, V(1.1107207f));
  q = q * t;
  c = flip_sign(p - q, c_sign);
  s = flip_sign(p + q, s_sign);
}

// Minimax coefficients of -4 atanh(s) / s in s^2, |s| <= (sqrt 2 - 1) / (sqrt 2 + 1); relative error 2.2e-16 (1.2e-7).
template <class T> struct RadiusTable;
template <> struct RadiusTable<double> {
  static constexpr double atanh[] = {-0x1.0000000000001p+2, -0x1.55555555529b5p+0, -0x1.999999a4b3f7cp-1,
                                     -0x1.2492407d0f162p-1, -0x1.c722e7cb90f5fp-2, -0x1.732038f4c42d3p-2,
                                     -0x1.58f4ae15c9b0dp-2};
};
template <> struct RadiusTable<float> {
  static constexpr float atanh[] = {-0x1.000002p+2f, -0x1.554262p+0f, -0x1.a6e126p-1f};
};

// -2 log(x / 2^Scale) = rest + s P(s^2), 1 <= x <= 2^Scale: x = m 2^k with m in [sqrt 1/2, sqrt 2), s = (m - 1) / (m + 1),
// log m = 2 atanh(s). Near the upper end k is Scale and rest 0, so that small radii keep all their digits.
template <int Scale, class T, int W> FASTGEN_INLINE Vec<T, W> split_logarithm(Vec<T, W> x, Vec<T, W>& rest) {
  using V = Vec<T, W>;
  using U = UintVec<V>;
  constexpr int bits = math::Format<T>::mantissa_bits;
  constexpr T integer = math::two_to_bits<T>, minus_two_log_two = T(-1.38629436111989061883);
  const U origin(UintLike<T>{math::Format<T>::sqrt_half}), mantissa((UintLike<T>(1) << bits) - 1);
  const U shifted = bit_cast<UintLike<T>>(x) - origin;
  const V m = bit_cast<T>((shifted & mantissa) + origin);
  const V k = bit_cast<T>((shifted >> bits) | bit_cast<UintLike<T>>(V(integer))) - V(integer + T(Scale));
  rest = k * V(minus_two_log_two);
  return (m - V(T(1))) / (m + V(T(1)));
}
template <class T, int W> FASTGEN_INLINE Vec<T, W> join_logarithm(Vec<T, W> s, Vec<T, W> rest) {
  return fma(s, math::horner(s * s, RadiusTable<T>::atanh), rest);
}
// sqrt(-2 log(x / 2^Scale)) to an ulp or two; an exact zero where x has been rounded to 2^Scale.
template <int Scale, class T, int W> FASTGEN_INLINE Vec<T, W> radius(Vec<T, W> x) {
  Vec<T, W> rest;
  const Vec<T, W> s = split_logarithm<Scale>(x, rest);
  return sqrt(join_logarithm(s, rest));
}

// The words of the pairs 8 j + lane of a group, in the low halves of lanes: 32 bits of the radius, 32 of the angle, and 16
// more of each.
template <int W> struct PairWords {
  Vec<std::uint64_t, W> radius, angle, both;
};
constexpr int pair_block(int j) {
  return 8 * (j / 2);
}  // where in the group the first two are; the third is in block 16
constexpr int pair_word(int j) { return 2 * (j % 2); }  // the first of the two words; of the third block it is word j

// 2^49 u = 2 n + 1 for the 48 bits n of the radius, by way of 2^53 + 2 n.
template <int W> FASTGEN_INLINE Vec<double, W> radius_argument(const PairWords<W>& w) {
  using U = Vec<std::uint64_t, W>;
  const U n = top_quarter(U(std::uint64_t(0x4340000000000000u)), merge_halves(w.radius, w.both << 32));
  return bit_cast<double>(n) - Vec<double, W>(0x1p53 - 1);
}
constexpr double extended_below = 0x1p33;  // 2^49 2^-16

// r times the unit vector of the angle: 32 bits, 14 bits on top of them, and two signs.
template <int W>
FASTGEN_INLINE void normal_pair(const PairWords<W>& w, Vec<double, W> r, Vec<double, W>& c, Vec<double, W>& s) {
  using U = Vec<std::uint64_t, W>;
  const U bits = merge_halves(w.angle, w.both << 16) & U(std::uint64_t(0x00003fffffffffffu));
  const Vec<double, W> t = bit_cast<double>(bits | U(std::uint64_t(0x4050000000000000u))) - Vec<double, W>(64.5);
  unit_vector(t, w.both << 32, w.both << 33, c, s);
  c = r * c, s = r * s;
}

// Makes those pairs of a group again whose radius takes another word: one in 2^16.
inline __attribute__((noinline, cold)) void extend_radii(const PhiloxKey& key, Position group, double* out) {
  using U = Vec<std::uint64_t, 1>;
  for (int pair = 0; pair < 32; ++pair) {
    const int j = pair / 8, lane = pair % 8;
    const auto first = philox_at<1>(key, normals_f64, group * 24 + pair_block(j), U(std::uint64_t(lane)));
    const auto third = philox_at<1>(key, normals_f64, group * 24 + 16, U(std::uint64_t(lane)));
    const PairWords<1> w{first.word[pair_word(j)], first.word[pair_word(j) + 1], third.word[j]};
    const double x = radius_argument(w).v;
    if (x >= extended_below) continue;
    const double word = philox_word(key, radii_f64, group * 32 + pair);
    Vec<double, 1> c, s;
    normal_pair(w, radius<81>(Vec<double, 1>((x - 1) * 0x1p32 + (2 * word + 1))), c, s);
    out[16 * j + lane] = c.v, out[16 * j + 8 + lane] = s.v;
  }
}

// 64 doubles: blocks 24 g .. 24 g + 23. In stages, so that what is slow has company: divisions beside the making of their
// arguments, square roots beside the angles.
inline void normal_group(const PhiloxKey& key, Position group, double* out) {
  constexpr int W = native_width<double> == 1 ? 1 : native_width<double> < 4 ? 4 : 8;
  using U = Vec<std::uint64_t, W>;
  using V = Vec<double, W>;
  alignas(64) std::uint64_t words[3][4][8];
  alignas(64) double s[32], rest[32];
  FASTGEN_UNROLL
  for (int part = 0; part < 3; ++part) {
    FASTGEN_UNROLL
    for (int b = 0; b < 8; b += W) {
      const auto block =
          philox_at<W>(key, normals_f64, group * 24 + 8 * part, iota<std::uint64_t, W>() + U(std::uint64_t(b)));
      FASTGEN_UNROLL
      for (int w = 0; w < 4; ++w) block.word[w].store(words[part][w] + b);
    }
  }
  const auto pair_words = [&](int i) FASTGEN_LAMBDA_INLINE {
    const int j = i / 8, b = i % 8;
    const std::uint64_t (*first)[8] = words[j / 2] + pair_word(j);
    return PairWords<W>{U::load(first[0] + b), U::load(first[1] + b), U::load(words[2][j] + b)};
  };
  V least(0x1p49);
  FASTGEN_UNROLL
  for (int i = 0; i < 32; i += W) {
    const V x = radius_argument(pair_words(i));
    V more;
    split_logarithm<49>(x, more).store(s + i);
    more.store(rest + i);
    least = min(x, least);
  }
  FASTGEN_UNROLL
  for (int i = 0; i < 32; i += W) join_logarithm(V::load(s + i), V::load(rest + i)).store(s + i);
  FASTGEN_UNROLL
  for (int i = 0; i < 32; i += W) {
    V cosine, sine;
    normal_pair(pair_words(i), sqrt(V::load(s + i)), cosine, sine);
    double* to = out + 16 * (i / 8) + i % 8;
    cosine.store(to);
    sine.store(to + 8);
  }
  if (any(least < V(extended_below))) [[unlikely]]
    extend_radii(key, group, out);
}

// 64 floats: blocks 16 g .. 16 g + 15.
inline void normal_group(const PhiloxKey& key, Position group, float* out) {
  constexpr int W = wide_width<float> < 16 ? wide_width<float> : 16;
  using U = Vec<std::uint32_t, W>;
  using V = Vec<float, W>;
  FASTGEN_UNROLL
  for (int b = 0; b < 16; b += W) {
    const auto words = philox_words<W>(key, normals_f32, group * 16, b);
    FASTGEN_UNROLL
    for (int half = 0; half < 2; ++half) {
      const V r = radius<33>(fma(to_float(words.word[2 * half]), V(2.0f), V(1.0f)));
      const U angle = words.word[2 * half + 1];
      const U bits = (angle & U(std::uint32_t(0x7fffffu))) | U(std::uint32_t(0x3f800000u));
      V c, s;
      unit_vector(bit_cast<float>(bits) - V(1.5f), angle, angle << 1, c, s);
      (r * c).store(out + 32 * half + b);
      (r * s).store(out + 32 * half + 16 + b);
    }
  }
}

constexpr int normal_group_size = 64;

// Standard normals first .. first + n of a stream.
template <class T> void fill_normals(const PhiloxKey& key, Position first, std::int64_t n, T* out) {
  fill_groups<normal_group_size>(first, n, out, [&](Position group, T* to) { normal_group(key, group, to); });
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
