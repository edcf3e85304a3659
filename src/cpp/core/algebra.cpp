// Set-up algebra of many matrices at once, one task a matrix.
#include <algorithm>
#include <atomic>
#include <vector>

#include "cost.hpp"
#include "dispatch.hpp"
#include "fastgen/fastgen.hpp"
#include "sizes.hpp"
#include "threads.hpp"

namespace fastgen {

std::int64_t cholesky(std::int64_t count, std::int64_t D, const double* a, double* lower, bool inverse) {
  const std::int64_t size = checked_product("a", D, D);
  std::atomic<std::int64_t> failed{count};
  parallel_for(count, double(count) * cost::cholesky_ns(D), [&](Job& job, std::int64_t k) {
    auto* scratch = static_cast<double*>(thread_scratch(3 * 8 * size));
    const double* from = a + k * size;
    double* to = lower + k * size;
    bool good;
    if (!inverse) {
      good = kernels().cholesky(D, from, to, scratch, Job::cancelled_of, &job);
    } else {
      // With J the reversal of order, J a J = m m^T gives a = u u^T, u = J m J upper; then a^-1 = u^-T u^-1, whose lower
      // factor is u^-T. Reversing m^-1 gives u^-1.
      double *reversed = scratch, *factor = scratch + size, *work_space = factor + size;
      for (std::int64_t i = 0; i < D; ++i)
        for (std::int64_t j = 0; j < D; ++j) reversed[i * D + j] = from[(D - 1 - i) * D + (D - 1 - j)];
      good = kernels().cholesky(D, reversed, factor, work_space, Job::cancelled_of, &job);
      if (good) {
        kernels().invert_lower(D, factor, reversed, Job::cancelled_of, &job);
        for (std::int64_t i = 0; i < D; ++i)
          for (std::int64_t j = 0; j < D; ++j) to[i * D + j] = reversed[(D - 1 - j) * D + (D - 1 - i)];
      }
    }
    if (good) return;
    std::fill(to, to + size, 0.0);
    std::int64_t known = failed.load();
    while (k < known && !failed.compare_exchange_weak(known, k)) {}
  });
  return failed == count ? -1 : failed.load();
}

void condition_means(std::int64_t K, std::int64_t D, std::int64_t m, const double* means, const double* lower,
                     bool shared, const double* values, double* out) {
  parallel_for(K, double(K) * double(m) * double(D), [&](Job&, std::int64_t k) {
    const double *mean = means + k * D, *l = lower + (shared ? 0 : k * D * D);
    auto* z = static_cast<double*>(thread_scratch(8 * m + 8));
    // z = L_oo^-1 (values - mean_o); the mean of the rest moves by L_ro z.
    for (std::int64_t i = 0; i < m; ++i) {
      double sum = values[i] - mean[i];
      for (std::int64_t j = 0; j < i; ++j) sum -= l[i * D + j] * z[j];
      z[i] = sum / l[i * D + i];
    }
    for (std::int64_t i = m; i < D; ++i) {
      double sum = 0;
      for (std::int64_t j = 0; j < m; ++j) sum += l[i * D + j] * z[j];
      out[k * (D - m) + i - m] = mean[i] + sum;
    }
  });
}

}  // namespace fastgen
