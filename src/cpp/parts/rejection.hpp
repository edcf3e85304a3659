// Drawing by rejection: see the comment of scalar_family.hpp for what a law supplies. The first attempt of all samples is
// made by scalar_draw.hpp, in the order of the stream; those that it leaves open are gathered here, so that vectors are full
// whatever the lanes' fates.
#pragma once

#include "constants.hpp"
#include "law_traits.hpp"
#include "rows.hpp"
#include "tile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// What a law has whose attempts are all alike, each from two words of a block of its own: Law::attempt says where they end.
template <class Law> struct AttemptsByBlock {
  static constexpr Supply supply{.blocks = 1};
  template <int W>
  static FASTGEN_INLINE Mask<double, W> first(const Vec<double, W>* c, const Source<W>& source, Vec<double, W>& value) {
    return Law::attempt(c, source, source.array[0], source.array[1], value);
  }
  template <int W>
  static FASTGEN_INLINE Mask<double, W> retry(const Vec<double, W>* c, const Source<W>& source, std::uint32_t number,
                                              Vec<double, W>& value) {
    Vec<std::uint64_t, W> word, other;
    source.words(number + 1, word, other);
    return Law::attempt(c, source, word, other, value);
  }
};

template <class Law> struct Rejection {
  static constexpr int n_drawn = drawn_constants<Law>, n_arrays = Law::supply.arrays();
  static constexpr std::int64_t batch = draw_batch;

  // The samples of a batch: where in the tile each belongs, and what it is drawn from.
  std::int64_t count = 0, at[batch];
  std::int32_t component[batch];
  double* value;
  std::uint64_t *arrays[most_arrays], *index;

  static constexpr std::int64_t memory = (n_arrays + 2) * batch;
  explicit Rejection(double* p) {
    value = p;
    index = reinterpret_cast<std::uint64_t*>(value + batch);
    for (int j = 0; j < n_arrays; ++j) arrays[j] = index + (j + 1) * batch;
  }

  FASTGEN_INLINE void move(std::int64_t from, std::int64_t to) {
    at[to] = at[from], index[to] = index[from], component[to] = component[from];
    for (int j = 0; j < n_arrays; ++j) arrays[j][to] = arrays[j][from];
  }

  // Lanes without a sample repeat the last one; returns how many lanes there are.
  std::int64_t pad() {
    std::int64_t s = count;
    for (; s % wide_width<double> != 0; ++s) move(s - 1, s);
    return s;
  }

  // One attempt for every sample of the batch; those that need another are left in it.
  void attempt(const double* table, const PhiloxKey& key, std::uint32_t number, double* out) {
    constexpr int W = wide_width<double>;
    pad();
    std::uint64_t left = 0;
    for (std::int64_t s = 0; s < count; s += W) {
      Vec<double, W> c[n_drawn], drawn;
      load_rows(table, constants_pitch<Law>, component + s, c);
      const auto index_s = Vec<std::uint64_t, W>::load(index + s);
      const auto source = make_source<Law>(table, key, index_s, arrays, s, component + s);
      const auto done = Law::retry(c, source, number, drawn);
      drawn = later_stages<Law>(c, source, drawn);
      drawn.store(value + s);
      left |= std::uint64_t(bits(!done)) << s;
    }
    left &= ~std::uint64_t(0) >> (batch - count);
    for (std::int64_t s = 0; s < count; ++s) out[at[s]] = value[s];  // of those that are left, until the next attempt
    count = 0;
    for_bits(left, [&](int s) FASTGEN_LAMBDA_INLINE { move(s, count++); });
  }

  // Samples open[0 .. n) of the tile, whose bits are in `words`.
  void finish(const Block<double>& block, const DrawTile<double>& tile, const std::uint64_t* const* words,
              const std::uint16_t* open, std::int64_t n) {
    const double* table = block.constants - block.first * constants_pitch<Law>;
    for (std::int64_t i = 0; i < n;) {
      for (count = 0; i < n && count < batch; ++i, ++count) {
        const std::int64_t s = open[i];
        at[count] = s, index[count] = tile.first + std::uint64_t(s), component[count] = tile.labels[s];
        for (int j = 0; j < n_arrays; ++j) arrays[j][count] = words[j][s];
      }
      for (std::uint32_t number = 0; count > 0; ++number) attempt(table, tile.key, number, tile.out);
    }
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
