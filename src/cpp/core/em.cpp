// One EM step: the pass over the data by chunks, then the M step (m_step.hpp).
//
// Chunks are cut by the shape of the problem alone and their sums are added in the order of the data, so the result does
// not depend on the number of threads.
#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>

#include "cost.hpp"
#include "m_step.hpp"
#include "mixture.hpp"
#include "threads.hpp"

namespace fastgen {
namespace {

MomentOrder moment_order(CovarianceType type, bool pooled) {
  if (type == CovarianceType::full) return MomentOrder::full;
  if (type == CovarianceType::tied) return pooled ? MomentOrder::first : MomentOrder::full;
  return MomentOrder::diagonal;
}

std::vector<double> current_means(const std::vector<std::shared_ptr<const Components>>& components) {
  std::vector<double> means;
  for (const auto& c : components) means.insert(means.end(), c->parameter(0).begin(), c->parameter(0).end());
  return means;
}

// As the kernels take them, in the precision of the data.
template <class T> std::vector<double> rounded(std::vector<double> values) {
  for (double& v : values) v = double(T(v));
  return values;
}

// May a tied covariance be had from the scatter about one centre? It costs D^2 / 2 a row instead of K D^2 / 2, but loses
// the digits by which the spread of the means exceeds the covariance, so only while that is no more than a factor
// of 100 in standard deviations (4 digits of 16).
bool may_pool(std::int64_t K, std::int64_t D, const std::vector<double>& means, const std::vector<double>& center,
              const Components& current) {
  if (current.info().variant_id != int(CovarianceType::tied) || current.info().scalar) return false;
  const std::vector<double>& lower = current.parameter(1);
  for (std::int64_t d = 0; d < D; ++d) {
    double variance = 0;
    for (std::int64_t j = 0; j <= d; ++j) variance += lower[std::size_t(d * D + j)] * lower[std::size_t(d * D + j)];
    for (std::int64_t k = 0; k < K; ++k) {
      const double distance = means[std::size_t(k * D + d)] - center[std::size_t(d)];
      if (distance * distance > 1e4 * variance) return false;
    }
  }
  return true;
}

}  // namespace

template <class T>
EMStep Mixture::em_step(Data<T> x, const double* sample_weight, CovarianceType type, double reg_covar,
                        bool hard) const {
  const State& s = *state_;
  const std::int64_t K = s.K, D = s.D;
  for (const auto& c : s.components)
    if (c->info().name != "Normal" && c->info().name != "MultivariateNormal")
      throw std::invalid_argument("em_step learns mixtures of Normal or MultivariateNormal");
  const Kernels<T>& kernel = kernels_of<T>();
  const Prepared<T>& constants = s.template prepared<T>();
  if (!constants.usable)
    throw std::invalid_argument(
        "x is float32, but a mean or scale of the components is beyond its range or precision; pass x in float64");
  const Model<T>& model = constants.model;

  const std::vector<double> means = current_means(s.components);
  Origins origins{rounded<T>(means), std::vector<double>(std::size_t(D), 0.0)};
  for (std::int64_t d = 0; d < D; ++d)
    for (std::int64_t k = 0; k < K; ++k)
      origins.center[std::size_t(d)] += s.weights[std::size_t(k)] * origins.shift[std::size_t(k * D + d)];
  origins.center = rounded<T>(origins.center);

  const auto pass = [&](bool pooled) {
    const MomentOrder order = moment_order(type, pooled);
    EMSums total(K, D, order, pooled);
    // As many early parts as there are threads, or up to 64 while they take no more than 8 MB.
    const double part_bytes = 8.0 * double(total.first.size() + total.second.size() + total.scatter.size());
    OrderedSum ordered(total, std::size_t(std::max(double(get_num_threads()), std::min(64.0, 8e6 / part_bytes))));
    const std::int64_t rows = model.tile * std::max<std::int64_t>(1, 2048 / model.tile);
    const std::int64_t scratch = kernel.moments_scratch(model) * std::int64_t(sizeof(T));
    const double work = double(x.n) * cost::moments_ns(K, D, order);
    PruningHints hints;
    parallel_for((x.n + rows - 1) / rows, work, [&](Job& job, std::int64_t task) {
      std::unique_ptr<EMSums> part = ordered.zeros(K, D, order, pooled);
      Moments moments{order,
                      origins.shift.data(),
                      part->mass.data(),
                      part->first.data(),
                      part->pitch,
                      part->second.empty() ? nullptr : part->second.data(),
                      origins.center.data(),
                      part->scatter_first.data(),
                      part->scatter.empty() ? nullptr : part->scatter.data(),
                      0.0};
      const std::int64_t begin = task * rows, end = std::min(begin + rows, x.n);
      kernel.moments(model, {x.data, x.n, x.row_stride, x.col_stride}, sample_weight, begin, end, hard, &moments,
                     static_cast<T*>(thread_scratch(scratch)), hints, Job::cancelled_of, &job);
      part->log_likelihood = moments.log_likelihood;
      if (job.cancelled()) return;
      ordered.add(task, std::move(part), job);
    });
    return total;
  };

  const bool pooled = type == CovarianceType::tied && s.components.size() == 1 &&
                      may_pool(K, D, origins.shift, origins.center, *s.components[0]);
  EMSums sums = pass(pooled);
  // Where means move by very many deviations, as from a bad start: once more, about where they arrive. From so far away that
  // place is not precise either, so that it may take another time.
  constexpr int most = 3;
  for (int i = 0; i < most && lost_digits(K, D, sums, origins, double(std::numeric_limits<T>::epsilon())); ++i) {
    origins.shift = rounded<T>(new_means(K, D, sums, origins, means));
    sums = pass(false);
  }
  EMStep step;
  step.log_likelihood = sums.log_likelihood;
  m_step(K, D, type, reg_covar, sums, origins, means, step);
  return step;
}
template EMStep Mixture::em_step(Data<float>, const double*, CovarianceType, double, bool) const;
template EMStep Mixture::em_step(Data<double>, const double*, CovarianceType, double, bool) const;

}  // namespace fastgen
