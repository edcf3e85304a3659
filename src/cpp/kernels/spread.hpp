// Distances for k-means++: how far each row is from the nearest centre chosen so far, were a candidate added.
#pragma once

#include "../parts/load_tile.hpp"
#include "tree_sum.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

constexpr std::int64_t spread_tile = 2 * tile_quantum;

inline std::int64_t spread_scratch(std::int64_t D) { return (D + 2) * spread_tile; }

template <class T>
inline void spread(Points<T> points, const double* sample_weight, std::int64_t D, const T* inverse_scale,
                   const T* centers, std::int64_t n_centers, bool commit, bool squared, T* nearest, std::int64_t begin,
                   std::int64_t end, double* potential, T* scratch) {
  using V = Vec<T, native_width<T>>;
  T *x = scratch, *special = x + D * spread_tile, *distance = special + spread_tile;
  for (std::int64_t i = begin; i < end; i += spread_tile) {
    const std::int64_t n = end - i < spread_tile ? end - i : spread_tile;
    const Tile<T> tile = load_tile(points, D, i, n, spread_tile, x, special);
    for (std::int64_t c = 0; c < n_centers; ++c) {
      for (std::int64_t s = 0; s < tile.padded; s += V::width) {
        V total(T(0));
        for (std::int64_t d = 0; d < D; ++d) {
          const V step = (V::load(tile.x + d * spread_tile + s) - V(centers[c * D + d])) * V(inverse_scale[d]);
          total = fma(step, step, total);
        }
        total.store(distance + s);
      }
      double part[8] = {};
      for (std::int64_t s = 0; s < n; ++s) {
        const T capped = distance[s] < nearest[i + s] ? distance[s] : nearest[i + s];
        const double weight = sample_weight ? sample_weight[i + s] : 1.0;
        part[s % 8] += squared ? weight * double(capped) : capped > T(0) ? weight : 0.0;
        if (commit) nearest[i + s] = capped;
      }
      potential[c] += tree_sum(part);
    }
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
