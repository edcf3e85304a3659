// float32 points where single precision does not do: computed in float64, and the answers rounded. Either the laws have no
// kernels in single precision, or float32 cannot hold the parameters.
//
// A scale of 1e-40 would be a scale with few digits and an infinite inverse, a mean of 1e39 infinity. Such a mixture is
// found out when its float32 constants are prepared; its calls then come here, in slices that take a megabyte or two.
#include <algorithm>
#include <cmath>
#include <limits>

#include "mixture.hpp"

namespace fastgen {
namespace {

constexpr std::int64_t slice_elements = std::int64_t(1) << 17;

std::int64_t slice_rows(std::int64_t columns) { return std::max<std::int64_t>(1, slice_elements / columns); }

void round_to(const std::vector<double>& from, std::int64_t count, float* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = float(from[std::size_t(i)]);
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

}  // namespace

bool survives_float32(const Components& components) {
  const double largest = std::ldexp(1.0, 126), smallest = 1.0 / largest;  // so that reciprocals survive as well
  const auto& info = components.info();
  for (std::size_t i = 0; i < components.n_parameters(); ++i) {
    const auto& extents = info.parameters[i].extents;
    // Off the diagonal of a factor what is too small counts as 0.
    const bool matrices = extents[1] == Extent::D && extents[2] == Extent::D;
    const std::size_t D = std::size_t(components.n_features());
    const std::vector<double>& values = components.parameter(int(i));
    for (std::size_t j = 0; j < values.size(); ++j) {
      const double size = std::fabs(values[j]);
      if (size > largest) return false;
      if (size != 0 && size < smallest && (!matrices || j / D % D == j % D)) return false;
    }
  }
  return true;
}

void Mixture::State::evaluate_widened(Quantity quantity, Data<float> x, void* out) const {
  const bool each_component = quantity == Quantity::component_log_prob || quantity == Quantity::responsibilities;
  const std::int64_t columns = each_component ? K : quantity == Quantity::grad_log_prob ? D : 1;
  const std::int64_t rows = std::min(x.n, slice_rows(std::max(columns, D)));
  std::vector<double> points(std::size_t(rows * D)), answers(std::size_t(rows * columns));
  for (std::int64_t begin = 0; begin < x.n; begin += rows) {
    const std::int64_t n = std::min(rows, x.n - begin);
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t d = 0; d < D; ++d)
        points[std::size_t(i * D + d)] = double(x.data[(begin + i) * x.row_stride + d * x.col_stride]);
    if (quantity != Quantity::icdf) widen_to_atoms(points.data(), n);
    const Data<double> slice{points.data(), n, D, 1};
    if (quantity == Quantity::assign) {
      evaluate(quantity, slice, static_cast<std::int64_t*>(out) + begin);
    } else {
      evaluate(quantity, slice, answers.data());
      round_to(answers, n * columns, static_cast<float*>(out) + begin * columns);
    }
  }
}

// A float32 sample of a point mass is the float nearest to its value; widened it has to be that value again.
void Mixture::State::widen_to_atoms(double* points, std::int64_t n) const {
  const auto widen = [&](const Components& law, std::int64_t d) {
    if (law.info().measure != Measure::atoms) return;
    for (const double value : law.parameter(0)) {
      const double narrow = double(float(value));
      for (std::int64_t i = 0; narrow != value && i < n; ++i)
        if (points[i * D + d] == narrow) points[i * D + d] = value;
    }
  };
  for (const auto& c : components) {
    if (scalar) widen(*c, 0);
    for (std::size_t d = 0; d < c->columns().size(); ++d) widen(*c->columns()[d], std::int64_t(d));
  }
}

void Mixture::State::sample_widened(const Mixture& mixture, std::uint64_t key, std::uint64_t start, std::int64_t n,
                                    float* out, std::int64_t* labels) const {
  struct Column {
    std::int64_t first, end, d;
    FloatSupports supports;
  };
  std::vector<Column> columns;
  std::int64_t first = 0;
  for (const auto& c : components) {
    const std::int64_t end = first + c->n_components();
    if (scalar) columns.push_back({first, end, 0, FloatSupports(*c)});
    for (std::size_t d = 0; d < c->columns().size(); ++d)
      columns.push_back({first, end, std::int64_t(d), FloatSupports(*c->columns()[d])});
    first = end;
  }
  std::erase_if(columns, [](const Column& column) { return column.supports.all(); });

  const std::int64_t rows = std::min(n, slice_rows(D));
  std::vector<double> drawn(std::size_t(rows * D));
  std::vector<std::int64_t> own_labels(std::size_t(!labels && !columns.empty() ? rows : 0));
  for (std::int64_t begin = 0; begin < n; begin += rows) {
    const std::int64_t count = std::min(rows, n - begin);
    std::int64_t* chosen = labels ? labels + begin : own_labels.empty() ? nullptr : own_labels.data();
    mixture.sample(key, start + std::uint64_t(begin), count, drawn.data(), chosen);
    float* to = out + begin * D;
    round_to(drawn, count * D, to);
    for (const Column& column : columns)
      for (std::int64_t i = 0; i < count; ++i)
        if (chosen[i] >= column.first && chosen[i] < column.end)
          to[i * D + column.d] = column.supports.clamp(chosen[i] - column.first, to[i * D + column.d]);
  }
}

}  // namespace fastgen
