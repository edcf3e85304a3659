// The sums that a pass over the data leaves to the M step, and how threads add up those of their chunks.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "kernel_table.hpp"
#include "sizes.hpp"
#include "threads.hpp"

namespace fastgen {

// Over a chunk of rows, or over all of them.
struct EMSums {
  std::vector<double> mass, first, second, scatter_first, scatter;
  double log_likelihood = 0;
  std::int64_t pitch;  // of a row of a full second moment

  EMSums(std::int64_t K, std::int64_t D, MomentOrder order, bool with_scatter)
      : mass(std::size_t(K)), first(std::size_t(checked_product("means", 8 * K, D) / 8)),
        pitch(D <= few_features ? D : (D + moment_quantum - 1) / moment_quantum * moment_quantum) {
    if (order == MomentOrder::diagonal) second.resize(std::size_t(K * D));
    if (order == MomentOrder::full) second.resize(std::size_t(checked_product("covariances", 8 * K, D, pitch) / 8));
    if (with_scatter) scatter_first.resize(std::size_t(D)), scatter.resize(std::size_t(D * pitch));
  }
  bool is_empty(std::int64_t k) const { return !(mass[std::size_t(k)] > std::numeric_limits<double>::min()); }
  void clear() {
    for (auto* v : {&mass, &first, &second, &scatter_first, &scatter}) std::fill(v->begin(), v->end(), 0.0);
    log_likelihood = 0;
  }
  void add(const EMSums& other) {
    const auto join = [](std::vector<double>& to, const std::vector<double>& from) {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    };
    join(mass, other.mass);
    join(first, other.first);
    join(second, other.second);
    join(scatter_first, other.scatter_first);
    join(scatter, other.scatter);
    log_likelihood += other.log_likelihood;
  }
};

// Adds up the sums of tasks in their order, whichever thread brings them. A thread that is early leaves its sums and goes
// on; waiting for its turn would cost a switch a task, and time slices where others use the machine.
class OrderedSum {
 public:
  OrderedSum(EMSums& total, std::size_t most_parked) : total_(total), most_parked_(most_parked) {}

  // Zeros, like the total; reused when there are any.
  std::unique_ptr<EMSums> zeros(std::int64_t K, std::int64_t D, MomentOrder order, bool with_scatter) {
    std::unique_ptr<EMSums> part;
    {
      const std::lock_guard lock(mutex_);
      if (!spare_.empty()) part = std::move(spare_.back()), spare_.pop_back();
    }
    if (!part) return std::make_unique<EMSums>(K, D, order, with_scatter);
    part->clear();
    return part;
  }

  void add(std::int64_t task, std::unique_ptr<EMSums> part, Job& job) {
    std::unique_lock lock(mutex_);
    parked_.emplace(task, std::move(part));
    while (!parked_.empty() && parked_.begin()->first == next_) {
      spare_.push_back(std::move(parked_.extract(parked_.begin()).mapped()));
      total_.add(*spare_.back());
      ++next_;
    }
    turn_.notify_all();
    // Tasks are handed out in order, so the one that is due is running: the wait is short.
    while (parked_.size() > most_parked_ && !job.cancelled()) turn_.wait_for(lock, std::chrono::milliseconds(20));
  }

 private:
  EMSums& total_;
  const std::size_t most_parked_;
  std::mutex mutex_;
  std::condition_variable turn_;
  std::map<std::int64_t, std::unique_ptr<EMSums>> parked_;
  std::vector<std::unique_ptr<EMSums>> spare_;
  std::int64_t next_ = 0;
};

}  // namespace fastgen
