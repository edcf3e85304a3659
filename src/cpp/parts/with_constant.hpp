// A number known when the program runs, as a constant of the compiler's.
#pragma once

#include "../vector/simd.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Calls body.template operator()<n>() where n is First .. Last; whether it is.
template <int First, int Last, class Body> FASTGEN_INLINE bool with_constant(std::int64_t n, Body body) {
  if constexpr (First <= Last) {
    if (n != First) return with_constant<First + 1, Last>(n, body);
    body.template operator()<First>();
    return true;
  } else {
    return false;
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
