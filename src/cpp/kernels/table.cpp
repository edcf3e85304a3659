// Compiled per instruction set, as are laws.cpp and math.cpp, from which it takes what they export: the table of kernels.
#include "../core/kernel_table.hpp"

#include "../parts/linalg.hpp"
#include "batch.hpp"
#include "evaluate.hpp"
#include "moments.hpp"
#include "sample.hpp"
#include "spread.hpp"

namespace fastgen {
namespace FASTGEN_ISA {

// math.cpp
void apply_math(int function, const float* const* x, float* y, std::int64_t n);
void apply_math(int function, const double* const* x, double* y, std::int64_t n);

namespace {

template <class T> std::int64_t constants_size(int family, Shape shape) {
  return ops_of<T>(family).constants_size(shape);
}

template <class T> std::int64_t prepare_scratch(int family, Shape shape) {
  return ops_of<T>(family).prepare_scratch(shape);
}

template <class T>
void prepare(int family, Shape shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants,
             double* scratch, Cancelled cancelled, void* context) {
  ops_of<T>(family).prepare(shape, parameters, k0, k1, constants, scratch, {cancelled, context});
}

// Twelve independent chains of multiply-adds: what one core can do, for the benchmarks to compare with.
template <class T> std::int64_t multiply_adds(std::int64_t rounds, T* sink) {
  using V = Vec<T, native_width<T>>;
  constexpr int chains = 12;
  V acc[chains];
  for (int i = 0; i < chains; ++i) acc[i] = V(sink[i]);
  const V a(sink[0]), b(sink[1]);
  for (std::int64_t round = 0; round < rounds; ++round) {
    FASTGEN_UNROLL
    for (int i = 0; i < chains; ++i) acc[i] = fma(acc[i], a, b);
  }
  V sum = acc[0];
  for (int i = 1; i < chains; ++i) sum = sum + acc[i];
  sink[0] = sum[0];
  return rounds * chains * V::width;
}

void philox_blocks(std::uint64_t key, const std::uint32_t* counters, std::int64_t n, std::uint32_t* words) {
  constexpr int W = native_width<std::uint64_t>;
  using U = Vec<std::uint64_t, W>;
  const PhiloxKey round_keys(key);
  for (std::int64_t i = 0; i < n; i += W) {
    const std::int64_t count = n - i < W ? n - i : W;
    std::uint64_t c[4][W] = {};
    for (std::int64_t j = 0; j < count; ++j)
      for (int w = 0; w < 4; ++w) c[w][j] = counters[4 * (i + j) + w];
    const auto block = philox<W>(round_keys, U::load(c[0]), U::load(c[1]), U::load(c[2]), U::load(c[3]));
    for (int w = 0; w < 4; ++w) {
      std::uint64_t lanes[W];
      block.word[w].store(lanes);
      for (std::int64_t j = 0; j < count; ++j) words[4 * (i + j) + w] = std::uint32_t(lanes[j]);
    }
  }
}

void stream_words(std::uint64_t key, std::uint32_t purpose, std::uint64_t first, std::int64_t n, std::uint32_t* words) {
  fill_words(PhiloxKey(key), purpose, first, n, words);
}

bool factor(std::int64_t D, const double* a, double* lower, double* scratch, Cancelled cancelled, void* context) {
  return cholesky(D, a, lower, scratch, {cancelled, context});
}
void invert(std::int64_t D, const double* lower, double* inverse, Cancelled cancelled, void* context) {
  invert_lower(D, lower, inverse, {cancelled, context});
}

double log_of(double x) { return math::log(x); }

template <class T> constexpr Kernels<T> kernels{
    .constants_size = constants_size<T>,
    .prepare_scratch = prepare_scratch<T>,
    .prepare = prepare<T>,
    .sample_tile = sample_tile<T>,
    .sample_scratch = sample_scratch<T>,
    .sample = sample<T>,
    .evaluate_scratch = evaluate_scratch<T>,
    .evaluate = evaluate<T>,
    .moments_scratch = moments_scratch<T>,
    .moments = moments<T>,
    .spread_scratch = spread_scratch,
    .spread = spread<T>,
    .batch_sample_scratch = batch_sample_scratch<T>,
    .batch_sample = batch_sample<T>,
    .batch_evaluate_scratch = batch_evaluate_scratch<T>,
    .batch_evaluate = batch_evaluate<T>,
    .apply_math = apply_math,
    .multiply_adds = multiply_adds<T>,
};

}  // namespace
}  // namespace FASTGEN_ISA

#define FASTGEN_JOIN_(a, b) a##b
#define FASTGEN_JOIN(a, b) FASTGEN_JOIN_(a, b)
#define FASTGEN_STRING_(a) #a
#define FASTGEN_STRING(a) FASTGEN_STRING_(a)

extern "C" const KernelTable* FASTGEN_JOIN(fastgen_kernel_table_, FASTGEN_ISA)() {
  namespace isa = FASTGEN_ISA;
  static constexpr KernelTable table{
      .isa = FASTGEN_STRING(FASTGEN_ISA),
      .f32 = isa::kernels<float>,
      .f64 = isa::kernels<double>,
      .cholesky = isa::factor,
      .invert_lower = isa::invert,
      .stream_words = isa::stream_words,
      .philox = isa::philox_blocks,
      .log = isa::log_of,
  };
  return &table;
}

}  // namespace fastgen
