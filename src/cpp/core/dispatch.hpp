// The kernel table in use.
#pragma once

#include "kernel_table.hpp"

namespace fastgen {

const KernelTable& kernels();

template <class T> const Kernels<T>& kernels_of() {
  if constexpr (sizeof(T) == 8) return kernels().f64;
  else return kernels().f32;
}

}  // namespace fastgen
