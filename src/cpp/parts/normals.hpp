// Standard normals by Box and Muller (1958), two from every radius and angle, with nothing rejected.
//
// Double: 24 blocks (see vector/philox.hpp) make 32 pairs. Blocks 0 .. 7 of a group bring the first 32 bits of the radii
// and angles of pairs 0 .. 15, blocks 8 .. 15 those of the others, and blocks 16 .. 23 another 16 bits for each. Radius:
// 48 bits, u in the middle of one of 2^48 equal cells; where u < 2^-16 another 32 bits divide the cell, so that u is known
// to 32 bits or better wherever it lies and |z| reaches 10.6. Angle: 48 bits.
// Float: 16 blocks make 32 pairs. Radius 32 bits (largest |z| 6.76), angle 25 bits.
// A group is 64 normals: 8 (16) cosines, then their sines, four (two) times.
//
// Bound by arithmetic. Three vectors of Philox (70 instructions each) bring four of pairs (55 each), and the divider is busy
// for half of that time: a group's words are made while it divides for the group before.
#pragma once

#include "../core/purpose.hpp"
#include "../vector/math.hpp"
#include "../vector/philox.hpp"

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

// The words of W pairs of a group of doubles, in the low halves of lanes: 32 bits of the radius, 32 of the angle, and 16 more
// of each.
template <int W> struct PairWords {
  Vec<std::uint64_t, W> radius, angle, both;
};

// The words of a group, by blocks of eight (sixteen).
template <class T> struct GroupWords;
template <> struct GroupWords<double> {
  static constexpr int blocks = 24;
  static constexpr int width = native_width<double> == 1 ? 1 : native_width<double> < 4 ? 4 : 8;
  alignas(64) std::uint64_t word[3][4][8];

  FASTGEN_INLINE void make(const PhiloxKey& key, Position group) {
    constexpr int W = width, N = philox_together<W>;
    using U = Vec<std::uint64_t, W>;
    FASTGEN_UNROLL
    for (int first = 0; first < blocks; first += N * W) {
      PhiloxBlocks<W> made[N];
      FASTGEN_UNROLL
      for (int i = 0; i < N; ++i) {
        const int block = first + i * W;
        const U lane = iota<std::uint64_t, W>() + U(std::uint64_t(block % 8));
        made[i] = philox_begin(key, purpose::normals_f64, group * blocks + block / 8 * 8, lane);
      }
      philox_rounds<2>(key, made);
      FASTGEN_UNROLL
      for (int i = 0; i < N; ++i) {
        const int block = first + i * W;
        FASTGEN_UNROLL
        for (int w = 0; w < 4; ++w) made[i].word[w].store(word[block / 8][w] + block % 8);
      }
    }
  }
  // Those of pairs i .. i + W - 1.
  template <int W> FASTGEN_INLINE PairWords<W> pairs(int i) const {
    using U = Vec<std::uint64_t, W>;
    const int j = i / 8, lane = i % 8;
    const std::uint64_t (*first)[8] = word[j / 2] + 2 * (j % 2);
    return {U::load(first[0] + lane), U::load(first[1] + lane), U::load(word[2][j] + lane)};
  }
};
template <> struct GroupWords<float> {
  static constexpr int blocks = 16;
  static constexpr int width = wide_width<float> < 16 ? wide_width<float> : 16;
  alignas(64) std::uint32_t word[4][16];

  FASTGEN_INLINE void make(const PhiloxKey& key, Position group) {
    FASTGEN_UNROLL
    for (int first = 0; first < blocks; first += width) {
      const auto made = philox_words<width>(key, purpose::normals_f32, group * blocks, first);
      FASTGEN_UNROLL
      for (int w = 0; w < 4; ++w) made.word[w].store(word[w] + first);
    }
  }
  // The words of radii (0) or angles (1) of pairs i .. i + W - 1.
  template <int W> FASTGEN_INLINE Vec<std::uint32_t, W> get(int i, int which) const {
    return Vec<std::uint32_t, W>::load(word[i / 16 * 2 + which] + i % 16);
  }
};

