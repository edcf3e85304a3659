// What a Mixture holds: the parameters as given, and the constants each precision's kernels read, made on first use.
#pragma once

#include <cmath>
#include <limits>
#include <mutex>
#include <optional>

#include "prepare.hpp"

namespace fastgen {

// Whether float32 holds the parameters and their reciprocals: see widened.cpp, where the calls go if not.
bool survives_float32(const Components& components);

struct Mixture::State {
  std::vector<double> weights;
  std::vector<std::shared_ptr<const Components>> components;
  std::int64_t K = 0, D = 0;
  bool scalar = false;
  bool discrete = false;   // laws of whole numbers, but for point masses
  std::vector<double> atoms;  // values of point masses of positive weight: of each feature, ascending
  std::vector<std::int64_t> first_atom;  // (D + 1) where those of each feature begin; empty if no feature has any
  bool has_float = true;  // every family has kernels in single precision; else float32 is computed in double
  std::vector<std::uint64_t> thresholds;
  std::vector<AliasEntry> alias;
  Chooser chooser{};

  template <class T> const Prepared<T>& prepared() const {
    auto& slot = prepared_slot<T>();
    std::call_once(slot.once, [&] { prepare(slot.value); });
    return slot.value;
  }

  void look_at_features();
  template <class T> void evaluate(Quantity quantity, Data<T> x, void* out) const;
  void widen_to_atoms(double* points, std::int64_t n) const;  // (n, D)
  void evaluate_widened(Quantity quantity, Data<float> x, void* out) const;
  void sample_widened(const Mixture& mixture, std::uint64_t key, std::uint64_t start, std::int64_t n, float* out,
                      std::int64_t* labels) const;

  // Nanoseconds that one core spends on a row, roughly: to decide about threads and slices, nothing else.
  double row_cost(double per_component) const { return 2.0 + double(D) + double(K) * per_component; }

 private:
  template <class T> struct Slot {
    std::once_flag once;
    Prepared<T> value;
  };
  template <class T> Slot<T>& prepared_slot() const {
    if constexpr (sizeof(T) == 8) return f64_;
    else return f32_;
  }
  template <class T> void prepare(Prepared<T>& p) const;
  mutable Slot<double> f64_;
  mutable Slot<float> f32_;
};

}  // namespace fastgen
