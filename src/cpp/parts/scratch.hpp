// Scratch memory of a thread, handed out area by area.
#pragma once

#include "../core/kernel_table.hpp"
#include "../vector/simd.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// How many elements an area of n takes, so that the next one begins at a cache line too, whatever the type: vectors that straddle
// two lines load at half the rate.
constexpr std::int64_t area_size(std::int64_t n) {
  constexpr std::int64_t unit = cache_line_bytes / std::int64_t(sizeof(float));
  return (n + unit - 1) / unit * unit;
}

// Without memory it hands out nothing and only counts: what takes its areas from a Scratch tells by the same lines how much
// it needs.
template <class T> class Scratch {
  T* memory;
  std::int64_t count = 0;

 public:
  FASTGEN_INLINE explicit Scratch(T* memory_ = nullptr) : memory(memory_) {}
  // Room for n elements of U.
  template <class U = T> FASTGEN_INLINE U* take(std::int64_t n) {
    constexpr std::int64_t size = sizeof(U), unit = sizeof(T);
    const std::int64_t begin = count;
    count += area_size((n * size + unit - 1) / unit);
    return memory ? reinterpret_cast<U*>(memory + begin) : nullptr;
  }
  FASTGEN_INLINE std::int64_t used() const { return count; }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
