// Every family by its number: everything generic reaches a family through `ops_of`.
#pragma once

#include "../core/families.hpp"
#include "../parts/family_ops.hpp"
#include "categorical.hpp"
#include "dirichlet.hpp"
#include "factor_normal.hpp"
#include "multivariate_normal.hpp"
#include "multivariate_student_t.hpp"
#include "normal.hpp"
#include "product.hpp"
#include "von_mises_fisher.hpp"

namespace fastgen {
namespace FASTGEN_ISA {

// Entry `law` of the scalar laws in laws.cpp, a FamilyOps<double>. It goes by void*, as that type is known within a file only.
const void* scalar_law(int law);

namespace {

template <class T>
constexpr FamilyOps<T> written_out[] = {
#define FASTGEN_OPS(name, id) family_ops<name, T>(),
    FASTGEN_WRITTEN_OUT(FASTGEN_OPS)
#undef FASTGEN_OPS
};

template <class T> const FamilyOps<T>& ops_of(int family) {
  constexpr int n = sizeof written_out<T> / sizeof written_out<T>[0];
  if constexpr (sizeof(T) == 8)  // the others have no kernels in single precision
    if (family >= n) return *static_cast<const FamilyOps<T>*>(scalar_law(family - n));
  return written_out<T>[family];
}
template <class T> const FamilyOps<T>& ops_of(const Block<T>& block) { return ops_of<T>(block.family); }

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
