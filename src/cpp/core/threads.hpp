// A small pool of threads: tasks 0 .. n - 1, handed out in ascending order, results never depending on who runs what.
//
// Safe after fork (the child starts with a fresh pool), from many callers at once (one uses the workers, the others run
// their own tasks themselves), and interruptible: the calling thread looks for a pending interrupt between tasks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

namespace fastgen {

// Work below this stays on the calling thread: waking another costs tens of microseconds.
constexpr double serial_below_ns = 100e3;

// One parallel call, as its tasks see it.
class Job {
 public:
  virtual bool cancelled() = 0;  // also polls for interrupts on the calling thread; cheap
  static bool cancelled_of(void* job) { return static_cast<Job*>(job)->cancelled(); }

 protected:
  ~Job() = default;
};

using Task = void (*)(void* context, Job& job, std::int64_t task);
void run_tasks(std::int64_t n_tasks, double work_ns, Task task, void* context);

// body(job, task) for every task; `work_ns` is an estimate of the whole. Throws what a body throws, or Interrupted.
template <class Body> void parallel_for(std::int64_t n_tasks, double work_ns, Body&& body) {
  run_tasks(n_tasks, work_ns, [](void* context, Job& job, std::int64_t task) {
    (*static_cast<std::remove_reference_t<Body>*>(context))(job, task);
  }, &body);
}

// Rows a task takes: about a quarter of a millisecond's, at most `most`, in multiples of `whole`.
inline std::int64_t rows_per_task(std::int64_t whole, double row_cost_ns, std::int64_t most) {
  const std::int64_t rows = std::min(std::int64_t(250e3 / row_cost_ns), most);
  return std::max<std::int64_t>(1, rows / whole) * whole;
}

// Scratch memory of the calling thread, 64-byte aligned, kept between calls. Valid until the next call.
void* thread_scratch(std::int64_t bytes);

}  // namespace fastgen
