// The categorical law. Mass probs[x] at x = 0 .. C - 1.
//
// Parameter: probs (K, C), rows that sum to 1. Draws: one word among thresholds of 64 bits.
#pragma once

#include "../parts/tile.hpp"
#include "../parts/variates.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Categorical {
  static constexpr bool scalar = true;
  static constexpr bool has_float = false;
  static constexpr bool bounded = false;

  // Of component k, C + 1 of each: log masses, P(X <= i), P(X > i), and the thresholds, as bits. The last log mass is that of
  // every other point; the last threshold is the last category that can be drawn. P is T* to prepare them, const T* to read them.
  template <class P> struct Tables {
    std::int64_t C;
    P log_mass, lower, upper, thresholds;
    FASTGEN_INLINE Tables(const Shape& shape, P constants, std::int64_t k) : C(shape.width) {
      log_mass = constants + k * 4 * (C + 1), lower = log_mass + C + 1;
      upper = lower + C + 1, thresholds = upper + C + 1;
    }
    std::uint64_t threshold(std::int64_t i) const {
      std::uint64_t bits;
      __builtin_memcpy(&bits, thresholds + i, sizeof(bits));
      return bits;
    }
    // The category that x is, or C.
    std::int64_t category(double x) const {
      if (!(x >= 0.0 && x < double(C))) return C;
      const std::int64_t i = std::int64_t(x);
      return double(i) == x ? i : C;
    }
    // The least category whose distribution function reaches q, among those that have a mass.
    std::int64_t quantile(double q) const {
      std::int64_t i = 0;
      const auto last = std::int64_t(threshold(C));
      while (i < last && (log_mass[i] == -math::infinity<double> || lower[i] < q)) ++i;
      return i;
    }
  };
  template <class T> static std::int64_t constants_size(Shape shape) {
    return shape.n_components * 4 * (shape.width + 1);
  }

  static std::int64_t prepare_scratch(Shape) { return 0; }

  // A fraction of 2^64, from the nearer end.
  static std::uint64_t to_bits(double lower, double upper) {
    const auto scaled = [](double p) { return std::uint64_t(p * 0x1p64); };
    if (lower <= 0.5) return scaled(lower);
    const std::uint64_t above = scaled(upper);
    return ~std::uint64_t(0) - (above > 0 ? above - 1 : 0);
  }

  template <class T>
  static void prepare(Shape shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants,
                      double*, Patience) {
    for (std::int64_t k = k0; k < k1; ++k) {
      const Tables t(shape, constants, k);
      const double* probs = parameters[0] + k * t.C;
      std::uint64_t last = 0;
      double sum = 0;
      for (std::int64_t i = 0; i < t.C; ++i) {
        t.log_mass[i] = math::log(probs[i]);
        sum += probs[i];
        t.lower[i] = sum < 1.0 ? sum : 1.0;
        if (probs[i] > 0) last = std::uint64_t(i);
      }
      sum = 0;
      for (std::int64_t i = t.C - 1; i >= 0; --i) {
        t.upper[i] = sum < 1.0 ? sum : 1.0;
        sum += probs[i];
      }
      for (std::int64_t i = std::int64_t(last); i < t.C; ++i) t.lower[i] = 1.0;
      for (std::int64_t i = 0; i <= t.C; ++i) {
        const std::uint64_t bits = i < t.C ? to_bits(t.lower[i], t.upper[i]) : last;
        __builtin_memcpy(t.thresholds + i, &bits, sizeof(bits));
      }
      t.log_mass[t.C] = -math::infinity<T>, t.lower[t.C] = 1.0, t.upper[t.C] = 0.0;
    }
  }

  // A look-up a pair.
  template <class T> static std::int64_t evaluate_scratch(const Block<T>&, std::int64_t) { return 0; }
  template <class T>
  static void log_density(const Block<T>& block, std::int64_t k0, std::int64_t k1, const Tile<T>& tile, const T* offset,
                          T* lp, T*) {
    for (std::int64_t k = k0; k < k1; ++k) {
      const Tables t(block.shape, block.constants, k);
      for (std::int64_t s = 0; s < tile.padded; ++s)
        lp[(k - k0) * tile.stride + s] = t.log_mass[t.category(tile.x[s])] + offset[k];
    }
  }

  template <class T>
  static void log_density_each(const Block<T>& block, const std::int64_t* component, const Tile<T>& tile,
                               const T* offset, T* lp) {
    for (std::int64_t s = 0; s < tile.padded; ++s) {
      const Tables t(block.shape, block.constants, component[s]);
      lp[s] = t.log_mass[t.category(tile.x[s])] + offset[component[s]];
    }
  }

  // There is none.
  template <class T> static void add_gradient(const Block<T>&, const Tile<T>& tile, const T*, T* grad, T*) {
    for (std::int64_t s = 0; s < tile.padded; ++s) grad[s] = math::nan<T>;
  }

  template <class T>
  static void add_tails(const Block<T>& block, std::int64_t n, const T* x, const T* weights, T* lower, T* upper,
                        T* density) {
    for (std::int64_t k = 0; k < block.shape.n_components; ++k) {
      if (weights[k] == T(0)) continue;
      const Tables t(block.shape, block.constants, k);
      for (std::int64_t s = 0; s < n; ++s) {
        if (x[s] < T(0)) {
          upper[s] += weights[k];
          continue;
        }
        const std::int64_t i = x[s] < T(t.C) ? std::int64_t(x[s]) : t.C;
        lower[s] += weights[k] * t.lower[i], upper[s] += weights[k] * t.upper[i];
        if (t.category(x[s]) < t.C) density[s] += weights[k] * math::exp(t.log_mass[i]);
      }
    }
  }

  template <class T>
  static void bracket_quantile(const Block<T>& block, std::int64_t n, const T* q, const T* weights, T* low, T* high) {
    for (std::int64_t k = 0; k < block.shape.n_components; ++k) {
      if (weights[k] == T(0)) continue;
      const Tables t(block.shape, block.constants, k);
      for (std::int64_t s = 0; s < n; ++s) {
        const T x = T(t.quantile(q[s]));
        low[s] = x < low[s] ? x : low[s], high[s] = x > high[s] ? x : high[s];
      }
    }
  }

  template <class T> static std::int64_t draw_scratch(const Block<T>&, std::int64_t samples) { return samples; }
  template <class T> static void draw(const Block<T>& block, const DrawTile<T>& tile) {
    std::uint64_t* words = reinterpret_cast<std::uint64_t*>(tile.scratch);
    fill_words64(tile.key, purpose::words64, tile.first, tile.n, words);
    for (std::int64_t s = 0; s < tile.n; ++s) {
      const Tables t(block.shape, block.constants, tile.labels[s] - block.first);
      // The number of thresholds, out of all but the last category's, that are not above the word.
      std::int64_t first = 0;
      for (std::int64_t length = std::int64_t(t.threshold(t.C)); length > 0;) {
        const std::int64_t half = (length + 1) / 2;
        first += t.threshold(first + half - 1) <= words[s] ? half : 0;
        length -= half;
      }
      tile.out[s] = T(first);
    }
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
