// The von Mises-Fisher law of directions: points on the unit sphere in D >= 2 dimensions. Density with respect to the
// sphere's surface: C exp(kappa (cos - 1)), cos the cosine of the angle to the mean direction.
//
// Parameters: mean directions (K, D) of length 1, concentrations kappa >= 0 (K,). A point that is off the sphere by a
// rounding has the density of its direction x / |x|. With |x| = 1 + e,
//
//     1 - cos = (|x - mean|^2 - e^2) / (2 |x|),
//
// in which nothing cancels at any concentration: the length of x counts only by its square.
//
// Draws: 1 - cos ("drop" below), then a uniform direction across, then a reflection that takes the first axis to the mean.
// For D = 3 the drop is an exponential variate of rate kappa below 2, by inversion. Else by the rejection of G. Ulrich,
// Computer generation of distributions on the m-sphere, 1984, with A. Wood's corrections (Simulation of the von Mises
// Fisher distribution, 1994), in terms of 1 - cos: with b = (D - 1) / (2 kappa + sqrt(4 kappa^2 + (D - 1)^2)) and a point
// uniform on the sphere, of which `along` is the first coordinate and r the length,
//
//     g = r - along, h = r + along:   drop = 2 b g / (h + b g),   accepted with probability e^((D - 1) (log(1 + s) - s)),
//                                     s = (b - 1) along / (h + b g)  > -1/2
//
// which is their test, but for cancellation. The same point lends the direction across, of which the test knows nothing.
#pragma once

