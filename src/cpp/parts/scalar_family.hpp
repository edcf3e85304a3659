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
//     static constexpr Supply supply;                               // what draw reads (variates.hpp)
//     template <int W> static Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source);
//   };
//
// A law whose log density gains by twice as many points side by side, as its instructions wait for each other, says
//
//     static constexpr bool long_chains = true;
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
// A law may draw in stages, `stage<1>` and so on being applied to what came before. Each is run over a batch of samples: a short
// chain of dependent instructions overlaps with those of other samples, a long one does not.
//
//     static constexpr int stages;
//     template <int Stage, int W>
//     static Vec<double, W> stage(const Vec<double, W>* c, const Source<W>& source, Vec<double, W> value);
//
// Everything is in double: float32 data are converted on their way in and out (core/widened.cpp).
#pragma once

#include "constants.hpp"
#include "rejection.hpp"
#include "rows.hpp"
#include "variates.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class Law>
concept HasSlope = requires(const Vec<double, 1>* c, Vec<double, 1> x) { Law::slope(c, x); };

template <class Law> constexpr bool scored_in_long_chains = [] {
  if constexpr (requires { Law::long_chains; }) return bool(Law::long_chains);
  else return false;
}();

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
  static void prepare(Shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants, double*) {
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
    for (std::int64_t k = k0; k < k1; ++k)
      for_points<most>(block, k, tile.padded, [&]<class V>(const V* c, std::int64_t s) FASTGEN_LAMBDA_INLINE {
        const V value = Law::log_density(c, V::load(tile.x + s)) + V(offset[k]);
        max(value, V(-math::infinity<T>)).store(lp + (k - k0) * tile.stride + s);
      });
  }

  template <class T>
  static void log_density_each(const Block<T>& block, const std::int64_t* component, const Tile<T>& tile,
                               const T* offset, T* lp) {
    using V = Vec<double, native_width<double>>;
    for (std::int64_t s = 0; s < tile.padded; s += V::width) {
      V c[n_constants];
      load_rows(block.constants, pitch, component + s, c);
      const V value = Law::log_density(c, V::load(tile.x + s)) + load_each<T, V::width>(offset, component + s);
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
  static constexpr int n_drawn = drawn_constants<Law>, n_arrays = Law::supply.arrays();

  // A list of the samples left open; of a batch: constants, answers, indices and arrays.
  template <class T> static std::int64_t draw_scratch(const Block<T>&, std::int64_t samples) {
    const std::int64_t own = samples / 4 + 4 + (n_drawn + n_arrays + 2) * batch;
    if constexpr (Rejects<Law>) return own + Rejection<Law>::memory;
    else return own;
  }

  // Samples of the tile that a first attempt has left open.
  struct Open {
    std::int64_t count = 0;
    std::uint16_t* at;
    // Those of a batch whose bits are set; at(i) is the place of its sample i.
    template <class At> FASTGEN_INLINE void add(std::uint64_t left, At at_batch) {
      for (; left != 0; left &= left - 1) at[count++] = std::uint16_t(at_batch(__builtin_ctzll(left)));
    }
  };
  // One stage of drawing a vector; the first sets the bits of the lanes that are left open.
  template <class Stage, int W>
  static FASTGEN_INLINE void draw_vector(Stage, const Vec<double, W>* c, const Source<W>& source, std::uint64_t& left,
                                         std::int64_t first_bit, double* out) {
    using V = Vec<double, W>;
    if constexpr (Stage::number > 0) {
      Law::template stage<Stage::number>(c, source, V::load(out)).store(out);
    } else if constexpr (Rejects<Law>) {
      V value;
      left |= std::uint64_t(bits(!Law::first(c, source, value))) << first_bit;
      value.store(out);
    } else {
      Law::draw(c, source).store(out);
    }
  }

  template <class T> static void draw(const Block<T>& block, const DrawTile<T>& tile) {
    const std::uint64_t* arrays[most_arrays];
    for (int j = 0; j < n_arrays; ++j) {
      constexpr Supply supply = Law::supply;
      const auto name = Streams::name(supply, j);
      const bool sparse = tile.streams->sparse(name, tile.count, tile.n);
      arrays[j] = sparse ? nullptr : tile.streams->get(name, tile.key, tile.first, tile.n);
    }
    Open open{0, reinterpret_cast<std::uint16_t*>(tile.scratch)};
    T* rest = tile.scratch + tile.n / 4 + 4;
    if (tile.alone()) {
      const std::int64_t done = draw_whole(block, tile, arrays, rest, open);
      std::uint16_t last[long_width];
      for (std::int64_t i = done; i < tile.n; ++i) last[i - done] = std::uint16_t(i);
      draw_listed(block, tile, arrays, rest, open, last, tile.n - done);
    } else {
      draw_listed(block, tile, arrays, rest, open, tile.mine, tile.count);
    }
    if constexpr (Rejects<Law>) Rejection<Law>(rest).finish(block, tile, arrays, open.at, open.count);
  }

  // Of a batch of `count` samples, whose components are at `component`: constant j of sample s at j batch + s, in whole vectors.
  using DrawnConstants = LaneConstants<n_drawn, double, native_width<double>>;
  static FASTGEN_INLINE void load_constants(const DrawnConstants& table, const std::int32_t* component,
                                            std::int64_t count, double* constants) {
    using V = Vec<double, native_width<double>>;
    for (std::int64_t s = 0; s < count; s += V::width) {
      V c[n_drawn];
      table.load(component + s, c);
      FASTGEN_UNROLL
      for (int j = 0; j < n_drawn; ++j) c[j].store(constants + j * batch + s);
    }
  }

  // The samples of a tile that all belong to this block, in whole vectors; returns how many.
  template <class T>
  static std::int64_t draw_whole(const Block<T>& block, const DrawTile<T>& tile, const std::uint64_t* const* arrays,
                                 T* constants, Open& open) {
    constexpr int W = long_width;
    using V = Vec<double, W>;
    using U = Vec<std::uint64_t, W>;
    const std::int64_t K = block.shape.n_components, whole = tile.n / W * W;
    const double* table = block.constants - block.first * pitch;
    const DrawnConstants rows(block, pitch);
    V c[n_drawn];
    FASTGEN_UNROLL
    for (int j = 0; j < n_drawn; ++j) c[j] = V(block.constants[j]);
    for (std::int64_t i = 0; i < whole; i += batch) {
      const std::int64_t end = whole - i < batch ? whole : i + batch;
      if (K > 1) load_constants(rows, tile.labels + i, end - i, constants);
      std::uint64_t left = 0;
      in_stages<Law>([&](auto stage) FASTGEN_LAMBDA_INLINE {
        for (std::int64_t s = i; s < end; s += W) {
          if (K > 1) {
            FASTGEN_UNROLL
            for (int j = 0; j < n_drawn; ++j) c[j] = V::load(constants + j * batch + s - i);
          }
          const U index = iota<std::uint64_t, W>() + U(tile.first + std::uint64_t(s));
          const auto source = make_source<Law>(table, tile.key, index, arrays, s, tile.labels + s);
          // The answer's memory is in no cache: its lines are asked for two batches before they are written.
          if constexpr (decltype(stage)::number == 0) prefetch<Soon::written>(tile.out + s, 2 * batch, W);
          draw_vector(stage, c, source, left, s - i, tile.out + s);
        }
      });
      open.add(left, [i](int bit) { return i + bit; });
    }
    return whole;
  }

  // Samples mine[0 .. n) of the tile, batch by batch.
  template <class T>
  static void draw_listed(const Block<T>& block, const DrawTile<T>& tile, const std::uint64_t* const* arrays, T* memory,
                          Open& open, const std::uint16_t* mine, std::int64_t n) {
    if (n == 0) return;
    constexpr int W = long_width;
    using V = Vec<double, W>;
    using U = Vec<std::uint64_t, W>;
    const double* table = block.constants - block.first * pitch;
    const DrawnConstants rows(block, pitch);
    double *constants = memory, *answers = constants + n_drawn * batch;
    auto *index = reinterpret_cast<std::uint64_t*>(answers + batch), *bits = index + batch;
    const std::uint64_t* gathered[most_arrays];
    for (int j = 0; j < n_arrays; ++j) gathered[j] = bits + j * batch;
    std::int32_t component[batch];
    for (std::int64_t i = 0; i < n; i += batch) {
      const std::int64_t count = n - i < batch ? n - i : batch, padded = (count + W - 1) / W * W;
      const std::uint16_t* at = mine + i;
      std::uint16_t last[batch];
      if (count < padded) {  // lanes without a sample repeat the last one
        for (std::int64_t s = 0; s < padded; ++s) last[s] = at[s < count ? s : count - 1];
        at = last;
      }
      constexpr int native = native_width<double>;
      for (std::int64_t s = 0; s < padded; s += native) {
        const auto row = load_widened<native>(at + s);
        (row + Vec<std::uint64_t, native>(tile.first)).store(index + s);
        gather(tile.labels, row).store(component + s);
        for (int j = 0; j < n_arrays; ++j)
          if (arrays[j]) gather(arrays[j], row).store(bits + j * batch + s);
      }
      load_constants(rows, component, padded, constants);
      for (int j = 0; j < n_arrays; ++j)
        if (!arrays[j])
          Streams::listed(Streams::name(Law::supply, j), tile.key, index, padded, bits + j * batch, batch);
      std::uint64_t left = 0;
      in_stages<Law>([&](auto stage) FASTGEN_LAMBDA_INLINE {
        for (std::int64_t s = 0; s < count; s += W) {
          V c[n_drawn];
          FASTGEN_UNROLL
          for (int j = 0; j < n_drawn; ++j) c[j] = V::load(constants + j * batch + s);
          const auto source = make_source<Law>(table, tile.key, U::load(index + s), gathered, s, component + s);
          draw_vector(stage, c, source, left, s, answers + s);
        }
      });
      for (std::int64_t s = 0; s < count; ++s) {
        double* to = tile.out + mine[i + s];
        *to = answers[s];
        prefetch<Soon::written>(to, tile.n, 1);  // the same place of the next tile
      }
      open.add(left & (~std::uint64_t(0) >> (batch - count)), [=](int bit) { return mine[i + bit]; });
    }
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
