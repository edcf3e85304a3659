// Independent features, each with a scalar law of its own: numbers, counts and categories in one row. The density is the
// product of those of the features that were observed; a feature that was not (NaN) is integrated out, a factor of 1.
//
// Parameters: none but those of its columns. Draws: column d reads a stream of its own, derived from the sample's.
#pragma once

#include "../core/purpose.hpp"
#include "../parts/family_ops.hpp"
#include "../parts/scratch.hpp"
#include "../parts/streams.hpp"
#include "../vector/philox.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Product {
  static constexpr bool scalar = false, has_float = false, bounded = false;

  template <class T> static std::int64_t constants_size(Shape) { return 0; }
  static std::int64_t prepare_scratch(Shape) { return 0; }
  template <class T>
  static void prepare(Shape, const double* const*, std::int64_t, std::int64_t, T*, double*, Patience) {}

  // One feature of the tile, as a scalar law sees it.
  template <class T> static Tile<T> column(const Tile<T>& tile, std::int64_t d) {
    return {.x = tile.x + d * tile.stride, .stride = tile.stride, .n = tile.n, .padded = tile.padded};
  }

  // A column's log densities and offsets of 0; scalar laws ask for nothing themselves.
  template <class T> static std::int64_t evaluate_scratch(const Block<T>& block, std::int64_t tile) {
    return block.shape.n_components + block.shape.together * tile;
  }

  template <class T>
  static void log_density(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                          T* lp, T* scratch) {
    using V = Vec<T, native_width<T>>;
    const std::int64_t K = block.shape.n_components;
    T *zeros = scratch, *part = scratch + K;
    for (std::int64_t k = k0; k < k1; ++k) {
      zeros[k] = T(0);
      for (std::int64_t s = 0; s < tile.padded; s += V::width) V(offset[k]).store(lp + (k - k0) * tile.stride + s);
    }
    for (std::int64_t d = 0; d < block.shape.n_features; ++d) {
      const Block<T>& law = block.columns[d];
      ops_of(law).log_density(law, k0, k1, column(tile, d), zeros, part, nullptr);
      const T* seen = tile.seen ? tile.seen + d * tile.stride : nullptr;
      for (std::int64_t k = k0; k < k1; ++k)
        for (std::int64_t s = 0; s < tile.padded; s += V::width) {
          V term = V::load(part + (k - k0) * tile.stride + s);
          if (seen) term = select(V::load(seen + s) == V(T(0)), V(T(0)), term);
          T* to = lp + (k - k0) * tile.stride + s;
          // Infinite densities of opposite sign: a density of 0 in one feature is one of 0 altogether.
          max(V::load(to) + term, V(-math::infinity<T>)).store(to);
        }
    }
  }

  template <class T>
  static void add_gradient(const Block<T>& block, const Tile<T>& tile, const T* r, T* grad, T*) {
    for (std::int64_t d = 0; d < block.shape.n_features; ++d) {
      const Block<T>& law = block.columns[d];
      T* to = grad + d * tile.stride;
      ops_of(law).add_gradient(law, column(tile, d), r, to, nullptr);
      if (!tile.seen) continue;
      for (std::int64_t s = 0; s < tile.n; ++s)  // no slope where there is no value
        if (tile.seen[d * tile.stride + s] == T(0)) to[s] = math::nan<T>;
    }
  }

  // One column of the tile, and what its law asks for.
  template <class T> static std::int64_t draw_scratch(const Block<T>& block, std::int64_t samples) {
    std::int64_t most = 0;
    for (std::int64_t d = 0; d < block.shape.n_features; ++d) {
      const std::int64_t need = ops_of(block.columns[d]).draw_scratch(block.columns[d], samples);
      most = need > most ? need : most;
    }
    Scratch<T> scratch;
    scratch.take(samples);
    return scratch.used() + most;
  }

  template <class T> static void draw(const Block<T>& block, const DrawTile<T>& tile) {
    const std::int64_t D = block.shape.n_features;
    Scratch<T> scratch(tile.scratch);
    T *values = scratch.take(tile.n), *rest = tile.scratch + scratch.used();
    for (std::int64_t d = 0; d < D; ++d) {
      const Block<T>& law = block.columns[d];
      const PhiloxKey key(column_key(tile.key, d));
      ops_of(law).draw(
          law, {.key = key, .first = tile.first, .n = tile.n, .labels = tile.labels, .out = values, .scratch = rest});
      for (std::int64_t i = 0; i < tile.n; ++i) tile.out[i * D + d] = values[i];
    }
  }

  // The key of column d: 64 bits of the block that the sample's key gives for it.
  static std::uint64_t column_key(const PhiloxKey& key, std::int64_t d) {
    using U = Vec<std::uint64_t, 1>;
    const auto block = philox<1>(key, U(std::uint64_t(d)), U(std::uint64_t(d) >> 32), U(std::uint64_t(0)),
                                 U(std::uint64_t(purpose::columns)));
    return (block.word[0].v & 0xffffffffu) | block.word[1].v << 32;
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
