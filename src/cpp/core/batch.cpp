// The MixtureBatch class: many mixtures of one family, drawn from and scored in one call.
#include <algorithm>
#include <limits>

#include "float_rounding.hpp"
#include "math_function.hpp"
#include "prepare.hpp"
#include "sizes.hpp"
#include "threads.hpp"

namespace fastgen {
namespace {

// Rows of a task, of `total` rows of D features: a multiple of `whole` where features are few, so many that all threads have
// work, and few enough that a copy of them stays in the second-level cache.
std::int64_t rows_of_task(std::int64_t whole, std::int64_t D, double cost, std::int64_t total) {
  const std::int64_t some = std::clamp<std::int64_t>(32768 / D / 8 * 8, 8, whole);
  return rows_per_task(some, cost, total / (2 * get_num_threads()));
}

// Memory of a task, in the thread's scratch: doubles for its rows, and what the kernel asks for.
struct TaskMemory {
  double *rows, *kernel;
  std::int32_t* labels;
  TaskMemory(std::int64_t numbers, std::int64_t n_labels, std::int64_t kernel_size) {
    constexpr std::int64_t line = cache_line_bytes / 8;
    const auto round = [](std::int64_t n) { return (n + line - 1) / line * line; };
    const std::int64_t size = round(numbers) + round(kernel_size) + round(n_labels);
    rows = static_cast<double*>(thread_scratch(checked_product("the work space of a task", size, 8)));
    kernel = rows + round(numbers);
    labels = reinterpret_cast<std::int32_t*>(kernel + round(kernel_size));
  }
};

}  // namespace

struct MixtureBatch::State {
  std::int64_t B = 0, K = 0, D = 0;
  std::shared_ptr<const Components> components;
  std::vector<std::int64_t> thresholds;
  std::vector<std::int64_t> last;
  Prepared<double> prepared;
  Batch batch{};

  template <class T> void evaluate(Quantity quantity, BatchData<T> x, T* out) const;
};

MixtureBatch::MixtureBatch(std::int64_t n_mixtures, const std::vector<double>& weights,
                           std::shared_ptr<const Components> components) {
  auto made = std::make_shared<State>();
  State& s = *made;
  if (n_mixtures < 1 || components->n_components() % n_mixtures != 0)
    throw std::invalid_argument("the components do not divide into the mixtures");
  s.B = n_mixtures, s.K = components->n_components() / n_mixtures, s.D = components->n_features();
  if (components->n_components() > std::numeric_limits<std::int32_t>::max())
    throw std::invalid_argument("too many components");
  if (std::int64_t(weights.size()) != components->n_components())
    throw std::invalid_argument("weights must have one value a component");
  s.components = std::move(components);
  s.thresholds.resize(std::size_t(s.B * (s.K - 1)));
  s.last.resize(std::size_t(s.B));
  std::vector<std::uint64_t> row(std::size_t(s.K - 1));
  for (std::int64_t b = 0; b < s.B; ++b) {
    const double* w = weights.data() + b * s.K;
    cumulative_thresholds(w, s.K, row.data());
    for (std::size_t k = 0; k < row.size(); ++k)
      s.thresholds[k * std::size_t(s.B) + std::size_t(b)] = std::int64_t(row[k] ^ (std::uint64_t(1) << 63));
    for (std::int64_t k = 0; k < s.K; ++k)
      if (w[k] > 0) s.last[std::size_t(b)] = k;
  }
  s.batch = {s.B, s.K, s.thresholds.data(), s.last.data()};
  Prepared<double>& p = s.prepared;
  p.blocks.push_back(prepare_block(*s.components, 0, s.K, p));
  p.log_weights.resize(weights.size());
  const double* const from[3] = {weights.data(), weights.data(), weights.data()};  // only the first counts
  kernels_of<double>().apply_math(int(MathFunction::log), from, p.log_weights.data(), std::int64_t(weights.size()));
  p.model.n_components = s.B * s.K;
  p.model.n_features = s.D;
  p.model.n_blocks = 1;
  p.model.blocks = p.blocks.data();
  p.model.integrates_missing = p.blocks[0].columns != nullptr;
  p.model.log_weights = p.log_weights.data();
  state_ = std::move(made);
}

std::int64_t MixtureBatch::n_mixtures() const { return state_->B; }
std::int64_t MixtureBatch::n_components() const { return state_->K; }
std::int64_t MixtureBatch::n_features() const { return state_->D; }
bool MixtureBatch::scalar() const { return state_->components->scalar(); }

// Rows are drawn in the order of the stream, one of each mixture in turn, and sorted into the answer.
template <class T>
void MixtureBatch::sample(std::uint64_t key, std::uint64_t start, std::int64_t n, T* out, std::int64_t* labels) const {
  const State& s = *state_;
  const std::int64_t B = s.B, D = s.D;
  if (n == 0) return;
  // Sample i of the last mixture is at place i B + B - 1.
  const std::uint64_t last = (std::numeric_limits<std::uint64_t>::max() - std::uint64_t(B - 1)) / std::uint64_t(B);
  if (n < 0 || std::uint64_t(n - 1) > last || start > last - std::uint64_t(n - 1))
    throw std::invalid_argument(
        "start and n go beyond the end of the stream, which has 2^64 samples over all mixtures");
  const Kernels<double>& kernel = kernels_of<double>();
  const Model<double>& model = s.prepared.model;
  const std::int64_t scratch = kernel.batch_sample_scratch(model), total = checked_product("the sample", n, B);
  std::vector<FloatSupports> supports;
  if constexpr (sizeof(T) == 4)
    for_features(*s.components, [&](const Components& law, std::int64_t) { supports.emplace_back(law); });
  const double cost = 10.0 + double(D) * (4.0 + 0.05 * double(D));
  const std::int64_t rows = rows_of_task(512, D, cost, total);
  parallel_for((total + rows - 1) / rows, double(total) * cost, [&](Job&, std::int64_t task) {
    const std::int64_t first = task * rows, count = std::min(rows, total - first);
    const bool in_place = sizeof(T) == 8 && n == 1;
    const TaskMemory memory(in_place ? 0 : count * D, count, scratch);
    double* drawn = memory.rows;
    if constexpr (sizeof(T) == 8)
      if (in_place) drawn = out + first * D;
    kernel.batch_sample(model, s.batch, key, start, first, count, drawn, memory.labels, memory.kernel);
    if (in_place && !labels) return;
    std::int64_t sample = first / B, mixture = first % B;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t row = mixture * n + sample, component = memory.labels[i];
      for (std::int64_t d = 0; d < D && !in_place; ++d) out[row * D + d] = T(drawn[i * D + d]);
      for (std::size_t d = 0; d < supports.size(); ++d) {
        T& x = out[row * D + std::int64_t(d)];
        x = T(supports[d].clamp(component, float(x)));
      }
      if (labels) labels[row] = component - mixture * s.K;
      if (++mixture == B) mixture = 0, ++sample;
    }
  });
}

