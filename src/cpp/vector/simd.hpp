// Vec<T, W>: W lanes of T, the only place in the core that knows an instruction set.
//
// Everything that has one natural meaning (arithmetic, comparisons, shifts, select) is written with the vector
// extensions that GCC and Clang share. The thirty or so operations that compilers do not find by themselves (fused
// multiply-add, square root, 32x32->64 multiply, "any lane set", some shuffles) use intrinsics, with a lane-by-lane form
// for every other width. Vec<T, 1> is the reference: plain scalars, compiled on every platform.
//
// Included by ISA-compiled files only. Everything is in an anonymous namespace inside a namespace named after the
// instruction set, so no two copies can be merged by the linker (see ../README.md, "The one-definition rule").
#pragma once

#include "simd/arithmetic.hpp"
#include "simd/integers.hpp"
#include "simd/lookups.hpp"
#include "simd/macros.hpp"
#include "simd/registers.hpp"
#include "simd/shuffles.hpp"
#include "simd/vec.hpp"
