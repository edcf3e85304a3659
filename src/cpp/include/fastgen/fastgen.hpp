// fastgen for C++: mixture models that sample and score, the same bits on every thread count and instruction set.
//
//   auto law = fastgen::Components::make("Normal", "", 2, 1, {{0.0, 5.0}, {1.0, 0.5}});
//   fastgen::Mixture mixture({0.3, 0.7}, {law});
//   std::vector<double> x(1000), log_density(1000);
//   mixture.sample<double>(fastgen::stream_key(7), /*start=*/0, 1000, x.data());
//   mixture.log_prob<double>({x.data(), 1000, 1}, log_density.data());
//
// Objects are immutable and may be shared between threads. Functions throw std::invalid_argument for bad arguments,
// std::bad_alloc, and fastgen::Interrupted when the interrupt check said so. Build with CMake: find_package(fastgen), link
// fastgen::fastgen.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fastgen {

inline constexpr std::string_view version = FASTGEN_VERSION;
// Changes whenever any drawn bit changes: in x.Y.0 releases only.
inline constexpr int stream_version = 4;

// ---- runtime ----

// Reads FASTGEN_ISA, FASTGEN_NUM_THREADS and OMP_NUM_THREADS; throws std::invalid_argument for a value of the first two that
// makes no sense. Called on first use; call it early to choose where the exception appears.
void initialise();

int get_num_threads();
void set_num_threads(int n);

std::string_view isa();  // in use
std::vector<std::string_view> available_isas();  // that this CPU can run, best first
void set_isa(std::string_view name);

// Asked about 20 times a second during long calls, on the calling thread; true abandons the call with Interrupted.
using InterruptCheck = bool (*)();
void set_interrupt_check(InterruptCheck check);
struct Interrupted {};

// The key of the stream that the non-negative integer `low` + 2^64 `high` names in Python: Mixture.sample(rng=7) there and
// mixture.sample(stream_key(7), ...) here draw the same bits.
std::uint64_t stream_key(std::uint64_t low, std::uint64_t high = 0);

// ---- models ----

struct FamilyInfo;

// K components of one family. Parameters are canonical and trusted: positive scales, valid factors. The Python layer
// validates; C++ callers do so themselves, or use `cholesky` below, which reports what it cannot factor.
class Components {
 public:
  // `parameters` row-major. Those of a scalar family are the ones of its Python class in their order, K numbers each: {loc, scale}
  // for "Normal". Categorical has {probs (K, any)}. Of the others, by variant where there are some:
  //   MultivariateNormal    {means (K, D), factor}   factor by variant: "full" (K, D, D) lower Cholesky factors of the
  //                         covariances, "tied" (D, D) one for all, "diag" (K, D) and "spherical" (K,) standard deviations
  //   MultivariateStudentT  {means (K, D), factor, df (K,)}, the factor likewise
  //   FactorNormal          {means (K, D), loadings (K, D, any), noise variances (K, D)}
  //   VonMisesFisher        {mean directions (K, D), concentrations (K,)}
  //   Dirichlet             {concentrations (K, D)}
  // Throws std::invalid_argument for a name or a size that does not exist.
  static std::shared_ptr<const Components> make(std::string_view family, std::string_view variant,
                                                std::int64_t n_components, std::int64_t n_features,
                                                std::vector<std::vector<double>> parameters);

  // Independent features: one scalar law a column, each with the same number of components.
  static std::shared_ptr<const Components> product(std::vector<std::shared_ptr<const Components>> columns);

  std::string_view family() const;
  std::string_view variant() const;  // empty if the family has only one
  bool scalar() const;
  std::int64_t n_components() const { return n_components_; }
  std::int64_t n_features() const { return n_features_; }
  std::int64_t width() const { return width_; }  // of parameters that may have any, e.g. the number of categories
  const std::vector<double>& parameter(int i) const { return parameters_[std::size_t(i)]; }
  const std::vector<std::shared_ptr<const Components>>& columns() const { return columns_; }
  std::size_t n_parameters() const { return parameters_.size(); }
  const FamilyInfo& info() const { return *info_; }  // for the core: see families.hpp there

 private:
  Components() = default;
  const FamilyInfo* info_ = nullptr;
  std::int64_t n_components_ = 0, n_features_ = 0, width_ = 1;
  std::vector<std::vector<double>> parameters_;
  std::vector<std::shared_ptr<const Components>> columns_;
};