#include "../parts/gamma_variate.hpp"
#include "../parts/panels.hpp"
#include "../parts/rows.hpp"
#include "../vector/bessel.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct VonMisesFisher {
  static constexpr bool scalar = false, has_float = false, bounded = false;

  // How far from 1 the length of a point on the sphere may be: more than float32 arithmetic or six decimals leave.
  static constexpr double tolerance = 1e-5;
  static constexpr std::int64_t most_multiplied = 256;

  // `lean` is 1 / (1 + |first coordinate of the mean|); what drawing needs is b and 2 sqrt(b), or for D = 3 1 / kappa,
  // 1 - e^(-2 kappa) and e^(-2 kappa). P is T* to prepare them, const T* to read them.
  static constexpr int n_drawn = 3;
  template <class P> struct Constants {
    std::int64_t K, D;
    P mean, kappa, norm, lean, drawn;  // (K, D), (K,), (K,), (K,), (n_drawn, K)
    FASTGEN_INLINE Constants(const Shape& shape, P p) {
      K = shape.n_components, D = shape.n_features;
      mean = p, p += K * D;
      kappa = p, p += K;
      norm = p, p += K;
      lean = p, p += K;
      drawn = p;
    }
  };
  template <class T> static std::int64_t constants_size(Shape s) {
    return s.n_components * (s.n_features + 3 + n_drawn);
  }

  static std::int64_t prepare_scratch(Shape) { return 0; }

  template <class T>
  static void prepare(Shape shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants,
                      double*, Patience) {
    using V = Vec<double, 1>;
    const Constants c(shape, constants);
    const double order = 0.5 * double(c.D) - 1.0, across = double(c.D - 1);
    for (std::int64_t k = k0; k < k1; ++k) {
      const double* mean = parameters[0] + k * c.D;
      const double kappa = parameters[1][k];
      for (std::int64_t d = 0; d < c.D; ++d) c.mean[k * c.D + d] = mean[d];
      c.kappa[k] = kappa;
      c.lean[k] = 1.0 / (1.0 + abs(mean[0]));
      constexpr double limit = 1e150;  // from here on squares overflow, and what follows is exact
      c.norm[k] = kappa < limit ? math::bessel_i(V(order), V(kappa)).log_norm.v
                                : 0.5 * across * (math::log(kappa) - numbers::log_two_pi);
      T* drawn = c.drawn + k;
      if (c.D == 3) {
        const double rate = kappa < 1e-17 ? 1e-17 : kappa;  // there a variate does not feel the difference
        drawn[0] = 1.0 / rate;
        drawn[c.K] = -math::expm1(-2.0 * rate);
        drawn[2 * c.K] = math::exp(-2.0 * rate);
      } else {
        const double two = kappa + kappa;
        drawn[0] = kappa < limit ? across / (two + sqrt(two * two + across * across)) : 0.25 * across / kappa;
        drawn[c.K] = 2.0 * sqrt(drawn[0]);
        drawn[2 * c.K] = 0.0;
      }
    }
  }

  // ---- log density ----

  // Of each point: 1 / |x|, (|x| - 1)^2, and 0 or, off the sphere, -infinity.
  template <class T> static std::int64_t evaluate_scratch(const Block<T>&, std::int64_t tile) { return 3 * tile; }

  template <class V, class T>
  static FASTGEN_INLINE void measure(const Tile<T>& tile, std::int64_t D, std::int64_t s, V& inverse, V& excess,
                                     V& barrier) {
    const V one(T(1)), zero(T(0));
    V square = zero;
    for (std::int64_t d = 0; d < D; ++d) {
      const V x = V::load(tile.x + d * tile.stride + s);
      square = fma(x, x, square);
    }
    // With |x|^2 = 1 + t, t at most 2e-5: series in place of a root and a division, which would be half of the work.
    const V t = square - one;
    const auto on = abs(t - V(T(tolerance * tolerance))) <= V(T(2 * tolerance));
    const V near = select(on, t, zero);
    inverse = fma(near, fma(near, fma(near, V(T(-5.0 / 16)), V(T(3.0 / 8))), V(T(-0.5))), one);
    const V off = near * fma(near, fma(near, fma(near, V(T(-5.0 / 128)), V(T(1.0 / 16))), V(T(-1.0 / 8))), V(T(0.5)));
    excess = off * off;
    barrier = select(on, zero, V(-math::infinity<T>));
  }

  template <class T>
  static void log_density(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                          T* lp, T* scratch) {
    using V = Vec<T, native_width<T>>;
    const Constants c(block.shape, block.constants);
    const std::int64_t stride = tile.stride;
    T *inverse = scratch, *excess = inverse + stride, *barrier = excess + stride;
    for_columns<T>(tile.padded, [&]<class U>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
      U i, e, b;
      measure(tile, c.D, s, i, e, b);
      i.store(inverse + s), e.store(excess + s), b.store(barrier + s);
    });
    for (std::int64_t k = k0; k < k1; ++k) {
      const T* mean = c.mean + k * c.D;
      const V norm(c.norm[k] + offset[k]), rate(T(-0.5) * c.kappa[k]);
      for_strips<T, 4>(tile.padded, [&]<int C>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
        V square[C];
        FASTGEN_UNROLL
        for (int v = 0; v < C; ++v) square[v] = V(T(0));
        for (std::int64_t d = 0; d < c.D; ++d) {
          const V m(mean[d]);
          FASTGEN_UNROLL
          for (int v = 0; v < C; ++v) {
            const V z = V::load(tile.x + d * stride + s + v * V::width) - m;
            square[v] = fma(z, z, square[v]);
          }
        }
        FASTGEN_UNROLL
        for (int v = 0; v < C; ++v) {
          const std::int64_t at = s + v * V::width;
          const V least =
              max(square[v] - V::load(excess + at), V(T(0)));  // rounding must not lift a density above its peak
          const V twice_drop = least * V::load(inverse + at);
          const V value = fma(rate, twice_drop, norm) + V::load(barrier + at);
          max(value, V(-math::infinity<T>)).store(lp + (k - k0) * stride + at);
        }
      });
    }
  }

  // ---- gradient ----

  // Of kappa mean^T x in the space around the sphere: kappa mean; NaN off the sphere.
  template <class T>
  static void add_gradient(const Block<T>& block, const Tile<T>& tile, const T* r, T* grad, T*) {
    using V = Vec<T, native_width<T>>;
    const Constants c(block.shape, block.constants);
    for (std::int64_t s = 0; s < tile.padded; s += V::width) {
      V inverse, excess, barrier;
      measure(tile, c.D, s, inverse, excess, barrier);
      const V undefined = barrier - barrier;  // 0, or NaN
      for (std::int64_t d = 0; d < c.D; ++d) {
        V sum = undefined;
        for (std::int64_t k = 0; k < c.K; ++k)
          sum = fma(V::load(r + k * tile.stride + s), V(c.kappa[k] * c.mean[k * c.D + d]), sum);
        T* to = grad + d * tile.stride + s;
        (V::load(to) + sum).store(to);
      }
    }
  }

  // ---- sampling ----

  using V = PanelVec;
  using U = PanelWords;

  // Of the panels drawn together: a direction across, feature by feature, of which the first has another use. Of each row: drop,
  // what the direction is to be multiplied with, its square, two words, and a place among those that need another attempt.
  template <class T> static std::int64_t draw_scratch(const Block<T>& block, std::int64_t) {
    const std::int64_t D = block.shape.n_features;
    return panels_together(D) * panel_rows * (D + 6) + list_bits_margin;
  }
  struct Draws {
    double *x, *drop, *factor, *square;
    std::uint64_t *word, *word_2, *open;
    Draws(std::int64_t D, double* p) {
      const std::int64_t rows = panels_together(D) * panel_rows;
      x = p, drop = x + rows * D, factor = drop + rows, square = factor + rows;
      word = reinterpret_cast<std::uint64_t*>(square + rows), word_2 = word + rows, open = word_2 + rows;
    }
  };

  template <class T> static void draw(const Block<T>& block, const DrawTile<T>& tile) {
    for_one_or_many(block, [&]<bool One>() { draw_rows<One>(block, tile); });
  }

  template <bool One> static void draw_rows(const Block<double>& block, const DrawTile<double>& tile) {
    const Constants c(block.shape, block.constants);
    const std::int64_t D = c.D;
    const Draws s(D, tile.scratch);
    PanelRows<One> rows[most_panels];
    for_panels(tile, panels_together(D), [&](std::uint64_t panel, std::int64_t row, std::int64_t panels) {
      const std::int64_t n = panels * panel_rows;
      const std::uint64_t first = panel * panel_rows;
      if (D > 3) {
        fill_normals(tile.key, Position(first) * Position(D), n * D, s.x);
        fill_words64(tile.key, purpose::words64, first, n, s.word);
      } else {
        fill_blocks(tile.key, first, n, s.word, s.word_2);
      }
      std::int64_t open = 0;
      for (std::int64_t p = 0; p < panels; ++p) rows[p].find(block, tile, row + p * panel_rows);
      for (std::int64_t p = 0; p < panels; ++p) {
        if (D == 3) {
          ball(c, rows[p], p, s);
        } else {
          const unsigned left = rows[p].wanted & ~(D == 2 ? circle(c, rows[p], p, s) : sphere(c, rows[p], p, s));
          open = list_bits(left, std::uint64_t(p * panel_rows), s.open, open);
        }
      }
      if (open > 0) finish<One>(c, block, tile, row, open, s);
      for (std::int64_t p = 0; p < panels; ++p) turn(c, rows[p], tile, row + p * panel_rows, p, s);
    });
  }

  // The proposal that a point on a sphere leads to, of which `along` and the square of the rest, `across`, are given up to a
  // common scale: true where u accepts it. `spread` times the rest is the sine. The probability is the power of
  // (1 + s) e^-s, by multiplications, and where these would be too many by its logarithm.
  static FASTGEN_INLINE auto ulrich(V b, V two_root_b, std::int64_t power, V along, V across, V u, V& drop, V& spread) {
    const V one(1.0), zero(0.0), two(2.0);
    const V large = sqrt(fma(along, along, across)) + abs(along), small = across / large;
    const auto forward = along > zero;
    const V g = select(forward, small, large), h = select(forward, large, small);
    const V inverse = one / fma(b, g, h);
    drop = two * b * g * inverse;
    spread = two_root_b * inverse;
    const V s = (b - one) * along * inverse;
    if (power > most_multiplied) return math::log_positive(u) <= V(double(power)) * math::log1pmx(s);
    constexpr double root_e = 0x1.a61298e1e069cp0;
    V factor = (one + s) * (math::exp_nonpositive(V(-0.5) - s) * V(root_e)), probability = power & 1 ? factor : one;
    for (std::int64_t rest = power >> 1; rest != 0; rest >>= 1) {
      factor = factor * factor;
      if (rest & 1) probability = probability * factor;
    }
    return u <= probability;
  }

  // D = 2: the point on a circle has a side, which is the direction across.
  static FASTGEN_INLINE auto propose_on_circle(V b, V two_root_b, U first, U second, V& drop, V& factor) {
    V along, across, spread;
    unit_vector(first, along, across);
    const auto accepted = ulrich(b, two_root_b, 1, along, across * across, unit(second), drop, spread);
    factor = spread * across;
    return accepted;
  }

  // First attempts at the rows of panel p: the bits of those that are accepted.
  template <bool One>
  static FASTGEN_NOINLINE unsigned circle(const Constants<const double*>& c, const PanelRows<One>& rows, std::int64_t p,
                                          const Draws& s) {
    unsigned good = 0;
    for_panel_vectors([&](int r) FASTGEN_LAMBDA_INLINE {
      const std::int64_t i = p * panel_rows + r;
      V drop, factor;
      const auto accepted = propose_on_circle(rows.of(c.drawn, r), rows.of(c.drawn + c.K, r), U::load(s.word + i),
                                              U::load(s.word_2 + i), drop, factor);
      good |= unsigned(bits(accepted)) << r;
      drop.store(s.drop + i), factor.store(s.factor + i);
      V(1.0).store(s.x + (2 * p + 1) * panel_rows + r);
    });
    return good;
  }

  // D >= 4: from the normals of a row.
  template <bool One>
  static FASTGEN_NOINLINE unsigned sphere(const Constants<const double*>& c, const PanelRows<One>& rows, std::int64_t p,
                                          const Draws& s) {
    const std::int64_t D = c.D;
    const double* x = s.x + p * D * panel_rows;
    unsigned good = 0;
    for_panel_vectors([&](int r) FASTGEN_LAMBDA_INLINE {
      const std::int64_t i = p * panel_rows + r;
      V square(0.0), drop, factor;
      for (std::int64_t d = 1; d < D; ++d) {
        const V z = V::load(x + d * panel_rows + r);
        square = fma(z, z, square);
      }
      const auto accepted = ulrich(rows.of(c.drawn, r), rows.of(c.drawn + c.K, r), D - 1, V::load(x + r), square,
                                   unit(U::load(s.word + i)), drop, factor);
      good |= unsigned(bits(accepted)) << r;
      drop.store(s.drop + i), factor.store(s.factor + i), square.store(s.square + i);
    });
    return good;
  }

  // D = 3: nothing is rejected.
  template <bool One>
  static FASTGEN_NOINLINE void ball(const Constants<const double*>& c, const PanelRows<One>& rows, std::int64_t p,
                                    const Draws& s) {
    for_panel_vectors([&](int r) FASTGEN_LAMBDA_INLINE {
      const std::int64_t i = p * panel_rows + r;
      const V drop = exponential_drop(rows.of(c.drawn, r), rows.of(c.drawn + c.K, r), rows.of(c.drawn + 2 * c.K, r),
                                      U::load(s.word + i));
      V y, z;
      unit_vector(U::load(s.word_2 + i), y, z);
      drop.store(s.drop + i);
      sqrt(drop * (V(2.0) - drop)).store(s.factor + i);
      double* x = s.x + 3 * p * panel_rows + r;
      y.store(x + panel_rows), z.store(x + 2 * panel_rows);
    });
  }

  // An exponential variate below 2. `half` is the chance of a smaller or, on the side of the highest bit, of a larger one, so that
  // neither end is coarse; small kappa, whose law is nearly flat, asks for the former always.
  static FASTGEN_INLINE V exponential_drop(V scale, V most, V rest, U word) {
    const V one(1.0), zero(0.0), half = half_unit(word);
    const auto upper = upper_half(word);
    const auto beyond = upper & (scale <= one);
    const V below = most * select(upper, one - half, half), left = one - below;
    const V tail = select(beyond, fma(most, half, rest), left);
    const V lost = select(beyond, zero, (one - left) - below);
    return min((math::log_positive(tail) + lost) * -scale, V(2.0));
  }

  // Attempts 1, 2, ... of what is open, from blocks of the sample's own. Directions stay those of the first attempt; from D = 4 on a
  // normal and a chi-square variate stand for the point on a sphere.
  template <bool One>
  static FASTGEN_NOINLINE void finish(const Constants<const double*>& c, const Block<double>& block,
                                      const DrawTile<double>& tile, std::int64_t row, std::int64_t count,
                                      const Draws& s) {
    constexpr int W = panel_width;
    const GammaShape<V> shape{V(0.5 * double(c.D - 1))};
    for (std::uint32_t attempt = 1; count > 0; ++attempt) {
      std::int64_t again = 0;
      for (std::int64_t j = 0; j < count; j += W) {
        std::uint64_t at[W], index[W];
        double b[W], two_root_b[W], square[W], drops[W], factors[W];
        for (int i = 0; i < W; ++i) {
          at[i] = s.open[j + i < count ? j + i : count - 1];
          const std::int64_t r = row + std::int64_t(at[i]), k = One ? 0 : tile.labels[r] - block.first;
          index[i] = tile.first + std::uint64_t(r);
          b[i] = c.drawn[k], two_root_b[i] = c.drawn[c.K + k], square[i] = s.square[at[i]];
        }
        const Source<W> source{tile.key, U::load(index), {}};
        V drop, factor;
        Mask<double, W> accepted;
        U first, second;
        if (c.D == 2) {
          source.words(attempt, first, second);
          accepted = propose_on_circle(V::load(b), V::load(two_root_b), first, second, drop, factor);
        } else {
          source.words(2 * attempt, first, second);
          V gamma;
          const auto drawn = gamma_attempt(shape, first, second, gamma);
          source.words(2 * attempt + 1, first, second);
          const V chi_square = gamma + gamma, u = spare_uniform(first, second);
          accepted = drawn & ulrich(V::load(b), V::load(two_root_b), c.D - 1, normal_of(first, second), chi_square, u,
                                    drop, factor);
          factor = factor * sqrt(chi_square / V::load(square));
        }
        drop.store(drops), factor.store(factors);
        const unsigned open = ~unsigned(bits(accepted));
        for (int i = 0; i < W && j + i < count; ++i) {
          s.drop[at[i]] = drops[i], s.factor[at[i]] = factors[i];  // of those still open, until the next attempt
          s.open[again] = at[i], again += open >> i & 1;
        }
      }
      count = again;
    }
  }

  // x = mean - drop mean + factor H across: H the reflection that takes the first axis to -+mean, with the sign that keeps
  // its normal, mean +- axis, long. Then to length 1, of which it lacks so little that one step of Newton's does.
  template <bool One>
  static FASTGEN_NOINLINE void turn(const Constants<const double*>& c, const PanelRows<One>& rows,
                                    const DrawTile<double>& tile, std::int64_t row, std::int64_t p, const Draws& s) {
    const std::int64_t D = c.D;
    const double* mean = c.mean;
    double *x = s.x + p * D * panel_rows, excess[panel_rows];
    for_panel_vectors([&](int r) FASTGEN_LAMBDA_INLINE {
      const std::int64_t i = p * panel_rows + r;
      V along(0.0);
      for (std::int64_t d = 1; d < D; ++d)
        along = fma(rows.of_column(mean + d, r), V::load(x + d * panel_rows + r), along);
      const V factor = V::load(s.factor + i), drop = V::load(s.drop + i), a = along * factor;
      const V m = rows.of_column(mean, r), first = m - fma(drop, m, copysign(a, a * m));
      const V shift = fma(a, rows.of(c.lean, r), drop);
      V square = first * first;
      first.store(x + r);
      for (std::int64_t d = 1; d < D; ++d) {
        const V mean_d = rows.of_column(mean + d, r);
        double* at = x + d * panel_rows + r;
        const V value = mean_d + fma(factor, V::load(at), -(mean_d * shift));
        value.store(at);
        square = fma(value, value, square);
      }
      (V(0.5) * (square - V(1.0))).store(excess + r);
    });
    write_panel(tile, D, row, rows.wanted, [&](std::int64_t d, int r) FASTGEN_LAMBDA_INLINE {
      using N = Vec<double, native_width<double>>;
      const N value = N::load(x + d * panel_rows + r);
      return fma(-N::load(excess + r), value, value);
    });
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
