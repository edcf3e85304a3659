// The multivariate normal law: log densities.
//
// Work a (sample, component) pair, in multiply-adds: full D (D + 1) / 2 + D; tied D, and D (D + 1) / 2 a sample; diag
// and spherical 2 D. Then one exp (worth about 24).
#pragma once

#include "../../parts/tile.hpp"
#include "../../parts/triangular.hpp"
#include "../../parts/with_constant.hpp"
#include "constants.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace multivariate_normal {

// Strips of three vectors that share one pass over a factor: one while the factor fits the second-level cache.
inline std::int64_t strips_together(std::int64_t D) { return D > 192 ? 4 : 1; }
template <class T> inline std::int64_t group_of(std::int64_t D) { return strips_together(D) * 3 * native_width<T>; }
// Samples that all components see before the next, whole groups: their values take 12 KB, less than half of the first-level cache.
template <class T> inline std::int64_t cached_samples(std::int64_t D) {
  constexpr std::int64_t cached = 12 * 1024 / std::int64_t(sizeof(T));
  const std::int64_t group = group_of<T>(D);
  return cached / D < group ? group : cached / D / group * group;
}

// Differences of a group, and either those from the centre of cached samples, which are a group or more, or products of a group
// (add_gradient); tied: also points times L^-1, and their differences. Few features and axes ask for less.
template <class T> inline std::int64_t evaluate_scratch(const Block<T>& block, std::int64_t tile) {
  const Shape& shape = block.shape;
  const std::int64_t D = shape.n_features, by_groups = D * (group_of<T>(D) + cached_samples<T>(D));
  return by_groups + (shape.variant == tied ? 2 * D * tile : 0);
}

// lp from a squared distance. Finite points give NaN only where terms overflow; their density is 0.
template <class V> FASTGEN_INLINE V finish(V q, V norm) {
  using T = typename V::Scalar;
  return max(fma(V(T(-0.5)), q, norm), V(-math::infinity<T>));
}

// q (+)= the squares of rows Top .. Top + 3 of a product with a factor of D <= 8 rows.
template <int D, int Top, int C, class T, class From, class V = Vec<T, native_width<T>>>
FASTGEN_INLINE void few_rows(const From& from, const T* p, V (&q)[C]) {
  constexpr int R = D - Top < 4 ? D - Top : 4;
  V y[R][C];
  FASTGEN_UNROLL
  for (int r = 0; r < R; ++r) {
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) y[r][c] = V(from.start[Top + r]);
  }
  From columns = from;
  FASTGEN_UNROLL
  for (int j = 0; j < Top + R; ++j) {
    V diff[C];
    columns.next(diff);
    FASTGEN_UNROLL
    for (int r = 0; r < R; ++r) {
      if (j > Top + r) continue;
      const V pij(p[packed_index(D, Top + r, j)]);
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) y[r][c] = fma(pij, diff[c], y[r][c]);
    }
  }
  FASTGEN_UNROLL
  for (int r = 0; r < R; ++r) {
    FASTGEN_UNROLL
    for (int c = 0; c < C; ++c) q[c] = Top + r ? fma(y[r][c], y[r][c], q[c]) : y[r][c] * y[r][c];
  }
}

// to = x - center, of `features` features at samples begin .. end.
template <class T>
inline void recenter(const Tile<T>& tile, std::int64_t features, std::int64_t begin, std::int64_t end, const T* center,
                     T* to, std::int64_t pitch) {
  using V = Vec<T, native_width<T>>;
  for (std::int64_t d = 0; d < features; ++d) {
    const V c(center[d]);
    const T* x = tile.x + d * tile.stride;
    for (std::int64_t s = begin; s < end; s += V::width) (V::load(x + s) - c).store(to + d * pitch + s - begin);
  }
}

// Calls body(from) with the columns of component k at samples from s: those in `recentered`, if there are any and its mean is near
// the centre, else fresh ones.
template <class T, class Body>
FASTGEN_INLINE void with_columns(const Constants<const T*>& c, std::int64_t k, const Tile<T>& tile, std::int64_t s,
                                 const T* recentered, std::int64_t pitch, Body body) {
  const T* start = c.start + k * c.D;
  if (recentered && c.near_center(k)) body(ReadyColumns<T>{recentered, start, pitch});
  else body(FreshColumns<T>{tile.x + s, tile.stride, c.origin(k), start});
}

