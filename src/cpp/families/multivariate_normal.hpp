// The multivariate normal law. Density exp(-|L^-1 (x - mean)|^2 / 2) / (det L (2 pi)^(D/2)), covariance L L^T.
//
// Parameters: means (K, D) and a factor, by variant: "full" L (K, D, D); "tied" L (D, D); "diag" standard deviations
// (K, D); "spherical" standard deviations (K,). Draws: mean + L z, normals flat: sample index * D + feature.
//
// Work a (sample, component) pair, in multiply-adds: full D (D + 1) / 2 + D; tied D, and D (D + 1) / 2 a sample; diag
// and spherical 2 D. Then one exp (worth about 24).
#pragma once

#include "../parts/affine.hpp"
#include "../parts/constants.hpp"
#include "../parts/linalg.hpp"
#include "../parts/triangular.hpp"
#include "normal.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct MultivariateNormal {
  static constexpr bool scalar = false, has_float = true, bounded = true;
  enum Variant : int { full = 0, tied = 1, diag = 2, spherical = 3 };

  template <class T> struct Constants {
    std::int64_t K, D, shared;  // `shared`: 0 where one factor serves all components, else 1
    bool whitened;              // tied: densities may be taken between whitened points
    const T *mean, *norm;
    const T* factor;            // full, tied: L packed for sampling; diag, spherical: standard deviations
    const T* inverse;           // full, tied: L^-1 packed (triangle each); diag, spherical: 1 / standard deviation
    const T* transposed;        // full, tied: L^-T packed
    const T *center, *white;    // tied: a centre of the means and L^-1 (mean - centre)
    FASTGEN_INLINE Constants(const Shape& shape, const T* p) {
      K = shape.n_components, D = shape.n_features;
      const std::int64_t tri = triangle_size(D);
      shared = shape.variant == tied ? 0 : 1;
      const std::int64_t factors = shared ? K : 1;
      mean = p, norm = p + K * D, p += head_size<T>(K, D);
      if (shape.variant == full || shape.variant == tied) {
        factor = p, p += factors * affine_size<T>(D);
        inverse = p, p += factors * tri;
        transposed = p, p += factors * tri;
        center = p, p += D;
        white = p, p += K * D;
        whitened = shape.variant == tied && *p != T(0);
      } else {
        const std::int64_t size = shape.variant == diag ? K * D : K;
        factor = p, p += size;
        inverse = p;
        transposed = center = white = nullptr;
        whitened = false;
      }
    }
    FASTGEN_INLINE Constants(const Block<T>& b) : Constants(b.shape, b.constants) {}
    const T* lower(std::int64_t k) const { return factor + shared * k * affine_size<T>(D); }
    const T* precision(std::int64_t k) const { return inverse + shared * k * triangle_size(D); }
    const T* precision_transposed(std::int64_t k) const { return transposed + shared * k * triangle_size(D); }
  };

  // Means and norms, up to whole cache lines: the factors that follow are read by vectors that should not straddle them.
  template <class T> static constexpr std::int64_t head_size(std::int64_t K, std::int64_t D) {
    return (K * (D + 1) + affine_panel<T> - 1) / affine_panel<T> * affine_panel<T>;
  }
  template <class T> static std::int64_t constants_size(Shape shape) {
    const std::int64_t K = shape.n_components, D = shape.n_features;
    const std::int64_t factor = affine_size<T>(D) + 2 * triangle_size(D), head = head_size<T>(K, D);
    switch (shape.variant) {
      case full: return head + K * factor + D + K * D + 1;
      case tied: return head + factor + D + K * D + 1;
      case diag: return head + 2 * K * D;
      default: return head + 2 * K;
    }
  }

  static std::int64_t prepare_scratch(Shape shape) {
    return shape.variant == full || shape.variant == tied ? 3 * shape.n_features * shape.n_features : 0;
  }

  // The slice that starts at component 0 prepares what all share.
  template <class T>
  static void prepare(Shape shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants,
                      double* scratch) {
    const std::int64_t K = shape.n_components, D = shape.n_features;
    const double *means = parameters[0], *factors = parameters[1];
    const Constants<T> c(shape, constants);
    const auto at = [&](const T* p) { return constants + (p - constants); };
    const double log_two_pi = 2.0 * half_log_two_pi;
    for (std::int64_t i = k0 * D; i < k1 * D; ++i) at(c.mean)[i] = T(means[i]) + T(0);  // no -0: see affine.hpp
    if (shape.variant == diag || shape.variant == spherical) {
      const std::int64_t each = shape.variant == diag ? D : 1;
      for (std::int64_t k = k0; k < k1; ++k) {
        double log_det = 0;
        for (std::int64_t d = 0; d < each; ++d) {
          const double s = factors[k * each + d];
          at(c.factor)[k * each + d] = T(s);
          at(c.inverse)[k * each + d] = T(1.0 / s);
          log_det += math::log(Vec<double, 1>(s)).v;
        }
        if (shape.variant == spherical) log_det *= double(D);
        at(c.norm)[k] = T(-0.5 * double(D) * log_two_pi - log_det);
      }
      return;
    }
    if (shape.variant == tied) {
      if (k0 != 0) return;
      k1 = 1;
    }
    for (std::int64_t k = k0; k < k1; ++k) {
      const double* lower = factors + k * D * D;
      invert_lower(D, lower, scratch);
      pack_affine(D, lower, at(c.factor) + k * affine_size<T>(D));
      pack_lower(D, scratch, at(c.inverse) + k * triangle_size(D));
      pack_transposed(D, scratch, at(c.transposed) + k * triangle_size(D));
      double log_det = 0;
      for (std::int64_t i = 0; i < D; ++i) log_det += math::log(Vec<double, 1>(lower[i * D + i])).v;
      at(c.norm)[k] = T(-0.5 * double(D) * log_two_pi - log_det);
    }
    if (shape.variant != tied) return;
    for (std::int64_t k = 1; k < K; ++k) at(c.norm)[k] = c.norm[0];
    for (std::int64_t i = 0; i < K * D; ++i) at(c.mean)[i] = T(means[i]) + T(0);
    // Distances between whitened points cost D a pair instead of D^2 / 2, but lose the digits by which the whitened
    // means exceed the distances: allowed while they are short.
    double *inverse = scratch, *mid = scratch + D * D, largest = 0;
    for (std::int64_t d = 0; d < D; ++d) {
      double low = means[d], high = means[d];
      for (std::int64_t k = 1; k < K; ++k) {
        const double m = means[k * D + d];
        low = m < low ? m : low;
        high = m > high ? m : high;
      }
      mid[d] = double(T(low + 0.5 * (high - low)));
      at(c.center)[d] = T(mid[d]);
    }
    for (std::int64_t k = 0; k < K; ++k)
      for (std::int64_t i = 0; i < D; ++i) {
        double sum = 0;
        for (std::int64_t j = 0; j <= i; ++j) sum += inverse[i * D + j] * (double(c.mean[k * D + j]) - mid[j]);
        at(c.white)[k * D + i] = T(sum);
        const double size = sum < 0 ? -sum : sum;
        largest = size > largest ? size : largest;
      }
    constexpr double longest_white_mean = 32;
    at(c.white)[K * D] = largest < longest_white_mean ? T(1) : T(0);
  }

  // ---- log density ----

  template <class T> static std::int64_t evaluate_scratch(const Block<T>& block, std::int64_t tile) {
    const Shape& shape = block.shape;
    const std::int64_t strips = strips_together(shape.n_features) * 3 * native_width<T>;
    const std::int64_t per_strip = 2 * shape.n_features * strips;
    return shape.variant == tied ? per_strip + 2 * shape.n_features * tile : per_strip;
  }

  template <class T>
  static void log_density(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                          T* lp, T* scratch) {
    const Constants<T> c(block);
    switch (block.shape.variant) {
      case diag: return log_density_axes<diag>(c, k0, k1, tile, offset, lp);
      case spherical: return log_density_axes<spherical>(c, k0, k1, tile, offset, lp);
      default: break;
    }
    if (c.whitened) return log_density_whitened(c, k0, k1, tile, offset, lp, scratch);
    switch (c.D) {
      case 1: return log_density_few<1, 4>(c, k0, k1, tile, offset, lp);
      case 2: return log_density_few<2, 3>(c, k0, k1, tile, offset, lp);
      case 3: return log_density_few<3, 3>(c, k0, k1, tile, offset, lp);
      case 4: return log_density_few<4, 3>(c, k0, k1, tile, offset, lp);
      case 5: return log_density_few<5, 3>(c, k0, k1, tile, offset, lp);
      case 6: return log_density_few<6, 3>(c, k0, k1, tile, offset, lp);
      case 7: return log_density_few<7, 3>(c, k0, k1, tile, offset, lp);
      case 8: return log_density_few<8, 3>(c, k0, k1, tile, offset, lp);
      default: return log_density_full(c, k0, k1, c.D, tile, offset, lp, scratch);
    }
  }

  // A squared distance is a sum of squares, one a row of the factor, that never falls as it is added up, rounding included.
  // So its first rows give an upper bound of the log density. How many make a bound that separates clusters: a row adds
  // about 1 at home and (distance in standard deviations)^2 elsewhere, and D / 2 + 43 must be passed.
  static std::int64_t bound_rows(Shape shape) {
    const std::int64_t D = shape.n_features;
    return shape.variant == full && D >= 32 ? (D / 8 + 12) / 4 * 4 : 0;
  }
  template <class T>
  static void log_bound(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                        T* lp, T* scratch) {
    log_density_full(Constants<T>(block), k0, k1, bound_rows(block.shape), tile, offset, lp, scratch);
  }

  // lp from a squared distance. Finite points give NaN only where terms overflow; their density is 0.
  template <class V> static FASTGEN_INLINE V finish(V q, V norm) {
    using T = typename V::Scalar;
    return max(fma(V(T(-0.5)), q, norm), V(-infinity<T>));
  }

  // q (+)= the squares of rows Top .. Top + 3 of a factor of D <= 8 rows times x - mean.
  template <int D, int Top, int C, class T, class V = Vec<T, native_width<T>>>
  static FASTGEN_INLINE void few_rows(const T* x, std::int64_t stride, const T* mean, const T* p, V (&q)[C]) {
    constexpr int R = D - Top < 4 ? D - Top : 4;
    V y[R][C];
    FASTGEN_UNROLL
    for (int j = 0; j < Top + R; ++j) {
      const V m(mean[j]);
      V diff[C];
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) diff[c] = V::load(x + j * stride + c * V::width) - m;
      FASTGEN_UNROLL
      for (int r = 0; r < R; ++r) {
        if (j > Top + r) continue;
        const V pij(p[packed_index(D, Top + r, j)]);
        FASTGEN_UNROLL
        for (int c = 0; c < C; ++c) y[r][c] = j ? fma(pij, diff[c], y[r][c]) : pij * diff[c];
      }
    }
    FASTGEN_UNROLL
    for (int r = 0; r < R; ++r) {
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) q[c] = Top + r ? fma(y[r][c], y[r][c], q[c]) : y[r][c] * y[r][c];
    }
  }

  // Few features: everything unrolled, rows of the factor in blocks of four, differences made again for each block.
  // Bound by multiply-adds and the exp of the caller.
  template <int D, int Strip, class T>
  static void log_density_few(const Constants<T>& constants, std::int64_t k0, std::int64_t k1, const Tile<T>& tile,
                              const T* offset, T* lp) {
    using V = Vec<T, native_width<T>>;
    for_strips<T, Strip>(tile.padded, [&]<int C>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
      const T *x = tile.x + s, *mean = constants.mean + k0 * D;
      T* to = lp + s;
      for (std::int64_t k = k0; k < k1; ++k, mean += D, to += tile.stride) {
        const T* p = constants.precision(k);
        V q[C];
        few_rows<D, 0>(x, tile.stride, mean, p, q);
        if constexpr (D > 4) few_rows<D, 4>(x, tile.stride, mean, p, q);
        const V norm(constants.norm[k] + offset[k]);
        FASTGEN_UNROLL
        for (int c = 0; c < C; ++c) finish(q[c], norm).store(to + c * V::width);
      }
    });
  }

  // Strips of three vectors that share one pass over a factor: one while the factor fits the second-level cache.
  static std::int64_t strips_together(std::int64_t D) { return D > 192 ? 4 : 1; }

  // q += the squares of R rows of products.
  template <int R, int C, class V>
  static FASTGEN_INLINE void add_squares_of(const V (&y)[R][C], V (&q)[C]) {
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) {
      FASTGEN_UNROLL
      for (int r = 0; r < R; ++r) q[c] = fma(y[r][c], y[r][c], q[c]);
    }
  }

  // Adds the squares of rows i .. end of a factor times (x - mean) to q, for C vectors of samples from s. q starts with row 0, and
  // becomes a log density with the last of `rows`. A function of its own: together with others of its kind GCC keeps the
  // accumulators in memory.
  template <int C, class T>
  static FASTGEN_NOINLINE const T* add_squares(const T* packed, std::int64_t i, std::int64_t end, std::int64_t rows,
                                               T norm, const Centered<T>& from, std::int64_t s, T* q) {
    using V = Vec<T, native_width<T>>;
    const auto sums = [&](std::int64_t row, std::int64_t next, auto body) FASTGEN_LAMBDA_INLINE {
      V sum[C];
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) sum[c] = row ? V::load(q + s + c * V::width) : V(T(0));
      body(sum);
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) (next == rows ? finish(sum[c], V(norm)) : sum[c]).store(q + s + c * V::width);
    };
    if constexpr (has_registers_for_eight_rows<T>)
      for (; i + 8 <= end; i += 8) {
        V y[4][C], z[4][C];
        packed = lower_rows_twice<C>(packed, i, from, s, y, z);
        sums(i, i + 8, [&](auto& sum) FASTGEN_LAMBDA_INLINE { add_squares_of(y, sum), add_squares_of(z, sum); });
      }
    return for_row_blocks(i, end, packed, [&]<int R>(std::int64_t row, const T* p) FASTGEN_LAMBDA_INLINE {
      V y[R][C];
      const T* next = lower_rows<R, C>(p, row, from, s, y);
      sums(row, row + R, [&](auto& sum) FASTGEN_LAMBDA_INLINE { add_squares_of(y, sum); });
      return next;
    });
  }

  // Any number of features: x - mean of a few strips in cache, sums of four or eight rows of the factor in registers; `rows` of
  // the D rows.
  // Bound by multiply-adds from D = 16 on; see benchmarks/README.md for the share of the peak.
  template <class T>
  static void log_density_full(const Constants<T>& constants, std::int64_t k0, std::int64_t k1, std::int64_t rows,
                               const Tile<T>& tile, const T* offset, T* lp, T* scratch) {
    using V = Vec<T, native_width<T>>;
    const std::int64_t D = constants.D;
    constexpr std::int64_t at_once = has_registers_for_eight_rows<T> ? 8 : 4;
    const std::int64_t group = strips_together(D) * 3 * V::width,
                       rows_together = strips_together(D) > 1 ? at_once : rows;
    // Samples that all components see before the next: their values take 12 KB, less than half of the first-level cache.
    constexpr std::int64_t cached = 12 * 1024 / std::int64_t(sizeof(T));
    const std::int64_t samples = cached / D < group ? group : cached / D / group * group;
    const std::int64_t steps = constants.K * ((tile.padded + group - 1) / group);
    const std::int64_t fetched = tile.upcoming ? tile.upcoming->lines() / steps + 1 : 0;
    for (std::int64_t first = 0; first < tile.padded; first += samples) {
      const std::int64_t last = first + samples < tile.padded ? first + samples : tile.padded;
      for (std::int64_t k = k0; k < k1; ++k) {
        T* q = lp + (k - k0) * tile.stride;
        const T norm = constants.norm[k] + offset[k];
        for (std::int64_t s0 = first; s0 < last; s0 += group) {
          const std::int64_t lanes = last - s0 < group ? last - s0 : group;
          const Centered<T> from{tile.x + s0, tile.stride, constants.mean + k * D, scratch, group};
          if (tile.upcoming) tile.upcoming->fetch(fetched);
          const T* packed = constants.precision(k);
          for (std::int64_t i = 0; i < rows; i += rows_together) {
            const std::int64_t end = i + rows_together < rows ? i + rows_together : rows;
            const T* next = packed;
            for_strips<T, 3>(lanes, [&]<int C>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
              next = add_squares<C>(packed, i, end, rows, norm, from, s, q + s0);
            });
            packed = next;
          }
        }
      }
    }
  }

  // out = L^-1 (x - center) for the whole tile; diff is overwritten.
  template <class T>
  static void whiten(const Constants<T>& constants, const Tile<T>& tile, T* diff, T* out) {
    using V = Vec<T, native_width<T>>;
    const Centered<T> from{tile.x, tile.stride, constants.center, diff, tile.stride};
    for_row_blocks(0, constants.D, constants.precision(0),
                   [&]<int R>(std::int64_t i, const T* packed) FASTGEN_LAMBDA_INLINE {
      const T* next = packed;
      for_strips<T, 3>(tile.padded, [&]<int C>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
        V y[R][C];
        next = lower_rows<R, C>(packed, i, from, s, y);
        FASTGEN_UNROLL
        for (int r = 0; r < R; ++r) {
          FASTGEN_UNROLL
          for (int c = 0; c < C; ++c) y[r][c].store(out + (i + r) * tile.stride + s + c * V::width);
        }
      });
      return next;
    });
  }

  template <class T>
  static void log_density_whitened(const Constants<T>& constants, std::int64_t k0, std::int64_t k1, const Tile<T>& tile,
                                   const T* offset, T* lp, T* scratch) {
    using V = Vec<T, native_width<T>>;
    const std::int64_t D = constants.D;
    T* white = scratch + D * tile.stride;
    whiten(constants, tile, scratch, white);
    for_strips<T, 4>(tile.padded, [&]<int C>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
      for (std::int64_t k = k0; k < k1; ++k) {
        const T* mean = constants.white + k * D;
        V q[C];
        FASTGEN_UNROLL
        for (int c = 0; c < C; ++c) q[c] = V(T(0));
        for (std::int64_t d = 0; d < D; ++d) {
          const V m(mean[d]);
          FASTGEN_UNROLL
          for (int c = 0; c < C; ++c) {
            const V y = V::load(white + d * tile.stride + s + c * V::width) - m;
            q[c] = fma(y, y, q[c]);
          }
        }
        const V norm(constants.norm[k] + offset[k]);
        FASTGEN_UNROLL
        for (int c = 0; c < C; ++c) finish(q[c], norm).store(lp + (k - k0) * tile.stride + s + c * V::width);
      }
    });
  }

  // Diagonal and spherical: bound by two arithmetic instructions and a load a feature.
  template <int Kind, class T>
  static void log_density_axes(const Constants<T>& constants, std::int64_t k0, std::int64_t k1, const Tile<T>& tile,
                               const T* offset, T* lp) {
    using V = Vec<T, native_width<T>>;
    const std::int64_t D = constants.D;
    for_strips<T, 4>(tile.padded, [&]<int C>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
      for (std::int64_t k = k0; k < k1; ++k) {
        const T* mean = constants.mean + k * D;
        const V common(Kind == spherical ? constants.inverse[k] : T(1));
        V q[C];
        FASTGEN_UNROLL
        for (int c = 0; c < C; ++c) q[c] = V(T(0));
        for (std::int64_t d = 0; d < D; ++d) {
          const V m(mean[d]);
          const V inverse = Kind == spherical ? common : V(constants.inverse[k * D + d]);
          FASTGEN_UNROLL
          for (int c = 0; c < C; ++c) {
            // Scaled before squared, so that no intermediate overflows where the answer does not.
            const V y = (V::load(tile.x + d * tile.stride + s + c * V::width) - m) * inverse;
            q[c] = fma(y, y, q[c]);
          }
        }
        const V norm(constants.norm[k] + offset[k]);
        FASTGEN_UNROLL
        for (int c = 0; c < C; ++c) finish(q[c], norm).store(lp + (k - k0) * tile.stride + s + c * V::width);
      }
    });
  }

  // ---- gradient ----

  // grad[d * stride + s] += r[k * stride + s] * d/dx_d log density of component k.
  template <class T>
  static void add_gradient(const Block<T>& block, const Tile<T>& tile, const T* r, T* grad, T* scratch) {
    using V = Vec<T, native_width<T>>;
    const Constants<T> c(block);
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
    if (c.whitened) {
      // sum_k r_k L^-T L^-1 (mean_k - x) = L^-T sum_k r_k (white mean_k - white x): one triangle for all components.
      T *sum = scratch, *white = scratch + D * stride;
      whiten(c, tile, sum, white);
      for (std::int64_t d = 0; d < D; ++d)
        for (std::int64_t s = 0; s < tile.padded; s += V::width) {
          V total(T(0));
          const V y = V::load(white + d * stride + s);
          for (std::int64_t k = 0; k < K; ++k)
            total = fma(V::load(r + k * stride + s), V(c.white[k * D + d]) - y, total);
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
        const Centered<T> from{tile.x + s, stride, c.mean + k * D, diff, lanes};
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

  // grad += L^-T y for C vectors of samples.
  template <int C, class T>
  static FASTGEN_INLINE void add_transposed(const Constants<T>& c, std::int64_t k, const T* y, std::int64_t y_stride,
                                            T* grad, std::int64_t stride) {
    using V = Vec<T, native_width<T>>;
    for_row_blocks(0, c.D, c.precision_transposed(k),
                   [&]<int R>(std::int64_t i, const T* packed) FASTGEN_LAMBDA_INLINE {
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

  // ---- sampling ----

  // Normals of the tile, and the order of its samples grouped by component (an int32 each; counts for K components).
  template <class T> static std::int64_t draw_scratch(const Block<T>& block, std::int64_t samples) {
    const Shape& shape = block.shape;
    const std::int64_t ints = samples + shape.n_components + 1;
    return samples * shape.n_features + (ints * 4 + std::int64_t(sizeof(T)) - 1) / std::int64_t(sizeof(T));
  }

  template <class T> static void draw(const Block<T>& block, const DrawTile<T>& tile) {
    T* z = normals(block, tile);
    transform(block, tile, z);
  }

  template <class T> static T* normals(const Block<T>& block, const DrawTile<T>& tile) {
    const std::int64_t D = block.shape.n_features;
    T* z = tile.alone() ? tile.out : tile.scratch;  // the rows take the place of the normals
    fill_normals(tile.key, Position(tile.first) * Position(D), tile.n * D, z);
    return z;
  }

  template <class T> static void transform(const Block<T>& block, const DrawTile<T>& tile, T* z) {
    const Constants<T> c(block);
    const std::int64_t K = c.K, D = c.D;
    const bool axes = block.shape.variant == diag || block.shape.variant == spherical;
    if (axes) return draw_axes(block, c, tile, z);
    switch (D) {
      case 1: return draw_few<1>(block, c, tile, z);
      case 2: return draw_few<2>(block, c, tile, z);
      case 3: return draw_few<3>(block, c, tile, z);
      case 4: return draw_few<4>(block, c, tile, z);
      case 5: return draw_few<5>(block, c, tile, z);
      case 6: return draw_few<6>(block, c, tile, z);
      case 7: return draw_few<7>(block, c, tile, z);
      case 8: return draw_few<8>(block, c, tile, z);
      default: break;
    }
    // Samples of one component together, unless all components have factors of their own that fit the first-level cache, or
    // are so many that few samples share one.
    constexpr std::int64_t first_level = 24 * 1024;
    std::int32_t* order = reinterpret_cast<std::int32_t*>(tile.scratch + tile.n * D);
    std::int32_t* ends = order + tile.n;
    const bool far = K * affine_size<T>(D) * std::int64_t(sizeof(T)) > first_level && K <= 8 * tile.n;
    const bool grouped = K > 1 && (!c.shared || far);
    const std::int64_t count = grouped ? group_by_label(block, tile, order, ends) : natural_order(block, tile, order);
    const auto component = [&](std::int64_t i) { return std::int64_t(tile.labels[order[i]]) - block.first; };
    std::int64_t i = 0;
    if (!grouped && K > 1) {
      const auto apart = [&]<int S>() FASTGEN_LAMBDA_INLINE {
        AffineSamples<T, S, false> a{{}, {}, z, tile.out, {}};
        for (int s = 0; s < S; ++s) {
          const std::int64_t k = component(i + s);
          a.L[s] = c.lower(k), a.mean[s] = c.mean + k * D, a.at[s] = order[i + s] * D;
        }
        affine_apart(D, a);
        i += S;
      };
      while (i + 4 <= count) apart.template operator()<4>();
      while (i < count) apart.template operator()<1>();
      return;
    }
    constexpr std::int64_t most = 64;  // samples at once: their normals stay in the second-level cache
    std::int64_t at[most];
    while (i < count) {
      const std::int64_t k = component(i);
      std::int64_t n = 0;
      for (; i < count && n < most && component(i) == k; ++i, ++n) at[n] = order[i] * D;
      affine_shared(D, c.lower(k), c.mean + k * D, z, tile.out, n, at);
    }
  }

  template <class T>
  static std::int64_t natural_order(const Block<T>& block, const DrawTile<T>& tile, std::int32_t* order) {
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < tile.n; ++i) {
      order[count] = std::int32_t(i);
      count += std::uint64_t(tile.labels[i] - block.first) < std::uint64_t(block.shape.n_components);
    }
    return count;
  }

  // Counting sort of the tile's samples by component; those of other blocks are left out.
  template <class T>
  static std::int64_t group_by_label(const Block<T>& block, const DrawTile<T>& tile, std::int32_t* order,
                                     std::int32_t* ends) {
    const std::int64_t K = block.shape.n_components;
    for (std::int64_t k = 0; k <= K; ++k) ends[k] = 0;
    for (std::int64_t i = 0; i < tile.n; ++i) {
      const std::int64_t k = tile.labels[i] - block.first;
      if (std::uint64_t(k) < std::uint64_t(K)) ++ends[k + 1];
    }
    for (std::int64_t k = 0; k < K; ++k) ends[k + 1] += ends[k];
    const std::int64_t count = ends[K];
    for (std::int64_t i = 0; i < tile.n; ++i) {
      const std::int64_t k = tile.labels[i] - block.first;
      if (std::uint64_t(k) < std::uint64_t(K)) order[ends[k]++] = std::int32_t(i);
    }
    return count;
  }

  template <int D, class T>
  static void draw_few(const Block<T>& block, const Constants<T>& c, const DrawTile<T>& tile, const T* z) {
    const std::int64_t n = tile.n, K = c.K, first = block.first, stride = c.shared * affine_size<T>(D);
    const std::int32_t* labels = tile.labels;
    const T *mean = c.mean, *factor = c.factor;
    T* out = tile.out;
    std::int64_t i = 0;
    if constexpr (D <= 2 && HeldColumn<T, native_width<T>>::most > 0)
      if (tile.alone() && K <= HeldColumn<T, native_width<T>>::most) i = draw_held<D>(c, first, tile, z);
    for (; i < n; ++i) {
      const std::int64_t k = labels[i] - first;
      if (std::uint64_t(k) >= std::uint64_t(K)) continue;
      affine_few<D>(mean + k * D, factor + k * stride, z + i * D, out + i * D);
    }
  }

  // The same, lanes over samples, with means and factors in registers; returns how many samples.
  template <int D, class T>
  static std::int64_t draw_held(const Constants<T>& c, std::int64_t first, const DrawTile<T>& tile, const T* z) {
    constexpr int W = native_width<T>;
    using V = Vec<T, W>;
    using I = IntVec<V>;
    HeldColumn<T, W> mean[D], factor[D][D];
    for (int i = 0; i < D; ++i) {
      mean[i].hold(c.mean + i, D, c.K);
      for (int j = 0; j <= i; ++j)
        factor[i][j].hold(c.factor + j * affine_panel<T> + i, c.shared * affine_size<T>(D), c.K);
    }
    const std::int64_t whole = tile.n / W * W;
    for (std::int64_t s = 0; s < whole; s += W) {
      const I k = convert<IntLike<T>>(Vec<std::int32_t, W>::load(tile.labels + s)) - I(IntLike<T>(first));
      V x[D];
      FASTGEN_UNROLL
      for (int i = 0; i < D; ++i) x[i] = V::load(z + s * D + i * W);
      if constexpr (D == 2) split_pairs(x[0], x[1]);
      FASTGEN_UNROLL
      for (int i = D - 1; i >= 0; --i) {  // from the last on: each takes its own place
        V sum = factor[i][0][k] * x[0];
        FASTGEN_UNROLL
        for (int j = 1; j <= i; ++j) sum = fma(factor[i][j][k], x[j], sum);
        x[i] = sum + mean[i][k];
      }
      if constexpr (D == 2) join_pairs(x[0], x[1]);
      FASTGEN_UNROLL
      for (int i = 0; i < D; ++i) x[i].store(tile.out + s * D + i * W);
    }
    return whole;
  }

  template <class T>
  static void draw_axes(const Block<T>& block, const Constants<T>& c, const DrawTile<T>& tile, const T* z) {
    constexpr int W = native_width<T>;
    using V = Vec<T, W>;
    using V1 = Vec<T, 1>;
    const std::int64_t D = c.D;
    const bool per_feature = block.shape.variant == diag;
    for (std::int64_t i = 0; i < tile.n; ++i) {
      const std::int64_t k = tile.labels[i] - block.first;
      if (std::uint64_t(k) >= std::uint64_t(c.K)) continue;
      const T *mean = c.mean + k * D, *scale = per_feature ? c.factor + k * D : c.factor + k, *from = z + i * D;
      T* to = tile.out + i * D;
      std::int64_t d = 0;
      for (; d + W <= D; d += W)
        fma(per_feature ? V::load(scale + d) : V(*scale), V::load(from + d), V::load(mean + d)).store(to + d);
      for (; d < D; ++d) to[d] = fma(V1(per_feature ? scale[d] : *scale), V1(from[d]), V1(mean[d])).v;
    }
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
