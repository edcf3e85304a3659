// The M step, for every covariance type.
//
// reg_covar is a floor on the eigenvalues of each covariance. Raising those below it to it maximises the likelihood among the
// covariances allowed, so the likelihood never falls from step to step (adding reg_covar to the diagonal, the more common
// choice, has no such guarantee).
#pragma once

#include "fastgen/fastgen.hpp"
#include "moment_sums.hpp"

namespace fastgen {

// From sums about `shift` (K, D), and about `center` (D,) where those are pooled, to the parameters in `step`.
void m_step(std::int64_t K, std::int64_t D, CovarianceType type, double reg_covar, const EMSums& sums,
            const std::vector<double>& shift, const std::vector<double>& center, EMStep& step);

}  // namespace fastgen