// Rows of data, strides in elements.
template <class T> struct Data {
  const T* data;
  std::int64_t n;
  std::int64_t row_stride;
  std::int64_t col_stride = 1;
};

enum class CovarianceType { full, tied, diag, spherical };

// One EM step: the log-likelihood before it, the parameters after it.
struct EMStep {
  double log_likelihood = 0;
  std::vector<double> weights, means, covariances, factor;
  std::vector<std::int64_t> floored, empty, singular;
};

class Mixture {
 public:
  Mixture(std::vector<double> weights, std::vector<std::shared_ptr<const Components>> components);

  std::int64_t n_components() const;
  std::int64_t n_features() const;
  bool scalar() const;
  // Whether the constants for this precision exist. The first call that needs them makes them, which may take long.
  template <class T> bool is_prepared() const;

  // Rows start .. start + n of the stream that `key` names: out (n, D) row-major, labels (n,) or null.
  template <class T>
  void sample(std::uint64_t key, std::uint64_t start, std::int64_t n, T* out, std::int64_t* labels = nullptr) const;

  template <class T> void log_prob(Data<T> x, T* out) const;  // (n,)
  template <class T> void prob(Data<T> x, T* out) const;  // (n,)
  template <class T> void component_log_prob(Data<T> x, T* out) const;  // (n, K)
  template <class T> void responsibilities(Data<T> x, T* out) const;  // (n, K)
  template <class T> void assign(Data<T> x, std::int64_t* out) const;  // (n,), -1 where a value is NaN
  template <class T> void grad_log_prob(Data<T> x, T* out) const;  // (n, D)
  template <class T> void cdf(Data<T> x, T* out) const;  // (n,), scalar mixtures
  template <class T> void icdf(Data<T> q, T* out) const;  // (n,), scalar mixtures

  // Normal and MultivariateNormal mixtures. `hard` gives each row wholly to its most responsible component.
  template <class T>
  EMStep em_step(Data<T> x, const double* sample_weight, CovarianceType type, double reg_covar, bool hard) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;  // copies share it: it never changes
};

// n points for each of several mixtures, as the caller holds them: point i of mixture b starts at
// data + b mixture_stride + i row_stride. Strides count elements and may have any sign.
template <class T> struct BatchData {
  const T* data;
  std::int64_t n;
  std::int64_t mixture_stride;
  std::int64_t row_stride;
  std::int64_t col_stride;
};

// B mixtures of K components of one family each: `components` holds B K of them, those of a mixture together, and `weights`
// sum to 1 within each.
class MixtureBatch {
 public:
  MixtureBatch(std::int64_t n_mixtures, const std::vector<double>& weights,
               std::shared_ptr<const Components> components);

  std::int64_t n_mixtures() const;
  std::int64_t n_components() const;  // of one mixture
  std::int64_t n_features() const;
  bool scalar() const;

  // Computed in double; floats are converted on their way in and out.
  // Samples start .. start + n of every mixture: out (B, n, D), labels (B, n) or null.
  template <class T>
  void sample(std::uint64_t key, std::uint64_t start, std::int64_t n, T* out, std::int64_t* labels = nullptr) const;
  template <class T> void log_prob(BatchData<T> x, T* out) const;  // (B, n)
  template <class T> void prob(BatchData<T> x, T* out) const;  // (B, n)

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

// ---- for learning ----

// Starting rows: greedy k-means++ (Arthur and Vassilvitskii 2007) on x / scale if `spread`, else rows at random.
template <class T>
std::vector<std::int64_t> choose_rows(Data<T> x, const double* sample_weight, const std::vector<double>& scale,
                                      std::int64_t n_components, std::uint64_t key, bool spread);

// Lower factors of `count` D x D matrices (or, `inverse`, of their inverses); returns the index of the first that is
// not positive definite, or -1.
std::int64_t cholesky(std::int64_t count, std::int64_t D, const double* a, double* lower, bool inverse = false);

// means (K, D) and lower factors (K, D, D), or (1, D, D) shared: means of the last D - m features given the first m.
void condition_means(std::int64_t K, std::int64_t D, std::int64_t m, const double* means, const double* lower,
                     bool shared, const double* values, double* out);

}  // namespace fastgen
