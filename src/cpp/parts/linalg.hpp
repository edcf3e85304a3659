// Cholesky factor and triangular inverse for set-up: double, row-major, lanes over columns.
//
// Every element subtracts its products in ascending order of the summation index, so the bits do not depend on the
// vector width. Bound by loads of the rows above (one a multiply-add); set-up, not the inner loop.
#pragma once

#include "../vector/math.hpp"
#include "patience.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// row[c] -= sum over j in [j0, j1) of coefficient[j * step] * rows[j * D + c] for c in [c0, c1).
inline void subtract_rows(std::int64_t D, const double* coefficient, std::int64_t step, const double* rows,
                          std::int64_t j0, std::int64_t j1, std::int64_t c0, std::int64_t c1, double* row) {
  constexpr int W = native_width<double>;
  constexpr int C = 6;
  using V = Vec<double, W>;
  std::int64_t c = c0;
  for (; c + C * W <= c1; c += C * W) {
    V acc[C];
    FASTGEN_UNROLL
    for (int v = 0; v < C; ++v) acc[v] = V::load(row + c + v * W);
    for (std::int64_t j = j0; j < j1; ++j) {
      const V a(-coefficient[j * step]);
      FASTGEN_UNROLL
      for (int v = 0; v < C; ++v) acc[v] = fma(a, V::load(rows + j * D + c + v * W), acc[v]);
    }
    FASTGEN_UNROLL
    for (int v = 0; v < C; ++v) acc[v].store(row + c + v * W);
  }
  for (; c + W <= c1; c += W) {
    V acc = V::load(row + c);
    for (std::int64_t j = j0; j < j1; ++j) acc = fma(V(-coefficient[j * step]), V::load(rows + j * D + c), acc);
    acc.store(row + c);
  }
  for (; c < c1; ++c) {
    double acc = row[c];
    for (std::int64_t j = j0; j < j1; ++j) acc = fma(-coefficient[j * step], rows[j * D + c], acc);
    row[c] = acc;
  }
}

// Rows between two looks at the clock.
constexpr std::int64_t rows_on_trust = 64;

// a = lower lower^T. Reads the lower triangle of a. False when a pivot is not positive (or not a number), or when stopped.
inline bool cholesky(std::int64_t D, const double* a, double* lower, double* upper, Patience patience = {}) {
  for (std::int64_t i = 0; i < D; ++i) {
    if (i % rows_on_trust == rows_on_trust - 1 && patience.over()) return false;
    double* row = upper + i * D;
    for (std::int64_t c = i; c < D; ++c) row[c] = a[c * D + i];
    subtract_rows(D, upper + i, D, upper, 0, i, i, D, row);
    if (!(row[i] > 0.0) || row[i] - row[i] != 0.0) return false;
    const double pivot = sqrt(row[i]);
    row[i] = pivot;
    for (std::int64_t c = i + 1; c < D; ++c) row[c] /= pivot;
  }
  for (std::int64_t i = 0; i < D; ++i)
    for (std::int64_t j = 0; j < D; ++j) lower[i * D + j] = j <= i ? upper[j * D + i] : 0.0;
  return true;
}

// inverse = lower^-1, zeros above the diagonal; incomplete when stopped.
inline void invert_lower(std::int64_t D, const double* lower, double* inverse, Patience patience = {}) {
  for (std::int64_t i = 0; i < D; ++i) {
    if (i % rows_on_trust == rows_on_trust - 1 && patience.over()) return;
    double* row = inverse + i * D;
    for (std::int64_t c = 0; c < D; ++c) row[c] = 0.0;
    subtract_rows(D, lower + i * D, 1, inverse, 0, i, 0, i, row);
    const double pivot = lower[i * D + i];
    for (std::int64_t c = 0; c < i; ++c) row[c] /= pivot;
    row[i] = 1.0 / pivot;
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
