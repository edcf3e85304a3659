// From parameters to what kernels read: shared by Mixture and MixtureBatch.
#pragma once

#include <list>
#include <vector>

#include "dispatch.hpp"
#include "families.hpp"
#include "fastgen/fastgen.hpp"

namespace fastgen {

// A Model and the memory it points to.
template <class T> struct Prepared {
  std::list<std::vector<T>> constants;  // lists: what blocks point to stays where it is
  std::list<std::vector<Block<T>>> columns;
  std::vector<Block<T>> blocks;
  std::vector<T> weights, log_weights, zeros, atoms;
  Model<T> model{};
};

// Constants of one block whose first component is number `first`, and of its columns.
template <class T> Block<T> prepare_block(const Components& c, std::int64_t first, Prepared<T>& p);

// The K - 1 thresholds of choosing by comparison: component k for words from threshold k - 1 up to threshold k.
void cumulative_thresholds(const double* weights, std::int64_t K, std::uint64_t* thresholds);

}  // namespace fastgen
