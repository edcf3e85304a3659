// One EM step: the pass over the data by chunks, and the M step for every covariance type.
//
// Chunks are cut by the shape of the problem alone and their sums are added in the order of the data, so the result does
// not depend on the number of threads. reg_covar is a floor on the eigenvalues of each covariance. Raising those below
// it to it maximises the likelihood among the covariances allowed, so the likelihood never falls from step to step
// (adding reg_covar to the diagonal, the more common choice, has no such guarantee).
#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>

#include "eigen.hpp"
#include "mixture.hpp"
#include "sizes.hpp"
#include "threads.hpp"

namespace fastgen {
namespace {

// Sums over a chunk of rows, or over all of them.
struct Sums {
  std::vector<double> mass, first, second, scatter_first, scatter;
  double log_likelihood = 0;
  std::int64_t pitch;  // of a row of a full second moment

  Sums(std::int64_t K, std::int64_t D, MomentOrder order, bool with_scatter)
      : mass(std::size_t(K)), first(std::size_t(checked_product("means", 8 * K, D) / 8)),
        pitch(D <= few_features ? D : (D + moment_quantum - 1) / moment_quantum * moment_quantum) {
    if (order == MomentOrder::diagonal) second.resize(std::size_t(K * D));
    if (order == MomentOrder::full) second.resize(std::size_t(checked_product("covariances", 8 * K, D, pitch) / 8));
    if (with_scatter) scatter_first.resize(std::size_t(D)), scatter.resize(std::size_t(D * pitch));
  }
  void clear() {
    for (auto* v : {&mass, &first, &second, &scatter_first, &scatter}) std::fill(v->begin(), v->end(), 0.0);
    log_likelihood = 0;
  }
  void add(const Sums& other) {
    const auto join = [](std::vector<double>& to, const std::vector<double>& from) {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    };
    join(mass, other.mass);
    join(first, other.first);
    join(second, other.second);
    join(scatter_first, other.scatter_first);
    join(scatter, other.scatter);
    log_likelihood += other.log_likelihood;
  }
};

// Adds up the sums of tasks in their order, whichever thread brings them. A thread that is early leaves its sums and goes
// on; waiting for its turn would cost a switch a task, and time slices where others use the machine.
class OrderedSum {
 public:
  OrderedSum(Sums& total, std::size_t most_parked) : total_(total), most_parked_(most_parked) {}

  // Sums of zeros, like the total; reused when there are any.
  std::unique_ptr<Sums> zeros(std::int64_t K, std::int64_t D, MomentOrder order, bool with_scatter) {
    std::unique_ptr<Sums> part;
    {
      const std::lock_guard lock(mutex_);
      if (!spare_.empty()) part = std::move(spare_.back()), spare_.pop_back();
    }
    if (!part) return std::make_unique<Sums>(K, D, order, with_scatter);
    part->clear();
    return part;
  }

  void add(std::int64_t task, std::unique_ptr<Sums> part, Job& job) {
    std::unique_lock lock(mutex_);
    parked_.emplace(task, std::move(part));
    while (!parked_.empty() && parked_.begin()->first == next_) {
      spare_.push_back(std::move(parked_.extract(parked_.begin()).mapped()));
      total_.add(*spare_.back());
      ++next_;
    }
    turn_.notify_all();
    // Tasks are handed out in order, so the one that is due is running: the wait is short.
    while (parked_.size() > most_parked_ && !job.cancelled()) turn_.wait_for(lock, std::chrono::milliseconds(20));
  }

 private:
  Sums& total_;
  const std::size_t most_parked_;
  std::mutex mutex_;
  std::condition_variable turn_;
  std::map<std::int64_t, std::unique_ptr<Sums>> parked_;
  std::vector<std::unique_ptr<Sums>> spare_;
  std::int64_t next_ = 0;
};

MomentOrder moment_order(CovarianceType type, bool pooled) {
  if (type == CovarianceType::full) return MomentOrder::full;
  if (type == CovarianceType::tied) return pooled ? MomentOrder::first : MomentOrder::full;
  return MomentOrder::diagonal;
}

// Means of the current components, in the precision of the data: the shifts of the sums.
template <class T> std::vector<double> current_means(const std::vector<std::shared_ptr<const Components>>& components) {
  std::vector<double> means;
  for (const auto& c : components)
    for (const double m : c->parameter(0)) means.push_back(double(T(m)));
  return means;
}

class MStep {
 public:
  MStep(std::int64_t K, std::int64_t D, CovarianceType type, double reg_covar, const Sums& sums,
        const std::vector<double>& shift, const std::vector<double>& center, EMStep& step)
      : K_(K), D_(D), type_(type), reg_(reg_covar), sums_(sums), shift_(shift), center_(center), step_(step) {}

