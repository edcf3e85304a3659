// The multivariate normal law: draws.
#pragma once

#include "../../parts/constants.hpp"
#include "../../parts/normals.hpp"
#include "../../parts/with_constant.hpp"
#include "constants.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace multivariate_normal {

// The order of the tile's samples grouped by component (an int32 each; counts for K components).
template <class T> inline std::int64_t draw_scratch(const Block<T>& block, std::int64_t samples) {
  const std::int64_t ints = samples + block.shape.n_components + 1;
  return (ints * 4 + std::int64_t(sizeof(T)) - 1) / std::int64_t(sizeof(T));
}

// Counting sort of the tile's samples by component.
template <class T>
inline void group_by_label(const Block<T>& block, const DrawTile<T>& tile, std::int32_t* order, std::int32_t* ends) {
  const std::int64_t K = block.shape.n_components;
  for (std::int64_t k = 0; k <= K; ++k) ends[k] = 0;
  for (std::int64_t i = 0; i < tile.n; ++i) ++ends[tile.labels[i] - block.first + 1];
  for (std::int64_t k = 0; k < K; ++k) ends[k + 1] += ends[k];
  for (std::int64_t i = 0; i < tile.n; ++i) order[ends[tile.labels[i] - block.first]++] = std::int32_t(i);
}

// The rows of a tile take the place of their normals, from here on: out = mean + L out.

// Lanes over samples, with means and factors in registers; returns how many samples.
template <int D, class T>
inline std::int64_t transform_held(const Constants<const T*>& c, std::int64_t first, const DrawTile<T>& tile) {
  constexpr int W = native_width<T>;
  using V = Vec<T, W>;
  using I = IntVec<V>;
  HeldColumn<T, W> mean[D], factor[D][D];
  for (int i = 0; i < D; ++i) {
    mean[i].hold(c.mean + i, D, c.K);
    for (int j = 0; j <= i; ++j)
      factor[i][j].hold(c.factor + j * affine_panel<T> + i, c.own_factor * affine_size<T>(D), c.K);
  }
  const std::int64_t whole = tile.n / W * W;
  for (std::int64_t s = 0; s < whole; s += W) {
    const I k = convert<IntLike<T>>(Vec<std::int32_t, W>::load(tile.labels + s)) - I(IntLike<T>(first));
    T* row = tile.out + s * D;
    V x[D];
    FASTGEN_UNROLL
    for (int i = 0; i < D; ++i) x[i] = V::load(row + i * W);
    if constexpr (D == 2) split_pairs(x[0], x[1]);
    FASTGEN_UNROLL
    for (int i = D - 1; i >= 0; --i) {  // from the last on: each takes its own place
      V sum = factor[i][0][k] * x[0];
      FASTGEN_UNROLL
      for (int j = 1; j <= i; ++j) sum = fma(factor[i][j][k], x[j], sum);
      x[i] = sum + mean[i][k];
    }
    if constexpr (D == 2) join_pairs(x[0], x[1]);
    FASTGEN_UNROLL
    for (int i = 0; i < D; ++i) x[i].store(row + i * W);
  }
  return whole;
}

template <int D, class T>
inline void transform_few(std::int64_t first, const Constants<const T*>& c, const DrawTile<T>& tile) {
  const std::int64_t n = tile.n, K = c.K, stride = c.own_factor * affine_size<T>(D);
  const std::int32_t* labels = tile.labels;
  const T *mean = c.mean, *factor = c.factor;
  T* out = tile.out;
  std::int64_t i = 0;
  if constexpr (D <= 2 && HeldColumn<T, native_width<T>>::most > 0)
    if (K <= HeldColumn<T, native_width<T>>::most) i = transform_held<D>(c, first, tile);
  for (; i < n; ++i) {
    const std::int64_t k = labels[i] - first;
    affine_few<D>(mean + k * D, factor + k * stride, out + i * D);
  }
}

template <class T>
inline void transform_axes(const Block<T>& block, const Constants<const T*>& c, const DrawTile<T>& tile) {
  constexpr int W = native_width<T>;
  using V = Vec<T, W>;
  const std::int64_t D = c.D;
  const bool per_feature = block.shape.variant == diag;
  for (std::int64_t i = 0; i < tile.n; ++i) {
    const std::int64_t k = tile.labels[i] - block.first;
    const T *mean = c.mean + k * D, *scale = per_feature ? c.factor + k * D : c.factor + k;
    T* row = tile.out + i * D;
    std::int64_t d = 0;
    for (; d + W <= D; d += W)
      fma(per_feature ? V::load(scale + d) : V(*scale), V::load(row + d), V::load(mean + d)).store(row + d);
    for (; d < D; ++d) row[d] = fma(per_feature ? scale[d] : *scale, row[d], mean[d]);
  }
}

template <class T> inline void transform(const Block<T>& block, const DrawTile<T>& tile) {
  const Constants c(block.shape, block.constants);
  const std::int64_t K = c.K, D = c.D, n = tile.n;
  T* out = tile.out;
  const bool axes = block.shape.variant == diag || block.shape.variant == spherical;
  if (axes) return transform_axes(block, c, tile);
  if (with_constant<1, 8>(D, [&]<int Few>() FASTGEN_LAMBDA_INLINE { transform_few<Few>(block.first, c, tile); }))
    return;
  // Samples of one component together, unless all components have factors of their own that fit the first-level cache, or
  // are so many that few samples share one.
  constexpr std::int64_t first_level = 24 * 1024;
  const bool far = K * affine_size<T>(D) * std::int64_t(sizeof(T)) > first_level && K <= 8 * n;
  std::int64_t i = 0;
  if (K > 1 && c.own_factor && !far) {
    const auto apart = [&]<int S>() FASTGEN_LAMBDA_INLINE {
      AffineSamples<T, S, false> a{{}, {}, {}};
      for (int s = 0; s < S; ++s) {
        const std::int64_t k = tile.labels[i + s] - block.first;
        a.L[s] = c.lower(k), a.mean[s] = c.mean + k * D, a.row[s] = out + (i + s) * D;
      }
      affine_apart(D, a);
      i += S;
    };
    while (i + 4 <= n) apart.template operator()<4>();
    while (i < n) apart.template operator()<1>();
    return;
  }
  std::int32_t* order = reinterpret_cast<std::int32_t*>(tile.scratch);
  if (K > 1) group_by_label(block, tile, order, order + n);
  const auto sample = [&](std::int64_t s) { return K > 1 ? std::int64_t(order[s]) : s; };
  const auto component = [&](std::int64_t s) { return std::int64_t(tile.labels[sample(s)]) - block.first; };
  constexpr std::int64_t most = 64;  // samples at once: their normals stay in the second-level cache
  T* row[most];
  while (i < n) {
    const std::int64_t k = component(i);
    std::int64_t count = 0;
    for (; i < n && count < most && component(i) == k; ++i, ++count) row[count] = out + sample(i) * D;
    affine_shared(D, c.lower(k), c.mean + k * D, count, row);
  }
}

template <class T> inline void fill_with_normals(const Block<T>& block, const DrawTile<T>& tile) {
  const std::int64_t D = block.shape.n_features;
  fill_normals(tile.key, Position(tile.first) * Position(D), tile.n * D, tile.out);
}

template <class T> inline void draw(const Block<T>& block, const DrawTile<T>& tile) {
  fill_with_normals(block, tile);
  transform(block, tile);
}

}  // namespace multivariate_normal
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
