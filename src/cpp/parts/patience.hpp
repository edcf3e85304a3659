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

// Asks for patience each time that about 10 ms of multiply-adds are done.
struct Pace {
  Patience patience;
  std::int64_t done = 0;
  bool over(std::int64_t multiply_adds) {
    done += multiply_adds;
    if (done < 20'000'000) return false;
    done = 0;
    return patience.over();
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
