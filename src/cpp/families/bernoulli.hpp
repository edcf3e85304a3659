// The Bernoulli law. Mass p at 1 and 1 - p at 0.
//
// Parameter: probs, p in [0, 1]. Draws: one word below a threshold, from the rarer side.
#pragma once

#include "../parts/scalar_family.hpp"
#include "../parts/whole.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

struct Bernoulli {
  enum Constant { p, q, log_p, log_q, rarer, rare, n_constants };  // `rare` of them have the value `rarer`

  static void prepare(const double* parameters, double* c) {
    const double prob = parameters[0];
    c[p] = prob, c[q] = 1.0 - prob;
    c[log_p] = math::log(prob);
    c[log_q] = math::log1p(-prob);
    c[rarer] = prob > 0.5 ? 0.0 : 1.0;
    c[rare] = prob > 0.5 ? c[q] : prob;
  }

  template <class V> static FASTGEN_INLINE V log_density(const V* c, V x) {
    return select(x == V(0.0), c[log_q], select(x == V(1.0), c[log_p], V(-math::infinity<double>)));
  }
  template <class V> static FASTGEN_INLINE void tails(const V* c, V x, V& lower, V& upper) {
    const auto before = x < V(0.0), after = x >= V(1.0);
    lower = select(before, V(0.0), select(after, V(1.0), c[q]));
    upper = select(before, V(1.0), select(after, V(0.0), c[p]));
  }
  template <class V> static FASTGEN_INLINE void bracket(const V* c, V prob, V& low, V& high) {
    low = high = select((prob > c[q]) | (c[q] == V(0.0)), V(1.0), V(0.0));
  }

  static constexpr Supply supply{.words = 1};
  template <int W> static FASTGEN_INLINE Vec<double, W> draw(const Vec<double, W>* c, const Source<W>& source) {
    using V = Vec<double, W>;
    return select(source.uniform() < c[rare], c[rarer], V(1.0) - c[rarer]);
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
