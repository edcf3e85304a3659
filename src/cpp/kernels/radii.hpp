// The radii of Student t laws: sqrt(v / c), c chi-square with v degrees of freedom, a variate for every sample of a tile.
//
// c / 2 is a gamma variate of shape v / 2 (gamma_variate.hpp). Attempt number i of a sample is block i + 1 of its own, and block
// 0 the uniform that shapes below 1 take; samples that need another attempt are gathered, so that vectors are full.
#pragma once

#include "gamma_variate.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// One attempt at the radii of W samples.
template <int W>
FASTGEN_INLINE Mask<double, W> radius_attempt(const Source<W>& source, std::uint32_t attempt, Vec<double, W> v,
                                              Vec<double, W>& radius) {
  using V = Vec<double, W>;
  Vec<std::uint64_t, W> a, b;
  source.words(attempt + 1, a, b);
  const V half = V(0.5) * v;
  V gamma;
  const auto accepted = gamma_attempt(GammaShape<V>(half), a, b, gamma);
  radius = sqrt(half / gamma);
  const auto small = half < V(1.0);
  if (any(small)) {
    source.words(0, a, b);
    // A shape below 1 is u^(1 / shape) times a larger one, which may be below the smallest number: its root never is.
    radius = select(small, radius * math::exp(math::log_positive(unit(a)) / (V(-2.0) * half)), radius);
  }
  return accepted;
}

// out[i] = a radius for sample first + i of a stream, with degrees(i) degrees of freedom; left alone where that is 0.
template <class Degrees>
inline void fill_radii(const PhiloxKey& key, std::uint64_t first, std::int64_t n, Degrees degrees, double* out) {
  constexpr int W = wide_width<double>;
  constexpr std::int64_t batch = 64;
  std::int64_t at[batch];
  std::uint64_t index[batch];
  double v[batch], radius[batch], open[batch];
  for (std::int64_t i = 0; i < n;) {
    std::int64_t count = 0;
    for (; i < n && count < batch; ++i) {
      v[count] = degrees(i), at[count] = i, index[count] = first + std::uint64_t(i);
      count += v[count] > 0;
    }
    for (std::uint32_t attempt = 0; count > 0; ++attempt) {
      for (std::int64_t s = count; s % W != 0; ++s) v[s] = v[s - 1], index[s] = index[s - 1];
      for (std::int64_t s = 0; s < count; s += W) {
        Vec<double, W> drawn;
        const Source<W> source{key, Vec<std::uint64_t, W>::load(index + s), {}};
        const auto accepted = radius_attempt(source, attempt, Vec<double, W>::load(v + s), drawn);
        drawn.store(radius + s);
        select(accepted, Vec<double, W>(0.0), Vec<double, W>(1.0)).store(open + s);
      }
      std::int64_t again = 0;
      for (std::int64_t s = 0; s < count; ++s) {
        out[at[s]] = radius[s];
        at[again] = at[s], v[again] = v[s], index[again] = index[s];
        again += open[s] != 0;
      }
      count = again;
    }
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
