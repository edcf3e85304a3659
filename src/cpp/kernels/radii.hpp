// The radii of Student t laws: sqrt(v / c), c chi-square with v degrees of freedom, a variate for every sample of a tile.
//
// c / 2 is a gamma variate of shape v / 2 (gamma_variate.hpp). Attempt number i of a sample is block i + 1 of its own, and block
// 0 the uniform that shapes below 1 take; samples that need another attempt are gathered, so that vectors are full.
#pragma once

#include "gamma_variate.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

constexpr std::int64_t radii_together = 64;

// Samples of a batch: where each belongs, its index in the stream and degrees of freedom; then its radius, and whether that is
// still open.
struct Radii {
  std::int64_t count, at[radii_together];
  std::uint64_t index[radii_together];
  double v[radii_together], radius[radii_together], open[radii_together];
};

// One attempt at the radii of all samples of a batch. A function of its own, so that it is compiled once, undisturbed.
inline FASTGEN_NOINLINE void attempt_radii(const PhiloxKey& key, std::uint32_t attempt, Radii& some) {
  constexpr int W = wide_width<double>;
  using V = Vec<double, W>;
  using U = Vec<std::uint64_t, W>;
  // Lanes without a sample repeat the last one.
  for (std::int64_t s = some.count; s % W != 0; ++s) some.v[s] = some.v[s - 1], some.index[s] = some.index[s - 1];
  for (std::int64_t s = 0; s < some.count; s += W) {
    const Source<W> source{key, U::load(some.index + s), {}};
    U a, b;
    source.words(attempt + 1, a, b);
    const V half = V(0.5) * V::load(some.v + s);
    V gamma;
    const auto accepted = gamma_attempt(GammaShape<V>(half), a, b, gamma);
    V radius = sqrt(half / gamma);
    const auto small = half < V(1.0);
    if (any(small)) {
      source.words(0, a, b);
      // A shape below 1 is u^(1 / shape) times a larger one, which may be below the smallest number: its root never is.
      radius = select(small, radius * math::exp(math::log_positive(unit(a)) / (V(-2.0) * half)), radius);
    }
    radius.store(some.radius + s);
    select(accepted, V(0.0), V(1.0)).store(some.open + s);
  }
}

// out[i] = a radius for sample first + i of a stream, with degrees(i) degrees of freedom; left alone where that is 0.
template <class Degrees>
inline void fill_radii(const PhiloxKey& key, std::uint64_t first, std::int64_t n, Degrees degrees, double* out) {
  Radii some;
  for (std::int64_t i = 0; i < n;) {
    std::int64_t count = 0;
    for (; i < n && count < radii_together; ++i) {
      const double v = degrees(i);
      some.v[count] = v, some.at[count] = i, some.index[count] = first + std::uint64_t(i);
      count += v > 0;
    }
    some.count = count;
    for (std::uint32_t attempt = 0; some.count > 0; ++attempt) {
      attempt_radii(key, attempt, some);
      std::int64_t again = 0;
      for (std::int64_t s = 0; s < some.count; ++s) {
        out[some.at[s]] = some.radius[s];
        some.at[again] = some.at[s], some.v[again] = some.v[s], some.index[again] = some.index[s];
        again += some.open[s] != 0;
      }
      some.count = again;
    }
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
