// Whole numbers as floating-point numbers, for laws of counts.
#pragma once

#include "../vector/math.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// The largest whole number that is not above x. From 2^52 on every double is whole.
template <class V> FASTGEN_INLINE V floor(V x) {
  using T = typename V::Scalar;
  const V one(T(1)), shift = copysign(V(math::two_to_bits<T>), x);
  const V nearest = (x + shift) - shift;
  return select(abs(x) < V(math::two_to_bits<T>), select(nearest > x, nearest - one, nearest), x);
}

template <class V> FASTGEN_INLINE auto is_whole(V x) { return floor(x) == x; }

// The value where it counts something, else -inf: outside 0 .. most and between whole numbers a mass is 0.
template <class V> FASTGEN_INLINE V on_counts(V x, V most, V value) {
  using T = typename V::Scalar;
  return select((x >= V(T(0))) & (x <= most) & is_whole(x), value, V(-math::infinity<T>));
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
