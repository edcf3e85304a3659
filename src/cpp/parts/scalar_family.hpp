// From the few functions that make a scalar law, all that the registry asks of a family. A law is written for one component
// and one vector of points; here are the loops over components and points, once for all laws (those over samples are in
// scalar_draw.hpp):
//
//   struct Law {
//     enum Constant { ..., n_drawn, ..., n_constants };  // what a component's parameters are prepared into; if n_drawn
//                                                        // is named, draw reads the constants before it only
//     static void prepare(const double* p, double* c);              // parameters in the order of core/families.hpp
//     template <class V> static V log_density(const V* c, V x);     // x finite; +inf is allowed, NaN counts as -inf
//     template <class V> static V slope(const V* c, V x);           // its derivative; NaN outside the support
//     template <class V> static void tails(const V* c, V x, V& lower, V& upper);  // P(X <= x) and P(X > x)
//     template <class V> static void bracket(const V* c, V q, V& low, V& high);   // holds the quantile of q
//     static constexpr Supply supply;                               // what draw reads (variates.hpp)
//     template <int W> static Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source);
//   };
//
// A law whose log density gains by twice as many points side by side, as its instructions wait for each other, says
//
//     static constexpr bool long_chains = true;
//
// and one whose log density is a chain of two elementary functions gives the first part of it apart. Each part is run over all
// points of a tile: a short chain of dependent instructions overlaps with those of other points, a long one does not.
//
//     template <class V> static V begin_log_density(const V* c, V x);
//     template <class V> static V log_density(const V* c, V x, V begun);
//
// Laws of counts have no slope. A law that rejects has, instead of draw,
//
//     template <int W>
//     static Mask<double, W> first(const Vec<double, W>* c, const Source<W>& source, Vec<double, W>& value);
//     template <int W>  // for number = 0, 1, 2, ...
//     static Mask<double, W> retry(const Vec<double, W>* c, const Source<W>& source, std::uint32_t number,
//                                  Vec<double, W>& value);
//
// which say where `value` is accepted. `first` sees what `supply` names and decides what is cheap to decide; a sample that it
// leaves open goes to `retry` until that accepts (rejection.hpp).
//
// Likewise a law may draw in stages, `stage<1>` and so on being applied to what came before, each over a batch of samples.
//
//     static constexpr int stages;
//     template <int Stage, int W>
//     static Vec<double, W> stage(const Vec<double, W>* c, const Source<W>& source, Vec<double, W> value);
//
// Everything is in double: float32 data are converted on their way in and out (core/widened.cpp).
#pragma once

