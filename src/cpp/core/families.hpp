// The names of the families and of their variants, and the shapes of their parameters, as data.
//
// A scalar law is one line of FASTGEN_SCALAR_LAWS, which kernels/laws.cpp reads too; a multivariate one is a row of
// `families` for each variant.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace fastgen {

// The extents of a parameter: K components, D features, 1 (shared), or any number, the same in every component.
enum class Extent { one, K, D, any };

// Whether a parameter is where the support of its law begins or ends.
enum class End { none, lower, upper };

struct ParameterShape {
  std::string_view name;
  std::array<Extent, 3> extents;  // leading ones are left out
  End end = End::none;
};

// What a density is a density of: length (or volume), counts of whole numbers, point masses anywhere, the surface of a
// sphere, or a simplex by its coordinates but one. Laws on a sphere or a simplex mix with their like only.
enum class Measure { continuous, discrete, atoms, sphere, simplex };

struct FamilyInfo {
  std::string_view name;
  std::string_view variant;  // empty when the family has only one
  int id;  // index in the registry
  int variant_id;
  bool scalar;
  Measure measure;
  bool has_float;  // there are kernels in single precision; other families compute float32 data in double
  std::array<ParameterShape, 4> parameters;
};

// Name, measure, parameters (each with one value a component), in the order of the registry.
#define FASTGEN_SCALAR_LAWS(LAW)                                                        \
  LAW(Bernoulli, discrete, "probs")                                                     \
  LAW(Beta, continuous, "concentration1", "concentration0")                             \
  LAW(Binomial, discrete, "n", "probs")                                                 \
  LAW(Cauchy, continuous, "loc", "scale")                                               \
  LAW(Delta, atoms, "value")                                                            \
  LAW(Exponential, continuous, "rate")                                                  \
  LAW(Gamma, continuous, "concentration", "rate")                                       \
  LAW(Geometric, discrete, "probs")                                                     \
  LAW(Gumbel, continuous, "loc", "scale")                                               \
  LAW(HalfNormal, continuous, "scale")                                                  \
  LAW(InverseGamma, continuous, "concentration", "scale")                               \
  LAW(Laplace, continuous, "loc", "scale")                                              \
  LAW(LogNormal, continuous, "loc", "scale")                                            \
  LAW(Logistic, continuous, "loc", "scale")                                             \
  LAW(NegativeBinomial, discrete, "concentration", "probs")                             \
  LAW(Pareto, continuous, "concentration", lower_end("scale"))                          \
  LAW(Poisson, discrete, "rate")                                                        \
  LAW(SkewNormal, continuous, "loc", "scale", "shape")                                  \
  LAW(StudentT, continuous, "df", "loc", "scale")                                       \
  LAW(TruncatedNormal, continuous, "loc", "scale", lower_end("low"), upper_end("high")) \
  LAW(Uniform, continuous, lower_end("low"), upper_end("high"))                         \
  LAW(VonMises, continuous, "loc", "concentration")                                     \
  LAW(Weibull, continuous, "concentration", "scale")

// The families that write their own loops: the struct in families/, and its number. Scalar laws follow them.
#define FASTGEN_WRITTEN_OUT(FAMILY)                       \
  FAMILY(Normal, normal_id)                               \
  FAMILY(MultivariateNormal, multivariate_normal_id)      \
  FAMILY(MultivariateStudentT, multivariate_student_t_id) \
  FAMILY(FactorNormal, factor_normal_id)                  \
  FAMILY(Product, product_id)                             \
  FAMILY(Categorical, categorical_id)                     \
  FAMILY(VonMisesFisher, von_mises_fisher_id)             \
  FAMILY(Dirichlet, dirichlet_id)

enum FamilyId : int {
#define FASTGEN_ID(name, id) id,
  FASTGEN_WRITTEN_OUT(FASTGEN_ID)
#undef FASTGEN_ID
#define FASTGEN_ID(name, ...) name##_id,
      FASTGEN_SCALAR_LAWS(FASTGEN_ID)
#undef FASTGEN_ID
};

constexpr ParameterShape one_each_of(std::string_view name, End end) {
  return {name, {Extent::one, Extent::one, Extent::K}, end};
}
constexpr ParameterShape lower_end(std::string_view name) { return one_each_of(name, End::lower); }
constexpr ParameterShape upper_end(std::string_view name) { return one_each_of(name, End::upper); }
template <class... Parameters> constexpr std::array<ParameterShape, 4> one_each(Parameters... parameters) {
  const auto shape = [](auto parameter) -> ParameterShape {
    if constexpr (requires { parameter.end; }) return parameter;
    else return one_each_of(parameter, End::none);
  };
  return {shape(parameters)...};
}

using enum Extent;
using enum Measure;

// A multivariate law with means and a matrix of one of four forms, given by its factor, and perhaps one parameter more.
constexpr FamilyInfo elliptical(std::string_view name, int variant, int id, ParameterShape other = {}) {
  constexpr std::string_view forms[] = {"full", "tied", "diag", "spherical"};
  constexpr ParameterShape factors[] = {
      {"cholesky", {K, D, D}}, {"cholesky", {one, D, D}}, {"scale", {one, K, D}}, {"scale", {one, one, K}}};
  return {name,  forms[variant], id,   variant,
          false, continuous,     true, {{{"means", {one, K, D}}, factors[variant], other}}};
}

inline constexpr FamilyInfo families[] = {
    {"Normal", "", normal_id, 0, true, continuous, true, one_each("loc", "scale")},
    elliptical("MultivariateNormal", 0, multivariate_normal_id),
    elliptical("MultivariateNormal", 1, multivariate_normal_id),
    elliptical("MultivariateNormal", 2, multivariate_normal_id),
    elliptical("MultivariateNormal", 3, multivariate_normal_id),
    elliptical("MultivariateStudentT", 0, multivariate_student_t_id, {"df", {one, one, K}}),
    elliptical("MultivariateStudentT", 1, multivariate_student_t_id, {"df", {one, one, K}}),
    elliptical("MultivariateStudentT", 2, multivariate_student_t_id, {"df", {one, one, K}}),
    elliptical("MultivariateStudentT", 3, multivariate_student_t_id, {"df", {one, one, K}}),
    {"FactorNormal",
     "",
     factor_normal_id,
     0,
     false,
     continuous,
     true,
     {{{"means", {one, K, D}}, {"loadings", {K, D, any}}, {"noise", {one, K, D}}}}},
    {"Product", "", product_id, 0, false, continuous, false, {}},  // its parameters are those of its columns
    {"Categorical", "", categorical_id, 0, true, discrete, false, {{{"probs", {one, K, any}}}}},
    {"VonMisesFisher",
     "",
     von_mises_fisher_id,
     0,
     false,
     sphere,
     false,
     {{{"mean_directions", {one, K, D}}, {"concentrations", {one, one, K}}}}},
    {"Dirichlet", "", dirichlet_id, 0, false, simplex, false, {{{"concentrations", {one, K, D}}}}},
#define FASTGEN_ROW(name, measure, ...) {#name, "", name##_id, 0, true, measure, false, one_each(__VA_ARGS__)},
    FASTGEN_SCALAR_LAWS(FASTGEN_ROW)
#undef FASTGEN_ROW
};

}  // namespace fastgen