// Few features: everything unrolled, rows of the factor in blocks of four, differences made again for each block.
// Bound by multiply-adds and the exp of the caller.
template <int D, int Strip, class T>
inline void log_density_few(const Constants<const T*>& constants, std::int64_t k0, std::int64_t k1, const Tile<T>& tile,
                            const T* offset, T* lp, T* scratch) {
  using V = Vec<T, native_width<T>>;
  T* recentered = constants.share_center(k0, k1) ? scratch : nullptr;
  const T* center = constants.center_of(k0);
  for_strips<T, Strip>(tile.padded, [&]<int C>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
    constexpr std::int64_t lanes = C * V::width;
    if (recentered) recenter(tile, D, s, s + lanes, center, recentered, lanes);
    T* to = lp + s;
    for (std::int64_t k = k0; k < k1; ++k, to += tile.stride) {
      const T* p = constants.precision(k);
      V q[C];
      with_columns(constants, k, tile, s, recentered, lanes, [&](const auto& from) FASTGEN_LAMBDA_INLINE {
        few_rows<D, 0>(from, p, q);
        if constexpr (D > 4) few_rows<D, 4>(from, p, q);
      });
      const V norm(constants.norm[k] + offset[k]);
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) finish(q[c], norm).store(to + c * V::width);
    }
  });
}

// q += the squares of R rows of products.
template <int R, int C, class V>
FASTGEN_INLINE void add_squares_of(const V (&y)[R][C], V (&q)[C]) {
  FASTGEN_UNROLL
  for (int c = 0; c < C; ++c) {
    FASTGEN_UNROLL
    for (int r = 0; r < R; ++r) q[c] = fma(y[r][c], y[r][c], q[c]);
  }
}

// Adds the squares of rows i .. end of a factor times differences to q, for C vectors of samples from s. q starts with row 0, and
// becomes a log density with the last of `rows`. A function of its own: together with others of its kind GCC keeps the
// accumulators in memory.
template <int C, class T, class From>
FASTGEN_NOINLINE const T* add_squares(const T* packed, std::int64_t i, std::int64_t end, std::int64_t rows, T norm,
                                      const From& from, std::int64_t s, T* q) {
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

// Any number of features: differences of a few strips in cache, sums of four or eight rows of the factor in registers; `rows` of
// the D rows.
// Bound by multiply-adds from D = 16 on; see benchmarks/README.md for the share of the peak.
template <class T>
inline void log_density_full(const Constants<const T*>& constants, std::int64_t k0, std::int64_t k1, std::int64_t rows,
                             const Tile<T>& tile, const T* offset, T* lp, T* scratch) {
  const std::int64_t D = constants.D;
  constexpr std::int64_t at_once = has_registers_for_eight_rows<T> ? 8 : 4;
  const std::int64_t group = group_of<T>(D), rows_together = strips_together(D) > 1 ? at_once : rows;
  const std::int64_t samples = cached_samples<T>(D);
  const bool shared = constants.share_center(k0, k1);
  const T* center = constants.center_of(k0);
  T *diff = scratch, *recentered = scratch + D * group;
  if (tile.upcoming) tile.upcoming->share_out(constants.K * ((tile.padded + group - 1) / group));
  for (std::int64_t first = 0; first < tile.padded; first += samples) {
    const std::int64_t last = first + samples < tile.padded ? first + samples : tile.padded;
    if (shared) recenter(tile, rows, first, last, center, recentered, samples);
    for (std::int64_t k = k0; k < k1; ++k) {
      T* q = lp + (k - k0) * tile.stride;
      const T norm = constants.norm[k] + offset[k], *start = constants.start + k * D;
      for (std::int64_t s0 = first; s0 < last; s0 += group) {
        const std::int64_t lanes = last - s0 < group ? last - s0 : group;
        if (tile.upcoming) tile.upcoming->template fetch<Soon::read>();
        const auto add_all_squares = [&](const auto& from) FASTGEN_LAMBDA_INLINE {
          const T* packed = constants.precision(k);
          for (std::int64_t i = 0; i < rows; i += rows_together) {
            const std::int64_t end = i + rows_together < rows ? i + rows_together : rows;
            const T* next = packed;
            for_strips<T, 3>(lanes, [&]<int C>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
              next = add_squares<C>(packed, i, end, rows, norm, from, s, q + s0);
            });
            packed = next;
          }
        };
        if (shared && constants.near_center(k))
          add_all_squares(ReadyColumns<T>{recentered + s0 - first, start, samples});
        else add_all_squares(KeptColumns<T>{tile.x + s0, tile.stride, constants.origin(k), start, diff, group});
      }
    }
  }
}

