// What the numbers of a stream are read for: part of the counter, so that no two uses meet.
#pragma once

#include <cstdint>

namespace fastgen {
namespace purpose {

// Any change here changes drawn bits: raise stream_version.
constexpr std::uint32_t labels = 0;
constexpr std::uint32_t label_ties = 1;
constexpr std::uint32_t normals_f64 = 2;
constexpr std::uint32_t normals_f32 = 3;
constexpr std::uint32_t starts = 4;
constexpr std::uint32_t radii_f64 = 5;
constexpr std::uint32_t words64 = 6;   // one word a sample, for laws that invert their distribution function
constexpr std::uint32_t attempts = 7;  // one block an attempt, its number in the bits above the purpose
constexpr std::uint32_t columns = 8;   // the keys of the columns of a product
constexpr std::uint32_t batch_labels = 9;
constexpr std::uint32_t parts = 10;  // one word of 32 bits a sample, for the first look at a proposal

}  // namespace purpose
}  // namespace fastgen
