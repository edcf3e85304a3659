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

#include "../core/bessel.hpp"
#include "../kernels/gamma_variate.hpp"
#include "normal.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct VonMisesFisher {
  static constexpr bool scalar = false, has_float = false, bounded = false;

  // How far from 1 the length of a point on the sphere may be: more than float32 arithmetic or six decimals leave.
  static constexpr double tolerance = 1e-5;
  static constexpr std::int64_t most_multiplied = 256;

  // `lean` is 1 / (1 + |first coordinate of the mean|); what drawing needs is b, or for D = 3 1 / kappa, 1 - e^(-2 kappa)
  // and e^(-2 kappa).
  static constexpr int n_drawn = 3;
  template <class T> struct Constants {
    std::int64_t K, D;
    const T *mean, *kappa, *norm, *lean, *drawn;  // (K, D), (K,), (K,), (K,), (n_drawn, K)
    FASTGEN_INLINE Constants(const Shape& shape, const T* p) {
      K = shape.n_components, D = shape.n_features;
      mean = p, p += K * D;
      kappa = p, p += K;
      norm = p, p += K;
      lean = p, p += K;
      drawn = p;
    }
    FASTGEN_INLINE Constants(const Block<T>& b) : Constants(b.shape, b.constants) {}
  };
  template <class T> static std::int64_t constants_size(Shape s) {
    return s.n_components * (s.n_features + 3 + n_drawn);
  }

  static std::int64_t prepare_scratch(Shape) { return 0; }

  template <class T>
  static void prepare(Shape shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants,
                      double*) {
    using V = Vec<double, 1>;
    const Constants<T> c(shape, constants);
    const auto at = [&](const T* p) { return constants + (p - constants); };
    const double order = 0.5 * double(c.D) - 1.0, across = double(c.D - 1);
    for (std::int64_t k = k0; k < k1; ++k) {
      const double* mean = parameters[0] + k * c.D;
      const double kappa = parameters[1][k];
      for (std::int64_t d = 0; d < c.D; ++d) at(c.mean)[k * c.D + d] = mean[d];
      at(c.kappa)[k] = kappa;
      at(c.lean)[k] = 1.0 / (1.0 + abs(V(mean[0])).v);
      constexpr double limit = 1e150;  // from here on squares overflow, and what follows is exact
      at(c.norm)[k] = kappa < limit ? math::bessel_i(V(order), V(kappa)).log_norm.v
                                    : 0.5 * across * (math::log(V(kappa)).v - 2.0 * half_log_two_pi);
      T* drawn = at(c.drawn) + k;
      if (c.D == 3) {
        const double rate = kappa < 1e-17 ? 1e-17 : kappa;  // there a variate does not feel the difference
        drawn[0] = 1.0 / rate;
        drawn[c.K] = -math::expm1(V(-2.0 * rate)).v;
        drawn[2 * c.K] = math::exp(V(-2.0 * rate)).v;
      } else {
        const double two = kappa + kappa;
        drawn[0] = kappa < limit ? across / (two + sqrt(V(two * two + across * across)).v) : 0.25 * across / kappa;
        drawn[c.K] = drawn[2 * c.K] = 0.0;
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
    const V length = sqrt(square), off = (square - one) / (length + one);
    const auto on = abs(off) <= V(T(tolerance));
    inverse = one / select(on, length, one);
    excess = off * off;
    barrier = select(on, zero, V(-infinity<T>));
  }

  template <class T>
  static void log_density(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                          T* lp, T* scratch) {
    using V = Vec<T, native_width<T>>;
    const Constants<T> c(block);
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
          max(value, V(-infinity<T>)).store(lp + (k - k0) * stride + at);
        }
      });
    }
  }

  // ---- gradient ----

  // Of kappa mean^T x in the space around the sphere: kappa mean; NaN off the sphere.
  template <class T>
  static void add_gradient(const Block<T>& block, const Tile<T>& tile, const T* r, T* grad, T*) {
    using V = Vec<T, native_width<T>>;
    const Constants<T> c(block);
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

  static std::int64_t padded(std::int64_t n) { return (n + 15) / 16 * 16; }

  // Of a tile: a direction across (D features, the first of another use), drop, what the direction is to be multiplied
  // with, its square, constants, words, components, and samples that need another attempt.
  template <class T> static std::int64_t draw_scratch(const Block<T>& block, std::int64_t samples) {
    return padded(samples) * (block.shape.n_features + n_drawn + 6);
  }
  struct Draws {
    std::int64_t stride;
    double *x, *drop, *factor, *square, *constants;
    std::uint64_t* words;
    std::int64_t *component, *open;
    Draws(std::int64_t n, std::int64_t D, double* p) : stride(padded(n)) {
      x = p, p += D * stride;
      drop = p, p += stride;
      factor = p, p += stride;
      square = p, p += stride;
      constants = p, p += n_drawn * stride;
      words = reinterpret_cast<std::uint64_t*>(p);
      component = reinterpret_cast<std::int64_t*>(p + stride);
      open = component + stride;
    }
  };

  // The proposal that a point on a sphere leads to, of which `along` and the square of the rest, `across`, are given up to a
  // common scale: true where u accepts it. `spread` times the rest is the sine. The probability is the power of
  // (1 + s) e^-s, by multiplications, and where these would be too many by its logarithm.
  template <class V>
  static FASTGEN_INLINE auto ulrich(V b, std::int64_t power, V along, V across, V u, V& drop, V& spread) {
    const V one(1.0), zero(0.0), two(2.0);
    const V large = sqrt(fma(along, along, across)) + abs(along), small = across / large;
    const auto forward = along > zero;
    const V g = select(forward, small, large), h = select(forward, large, small);
    const V inverse = one / fma(b, g, h);
    drop = two * b * g * inverse;
    spread = two * sqrt(b) * inverse;
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

  // D = 3: an exponential variate below 2. `half` is the chance of a smaller or, on the side of the highest bit, of a larger
  // one, so that neither end is coarse; small kappa, whose law is nearly flat, asks for the former always.
  template <int W>
  static FASTGEN_INLINE Vec<double, W> exponential_drop(Vec<double, W> scale, Vec<double, W> most, Vec<double, W> rest,
                                                        Vec<std::uint64_t, W> word) {
    using V = Vec<double, W>;
    const V one(1.0), zero(0.0), half = half_unit(word);
    const auto upper = mask_cast<double>(bit_cast<std::int64_t>(word) < Vec<std::int64_t, W>(std::int64_t(0)));
    const auto beyond = upper & (scale <= one);
    const V below = most * select(upper, one - half, half), left = one - below;
    const V tail = select(beyond, fma(most, half, rest), left);
    const V lost = select(beyond, zero, (one - left) - below);
    return min((math::log_positive(tail) + lost) * -scale, V(2.0));
  }

  template <class T> static void draw(const Block<T>& block, const DrawTile<T>& tile) {
    const Constants<T> c(block);
    const Draws s(tile.n, c.D, tile.scratch);
    for (std::int64_t i = 0; i < s.stride; ++i) {
      const std::int64_t label = i < tile.n ? tile.labels[i] - block.first : -1;
      const bool ours = std::uint64_t(label) < std::uint64_t(c.K);
      s.component[i] = ours ? label : -1;
      for (int j = 0; j < n_drawn; ++j) s.constants[j * s.stride + i] = c.drawn[j * c.K + (ours ? label : 0)];
    }
    if (c.D == 2) circle(tile, s);
    else if (c.D == 3) ball(tile, s);
    else sphere(c.D, tile, s);
    if (c.K == 1) turn<true>(c, tile.n, s);
    else turn<false>(c, tile.n, s);
    write_rows(c.D, tile, s);
  }

  // Attempts for all samples: first(i, drop, spread), for vectors of neighbours from i on, then again(source, b, attempt, drop,
  // spread, across), for attempts 1, 2, ... of what is open. Both are true where one is accepted; `across` is the length of
  // the rest, which may have a sign, and that of the first attempt, of which the square is kept, the unit of the direction.
  template <class First, class Again>
  static FASTGEN_INLINE void attempts_for(const DrawTile<double>& tile, const Draws& s, First first, Again again) {
    constexpr int W = wide_width<double>;
    using V = Vec<double, W>;
    using U = Vec<std::uint64_t, W>;
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < tile.n; i += W) {
      V drop, spread;
      double accepted[W];
      select(first(i, drop, spread), V(1.0), V(0.0)).store(accepted);
      drop.store(s.drop + i), spread.store(s.factor + i);
      for (int j = 0; j < W; ++j)
        if (accepted[j] == 0.0 && s.component[i + j] >= 0) s.open[count++] = i + j;
    }
    for (std::uint32_t attempt = 1; count > 0; ++attempt) {
      std::int64_t open = 0;
      for (std::int64_t i = 0; i < count; i += W) {
        std::uint64_t index[W];
        double b[W], square[W], accepted[W], drop[W], factor[W];
        std::int64_t at[W];
        for (int j = 0; j < W; ++j) {
          at[j] = s.open[i + j < count ? i + j : count - 1];
          index[j] = tile.first + std::uint64_t(at[j]), b[j] = s.constants[at[j]], square[j] = s.square[at[j]];
        }
        V d, spread, across;
        const Source<W> source{tile.key, U::load(index), {}};
        select(again(source, V::load(b), attempt, d, spread, across), V(1.0), V(0.0)).store(accepted);
        d.store(drop);
        (spread * across / sqrt(V::load(square))).store(factor);
        for (int j = 0; j < W && i + j < count; ++j) {
          if (accepted[j] != 0.0) s.drop[at[j]] = drop[j], s.factor[at[j]] = factor[j];
          else s.open[open++] = at[j];
        }
      }
      count = open;
    }
  }

  // D = 2: the point on a circle has a side, which is the direction across.
  static void circle(const DrawTile<double>& tile, const Draws& s) {
    constexpr int W = wide_width<double>;
    using V = Vec<double, W>;
    using U = Vec<std::uint64_t, W>;
    const auto attempt_at = [](const Source<W>& source, V b, std::uint32_t attempt, V& drop, V& spread, V& across)
                                FASTGEN_LAMBDA_INLINE {
      U first, second;
      source.words(attempt, first, second);
      V along;
      unit_vector(first, along, across);
      return ulrich(b, 1, along, across * across, unit(second), drop, spread);
    };
    attempts_for(tile, s, [&](std::int64_t i, V& drop, V& spread) FASTGEN_LAMBDA_INLINE {
      const U index = iota<std::uint64_t, W>() + U(tile.first + std::uint64_t(i));
      V across;
      const auto good = attempt_at(Source<W>{tile.key, index, {}}, V::load(s.constants + i), 0, drop, spread, across);
      spread = spread * across;
      V(1.0).store(s.square + i), V(1.0).store(s.x + s.stride + i);
      return good;
    }, attempt_at);
  }

  static void ball(const DrawTile<double>& tile, const Draws& s) {
    constexpr int W = wide_width<double>;
    using V = Vec<double, W>;
    using U = Vec<std::uint64_t, W>;
    for (std::int64_t i = 0; i < tile.n; i += W) {
      const U index = iota<std::uint64_t, W>() + U(tile.first + std::uint64_t(i));
      U first, second;
      Source<W>{tile.key, index, {}}.words(0, first, second);
      const auto constant = [&](int j) { return V::load(s.constants + j * s.stride + i); };
      const V drop = exponential_drop(constant(0), constant(1), constant(2), first);
      V y, z;
      unit_vector(second, y, z);
      drop.store(s.drop + i);
      sqrt(drop * (V(2.0) - drop)).store(s.factor + i);
      y.store(s.x + s.stride + i), z.store(s.x + 2 * s.stride + i);
    }
  }

  // D >= 4: the first attempt from D normals of the stream, each feature's in a part of it by itself. The others, whose
  // direction is that of the first, take a normal and a chi-square variate from blocks.
  static void sphere(std::int64_t D, const DrawTile<double>& tile, const Draws& s) {
    constexpr int W = wide_width<double>;
    using V = Vec<double, W>;
    using U = Vec<std::uint64_t, W>;
    for (std::int64_t d = 0; d < D; ++d)
      fill_normals(tile.key, (Position(d) << 66) + tile.first, tile.n, s.x + d * s.stride);
    fill_words64(tile.key, words64, tile.first, tile.n, s.words);
    for (std::int64_t d = 1; d < D; ++d)
      for (std::int64_t i = 0; i < tile.n; i += W) {
        const V z = V::load(s.x + d * s.stride + i);
        (d == 1 ? z * z : fma(z, z, V::load(s.square + i))).store(s.square + i);
      }
    const std::int64_t power = D - 1;
    const GammaShape<V> shape{V(0.5 * double(D - 1))};
    attempts_for(tile, s, [&](std::int64_t i, V& drop, V& spread) FASTGEN_LAMBDA_INLINE {
      V square(0.0);
      for (std::int64_t d = 1; d < D; ++d) {
        const V z = V::load(s.x + d * s.stride + i);
        square = fma(z, z, square);
      }
      square.store(s.square + i);
      return ulrich(V::load(s.constants + i), power, V::load(s.x + i), square, unit(U::load(s.words + i)), drop,
                    spread);
    }, [&](const Source<W>& source, V b, std::uint32_t attempt, V& drop, V& spread, V& across) FASTGEN_LAMBDA_INLINE {
      U first, second;
      V gamma;
      source.words(2 * attempt, first, second);
      const auto drawn = gamma_attempt(shape, first, second, gamma);
      source.words(2 * attempt + 1, first, second);
      const V square = gamma + gamma, u = spare_uniform(first, second);
      across = sqrt(square);
      return drawn & ulrich(b, power, normal_of(first, second), square, u, drop, spread);
    });
  }

  // x = mean - drop mean + factor H across: H the reflection that takes the first axis to -+mean, with the sign that keeps
  // its normal, mean +- axis, long. All samples feature by feature.
  template <bool One> static void turn(const Constants<double>& c, std::int64_t n, const Draws& s) {
    constexpr int W = native_width<double>;
    using V = Vec<double, W>;
    // Constant `which` of the components of samples i ..., `step` apart.
    const auto constants_of = [&](const double* which, std::int64_t step, std::int64_t i) FASTGEN_LAMBDA_INLINE {
      if constexpr (One) {
        return V(which[0]);
      } else {
        double lanes[W];
        for (int j = 0; j < W; ++j) lanes[j] = which[(s.component[i + j] < 0 ? 0 : s.component[i + j]) * step];
        return V::load(lanes);
      }
    };
    const auto for_samples = [&](auto body) FASTGEN_LAMBDA_INLINE {
      for (std::int64_t i = 0; i < n; i += W) body(i);
    };
    double *along = s.constants, *square = s.square;
    for_samples([&](std::int64_t i) FASTGEN_LAMBDA_INLINE { V(0.0).store(along + i); });
    for (std::int64_t d = 1; d < c.D; ++d)
      for_samples([&](std::int64_t i) FASTGEN_LAMBDA_INLINE {
        const V m = constants_of(c.mean + d, c.D, i);
        fma(m, V::load(s.x + d * s.stride + i), V::load(along + i)).store(along + i);
      });
    double* shift = along;
    for_samples([&](std::int64_t i) FASTGEN_LAMBDA_INLINE {
      const V m = constants_of(c.mean, c.D, i), a = V::load(along + i) * V::load(s.factor + i),
              drop = V::load(s.drop + i);
      const V x = m - fma(drop, m, copysign(a, a * m));
      x.store(s.x + i), (x * x).store(square + i);
      fma(a, constants_of(c.lean, 1, i), drop).store(shift + i);
    });
    for (std::int64_t d = 1; d < c.D; ++d)
      for_samples([&](std::int64_t i) FASTGEN_LAMBDA_INLINE {
        const V m = constants_of(c.mean + d, c.D, i);
        double* at = s.x + d * s.stride + i;
        const V x = m + fma(V::load(s.factor + i), V::load(at), -(m * V::load(shift + i)));
        x.store(at), fma(x, x, V::load(square + i)).store(square + i);
      });
  }

  // The rows of the answer, of length 1: what turn leaves is so nearly that one step of Newton's does.
  static void write_rows(std::int64_t D, const DrawTile<double>& tile, const Draws& s) {
    constexpr int W = native_width<double>;
    using V = Vec<double, W>;
    for (std::int64_t i = 0; i < tile.n; i += W) {
      const V excess = V(0.5) * (V::load(s.square + i) - V(1.0));
      const auto scaled = [&](std::int64_t d) FASTGEN_LAMBDA_INLINE {
        const V x = V::load(s.x + d * s.stride + i);
        return fma(-excess, x, x);
      };
      std::int64_t d = 0;
      for (; d + W <= D; d += W) {
        V block[W];
        FASTGEN_UNROLL
        for (int r = 0; r < W; ++r) block[r] = scaled(d + r);
        if constexpr (W > 1) transpose(block);
        for (int r = 0; r < W; ++r)
          if (s.component[i + r] >= 0) block[r].store(tile.out + (i + r) * D + d);
      }
      for (; d < D; ++d) {
        double x[W];
        scaled(d).store(x);
        for (int r = 0; r < W; ++r)
          if (s.component[i + r] >= 0) tile.out[(i + r) * D + d] = x[r];
      }
    }
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
