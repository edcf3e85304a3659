// The E step of a tile as EM wants it: for each component the rows that take part in it, and with what responsibility.
//
// Clusters lie apart in many dimensions, so most (row, component) pairs are negligible: exact zeros by the rule of
// mixture.hpp. They are found by one comparison a pair; exp, scaling and sums over rows then see the others only.
#pragma once

#include "../parts/rows.hpp"
#include "mixture.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

template <class T> constexpr int logical_lanes = 64 / int(sizeof(T));
template <class T> constexpr std::int64_t to_logical_lanes(std::int64_t n) {
  return (n + logical_lanes<T> - 1) / logical_lanes<T> * logical_lanes<T>;
}

// The rows that take part in each component, and memory for finding them. The responsibility of row s of a component is a
// share times factor[s]. The shares replace the component's log densities in the table: at s in a component of more than half
// of the rows, else side by side in the order of the list.
template <class T> struct Shares {
  T *factor, *top, *sum;
  std::uint16_t* list;
  std::int32_t* count;
  std::int64_t stride;
  Shares(std::int64_t K, std::int64_t tile, Scratch<T>& scratch) : stride(tile) {
    factor = scratch.take(tile);
    top = scratch.take(tile);
    sum = scratch.take(tile);
    list = scratch.template take<std::uint16_t>(K * tile + list_margin);
    count = scratch.template take<std::int32_t>(K);
  }
  std::uint16_t* rows(std::int64_t k) const { return list + k * stride; }
  bool side_by_side(std::int64_t k, std::int64_t n) const { return 2 * count[k] <= n; }
};

// For a table that already holds responsibilities times scale: lists each component's nonzero rows.
template <class T> inline void share_as_given(T* table, const Tile<T>& tile, std::int64_t K, const Shares<T>& shares) {
  for (std::int64_t s = 0; s < tile.n; ++s) shares.factor[s] = T(1);
  for (std::int64_t k = 0; k < K; ++k) {
    T* share = table + k * tile.stride;
    const std::uint16_t* row = shares.rows(k);
    const auto taken = [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE { return V::load(share + s) != V(T(0)); };
    shares.count[k] = std::int32_t(list_rows<T>(tile.n, shares.rows(k), taken));
    if (shares.side_by_side(k, tile.n))
      for (std::int32_t i = 0; i < shares.count[k]; ++i) share[i] = share[row[i]];
  }
}

// What soft_max (mixture.hpp) makes of the table, to the bit. Table and top have room past n up to whole logical lanes.
template <class T>
inline void share_softly(const Model<T>& m, T* table, const Tile<T>& tile, T cutoff, const T* scale, T* log_sum,
                         const Shares<T>& shares) {
  const std::int64_t K = m.n_components, stride = tile.stride;
  T *top = shares.top, *sum = shares.sum;
  bool hopeless = false;  // there is a row where every density is 0
  for_columns<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
    V largest = V::load(table + s);
    for (std::int64_t k = 1; k < K; ++k) largest = max(V::load(table + k * stride + s), largest);
    hopeless |= any(largest == V(-math::infinity<T>));
    largest.store(top + s);
    V(T(0)).store(sum + s);
  });
  if (hopeless) {
    soft_max(m, table, tile, cutoff, scale, log_sum);
    return share_as_given(table, tile, K, shares);
  }
  for (std::int64_t k = 0; k < K; ++k) {
    T* share = table + k * stride;
    const std::uint16_t* row = shares.rows(k);
    const auto taken = [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
      return !(V::load(share + s) - V::load(top + s) < V(-cutoff));  // true for NaN
    };
    const std::int64_t count = list_rows<T>(tile.n, shares.rows(k), taken);
    shares.count[k] = std::int32_t(count);
    if (!shares.side_by_side(k, tile.n)) {
      for_columns<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
        const V v = V::load(share + s) - V::load(top + s);
        const V e = select(v < V(-cutoff), V(T(0)), math::exp_nonpositive(v));
        e.store(share + s);
        (V::load(sum + s) + e).store(sum + s);
      });
      continue;
    }
    for (std::int64_t i = 0; i < count; ++i) share[i] = share[row[i]] - top[row[i]];
    for (std::int64_t i = count; i % logical_lanes<T> != 0; ++i) share[i] = T(0);
    for_columns<T>(to_logical_lanes<T>(count), [&]<class V>(std::int64_t i) FASTGEN_LAMBDA_INLINE {
      math::exp_nonpositive(V::load(share + i)).store(share + i);
    });
    for (std::int64_t i = 0; i < count; ++i) sum[row[i]] += share[i];
  }
  for_columns<T>(tile.padded, [&]<class V>(std::int64_t s) FASTGEN_LAMBDA_INLINE {
    const V total = V::load(sum + s);
    (math::log(total) + V::load(top + s)).store(log_sum + s);
    (V(T(1)) / total * V::load(scale + s)).store(shares.factor + s);
  });
}

// Responsibilities of the rows that take part in component k, in order, with zeros to whole logical lanes. Returns how
// many they are.
template <class T>
inline std::int64_t write_responsibilities(const T* table, const Tile<T>& tile, std::int64_t k, const Shares<T>& shares,
                                           T* r) {
  const T *share = table + k * tile.stride, *factor = shares.factor;
  const std::uint16_t* row = shares.rows(k);
  const std::int64_t count = shares.count[k];
  if (shares.side_by_side(k, tile.n))
    for (std::int64_t i = 0; i < count; ++i) r[i] = share[i] * factor[row[i]];
  else
    for (std::int64_t i = 0; i < count; ++i) r[i] = share[row[i]] * factor[row[i]];
  for (std::int64_t i = count; i % logical_lanes<T> != 0; ++i) r[i] = T(0);
  return count;
}

// All of a row, scale[s], to its first most probable component.
template <class T>
inline void hard_max(T* table, const Tile<T>& tile, std::int64_t K, const T* scale, T* log_sum) {
  for (std::int64_t s = 0; s < tile.n; ++s) {
    std::int64_t best = 0;
    for (std::int64_t k = 1; k < K; ++k)
      if (table[k * tile.stride + s] > table[best * tile.stride + s]) best = k;
    log_sum[s] = table[best * tile.stride + s];
    for (std::int64_t k = 0; k < K; ++k) table[k * tile.stride + s] = T(0);
    table[best * tile.stride + s] = scale[s];
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
