// From the few functions that make a scalar law, all that the registry asks of a family. A law is written for one component
// and one vector of points; here are the loops over components and points, once for all laws:
//
//   struct Law {
//     enum Constant { ..., n_constants };            // what a component's parameters are prepared into
//     static void prepare(const double* p, double* c);              // parameters in the order of core/families.hpp
//     template <class V> static V log_density(const V* c, V x);     // x finite; +inf is allowed, NaN counts as -inf
//     template <class V> static V slope(const V* c, V x);           // its derivative; NaN outside the support
//     template <class V> static void tails(const V* c, V x, V& lower, V& upper);  // P(X <= x) and P(X > x)
//     template <class V> static void bracket(const V* c, V q, V& low, V& high);   // holds the quantile of q
//     static constexpr bool one_word;                               // draws take one word a sample, not whole blocks
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
// judge. Samples that need a judgement or another attempt are gathered, so that vectors are full whatever the lanes' fates.
//
// Everything is in double: float32 data are converted on their way in and out (core/mixture.cpp).
#pragma once

#include "tile.hpp"
#include "variates.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class Law>
concept HasSlope = requires(const Vec<double, 1>* c, Vec<double, 1> x) { Law::slope(c, x); };
template <class Law>
concept Rejects = requires(const Vec<double, 1>* c, const Source<1>& source, Vec<double, 1>& value) {
  Law::propose(c, source, 0u, value);
};

template <class Law> struct ScalarFamily {
  static constexpr bool scalar = true;
  static constexpr bool has_float = false;
  static constexpr int n_constants = Law::n_constants;

  // Constant j of component k is at j K + k.
  template <class T> static std::int64_t constants_size(Shape shape) { return n_constants * shape.n_components; }

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
        max(value, V(-infinity<T>)).store(lp + k * tile.stride + s);
      });
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

  template <class T> static std::int64_t evaluate_scratch(Shape, std::int64_t) { return 0; }

  // ---- sampling ----

  static constexpr std::int64_t batch = 64;  // samples whose constants are gathered together

  static constexpr bool one_word = [] {
    if constexpr (Rejects<Law>) return false;
    else return Law::one_word;
  }();

  // The samples of a batch: where each belongs, what it is drawn from, and what came of it.
  struct Batch {
    static constexpr std::int64_t memory = (n_constants + 4) * batch;
    std::int64_t count = 0, at[batch];
    double *constants, *value, *height;  // constant j of sample s is at j * batch + s
    std::uint64_t *index, *word;

    explicit Batch(double* p) {
      constants = p, value = p + n_constants * batch, height = value + batch;
      index = reinterpret_cast<std::uint64_t*>(height + batch), word = index + batch;
    }
    FASTGEN_INLINE void take(const Batch& other, std::int64_t from, std::int64_t to) {
      at[to] = other.at[from], index[to] = other.index[from];
      if constexpr (one_word) word[to] = other.word[from];
      for (int j = 0; j < n_constants; ++j) constants[j * batch + to] = other.constants[j * batch + from];
    }
    // Calls body(constants, s) for vectors of samples. Lanes without a sample repeat the last one.
    template <int W, class Body> FASTGEN_INLINE void for_vectors(Body body) {
      for (std::int64_t s = count; s % W != 0; ++s) {
        take(*this, s - 1, s);
        value[s] = value[s - 1], height[s] = height[s - 1];
      }
      for (std::int64_t s = 0; s < count; s += W) {
        Vec<double, W> c[n_constants];
        FASTGEN_UNROLL
        for (int j = 0; j < n_constants; ++j) c[j] = Vec<double, W>::load(constants + j * batch + s);
        body(c, s);
      }
    }
  };

  // Words of the tile, a batch, and another for those to be judged.
  template <class T> static std::int64_t draw_scratch(Shape, std::int64_t samples) {
    return samples + batch + (Rejects<Law> ? 2 : 1) * Batch::memory;
  }

  // One attempt for every sample of the batch; those that need another are left in it.
  static void attempt_all(const PhiloxKey& key, std::uint32_t attempt, Batch& some, Batch& open, double* out) {
    constexpr int W = wide_width<double>;
    using V = Vec<double, W>;
    some.template for_vectors<W>([&](const V* c, std::int64_t s) FASTGEN_LAMBDA_INLINE {
      V value;
      const Source<W> source{key, Vec<std::uint64_t, W>::load(some.index + s), {}};
      Law::propose(c, source, attempt, value).store(some.height + s);
      value.store(some.value + s);
    });
    std::int64_t again = 0, asked = 0;
    for (std::int64_t s = 0; s < some.count; ++s) {
      const double height = some.height[s];
      if (height == 0.0) {
        out[some.at[s]] = some.value[s];
      } else if (height < infinity<double>) {
        open.take(some, s, asked);
        open.value[asked] = some.value[s], open.height[asked] = height;
        ++asked;
      } else some.take(some, s, again++);
    }
    open.count = asked;
    open.template for_vectors<W>([&](const V* c, std::int64_t s) FASTGEN_LAMBDA_INLINE {
      const auto accepted = Law::accepts(c, V::load(open.value + s), V::load(open.height + s));
      select(accepted, V(0.0), V(1.0)).store(open.height + s);
    });
    for (std::int64_t s = 0; s < asked; ++s) {
      if (open.height[s] == 0.0) out[open.at[s]] = open.value[s];
      else some.take(open, s, again++);
    }
    some.count = again;
  }

  template <class T> static void draw(const Block<T>& block, const DrawTile<T>& tile) {
    constexpr int W = wide_width<double>;
    using V = Vec<double, W>;
    const PhiloxKey key(tile.key);
    const std::int64_t K = block.shape.n_components;
    auto* words = reinterpret_cast<std::uint64_t*>(tile.scratch);
    Batch some(tile.scratch + tile.n + batch);
    if constexpr (one_word) fill_words64(tile.key, words64, tile.first, tile.n, words);
    bool fresh = true;  // of one component the constants are gathered once
    for (std::int64_t i = 0; i < tile.n;) {
      std::int64_t count = 0;
      for (; i < tile.n && count < batch; ++i) {
        const std::int64_t k = tile.labels[i] - block.first;
        if (std::uint64_t(k) >= std::uint64_t(K)) continue;
        some.at[count] = i;
        some.index[count] = tile.first + std::uint64_t(i);
        if constexpr (one_word) some.word[count] = words[i];
        if (K > 1 || fresh)
          for (int j = 0; j < n_constants; ++j) some.constants[j * batch + count] = block.constants[j * K + k];
        ++count;
      }
      some.count = count;
      fresh = fresh && count < batch;
      if constexpr (Rejects<Law>) {
        Batch open(tile.scratch + tile.n + batch + Batch::memory);
        for (std::uint32_t attempt = 0; some.count > 0; ++attempt) attempt_all(key, attempt, some, open, tile.out);
      } else {
        some.template for_vectors<W>([&](const V* c, std::int64_t s) FASTGEN_LAMBDA_INLINE {
          Vec<std::uint64_t, W> bits(std::uint64_t(0));
          if constexpr (one_word) bits = Vec<std::uint64_t, W>::load(some.word + s);
          Law::draw(c, Source<W>{key, Vec<std::uint64_t, W>::load(some.index + s), bits}).store(some.value + s);
        });
        for (std::int64_t s = 0; s < count; ++s) tile.out[some.at[s]] = some.value[s];
      }
    }
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
