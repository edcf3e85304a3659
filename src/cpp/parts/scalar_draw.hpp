// Drawing from scalar laws: the loops over the samples of a tile, batch by batch, once for all laws. See the comment of
// scalar_family.hpp for what a law supplies.
#pragma once

#include "constants.hpp"
#include "law_traits.hpp"
#include "rejection.hpp"
#include "rows.hpp"
#include "tile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class Law> struct ScalarDraw {
  static constexpr std::int64_t pitch = constants_pitch<Law>, batch = draw_batch;
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
      for_bits(left, [&](int bit) FASTGEN_LAMBDA_INLINE { open.add(i + bit); });
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
      left &= ~std::uint64_t(0) >> (batch - count);
      for_bits(left, [&](int bit) FASTGEN_LAMBDA_INLINE { open.add(mine[i + bit]); });
    }
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
