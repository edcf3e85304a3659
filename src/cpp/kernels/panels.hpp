// Rows drawn in panels of eight, feature by feature: lanes are rows, so that the constants of a component are broadcast, and
// sums over features and what follows from them are of whole vectors.
//
// Feature d of row i has place ((i / 8) D + d) 8 + i % 8 in a stream: panels follow each other, so many rows are filled in one
// piece, and a row drawn alone costs those of eight.
#pragma once

#include "tile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

constexpr int panel_rows = 8;
// Of vectors of rows: a panel is one or more of them on every instruction set.
constexpr int panel_width = wide_width<double> < panel_rows ? wide_width<double> : panel_rows;

// Calls body(panel, row, count) for batches of at most `most` panels that cover a tile: `panel` is the number of the first in
// the stream, `row` the place of its first row in the tile, which may lie before it.
template <class T, class Body> FASTGEN_INLINE void for_panels(const DrawTile<T>& tile, std::int64_t most, Body body) {
  const std::int64_t before = std::int64_t(tile.first % panel_rows);
  const std::int64_t panels = (before + tile.n + panel_rows - 1) / panel_rows;
  for (std::int64_t p = 0; p < panels; p += most)
    body(tile.first / panel_rows + std::uint64_t(p), p * panel_rows - before, panels - p < most ? panels - p : most);
}

// The rows of a panel that a block draws: their components, 0 for others, and bits that tell which they are. `All`: the block
// draws all rows of the tile, and has one component.
template <bool All> struct PanelLabels {
  std::uint64_t component[panel_rows] = {};
  unsigned wanted = 0;
  template <class T>
  FASTGEN_INLINE PanelLabels(const Block<T>& block, const DrawTile<T>& tile, std::int64_t row) {
    if (All && row >= 0 && row + panel_rows <= tile.n) {
      wanted = (1u << panel_rows) - 1;
      return;
    }
    for (int r = 0; r < panel_rows; ++r) {
      if (std::uint64_t(row + r) >= std::uint64_t(tile.n)) continue;
      const std::uint64_t k = std::uint64_t(tile.labels[row + r] - block.first);
      if (k >= std::uint64_t(block.shape.n_components)) continue;
      component[r] = k, wanted |= 1u << r;
    }
  }
};

// Writes the wanted rows of a panel whose first is row `row` of the tile; feature(d, r) is feature d of rows r, r + 1, ..., a
// native vector of them.
template <class Feature>
FASTGEN_INLINE void write_panel(const DrawTile<double>& tile, std::int64_t D, std::int64_t row, unsigned wanted,
                                Feature feature) {
  constexpr int W = native_width<double>;
  using V = Vec<double, W>;
  double* out = tile.out + row * D;
  FASTGEN_UNROLL
  for (int first = 0; first < panel_rows; first += W) {
    const auto store_square = [&](std::int64_t d, std::int64_t there) FASTGEN_LAMBDA_INLINE {
      V block[W];
      FASTGEN_UNROLL
      for (int j = 0; j < W; ++j) block[j] = j < there ? feature(d + j, first) : V(0.0);
      if constexpr (W > 1) transpose(block);
      FASTGEN_UNROLL
      for (int r = 0; r < W; ++r)
        if (wanted >> (first + r) & 1) block[r].store(out + (first + r) * D + d);
    };
    std::int64_t d = 0;
    for (; d + W <= D; d += W) store_square(d, W);
    if (d == D) continue;
    // What is left: by a square that starts early, or, of fewer features than a vector holds, by one that is written over what
    // follows a row, which is then written too.
    if (d > 0) {
      store_square(D - W, W);
    } else if (tile.alone && row + first >= 0 && (row + first + W - 1) * D + W <= tile.n * D) {
      store_square(0, D);
    } else {
      for (; d < D; ++d) {
        double x[W];
        feature(d, first).store(x);
        for (int r = 0; r < W; ++r)
          if (wanted >> (first + r) & 1) out[(first + r) * D + d] = x[r];
      }
    }
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
