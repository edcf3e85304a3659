// From the few functions that make a scalar law, all that the registry asks of a family. A law is written for one component
// and one vector of points; here are the loops over components and points, once for all laws:
//
//   struct Law {
//     enum Constant { ..., n_drawn, ..., n_constants };  // what a component's parameters are prepared into; if n_drawn
//                                                        // is named, draw reads the constants before it only
//     static void prepare(const double* p, double* c);              // parameters in the order of core/families.hpp
//     template <class V> static V log_density(const V* c, V x);     // x finite; +inf is allowed, NaN counts as -inf
//     template <class V> static V slope(const V* c, V x);           // its derivative; NaN outside the support
//     template <class V> static void tails(const V* c, V x, V& lower, V& upper);  // P(X <= x) and P(X > x)
//     template <class V> static void bracket(const V* c, V q, V& low, V& high);   // holds the quantile of q
//     static constexpr bool one_word;                               // draws take one word a sample, not whole blocks
//     static constexpr bool one_normal;                             // if named: that word is a standard normal
//     template <int W> static Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source);
//   };
//
// Laws of counts have no slope. A law that rejects has, instead of one_word and draw,
//
//     template <int W> static Vec<double, W> propose(const Vec<double, W>* c, const Source<W>& source, std::uint32_t attempt,
//                                                    Vec<double, W>& value);  // for attempt = 0, 1, 2, ...
//     template <class V> static auto accepts(const V* c, V value, V height);
//
// `propose` says 0 where the value is accepted at once, infinity where it is rejected, and else a height that `accepts` must
// judge; a law that only says 0 or infinity needs no `accepts` (rejection.hpp).
//
// Everything is in double: float32 data are converted on their way in and out (core/widened.cpp).
#pragma once

#include "normals.hpp"
#include "rejection.hpp"
#include "tile.hpp"
#include "variates.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class Law>
concept HasSlope = requires(const Vec<double, 1>* c, Vec<double, 1> x) { Law::slope(c, x); };

