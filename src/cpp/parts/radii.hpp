// The radii of Student t laws: sqrt(v / c), c chi-square with v degrees of freedom, a variate for every sample of a tile.
//
// c / 2 is a gamma variate of shape v / 2, from a normal and a part of the stream at the sample's index, far from those of its
// features; block 0 of the sample has the uniform that shapes below 1 take.
#pragma once

#include "open_gammas.hpp"
#include "rows.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

constexpr std::int64_t radii_together = 128;
constexpr Position radii_offset = Position(1) << 95;

// What radii are made of: degrees of freedom, 0 in lanes without a sample, and the numbers of the stream.
struct Radii {
  double v[radii_together], normal[radii_together], gamma[radii_together];
  std::uint64_t part[radii_together], open[radii_together + list_bits_margin];
};

// Radii of samples first .. first + n. A function of its own, so that it is compiled once, undisturbed.
inline FASTGEN_NOINLINE void make_radii(const PhiloxKey& key, std::uint64_t first, std::int64_t n, Radii& some,
                                        double* out) {
  constexpr int W = wide_width<double>;
  using V = Vec<double, W>;
  const V zero(0.0), one(1.0), half(0.5);
  fill_normals(key, radii_offset + first, n, some.normal);
  fill_parts(key, radii_offset + first, n, some.part);
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < n; i += W) {
    const V v = V::load(some.v + i);
    V gamma;
    const auto accepted = gamma_proposal(GammaShape<V>(half * v), V::load(some.normal + i),
                                         Vec<std::uint64_t, W>::load(some.part + i), gamma);
    gamma.store(some.gamma + i);
    count = list_bits(bits(v > zero) & ~bits(accepted), std::uint64_t(i), some.open, count);
  }
  finish_gammas(key, some.open, count, some.gamma, [&](std::uint64_t at) FASTGEN_LAMBDA_INLINE {
    const GammaShape<Vec<double, 1>> shape(Vec<double, 1>(0.5 * some.v[at]));
    return OpenGamma{shape.d.v, shape.c.v, some.normal[at], some.part[at], first + at, 0};
  });
  for (std::int64_t i = 0; i < n; i += W) {
    const V shape = half * V::load(some.v + i), gamma = V::load(some.gamma + i);
    V radius = sqrt(shape / gamma);
    const auto small = (shape > zero) & (shape < one);
    if (any(small)) {
      using U = Vec<std::uint64_t, W>;
      U a, b;
      Source<W>{key, iota<std::uint64_t, W>() + U(first + std::uint64_t(i)), {}}.words(0, a, b);
      // A shape below 1 is u^(1 / shape) times a larger one, which may be below the smallest number: its root never is.
      radius = select(small, radius * math::exp(math::log_positive(unit(a)) / (V(-2.0) * shape)), radius);
    }
    radius.store(some.gamma + i);
  }
  for (std::int64_t i = 0; i < n; ++i) out[i] = some.gamma[i];
}

// out[i] = a radius for sample first + i of a stream, with degrees(i) degrees of freedom.
template <class Degrees>
inline void fill_radii(const PhiloxKey& key, std::uint64_t first, std::int64_t n, Degrees degrees, double* out) {
  Radii some;
  for (std::int64_t i = 0; i < n; i += radii_together) {
    const std::int64_t count = n - i < radii_together ? n - i : radii_together;
    for (std::int64_t j = 0; j < count; ++j) some.v[j] = degrees(i + j);
    for (std::int64_t j = count; j % wide_width<double> != 0; ++j) some.v[j] = 0.0;
    make_radii(key, first + std::uint64_t(i), count, some, out + i);
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
