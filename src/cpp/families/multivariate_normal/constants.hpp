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
  std::int64_t K, D, together, own_factor;  // 1 where each component has a factor of its own, 0 where one serves all
  P mean, norm;
  P factor;      // full, tied: L packed for sampling; diag, spherical: standard deviations
  P inverse;     // full, tied: L^-1 packed (triangle each); diag, spherical: 1 / standard deviation
  P transposed;  // full, tied: L^-T packed
  // Of each mixture a centre of its means (D,). For each component whether its mean is near it, 1 or 0 (tied: all or none of a
  // mixture), and what sums of products with x - centre start with (D,): L^-1 (centre - mean), or 0 where it is not near. D zeros.
  P center, near, start, zeros;
  FASTGEN_INLINE Constants(const Shape& shape, P p) {
    K = shape.n_components, D = shape.n_features, together = shape.together;
    const std::int64_t tri = triangle_size(D);
    own_factor = shape.variant == tied ? 0 : 1;
    const std::int64_t factors = own_factor ? K : 1;
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
    center = p, p += K / together * D;
    near = p, p += K;
    start = p, p += K * D;
    zeros = p;
  }
  P lower(std::int64_t k) const { return factor + own_factor * k * affine_size<T>(D); }
  P precision(std::int64_t k) const { return inverse + own_factor * k * triangle_size(D); }
  P precision_transposed(std::int64_t k) const { return transposed + own_factor * k * triangle_size(D); }
  P center_of(std::int64_t k) const { return center + k / together * D; }
  bool near_center(std::int64_t k) const { return near[k] != T(0); }
  // Whether it pays to make x - centre for several components.
  bool share_center(std::int64_t k0, std::int64_t k1) const {
    T count(0);
    for (std::int64_t k = k0; k < k1; ++k) count += near[k];
    return count > T(1);
  }
  P origin(std::int64_t k) const { return near_center(k) ? center_of(k) : mean + k * D; }
  // Tied: densities of the mixture of component k may be taken between points multiplied by L^-1.
  bool whitened(std::int64_t k) const { return own_factor == 0 && near_center(k); }
};

template <class T> inline std::int64_t constants_size(Shape shape) {
  const std::int64_t K = shape.n_components, D = shape.n_features;
  const std::int64_t factor = affine_size<T>(D) + 2 * triangle_size(D);
  const std::int64_t about_center = K / shape.together * D + K + (K + 1) * D, rest = head_size<T>(K, D) + about_center;
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

// How near a mean must be to its centre, in standard deviations: so much no sum that `start` is made of may exceed. Rounding errors
// are relative to these sums then, instead of to those of x - mean, and in the worst case those of all D features have one sign:
// with 256 / D a log density near 0 stays within 1e-13 (double). Tied matrices are allowed more, as densities of near means cost
// D a pair instead of D^2 / 2.
template <class T> inline double longest_start(int variant, std::int64_t D) {
  if (variant == tied) return 32;
  const double most = sizeof(T) == 8 ? 32 : 8, by_features = 256.0 / double(D);
  return by_features < most ? by_features : most;
}
// From so many means of a mixture its centre is made: every slice of components makes it again.
constexpr std::int64_t means_of_center = 64;

// The centre of the mixture of component k: halfway between the least and the largest mean in each feature, as T. False where
// x - centre could overflow though x - mean does not.
template <class T> inline bool find_center(Shape shape, const double* means, std::int64_t k, double* center) {
  const std::int64_t D = shape.n_features, first = k / shape.together * shape.together;
  const std::int64_t n = shape.together < means_of_center ? shape.together : means_of_center;
  constexpr double safe = double(largest<T>) * 0x1p-56;  // too little to change the largest numbers of T
  bool is_safe = true;
  for (std::int64_t d = 0; d < D; ++d) {
    const double* m = means + first * D + d;
    double low = *m, high = *m;
    for (std::int64_t i = 1; i < n; ++i) {
      m += D;
      low = *m < low ? *m : low;
      high = *m > high ? *m : high;
    }
    center[d] = double(T(low + 0.5 * (high - low)));
    is_safe &= abs(center[d]) < safe;
  }
  return is_safe;
}

// start = inverse (center - mean), `inverse` being lower triangular or diagonal; whether all sums stayed below `longest`.
template <class T>
inline bool make_start(std::int64_t D, const double* inverse, const double* center, const T* mean, double longest,
                       T* start) {
  bool is_near = true;
  for (std::int64_t i = 0; i < D; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j <= i; ++j) {
      sum += double(T(inverse[i * D + j])) * (center[j] - double(mean[j]));
      is_near &= abs(sum) < longest;
    }
    start[i] = T(sum);
  }
  return is_near;
}
template <class T>
inline bool make_start(std::int64_t D, const T* inverse, std::int64_t step, const double* center, const T* mean,
                       double longest, T* start) {
  bool is_near = true;
  for (std::int64_t d = 0; d < D; ++d) {
    const double product = double(inverse[d * step]) * (center[d] - double(mean[d]));
    is_near &= abs(product) < longest;
    start[d] = T(product);
  }
  return is_near;
}
template <class P> inline void set_near(const Constants<P>& c, std::int64_t k, bool is_near) {
  using T = typename Constants<P>::T;
  c.near[k] = T(is_near);
  if (is_near) return;
  for (std::int64_t d = 0; d < c.D; ++d) c.start[k * c.D + d] = T(0);
}