template <class Law> struct ScalarFamily {
  static constexpr bool scalar = true;
  static constexpr bool has_float = false;
  static constexpr bool bounded = false;
  static constexpr int n_constants = Law::n_constants;

  // Constant j of component k is at j K + k.
  template <class T> static std::int64_t constants_size(Shape shape) { return n_constants * shape.n_components; }

  static std::int64_t prepare_scratch(Shape) { return 0; }

  template <class T>
  static void prepare(Shape shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants,
                      double*) {
    constexpr int most_parameters = 4;
    for (std::int64_t k = k0; k < k1; ++k) {
      double p[most_parameters], c[n_constants] = {};
      for (int i = 0; i < most_parameters; ++i) p[i] = parameters[i] ? parameters[i][k] : 0.0;
      Law::prepare(p, c);
      for (int j = 0; j < n_constants; ++j) constants[j * shape.n_components + k] = c[j];
    }
  }

  // The constants of component k in every lane.
  template <class V> struct Lanes {
    V c[n_constants];
    FASTGEN_INLINE Lanes(const Block<double>& b, std::int64_t k) {
      FASTGEN_UNROLL
      for (int j = 0; j < n_constants; ++j) c[j] = V(b.constants[j * b.shape.n_components + k]);
    }
  };

  // Calls body.template operator()<V>(constants, s) for the vectors that cover 0 .. n, two side by side while there are two.
  template <class Body>
  static FASTGEN_INLINE void for_points(const Block<double>& block, std::int64_t k, std::int64_t n, Body body) {
    using Wide = Vec<double, wide_width<double>>;
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
    for (std::int64_t k = k0; k < k1; ++k)
      for_points(block, k, tile.padded, [&]<class V>(const V* c, std::int64_t s) FASTGEN_LAMBDA_INLINE {
        const V value = Law::log_density(c, V::load(tile.x + s)) + V(offset[k]);
        max(value, V(-infinity<T>)).store(lp + (k - k0) * tile.stride + s);
      });
  }

  template <class T>
  static void log_density_each(const Block<T>& block, const std::int64_t* component, const Tile<T>& tile,
                               const T* offset, T* lp) {
    using V = Vec<double, native_width<double>>;
    const std::int64_t K = block.shape.n_components;
    double constants[n_constants + 1][V::width];
    for (std::int64_t s = 0; s < tile.padded; s += V::width) {
      for (int i = 0; i < V::width; ++i) {
        const std::int64_t k = component[s + i];
        for (int j = 0; j < n_constants; ++j) constants[j][i] = block.constants[j * K + k];
        constants[n_constants][i] = offset[k];
      }
      V c[n_constants];
      FASTGEN_UNROLL
      for (int j = 0; j < n_constants; ++j) c[j] = V::load(constants[j]);
      const V value = Law::log_density(c, V::load(tile.x + s)) + V::load(constants[n_constants]);
      max(value, V(-infinity<T>)).store(lp + s);
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
        fma(weight, math::exp(Law::log_density(c, at)), V::load(density + s)).store(density + s);
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

  // ---- sampling ----

  static constexpr std::int64_t batch = draw_batch;
  static constexpr bool one_normal = requires { Law::one_normal; };
  static constexpr int n_drawn = drawn_constants<Law>;

  // Words of the tile; of a batch: constants, indices, words and answers.
  template <class T> static std::int64_t draw_scratch(const Block<T>&, std::int64_t samples) {
    if constexpr (Rejects<Law>) return Rejection<Law>::scratch();
    else return samples + (n_drawn + 3) * batch;
  }

  template <class T> static void draw(const Block<T>& block, const DrawTile<T>& tile) {
    if constexpr (Rejects<Law>) {
      Rejection<Law>::draw(block, tile);
    } else {
      draw_directly(block, tile);
    }
  }

  template <class T> static void draw_directly(const Block<T>& block, const DrawTile<T>& tile) {
    auto* words = reinterpret_cast<std::uint64_t*>(tile.scratch);
    if constexpr (one_normal) fill_normals(tile.key, tile.first, tile.n, tile.scratch);
    else if constexpr (Law::one_word) fill_words64(tile.key, words64, tile.first, tile.n, words);
    std::int64_t others = 0;
    for (std::int64_t i = 0; i < tile.n && !tile.alone; ++i)
      others += std::uint32_t(tile.labels[i] - block.first) >= std::uint32_t(block.shape.n_components);
    draw_rest(block, tile, words, others ? 0 : draw_whole(block, tile, words));
  }

  // The samples of a tile that all belong to this block, in whole vectors; returns how many.
  template <class T>
  static std::int64_t draw_whole(const Block<T>& block, const DrawTile<T>& tile, const std::uint64_t* words) {
    constexpr int W = wide_width<double>;
    using V = Vec<double, W>;
    using U = Vec<std::uint64_t, W>;
    const std::int64_t K = block.shape.n_components, whole = tile.n / W * W;
    double* constants = tile.scratch + tile.n;
    Lanes<V> lanes(block, 0);
    for (std::int64_t i = 0; i < whole; i += batch) {
      const std::int64_t end = whole - i < batch ? whole : i + batch;
      if (K > 1)
        for (std::int64_t s = i; s < end; ++s)
          for (int j = 0; j < n_drawn; ++j)
            constants[j * batch + s - i] = block.constants[j * K + tile.labels[s] - block.first];
      for (std::int64_t s = i; s < end; s += W) {
        if (K > 1) {
          FASTGEN_UNROLL
          for (int j = 0; j < n_drawn; ++j) lanes.c[j] = V::load(constants + j * batch + s - i);
        }
        const U index = iota<std::uint64_t, W>() + U(tile.first + std::uint64_t(s));
        U bits(std::uint64_t(0));
        if constexpr (Law::one_word) bits = U::load(words + s);
        Law::draw(lanes.c, Source<W>{tile.key, index, bits}).store(tile.out + s);
      }
    }
    return whole;
  }

  // Those from `begin` on that belong to this block, batch by batch.
  template <class T>
  static void draw_rest(const Block<T>& block, const DrawTile<T>& tile, const std::uint64_t* words,
                        std::int64_t begin) {
    constexpr int W = wide_width<double>;
    using V = Vec<double, W>;
    using U = Vec<std::uint64_t, W>;
    const std::int64_t K = block.shape.n_components;
    double* constants = tile.scratch + tile.n;
    double* answers = constants + n_drawn * batch;
    auto* index = reinterpret_cast<std::uint64_t*>(answers + batch);
    auto* word = index + batch;
    std::int64_t at[batch];
    for (std::int64_t i = begin; i < tile.n;) {
      std::int64_t count = 0;
      for (; i < tile.n && count < batch; ++i) {
        const std::int64_t k = tile.labels[i] - block.first;
        if (std::uint64_t(k) >= std::uint64_t(K)) continue;
        at[count] = i;
        index[count] = tile.first + std::uint64_t(i);
        if constexpr (Law::one_word) word[count] = words[i];
        for (int j = 0; j < n_drawn; ++j) constants[j * batch + count] = block.constants[j * K + k];
        ++count;
      }
      // Lanes without a sample repeat the last one.
      for (std::int64_t s = count; s % W != 0; ++s) {
        index[s] = index[s - 1];
        if constexpr (Law::one_word) word[s] = word[s - 1];
        for (int j = 0; j < n_drawn; ++j) constants[j * batch + s] = constants[j * batch + s - 1];
      }
      for (std::int64_t s = 0; s < count; s += W) {
        V c[n_drawn];
        FASTGEN_UNROLL
        for (int j = 0; j < n_drawn; ++j) c[j] = V::load(constants + j * batch + s);
        U bits(std::uint64_t(0));
        if constexpr (Law::one_word) bits = U::load(word + s);
        Law::draw(c, Source<W>{tile.key, U::load(index + s), bits}).store(answers + s);
      }
      for (std::int64_t s = 0; s < count; ++s) tile.out[at[s]] = answers[s];
    }
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
