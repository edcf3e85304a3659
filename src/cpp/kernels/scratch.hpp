// Scratch memory of a thread, handed out area by area.
#pragma once

#include "../core/simd.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

constexpr std::int64_t line = 16;  // areas start at multiples of 16 elements, so that vectors do not split cache lines
constexpr std::int64_t round_to_line(std::int64_t n) { return (n + line - 1) / line * line; }

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
    count += round_to_line((n * size + unit - 1) / unit);
    return memory ? reinterpret_cast<U*>(memory + begin) : nullptr;
  }
  FASTGEN_INLINE std::int64_t used() const { return count; }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
