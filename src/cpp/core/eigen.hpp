// Raising the eigenvalues of a symmetric matrix to a floor.
#pragma once

#include <cstdint>

#include "threads.hpp"

namespace fastgen {

// Makes `a` (row-major, symmetric) the nearest matrix whose eigenvalues are at least `floor` (or a rounding error of the
// largest one, if that is more). False, and `a` untouched, when they already are. scratch: 2 D^2 + 4 D doubles. Gives up,
// with `a` in any state, once the job is cancelled: D = 1,000 takes seconds.
bool raise_eigenvalues(std::int64_t D, double floor, double* a, double* scratch, Job& job);

}  // namespace fastgen
