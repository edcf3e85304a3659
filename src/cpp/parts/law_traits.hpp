// What generic code knows of a scalar law by what the law says of itself, or leaves out (scalar_family.hpp lists it).
#pragma once

#include "variates.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class Law>
concept HasSlope = requires(const Vec<double, 1>* c, Vec<double, 1> x) { Law::slope(c, x); };

template <class Law>
concept ScoresInTwoParts = requires(const Vec<double, 1>* c, Vec<double, 1> x) { Law::begin_log_density(c, x); };
// The log density at one vector of points, whether a law gives it in two parts or in one.
template <class Law, class V> FASTGEN_INLINE V log_density_of(const V* c, V x) {
  if constexpr (ScoresInTwoParts<Law>) return Law::log_density(c, x, Law::begin_log_density(c, x));
  else return Law::log_density(c, x);
}

template <class Law> constexpr bool scored_in_long_chains = [] {
  if constexpr (requires { Law::long_chains; }) return bool(Law::long_chains);
  else return false;
}();

// The length of a row of constants, the same on every instruction set, and how many of them drawing reads.
template <class Law> constexpr std::int64_t constants_pitch = (Law::n_constants + 3) / 4 * 4;
template <class Law> constexpr int drawn_constants = [] {
  if constexpr (requires { Law::n_drawn; }) return int(Law::n_drawn);
  else return int(Law::n_constants);
}();

// Samples in a round of a loop: four vectors, as most laws are chains of dependent instructions that must overlap.
constexpr int long_width = native_width<double> == 1 ? 1 : 2 * wide_width<double>;
// Samples drawn together, or gathered: as many as a word has bits.
constexpr std::int64_t draw_batch = 64;

template <class Law>
concept Rejects = requires(const Vec<double, 1>* c, const Source<1>& source, Vec<double, 1>& value) {
  Law::retry(c, source, 0u, value);
};

// What W samples of a law are drawn from, whose bits begin at `at` in the arrays and whose components are rows of a table.
template <class Law, int W>
FASTGEN_INLINE Source<W> make_source(const double* table, const PhiloxKey& key, Vec<std::uint64_t, W> index,
                                     const std::uint64_t* const* arrays, std::int64_t at,
                                     const std::int32_t* component) {
  using U = Vec<std::uint64_t, W>;
  Source<W> source{key, index, {}};
  for (int j = 0; j < Law::supply.arrays(); ++j) source.array[j] = U::load(arrays[j] + at);
  if constexpr (requires { Law::looks_up; })
    for (int i = 0; i < W; ++i) source.constants[i] = table + component[i] * constants_pitch<Law>;
  return source;
}

// Calls body(DrawStage<i>()) for stages i = 0, 1, ... of drawing.
template <int Number> struct DrawStage {
  static constexpr int number = Number;
};
template <class Law> constexpr int n_stages = [] {
  if constexpr (requires { Law::stages; }) return int(Law::stages);
  else return 1;
}();
template <class Law, int From = 0, class Body> FASTGEN_INLINE void in_stages(Body body) {
  if constexpr (From < n_stages<Law>) {
    body(DrawStage<From>());
    in_stages<Law, From + 1>(body);
  }
}

// What all stages but the first make of its value.
template <class Law, int From = 1, int W>
FASTGEN_INLINE Vec<double, W> later_stages(const Vec<double, W>* c, const Source<W>& source, Vec<double, W> value) {
  if constexpr (From < n_stages<Law>)
    return later_stages<Law, From + 1>(c, source, Law::template stage<From>(c, source, value));
  else return value;
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
