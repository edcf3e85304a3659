// float32 points where single precision does not do: computed in float64, and the answers rounded. Either the laws have no
// kernels in single precision, or float32 cannot hold the parameters.
//
// A scale of 1e-40 would be a scale with few digits and an infinite inverse, a mean of 1e39 infinity. Such a mixture is
// found out when its float32 constants are prepared; its calls then come here, in slices that take a megabyte or two.
#include <algorithm>
#include <cmath>

#include "float_rounding.hpp"
#include "mixture.hpp"

namespace fastgen {
namespace {

constexpr std::int64_t slice_elements = std::int64_t(1) << 17;

std::int64_t slice_rows(std::int64_t columns) { return std::max<std::int64_t>(1, slice_elements / columns); }

void round_to(const std::vector<double>& from, std::int64_t count, float* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = float(from[std::size_t(i)]);
}

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
    for (const auto& c : components)
      for_features(*c, [&](const Components& law, std::int64_t d) {
        if (quantity != Quantity::icdf) widen_to_atoms(law, 0, law.n_components(), points.data() + d, n, D);
      });
    const Data<double> slice{points.data(), n, D, 1};
    if (quantity == Quantity::assign) {
      evaluate(quantity, slice, static_cast<std::int64_t*>(out) + begin);
    } else {
      evaluate(quantity, slice, answers.data());
      round_to(answers, n * columns, static_cast<float*>(out) + begin * columns);
    }
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
    for_features(
        *c, [&](const Components& law, std::int64_t d) { columns.push_back({first, end, d, FloatSupports(law)}); });
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
