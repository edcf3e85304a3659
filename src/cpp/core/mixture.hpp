// What a Mixture holds: the parameters as given, and the constants each precision's kernels read, made on first use.
#pragma once

#include <atomic>
#include <memory>

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
  // (D + 1) where those of each feature begin; empty for laws of several features that are no Product.
  std::vector<std::int64_t> first_atom;
  bool has_float = true;  // every family has kernels in single precision; else float32 is computed in double
  ChooserMemory chooser_memory;
  Chooser chooser{};

  template <class T> bool is_prepared() const { return slot<T>().value.load(std::memory_order_acquire) != nullptr; }
  // Threads that come here first at the same time each prepare their own, and the first that is done is kept. Nobody waits, so
  // no thread can be kept waiting for one that needs what it holds (the GIL) or that a fork left behind, and what an exception
  // interrupts leaves nothing.
  template <class T> const Prepared<T>& prepared() const {
    auto& kept = slot<T>().value;
    const Prepared<T>* found = kept.load(std::memory_order_acquire);
    if (!found) {
      auto made = std::make_unique<Prepared<T>>();
      prepare(*made);
      if (kept.compare_exchange_strong(found, made.get(), std::memory_order_acq_rel)) found = made.release();
    }
    return *found;
  }

  void find_atoms();
  template <class T> void evaluate(Quantity quantity, Data<T> x, void* out) const;
  void evaluate_widened(Quantity quantity, Data<float> x, void* out) const;
  void sample_widened(const Mixture& mixture, std::uint64_t key, std::uint64_t start, std::int64_t n, float* out,
                      std::int64_t* labels) const;

 private:
  template <class T> struct Slot {
    std::atomic<const Prepared<T>*> value{nullptr};
    ~Slot() { delete value.load(); }
  };
  template <class T> Slot<T>& slot() const {
    if constexpr (sizeof(T) == 8) return f64_;
    else return f32_;
  }
  template <class T> void prepare(Prepared<T>& p) const;
  mutable Slot<double> f64_;
  mutable Slot<float> f32_;
};

}  // namespace fastgen
