// The names of the families and of their variants, and the shapes of their parameters, as data.
// One line each, in the order of families/registry.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace fastgen {

// The extents of a parameter: K components, D features, or 1 (shared).
enum class Extent { one, K, D };

struct ParameterShape {
  std::string_view name;
  std::array<Extent, 3> extents;  // leading ones are left out
};

struct FamilyInfo {
  std::string_view name;
  std::string_view variant;  // empty when the family has only one
  int id;                    // index in the registry
  int variant_id;
  bool scalar;
  std::array<ParameterShape, 2> parameters;
};

using enum Extent;
inline constexpr FamilyInfo families[] = {
    {"Normal", "", 0, 0, true, {{{"loc", {one, one, K}}, {"scale", {one, one, K}}}}},
    {"MultivariateNormal", "full", 1, 0, false, {{{"means", {one, K, D}}, {"cholesky", {K, D, D}}}}},
    {"MultivariateNormal", "tied", 1, 1, false, {{{"means", {one, K, D}}, {"cholesky", {one, D, D}}}}},
    {"MultivariateNormal", "diag", 1, 2, false, {{{"means", {one, K, D}}, {"scale", {one, K, D}}}}},
    {"MultivariateNormal", "spherical", 1, 3, false, {{{"means", {one, K, D}}, {"scale", {one, one, K}}}}},
};

}  // namespace fastgen
