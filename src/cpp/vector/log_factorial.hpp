// log k! of small counts from a table, and sums of such logarithms without rounding.
//
// A mass such as rate^k e^-rate / k! is a small difference of large logarithms. Each of them is cut in two: a multiple of
// 2^-40, of which sums below 2^13 are exact, and a rest below 2^-41. So only the rests are rounded, and the result once.
#pragma once

#include "log_factorials.hpp"
#include "math.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace math {

template <class V> struct Cut {
  V high, low;
};

constexpr double cut_limit = 2048;  // of what is cut, and of its multiples
inline Cut<double> cut(double x, double rest = 0.0) {
  const double grain = 0x1.8p12, high = ((x + rest) + grain) - grain;
  return {high, (x - high) + rest};
}
// log x for x > 0, to 2^-53 or so.
inline Cut<double> cut_log(double x) {
  Vec<double, 1> k;
  const double rest = log_parts_subnormal(Vec<double, 1>(x), k).v;
  return cut(k.v * Table<double>::ln2[0], rest);
}
// The largest count of the table that the multiples of such a logarithm allow.
inline double most_known(double log) {
  const double size = log < 0 ? -log : log, most = known_factorials - 1;
  return size * most <= cut_limit ? most : double(std::int64_t(cut_limit / size));
}

// log k!, k = 0 .. known_factorials - 1.
template <int W> FASTGEN_INLINE Cut<Vec<double, W>> log_factorial(Vec<double, W> k) {
  using V = Vec<double, W>;
  if constexpr (is_wide<double, W>) {
    const auto lo = log_factorial(k.lo), hi = log_factorial(k.hi);
    return {V(lo.high, hi.high), V(lo.low, hi.low)};
  } else {
    std::int32_t index[W];
    convert<std::int32_t>(k).store(index);
    Cut<V> r;
    load_pairs(log_factorials, 2, index, r.high, r.low);
    return r;
  }
}

}  // namespace math
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
