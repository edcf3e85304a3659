// Lanes that change places within vectors and between them.
#pragma once

#include "vec.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

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

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
