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

// Normals of the tile, and the order of its samples grouped by component (an int32 each; counts for K components).
template <class T> inline std::int64_t draw_scratch(const Block<T>& block, std::int64_t samples) {
  const Shape& shape = block.shape;
  const std::int64_t ints = samples + shape.n_components + 1;
  return samples * shape.n_features + (ints * 4 + std::int64_t(sizeof(T)) - 1) / std::int64_t(sizeof(T));
}

template <class T>
inline std::int64_t natural_order(const Block<T>& block, const DrawTile<T>& tile, std::int32_t* order) {
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < tile.n; ++i) {
    order[count] = std::int32_t(i);
    count += std::uint64_t(tile.labels[i] - block.first) < std::uint64_t(block.shape.n_components);
  }
  return count;
}

// Counting sort of the tile's samples by component; those of other blocks are left out.
template <class T>
inline std::int64_t group_by_label(const Block<T>& block, const DrawTile<T>& tile, std::int32_t* order,
                                   std::int32_t* ends) {
  const std::int64_t K = block.shape.n_components;
  for (std::int64_t k = 0; k <= K; ++k) ends[k] = 0;
  for (std::int64_t i = 0; i < tile.n; ++i) {
    const std::int64_t k = tile.labels[i] - block.first;
    if (std::uint64_t(k) < std::uint64_t(K)) ++ends[k + 1];
  }
  for (std::int64_t k = 0; k < K; ++k) ends[k + 1] += ends[k];
  const std::int64_t count = ends[K];
  for (std::int64_t i = 0; i < tile.n; ++i) {
    const std::int64_t k = tile.labels[i] - block.first;
    if (std::uint64_t(k) < std::uint64_t(K)) order[ends[k]++] = std::int32_t(i);
  }
  return count;
}

// The same, lanes over samples, with means and factors in registers; returns how many samples.
template <int D, class T>
inline std::int64_t draw_held(const Constants<const T*>& c, std::int64_t first, const DrawTile<T>& tile, const T* z) {
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
    V x[D];
    FASTGEN_UNROLL
    for (int i = 0; i < D; ++i) x[i] = V::load(z + s * D + i * W);
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
    for (int i = 0; i < D; ++i) x[i].store(tile.out + s * D + i * W);
  }
  return whole;
}

template <int D, class T>
inline void draw_few(const Block<T>& block, const Constants<const T*>& c, const DrawTile<T>& tile, const T* z) {
  const std::int64_t n = tile.n, K = c.K, first = block.first, stride = c.own_factor * affine_size<T>(D);
  const std::int32_t* labels = tile.labels;
  const T *mean = c.mean, *factor = c.factor;
  T* out = tile.out;
  std::int64_t i = 0;
  if constexpr (D <= 2 && HeldColumn<T, native_width<T>>::most > 0)
    if (tile.alone() && K <= HeldColumn<T, native_width<T>>::most) i = draw_held<D>(c, first, tile, z);
  for (; i < n; ++i) {
    const std::int64_t k = labels[i] - first;
    if (std::uint64_t(k) >= std::uint64_t(K)) continue;
    affine_few<D>(mean + k * D, factor + k * stride, z + i * D, out + i * D);
  }
}

template <class T>
inline void draw_axes(const Block<T>& block, const Constants<const T*>& c, const DrawTile<T>& tile, const T* z) {
  constexpr int W = native_width<T>;
  using V = Vec<T, W>;
  const std::int64_t D = c.D;
  const bool per_feature = block.shape.variant == diag;
  for (std::int64_t i = 0; i < tile.n; ++i) {
    const std::int64_t k = tile.labels[i] - block.first;
    if (std::uint64_t(k) >= std::uint64_t(c.K)) continue;
    const T *mean = c.mean + k * D, *scale = per_feature ? c.factor + k * D : c.factor + k, *from = z + i * D;
    T* to = tile.out + i * D;
    std::int64_t d = 0;
    for (; d + W <= D; d += W)
      fma(per_feature ? V::load(scale + d) : V(*scale), V::load(from + d), V::load(mean + d)).store(to + d);
    for (; d < D; ++d) to[d] = fma(per_feature ? scale[d] : *scale, from[d], mean[d]);
  }
}

template <class T> inline void transform(const Block<T>& block, const DrawTile<T>& tile, T* z) {
  const Constants c(block.shape, block.constants);
  const std::int64_t K = c.K, D = c.D;
  const bool axes = block.shape.variant == diag || block.shape.variant == spherical;
  if (axes) return draw_axes(block, c, tile, z);
  if (with_constant<1, 8>(D, [&]<int Few>() FASTGEN_LAMBDA_INLINE { draw_few<Few>(block, c, tile, z); })) return;
  // Samples of one component together, unless all components have factors of their own that fit the first-level cache, or
  // are so many that few samples share one.
  constexpr std::int64_t first_level = 24 * 1024;
  std::int32_t* order = reinterpret_cast<std::int32_t*>(tile.scratch + tile.n * D);
  std::int32_t* ends = order + tile.n;
  const bool far = K * affine_size<T>(D) * std::int64_t(sizeof(T)) > first_level && K <= 8 * tile.n;
  const bool grouped = K > 1 && (!c.own_factor || far);
  const std::int64_t count = grouped ? group_by_label(block, tile, order, ends) : natural_order(block, tile, order);
  const auto component = [&](std::int64_t i) { return std::int64_t(tile.labels[order[i]]) - block.first; };
  std::int64_t i = 0;
  if (!grouped && K > 1) {
    const auto apart = [&]<int S>() FASTGEN_LAMBDA_INLINE {
      AffineSamples<T, S, false> a{{}, {}, z, tile.out, {}};
      for (int s = 0; s < S; ++s) {
        const std::int64_t k = component(i + s);
        a.L[s] = c.lower(k), a.mean[s] = c.mean + k * D, a.at[s] = order[i + s] * D;
      }
      affine_apart(D, a);
      i += S;
    };
    while (i + 4 <= count) apart.template operator()<4>();
    while (i < count) apart.template operator()<1>();
    return;
  }
  constexpr std::int64_t most = 64;  // samples at once: their normals stay in the second-level cache
  std::int64_t at[most];
  while (i < count) {
    const std::int64_t k = component(i);
    std::int64_t n = 0;
    for (; i < count && n < most && component(i) == k; ++i, ++n) at[n] = order[i] * D;
    affine_shared(D, c.lower(k), c.mean + k * D, z, tile.out, n, at);
  }
}

template <class T> inline T* normals(const Block<T>& block, const DrawTile<T>& tile) {
  const std::int64_t D = block.shape.n_features;
  T* z = tile.alone() ? tile.out : tile.scratch;  // the rows take the place of the normals
  fill_normals(tile.key, Position(tile.first) * Position(D), tile.n * D, z);
  return z;
}

template <class T> inline void draw(const Block<T>& block, const DrawTile<T>& tile) {
  T* z = normals(block, tile);
  transform(block, tile, z);
}

}  // namespace multivariate_normal
}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
