#include "chooser.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fastgen {
namespace {

// Walker's alias table by Vose's method: every column holds one component and at most one alias.
std::vector<AliasEntry> alias_table(const std::vector<double>& weights) {
  const std::size_t K = weights.size();
  std::vector<AliasEntry> table(K);
  std::vector<double> share(K);
  std::vector<std::uint32_t> small, large;
  for (std::size_t k = 0; k < K; ++k) {
    share[k] = weights[k] * double(K);
    (share[k] < 1.0 ? small : large).push_back(std::uint32_t(k));
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t poor = small.back(), rich = large.back();
    small.pop_back();
    table[poor] = {std::uint64_t(std::ldexp(share[poor], 64)), rich};
    share[rich] -= 1.0 - share[poor];
    if (share[rich] < 1.0) {
      large.pop_back();
      small.push_back(rich);
    }
  }
  // What rounding left over is full, except that a component of weight 0 stays impossible.
  const auto heaviest = std::uint32_t(std::max_element(weights.begin(), weights.end()) - weights.begin());
  for (const auto* rest : {&small, &large})
    for (const std::uint32_t k : *rest)
      table[k] = weights[k] > 0 ? AliasEntry{std::numeric_limits<std::uint64_t>::max(), k} : AliasEntry{0, heaviest};
  return table;
}

}  // namespace

void cumulative_thresholds(const double* weights, std::int64_t K, std::uint64_t* thresholds) {
  double sum = 0;
  for (std::int64_t k = 0; k + 1 < K; ++k) {
    sum += weights[k];
    const double scaled = sum * 0x1p64;  // exact
    thresholds[k] = scaled >= 0x1p64 ? std::numeric_limits<std::uint64_t>::max() : std::uint64_t(scaled);
  }
}

Chooser make_chooser(const std::vector<double>& weights, ChooserMemory& memory) {
  const std::int64_t K = std::int64_t(weights.size());
  Chooser chooser{};
  chooser.n_components = K;
  for (std::int64_t k = 0; k < K; ++k)
    if (weights[std::size_t(k)] > 0) chooser.last = k;
  if (K > most_thresholds) {
    memory.alias = alias_table(weights);
    chooser.alias = memory.alias.data();
  } else {
    memory.thresholds.resize(std::size_t(K - 1));
    cumulative_thresholds(weights.data(), K, memory.thresholds.data());
    chooser.thresholds = memory.thresholds.data();
  }
  return chooser;
}

}  // namespace fastgen
