// The multivariate normal law: gradients of log densities.
#pragma once

#include "log_density.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace multivariate_normal {

// grad += L^-T y for C vectors of samples.
template <int C, class T>
FASTGEN_INLINE void add_transposed(const Constants<const T*>& c, std::int64_t k, const T* y, std::int64_t y_stride,
                                   T* grad, std::int64_t stride) {
  using V = Vec<T, native_width<T>>;
  for_row_blocks(0, c.D, c.precision_transposed(k), [&]<int R>(std::int64_t i, const T* packed) FASTGEN_LAMBDA_INLINE {
    V g[R][C];
    const T* next = transposed_rows<R, C>(packed, i, c.D, y, y_stride, g);
    FASTGEN_UNROLL
    for (int row = 0; row < R; ++row) {
      FASTGEN_UNROLL
      for (int v = 0; v < C; ++v) {
        T* to = grad + (i + row) * stride + v * V::width;
        (V::load(to) + g[row][v]).store(to);
      }
    }
    return next;
  });
}

// grad[d * stride + s] += r[k * stride + s] * d/dx_d log density of component k.
template <class T>
inline void add_gradient(const Block<T>& block, const Tile<T>& tile, const T* r, T* grad, T* scratch) {
  using V = Vec<T, native_width<T>>;
  const Constants c(block.shape, block.constants);
  const std::int64_t K = c.K, D = c.D, stride = tile.stride;
  if (block.shape.variant == diag || block.shape.variant == spherical) {
    for (std::int64_t k = 0; k < K; ++k)
      for (std::int64_t d = 0; d < D; ++d) {
        const V mean(c.mean[k * D + d]), inverse(c.inverse[block.shape.variant == diag ? k * D + d : k]);
        T* to = grad + d * stride;
        for (std::int64_t s = 0; s < tile.padded; s += V::width) {
          const V y = (mean - V::load(tile.x + d * stride + s)) * inverse;
          fma(V::load(r + k * stride + s), y * inverse, V::load(to + s)).store(to + s);
        }
      }
    return;
  }
  if (c.whitened(0)) {
    // sum_k r_k L^-T L^-1 (mean_k - x) = L^-T sum_k r_k (-start_k - L^-1 (x - centre)): one triangle for all components.
    T *sum = scratch, *whitened = scratch + D * stride;
    whiten(c, 0, tile, sum, whitened);
    for (std::int64_t d = 0; d < D; ++d)
      for (std::int64_t s = 0; s < tile.padded; s += V::width) {
        V total(T(0));
        const V y = V::load(whitened + d * stride + s);
        for (std::int64_t k = 0; k < K; ++k)
          total = fma(V::load(r + k * stride + s), V(-c.start[k * D + d]) - y, total);
        total.store(sum + d * stride + s);
      }
    for_strips<T, 3>(tile.padded, [&]<int C>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
      add_transposed<C>(c, 0, sum + s, stride, grad + s, stride);
    });
    return;
  }
  constexpr std::int64_t lanes = 3 * V::width;
  T *diff = scratch, *y = scratch + D * lanes;
  for (std::int64_t k = 0; k < K; ++k)
    for_strips<T, 3>(tile.padded, [&]<int C>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
      const KeptColumns<T> from{tile.x + s, stride, c.mean + k * D, c.zeros, diff, lanes};
      V minus_r[C];
      FASTGEN_UNROLL
      for (int i = 0; i < C; ++i) minus_r[i] = -V::load(r + k * stride + s + i * V::width);
      for_row_blocks(0, D, c.precision(k), [&]<int R>(std::int64_t i, const T* packed) FASTGEN_LAMBDA_INLINE {
        V rows[R][C];
        const T* next = lower_rows<R, C>(packed, i, from, 0, rows);
        FASTGEN_UNROLL
        for (int row = 0; row < R; ++row) {
          FASTGEN_UNROLL
          for (int v = 0; v < C; ++v) (rows[row][v] * minus_r[v]).store(y + (i + row) * lanes + v * V::width);
        }
        return next;
      });
      add_transposed<C>(c, k, y, lanes, grad + s, stride);
    });
}

}  // namespace multivariate_normal
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
