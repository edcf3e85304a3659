// From the weights of components to how one is chosen for each sample.
#pragma once

#include <cstdint>
#include <vector>

#include "kernel_table.hpp"

namespace fastgen {

// The K - 1 thresholds of choosing by comparison: component k for words from threshold k - 1 up to threshold k.
void cumulative_thresholds(const double* weights, std::int64_t K, std::uint64_t* thresholds);

// What a Chooser points to.
struct ChooserMemory {
  std::vector<std::uint64_t> thresholds;
  std::vector<AliasEntry> alias;
};

Chooser make_chooser(const std::vector<double>& weights, ChooserMemory& memory);

}  // namespace fastgen
