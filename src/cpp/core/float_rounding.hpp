// What happens to numbers on their way between float32 data and laws that are computed in float64.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "families.hpp"
#include "fastgen/fastgen.hpp"

namespace fastgen {

// Calls body(law, d) for what is the law of a single feature: a scalar law, or the columns of a product.
template <class Body> void for_features(const Components& components, Body body) {
  if (components.scalar()) body(components, std::int64_t(0));
  for (std::size_t d = 0; d < components.columns().size(); ++d) body(*components.columns()[d], std::int64_t(d));
}

// A float32 sample of a point mass is the float nearest to its value; widened it has to be that value again: of n points,
// `stride` apart, for point masses first .. end of a law.
inline void widen_to_atoms(const Components& law, std::int64_t first, std::int64_t end, double* points, std::int64_t n,
                           std::int64_t stride) {
  if (law.info().measure != Measure::atoms) return;
  for (std::int64_t k = first; k < end; ++k) {
    const double value = law.parameter(0)[std::size_t(k)], narrow = double(float(value));
    for (std::int64_t i = 0; narrow != value && i < n; ++i)
      if (points[i * stride] == narrow) points[i * stride] = value;
  }
}

// The floats within the supports of a law's components, where an end of them is no float: rounding may lead out of those.
class FloatSupports {
 public:
  explicit FloatSupports(const Components& law) {
    for (std::size_t i = 0; i < law.n_parameters(); ++i) {
      const End end = law.info().parameters[i].end;
      if (end == End::none) continue;
      for (std::size_t k = 0; k < law.parameter(int(i)).size(); ++k) narrow(k, end, law.parameter(int(i))[k]);
    }
    for (std::size_t k = 0; k < low_.size(); ++k)
      if (low_[k] > high_[k]) low_[k] = -infinite, high_[k] = infinite;  // no float is within
  }
  bool all() const { return low_.empty(); }
  float clamp(std::int64_t k, float x) const {
    if (std::size_t(k) >= low_.size()) return x;
    return std::min(std::max(x, low_[std::size_t(k)]), high_[std::size_t(k)]);
  }

 private:
  void narrow(std::size_t k, End end, double value) {
    const float nearest = float(value);
    if (double(nearest) == value || !std::isfinite(nearest)) return;
    if (low_.size() <= k) low_.resize(k + 1, -infinite), high_.resize(k + 1, infinite);
    if (end == End::lower) low_[k] = double(nearest) < value ? std::nextafter(nearest, infinite) : nearest;
    else high_[k] = double(nearest) > value ? std::nextafter(nearest, -infinite) : nearest;
  }
  static constexpr float infinite = std::numeric_limits<float>::infinity();
  std::vector<float> low_, high_;
};

}  // namespace fastgen
