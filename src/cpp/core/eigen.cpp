// Eigenvalues and vectors of a symmetric matrix: Householder reduction to three diagonals, then QL with implicit shifts
// (Golub and Van Loan, Matrix Computations, sections 8.3.1 and 8.3.3). Plain double arithmetic in one fixed order; all
// inner loops run along rows. Rarely needed (a component collapsing), so set-up code rather than a kernel.
#include "eigen.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fastgen {
namespace {

// a becomes tridiagonal (diagonal d, neighbours e[0 .. D-2]); rows of q are the transformed basis: q a_old q^T.
void tridiagonalise(std::int64_t D, double* a, double* q, double* d, double* e, double* v, double* p, Job& job) {
  std::fill(q, q + D * D, 0.0);
  for (std::int64_t i = 0; i < D; ++i) q[i * D + i] = 1.0;
  for (std::int64_t k = 0; k + 2 < D && !job.cancelled(); ++k) {
    const double* row = a + k * D;
    double scale = 0.0;
    for (std::int64_t i = k + 1; i < D; ++i) scale = std::max(scale, std::fabs(row[i]));
    double tail = 0.0;
    for (std::int64_t i = k + 2; i < D; ++i) tail = std::max(tail, std::fabs(row[i]));
    if (tail == 0.0) continue;
    double norm2 = 0.0;
    for (std::int64_t i = k + 1; i < D; ++i) {
      v[i] = row[i] / scale;
      norm2 += v[i] * v[i];
    }
    const double norm = std::sqrt(norm2);
    v[k + 1] += v[k + 1] < 0.0 ? -norm : norm;
    double v2 = 0.0;
    for (std::int64_t i = k + 1; i < D; ++i) v2 += v[i] * v[i];
    const double beta = 2.0 / v2;
    // Reflect: a - v w^T - w v^T with w = p - (beta / 2)(p.v) v, p = beta a v.
    std::fill(p, p + D, 0.0);
    for (std::int64_t j = k + 1; j < D; ++j)
      for (std::int64_t i = k; i < D; ++i) p[i] += a[j * D + i] * v[j];
    double pv = 0.0;
    for (std::int64_t i = k; i < D; ++i) p[i] *= beta;
    for (std::int64_t i = k + 1; i < D; ++i) pv += p[i] * v[i];
    v[k] = 0.0;
    for (std::int64_t i = k; i < D; ++i) p[i] -= 0.5 * beta * pv * v[i];
    for (std::int64_t j = k; j < D; ++j)
      for (std::int64_t i = k; i < D; ++i) a[j * D + i] -= v[j] * p[i] + p[j] * v[i];
    // The same reflection of the basis: q - beta v (v^T q).
    std::fill(p, p + D, 0.0);
    for (std::int64_t j = k + 1; j < D; ++j)
      for (std::int64_t i = 0; i < D; ++i) p[i] += q[j * D + i] * v[j];
    for (std::int64_t j = k + 1; j < D; ++j)
      for (std::int64_t i = 0; i < D; ++i) q[j * D + i] -= beta * v[j] * p[i];
  }
  for (std::int64_t i = 0; i < D; ++i) d[i] = a[i * D + i];
  for (std::int64_t i = 0; i + 1 < D; ++i) e[i] = a[i * D + i + 1];
  e[D - 1] = 0.0;
}

// Diagonalises (d, e), turning the rows of q into eigenvectors.
void ql_implicit(std::int64_t D, double* d, double* e, double* q, Job& job) {
  constexpr double epsilon = std::numeric_limits<double>::epsilon();
  for (std::int64_t l = 0; l < D && !job.cancelled(); ++l) {
    for (int sweep = 0; sweep < 64; ++sweep) {
      std::int64_t m = l;
      while (m + 1 < D && std::fabs(e[m]) > epsilon * (std::fabs(d[m]) + std::fabs(d[m + 1]))) ++m;
      if (m == l) break;
      double g = (d[l + 1] - d[l]) / (2.0 * e[l]);
      double r = std::sqrt(g * g + 1.0);
      g = d[m] - d[l] + e[l] / (g + (g < 0.0 ? -r : r));
      double s = 1.0, c = 1.0, p = 0.0;
      bool split = false;
      for (std::int64_t i = m - 1; i >= l; --i) {
        const double f = s * e[i], b = c * e[i];
        r = std::sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r == 0.0) {
          d[i + 1] -= p;
          e[m] = 0.0;
          split = true;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        const double t = (d[i] - g) * s + 2.0 * c * b;
        p = s * t;
        d[i + 1] = g + p;
        g = c * t - b;
        double *low = q + i * D, *high = low + D;
        for (std::int64_t j = 0; j < D; ++j) {
          const double h = high[j];
          high[j] = s * low[j] + c * h;
          low[j] = c * low[j] - s * h;
        }
      }
      if (split) continue;
      d[l] -= p;
      e[l] = g;
      e[m] = 0.0;
    }
  }
}

}  // namespace

bool raise_eigenvalues(std::int64_t D, double floor, double* a, double* scratch, Job& job) {
  double *work = scratch, *q = work + D * D, *d = q + D * D, *e = d + D, *v = e + D, *p = v + D;
  // In units of a power of 2 near the largest variance, so that no square leaves the range of doubles.
  double variance = floor;
  for (std::int64_t i = 0; i < D; ++i) variance = std::max(variance, a[i * D + i]);
  const int exponent = std::ilogb(variance);
  std::transform(a, a + D * D, work, [&](double value) { return std::scalbn(value, -exponent); });
  tridiagonalise(D, work, q, d, e, v, p, job);
  ql_implicit(D, d, e, q, job);
  const double largest = *std::max_element(d, d + D), smallest = *std::min_element(d, d + D);
  const double least =
      std::max(std::scalbn(floor, -exponent), largest * double(D) * 4.0 * std::numeric_limits<double>::epsilon());
  if (smallest >= least) return false;
  std::fill(a, a + D * D, 0.0);
  for (std::int64_t m = 0; m < D && !job.cancelled(); ++m) {
    const double value = std::scalbn(std::max(d[m], least), exponent);
    const double* row = q + m * D;
    for (std::int64_t i = 0; i < D; ++i) {
      const double f = value * row[i];
      for (std::int64_t j = 0; j < D; ++j) a[i * D + j] += f * row[j];
    }
  }
  return true;
}

}  // namespace fastgen
