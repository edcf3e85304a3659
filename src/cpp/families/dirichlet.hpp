// The Dirichlet law of D >= 2 shares: points of the simplex, x_d >= 0 and sum x_d = 1. Density with respect to the first
// D - 1 of them: Gamma(A) prod_d x_d^(a_d - 1) / Gamma(a_d), A = sum_d a_d; its limits at the edges.
//
// Parameters: concentrations a > 0 (K, D). A point off the simplex by a rounding has the density of y = x / sum x: where
// concentrations are large the sum's rounding would count otherwise. Two forms of the logarithm (core/special.hpp):
//
//     constant + sum_d (a_d - 1) log y_d                                 a multiply-add a pair and share
//     constant - sum_d (deviance(a_d, A y_d) + log y_d)                  where the terms of the former would cancel
//
// Draws: gamma variates of shapes a_d over their sum (G. Marsaglia and W. Tsang, 2000), those of small shapes relative to the
// largest by their logarithms, so that neither 0 / 0 nor a coarse end arises.
#pragma once

#include "../core/special.hpp"
#include "../kernels/gamma_variate.hpp"
#include "../kernels/tile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Dirichlet {
  static constexpr bool scalar = false, has_float = false, bounded = false;

  // How far from 1 the sum of a point of the simplex may be: more than float32 arithmetic or six decimals leave.
  static constexpr double tolerance = 1e-5;
  // The sum of a_d (1 + log(A / a_d)) up to which the first form loses less than 1e-13.
  static constexpr double most_direct = 512;

  // `tiny` is a (1 - log(a / A)): the two forms of a term differ by it and A y. Shapes below 1 are drawn by u^(1 / a):
  // `least` is the smallest shape of a component, `ratio` that over a, and 0 where a >= 1.
  template <class T> struct Constants {
    std::int64_t K, D;
    const T *total, *lost, *constant, *direct, *least;  // (K,); A = total + lost
    const T *a, *less, *tiny, *d, *c, *ratio;  // (K, D); a - 1; d and c are the GammaShape
    FASTGEN_INLINE Constants(const Shape& shape, const T* p) {
      K = shape.n_components, D = shape.n_features;
      total = p, lost = total + K, constant = lost + K, direct = constant + K, least = direct + K;
      a = least + K, less = a + K * D, tiny = less + K * D, d = tiny + K * D, c = d + K * D, ratio = c + K * D;
    }
    FASTGEN_INLINE Constants(const Block<T>& b) : Constants(b.shape, b.constants) {}
  };
  template <class T> static std::int64_t constants_size(Shape s) { return s.n_components * (5 + 6 * s.n_features); }

  static std::int64_t prepare_scratch(Shape) { return 0; }

  // sum + lost is the exact sum of sum and lost, and x.
  template <class V> static FASTGEN_INLINE void add_exactly(V x, V& sum, V& lost) {
    const V next = sum + x, back = next - sum;
    lost = lost + ((sum - (next - back)) + (x - back));
    sum = next;
  }

  template <class T>
  static void prepare(Shape shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants,
                      double*) {
    using V = Vec<double, 1>;
    const Constants<T> c(shape, constants);
    const auto at = [&](const T* p) { return constants + (p - constants); };
    for (std::int64_t k = k0; k < k1; ++k) {
      const double* a = parameters[0] + k * c.D;
      V total(0.0), lost(0.0);
      double least = a[0];
      for (std::int64_t d = 0; d < c.D; ++d) {
        add_exactly(V(a[d]), total, lost);
        least = a[d] < least ? a[d] : least;
      }
      const double log_total = math::log(total).v;
      double constant = math::log_excess(total).v - log_total, sum = 0;
      for (std::int64_t d = 0; d < c.D; ++d) {
        const std::int64_t i = k * c.D + d;
        const double log_a = math::log(V(a[d])).v, tiny = a[d] * (1.0 - (log_a - log_total));
        const GammaShape<V> gamma{V(a[d])};
        at(c.a)[i] = a[d], at(c.less)[i] = a[d] - 1.0, at(c.tiny)[i] = tiny;
        at(c.d)[i] = gamma.d.v, at(c.c)[i] = gamma.c.v;
        at(c.ratio)[i] = a[d] < 1.0 ? least / a[d] : 0.0;
        constant += log_a - math::log_excess(V(a[d])).v;
        sum += tiny;
      }
      const bool direct = sum <= most_direct;
      at(c.total)[k] = total.v, at(c.lost)[k] = lost.v, at(c.least)[k] = least;
      at(c.direct)[k] = direct;
      at(c.constant)[k] = direct ? constant + (sum - total.v) : constant;
    }
  }

  // ---- log density ----

  // Calls body.template operator()<V>(j) for vectors that cover 0 .. n, two side by side while there are two.
  template <class T, class Body> static FASTGEN_INLINE void for_vectors(std::int64_t n, Body body) {
    using Wide = Vec<T, wide_width<T>>;
    using V = Vec<T, native_width<T>>;
    std::int64_t j = 0;
    for (; j + Wide::width <= n; j += Wide::width) body.template operator()<Wide>(j);
    for (; j < n; j += V::width) body.template operator()<V>(j);
  }

  // Of each point: log x, y and what its rounding lost (D of each), log sum x, and 0 or, off the simplex, -infinity.
  template <class T> static std::int64_t evaluate_scratch(const Block<T>& block, std::int64_t tile) {
    return (3 * block.shape.n_features + 2) * tile;
  }

  // The sum of a point's shares and the least of them; 0, or -infinity off the simplex.
  template <class V, class T>
  static FASTGEN_INLINE V add_shares(const Tile<T>& tile, std::int64_t D, std::int64_t s, V& sum, V& lost, V& least) {
    const V zero(T(0));
    sum = zero, lost = zero, least = V(T(1));
    for (std::int64_t d = 0; d < D; ++d) {
      const V x = V::load(tile.x + d * tile.stride + s);
      least = min(x, least);
      add_exactly(x, sum, lost);
    }
    return select((least >= zero) & (abs(sum - V(T(1))) <= V(T(tolerance))), zero, V(-infinity<T>));
  }

  template <class T>
  static void log_density(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                          T* lp, T* scratch) {
    const Constants<T> c(block);
    const std::int64_t D = c.D, stride = tile.stride;
    T *logs = scratch, *share = logs + D * stride, *share_lost = share + D * stride, *log_sum = share_lost + D * stride,
      *barrier = log_sum + stride;
    bool all_direct = true;
    for (std::int64_t k = k0; k < k1; ++k) all_direct = all_direct && c.direct[k] != T(0);
    for_vectors<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
      V sum, lost, least;
      add_shares(tile, D, s, sum, lost, least).store(barrier + s);
      const V one(T(1)), t = (sum - one) + lost;
      (t * fma(-t, fma(t, V(T(-1.0 / 3)), V(T(0.5))), one)).store(log_sum + s);  // log(1 + t)
      const auto for_shares = [&](auto body) FASTGEN_LAMBDA_INLINE {
        for (std::int64_t d = 0; d < D; ++d) body(d * stride + s, V::load(tile.x + d * stride + s));
      };
      if (any(least < V(math::Format<T>::smallest_normal)))
        for_shares([&](std::int64_t at, V x) FASTGEN_LAMBDA_INLINE { math::log(x).store(logs + at); });
      else for_shares([&](std::int64_t at, V x) FASTGEN_LAMBDA_INLINE { math::log_positive(x).store(logs + at); });
      if (all_direct) return;
      const V inverse = one / sum;
      for_shares([&](std::int64_t at, V x) FASTGEN_LAMBDA_INLINE {
        const V y = x * inverse, rest = fma(-y, lost, fma(-y, sum, x));
        y.store(share + at), (rest * inverse).store(share_lost + at);
      });
    });
    for (std::int64_t k = k0; k < k1; ++k) {
      const T constant = c.constant[k] + offset[k], total = c.total[k], lost = c.lost[k], *a = c.a + k * D;
      const T *less = c.less + k * D, *tiny = c.tiny + k * D;
      for_vectors<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
        const V from_sum = V::load(log_sum + s);
        V value(T(0));
        if (c.direct[k] != T(0)) {
          for (std::int64_t d = 0; d < D; ++d)
            if (less[d] != T(0)) value = fma(V(less[d]), V::load(logs + d * stride + s) - from_sum, value);
        } else {
          for (std::int64_t d = 0; d < D; ++d) {
            const V y = V::load(share + d * stride + s), log_y = V::load(logs + d * stride + s) - from_sum;
            const V m = V(total) * y;
            const V m_lost = fma(V(lost), y, fma(V(total), V::load(share_lost + d * stride + s), fma(V(total), y, -m)));
            const V usual = -log_y - math::deviance(V(a[d]), m, m_lost);
            // Near 0 from log y, whose error the other form would leave in full; a / m may be beyond the numbers.
            const V power = less[d] == T(0) ? V(T(0)) : V(less[d]) * log_y;
            value = value + select(y < V(T(1e-20)), power + (V(tiny[d]) - m), usual);
          }
        }
        value = (value + V(constant)) + V::load(barrier + s);
        // NaN where densities of 0 and infinity meet: 0.
        max(value, V(-infinity<T>)).store(lp + (k - k0) * stride + s);
      });
    }
  }

  // ---- gradient ----

  // (a - 1) / x, of all components together; NaN off the simplex.
  template <class T>
  static void add_gradient(const Block<T>& block, const Tile<T>& tile, const T* r, T* grad, T*) {
    using V = Vec<T, native_width<T>>;
    const Constants<T> c(block);
    const V zero(T(0));
    for (std::int64_t s = 0; s < tile.padded; s += V::width) {
      V sum, lost, least;
      const V barrier = add_shares(tile, c.D, s, sum, lost, least), undefined = barrier - barrier;  // 0, or NaN
      for (std::int64_t d = 0; d < c.D; ++d) {
        V less = undefined;
        for (std::int64_t k = 0; k < c.K; ++k)
          less = fma(V::load(r + k * tile.stride + s), V(c.less[k * c.D + d]), less);
        const V x = V::load(tile.x + d * tile.stride + s) + zero;  // no -0
        T* to = grad + d * tile.stride + s;
        (V::load(to) + select(less == zero, zero, less / x)).store(to);
      }
    }
  }

  // ---- sampling ----

  // Rows drawn together: some 1,000 shares, and whole groups of normals where D is small.
  static std::int64_t rows_together(std::int64_t D) {
    const std::int64_t rows = 1024 / D / 8 * 8;
    return rows < 8 ? 8 : rows > 128 ? 128 : rows;
  }
  static std::int64_t padded(std::int64_t n) { return (n + 15) / 16 * 16; }

  // Of every share of these rows: normal, gamma variate, shape (d and c), ratio, excess, word, and a place among those that
  // are open.
  template <class T> static std::int64_t draw_scratch(const Block<T>& block, std::int64_t) {
    return 8 * padded(rows_together(block.shape.n_features) * block.shape.n_features);
  }
  struct Draws {
    double *normal, *gamma, *d, *c, *ratio, *excess;
    std::uint64_t* word;
    std::int64_t* open;
    Draws(std::int64_t size, double* p) {
      normal = p, gamma = normal + size, d = gamma + size, c = d + size, ratio = c + size, excess = ratio + size;
      word = reinterpret_cast<std::uint64_t*>(excess + size), open = reinterpret_cast<std::int64_t*>(word + size);
    }
  };

  template <class T> static void draw(const Block<T>& block, const DrawTile<T>& tile) {
    const Constants<T> c(block);
    const std::int64_t D = c.D, most = rows_together(D);
    const Draws s(padded(most * D), tile.scratch);
    bool small = false;
    if (c.K == 1) {  // the same row after row
      small = c.least[0] < 1.0;
      const std::int64_t n = (tile.n < most ? tile.n : most) * D;
      repeat(c.d, D, n, s.d), repeat(c.c, D, n, s.c);
      if (small) repeat(c.ratio, D, n, s.ratio);
    }
    for (std::int64_t begin = 0; begin < tile.n; begin += most) {
      const std::int64_t rows = tile.n - begin < most ? tile.n - begin : most, n = rows * D;
      const auto component = [&](std::int64_t i) {
        const std::int64_t k = tile.labels[begin + i] - block.first;
        return std::uint64_t(k) < std::uint64_t(c.K) ? k : -1;
      };
      if (c.K > 1) {
        small = false;
        for (std::int64_t i = 0; i < rows; ++i) {
          const std::int64_t k = component(i) < 0 ? 0 : component(i);
          small = small || c.least[k] < 1.0;
          for (std::int64_t d = 0; d < D; ++d) {
            s.d[i * D + d] = c.d[k * D + d], s.c[i * D + d] = c.c[k * D + d];
            s.ratio[i * D + d] = c.ratio[k * D + d];
          }
        }
      }
      const std::uint64_t first = tile.first + std::uint64_t(begin);
      const Position from = Position(first) * Position(D);
      fill_normals(tile.key, from, n, s.normal);
      fill_words64(tile.key, words64, from, n, s.word);
      fill_gammas(tile.key, first, D, n, s);
      if (small) {
        fill_words64(tile.key, words64, (Position(1) << 95) + from, n, s.word);
        boost(c, component, rows, s);
      }
      double* out = tile.out + begin * D;
      if (D == 2) share_out<2>(D, rows, component, s, out);
      else if (D == 3) share_out<3>(D, rows, component, s, out);
      else share_out<0>(D, rows, component, s, out);
    }
  }

  // n values, from[0 .. D) again and again.
  static FASTGEN_INLINE void repeat(const double* from, std::int64_t D, std::int64_t n, double* to) {
    for (std::int64_t filled = 0, more = D; filled < n; filled += more, from = to, more = filled)
      __builtin_memcpy(to + filled, from, std::size_t(more < n - filled ? more : n - filled) * sizeof(double));
  }

  static FASTGEN_INLINE double sum_of(const double* gamma, std::int64_t D) {
    double sum[4] = {};
    std::int64_t d = 0;
    for (; d + 4 <= D; d += 4) {
      FASTGEN_UNROLL
      for (int i = 0; i < 4; ++i) sum[i] += gamma[d + i];
    }
    for (; d < D; ++d) sum[0] += gamma[d];
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
  }

  // Over their sum: no quotient exceeds 1. Divisions of many rows together; `Known` is D where the compiler may know it.
  template <int Known, class Component>
  static void share_out(std::int64_t D, std::int64_t rows, Component component, const Draws& s, double* out) {
    if constexpr (Known > 0) D = Known;
    double* inverse = s.normal;  // used up
    for (std::int64_t i = 0; i < rows; ++i) inverse[i] = sum_of(s.gamma + i * D, D);
    for_vectors<double>(rows, [&]<class V>(std::int64_t i)
                                  FASTGEN_LAMBDA_INLINE { (V(1.0) / V::load(inverse + i)).store(inverse + i); });
    for (std::int64_t i = 0; i < rows; ++i) {
      if (component(i) < 0) continue;
      const double* __restrict from = s.gamma + i * D;
      double* __restrict to = out + i * D;
      const double scale = inverse[i];
      for (std::int64_t d = 0; d < D; ++d) to[d] = from[d] * scale;
    }
  }

  // Gamma variates, of shapes a, or a + 1 where a < 1. The first attempt has a normal and a word of the stream. What the
  // first half of the word does not accept is gathered, for a judgement by all of it and for attempts from blocks.
  static void fill_gammas(const PhiloxKey& key, std::uint64_t first, std::int64_t D, std::int64_t n, const Draws& s) {
    std::int64_t count = 0;
    for_vectors<double>(n, [&]<class V>(std::int64_t j) FASTGEN_LAMBDA_INLINE {
      constexpr int W = V::width;
      const GammaShape<V> shape(V::load(s.d + j), V::load(s.c + j));
      V value;
      const V cell = part_number(Vec<std::uint64_t, W>::load(s.word + j) >> 32);
      const auto accepted = gamma_proposal(shape, V::load(s.normal + j), cell, value);
      value.store(s.gamma + j);
      for (std::uint64_t left = bits(!accepted); left != 0; left &= left - 1)
        s.open[count++] = j + __builtin_ctzll(left);
    });
    while (count > 0 && s.open[count - 1] >= n) --count;
    constexpr int W = wide_width<double>;
    using V = Vec<double, W>;
    using U = Vec<std::uint64_t, W>;
    for (std::uint32_t attempt = 0; count > 0; ++attempt) {
      std::int64_t again = 0;
      for (std::int64_t j = 0; j < count; j += W) {
        std::int64_t at[W];
        double d[W], c[W], x[W], good[W], values[W];
        std::uint64_t word[W], index[W], slot[W];
        for (int i = 0; i < W; ++i) {
          const std::int64_t o = at[i] = s.open[j + i < count ? j + i : count - 1];
          d[i] = s.d[o], c[i] = s.c[o], x[i] = s.normal[o], word[i] = s.word[o];
          index[i] = first + std::uint64_t(o / D), slot[i] = std::uint64_t(o % D);
        }
        const GammaShape<V> shape(V::load(d), V::load(c));
        V value;
        Mask<double, W> accepted;
        if (attempt == 0) {
          accepted = gamma_judgement(shape, V::load(x), unit(U::load(word)), value);
        } else {
          U a, b;
          Source<W>{key, U::load(index), {}}.words(attempt, a, b, U::load(slot));
          accepted = gamma_attempt(shape, a, b, value);
        }
        select(accepted, V(1.0), V(0.0)).store(good), value.store(values);
        for (int i = 0; i < W && j + i < count; ++i) {
          if (good[i] != 0.0) s.gamma[at[i]] = values[i];
          else s.open[again++] = at[i];
        }
      }
      count = again;
    }
  }

  // Shapes a < 1: the variate times u^(1/a) = e^-excess, for all shares of a row relative to the least excess. Excesses are
  // kept as multiples of 1 / least, beside which they may be beyond the numbers.
  template <class Component>
  static void boost(const Constants<double>& c, Component component, std::int64_t rows, const Draws& s) {
    const std::int64_t D = c.D, n = rows * D;
    for_vectors<double>(n, [&]<class V>(std::int64_t j) FASTGEN_LAMBDA_INLINE {
      const V u = unit(Vec<std::uint64_t, V::width>::load(s.word + j));
      (V::load(s.ratio + j) * -math::log_positive(u)).store(s.excess + j);
    });
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::int64_t k = component(i);
      double* excess = s.excess + i * D;
      double nearest = excess[0];
      for (std::int64_t d = 1; d < D; ++d) nearest = excess[d] < nearest ? excess[d] : nearest;
      const double inverse = 1.0 / c.least[k < 0 ? 0 : k];
      for (std::int64_t d = 0; d < D; ++d) excess[d] = (nearest - excess[d]) * inverse;
    }
    for_vectors<double>(n, [&]<class V>(std::int64_t j) FASTGEN_LAMBDA_INLINE {
      (V::load(s.gamma + j) * math::exp(V::load(s.excess + j))).store(s.gamma + j);
    });
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