// 2^49 u = 2 n + 1 for the 48 bits n of the radius, by way of 2^53 + 2 n.
template <int W> FASTGEN_INLINE Vec<double, W> radius_argument(const PairWords<W>& w) {
  using U = Vec<std::uint64_t, W>;
  const U n = top_quarter(U(std::uint64_t(0x4340000000000000u)), pair_halves(w.radius, w.both));
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

// r times the unit vector of the angle: 25 bits, and two signs, the top ones.
template <int W>
FASTGEN_INLINE void normal_pair(Vec<std::uint32_t, W> angle, Vec<float, W> r, Vec<float, W>& c, Vec<float, W>& s) {
  using U = Vec<std::uint32_t, W>;
  const U bits = (angle & U(std::uint32_t(0x7fffffu))) | U(std::uint32_t(0x3f800000u));
  unit_vector(bit_cast<float>(bits) - Vec<float, W>(1.5f), angle, angle << 1, c, s);
  c = r * c, s = r * s;
}

// Makes those pairs of a group again whose radius takes another word: one in 2^16.
inline __attribute__((noinline, cold)) void extend_radii(const PhiloxKey& key, Position group, double* out) {
  GroupWords<double> words;
  words.make(key, group);
  for (int pair = 0; pair < 32; ++pair) {
    const PairWords<1> w = words.pairs<1>(pair);
    const double x = radius_argument(w).v;
    if (x >= extended_below) continue;
    const double word = philox_word(key, purpose::radii_f64, group * 32 + pair);
    Vec<double, 1> c, s;
    normal_pair(w, radius<81>(Vec<double, 1>((x - 1) * 0x1p32 + (2 * word + 1))), c, s);
    double* to = out + 16 * (pair / 8) + pair % 8;
    to[0] = c.v, to[8] = s.v;
  }
}

// The normals of a group, and the words of the next one where there is one. In stages, so that what is slow has company:
// divisions beside those words, square roots beside the angles and beside use(begin, end), called for parts of 0 .. 64 in turn.
template <bool MakeNext, class Use>
FASTGEN_INLINE void normal_group(const PhiloxKey& key, Position group, const GroupWords<double>& words,
                                 GroupWords<double>& next, double* out, Use use) {
  constexpr int W = GroupWords<double>::width;
  using V = Vec<double, W>;
  alignas(64) double s[32], rest[32];
  V least(0x1p49);
  FASTGEN_UNROLL
  for (int i = 0; i < 32; i += W) {
    const V x = radius_argument(words.pairs<W>(i));
    V more;
    split_logarithm<49>(x, more).store(s + i);
    more.store(rest + i);
    least = min(x, least);
  }
  if (MakeNext) next.make(key, group + 1);
  FASTGEN_UNROLL
  for (int i = 0; i < 32; i += W) join_logarithm(V::load(s + i), V::load(rest + i)).store(s + i);
  FASTGEN_UNROLL
  for (int i = 0; i < 32; i += W) {
    V cosine, sine;
    const V r = sqrt(V::load(s + i));
    use(2 * i, 2 * (i + W));
    normal_pair(words.pairs<W>(i), r, cosine, sine);
    double* to = out + 16 * (i / 8) + i % 8;
    cosine.store(to);
    sine.store(to + 8);
  }
  if (any(least < V(extended_below))) [[unlikely]]
    extend_radii(key, group, out);
}
template <bool MakeNext, class Use>
FASTGEN_INLINE void normal_group(const PhiloxKey& key, Position group, const GroupWords<float>& words,
                                 GroupWords<float>& next, float* out, Use use) {
  constexpr int W = GroupWords<float>::width;
  using V = Vec<float, W>;
  alignas(64) float s[32], rest[32];
  FASTGEN_UNROLL
  for (int i = 0; i < 32; i += W) {
    V more;
    split_logarithm<33>(fma(to_float(words.get<W>(i, 0)), V(2.0f), V(1.0f)), more).store(s + i);
    more.store(rest + i);
  }
  if (MakeNext) next.make(key, group + 1);
  FASTGEN_UNROLL
  for (int i = 0; i < 32; i += W) {
    V cosine, sine;
    use(2 * i, 2 * (i + W));
    normal_pair(words.get<W>(i, 1), sqrt(join_logarithm(V::load(s + i), V::load(rest + i))), cosine, sine);
    float* to = out + 32 * (i / 16) + i % 16;
    cosine.store(to);
    sine.store(to + 16);
  }
}

constexpr int normal_group_size = 64;
// So many groups before they are written, or the caller writes, lines of memory are asked for.
constexpr int groups_ahead = 3;

// The normals of groups group .. group + count - 1, count >= 1. While those of a group are made, use(begin, end) is called for
// runs of the group before, in order; at last for the last one. For `soon` see DrawTile.
template <class T, class Use>
FASTGEN_INLINE void normal_groups(const PhiloxKey& key, Position group, std::int64_t count, T* out, T* soon, Use use) {
  constexpr std::int64_t size = normal_group_size;
  GroupWords<T> words[2];
  words[0].make(key, group);
  const std::int64_t last = count - 1;
  const auto use_before = [&](std::int64_t i) FASTGEN_LAMBDA_INLINE {
    return [&use, i](std::int64_t begin, std::int64_t end) FASTGEN_LAMBDA_INLINE {
      if (i > 0) use(size * (i - 1) + begin, size * (i - 1) + end);
    };
  };
  for (std::int64_t i = 0; i < last; ++i) {
    prefetch<Soon::written>(soon, size * (i + groups_ahead), size);
    normal_group<true>(key, group + i, words[i % 2], words[1 - i % 2], out + size * i, use_before(i));
  }
  normal_group<false>(key, group + last, words[last % 2], words[0], out + size * last, use_before(last));
  use(size * last, size * count);
}
// One copy for all who draw them and do nothing else.
template <class T>
FASTGEN_NOINLINE void normal_groups(const PhiloxKey& key, Position group, std::int64_t count, T* out) {
  normal_groups(key, group, count, out, out, [](std::int64_t, std::int64_t) {});
}

// Standard normals first .. first + n of a stream.
template <class T> void fill_normals(const PhiloxKey& key, Position first, std::int64_t n, T* out) {
  fill_runs<normal_group_size>(
      first, n, out, [&](Position group, std::int64_t count, T* to) { normal_groups(key, group, count, to); });
}
// The same; use(begin, end) is called for one run of them after the other, each when its normals are there. Runs but the last are
// used while the next normals are made, beside their square roots.
template <class T, class Use>
FASTGEN_NOINLINE void fill_normals(const PhiloxKey& key, Position first, std::int64_t n, T* out, T* soon, Use use) {
  constexpr std::int64_t size = normal_group_size;
  const std::int64_t past = std::int64_t(std::uint64_t(first) % size), to_group = past ? size - past : 0;
  const std::int64_t head = n < to_group ? n : to_group;
  const std::int64_t groups = (n - head) / size, tail = head + groups * size;
  if (head > 0) fill_normals(key, first, head, out), use(0, head);
  if (groups > 0)
    normal_groups(key, (first + Position(head)) / size, groups, out + head, soon + head,
                  [&](std::int64_t begin, std::int64_t end) FASTGEN_LAMBDA_INLINE { use(head + begin, head + end); });
  if (tail < n) fill_normals(key, first + Position(tail), n - tail, out + tail), use(tail, n);
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
