// Drawing from scalar laws: the loops over the samples of a tile, batch by batch, once for all laws. See the comment of
// scalar_family.hpp for what a law supplies.
#pragma once

#include "constants.hpp"
#include "law_traits.hpp"
#include "rejection.hpp"
#include "rows.hpp"
#include "scratch.hpp"
#include "tile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class Law> struct ScalarDraw {
  static constexpr std::int64_t pitch = constants_pitch<Law>, batch = draw_batch;
  static constexpr int n_drawn = drawn_constants<Law>, n_arrays = Law::supply.arrays();

  // Of a tile: random bits, and a list of the samples left open. Of a batch: constants, and answers that are not whole vectors.
  struct Memory {
    std::uint64_t* arrays[most_arrays];
    double *constants, *answers, *rejection = nullptr;
    std::uint16_t* open;
    Memory(std::int64_t samples, Scratch<double>& scratch) {
      for (int j = 0; j < n_arrays; ++j) arrays[j] = scratch.take<std::uint64_t>(padded(samples));
      constants = scratch.take(n_drawn * batch);
      answers = scratch.take(batch);
      if constexpr (Rejects<Law>) rejection = scratch.take(Rejection<Law>::memory);
      open = scratch.take<std::uint16_t>(samples);
    }
  };
  static constexpr std::int64_t padded(std::int64_t n) { return (n + long_width - 1) / long_width * long_width; }

  template <class T> static std::int64_t draw_scratch(const Block<T>&, std::int64_t samples) {
    Scratch<double> scratch;
    Memory(samples, scratch);
    return scratch.used();
  }

  // Samples of the tile that a first attempt has left open.
  struct Open {
    std::int64_t count = 0;
    std::uint16_t* at;
    FASTGEN_INLINE void add(std::int64_t sample) { at[count++] = std::uint16_t(sample); }
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

  template <class T> static void draw(const Block<T>& block, const DrawTile<T>& tile) {
    constexpr int W = long_width;
    using V = Vec<double, W>;
    using U = Vec<std::uint64_t, W>;
    Scratch<double> scratch(tile.scratch);
    const Memory memory(tile.n, scratch);
    fill_arrays(Law::supply, tile.key, tile.first, padded(tile.n), memory.arrays);
    const std::int64_t K = block.shape.n_components;
    const double* table = block.constants - block.first * pitch;
    const DrawnConstants rows(block, pitch);
    V c[n_drawn];
    FASTGEN_UNROLL
    for (int j = 0; j < n_drawn; ++j) c[j] = V(block.constants[j]);
    Open open{0, memory.open};
    for (std::int64_t i = 0; i < tile.n; i += batch) {
      const std::int64_t count = tile.n - i < batch ? tile.n - i : batch, lanes = padded(count);
      const std::int32_t* component = tile.labels + i;
      double* out = tile.out + i;
      std::int32_t last[batch];
      if (count < lanes) {  // lanes without a sample repeat the last one
        for (std::int64_t s = 0; s < lanes; ++s) last[s] = component[s < count ? s : count - 1];
        component = last, out = memory.answers;
      }
      if (K > 1) load_constants(rows, component, lanes, memory.constants);
      std::uint64_t left = 0;
      in_stages<Law>([&](auto stage) FASTGEN_LAMBDA_INLINE {
        for (std::int64_t s = 0; s < lanes; s += W) {
          if (K > 1) {
            FASTGEN_UNROLL
            for (int j = 0; j < n_drawn; ++j) c[j] = V::load(memory.constants + j * batch + s);
          }
          const U index = iota<std::uint64_t, W>() + U(tile.first + std::uint64_t(i + s));
          const auto source = make_source<Law>(table, tile.key, index, memory.arrays, i + s, component + s);
          if constexpr (decltype(stage)::number == 0) prefetch<Soon::written>(tile.soon + i + s, 2 * batch, W);
          draw_vector(stage, c, source, left, s, out + s);
        }
      });
      if (count < lanes) __builtin_memcpy(tile.out + i, out, std::size_t(count) * sizeof(double));
      left &= ~std::uint64_t(0) >> (batch - count);
      for_bits(left, [&](int bit) FASTGEN_LAMBDA_INLINE { open.add(i + bit); });
    }
    if constexpr (Rejects<Law>)
      Rejection<Law>(memory.rejection).finish(block, tile, memory.arrays, open.at, open.count);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
