// The multivariate Student t law. Density Gamma((v + D) / 2) / (Gamma(v / 2) (pi v)^(D/2) det L) (1 + q / v)^(-(v + D) / 2)
// with q = |L^-1 (x - mean)|^2 (S. Kotz and S. Nadarajah, Multivariate t distributions and their applications, 2004).
//
// Parameters: means and factors of the scale matrices L L^T, as those of the normal law; df v > 0 (K,). Draws: mean +
// L (z sqrt(v / c)), c chi-square with v degrees of freedom: that is the definition, and exact. Normals z as in the normal
// law, flat; c is twice a gamma variate (Marsaglia and Tsang; parts/radii.hpp).
//
// What is quadratic is the normal law's: its log density without the constant is -q / 2, and its gradient with the share
// r (v + D) / (v + q) is the gradient of this law with the share r. Work a pair: that of the normal law and a log1p.
//
// From 1e154 deviations on q overflows although the density does not vanish: such pairs are computed one by one, in
// extended range.
#pragma once

#include "../parts/radii.hpp"
#include "../vector/extended.hpp"
#include "multivariate_normal.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct MultivariateStudentT {
  static constexpr bool scalar = false, has_float = true, bounded = false;

  template <class T> struct Constants {
    std::int64_t K, D;
    const T *v, *minus_two_over_v, *power, *norm;  // power is -(v + D) / 2
    Block<T> normal;  // the normal law with norms of 0
    const T* zeros;
    FASTGEN_INLINE Constants(const Block<T>& b) : normal(b) {
      K = b.shape.n_components, D = b.shape.n_features;
      v = b.constants, minus_two_over_v = v + K, power = minus_two_over_v + K, norm = power + K;
      normal.constants += head_size<T>(K);
      zeros = multivariate_normal::Constants(normal.shape, normal.constants).norm;
    }
  };

  // Up to whole cache lines, as the normal law expects.
  template <class T> static constexpr std::int64_t head_size(std::int64_t K) {
    return (4 * K + affine_panel<T> - 1) / affine_panel<T> * affine_panel<T>;
  }
  template <class T> static std::int64_t constants_size(Shape shape) {
    return head_size<T>(shape.n_components) + multivariate_normal::constants_size<T>(shape);
  }

  static std::int64_t prepare_scratch(Shape shape) { return multivariate_normal::prepare_scratch(shape); }

  template <class T>
  static void prepare(Shape shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants,
                      double* scratch, Patience patience) {
    const std::int64_t K = shape.n_components;
    T* of_normal = constants + head_size<T>(K);
    // Distances count relative to v here. (v + D) sqrt(q) / (v + q), by which an error of a distance sqrt(q) shows, is largest at
    // q = v; at q = D it is what it is for the normal law.
    const auto room = [&](std::int64_t k) {
      const double df = parameters[2][k], D = double(shape.n_features);
      return df < D ? 2.0 * sqrt(df * D) / (df + D) : 1.0;
    };
    multivariate_normal::prepare(shape, parameters, k0, k1, of_normal, scratch, patience, room);
    if (shape.variant == multivariate_normal::tied) {  // its norms are all made with component 0
      if (k0 != 0) return;
      k1 = K;
    }
    T *v = constants, *minus_two_over_v = v + K, *power = minus_two_over_v + K, *norm = power + K;
    const multivariate_normal::Constants normal(shape, of_normal);
    const double half_D = 0.5 * double(shape.n_features);
    for (std::int64_t k = k0; k < k1; ++k) {
      const double df = parameters[2][k], half = 0.5 * df;
      // What the norm has beyond that of the normal law vanishes as v grows.
      const double excess = math::log_gamma_ratio(half, half_D) - half_D * math::log(half);
      v[k] = T(df), minus_two_over_v[k] = T(-2.0 / df), power[k] = T(-half - half_D);
      norm[k] = T(double(normal.norm[k]) + excess);
      normal.norm[k] = T(0);
    }
  }

  // ---- log density ----

  template <class T> static std::int64_t evaluate_scratch(const Block<T>& block, std::int64_t tile) {
    const std::int64_t D = block.shape.n_features;
    return far_size<T>(D) + (block.shape.together + D + 1) * tile + multivariate_normal::evaluate_scratch(block, tile);
  }
  template <class T> static constexpr std::int64_t far_size(std::int64_t D) {
    return 2 * D * std::int64_t(sizeof(Extended) / sizeof(T));
  }

  template <class T>
  static void log_density(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                          T* lp, T* scratch) {
    const Constants<T> c(block);
    multivariate_normal::log_density(c.normal, k0, k1, tile, c.zeros, lp, scratch + far_size<T>(c.D));
    auto* far = reinterpret_cast<Extended*>(scratch);
    for (std::int64_t k = k0; k < k1; ++k) {
      T* row = lp + (k - k0) * tile.stride;
      const T norm = c.norm[k] + offset[k];
      for_columns<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
        const V ratio = V::load(row + s) * V(c.minus_two_over_v[k]);
        fma(V(c.power[k]), math::log1p_finite(ratio), V(norm)).store(row + s);
        const auto beyond = ratio == V(math::infinity<T>);
        if (any(beyond)) [[unlikely]]
          for (int i = 0; i < V::width; ++i)
            if (ratio[i] == math::infinity<T>) row[s + i] = far_log_density(c, k, tile, s + i, norm, far);
      });
    }
  }

  // y = L^-1 (x - mean) of one pair, with D more elements as scratch; returns |y|^2.
  template <class T>
  static Extended far_distance(const Constants<T>& c, std::int64_t k, const Tile<T>& tile, std::int64_t s,
                               Extended* y) {
    const multivariate_normal::Constants normal(c.normal.shape, c.normal.constants);
    Extended square, *difference = y + c.D;
    for (std::int64_t i = 0; i < c.D; ++i) {
      difference[i] = Extended(tile.x[i * tile.stride + s]) - Extended(normal.mean[k * c.D + i]);
      y[i] = {};
      for (std::int64_t j = independent(c) ? i : 0; j <= i; ++j)
        y[i] = y[i] + inverse_factor(c, k, i, j) * difference[j];
      square = square + y[i] * y[i];
    }
    return square;
  }
  template <class T> static bool independent(const Constants<T>& c) {
    return c.normal.shape.variant == multivariate_normal::diag ||
           c.normal.shape.variant == multivariate_normal::spherical;
  }
  template <class T>
  static Extended inverse_factor(const Constants<T>& c, std::int64_t k, std::int64_t i, std::int64_t j) {
    const multivariate_normal::Constants normal(c.normal.shape, c.normal.constants);
    switch (c.normal.shape.variant) {
      case multivariate_normal::diag: return double(normal.inverse[k * c.D + i]);
      case multivariate_normal::spherical: return double(normal.inverse[k]);
      default: return double(normal.precision(k)[packed_index(c.D, i, j)]);
    }
  }

  template <class T>
  static T far_log_density(const Constants<T>& c, std::int64_t k, const Tile<T>& tile, std::int64_t s, T norm,
                           Extended* y) {
    const Extended ratio = far_distance(c, k, tile, s, y) / Extended(double(c.v[k]));
    const T lp = T(double(c.power[k]) * (Extended(1.0) + ratio).log() + double(norm));
    return lp == lp ? lp : -math::infinity<T>;  // as for the normal law, where the inverse of the factor overflows
  }

  // ---- gradient ----

  template <class T>
  static void add_gradient(const Block<T>& block, const Tile<T>& tile, const T* r, T* grad, T* scratch) {
    const Constants<T> c(block);
    const std::int64_t K = c.K, D = c.D, stride = tile.stride;
    auto* far = reinterpret_cast<Extended*>(scratch);
    T *share = scratch + far_size<T>(D), *largest = share + K * stride, *sum = largest + stride,
      *rest = sum + D * stride;
    multivariate_normal::log_density(c.normal, 0, K, tile, c.zeros, share, rest);
    for_columns<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
      V most(T(0));
      for (std::int64_t k = 0; k < K; ++k) {
        T* at = share + k * stride + s;
        const V q = V(T(-2)) * V::load(at), weight = V(T(-2) * c.power[k]) / (V(c.v[k]) + q);
        most = max(q, most);
        (V::load(r + k * stride + s) * weight).store(at);
      }
      most.store(largest + s);
      for (std::int64_t d = 0; d < D; ++d) V(T(0)).store(sum + d * stride + s);
    });
    multivariate_normal::add_gradient(c.normal, tile, share, sum, rest);
    for_columns<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
      const auto beyond = V::load(largest + s) == V(math::infinity<T>);
      for (std::int64_t d = 0; d < D; ++d) {
        T* to = grad + d * stride + s;
        (V::load(to) + select(beyond, V(T(0)), V::load(sum + d * stride + s))).store(to);
      }
    });
    for (std::int64_t s = 0; s < tile.n; ++s)
      if (largest[s] == math::infinity<T>) [[unlikely]]
        for (std::int64_t k = 0; k < K; ++k)
          if (r[k * stride + s] != T(0)) add_far_gradient(c, k, tile, s, r[k * stride + s], grad, far);
  }

  template <class T>
  static void add_far_gradient(const Constants<T>& c, std::int64_t k, const Tile<T>& tile, std::int64_t s, T r, T* grad,
                               Extended* y) {
    const Extended v(double(c.v[k])), square = far_distance(c, k, tile, s, y);
    const Extended weight = Extended(2.0 * double(c.power[k]) * double(r)) / (v + square);
    for (std::int64_t i = 0; i < c.D; ++i) {
      Extended slope;
      for (std::int64_t j = i; j < (independent(c) ? i + 1 : c.D); ++j)
        slope = slope + inverse_factor(c, k, j, i) * y[j];
      grad[i * tile.stride + s] += T((weight * slope).rounded());
    }
  }

  // ---- sampling ----

  // Few degrees of freedom have mass beyond the numbers: this radius is drawn instead, which leaves room for L z.
  template <class T> static constexpr double largest_radius = sizeof(T) == 8 ? 0x1p960 : 0x1p100;

  template <class T> static constexpr std::int64_t in_double = std::int64_t(sizeof(double) / sizeof(T));
  template <class T> static std::int64_t draw_scratch(const Block<T>& block, std::int64_t samples) {
    return samples * in_double<T> + multivariate_normal::draw_scratch(block, samples);
  }

  template <class T> static void draw(const Block<T>& block, const DrawTile<T>& tile) {
    const Constants<T> c(block);
    const std::int64_t D = c.D;
    double* radius = reinterpret_cast<double*>(tile.scratch);
    // By value: through references all would be read again after every store.
    const auto degrees = [labels = tile.labels, base = block.first, v = c.v](std::int64_t i) {
      return double(v[labels[i] - base]);
    };
    fill_radii(tile.key, tile.first, tile.n, degrees, radius);
    DrawTile<T> rows = tile;
    rows.scratch += tile.n * in_double<T>;
    multivariate_normal::fill_with_normals(block, rows);
    for (std::int64_t i = 0; i < tile.n; ++i) {
      const T scale = T(radius[i] < largest_radius<T> ? radius[i] : largest_radius<T>);
      for (std::int64_t d = 0; d < D; ++d) tile.out[i * D + d] *= scale;
    }
    multivariate_normal::transform(c.normal, rows);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
