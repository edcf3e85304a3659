// Compilers and instruction sets: their headers, and the names that a file compiled for one of them needs.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#ifndef FASTGEN_ISA
#error "FASTGEN_ISA names the instruction set this file is compiled for; CMakeLists.txt sets it"
#endif
#ifndef FASTGEN_VECTOR_BYTES
#error "FASTGEN_VECTOR_BYTES is the vector size in bytes, 0 for the scalar reference; CMakeLists.txt sets it"
#endif

#if defined(__clang__)
#define FASTGEN_UNROLL _Pragma("unroll")
#else
#define FASTGEN_UNROLL _Pragma("GCC unroll 16")
#endif
#ifdef FASTGEN_NO_INLINE  // for the test that looks at every symbol
#define FASTGEN_INLINE inline
#define FASTGEN_LAMBDA_INLINE
#else
#define FASTGEN_INLINE inline __attribute__((always_inline))
#define FASTGEN_LAMBDA_INLINE __attribute__((always_inline))
#endif
#define FASTGEN_NOINLINE __attribute__((noinline))
