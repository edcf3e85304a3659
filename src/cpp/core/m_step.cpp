#include "m_step.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "cost.hpp"
#include "dispatch.hpp"
#include "eigen.hpp"
#include "threads.hpp"

namespace fastgen {
namespace {

class MStep {
 public:
  MStep(std::int64_t K, std::int64_t D, CovarianceType type, double reg_covar, const EMSums& sums,
        const Origins& origins, EMStep& step)
      : K_(K), D_(D), type_(type), reg_(reg_covar), sums_(sums), center_(origins.center), step_(step) {}

  void run() {
    double total = 0;
    for (const double m : sums_.mass) total += m;
    step_.weights.resize(std::size_t(K_));
    for (std::int64_t k = 0; k < K_; ++k) {
      const double mass = sums_.mass[std::size_t(k)];
      if (is_empty(k)) {
        step_.empty.push_back(k);
        continue;
      }
      step_.weights[std::size_t(k)] = mass / total;
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
  bool is_empty(std::int64_t k) const { return sums_.is_empty(k); }

  // Sum of r (x - new mean)(x - new mean)^T of component k, lower triangle added to `to`.
  void add_scatter(std::int64_t k, double* to) const {
    const double mass = sums_.mass[std::size_t(k)];
    const std::int64_t pitch = sums_.pitch;
    const double *second = sums_.second.data() + k * D_ * pitch, *first = sums_.first.data() + k * D_;
    for (std::int64_t i = 0; i < D_; ++i)
      for (std::int64_t j = 0; j <= i; ++j) to[i * D_ + j] += second[i * pitch + j] - first[i] * (first[j] / mass);
  }

  void mirror(double* lower) const {
    for (std::int64_t i = 0; i < D_; ++i)
      for (std::int64_t j = 0; j < i; ++j) lower[j * D_ + i] = lower[i * D_ + j];
  }

  // Whether what a feature varies beside those before it is less than the roundings of the sums.
  bool depends(const double* covariance, const double* factor) const {
    const double least = 16.0 * double(D_) * std::numeric_limits<double>::epsilon();
    for (std::int64_t i = 0; i < D_ * D_; i += D_ + 1)
      if (factor[i] * factor[i] < least * covariance[i]) return true;
    return false;
  }

  // Mirrors the lower triangle of `covariance`, raises its eigenvalues, factors it. `owners` are blamed.
  void finish(double* covariance, double* factor, const std::vector<std::int64_t>& owners, Job& job) {
    mirror(covariance);
    std::vector<double> work(std::size_t(2 * D_ * D_ + 4 * D_));
    if (reg_ > 0) {
      // A factor of covariance - reg I exists exactly when no eigenvalue needs raising.
      std::vector<double> lowered(covariance, covariance + D_ * D_);
      for (std::int64_t i = 0; i < D_; ++i) lowered[std::size_t(i * D_ + i)] -= reg_;
      if (!kernels().cholesky(D_, lowered.data(), factor, work.data(), Job::cancelled_of, &job) &&
          raise_eigenvalues(D_, reg_, covariance, work.data(), job)) {
        mirror(covariance);
        note(step_.floored, owners);
      }
    }
    const bool found = kernels().cholesky(D_, covariance, factor, work.data(), Job::cancelled_of, &job);
    if (!found || (reg_ == 0 && depends(covariance, factor))) note(step_.singular, owners);
  }
  void note(std::vector<std::int64_t>& list, const std::vector<std::int64_t>& owners) {
    const std::lock_guard lock(mutex_);
    list.insert(list.end(), owners.begin(), owners.end());
  }

  void full() {
    step_.covariances.assign(std::size_t(K_ * D_ * D_), 0.0);
    step_.factor.resize(step_.covariances.size());
    parallel_for(K_, double(K_) * cost::covariance_ns(D_), [&](Job& job, std::int64_t k) {
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
  const EMSums& sums_;
  const std::vector<double>& center_;
  EMStep& step_;
  std::mutex mutex_;
};

}  // namespace

std::vector<double> new_means(std::int64_t K, std::int64_t D, const EMSums& sums, const Origins& origins,
                              std::vector<double> means) {
  for (std::int64_t k = 0; k < K; ++k)
    for (std::int64_t d = 0; d < D && !sums.is_empty(k); ++d) {
      const std::size_t i = std::size_t(k * D + d);
      means[i] = origins.shift[i] + sums.first[i] / sums.mass[std::size_t(k)];
    }
  return means;
}

void m_step(std::int64_t K, std::int64_t D, CovarianceType type, double reg_covar, const EMSums& sums,
            const Origins& origins, const std::vector<double>& means, EMStep& step) {
  step.means = new_means(K, D, sums, origins, means);
  MStep(K, D, type, reg_covar, sums, origins, step).run();
}

bool lost_digits(std::int64_t K, std::int64_t D, const EMSums& sums, const Origins& origins, double epsilon) {
  // A variance is what is left of a mean square about an origin: here with fewer than half of the digits.
  const auto lost = [&](double square, double distance_square, double mean) {
    return square - distance_square < std::sqrt(epsilon) * distance_square &&
           std::sqrt(distance_square) > 16 * epsilon * std::fabs(mean);
  };
  if (!sums.scatter.empty()) {
    double total = 0;
    for (const double mass : sums.mass) total += mass;
    for (std::int64_t d = 0; d < D; ++d) {
      double spread = 0;
      for (std::int64_t k = 0; k < K; ++k)
        if (!sums.is_empty(k)) {
          const std::size_t i = std::size_t(k * D + d);
          const double mass = sums.mass[std::size_t(k)];
          const double distance = origins.shift[i] + sums.first[i] / mass - origins.center[std::size_t(d)];
          spread += mass / total * (distance * distance);
        }
      if (lost(sums.scatter[std::size_t(d * sums.pitch + d)] / total, spread, origins.center[std::size_t(d)]))
        return true;
    }
    return false;
  }
  const bool diagonal = sums.second.size() == sums.first.size();
  for (std::int64_t k = 0; k < K; ++k)
    for (std::int64_t d = 0; d < D && !sums.is_empty(k); ++d) {
      const std::int64_t i = k * D + d;
      const double mass = sums.mass[std::size_t(k)], moved = sums.first[std::size_t(i)] / mass;
      const double square = sums.second[std::size_t(diagonal ? i : i * sums.pitch + d)] / mass;
      if (lost(square, moved * moved, origins.shift[std::size_t(i)] + moved)) return true;
    }
  return false;
}

}  // namespace fastgen
