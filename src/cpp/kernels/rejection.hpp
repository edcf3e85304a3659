// Drawing by rejection: see the comment of scalar_family.hpp for what a law supplies. Samples that need a judgement or another
// attempt are gathered, so that vectors are full whatever the lanes' fates.
#pragma once

#include "tile.hpp"
#include "variates.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// How many of a law's constants drawing reads, and how many samples are gathered together.
template <class Law> constexpr int drawn_constants = [] {
  if constexpr (requires { Law::n_drawn; }) return int(Law::n_drawn);
  else return int(Law::n_constants);
}();
constexpr std::int64_t draw_batch = 64;

template <class Law>
concept Rejects = requires(const Vec<double, 1>* c, const Source<1>& source, Vec<double, 1>& value) {
  Law::propose(c, source, 0u, value);
};

// Laws whose proposals may need a judgement.
template <class Law>
concept Judges = requires(const Vec<double, 1>* c, Vec<double, 1> value) { Law::accepts(c, value, value); };

template <class Law> struct Rejection {
  static constexpr int n_drawn = drawn_constants<Law>;
  static constexpr std::int64_t batch = draw_batch;

  // The samples of a batch: where each belongs, what it is drawn from, and what came of it.
  struct Samples {
    static constexpr std::int64_t memory = (n_drawn + 3) * batch;
    std::int64_t count = 0, at[batch];
    double *constants, *value, *height;  // constant j of sample s is at j * batch + s
    std::uint64_t* index;

    explicit Samples(double* p) {
      constants = p, value = p + n_drawn * batch, height = value + batch;
      index = reinterpret_cast<std::uint64_t*>(height + batch);
    }
    FASTGEN_INLINE void take(const Samples& other, std::int64_t from, std::int64_t to) {
      at[to] = other.at[from], index[to] = other.index[from];
      for (int j = 0; j < n_drawn; ++j) constants[j * batch + to] = other.constants[j * batch + from];
    }
    // Calls body(constants, s) for vectors of samples. Lanes without a sample repeat the last one.
    template <int W, class Body> FASTGEN_INLINE void for_vectors(Body body) {
      for (std::int64_t s = count; s % W != 0; ++s) {
        take(*this, s - 1, s);
        value[s] = value[s - 1], height[s] = height[s - 1];
      }
      for (std::int64_t s = 0; s < count; s += W) {
        Vec<double, W> c[n_drawn];
        FASTGEN_UNROLL
        for (int j = 0; j < n_drawn; ++j) c[j] = Vec<double, W>::load(constants + j * batch + s);
        body(c, s);
      }
    }
  };

  // One attempt for every sample of the batch; those that need another are left in it.
  static void attempt_all(const PhiloxKey& key, std::uint32_t attempt, Samples& some, Samples& open, double* out) {
    constexpr int W = wide_width<double>;
    using V = Vec<double, W>;
    some.template for_vectors<W>([&](const V* c, std::int64_t s) FASTGEN_LAMBDA_INLINE {
      V value;
      const Source<W> source{key, Vec<std::uint64_t, W>::load(some.index + s), {}};
      Law::propose(c, source, attempt, value).store(some.height + s);
      value.store(some.value + s);
    });
    std::int64_t again = 0, asked = 0;
    for (std::int64_t s = 0; s < some.count; ++s) {
      const double height = some.height[s];
      if (height == 0.0) {
        out[some.at[s]] = some.value[s];
      } else if (Judges<Law> && height < infinity<double>) {
        open.take(some, s, asked);
        open.value[asked] = some.value[s], open.height[asked] = height;
        ++asked;
      } else some.take(some, s, again++);
    }
    open.count = asked;
    if constexpr (Judges<Law>)
      open.template for_vectors<W>([&](const V* c, std::int64_t s) FASTGEN_LAMBDA_INLINE {
        const auto accepted = Law::accepts(c, V::load(open.value + s), V::load(open.height + s));
        select(accepted, V(0.0), V(1.0)).store(open.height + s);
      });
    for (std::int64_t s = 0; s < asked; ++s) {
      if (open.height[s] == 0.0) out[open.at[s]] = open.value[s];
      else some.take(open, s, again++);
    }
    some.count = again;
  }

  static std::int64_t scratch() { return 2 * Samples::memory; }

  // Every sample of the tile that belongs to this block.
  static void draw(const Block<double>& block, const DrawTile<double>& tile) {
    const std::int64_t K = block.shape.n_components;
    Samples some(tile.scratch), open(tile.scratch + Samples::memory);
    bool fresh = true;  // of one component the constants are gathered once
    for (std::int64_t i = 0; i < tile.n;) {
      std::int64_t count = 0;
      for (; i < tile.n && count < batch; ++i) {
        const std::int64_t k = tile.labels[i] - block.first;
        if (std::uint64_t(k) >= std::uint64_t(K)) continue;
        some.at[count] = i;
        some.index[count] = tile.first + std::uint64_t(i);
        if (K > 1 || fresh)
          for (int j = 0; j < n_drawn; ++j) some.constants[j * batch + count] = block.constants[j * K + k];
        ++count;
      }
      some.count = count;
      fresh = fresh && count < batch;
      for (std::uint32_t attempt = 0; some.count > 0; ++attempt) attempt_all(tile.key, attempt, some, open, tile.out);
    }
  }
};

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
