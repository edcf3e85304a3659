// Every quantity of a point under a mixture, tile by tile.
#pragma once

#include "discrete_quantile.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// What a quantity needs in a tile besides the workspace: an answer to be written row by row.
template <class T> inline std::int64_t evaluate_scratch(const Model<T>& m, Quantity quantity) {
  const std::int64_t base = Workspace<T>(m, nullptr).used;
  switch (quantity) {
    case Quantity::grad_log_prob: return base + round_to_line(m.n_features * m.tile);
    case Quantity::cdf:
    case Quantity::icdf: return base + quantile_areas * m.tile;
    default: return base + round_to_line(m.tile);
  }
}

template <class T>
inline void evaluate(const Model<T>& m, Quantity quantity, Points<T> points, std::int64_t begin, std::int64_t end,
                     void* out, T* scratch, Cancelled cancelled, void* context) {
  const Workspace<T> w(m, scratch);
  T* answer = scratch + w.used;
  const Patience patience{cancelled, context};
  const std::int64_t K = m.n_components, D = m.n_features;
  for (std::int64_t i = begin; i < end; i += m.tile) {
    if (i != begin && patience.over()) return;
    const std::int64_t n = end - i < m.tile ? end - i : m.tile;
    const Tile<T> tile = load_tile(points, D, i, n, m.tile, w.x, w.special, w.seen);
    T* to = static_cast<T*>(out) + i;
    if (quantity == Quantity::cdf || quantity == Quantity::icdf) {
      if (quantity == Quantity::cdf) mixture_cdf(m, tile, to, answer);
      else if (m.discrete) discrete_icdf(m, tile, to, answer);
      else mixture_icdf(m, tile, to, answer);
      if (tile.special)
        for (std::int64_t s = 0; s < n; ++s)
          if (tile.special[s] != T(0)) {
            // The infinities are the ends of the line; as probabilities they mean nothing.
            const T v = points.data[(i + s) * points.row_stride];
            if (v != v || quantity == Quantity::icdf) to[s] = T(__builtin_nanf(""));
            else to[s] = v > T(0) ? T(1) : T(0);
          }
      continue;
    }
    const T* offset = quantity == Quantity::component_log_prob ? m.zeros : m.log_weights;
    if (!component_table(m, tile, offset, w.table, w.family, patience)) return;
    switch (quantity) {
      case Quantity::log_prob:
      case Quantity::prob:
        log_sum_exp(w.table, tile, K, answer);
        if (quantity == Quantity::prob) {
          using V = Vec<T, native_width<T>>;
          for (std::int64_t s = 0; s < tile.padded; s += V::width) math::exp(V::load(answer + s)).store(answer + s);
        }
        __builtin_memcpy(to, answer, std::size_t(n) * sizeof(T));
        break;
      case Quantity::component_log_prob: store_rows(w.table, tile.stride, K, n, static_cast<T*>(out) + i * K); break;
      case Quantity::responsibilities:
        soft_max(m, w.table, tile, static_cast<const T*>(nullptr), static_cast<T*>(nullptr));
        store_rows(w.table, tile.stride, K, n, static_cast<T*>(out) + i * K);
        break;
      case Quantity::assign: arg_max(w.table, tile, K, m.weights, static_cast<std::int64_t*>(out) + i); break;
      case Quantity::grad_log_prob:
        soft_max(m, w.table, tile, static_cast<const T*>(nullptr), static_cast<T*>(nullptr));
        for (std::int64_t j = 0; j < D * tile.stride; ++j) answer[j] = T(0);
        for (std::int64_t b = 0; b < m.n_blocks; ++b)
          registry<T>[m.blocks[b].family].add_gradient(m.blocks[b], tile, w.table + m.blocks[b].first * tile.stride,
                                                       answer, w.family);
        if (tile.special)  // no slope at infinity, none where a value is unknown
          for (std::int64_t s = 0; s < n; ++s)
            if (tile.special[s] != T(0))
              for (std::int64_t d = 0; d < D; ++d) answer[d * tile.stride + s] = T(__builtin_nanf(""));
        store_rows(answer, tile.stride, D, n, static_cast<T*>(out) + i * D);
        break;
      default: break;
    }
  }
}

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
