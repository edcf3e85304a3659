// The Dirichlet law of D >= 2 shares: points of the simplex, x_d >= 0 and sum x_d = 1. Density with respect to the first
// D - 1 of them: Gamma(A) prod_d x_d^(a_d - 1) / Gamma(a_d), A = sum_d a_d; its limits at the edges.
//
// Parameters: concentrations a > 0 (K, D). A point off the simplex by a rounding has the density of y = x / sum x: where
// concentrations are large the sum's rounding would count otherwise. Two forms of the logarithm (vector/special.hpp):
//
//     constant + sum_d (a_d - 1) log y_d                                 a multiply-add a pair and share
//     constant - sum_d (deviance(a_d, A y_d) + log y_d)                  where the terms of the former would cancel
//
// Draws: gamma variates of shapes a_d over their sum (G. Marsaglia and W. Tsang, 2000), those of small shapes relative to the
// largest by their logarithms, so that neither 0 / 0 nor a coarse end arises.
#pragma once

#include "../parts/open_gammas.hpp"
#include "../parts/panels.hpp"
#include "../parts/rows.hpp"
#include "../vector/special.hpp"

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
  // `least` is the smallest shape of a component, `ratio` that over a, and 0 where a >= 1. P is T* to prepare them, const T* to
  // read them.
  template <class P> struct Constants {
    std::int64_t K, D;
    P total, lost, constant, direct, least;  // (K,); A = total + lost
    P a, less, tiny, d, c, ratio;  // (K, D); a - 1; d and c are the GammaShape
    FASTGEN_INLINE Constants(const Shape& shape, P p) {
      K = shape.n_components, D = shape.n_features;
      total = p, lost = total + K, constant = lost + K, direct = constant + K, least = direct + K;
      a = least + K, less = a + K * D, tiny = less + K * D, d = tiny + K * D, c = d + K * D, ratio = c + K * D;
    }
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
                      double*, Patience) {
    using V = Vec<double, 1>;
    const Constants c(shape, constants);
    for (std::int64_t k = k0; k < k1; ++k) {
      const double* a = parameters[0] + k * c.D;
      double total = 0, lost = 0, least = a[0];
      for (std::int64_t d = 0; d < c.D; ++d) {
        add_exactly(a[d], total, lost);
        least = a[d] < least ? a[d] : least;
      }
      const double log_total = math::log(total);
      double constant = math::log_excess(total) - log_total, sum = 0;
      for (std::int64_t d = 0; d < c.D; ++d) {
        const std::int64_t i = k * c.D + d;
        const double log_a = math::log(a[d]), tiny = a[d] * (1.0 - (log_a - log_total));
        const GammaShape<V> gamma{V(a[d])};
        c.a[i] = a[d], c.less[i] = a[d] - 1.0, c.tiny[i] = tiny;
        c.d[i] = gamma.d.v, c.c[i] = gamma.c.v;
        c.ratio[i] = a[d] < 1.0 ? least / a[d] : 0.0;
        constant += log_a - math::log_excess(a[d]);
        sum += tiny;
      }
      const bool direct = sum <= most_direct;
      c.total[k] = total, c.lost[k] = lost, c.least[k] = least;
      c.direct[k] = direct;
      c.constant[k] = direct ? constant + (sum - total) : constant;
    }
  }

  // ---- log density ----

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
    return select((least >= zero) & (abs(sum - V(T(1))) <= V(T(tolerance))), zero, V(-math::infinity<T>));
  }

  template <class T>
  static void log_density(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                          T* lp, T* scratch) {
    const Constants c(block.shape, block.constants);
    const std::int64_t D = c.D, stride = tile.stride;
    T *logs = scratch, *share = logs + D * stride, *share_lost = share + D * stride, *log_sum = share_lost + D * stride,
      *barrier = log_sum + stride;
    bool all_direct = true;
    for (std::int64_t k = k0; k < k1; ++k) all_direct = all_direct && c.direct[k] != T(0);
    for_columns<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
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
      for_columns<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
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
        max(value, V(-math::infinity<T>)).store(lp + (k - k0) * stride + s);
      });
    }
  }

  // ---- gradient ----

  // (a - 1) / x, of all components together; NaN off the simplex.
  template <class T>
  static void add_gradient(const Block<T>& block, const Tile<T>& tile, const T* r, T* grad, T*) {
    using V = Vec<T, native_width<T>>;
    const Constants c(block.shape, block.constants);
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

  // Of every share of these panels: normal, gamma variate, part, and a place among those that are open.
  template <class T> static std::int64_t draw_scratch(const Block<T>& block, std::int64_t) {
    return 4 * panels_together(block.shape.n_features) * block.shape.n_features * panel_rows + list_bits_margin;
  }
  struct Draws {
    double *normal, *gamma;
    std::uint64_t *part, *open;
    Draws(std::int64_t D, double* p) {
      const std::int64_t size = panels_together(D) * D * panel_rows;
      normal = p, gamma = normal + size;
      part = reinterpret_cast<std::uint64_t*>(gamma + size), open = part + size;
    }
  };

  using V = PanelVec;
  using U = PanelWords;

  template <class T> static void draw(const Block<T>& block, const DrawTile<T>& tile) {
    for_one_or_many(block, [&]<bool One>() { draw_rows<One>(block, tile); });
  }

  template <bool One> static void draw_rows(const Block<double>& block, const DrawTile<double>& tile) {
    const Constants c(block.shape, block.constants);
    const std::int64_t D = c.D;
    const Draws s(D, tile.scratch);
    PanelRows<One> rows[most_panels];
    bool small = false;
    for (std::int64_t k = 0; k < c.K; ++k) small = small || c.least[k] < 1.0;
    for_panels(tile, panels_together(D), [&](std::uint64_t panel, std::int64_t row, std::int64_t panels) {
      const std::int64_t n = panels * D * panel_rows;
      const Position from = Position(panel) * Position(D * panel_rows);
      fill_normals(tile.key, from, n, s.normal);
      fill_parts(tile.key, from, n, s.part);
      std::int64_t count = 0;
      for (std::int64_t p = 0; p < panels; ++p) rows[p].find(block, tile, row + p * panel_rows);
      for (std::int64_t p = 0; p < panels; ++p) count = propose<One>(c, rows[p], p, s, count);
      finish<One>(c, block, tile, row, count, s);
      for (std::int64_t p = 0; p < panels; ++p) {
        const std::int64_t at = row + p * panel_rows;
        if (small) boost<One>(c, rows[p], tile.key, (panel + std::uint64_t(p)) * panel_rows, p, s);
        share_out(tile, D, at, rows[p].wanted, s.gamma + p * D * panel_rows);
      }
    });
  }

  // The first attempts for gamma variates of shapes a, or a + 1 where a < 1, of panel p: from a normal and the first bits of a
  // uniform. Those that are left open are listed.
  template <bool One>
  static FASTGEN_NOINLINE std::int64_t propose(const Constants<const double*>& c, const PanelRows<One>& rows,
                                               std::int64_t p, const Draws& s, std::int64_t count) {
    // By value: through references all would be read again after every store.
    const std::int64_t D = c.D, begin = p * D * panel_rows;
    const double *shape_d = c.d, *shape_c = c.c, *normal = s.normal + begin;
    double* gamma = s.gamma + begin;
    const std::uint64_t* part = s.part + begin;
    const unsigned wanted = rows.wanted;
    std::uint64_t left = 0;  // of eight shares, a byte each
    for (std::int64_t d = 0; d < D; ++d) {
      unsigned good = 0;
      for_panel_vectors([&](int r) FASTGEN_LAMBDA_INLINE {
        const std::int64_t at = d * panel_rows + r;
        const GammaShape<V> shape(rows.of_column(shape_d + d, r), rows.of_column(shape_c + d, r));
        V value;
        good |= unsigned(bits(gamma_proposal(shape, V::load(normal + at), U::load(part + at), value))) << r;
        value.store(gamma + at);
      });
      left |= std::uint64_t(wanted & ~good) << (d % 8 * 8);
      if (d % 8 < 7 && d + 1 < D) continue;
      count = list_bits(left, std::uint64_t(begin + (d - d % 8) * panel_rows), s.open, count);
      left = 0;
    }
    return count;
  }

  template <bool One>
  static FASTGEN_NOINLINE void finish(const Constants<const double*>& c, const Block<double>& block,
                                      const DrawTile<double>& tile, std::int64_t row, std::int64_t count,
                                      const Draws& s) {
    const std::uint64_t D = std::uint64_t(c.D);
    finish_gammas(tile.key, s.open, count, s.gamma, [&](std::uint64_t at) FASTGEN_LAMBDA_INLINE {
      const std::uint64_t column = at / panel_rows, d = column % D;
      const std::int64_t r = row + std::int64_t(column / D * panel_rows + at % panel_rows);
      const std::uint64_t place = (One ? 0 : std::uint64_t(tile.labels[r] - block.first) * D) + d;
      return OpenGamma{c.d[place], c.c[place], s.normal[at], s.part[at], tile.first + std::uint64_t(r), d};
    });
  }

  // Shapes a < 1: the variate times u^(1/a) = e^-excess, for all shares of a row relative to the least excess. Excesses are
  // kept as multiples of 1 / least, beside which they may be beyond the numbers. The uniforms are those of attempt 0, a block for
  // two shares. Of a column without a shape below 1 all excesses are 0, then the least is, and nothing changes. In stages, so
  // that blocks, logarithms and exponentials of several columns overlap.
  template <bool One>
  static FASTGEN_NOINLINE void boost(const Constants<const double*>& c, const PanelRows<One>& rows,
                                     const PhiloxKey& key, std::uint64_t index, std::int64_t p, const Draws& s) {
    const std::int64_t D = c.D, begin = p * D * panel_rows;
    double *gamma = s.gamma + begin, *excess = s.normal + begin;  // the normals are used up,
    std::uint64_t* word = s.part + begin;  // and so are the parts
    for_panel_vectors([&](int r) FASTGEN_LAMBDA_INLINE {
      const V zero(0.0);
      const auto ratio = [&](std::int64_t d) FASTGEN_LAMBDA_INLINE { return rows.of_column(c.ratio + d, r); };
      const auto is_small = [&](std::int64_t d) FASTGEN_LAMBDA_INLINE { return d < D && any(ratio(d) != zero); };
      const Source<panel_width> source{key, iota<std::uint64_t, panel_width>() + U(index + std::uint64_t(r)), {}};
      for (std::int64_t d = 0; d < D; d += 2) {
        if (!is_small(d) && !is_small(d + 1)) continue;
        U a, b;
        source.words(0, a, b, U(std::uint64_t(d / 2)));
        a.store(word + d * panel_rows + r);
        if (d + 1 < D) b.store(word + (d + 1) * panel_rows + r);
      }
      V nearest(math::infinity<double>);
      for (std::int64_t d = 0; d < D; ++d) {
        const std::int64_t at = d * panel_rows + r;
        const V value = is_small(d) ? ratio(d) * -math::log_positive(unit(U::load(word + at))) : zero;
        value.store(excess + at);
        nearest = min(value, nearest);
      }
      const V inverse = V(1.0) / rows.of(c.least, r);
      for (std::int64_t d = 0; d < D; ++d) {
        if (!is_small(d)) continue;
        const std::int64_t at = d * panel_rows + r;
        (V::load(gamma + at) * math::exp((nearest - V::load(excess + at)) * inverse)).store(gamma + at);
      }
    });
  }

  // The rows of a panel over their sums: no quotient exceeds 1.
  static FASTGEN_NOINLINE void share_out(const DrawTile<double>& tile, std::int64_t D, std::int64_t row,
                                         unsigned wanted, const double* gamma) {
    double inverse[panel_rows];
    for_panel_vectors([&](int r) FASTGEN_LAMBDA_INLINE {
      V sum = V::load(gamma + r);
      for (std::int64_t d = 1; d < D; ++d) sum = sum + V::load(gamma + d * panel_rows + r);
      (V(1.0) / sum).store(inverse + r);
    });
    write_panel(tile, D, row, wanted, [&](std::int64_t d, int r) FASTGEN_LAMBDA_INLINE {
      using N = Vec<double, native_width<double>>;
      return N::load(gamma + d * panel_rows + r) * N::load(inverse + r);
    });
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