  void run() {
    double total = 0;
    for (const double m : sums_.mass) total += m;
    step_.weights.resize(std::size_t(K_));
    step_.means = shift_;
    for (std::int64_t k = 0; k < K_; ++k) {
      const double mass = sums_.mass[std::size_t(k)];
      if (is_empty(k)) {
        step_.empty.push_back(k);
        continue;
      }
      step_.weights[std::size_t(k)] = mass / total;
      for (std::int64_t d = 0; d < D_; ++d) step_.means[at(k, d)] += sums_.first[at(k, d)] / mass;
    }
    switch (type_) {
      case CovarianceType::full: return full();
      case CovarianceType::tied: return tied(total);
      case CovarianceType::diag: return diag();
      case CovarianceType::spherical: return spherical();
    }
  }

 private:
  std::size_t at(std::int64_t k, std::int64_t d) const { return std::size_t(k * D_ + d); }
  bool is_empty(std::int64_t k) const { return !(sums_.mass[std::size_t(k)] > std::numeric_limits<double>::min()); }

  // Sum of r (x - new mean)(x - new mean)^T of component k, lower triangle added to `to`.
  void add_scatter(std::int64_t k, double* to) const {
    const double mass = sums_.mass[std::size_t(k)];
    const std::int64_t pitch = sums_.pitch;
    const double *second = sums_.second.data() + k * D_ * pitch, *first = sums_.first.data() + k * D_;
    for (std::int64_t i = 0; i < D_; ++i)
      for (std::int64_t j = 0; j <= i; ++j) to[i * D_ + j] += second[i * pitch + j] - first[i] * (first[j] / mass);
  }

  // Mirrors the lower triangle of `covariance`, raises its eigenvalues, factors it. `owners` are blamed.
  void finish(double* covariance, double* factor, const std::vector<std::int64_t>& owners, Job& job) {
    for (std::int64_t i = 0; i < D_; ++i)
      for (std::int64_t j = 0; j < i; ++j) covariance[j * D_ + i] = covariance[i * D_ + j];
    std::vector<double> work(std::size_t(2 * D_ * D_ + 4 * D_));
    if (reg_ > 0) {
      // A factor of covariance - reg I exists exactly when no eigenvalue needs raising.
      std::vector<double> lowered(covariance, covariance + D_ * D_);
      for (std::int64_t i = 0; i < D_; ++i) lowered[std::size_t(i * D_ + i)] -= reg_;
      if (!kernels().cholesky(D_, lowered.data(), factor, work.data(), Job::cancelled_of, &job) &&
          raise_eigenvalues(D_, reg_, covariance, work.data(), job))
        note(step_.floored, owners);
    }
    if (!kernels().cholesky(D_, covariance, factor, work.data(), Job::cancelled_of, &job)) note(step_.singular, owners);
  }
  void note(std::vector<std::int64_t>& list, const std::vector<std::int64_t>& owners) {
    const std::lock_guard lock(mutex_);
    list.insert(list.end(), owners.begin(), owners.end());
  }

  void full() {
    step_.covariances.assign(std::size_t(K_ * D_ * D_), 0.0);
    step_.factor.resize(step_.covariances.size());
    const double work = double(K_) * (1000.0 + double(D_) * double(D_) * double(D_) * 0.3);
    parallel_for(K_, work, [&](Job& job, std::int64_t k) {
      double* covariance = step_.covariances.data() + k * D_ * D_;
      if (is_empty(k)) {
        // Nothing to learn from: a unit covariance keeps the component valid, and its weight of 0 keeps it silent.
        for (std::int64_t d = 0; d < D_; ++d) covariance[d * D_ + d] = 1.0;
      } else {
        add_scatter(k, covariance);
        for (std::int64_t i = 0; i < D_ * D_; ++i) covariance[i] /= sums_.mass[std::size_t(k)];
      }
      finish(covariance, step_.factor.data() + k * D_ * D_, {k}, job);
    });
    std::sort(step_.floored.begin(), step_.floored.end());
    std::sort(step_.singular.begin(), step_.singular.end());
  }

  void tied(double total) {
    step_.covariances.assign(std::size_t(D_ * D_), 0.0);
    step_.factor.resize(step_.covariances.size());
    double* c = step_.covariances.data();
    if (sums_.scatter.empty()) {
      for (std::int64_t k = 0; k < K_; ++k)
        if (!is_empty(k)) add_scatter(k, c);
    } else {
      // Scatter about the centre, less what the means of the components account for.
      for (std::int64_t i = 0; i < D_; ++i)
        for (std::int64_t j = 0; j <= i; ++j) {
          double sum = sums_.scatter[std::size_t(i * sums_.pitch + j)];
          for (std::int64_t k = 0; k < K_; ++k)
            sum -= sums_.mass[std::size_t(k)] * (step_.means[at(k, i)] - center_[std::size_t(i)]) *
                   (step_.means[at(k, j)] - center_[std::size_t(j)]);
          c[i * D_ + j] = sum;
        }
    }
    for (double& v : step_.covariances) v /= total;
    std::vector<std::int64_t> all;
    for (std::int64_t k = 0; k < K_; ++k) all.push_back(k);
    parallel_for(1, 0.0, [&](Job& job, std::int64_t) { finish(c, step_.factor.data(), all, job); });
  }

