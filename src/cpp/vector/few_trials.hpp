// Tails of sums of few binomial terms, by addition: exact where every product is, and cheaper than the incomplete beta
// function, which they are.
#pragma once

#include "simd.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace math {

// Up to here the binomial coefficients are exact, and so are the products on the way to them.
constexpr int few_trials = 32;

// The probability of at most k successes, each of probability p, else q, in n trials: relative error 2 n ULP, whole numbers
// 0 <= k <= n <= few_trials. The sum of C(n, i) p^i q^(k - i) by Horner's rule, for both variables, then times q^(n - k).
template <class V> FASTGEN_INLINE V at_most(V k, V n, V p, V q) {
  const V one(1.0);
  V sum = one, power = one, coefficient = one;
  for (V i = one; any(i <= n); i = i + one) {
    power = power * p;
    coefficient = coefficient * (n - i + one) / i;
    const V more = fma(sum, q, select(i <= k, coefficient * power, V(0.0)));
    sum = select(i <= n, more, sum);
  }
  return sum;
}

}  // namespace math
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
