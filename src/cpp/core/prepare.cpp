#include "prepare.hpp"

#include <algorithm>
#include <memory>

#include "cost.hpp"
#include "sizes.hpp"
#include "threads.hpp"

namespace fastgen {

template <class T> Block<T> prepare_block(const Components& c, std::int64_t first, std::int64_t together,
                                          Prepared<T>& p) {
  const Kernels<T>& kernel = kernels_of<T>();
  const int family = c.info().id;
  const std::int64_t D = c.n_features();
  const Shape shape{c.n_components(), D, c.info().variant_id, c.width(), together};
  constexpr std::size_t line = cache_line_bytes;  // where constants begin
  std::vector<T>& memory =
      p.constants.emplace_back(std::size_t(kernel.constants_size(family, shape)) + line / sizeof(T));
  void* begin = memory.data();
  std::size_t space = memory.size() * sizeof(T);
  T* constants = static_cast<T*>(std::align(line, sizeof(T), begin, space));
  const double* parameters[4] = {};
  for (std::size_t i = 0; i < c.n_parameters(); ++i) parameters[i] = c.parameter(int(i)).data();
  // Factors of many features are worth a task each.
  const double work = double(shape.n_components) * cost::prepare_ns(D);
  const std::int64_t scratch = checked_product("n_features", 8, kernel.prepare_scratch(family, shape));
  const std::int64_t step = D > 16 ? 1 : 2048;
  parallel_for((shape.n_components + step - 1) / step, work, [&](Job& job, std::int64_t task) {
    const std::int64_t k0 = task * step, k1 = std::min(k0 + step, shape.n_components);
    kernel.prepare(family, shape, parameters, k0, k1, constants, static_cast<double*>(thread_scratch(scratch)),
                   Job::cancelled_of, &job);
  });
  const Block<T>* columns = nullptr;
  if (!c.columns().empty()) {
    std::vector<Block<T>> blocks;
    for (const auto& column : c.columns()) blocks.push_back(prepare_block(*column, first, together, p));
    columns = p.columns.emplace_back(std::move(blocks)).data();
  }
  return {family, shape, first, constants, c.info().measure == Measure::continuous, columns};
}
template Block<float> prepare_block(const Components&, std::int64_t, std::int64_t, Prepared<float>&);
template Block<double> prepare_block(const Components&, std::int64_t, std::int64_t, Prepared<double>&);

}  // namespace fastgen
