// Which component each sample comes from, exactly to 64 bits of weight.
//
// Few components: the 32-bit word of a sample is compared with the high halves of all thresholds at once; when it
// equals one of them (probability K / 2^32) a second word decides. Many: Walker's alias table, read with 64 bits.
#pragma once

#include "../core/kernel_table.hpp"
#include "../core/philox.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

constexpr std::int64_t label_batch = 512;

inline void fill_labels(const Chooser& chooser, std::uint64_t key, std::uint64_t first, std::int64_t n,
                        std::int32_t* out) {
  const std::int64_t K = chooser.n_components;
  const std::int32_t last = std::int32_t(chooser.last);
  if (K == 1) {
    for (std::int64_t i = 0; i < n; ++i) out[i] = 0;
    return;
  }
  std::uint32_t words[2 * label_batch];
  // Words and thresholds with the top bit flipped, so that signed comparisons order them.
  const std::int32_t flip = std::int32_t(0x80000000u);
  std::int32_t high[most_thresholds];
  if (chooser.thresholds)
    for (std::int64_t k = 0; k + 1 < K; ++k) high[k] = std::int32_t(std::uint32_t(chooser.thresholds[k] >> 32)) ^ flip;
  for (std::int64_t done = 0; done < n; done += label_batch) {
    const std::int64_t count = n - done < label_batch ? n - done : label_batch;
    const std::uint64_t at = first + std::uint64_t(done);
    std::int32_t* to = out + done;
    if (chooser.alias) {
      fill_words(key, labels, Position(at) * 2, 2 * count, words);
      for (std::int64_t i = 0; i < count; ++i) {
        const std::uint64_t u = words[2 * i] | (std::uint64_t(words[2 * i + 1]) << 32);
        __extension__ const unsigned __int128 product = (unsigned __int128)u * std::uint64_t(K);
        const std::int64_t column = std::int64_t(product >> 64);
        const AliasEntry& entry = chooser.alias[column];
        to[i] = std::uint64_t(product) < entry.threshold ? std::int32_t(column) : std::int32_t(entry.alias);
      }
      continue;
    }
    fill_words(key, labels, at, count, words);
    constexpr int W = native_width<std::int32_t>;
    using I = Vec<std::int32_t, W>;
    bool undecided = count % W != 0;  // the last samples of the range are left to the loop below
    std::int64_t i = 0;
    for (; i + W <= count; i += W) {
      const I u = bit_cast<std::int32_t>(Vec<std::uint32_t, W>::load(words + i)) ^ I(flip);
      I label(std::int32_t(K - 1));
      I tie(std::int32_t(0));
      for (std::int64_t k = 0; k + 1 < K; ++k) {
        const I t(high[k]);
        label = label + as_ints(t > u);
        tie = tie | as_ints(t == u);
      }
      label = min(label, I(last));
      if (any(tie != I(std::int32_t(0)))) {
        label = label | tie;  // -1 where a second word decides
        undecided = true;
      }
      label.store(to + i);
    }
    if (!undecided) continue;
    for (; i < count; ++i) to[i] = -1;
    for (i = 0; i < count; ++i) {
      if (to[i] >= 0) continue;
      std::int32_t label = 0;
      std::uint64_t u = std::uint64_t(words[i]) << 32;
      bool tie = false;
      for (std::int64_t k = 0; k + 1 < K; ++k) tie = tie || (chooser.thresholds[k] >> 32) == words[i];
      if (tie) u |= philox_word(key, label_ties, at + std::uint64_t(i));
      for (std::int64_t k = 0; k + 1 < K; ++k) label += chooser.thresholds[k] <= u;
      to[i] = label < last ? label : last;
    }
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
