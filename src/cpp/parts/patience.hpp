// Long computations that can be stopped.
#pragma once

#include "../core/kernel_table.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// How a long computation asks whether to go on.
struct Patience {
  Cancelled cancelled;
  void* context;
  bool over() const { return cancelled && cancelled(context); }
};

// Multiply-adds between two looks at the clock: some 10 ms.
constexpr std::int64_t work_between_looks = 20'000'000;
// How many pieces of so much work that makes.
constexpr std::int64_t pieces_between_looks(std::int64_t work) { return work_between_looks / work + 1; }

// Asks for patience each time that so much is done.
struct Pace {
  Patience patience;
  std::int64_t done = 0;
  bool over(std::int64_t multiply_adds) {
    done += multiply_adds;
    if (done < work_between_looks) return false;
    done = 0;
    return patience.over();
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
