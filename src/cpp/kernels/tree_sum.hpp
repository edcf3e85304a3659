// Sums of a few numbers in an order that is fixed.
#pragma once

#include "../vector/simd.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// By a tree: the second half of what is left is added to the first, until one is left. N is a power of two.
template <int N> FASTGEN_INLINE double tree_sum(double (&part)[N]) {
  FASTGEN_UNROLL
  for (int half = N / 2; half > 0; half /= 2) {
    FASTGEN_UNROLL
    for (int i = 0; i < half; ++i) part[i] += part[i + half];
  }
  return part[0];
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
