// The gamma variates that a first attempt, from a normal and 32 bits of a uniform (gamma_proposal), leaves open.
#pragma once

#include "gamma_variate.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// One of them: its shape (GammaShape), the normal and the bits of the first attempt, and what further bits are named by.
struct OpenGamma {
  double d, c, normal;
  std::uint64_t part, index, slot;
};

// Ends gamma[open[0 .. n)], of which find(open[j]) is the OpenGamma. They are gathered, so that vectors are full: attempt 1
// judges the first proposal, by the bits that follow if need be, later ones make proposals from a block each.
template <class Find>
FASTGEN_INLINE void finish_gammas(const PhiloxKey& key, std::uint64_t* open, std::int64_t n, double* gamma, Find find) {
  constexpr int W = wide_width<double>;
  using V = Vec<double, W>;
  using U = Vec<std::uint64_t, W>;
  for (std::uint32_t attempt = 1; n > 0; ++attempt) {
    std::int64_t left = 0;
    for (std::int64_t j = 0; j < n; j += W) {
      double d[W], c[W], normal[W], values[W];
      std::uint64_t at[W], part[W], index[W], slot[W];
      for (int i = 0; i < W; ++i) {  // lanes without one repeat the last
        at[i] = open[j + i < n ? j + i : n - 1];
        const OpenGamma some = find(at[i]);
        d[i] = some.d, c[i] = some.c, normal[i] = some.normal;
        part[i] = some.part, index[i] = some.index, slot[i] = some.slot;
        values[i] = gamma[at[i]];
      }
      const GammaShape<V> shape(V::load(d), V::load(c));
      const auto words = [&](U& a, U& b) FASTGEN_LAMBDA_INLINE {
        Source<W>{key, U::load(index), {}}.words(attempt, a, b, U::load(slot));
      };
      V value = V::load(values);
      Mask<double, W> accepted;
      U a, b;
      if (attempt == 1) {
        accepted = gamma_judgement(shape, V::load(normal), part_number(U::load(part)), [&]() FASTGEN_LAMBDA_INLINE {
          words(a, b);
          return unit(b);
        });
      } else {
        words(a, b);
        accepted = gamma_attempt(shape, a, b, value);
      }
      value.store(values);
      const unsigned again = ~unsigned(bits(accepted));
      for (int i = 0; i < W && j + i < n; ++i) {
        gamma[at[i]] = values[i];  // of those still open, until the next attempt
        open[left] = at[i], left += again >> i & 1;
      }
    }
    n = left;
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
