// The functions of math.hpp by number, for the tests that evaluate them over arrays.
#pragma once

namespace fastgen {

enum class MathFunction : int {
  exp,
  log,
  log1p,
  expm1,
  sin_2pi,
  cos_2pi,
  erf,
  erfc,
  normal_quantile,
  lgamma,
  log_positive,
  exp_nonpositive,
  exp_shallow
};

constexpr const char* math_function_names[] = {
    "exp",    "log",          "log1p",           "expm1",      "sin_2pi", "cos_2pi", "erf", "erfc", "normal_quantile",
    "lgamma", "log_positive", "exp_nonpositive", "exp_shallow"};

}  // namespace fastgen
