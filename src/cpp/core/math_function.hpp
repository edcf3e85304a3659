// The functions that are evaluated over arrays, by tests above all: one line each, X(name, number of arguments, value at a, b, c).
// The value is an expression inside namespace math, read by kernels/math.cpp; others take the names from here.
#pragma once

#define FASTGEN_MATH_FUNCTIONS(X)                                                        \
  X(exp, 1, exp(a))                                                                      \
  X(exp_normal, 1, exp_normal(a))                                                        \
  X(exp_nonpositive, 1, exp_nonpositive(a))                                              \
  X(exp_shallow, 1, exp_shallow(a))                                                      \
  X(log, 1, log(a))                                                                      \
  X(log_positive, 1, log_positive(a))                                                    \
  X(log1p, 1, log1p(a))                                                                  \
  X(log1p_finite, 1, log1p_finite(a))                                                    \
  X(expm1, 1, expm1(a))                                                                  \
  X(sin_2pi, 1, sin_2pi(a))                                                              \
  X(cos_2pi, 1, cos_2pi(a))                                                              \
  X(erf, 1, erf(a))                                                                      \
  X(erfc, 1, erfc(a))                                                                    \
  X(normal_quantile, 1, normal_quantile(a))                                              \
  X(lgamma, 1, lgamma(a))                                                                \
  X(atan, 1, atan(a))                                                                    \
  X(acot, 1, acot(a))                                                                    \
  X(log1pmx, 1, log1pmx(a))                                                              \
  X(deviance, 2, deviance(a, b))                                                         \
  X(stirling_error, 1, stirling_error(a))                                                \
  X(log_excess, 1, log_excess(a))                                                        \
  X(log_gamma_ratio, 2, log_gamma_ratio(a, b))                                           \
  X(log_beta, 2, log_beta(a, b))                                                         \
  X(gamma_p, 2, gamma_tails(a, b).lower)                                                 \
  X(gamma_q, 2, gamma_tails(a, b).upper)                                                 \
  X(beta_p, 3, beta_tails_at(a, b, c).lower)                                             \
  X(beta_q, 3, beta_tails_at(a, b, c).upper)                                             \
  X(student_p, 2, student_tails(a, b).lower)                                             \
  X(student_q, 2, student_tails(a, b).upper)                                             \
  X(mills, 1, mills(a))                                                                  \
  X(normal_tail, 1, normal_tail(a))                                                      \
  X(log_ndtr, 1, log_ndtr(a))                                                            \
  X(log_ndtr_slope, 1, log_ndtr_slope(a))                                                \
  X(scaled_interval, 2, scaled_interval(a, b))                                           \
  X(log_normal_interval, 2, log_normal_interval(a, b))                                   \
  X(truncated_normal_lower, 3, truncated_normal_tails(a, b, c).lower)                    \
  X(truncated_normal_upper, 3, truncated_normal_tails(a, b, c).upper)                    \
  X(truncated_normal_quantile, 3, truncated_normal_quantile(a, b, c))                    \
  X(skew_normal_lower, 2, skew_normal_tails(a, b).lower)                                 \
  X(skew_normal_upper, 2, skew_normal_tails(a, b).upper)                                 \
  X(log_bessel_i, 2, bessel_i(a, b).log_scaled)                                          \
  X(bessel_log_norm, 2, bessel_i(a, b).log_norm)                                         \
  X(bessel_ratio, 2, bessel_i(a, b).ratio)                                               \
  X(bessel_complement, 2, bessel_i(a, b).complement)                                     \
  X(angle_between, 2, angle_between(a, b))                                               \
  X(von_mises_exponent, 2, von_mises_exponent(a, b))                                     \
  X(von_mises_lower, 2, von_mises_tails(a, b, exp(bessel_i(V(0.0f), b).log_norm)).lower) \
  X(von_mises_upper, 2, von_mises_tails(a, b, exp(bessel_i(V(0.0f), b).log_norm)).upper)

namespace fastgen {

enum class MathFunction : int {
#define FASTGEN_ENTRY(name, arguments, value) name,
  FASTGEN_MATH_FUNCTIONS(FASTGEN_ENTRY)
#undef FASTGEN_ENTRY
};

struct MathFunctionInfo {
  const char* name;
  int arguments;
};
constexpr MathFunctionInfo math_functions[] = {
#define FASTGEN_ENTRY(name, arguments, value) {#name, arguments},
    FASTGEN_MATH_FUNCTIONS(FASTGEN_ENTRY)
#undef FASTGEN_ENTRY
};

}  // namespace fastgen
