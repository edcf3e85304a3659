// The M step, for every covariance type.
//
// reg_covar is a floor on the eigenvalues of each covariance. Raising those below it to it maximises the likelihood among the
// covariances allowed, so the likelihood never falls from step to step (adding reg_covar to the diagonal, the more common
// choice, has no such guarantee).
#pragma once

#include "fastgen/fastgen.hpp"
#include "moment_sums.hpp"

namespace fastgen {

// What the sums of a pass are about.
struct Origins {
  std::vector<double> shift;  // (K, D)
  std::vector<double> center;  // (D,), where covariances are pooled
};

// `means` are the current ones, which components without data keep.
std::vector<double> new_means(std::int64_t K, std::int64_t D, const EMSums& sums, const Origins& origins,
                              std::vector<double> means);

// From sums about `origins` to the parameters in `step`.
void m_step(std::int64_t K, std::int64_t D, CovarianceType type, double reg_covar, const EMSums& sums,
            const Origins& origins, const std::vector<double>& means, EMStep& step);

// Whether variances about the new means have lost digits to the distance from the origins. `epsilon` is that of the data, to
// which origins are rounded.
bool lost_digits(std::int64_t K, std::int64_t D, const EMSums& sums, const Origins& origins, double epsilon);

}  // namespace fastgen