// out = L^-1 (x - centre), the centre being that of component k, for the whole tile; diff is overwritten.
template <class T>
inline void whiten(const Constants<const T*>& constants, std::int64_t k, const Tile<T>& tile, T* diff, T* out) {
  using V = Vec<T, native_width<T>>;
  const KeptColumns<T> from{tile.x, tile.stride, constants.center_of(k), constants.zeros, diff, tile.stride};
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
inline void log_density_whitened(const Constants<const T*>& constants, std::int64_t k0, std::int64_t k1,
                                 const Tile<T>& tile, const T* offset, T* lp, T* scratch) {
  using V = Vec<T, native_width<T>>;
  const std::int64_t D = constants.D;
  T* whitened = scratch + D * tile.stride;
  whiten(constants, k0, tile, scratch, whitened);
  for_strips<T, 4>(tile.padded, [&]<int C>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
    for (std::int64_t k = k0; k < k1; ++k) {
      const T* start = constants.start + k * D;
      V q[C];
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) q[c] = V(T(0));
      for (std::int64_t d = 0; d < D; ++d) {
        const V from(start[d]);
        FASTGEN_UNROLL
        for (int c = 0; c < C; ++c) {
          const V y = V::load(whitened + d * tile.stride + s + c * V::width) + from;
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
inline void log_density_axes(const Constants<const T*>& constants, std::int64_t k0, std::int64_t k1,
                             const Tile<T>& tile, const T* offset, T* lp, T* scratch) {
  using V = Vec<T, native_width<T>>;
  const std::int64_t D = constants.D;
  // More features would leave the first-level cache.
  T* recentered = D <= 128 && constants.share_center(k0, k1) ? scratch : nullptr;
  const T* center = constants.center_of(k0);
  for_strips<T, 4>(tile.padded, [&]<int C>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
    constexpr std::int64_t lanes = C * V::width;
    if (recentered) recenter(tile, D, s, s + lanes, center, recentered, lanes);
    for (std::int64_t k = k0; k < k1; ++k) {
      const V common(Kind == spherical ? constants.inverse[k] : T(1));
      V q[C];
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) q[c] = V(T(0));
      with_columns(constants, k, tile, s, recentered, lanes, [&](auto columns) FASTGEN_LAMBDA_INLINE {
        for (std::int64_t d = 0; d < D; ++d) {
          const V inverse = Kind == spherical ? common : V(constants.inverse[k * D + d]), start(columns.start[d]);
          V diff[C];
          columns.next(diff);
          FASTGEN_UNROLL
          for (int c = 0; c < C; ++c) {
            // Scaled before squared, so that no intermediate overflows where the answer does not.
            const V y = fma(diff[c], inverse, start);
            q[c] = fma(y, y, q[c]);
          }
        }
      });
      const V norm(constants.norm[k] + offset[k]);
      FASTGEN_UNROLL
      for (int c = 0; c < C; ++c) finish(q[c], norm).store(lp + (k - k0) * tile.stride + s + c * V::width);
    }
  });
}

template <class T>
inline void log_density(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                        T* lp, T* scratch) {
  const Constants c(block.shape, block.constants);
  switch (block.shape.variant) {
    case diag: return log_density_axes<diag>(c, k0, k1, tile, offset, lp, scratch);
    case spherical: return log_density_axes<spherical>(c, k0, k1, tile, offset, lp, scratch);
    default: break;
  }
  if (c.whitened(k0)) return log_density_whitened(c, k0, k1, tile, offset, lp, scratch);
  const bool few = with_constant<1, 8>(c.D, [&]<int D>() FASTGEN_LAMBDA_INLINE {
    log_density_few<D, D == 1 ? 4 : 3>(c, k0, k1, tile, offset, lp, scratch);
  });
  if (!few) log_density_full(c, k0, k1, c.D, tile, offset, lp, scratch);
}

// A squared distance is a sum of squares, one a row of the factor, that never falls as it is added up, rounding included.
// So its first rows give an upper bound of the log density. How many make a bound that separates clusters: a row adds
// about 1 at home and (distance in standard deviations)^2 elsewhere, and D / 2 + 43 must be passed.
inline std::int64_t bound_rows(Shape shape) {
  const std::int64_t D = shape.n_features;
  return shape.variant == full && D >= 32 ? (D / 8 + 12) / 4 * 4 : 0;
}
template <class T>
inline void log_bound(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                      T* lp, T* scratch) {
  log_density_full(Constants(block.shape, block.constants), k0, k1, bound_rows(block.shape), tile, offset, lp, scratch);
}

}  // namespace multivariate_normal
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
