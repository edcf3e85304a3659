// The normal law of a factor model: x = mean + loadings z + noise, z standard normal of R dimensions, the noise of every
// feature independent. Covariance loadings loadings^T + diag(noise): low rank plus diagonal, never formed.
//
// Parameters: means (K, D), loadings (K, D, R), noise variances (K, D). Draws: mean + sqrt(noise) e + loadings z, normals
// flat: sample index * (R + D) + (z first, then e).
//
// With y = (x - mean) / sqrt(noise) and loadings / sqrt(noise) = Q T (Q orthonormal, T upper triangular) the squared
// distance is |y - Q c|^2 + |L^-1 c|^2, c = Q^T y, L L^T = I + T T^T: Woodbury's identity as a sum of squares. The first
// term is |y|^2 - |c|^2 while that costs less than two digits, and is summed as it stands where it costs more.
//
// Work a (sample, component) pair, in multiply-adds: D R + 3 D + R^2 / 2, and another D R where the difference cancels.
#pragma once

#include "../parts/linalg.hpp"
#include "../parts/normals.hpp"
#include "../parts/tile.hpp"
#include "../parts/with_constant.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct FactorNormal {
  static constexpr bool scalar = false, has_float = true, bounded = false;

  // Factors begin(i) .. begin(i + 1) are worked on together: up to four, whose sums fit the registers, and as evenly as can be,
  // since sums of fewer than three wait for themselves.
  struct Blocks {
    std::int64_t n_factors, count = (n_factors + 3) / 4;
    FASTGEN_INLINE std::int64_t begin(std::int64_t i) const { return count ? i * n_factors / count : 0; }
  };

  // Prepared constants; Q by blocks of columns, feature by feature. P is T* to prepare them, const T* to read them.
  template <class P> struct Constants {
    std::int64_t K, D, R;
    P mean, norm, deviation, inverse;  // (K, D), (K,), (K, D), (K, D)
    P loadings;  // (K, R, D)
    P q, lower;  // (K, D R), (K, R, R) the inverse of L
    FASTGEN_INLINE Constants(const Shape& shape, P p) {
      K = shape.n_components, D = shape.n_features, R = shape.width;
      mean = p, p += K * D;
      norm = p, p += K;
      deviation = p, p += K * D;
      inverse = p, p += K * D;
      loadings = p, p += K * R * D;
      q = p, p += K * D * R;
      lower = p;
    }
  };
  template <class T> static std::int64_t constants_size(Shape s) {
    return s.n_components * (3 * s.n_features + 1 + 2 * s.n_features * s.width + s.width * s.width);
  }

  static std::int64_t prepare_scratch(Shape s) { return s.n_features * s.width + 5 * s.width * s.width; }

  template <class T>
  static void prepare(Shape shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants,
                      double* scratch, Patience patience) {
    const Constants c(shape, constants);
    const std::int64_t D = c.D, R = c.R;
    double *columns = scratch, *t = columns + D * R, *gram = t + R * R, *lower = gram + R * R, *inverse = lower + R * R;
    double* spare = inverse + R * R;
    for (std::int64_t k = k0; k < k1; ++k) {
      const double *means = parameters[0] + k * D, *loadings = parameters[1] + k * D * R,
                   *noise = parameters[2] + k * D;
      double norm = -double(D) * numbers::half_log_two_pi;
      for (std::int64_t d = 0; d < D; ++d) {
        const double deviation = sqrt(noise[d]);
        c.mean[k * D + d] = T(means[d]) + T(0);  // no -0: see affine.hpp
        c.deviation[k * D + d] = T(deviation);
        c.inverse[k * D + d] = T(1.0 / deviation);
        norm -= math::log(deviation);
        for (std::int64_t r = 0; r < R; ++r) {
          c.loadings[(k * R + r) * D + d] = T(loadings[d * R + r]);
          columns[r * D + d] = loadings[d * R + r] / deviation;
        }
      }
      if (!orthonormalise(D, R, columns, t, patience)) return;
      for (std::int64_t i = 0; i < R; ++i)
        for (std::int64_t j = 0; j <= i; ++j) {
          double sum = i == j ? 1.0 : 0.0;
          for (std::int64_t r = i; r < R; ++r) sum += t[i * R + r] * t[j * R + r];
          gram[i * R + j] = sum;
        }
      cholesky(R, gram, lower, spare);  // at least I: always positive definite
      invert_lower(R, lower, inverse);
      for (std::int64_t r = 0; r < R; ++r) norm -= math::log(lower[r * R + r]);
      c.norm[k] = T(norm);
      for (std::int64_t i = 0; i < R * R; ++i) c.lower[k * R * R + i] = T(inverse[i]);
      T* q = c.q + k * D * R;
      const Blocks blocks{R};
      for (std::int64_t i = 0; i < blocks.count; ++i)
        for (std::int64_t d = 0; d < D; ++d)
          for (std::int64_t r = blocks.begin(i); r < blocks.begin(i + 1); ++r) *q++ = T(columns[r * D + d]);
    }
  }

  // columns (R, D) become orthonormal rows, or zeros where they add nothing; t (R, R) gets the upper triangle that gives
  // them back. False when stopped. Gram and Schmidt, modified, each direction twice: orthogonal to rounding (Giraud et al. 2005).
  static bool orthonormalise(std::int64_t D, std::int64_t R, double* columns, double* t, Patience patience) {
    for (std::int64_t i = 0; i < R * R; ++i) t[i] = 0;
    const auto dot = [D](const double* a, const double* b) {
      double sum = 0;
      for (std::int64_t d = 0; d < D; ++d) sum += a[d] * b[d];
      return sum;
    };
    const auto length = [&](const double* a) { return sqrt(dot(a, a)); };
    Pace pace{patience};
    for (std::int64_t j = 0; j < R; ++j) {
      if (pace.over(4 * j * D)) return false;
      double* v = columns + j * D;
      const double before = length(v);
      for (int pass = 0; pass < 2; ++pass)
        for (std::int64_t i = 0; i < j; ++i) {
          const double* q = columns + i * D;
          const double share = dot(q, v);
          t[i * R + j] += share;
          for (std::int64_t d = 0; d < D; ++d) v[d] -= share * q[d];
        }
      const double after = length(v);
      const bool adds = after > 1e-14 * before;
      t[j * R + j] = adds ? after : 0.0;
      for (std::int64_t d = 0; d < D; ++d) v[d] = adds ? v[d] / after : 0.0;
    }
    return true;
  }

  // ---- log density ----

  static constexpr int strip = 3;  // vectors of samples side by side

  static constexpr std::int64_t piece = 64;  // features at a time: what stands between two loops stays near
  // Features for which a few lines of the next tile are asked for. To load it takes a quarter of the time otherwise, and many
  // lines asked for together would wait for each other.
  static constexpr std::int64_t fetching = 4;

  template <class T> static std::int64_t evaluate_scratch(const Block<T>& block, std::int64_t) {
    const std::int64_t D = block.shape.n_features, R = block.shape.width;
    return ((piece + R) * strip + 2 * R + D) * native_width<T>;
  }

  // y_d of one vector of samples.
  template <class T, class V>
  static FASTGEN_INLINE V standardised(const Constants<const T*>& k, std::int64_t component, std::int64_t d, V x) {
    return (x - V(k.mean[component * k.D + d])) * V(k.inverse[component * k.D + d]);
  }

  // c = Q^T y of C vectors of samples, in memory with one row of C vectors a factor; returns |y|^2. `y` is room for a piece.
  template <int C, class T, class V = Vec<T, native_width<T>>>
  static FASTGEN_INLINE void project(const Constants<const T*>& k, std::int64_t component, const Tile<T>& tile,
                                     std::int64_t s, T* y, T* c, V (&square)[C]) {
    constexpr std::int64_t W = V::width, row = C * W;
    FASTGEN_UNROLL
    for (int v = 0; v < C; ++v) square[v] = V(T(0));
    for (std::int64_t i = 0; i < k.R * row; i += W) V(T(0)).store(c + i);
    const T* x = tile.x + s;
    const std::int64_t stride = tile.stride;
    for (std::int64_t first = 0; first < k.D; first += piece) {
      const std::int64_t n = k.D - first < piece ? k.D - first : piece;
      for (std::int64_t d = 0; d < n; ++d, x += stride) {
        if (tile.upcoming && d % fetching == 0) tile.upcoming->template fetch<Soon::read_later>();
        FASTGEN_UNROLL
        for (int v = 0; v < C; ++v) {
          const V z = standardised(k, component, first + d, V::load(x + v * W));
          z.store(y + d * row + v * W);
          square[v] = fma(z, z, square[v]);
        }
      }
      const Blocks blocks{k.R};
      for (std::int64_t i = 0; i < blocks.count; ++i) {
        const std::int64_t r = blocks.begin(i), size = blocks.begin(i + 1) - r;
        const T* q = k.q + component * k.D * k.R + r * k.D + first * size;
        with_constant<1, 4>(size, [&]<int B>() FASTGEN_LAMBDA_INLINE { add_products<B, C>(q, n, y, c + r * row); });
      }
    }
  }

  // c += Q^T y for B factors and n features. A function of its own: among others of its kind GCC keeps the sums in memory.
  template <int B, int C, class T>
  static FASTGEN_NOINLINE void add_products(const T* q, std::int64_t n, const T* y, T* c) {
    using V = Vec<T, native_width<T>>;
    V sum[B][C];
    FASTGEN_UNROLL
    for (int b = 0; b < B; ++b) {
      FASTGEN_UNROLL
      for (int v = 0; v < C; ++v) sum[b][v] = V::load(c + (b * C + v) * V::width);
    }
    for (std::int64_t d = 0; d < n; ++d, q += B, y += C * V::width) {
      V z[C];
      FASTGEN_UNROLL
      for (int v = 0; v < C; ++v) z[v] = V::load(y + v * V::width);
      add_outer_product(sum, q, z);
    }
    FASTGEN_UNROLL
    for (int b = 0; b < B; ++b) {
      FASTGEN_UNROLL
      for (int v = 0; v < C; ++v) sum[b][v].store(c + (b * C + v) * V::width);
    }
  }

  // v - (Q h)_d for a vector of samples.
  template <class T, class V>
  static FASTGEN_INLINE V less_product(const Constants<const T*>& k, std::int64_t component, std::int64_t d, V v,
                                       const T* h, std::int64_t row) {
    const T* q = k.q + component * k.D * k.R;
    const Blocks blocks{k.R};
    for (std::int64_t i = 0; i < blocks.count; ++i) {
      const std::int64_t begin = blocks.begin(i), size = blocks.begin(i + 1) - begin;
      for (std::int64_t j = 0; j < size; ++j)
        v = fma(-V(q[begin * k.D + d * size + j]), V::load(h + (begin + j) * row), v);
    }
    return v;
  }
  // y_d - (Q h)_d for the vector of samples at s.
  template <class T, class V = Vec<T, native_width<T>>>
  static FASTGEN_INLINE V residual(const Constants<const T*>& k, std::int64_t component, std::int64_t d,
                                   const Tile<T>& tile, std::int64_t s, const T* h, std::int64_t row) {
    const V y = standardised(k, component, d, V::load(tile.x + d * tile.stride + s));
    return less_product(k, component, d, y, h, row);
  }

  template <class T>
  static void log_density(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                          T* lp, T* scratch) {
    using V = Vec<T, native_width<T>>;
    const Constants k(block.shape, block.constants);
    T *y = scratch, *c = y + piece * strip * V::width;
    const std::int64_t strips = (tile.padded + strip * V::width - 1) / (strip * V::width);
    if (tile.upcoming) tile.upcoming->share_out(k.K * strips * ((k.D + fetching - 1) / fetching));
    for (std::int64_t component = k0; component < k1; ++component) {
      const V norm(k.norm[component] + offset[component]);
      const T* lower = k.lower + component * k.R * k.R;
      for_strips<T, strip>(tile.padded, [&]<int C>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
        constexpr std::int64_t row = C * V::width;
        V square[C];
        project<C>(k, component, tile, s, y, c, square);
        for (int v = 0; v < C; ++v) {
          const T* cv = c + v * V::width;
          V inside(T(0)), distance(T(0));
          for (std::int64_t r = 0; r < k.R; ++r) {
            inside = fma(V::load(cv + r * row), V::load(cv + r * row), inside);
            V sum(T(0));
            for (std::int64_t j = 0; j <= r; ++j) sum = fma(V(lower[r * k.R + j]), V::load(cv + j * row), sum);
            distance = fma(sum, sum, distance);
          }
          V rest = square[v] - inside;
          const auto cancels = !(rest >= square[v] * V(T(1) / T(64)));
          if (any(cancels)) {
            V sum(T(0));
            for (std::int64_t d = 0; d < k.D; ++d) {
              const V e = residual(k, component, d, tile, s + v * V::width, cv, row);
              sum = fma(e, e, sum);
            }
            rest = select(cancels, sum, rest);
          }
          // NaN only where terms overflow: density 0.
          max(fma(V(T(-0.5)), distance + rest, norm), V(-math::infinity<T>))
              .store(lp + (component - k0) * tile.stride + s + v * V::width);
        }
      });
    }
  }

  // ---- gradient ----

  // -(y - Q (c - g)) / sqrt(noise), g = L^-T L^-1 c, times the share.
  template <class T>
  static void add_gradient(const Block<T>& block, const Tile<T>& tile, const T* r, T* grad, T* scratch) {
    using V = Vec<T, native_width<T>>;
    constexpr std::int64_t W = V::width;
    const Constants k(block.shape, block.constants);
    T *y = scratch, *c = y + piece * strip * W, *g = c + k.R * strip * W, *h = g + k.R * W, *e = h + k.R * W;
    for (std::int64_t component = 0; component < k.K; ++component) {
      const T* inverse = k.inverse + component * k.D;
      for_strips<T, strip>(tile.padded, [&]<int C>(std::int64_t first) FASTGEN_LAMBDA_INLINE {
        V square[C];
        project<C>(k, component, tile, first, y, c, square);
        for (int v = 0; v < C; ++v) {
          const std::int64_t s = first + v * W, row = C * W;
          const T* cv = c + v * W;
          shrink(k, component, cv, row, g);
          V inside(T(0));
          for (std::int64_t i = 0; i < k.R; ++i) {
            const V ci = V::load(cv + i * row);
            inside = fma(ci, ci, inside);
            (ci - V::load(g + i * W)).store(h + i * W);
          }
          // Where next to nothing lies outside of the factors, y - Q c is rounding errors, which are of the size of g.
          const auto cancels = !(square[v] - inside >= square[v] * V(outside_that_counts<T>));
          const bool careful = any(cancels);
          if (careful) project_again(k, component, tile, s, cv, row, g, e);
          const V minus_share = -V::load(r + component * tile.stride + s);
          for (std::int64_t d = 0; d < k.D; ++d) {
            V rest = residual(k, component, d, tile, s, h, W);
            if (careful) rest = select(cancels, V::load(e + d * W), rest);
            T* to = grad + d * tile.stride + s;
            fma(minus_share, rest * V(inverse[d]), V::load(to)).store(to);
          }
        }
      });
    }
  }

  // Of |y|^2: where the rest has a 2^-20th of it, 10 bits of the gradient are rounding errors.
  template <class T> static constexpr T outside_that_counts = sizeof(T) == 8 ? T(0x1p-20) : T(0x1p-10);

  // g = L^-T L^-1 c for a vector of samples.
  template <class T>
  static void shrink(const Constants<const T*>& k, std::int64_t component, const T* c, std::int64_t row, T* g) {
    using V = Vec<T, native_width<T>>;
    const T* lower = k.lower + component * k.R * k.R;
    for (std::int64_t i = 0; i < k.R; ++i) {
      V sum(T(0));
      for (std::int64_t j = 0; j <= i; ++j) sum = fma(V(lower[i * k.R + j]), V::load(c + j * row), sum);
      V(T(0)).store(g + i * V::width);
      for (std::int64_t j = 0; j <= i; ++j)
        fma(V(lower[i * k.R + j]), sum, V::load(g + j * V::width)).store(g + j * V::width);
    }
  }

  // e = y - Q c + Q g, with what roundings have left of the factors in y - Q c taken off once more. Overwrites g.
  template <class T>
  static FASTGEN_NOINLINE void project_again(const Constants<const T*>& k, std::int64_t component, const Tile<T>& tile,
                                             std::int64_t s, const T* c, std::int64_t row, T* g, T* e) {
    using V = Vec<T, native_width<T>>;
    constexpr std::int64_t W = V::width;
    for (std::int64_t d = 0; d < k.D; ++d) residual(k, component, d, tile, s, c, row).store(e + d * W);
    const Blocks blocks{k.R};
    const T* q = k.q + component * k.D * k.R;
    for (std::int64_t i = 0; i < blocks.count; ++i) {
      const std::int64_t begin = blocks.begin(i), size = blocks.begin(i + 1) - begin;
      for (std::int64_t j = 0; j < size; ++j) {
        V left(T(0));
        for (std::int64_t d = 0; d < k.D; ++d) left = fma(V(q[begin * k.D + d * size + j]), V::load(e + d * W), left);
        T* to = g + (begin + j) * W;
        (left - V::load(to)).store(to);
      }
    }
    for (std::int64_t d = 0; d < k.D; ++d) less_product(k, component, d, V::load(e + d * W), g, W).store(e + d * W);
  }

  // ---- sampling ----

  template <class T> static std::int64_t draw_scratch(const Block<T>& block, std::int64_t samples) {
    return samples * (block.shape.n_features + block.shape.width);
  }

  template <class T> static void draw(const Block<T>& block, const DrawTile<T>& tile) {
    constexpr int W = native_width<T>;
    const Constants k(block.shape, block.constants);
    const std::int64_t D = k.D, R = k.R;
    fill_normals(tile.key, Position(tile.first) * Position(D + R), tile.n * (D + R), tile.scratch);
    for (std::int64_t i = 0; i < tile.n; ++i) {
      const std::int64_t component = tile.labels[i] - block.first;
      const T *z = tile.scratch + i * (D + R), *e = z + R, *mean = k.mean + component * D;
      const T *deviation = k.deviation + component * D, *loadings = k.loadings + component * R * D;
      const auto features = [&]<int N, int Width>(std::int64_t d) FASTGEN_LAMBDA_INLINE {
        using V = Vec<T, Width>;
        V sum[N];
        FASTGEN_UNROLL
        for (int v = 0; v < N; ++v) sum[v] = V::load(deviation + d + v * Width) * V::load(e + d + v * Width);
        for (std::int64_t r = 0; r < R; ++r) {
          const V factor(z[r]);
          FASTGEN_UNROLL
          for (int v = 0; v < N; ++v) sum[v] = fma(V::load(loadings + r * D + d + v * Width), factor, sum[v]);
        }
        // The mean last: adding it first would round every partial sum to the mean's last place.
        FASTGEN_UNROLL
        for (int v = 0; v < N; ++v) (sum[v] + V::load(mean + d + v * Width)).store(tile.out + i * D + d + v * Width);
      };
      std::int64_t d = 0;
      for (; d + 8 * W <= D; d += 8 * W) features.template operator()<8, W>(d);
      for (; d + W <= D; d += W) features.template operator()<1, W>(d);
      for (; d < D; ++d) features.template operator()<1, 1>(d);
    }
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
