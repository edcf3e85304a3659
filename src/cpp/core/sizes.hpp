// Sizes that cannot wrap around.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace fastgen {

// The product of non-negative sizes; throws when it does not fit a signed 64-bit count of bytes.
template <class... Sizes> std::int64_t checked_product(const char* what, std::int64_t first, Sizes... rest) {
  std::int64_t product = first;
  const auto times = [&](std::int64_t size) {
    if (size < 0 || product < 0 || __builtin_mul_overflow(product, size, &product))
      throw std::invalid_argument(std::string(what) + " is too large to address");
  };
  (times(std::int64_t(rest)), ...);
  return product;
}

}  // namespace fastgen
