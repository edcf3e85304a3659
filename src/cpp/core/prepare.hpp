// From parameters to what kernels read: shared by Mixture and MixtureBatch.
#pragma once

#include <list>
#include <vector>

#include "chooser.hpp"
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
  bool usable = true;  // there are kernels in this precision, and the parameters survived the conversion to it
};

// Constants of one block whose first component is number `first`, and of its columns. So many of them, one after the other, are
// those of one mixture: all, but in a batch.
template <class T>
Block<T> prepare_block(const Components& c, std::int64_t first, std::int64_t together, Prepared<T>& p);

}  // namespace fastgen