  // The variance of feature d of component k about its new mean.
  double variance(std::int64_t k, std::int64_t d) const {
    const double mass = sums_.mass[std::size_t(k)], first = sums_.first[at(k, d)];
    return (sums_.second[at(k, d)] - first * (first / mass)) / mass;
  }
  // Raises a variance to the floor and stores it; true when it had to.
  bool store_variance(double v, std::size_t i, std::int64_t k) {
    const bool low = v < reg_;
    if (low) v = reg_;
    if (!(v > 0) && (step_.singular.empty() || step_.singular.back() != k)) step_.singular.push_back(k);
    step_.covariances[i] = v;
    step_.factor[i] = std::sqrt(v);
    return low;
  }

  void diag() {
    step_.covariances.resize(std::size_t(K_ * D_));
    step_.factor.resize(step_.covariances.size());
    for (std::int64_t k = 0; k < K_; ++k) {
      bool low = false;
      for (std::int64_t d = 0; d < D_; ++d) low |= store_variance(is_empty(k) ? 1.0 : variance(k, d), at(k, d), k);
      if (low) step_.floored.push_back(k);
    }
  }

  void spherical() {
    step_.covariances.resize(std::size_t(K_));
    step_.factor.resize(step_.covariances.size());
    for (std::int64_t k = 0; k < K_; ++k) {
      double sum = 0;
      for (std::int64_t d = 0; d < D_; ++d) sum += is_empty(k) ? 1.0 : variance(k, d);
      if (store_variance(sum / double(D_), std::size_t(k), k)) step_.floored.push_back(k);
    }
  }

  const std::int64_t K_, D_;
  const CovarianceType type_;
  const double reg_;
  const Sums& sums_;
  const std::vector<double>&shift_, &center_;
  EMStep& step_;
  std::mutex mutex_;
};

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
  const Model<T>& model = s.template prepared<T>().model;

  const std::vector<double> shift = current_means<T>(s.components);
  std::vector<double> center(std::size_t(D), 0.0);
  for (std::int64_t d = 0; d < D; ++d) {
    for (std::int64_t k = 0; k < K; ++k)
      center[std::size_t(d)] += s.weights[std::size_t(k)] * shift[std::size_t(k * D + d)];
    center[std::size_t(d)] = double(T(center[std::size_t(d)]));
  }
  const bool pooled =
      type == CovarianceType::tied && s.components.size() == 1 && may_pool(K, D, shift, center, *s.components[0]);
  const MomentOrder order = moment_order(type, pooled);

  Sums total(K, D, order, pooled);
  // As many early parts as there are threads, or up to 64 while they take no more than 8 MB.
  const double part_bytes = 8.0 * double(total.first.size() + total.second.size() + total.scatter.size());
  OrderedSum ordered(total, std::size_t(std::max(double(get_num_threads()), std::min(64.0, 8e6 / part_bytes))));
  const std::int64_t rows = model.tile * std::max<std::int64_t>(1, 2048 / model.tile);
  const double cost = s.row_cost(4.0 + double(D * (D + 3)) * (order == MomentOrder::full ? 0.1 : 0.05));
  const std::int64_t scratch = kernel.moments_scratch(model) * std::int64_t(sizeof(T));
  parallel_for((x.n + rows - 1) / rows, double(x.n) * cost, [&](Job& job, std::int64_t task) {
    std::unique_ptr<Sums> part = ordered.zeros(K, D, order, pooled);
    Moments moments{order,
                    shift.data(),
                    part->mass.data(),
                    part->first.data(),
                    part->pitch,
                    part->second.empty() ? nullptr : part->second.data(),
                    center.data(),
                    part->scatter_first.data(),
                    part->scatter.empty() ? nullptr : part->scatter.data(),
                    0.0};
    const std::int64_t begin = task * rows, end = std::min(begin + rows, x.n);
    kernel.moments(model, {x.data, x.n, x.row_stride, x.col_stride}, sample_weight, begin, end, hard, &moments,
                   static_cast<T*>(thread_scratch(scratch)), Job::cancelled_of, &job);
    part->log_likelihood = moments.log_likelihood;
    if (job.cancelled()) return;
    ordered.add(task, std::move(part), job);
  });

  EMStep step;
  step.log_likelihood = total.log_likelihood;
  MStep(K, D, type, reg_covar, total, shift, center, step).run();
  return step;
}
template EMStep Mixture::em_step(Data<float>, const double*, CovarianceType, double, bool) const;
template EMStep Mixture::em_step(Data<double>, const double*, CovarianceType, double, bool) const;

}  // namespace fastgen
