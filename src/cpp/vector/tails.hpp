// Both sides of a distribution function.
#pragma once

#include "math.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace math {

// Probabilities of a value up to a point and above it, each accurate relative to itself.
template <class V> struct Tails {
  V lower, upper;
};

}  // namespace math
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