template <class T> void MixtureBatch::State::evaluate(Quantity quantity, BatchData<T> x, T* out) const {
  const Kernels<double>& kernel = kernels_of<double>();
  const Model<double>& model = prepared.model;
  const std::int64_t scratch = kernel.batch_evaluate_scratch(model, batch), total = checked_product("x", x.n, B);
  const double cost = 10.0 + double(K) * (6.0 + double(D * (D + 3)) * 0.1);
  const std::int64_t rows = rows_of_task(240, D, cost, total);
  const std::int64_t stride = x.n == 1 ? x.mixture_stride : x.row_stride;
  const bool evenly_spaced = x.mixture_stride == x.n * stride;  // then doubles are read where they are
  parallel_for((total + rows - 1) / rows, double(total) * cost, [&](Job&, std::int64_t task) {
    const std::int64_t first = task * rows, count = std::min(rows, total - first);
    if constexpr (sizeof(T) == 8) {
      if (evenly_spaced) {
        const TaskMemory memory(0, 0, scratch);
        return kernel.batch_evaluate(model, batch, quantity, {x.data + first * stride, count, stride, x.col_stride},
                                     x.n, first, out + first, memory.kernel);
      }
    }
    const TaskMemory memory(count * (D + 1), 0, scratch);
    double *points = memory.rows, *answers = points + count * D;
    for (std::int64_t i = 0; i < count;) {
      const std::int64_t mixture = (first + i) / x.n, row = (first + i) % x.n, n = std::min(count - i, x.n - row);
      double* to = points + i * D;
      for (std::int64_t j = 0; j < n; ++j)
        for (std::int64_t d = 0; d < D; ++d)
          to[j * D + d] = double(x.data[mixture * x.mixture_stride + (row + j) * x.row_stride + d * x.col_stride]);
      if constexpr (sizeof(T) == 4)
        for_features(*components, [&](const Components& law, std::int64_t d) {
          widen_to_atoms(law, mixture * K, mixture * K + K, to + d, n, D);
        });
      i += n;
    }
    kernel.batch_evaluate(model, batch, quantity, {points, count, D, 1}, x.n, first, answers, memory.kernel);
    for (std::int64_t i = 0; i < count; ++i) out[first + i] = T(answers[i]);
  });
}

template <class T> void MixtureBatch::log_prob(BatchData<T> x, T* out) const {
  state_->evaluate(Quantity::log_prob, x, out);
}
template <class T> void MixtureBatch::prob(BatchData<T> x, T* out) const { state_->evaluate(Quantity::prob, x, out); }

#define FASTGEN_INSTANTIATE(T)                                                                             \
  template void MixtureBatch::sample(std::uint64_t, std::uint64_t, std::int64_t, T*, std::int64_t*) const; \
  template void MixtureBatch::log_prob(BatchData<T>, T*) const;                                            \
  template void MixtureBatch::prob(BatchData<T>, T*) const;
FASTGEN_INSTANTIATE(float)
FASTGEN_INSTANTIATE(double)

}  // namespace fastgen
