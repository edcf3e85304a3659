// The Mixture class: prepares constants for the kernels and cuts calls into tasks for the threads.
#include "mixture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "cost.hpp"
#include "threads.hpp"

namespace fastgen {
namespace {

// What says what feature d is like: components of a product have a law for each.
const Components& law_of(const Components& c, std::int64_t d) {
  return c.columns().empty() ? c : *c.columns()[std::size_t(d)];
}

// Where the point masses of positive weight in feature d are: their only parameter.
std::vector<double> atoms_of(const std::vector<std::shared_ptr<const Components>>& components,
                             const std::vector<double>& weights, std::int64_t d) {
  std::vector<double> atoms;
  std::size_t first = 0;
  for (const auto& c : components) {
    const Components& law = law_of(*c, d);
    const std::size_t K = std::size_t(c->n_components());
    for (std::size_t k = 0; k < K && law.info().measure == Measure::atoms; ++k)
      if (weights[first + k] > 0) atoms.push_back(law.parameter(0)[k]);
    first += K;
  }
  std::sort(atoms.begin(), atoms.end());
  atoms.erase(std::unique(atoms.begin(), atoms.end()), atoms.end());
  return atoms;
}

// Samples a tile holds: as many as keep the tables of a tile in the second-level cache.
std::int64_t tile_size(std::int64_t K, std::int64_t D) {
  const std::int64_t elements = 12288 / std::max(K, D);
  return std::clamp(elements / tile_quantum * tile_quantum, tile_quantum, 10 * tile_quantum);
}

}  // namespace

Mixture::Mixture(std::vector<double> weights, std::vector<std::shared_ptr<const Components>> components) {
  auto made = std::make_shared<State>();
  State& s = *made;
  if (components.empty()) throw std::invalid_argument("components is empty");
  s.D = components.front()->n_features();
  s.scalar = components.front()->scalar();
  bool curved = false;
  for (const auto& c : components) {
    if (c->n_features() != s.D || c->scalar() != s.scalar)
      throw std::invalid_argument("components differ in their number of features");
    s.K += c->n_components();
    s.has_float = s.has_float && c->info().has_float;
    s.discrete = s.discrete || c->info().measure == Measure::discrete;
    curved = curved || c->info().measure == Measure::sphere || c->info().measure == Measure::simplex;
  }
  if (curved)
    for (const auto& c : components)
      if (c->info().measure != components.front()->info().measure)
        throw std::invalid_argument("components on a sphere or a simplex are mixed with their like only");
  if (s.K > std::numeric_limits<std::int32_t>::max()) throw std::invalid_argument("too many components");
  if (std::int64_t(weights.size()) != s.K) throw std::invalid_argument("weights must have one value a component");
  s.weights = std::move(weights);
  s.components = std::move(components);
  s.find_atoms();
  s.chooser = make_chooser(s.weights, s.chooser_memory);
  state_ = std::move(made);
}

template <class T> bool Mixture::is_prepared() const { return state_->is_prepared<T>(); }
template bool Mixture::is_prepared<float>() const;
template bool Mixture::is_prepared<double>() const;
std::int64_t Mixture::n_components() const { return state_->K; }
std::int64_t Mixture::n_features() const { return state_->D; }
bool Mixture::scalar() const { return state_->scalar; }

// Densities add up in features where all are of one kind, or point masses; finds these. What is neither scalar nor a product
// has no laws of single features, and no point masses.
void Mixture::State::find_atoms() {
  const bool apart =
      scalar || std::any_of(components.begin(), components.end(), [](const auto& c) { return !c->columns().empty(); });
  if (!apart) return;
  for (std::int64_t d = 0; d < D; ++d) {
    bool counts = false, continuous = false;
    for (const auto& c : components) {
      const Measure measure = law_of(*c, d).info().measure;
      counts = counts || measure == Measure::discrete;
      continuous = continuous || measure == Measure::continuous;
    }
    if (counts && continuous) throw std::invalid_argument("discrete and continuous components cannot be mixed");
    const std::vector<double> found = atoms_of(components, weights, d);
    first_atom.push_back(std::int64_t(atoms.size()));
    atoms.insert(atoms.end(), found.begin(), found.end());
  }
  first_atom.push_back(std::int64_t(atoms.size()));
}

template <class T> void Mixture::State::prepare(Prepared<T>& p) const {
  if (sizeof(T) == 4 && !has_float) {
    p.usable = false;
    return;
  }
  std::int64_t first = 0;
  bool products = true;
  for (const auto& c : components) {
    p.blocks.push_back(prepare_block(*c, first, c->n_components(), p));
    first += c->n_components();
    products = products && !c->columns().empty();
  }
  if constexpr (sizeof(T) == 4) {
    for (const auto& c : components) p.usable = p.usable && survives_float32(*c);
    // Inverses of factors may overflow where their parameters do not.
    for (const auto& block : p.constants)
      p.usable = p.usable && std::all_of(block.begin(), block.end(), [](T v) { return std::isfinite(v); });
  }
  p.zeros.assign(std::size_t(K), T(0));
  p.atoms.assign(atoms.begin(), atoms.end());
  for (const double w : weights) {
    p.weights.push_back(T(w));
    p.log_weights.push_back(T(kernels().log(w)));
  }
  p.model = {K,
             D,
             tile_size(K, D),
             std::int64_t(p.blocks.size()),
             p.blocks.data(),
             products,
             p.weights.data(),
             p.log_weights.data(),
             p.zeros.data(),
             chooser,
             discrete,
             p.atoms.data(),
             std::int64_t(p.atoms.size()),
             first_atom.data()};
}
template void Mixture::State::prepare(Prepared<float>&) const;
template void Mixture::State::prepare(Prepared<double>&) const;

template <class T>
void Mixture::sample(std::uint64_t key, std::uint64_t start, std::int64_t n, T* out, std::int64_t* labels) const {
  const std::int64_t D = state_->D;
  if constexpr (sizeof(T) == 4)
    if (!state_->prepared<T>().usable) return state_->sample_widened(*this, key, start, n, out, labels);
  const Model<T>& model = state_->template prepared<T>().model;
  const Kernels<T>& kernel = kernels_of<T>();
  const std::int64_t scratch = kernel.sample_scratch(model) * std::int64_t(sizeof(T));
  const double row_ns = cost::sample_ns(D);
  // Whole tiles, as the kernel likes them, or, where that would leave threads idle, as many rows as give each a few tasks.
  // Tasks begin at multiples of 128 rows, where groups of random words and normals begin for every D.
  constexpr std::int64_t whole = 128;
  const std::int64_t each = n / (4 * get_num_threads()) / whole * whole;
  const std::int64_t rows = std::max(whole, std::min(rows_per_task(kernel.sample_tile(model), row_ns, n), each));
  parallel_for((n + rows - 1) / rows, double(n) * row_ns, [&](Job&, std::int64_t task) {
    const std::int64_t first = task * rows, count = std::min(rows, n - first);
    kernel.sample(model, key, start + std::uint64_t(first), count, out + first * D, labels ? labels + first : nullptr,
                  static_cast<T*>(thread_scratch(scratch)));
  });
}

template <class T> void Mixture::State::evaluate(Quantity quantity, Data<T> x, void* out) const {
  const bool scalar_only = quantity == Quantity::cdf || quantity == Quantity::icdf;
  if (scalar_only && !scalar) throw std::invalid_argument("cdf and icdf are defined for scalar families");
  if constexpr (sizeof(T) == 4)
    if (!prepared<T>().usable) return evaluate_widened(quantity, x, out);
  const double row_ns = cost::evaluate_ns(quantity, K, D);
  const Kernels<T>& kernel = kernels_of<T>();
  const Model<T>& model = prepared<T>().model;
  const std::int64_t scratch = kernel.evaluate_scratch(model, quantity) * std::int64_t(sizeof(T));
  std::int64_t rows = rows_per_task(model.tile, row_ns, x.n);
  // Pruning (kernels/prune.hpp) works best on some rows for every component, which cost less than a full evaluation.
  constexpr std::int64_t to_prune = 4 * tile_quantum;
  if (D >= 32 && rows < to_prune && x.n >= 8 * to_prune * get_num_threads()) rows = to_prune;
  const Points<T> points{x.data, x.n, x.row_stride, x.col_stride, (get_num_threads() - 1) * rows};
  PruningHints hints;
  parallel_for((x.n + rows - 1) / rows, double(x.n) * row_ns, [&](Job& job, std::int64_t task) {
    const std::int64_t begin = task * rows, end = std::min(begin + rows, x.n);
    kernel.evaluate(model, quantity, points, begin, end, out, static_cast<T*>(thread_scratch(scratch)), hints,
                    Job::cancelled_of, &job);
  });
}

template void Mixture::State::evaluate(Quantity, Data<float>, void*) const;
template void Mixture::State::evaluate(Quantity, Data<double>, void*) const;

template <class T> void Mixture::log_prob(Data<T> x, T* out) const { state_->evaluate(Quantity::log_prob, x, out); }
template <class T> void Mixture::prob(Data<T> x, T* out) const { state_->evaluate(Quantity::prob, x, out); }
template <class T> void Mixture::component_log_prob(Data<T> x, T* out) const {
  state_->evaluate(Quantity::component_log_prob, x, out);
}
template <class T> void Mixture::responsibilities(Data<T> x, T* out) const {
  state_->evaluate(Quantity::responsibilities, x, out);
}
template <class T> void Mixture::assign(Data<T> x, std::int64_t* out) const {
  state_->evaluate(Quantity::assign, x, out);
}
template <class T> void Mixture::grad_log_prob(Data<T> x, T* out) const {
  state_->evaluate(Quantity::grad_log_prob, x, out);
}
template <class T> void Mixture::cdf(Data<T> x, T* out) const { state_->evaluate(Quantity::cdf, x, out); }
template <class T> void Mixture::icdf(Data<T> q, T* out) const { state_->evaluate(Quantity::icdf, q, out); }

#define FASTGEN_INSTANTIATE(T)                                                                        \
  template void Mixture::sample(std::uint64_t, std::uint64_t, std::int64_t, T*, std::int64_t*) const; \
  template void Mixture::log_prob(Data<T>, T*) const;                                                 \
  template void Mixture::prob(Data<T>, T*) const;                                                     \
  template void Mixture::component_log_prob(Data<T>, T*) const;                                       \
  template void Mixture::responsibilities(Data<T>, T*) const;                                         \
  template void Mixture::assign(Data<T>, std::int64_t*) const;                                        \
  template void Mixture::grad_log_prob(Data<T>, T*) const;                                            \
  template void Mixture::cdf(Data<T>, T*) const;                                                      \
  template void Mixture::icdf(Data<T>, T*) const;
FASTGEN_INSTANTIATE(float)
FASTGEN_INSTANTIATE(double)

}  // namespace fastgen