// Where components share a factor, the slice that starts at component 0 prepares all: slices run at the same time. `room`(k) is how
// much of longest_start a law that is made of the normal one may use, at most 1.
template <class T, class Room>
inline void prepare(Shape shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants,
                    double* scratch, Patience patience, Room room) {
  const std::int64_t K = shape.n_components, D = shape.n_features;
  if (shape.variant == tied) {
    if (k0 != 0) return;
    k1 = K;
  }
  const double *means = parameters[0], *factors = parameters[1];
  const Constants c(shape, constants);
  Pace pace{patience};
  for (std::int64_t i = k0 * D; i < k1 * D; ++i) c.mean[i] = T(means[i]) + T(0);  // no -0: see affine.hpp
  if (k0 == 0)
    for (std::int64_t d = 0; d < D; ++d) c.zeros[d] = T(0);
  double *center = scratch, *inverse = scratch + D;
  double longest = 0.0;  // of the mixture that `center` belongs to; no mean is near a centre that is not safe
  const auto enter = [&](std::int64_t k) {  // component k, of this mixture or of the next
    const bool is_first = k % shape.together == 0;
    if (k != k0 && !is_first) return;
    longest = find_center<T>(shape, means, k, center) ? longest_start<T>(shape.variant, D) : 0.0;
    if (!is_first) return;
    for (std::int64_t d = 0; d < D; ++d) c.center_of(k)[d] = T(center[d]);
  };
  const auto start_is_short = [&](std::int64_t k) {
    return make_start(D, inverse, center, c.mean + k * D, longest * room(k), c.start + k * D);
  };
  if (shape.variant == diag || shape.variant == spherical) {
    const std::int64_t each = shape.variant == diag ? D : 1, step = shape.variant == diag ? 1 : 0;
    for (std::int64_t k = k0; k < k1; ++k) {
      enter(k);
      double log_det = 0;
      for (std::int64_t d = 0; d < each; ++d) {
        const double s = factors[k * each + d];
        c.factor[k * each + d] = T(s);
        c.inverse[k * each + d] = T(1.0 / s);
        log_det += math::log(s);
      }
      if (shape.variant == spherical) log_det *= double(D);
      c.norm[k] = T(-0.5 * double(D) * numbers::log_two_pi - log_det);
      set_near(c, k,
               make_start(D, c.inverse + k * each, step, center, c.mean + k * D, longest * room(k), c.start + k * D));
    }
    return;
  }
  for (std::int64_t k = k0; k < (c.own_factor ? k1 : 1); ++k) {
    const double* lower = factors + k * D * D;
    invert_lower(D, lower, inverse, patience);
    if (pace.over(D * D)) return;
    pack_affine(D, lower, c.lower(k));
    pack_lower(D, inverse, c.precision(k));
    pack_transposed(D, inverse, c.precision_transposed(k));
    double log_det = 0;
    for (std::int64_t i = 0; i < D; ++i) log_det += math::log(lower[i * D + i]);
    c.norm[k] = T(-0.5 * double(D) * numbers::log_two_pi - log_det);
    if (!c.own_factor) continue;
    enter(k);
    set_near(c, k, start_is_short(k));
  }
  if (c.own_factor) return;
  for (std::int64_t first = 0; first < K; first += shape.together) {
    const std::int64_t end = first + shape.together;
    enter(first);
    bool all_near = true;
    for (std::int64_t k = first; k < end; ++k) {
      if (pace.over(D * D)) return;
      c.norm[k] = c.norm[0];
      all_near &= start_is_short(k);
    }
    for (std::int64_t k = first; k < end; ++k) set_near(c, k, all_near);
  }
}
template <class T>
inline void prepare(Shape shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants,
                    double* scratch, Patience patience) {
  prepare(shape, parameters, k0, k1, constants, scratch, patience, [](std::int64_t) { return 1.0; });
}

}  // namespace multivariate_normal
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
