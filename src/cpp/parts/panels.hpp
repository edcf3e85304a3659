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
using PanelVec = Vec<double, panel_width>;
using PanelWords = Vec<std::uint64_t, panel_width>;

// Calls body(r) for the vectors of a panel, of its rows r, r + 1, ...
template <class Body> FASTGEN_INLINE void for_panel_vectors(Body body) {
  FASTGEN_UNROLL
  for (int r = 0; r < panel_rows; r += panel_width) body(r);
}

// Panels drawn together: some 2,000 numbers, whole groups of normals where that is possible.
constexpr std::int64_t most_panels = 128;
inline std::int64_t panels_together(std::int64_t D) {
  const std::int64_t panels = 256 / D / 8 * 8;
  return D > 128 ? 1 : panels < 8 ? 8 : panels;
}

// Calls body(panel, row, count) for batches of at most `most` panels that cover a tile: `panel` is the number of the first in
// the stream, `row` the place of its first row in the tile, which may lie before it.
template <class T, class Body> FASTGEN_INLINE void for_panels(const DrawTile<T>& tile, std::int64_t most, Body body) {
  const std::int64_t before = std::int64_t(tile.first % panel_rows);
  const std::int64_t panels = (before + tile.n + panel_rows - 1) / panel_rows;
  for (std::int64_t p = 0; p < panels; p += most)
    body(tile.first / panel_rows + std::uint64_t(p), p * panel_rows - before, panels - p < most ? panels - p : most);
}

// The rows of a panel that are in the tile: bits that tell which they are, and what their components' constants are. `One`: the
// block has one component. Lanes without a row take those of component 0.
template <bool One> struct PanelRows {
  unsigned wanted;
  std::uint64_t component[panel_rows], place[panel_rows];  // in tables (K,) and (K, D)

  template <class T> FASTGEN_INLINE void find(const Block<T>& block, const DrawTile<T>& tile, std::int64_t row) {
    wanted = (1u << panel_rows) - 1;
    if (One && row >= 0 && row + panel_rows <= tile.n) return;
    for (int r = 0; r < panel_rows; ++r) {
      const bool there = std::uint64_t(row + r) < std::uint64_t(tile.n);
      component[r] = there ? std::uint64_t(tile.labels[row + r] - block.first) : 0;
      place[r] = component[r] * std::uint64_t(block.shape.n_features);
      wanted ^= unsigned(!there) << r;
    }
  }
  // Of rows r, r + 1, ...: an entry of a table (K,), or of column d of one (K, D), which is table + d.
  FASTGEN_INLINE PanelVec of(const double* table, int r) const {
    if constexpr (One) return PanelVec(table[0]);
    else return gather(table, PanelWords::load(component + r));
  }
  FASTGEN_INLINE PanelVec of_column(const double* table, int r) const {
    if constexpr (One) return PanelVec(table[0]);
    else return gather(table, PanelWords::load(place + r));
  }
};

// Calls body.template operator()<One>(), One as PanelRows wants it.
template <class T, class Body> FASTGEN_INLINE void for_one_or_many(const Block<T>& block, Body body) {
  if (block.shape.n_components == 1) body.template operator()<true>();
  else body.template operator()<false>();
}

// Writes the wanted rows of a panel whose first is row `row` of the tile; feature(d, r) is feature d of rows r, r + 1, ..., a
// native vector of them.
template <class Feature>
FASTGEN_INLINE void write_panel(const DrawTile<double>& tile, std::int64_t D, std::int64_t row, unsigned wanted,
                                Feature feature) {
  constexpr int W = native_width<double>;
  using V = Vec<double, W>;
  double* out = tile.out + row * D;
  // Three features, the commonest of directions and shares, would leave most of a square empty.
  if constexpr (W == panel_rows) {
    if (D == 3 && wanted == (1u << panel_rows) - 1) {
      V x[3] = {feature(0, 0), feature(1, 0), feature(2, 0)};
      join_triples(x[0], x[1], x[2]);
      for (int j = 0; j < 3; ++j) x[j].store(out + j * W);
      return;
    }
  }
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
    } else if (row + first >= 0 && (row + first + W - 1) * D + W <= tile.n * D) {
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
