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
  // A centre of the means; whether a mean is near enough for L^-1 (x - mean) to be taken as L^-1 (x - centre) + white, 0 or
  // 1; there white = L^-1 (centre - mean), elsewhere 0, and 0 once more behind those of all components.
  P center, near, white;
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
    } else {
      const std::int64_t size = shape.variant == diag ? K * D : K;
      factor = p, p += size;
      inverse = p, p += size;
      transposed = nullptr;
    }
    center = p, p += D;
    near = p, p += K;
    white = p;
    whitened = shape.variant == tied && near_center(0);
  }
  P lower(std::int64_t k) const { return factor + shared * k * affine_size<T>(D); }
  P precision(std::int64_t k) const { return inverse + shared * k * triangle_size(D); }
  P precision_transposed(std::int64_t k) const { return transposed + shared * k * triangle_size(D); }
  bool near_center(std::int64_t k) const { return near[k] != T(0); }
  P origin(std::int64_t k) const { return near_center(k) ? center : mean + k * D; }
  P zeros() const { return white + K * D; }
};

template <class T> inline std::int64_t constants_size(Shape shape) {
  const std::int64_t K = shape.n_components, D = shape.n_features;
  const std::int64_t factor = affine_size<T>(D) + 2 * triangle_size(D);
  const std::int64_t about_center = D + K + (K + 1) * D, rest = head_size<T>(K, D) + about_center;
  switch (shape.variant) {
    case full: return rest + K * factor;
    case tied: return rest + factor;
    case diag: return rest + 2 * K * D;
    default: return rest + 2 * K;
  }
}

inline std::int64_t prepare_scratch(Shape shape) {
  const std::int64_t D = shape.n_features;
  return shape.variant == full || shape.variant == tied ? D + D * D : D;
}

// A point between K means: halfway between the least and the largest in each feature, as T.
template <class T> inline void middle_of(const double* means, std::int64_t K, std::int64_t D, double* middle) {
  for (std::int64_t d = 0; d < D; ++d) {
    double low = means[d], high = means[d];
    for (std::int64_t k = 1; k < K; ++k) {
      const double m = means[k * D + d];
      low = m < low ? m : low;
      high = m > high ? m : high;
    }
    middle[d] = double(T(low + 0.5 * (high - low)));
  }
}

// white = inverse (middle - mean), `inverse` being lower triangular or diagonal; false when it is not short. What is taken with it
// has rounding errors relative to the sums that it is made of: allowed while those stay within 32 standard deviations, whose
// error is 4e-15 in double.
constexpr double longest_white = 32;
template <class T>
inline bool whiten_mean(std::int64_t D, const double* inverse, const double* middle, const T* mean, T* white) {
  bool is_short = true;
  for (std::int64_t i = 0; i < D; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j <= i; ++j) {
      sum += double(T(inverse[i * D + j])) * (middle[j] - double(mean[j]));
      is_short &= -longest_white < sum && sum < longest_white;
    }
    white[i] = T(sum);
  }
  return is_short;
}
template <class T>
inline bool whiten_mean(std::int64_t D, const T* inverse, std::int64_t step, const double* middle, const T* mean,
                        T* white) {
  bool is_short = true;
  for (std::int64_t d = 0; d < D; ++d) {
    const double w = double(inverse[d * step]) * (middle[d] - double(mean[d]));
    is_short &= -longest_white < w && w < longest_white;
    white[d] = T(w);
  }
  return is_short;
}

template <class P> inline void set_near(const Constants<P>& c, std::int64_t k, bool near) {
  using T = typename Constants<P>::T;
  c.near[k] = T(near);
  for (std::int64_t i = 0; i < c.D && !near; ++i) c.white[k * c.D + i] = T(0);
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
  double *middle = scratch, *inverse = scratch + D;
  // Every slice finds the centre again, so where components do not share a factor it is that of a few means.
  constexpr std::int64_t means_of_center = 64;
  middle_of<T>(means, shape.variant == tied || K < means_of_center ? K : means_of_center, D, middle);
  if (k0 == 0)
    for (std::int64_t d = 0; d < D; ++d) c.center[d] = T(middle[d]), c.zeros()[d] = T(0);
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
      const std::int64_t step = shape.variant == diag ? 1 : 0;
      set_near(c, k, whiten_mean(D, c.inverse + k * each, step, middle, c.mean + k * D, c.white + k * D));
    }
    return;
  }
  for (std::int64_t k = k0; k < (c.shared ? k1 : 1); ++k) {
    const double* lower = factors + k * D * D;
    invert_lower(D, lower, inverse, patience);
    if (pace.over(D * D)) return;
    pack_affine(D, lower, c.lower(k));
    pack_lower(D, inverse, c.precision(k));
    pack_transposed(D, inverse, c.precision_transposed(k));
    double log_det = 0;
    for (std::int64_t i = 0; i < D; ++i) log_det += math::log(lower[i * D + i]);
    c.norm[k] = T(-0.5 * double(D) * numbers::log_two_pi - log_det);
    set_near(c, k, whiten_mean(D, inverse, middle, c.mean + k * D, c.white + k * D));
  }
  if (shape.variant != tied) return;
  // Distances between whitened points cost D a pair instead of D^2 / 2.
  bool all_near = true;
  for (std::int64_t k = 0; k < K; ++k) {
    if (pace.over(D * D)) return;
    c.norm[k] = c.norm[0];
    all_near &= whiten_mean(D, inverse, middle, c.mean + k * D, c.white + k * D);
  }
  for (std::int64_t k = 0; k < K; ++k) set_near(c, k, all_near);
}

}  // namespace multivariate_normal
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
