// What an instruction set offers: one table of function pointers, and the plain structures they take.
//
// This header is the border between code compiled once and code compiled per instruction set. Nothing in it may
// generate code: no inline functions, no constructors, no standard containers.
#pragma once

#include <cstdint>

namespace fastgen {

constexpr std::int64_t cache_line_bytes = 64;

// How many lanes a tile of points is padded to: a multiple of 48 divides into strips of three vectors of every width.
constexpr std::int64_t tile_quantum = 48;

// Rows of data as the caller holds them; strides in elements, any sign.
template <class T> struct Points {
  const T* data;
  std::int64_t n;
  std::int64_t row_stride;
  std::int64_t col_stride;
  std::int64_t skip = 0;  // rows from the end of a task to where its thread is likely to go on; for speed alone
};

struct Shape {
  std::int64_t n_components;
  std::int64_t n_features;
  int variant;         // what it means is the family's business
  std::int64_t width;  // length of the parameters whose extent is `any`, else 1
  std::int64_t together;  // components of one mixture; fewer than all in a batch
};

// K components of one family: constants prepared by Family::prepare, in the precision of the kernels.
template <class T> struct Block {
  int family;
  Shape shape;
  std::int64_t first;  // index of its first component in the mixture
  const T* constants;
  bool continuous;       // its densities are with respect to length or volume
  const Block* columns;  // of a product: a block for each feature; else null
};

struct AliasEntry {
  std::uint64_t threshold;  // stay in this column while the fraction is below
  std::uint32_t alias;
};

// Above this many components a table look-up beats comparing with every threshold.
constexpr std::int64_t most_thresholds = 32;

// How a component is chosen: thresholds on the cumulative weights when there are few, an alias table when many.
struct Chooser {
  std::int64_t n_components;
  std::int64_t last;                 // the last component with a positive weight
  const std::uint64_t* thresholds;   // n_components - 1 of them, or null
  const AliasEntry* alias;           // n_components of them, or null
};

template <class T> struct Model {
  std::int64_t n_components;
  std::int64_t n_features;
  std::int64_t tile;  // samples a tile; depends on the shape alone, never on the instruction set
  std::int64_t n_blocks;
  const Block<T>* blocks;
  bool integrates_missing;  // every block is a product: a NaN is a value that was not observed
  const T* weights;
  const T* log_weights;
  const T* zeros;  // n_components of them: the offsets of densities without weights
  Chooser chooser;
  bool discrete;  // of whole numbers, but for point masses
  const T* atoms;  // where point masses of positive weight are: in each feature different values in ascending order
  std::int64_t n_atoms;
  const std::int64_t* first_atom;  // (n_features + 1) where those of each feature begin, if there are any
};

// B mixtures of K components each; component k of mixture b is component b K + k of the block.
struct Batch {
  std::int64_t n_mixtures, n_components;
  // (K - 1, B) cumulative weights, as in Chooser, but with the highest bit flipped: signed comparisons order them.
  const std::int64_t* thresholds;
  const std::int64_t* last;         // (B,) the last component of each with a positive weight
};

enum class Quantity : int { log_prob, prob, component_log_prob, responsibilities, assign, grad_log_prob, cdf, icdf };

// Weighted sums over samples, in double whatever the data: mass, first and second moments about a shift.
enum class MomentOrder : int { first, diagonal, full };
constexpr std::int64_t few_features = 4;     // up to so many, sums have lanes over samples, else lanes over features
constexpr std::int64_t moment_quantum = 16;  // and full second moments have rows of a multiple of this many
struct Moments {
  MomentOrder order;
  const double* shift;     // (K, D)
  double* mass;            // (K,)
  double* first;           // (K, D)
  std::int64_t pitch;      // length of a row of a full second moment
  double* second;          // (K, D) diagonal; (K, D, pitch) full: lower triangle, the rest of a row is scratch
  const double* center;    // (D,) or null: about it the scatter of all components together is taken
  double* scatter_first;   // (D,) first moment about it, which comes with the scatter and is not read
  double* scatter;         // (D, pitch) lower triangle, or null
  double log_likelihood;
};

// Returns true when the call is to be abandoned; asked between slices of work.
using Cancelled = bool (*)(void* context);

// What the tasks of a call tell each other about pruning (kernels/prune.hpp): for how many tiles it is not to be tried, of block b
// at b % slots. A hint that all write: time depends on it, no answer does.
struct PruningHints {
  static constexpr std::int64_t slots = 8;
  std::int32_t pause[slots] = {};
};

template <class T> struct Kernels {
  // Families.
  std::int64_t (*constants_size)(int family, Shape);
  std::int64_t (*prepare_scratch)(int family, Shape);  // doubles
  void (*prepare)(int family, Shape, const double* const* parameters, std::int64_t k0, std::int64_t k1, T* constants,
                  double* scratch, Cancelled, void* context);
  // Sampling rows first .. first + n of a stream into out (n x D) and labels (n, or null).
  std::int64_t (*sample_tile)(const Model<T>&);  // rows drawn together; cutting a tile costs time alone
  std::int64_t (*sample_scratch)(const Model<T>&);
  void (*sample)(const Model<T>&, std::uint64_t key, std::uint64_t first, std::int64_t n, T* out, std::int64_t* labels,
                 T* scratch);
  // Any quantity at rows begin .. end; out points at row 0.
  std::int64_t (*evaluate_scratch)(const Model<T>&, Quantity);
  void (*evaluate)(const Model<T>&, Quantity, Points<T>, std::int64_t begin, std::int64_t end, void* out, T* scratch,
                   PruningHints&, Cancelled, void* context);
  // E step and moment sums over rows begin .. end, added to what is there.
  std::int64_t (*moments_scratch)(const Model<T>&);
  void (*moments)(const Model<T>&, Points<T>, const double* sample_weight, std::int64_t begin, std::int64_t end,
                  bool hard, Moments*, T* scratch, PruningHints&, Cancelled, void* context);
  // k-means++: squared distances of rows begin .. end to candidate centres, capped by `nearest`.
  // Adds to potential[c] the weighted sum; with `commit` stores the capped distances of candidate 0 in nearest.
  std::int64_t (*spread_scratch)(std::int64_t n_features);
  void (*spread)(Points<T>, const double* sample_weight, std::int64_t n_features, const T* inverse_scale,
                 const T* centers, std::int64_t n_centers, bool commit, bool squared, T* nearest, std::int64_t begin,
                 std::int64_t end, double* potential, T* scratch);
  // Batches; see kernels/batch.hpp.
  std::int64_t (*batch_sample_scratch)(const Model<T>&);
  void (*batch_sample)(const Model<T>&, const Batch&, std::uint64_t key, std::uint64_t start, std::int64_t first,
                       std::int64_t n, T* out, std::int32_t* labels, T* scratch);
  std::int64_t (*batch_evaluate_scratch)(const Model<T>&, const Batch&);
  void (*batch_evaluate)(const Model<T>&, const Batch&, Quantity, Points<T>, std::int64_t rows, std::int64_t first,
                         T* out, T* scratch);
  // Tests and benchmarks.
  void (*apply_math)(int function, const T* const* x, T* y, std::int64_t n);
  std::int64_t (*multiply_adds)(std::int64_t rounds, T* sink);  // runs independent FMAs, returns how many
};

struct KernelTable {
  const char* isa;
  Kernels<float> f32;
  Kernels<double> f64;
  // Set-up algebra on row-major D x D matrices. Cholesky: lower factor of a; false when not positive definite, or abandoned.
  bool (*cholesky)(std::int64_t d, const double* a, double* lower, double* scratch, Cancelled, void* context);  // D^2
  void (*invert_lower)(std::int64_t d, const double* lower, double* inverse, Cancelled, void* context);
  void (*stream_words)(std::uint64_t key, std::uint32_t purpose, std::uint64_t first, std::int64_t n,
                       std::uint32_t* words);
  void (*philox)(std::uint64_t key, const std::uint32_t* counters, std::int64_t n, std::uint32_t* words);
  double (*log)(double);
};

}  // namespace fastgen
