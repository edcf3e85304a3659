// Which component each sample comes from, exactly to 64 bits of weight.
//
// Few components: 16 bits of a sample (the lower half of word i / 2 for even i, the upper one for odd i) are compared with
// the top 16 bits of all thresholds at once; when they equal some (probability at most K / 2^16) 48 more bits decide, from
// two words of another purpose. Many: Walker's alias table, read with 64 bits.
#pragma once

#include "../core/kernel_table.hpp"
#include "../core/purpose.hpp"
#include "../vector/philox.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

constexpr std::int64_t label_batch = 1024;

// The 64 bits of sample `at`, whose first 16 are known.
inline std::uint64_t label_bits(const PhiloxKey& key, std::uint64_t at, std::uint16_t first) {
  const Position place = Position(at) * 2;
  return (std::uint64_t(first) << 48) | (std::uint64_t(philox_word(key, purpose::label_ties, place)) << 16) |
         (philox_word(key, purpose::label_ties, place + 1) & 0xffffu);
}

using LabelVec = Vec<std::int16_t, native_width<std::int16_t>>;

// Labels of samples first .. first + n <= label_batch by comparison.
inline void compare_labels(const Chooser& chooser, const PhiloxKey& key, std::uint64_t first, std::int64_t n,
                           const LabelVec* high, std::int32_t* out) {
  using I = LabelVec;
  constexpr int W = I::width;
  const std::int64_t K = chooser.n_components;
  // One word more than the samples need, as the first of them may sit in an upper half.
  std::uint32_t words[label_batch / 2 + W];
  const std::int64_t odd = std::int64_t(first & 1);
  fill_words(key, purpose::labels, first / 2, (odd + n + 1) / 2, words);
  const std::int16_t* bits = reinterpret_cast<const std::int16_t*>(words) + odd;  // read by memcpy only
  const I flip(std::int16_t(-32768)), last(std::int16_t(chooser.last));
  for (std::int64_t i = 0; i < n; i += W) {
    const I u = I::load(bits + i) ^ flip;
    I label(std::int16_t(K - 1)), below(std::int16_t(-32768));  // `below`: the largest threshold up to u
    for (std::int64_t k = 0; k + 1 < K; ++k) pass_threshold(high[k], u, label, below);
    const auto tie = below == u;
    label = min(label, last);
    std::int16_t lanes[W];
    label.store(lanes);
    const std::int64_t count = n - i < W ? n - i : W;
    if (count == W) {
      for (int lane = 0; lane < W; ++lane) out[i + lane] = lanes[lane];
    } else {
      for (std::int64_t lane = 0; lane < count; ++lane) out[i + lane] = lanes[lane];
    }
    if (any(tie)) [[unlikely]] {
      as_ints(tie).store(lanes);
      for (std::int64_t lane = 0; lane < count; ++lane) {
        if (!lanes[lane]) continue;
        std::uint16_t half;
        __builtin_memcpy(&half, bits + i + lane, sizeof half);
        const std::uint64_t all = label_bits(key, first + std::uint64_t(i + lane), half);
        std::int32_t k = 0;
        while (k < chooser.last && chooser.thresholds[k] <= all) ++k;
        out[i + lane] = k;
      }
    }
  }
}

// Labels of samples first .. first + n <= label_batch by the alias table.
inline void alias_labels(const Chooser& chooser, const PhiloxKey& key, std::uint64_t first, std::int64_t n,
                         std::int32_t* out) {
  std::uint32_t words[2 * label_batch];
  fill_words(key, purpose::labels, Position(first) * 2, 2 * n, words);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint64_t u = words[2 * i] | (std::uint64_t(words[2 * i + 1]) << 32);
    __extension__ const unsigned __int128 product = (unsigned __int128)u * std::uint64_t(chooser.n_components);
    const std::int64_t column = std::int64_t(product >> 64);
    const AliasEntry& entry = chooser.alias[column];
    out[i] = std::uint64_t(product) < entry.threshold ? std::int32_t(column) : std::int32_t(entry.alias);
  }
}

inline void fill_labels(const Chooser& chooser, const PhiloxKey& key, std::uint64_t first, std::int64_t n,
                        std::int32_t* out) {
  const std::int64_t K = chooser.n_components;
  if (K == 1) {
    for (std::int64_t i = 0; i < n; ++i) out[i] = 0;
    return;
  }
  // Bits and thresholds with the top bit flipped, so that signed comparisons order them.
  LabelVec high[most_thresholds];
  if (chooser.thresholds)
    for (std::int64_t k = 0; k + 1 < K; ++k) high[k] = LabelVec(std::int16_t((chooser.thresholds[k] >> 48) ^ 0x8000u));
  for (std::int64_t done = 0; done < n; done += label_batch) {
    const std::int64_t count = n - done < label_batch ? n - done : label_batch;
    if (chooser.alias) alias_labels(chooser, key, first + std::uint64_t(done), count, out + done);
    else compare_labels(chooser, key, first + std::uint64_t(done), count, high, out + done);
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
