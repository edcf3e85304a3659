// The multivariate normal law: its constants, and how they are made of its parameters.
#pragma once

#include "../../parts/affine.hpp"
#include "../../parts/linalg.hpp"
#include "../../parts/tile.hpp"
#include "../../parts/triangular.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace multivariate_normal {

enum Variant : int { full = 0, tied = 1, diag = 2, spherical = 3 };

// Means and norms, up to whole cache lines: the factors that follow are read by vectors that should not straddle them.
template <class T> constexpr std::int64_t head_size(std::int64_t K, std::int64_t D) {
  return (K * (D + 1) + affine_panel<T> - 1) / affine_panel<T> * affine_panel<T>;
}

// P is T* to prepare them, const T* to read them.
template <class P> struct Constants {
  using T = std::remove_cvref_t<decltype(*P())>;
  std::int64_t K, D, shared;  // `shared`: 0 where one factor serves all components, else 1
  bool whitened;              // tied: densities may be taken between whitened points
  P mean, norm;
  P factor;         // full, tied: L packed for sampling; diag, spherical: standard deviations
  P inverse;        // full, tied: L^-1 packed (triangle each); diag, spherical: 1 / standard deviation
  P transposed;     // full, tied: L^-T packed
  P center, white;  // tied: a centre of the means and L^-1 (mean - centre)
  FASTGEN_INLINE Constants(const Shape& shape, P p) {
    K = shape.n_components, D = shape.n_features;
    const std::int64_t tri = triangle_size(D);
    shared = shape.variant == tied ? 0 : 1;
    const std::int64_t factors = shared ? K : 1;
    mean = p, norm = p + K * D, p += head_size<T>(K, D);
    if (shape.variant == full || shape.variant == tied) {
      factor = p, p += factors * affine_size<T>(D);
      inverse = p, p += factors * tri;
      transposed = p, p += factors * tri;
      center = p, p += D;
      white = p, p += K * D;
      whitened = shape.variant == tied && *p != T(0);
    } else {
      const std::int64_t size = shape.variant == diag ? K * D : K;
      factor = p, p += size;
      inverse = p;
      transposed = center = white = nullptr;
      whitened = false;
    }
  }
  P lower(std::int64_t k) const { return factor + shared * k * affine_size<T>(D); }
  P precision(std::int64_t k) const { return inverse + shared * k * triangle_size(D); }
  P precision_transposed(std::int64_t k) const { return transposed + shared * k * triangle_size(D); }
};

template <class T> inline std::int64_t constants_size(Shape shape) {
  const std::int64_t K = shape.n_components, D = shape.n_features;
  const std::int64_t factor = affine_size<T>(D) + 2 * triangle_size(D), head = head_size<T>(K, D);
  switch (shape.variant) {
    case full: return head + K * factor + D + K * D + 1;
    case tied: return head + factor + D + K * D + 1;
    case diag: return head + 2 * K * D;
    default: return head + 2 * K;
  }
}

inline std::int64_t prepare_scratch(Shape shape) {
  return shape.variant == full || shape.variant == tied ? 3 * shape.n_features * shape.n_features : 0;
}

// Where components share a factor, the slice that starts at component 0 prepares all: slices run at the same time.
template <class T>
inline void prepare(Shape shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants,
                    double* scratch, Patience patience) {
  const std::int64_t K = shape.n_components, D = shape.n_features;
  if (shape.variant == tied) {
    if (k0 != 0) return;
    k1 = K;
  }
  const double *means = parameters[0], *factors = parameters[1];
  const Constants c(shape, constants);
  Pace pace{patience};
  for (std::int64_t i = k0 * D; i < k1 * D; ++i) c.mean[i] = T(means[i]) + T(0);  // no -0: see affine.hpp
  if (shape.variant == diag || shape.variant == spherical) {
    const std::int64_t each = shape.variant == diag ? D : 1;
    for (std::int64_t k = k0; k < k1; ++k) {
      double log_det = 0;
      for (std::int64_t d = 0; d < each; ++d) {
        const double s = factors[k * each + d];
        c.factor[k * each + d] = T(s);
        c.inverse[k * each + d] = T(1.0 / s);
        log_det += math::log(s);
      }
      if (shape.variant == spherical) log_det *= double(D);
      c.norm[k] = T(-0.5 * double(D) * numbers::log_two_pi - log_det);
    }
    return;
  }
  for (std::int64_t k = k0; k < (c.shared ? k1 : 1); ++k) {
    const double* lower = factors + k * D * D;
    invert_lower(D, lower, scratch, patience);
    if (pace.over(D * D)) return;
    pack_affine(D, lower, c.lower(k));
    pack_lower(D, scratch, c.precision(k));
    pack_transposed(D, scratch, c.precision_transposed(k));
    double log_det = 0;
    for (std::int64_t i = 0; i < D; ++i) log_det += math::log(lower[i * D + i]);
    c.norm[k] = T(-0.5 * double(D) * numbers::log_two_pi - log_det);
  }
  if (shape.variant != tied) return;
  for (std::int64_t k = 1; k < K; ++k) c.norm[k] = c.norm[0];
  // Distances between whitened points cost D a pair instead of D^2 / 2, but lose the digits by which the whitened
  // means exceed the distances: allowed while they are short.
  double *inverse = scratch, *mid = scratch + D * D, largest = 0;
  for (std::int64_t d = 0; d < D; ++d) {
    double low = means[d], high = means[d];
    for (std::int64_t k = 1; k < K; ++k) {
      const double m = means[k * D + d];
      low = m < low ? m : low;
      high = m > high ? m : high;
    }
    mid[d] = double(T(low + 0.5 * (high - low)));
    c.center[d] = T(mid[d]);
  }
  for (std::int64_t k = 0; k < K; ++k) {
    if (pace.over(D * D)) return;
    for (std::int64_t i = 0; i < D; ++i) {
      double sum = 0;
      for (std::int64_t j = 0; j <= i; ++j) sum += inverse[i * D + j] * (double(c.mean[k * D + j]) - mid[j]);
      c.white[k * D + i] = T(sum);
      const double size = sum < 0 ? -sum : sum;
      largest = size > largest ? size : largest;
    }
  }
  constexpr double longest_white_mean = 32;
  c.white[K * D] = largest < longest_white_mean ? T(1) : T(0);
}

}  // namespace multivariate_normal
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
