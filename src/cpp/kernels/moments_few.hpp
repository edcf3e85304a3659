// Weighted moments of a few features: lanes over samples, 64 bytes of logical lanes whatever the vector width, joined by
// a tree of fixed shape.
#pragma once

#include "../parts/with_constant.hpp"
#include "responsibilities.hpp"
#include "tree_sum.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// Sum of logical lanes, in double.
template <int N, class V> FASTGEN_INLINE double lane_sum(const V (&acc)[N]) {
  using T = typename V::Scalar;
  constexpr int lanes = N * V::width;
  T stored[lanes];
  FASTGEN_UNROLL
  for (int v = 0; v < N; ++v) acc[v].store(stored + v * V::width);
  double sum[lanes];
  FASTGEN_UNROLL
  for (int i = 0; i < lanes; ++i) sum[i] = double(stored[i]);
  return tree_sum(sum);
}

constexpr std::int64_t moment_rows = 64;  // rows summed in T before they are added to doubles, when lanes are features

// to[0 ..] += the lanes of a.
template <class V> FASTGEN_INLINE void add_to_doubles(V a, double* to) {
  if constexpr (sizeof(typename V::Scalar) == sizeof(double)) {
    (V::load(to) + a).store(to);
  } else {
    typename V::Scalar stored[V::width];
    a.store(stored);
    for (int i = 0; i < V::width; ++i) to[i] += double(stored[i]);
  }
}

// One component (or all together, for a scatter), some rows of one tile.
template <class T> struct MomentSums {
  const T* r;  // their responsibilities, with zeros to whole logical lanes
  std::int64_t count;  // how many
  const double* shift;  // (D,)
  MomentOrder order;
  std::int64_t pitch;  // of a row of second when full
  double *mass, *first, *second;  // mass may be null
};

template <class T> inline void add_mass(const T* r, std::int64_t count, double* mass) {
  constexpr int N = logical_lanes<T> / native_width<T>;
  using V = Vec<T, native_width<T>>;
  V total[N];
  for (int v = 0; v < N; ++v) total[v] = V(T(0));
  for (std::int64_t s = 0; s < count; s += logical_lanes<T>) {
    FASTGEN_UNROLL
    for (int v = 0; v < N; ++v) total[v] = total[v] + V::load(r + s + v * V::width);
  }
  *mass += lane_sum(total);
}

// Feature d of the rows that count is x[d * stride ...], with finite numbers to whole logical lanes.
template <int D, class T>
inline void add_moments_few(const MomentSums<T>& sums, const T* x, std::int64_t stride) {
  constexpr int N = logical_lanes<T> / native_width<T>;
  using V = Vec<T, native_width<T>>;
  V shift[D];
  for (int d = 0; d < D; ++d) shift[d] = V(T(sums.shift[d]));
  // One row of the second moment at a time keeps the accumulators in registers.
  for (int d = 0; d < D; ++d) {
    V first[N], second[D][N];
    for (int v = 0; v < N; ++v) first[v] = V(T(0));
    for (int e = 0; e < D; ++e)
      for (int v = 0; v < N; ++v) second[e][v] = V(T(0));
    const auto loop = [&](auto body) FASTGEN_LAMBDA_INLINE {
      for (std::int64_t s = 0; s < sums.count; s += logical_lanes<T>) {
        FASTGEN_UNROLL
        for (int v = 0; v < N; ++v) {
          const std::int64_t at = s + v * V::width;
          const V diff = V::load(x + d * stride + at) - shift[d];
          const V weighted = V::load(sums.r + at) * diff;
          first[v] = first[v] + weighted;
          body(at, v, diff, weighted);
        }
      }
    };
    if (sums.order == MomentOrder::first) {
      loop([](std::int64_t, int, V, V) FASTGEN_LAMBDA_INLINE {});
    } else if (sums.order == MomentOrder::diagonal) {
      loop([&](std::int64_t, int v, V diff, V weighted)
               FASTGEN_LAMBDA_INLINE { second[0][v] = fma(weighted, diff, second[0][v]); });
      sums.second[d] += lane_sum(second[0]);
    } else {
      loop([&](std::int64_t at, int v, V, V weighted) FASTGEN_LAMBDA_INLINE {
        FASTGEN_UNROLL
        for (int e = 0; e < D; ++e)
          if (e <= d) second[e][v] = fma(weighted, V::load(x + e * stride + at) - shift[e], second[e][v]);
      });
      for (int e = 0; e <= d; ++e) sums.second[d * sums.pitch + e] += lane_sum(second[e]);
    }
    sums.first[d] += lane_sum(first);
  }
}

template <class T>
inline void add_moments_few(const MomentSums<T>& sums, std::int64_t D, const T* x, std::int64_t stride) {
  if (sums.mass) add_mass(sums.r, sums.count, sums.mass);
  with_constant<1, 4>(D, [&]<int Few>() FASTGEN_LAMBDA_INLINE { add_moments_few<Few>(sums, x, stride); });
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
