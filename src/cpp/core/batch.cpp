// The MixtureBatch class: many mixtures of one family, drawn from and scored in one call.
#include <algorithm>
#include <cmath>
#include <limits>

#include "math_function.hpp"
#include "prepare.hpp"
#include "sizes.hpp"
#include "threads.hpp"

namespace fastgen {
namespace {

// Of so many rows, the most that one task takes where more would leave threads idle.
std::int64_t most_rows(std::int64_t total) { return total / (2 * get_num_threads()); }

}  // namespace

struct MixtureBatch::State {
  std::int64_t B = 0, K = 0, D = 0;
  std::shared_ptr<const Components> components;
  std::vector<std::int64_t> thresholds;
  std::vector<std::int64_t> last;
  Prepared<double> prepared;
  Batch batch{};
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
  p.blocks.push_back(prepare_block(*s.components, 0, p));
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
bool MixtureBatch::scalar() const { return state_->components->info().scalar; }

void MixtureBatch::sample(std::uint64_t key, std::uint64_t start, std::int64_t n, double* out,
                          std::int64_t* labels) const {
  const State& s = *state_;
  const Kernels<double>& kernel = kernels_of<double>();
  const Model<double>& model = s.prepared.model;
  const std::int64_t scratch = kernel.batch_sample_scratch(model) * std::int64_t(sizeof(double));
  const std::int64_t total = checked_product("the sample", n, s.B);
  const double cost = 10.0 + double(s.D) * (4.0 + 0.05 * double(s.D));
  const std::int64_t rows = rows_per_task(512, cost, most_rows(total));
  parallel_for((total + rows - 1) / rows, double(total) * cost, [&](Job&, std::int64_t task) {
    const std::int64_t first = task * rows, count = std::min(rows, total - first);
    kernel.batch_sample(model, s.batch, key, start, n, first, count, out, labels,
                        static_cast<double*>(thread_scratch(scratch)));
  });
}

void MixtureBatch::log_prob(const double* x, std::int64_t n, double* out) const {
  const State& s = *state_;
  const Kernels<double>& kernel = kernels_of<double>();
  const Model<double>& model = s.prepared.model;
  const std::int64_t scratch = kernel.batch_log_prob_scratch(model, s.batch) * std::int64_t(sizeof(double));
  const std::int64_t total = checked_product("the answer", n, s.B);
  const double cost = 10.0 + double(s.K) * (6.0 + double(s.D * (s.D + 3)) * 0.1);
  const std::int64_t rows = rows_per_task(240, cost, most_rows(total));
  const Points<double> points{x, total, s.D, 1};
  parallel_for((total + rows - 1) / rows, double(total) * cost, [&](Job&, std::int64_t task) {
    const std::int64_t begin = task * rows, end = std::min(begin + rows, total);
    kernel.batch_log_prob(model, s.batch, points, n, begin, end, out, static_cast<double*>(thread_scratch(scratch)));
  });
}

}  // namespace fastgen