#include "constants.hpp"
#include "law_traits.hpp"
#include "patience.hpp"
#include "scalar_draw.hpp"
#include "tile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class Law> struct ScalarFamily {
  static constexpr bool scalar = true;
  static constexpr bool has_float = false;
  static constexpr bool bounded = false;
  static constexpr int n_constants = Law::n_constants;

  // A component's constants are a row of a table.
  static constexpr std::int64_t pitch = constants_pitch<Law>;
  template <class T> static std::int64_t constants_size(Shape shape) {
    return pitch * shape.n_components + table_margin;
  }

  static std::int64_t prepare_scratch(Shape) { return 0; }

  template <class T>
  static void prepare(Shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants, double*,
                      Patience) {
    constexpr int most_parameters = 4;
    for (std::int64_t k = k0; k < k1; ++k) {
      double p[most_parameters], c[n_constants] = {};
      for (int i = 0; i < most_parameters; ++i) p[i] = parameters[i] ? parameters[i][k] : 0.0;
      Law::prepare(p, c);
      for (int j = 0; j < n_constants; ++j) constants[k * pitch + j] = c[j];
    }
  }

  // The constants of component k in every lane.
  template <class V> struct Lanes {
    V c[n_constants];
    FASTGEN_INLINE Lanes(const Block<double>& b, std::int64_t k) {
      FASTGEN_UNROLL
      for (int j = 0; j < n_constants; ++j) c[j] = V(b.constants[k * pitch + j]);
    }
  };

  // Calls body.template operator()<V>(constants, s) for the vectors that cover 0 .. n, `Most` lanes while there are as many.
  template <int Most = wide_width<double>, class Body>
  static FASTGEN_INLINE void for_points(const Block<double>& block, std::int64_t k, std::int64_t n, Body body) {
    using Wide = Vec<double, Most>;
    using V = Vec<double, native_width<double>>;
    const Lanes<Wide> wide(block, k);
    std::int64_t s = 0;
    for (; s + Wide::width <= n; s += Wide::width) body.template operator()<Wide>(wide.c, s);
    if (s >= n) return;
    const Lanes<V> one(block, k);
    for (; s < n; s += V::width) body.template operator()<V>(one.c, s);
  }

  template <class T>
  static void log_density(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                          T* lp, T*) {
    constexpr int most = scored_in_long_chains<Law> ? long_width : wide_width<double>;
    for (std::int64_t k = k0; k < k1; ++k) {
      T* row = lp + (k - k0) * tile.stride;
      if constexpr (ScoresInTwoParts<Law>)
        for_points<most>(block, k, tile.padded, [&]<class V>(const V* c, std::int64_t s) FASTGEN_LAMBDA_INLINE {
          Law::begin_log_density(c, V::load(tile.x + s)).store(row + s);
        });
      for_points<most>(block, k, tile.padded, [&]<class V>(const V* c, std::int64_t s) FASTGEN_LAMBDA_INLINE {
        const V x = V::load(tile.x + s);
        V value;
        if constexpr (ScoresInTwoParts<Law>) value = Law::log_density(c, x, V::load(row + s));
        else value = Law::log_density(c, x);
        max(value + V(offset[k]), V(-math::infinity<T>)).store(row + s);
      });
    }
  }

  template <class T>
  static void log_density_each(const Block<T>& block, const std::int64_t* component, const Tile<T>& tile,
                               const T* offset, T* lp) {
    using V = Vec<double, native_width<double>>;
    for (std::int64_t s = 0; s < tile.padded; s += V::width) {
      V c[n_constants];
      load_rows(block.constants, pitch, component + s, c);
      const V value = log_density_of<Law>(c, V::load(tile.x + s)) + load_each<T, V::width>(offset, component + s);
      max(value, V(-math::infinity<T>)).store(lp + s);
    }
  }

  template <class T>
  static void add_gradient(const Block<T>& block, const Tile<T>& tile, const T* r, T* grad, T*) {
    for (std::int64_t k = 0; k < block.shape.n_components; ++k)
      for_points(block, k, tile.padded, [&]<class V>(const V* c, std::int64_t s) FASTGEN_LAMBDA_INLINE {
        const V share = V::load(r + k * tile.stride + s), zero(T(0));
        V slope(math::nan<T>);
        if constexpr (HasSlope<Law>) slope = Law::slope(c, V::load(tile.x + s));
        slope = select(share > zero, slope, zero);
        fma(share, slope, V::load(grad + s)).store(grad + s);
      });
  }

  template <class T>
  static void add_tails(const Block<T>& block, std::int64_t n, const T* x, const T* weights, T* lower, T* upper,
                        T* density) {
    for (std::int64_t k = 0; k < block.shape.n_components; ++k) {
      if (weights[k] == T(0)) continue;
      for_points(block, k, n, [&]<class V>(const V* c, std::int64_t s) FASTGEN_LAMBDA_INLINE {
        const V weight(weights[k]), at = V::load(x + s);
        V below, above;
        Law::tails(c, at, below, above);
        fma(weight, below, V::load(lower + s)).store(lower + s);
        fma(weight, above, V::load(upper + s)).store(upper + s);
        V slope = math::exp(log_density_of<Law>(c, at));
        if constexpr (requires { Law::drawn(at); }) slope = select(Law::drawn(at), slope, V(0.0));
        fma(weight, slope, V::load(density + s)).store(density + s);
      });
    }
  }

  template <class T>
  static void bracket_quantile(const Block<T>& block, std::int64_t n, const T* q, const T* weights, T* low, T* high) {
    for (std::int64_t k = 0; k < block.shape.n_components; ++k) {
      if (weights[k] == T(0)) continue;
      for_points(block, k, n, [&]<class V>(const V* c, std::int64_t s) FASTGEN_LAMBDA_INLINE {
        V least, most;
        Law::bracket(c, V::load(q + s), least, most);
        min(least, V::load(low + s)).store(low + s);
        max(most, V::load(high + s)).store(high + s);
      });
    }
  }

  template <class T> static std::int64_t evaluate_scratch(const Block<T>&, std::int64_t) { return 0; }

  template <class T> static constexpr auto draw_scratch = ScalarDraw<Law>::template draw_scratch<T>;
  template <class T> static constexpr auto draw = ScalarDraw<Law>::template draw<T>;
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
