// The normal law on the line. Density exp(-(x - loc)^2 / (2 scale^2)) / (scale sqrt(2 pi)).
//
// Parameters: loc (K,), scale (K,) > 0. Draws: Box-Muller normals, flat index = sample index.
#pragma once

#include "../parts/constants.hpp"
#include "../parts/rows.hpp"
#include "../parts/streams.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Normal {
  static constexpr bool scalar = true, has_float = true, bounded = false;

  // What a component's parameters are prepared into: a row of a table.
  enum Constant { loc, scale, inverse, norm, n_constants };
  static constexpr std::int64_t pitch = n_constants;
  template <class T> static FASTGEN_INLINE const T* row(const Block<T>& b, std::int64_t k) {
    return b.constants + k * pitch;
  }
  template <class T> static std::int64_t constants_size(Shape shape) {
    return pitch * shape.n_components + table_margin;
  }

  static std::int64_t prepare_scratch(Shape) { return 0; }

  template <class T>
  static void prepare(Shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants, double*,
                      Patience) {
    for (std::int64_t k = k0; k < k1; ++k) {
      const double mean = parameters[0][k], sigma = parameters[1][k];
      T* c = constants + k * pitch;
      c[loc] = T(mean) + T(0);  // a -0 would let zero terms of a draw show in its sign
      c[scale] = T(sigma);
      c[inverse] = T(1.0 / sigma);
      c[norm] = T(-numbers::half_log_two_pi - math::log(sigma));
    }
  }

  // lp[(k - k0) * stride + s] = log density of component k at sample s, plus offset[k]. Never NaN: `tile` is finite.
  // Three multiply-adds a pair; the exp of the caller binds.
  template <class T>
  static void log_density(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                          T* lp, T*) {
    using V = Vec<T, native_width<T>>;
    for (std::int64_t k = k0; k < k1; ++k) {
      const T* c = row(block, k);
      const V center(c[loc]), rate(c[inverse]), top(c[norm] + offset[k]), minus_half(T(-0.5));
      T* to = lp + (k - k0) * tile.stride;
      for (std::int64_t s = 0; s < tile.padded; s += V::width) {
        const V z = (V::load(tile.x + s) - center) * rate;
        // Finite points give NaN only where a term overflows; their density is 0.
        max(fma(z * minus_half, z, top), V(-math::infinity<T>)).store(to + s);
      }
    }
  }

  template <class T>
  static void log_density_each(const Block<T>& block, const std::int64_t* component, const Tile<T>& tile,
                               const T* offset, T* lp) {
    using V = Vec<T, native_width<T>>;
    for (std::int64_t s = 0; s < tile.padded; s += V::width) {
      V c[n_constants];
      load_rows(block.constants, pitch, component + s, c);
      const V z = (V::load(tile.x + s) - c[loc]) * c[inverse];
      max(fma(z * V(T(-0.5)), z, c[norm] + load_each<T, V::width>(offset, component + s)), V(-math::infinity<T>))
          .store(lp + s);
    }
  }

  // grad[s] += r[k * stride + s] * d/dx log density of component k.
  template <class T>
  static void add_gradient(const Block<T>& block, const Tile<T>& tile, const T* r, T* grad, T*) {
    using V = Vec<T, native_width<T>>;
    for (std::int64_t k = 0; k < block.shape.n_components; ++k) {
      const T* c = row(block, k);
      const V center(c[loc]), rate(c[inverse]);
      for (std::int64_t s = 0; s < tile.padded; s += V::width) {
        const V z = (center - V::load(tile.x + s)) * rate;
        const V share = V::load(r + k * tile.stride + s);
        // A component that has no share in the point must not leak an overflow: 0 x inf.
        fma(share, select(share > V(T(0)), z * rate, V(T(0))), V::load(grad + s)).store(grad + s);
      }
    }
  }

  // Adds the weighted lower and upper tail probabilities and the density of each component at the points x.
  template <class T>
  static void add_tails(const Block<T>& block, std::int64_t n, const T* x, const T* weights, T* lower, T* upper,
                        T* density) {
    using V = Vec<T, native_width<T>>;
    // Beyond these erfc is 0 (or 2) and exp 0, whatever the precision's last bits.
    const V far(T(sizeof(T) == 8 ? 40 : 15)), nothing(T(sizeof(T) == 8 ? -750 : -110));
    for (std::int64_t k = 0; k < block.shape.n_components; ++k) {
      if (weights[k] == T(0)) continue;
      const T* c = row(block, k);
      const V center(c[loc]), rate(c[inverse]), top(c[norm]), minus_half(T(-0.5));
      const V weight(weights[k]), half_weight(weights[k] * T(0.5)), to_erf = V(T(numbers::sqrt_half));
      for (std::int64_t s = 0; s < n; s += V::width) {
        const V z = (V::load(x + s) - center) * rate;
        const V exponent = fma(z * minus_half, z, top);
        // Of thousands of components nearly all are far away: one tail of them is the weight, all else rounds to 0.
        if (!any(!((abs(z) > far) & (exponent < nothing)))) {
          const V whole = half_weight + half_weight;
          (V::load(lower + s) + select(z > V(T(0)), whole, V(T(0)))).store(lower + s);
          (V::load(upper + s) + select(z > V(T(0)), V(T(0)), whole)).store(upper + s);
          continue;
        }
        const V t = z * to_erf;
        fma(half_weight, math::erfc(-t), V::load(lower + s)).store(lower + s);
        fma(half_weight, math::erfc(t), V::load(upper + s)).store(upper + s);
        fma(weight, math::exp(exponent), V::load(density + s)).store(density + s);
      }
    }
  }

  // Widens [low, high] to hold each component's own quantile at q. Of a mixture's quantile they are brackets.
  template <class T>
  static void bracket_quantile(const Block<T>& block, std::int64_t n, const T* q, const T* weights, T* low, T* high) {
    using V = Vec<T, native_width<T>>;
    for (std::int64_t k = 0; k < block.shape.n_components; ++k) {
      if (weights[k] == T(0)) continue;
      const T* c = row(block, k);
      const V center(c[loc]), sigma(c[scale]);
      for (std::int64_t s = 0; s < n; s += V::width) {
        const V x = fma(sigma, math::normal_quantile(V::load(q + s)), center);
        min(x, V::load(low + s)).store(low + s);
        max(x, V::load(high + s)).store(high + s);
      }
    }
  }

  template <class T> static std::int64_t evaluate_scratch(const Block<T>&, std::int64_t) { return 0; }
  template <class T> static std::int64_t draw_scratch(const Block<T>&, std::int64_t) { return 0; }

  template <class T> static void draw(const Block<T>& block, const DrawTile<T>& tile) {
    using V = Vec<T, native_width<T>>;
    const T* table = row(block, -block.first);
    const std::int32_t* labels = tile.labels;
    T* out = tile.out;
    const LaneConstants<2, T, V::width> constants(block, pitch);
    // Where the normals are when it is called.
    const auto transform = [=](std::int64_t i, std::int64_t end) FASTGEN_LAMBDA_INLINE {
      for (; i + V::width <= end; i += V::width) {
        V c[2];
        constants.load(labels + i, c);
        fma(c[scale], V::load(out + i), c[loc]).store(out + i);
      }
      for (; i < end; ++i) {
        const T* c = table + pitch * std::int64_t(labels[i]);
        out[i] = fma(c[scale], out[i], c[loc]);
      }
    };
    fill_normals(tile.key, tile.first, tile.n, out, tile.soon, transform);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
