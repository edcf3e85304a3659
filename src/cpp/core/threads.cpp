#include "threads.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "fastgen/fastgen.hpp"
#include "sizes.hpp"

namespace fastgen {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds poll_interval{50};
// Work above this is worth choosing the CPUs of the workers.
constexpr double place_above_ns = 300e3;

std::atomic<InterruptCheck> interrupt_check{nullptr};
std::atomic<int> num_threads{0};

class RunningJob final : public Job {
 public:
  RunningJob(std::int64_t n, Task task, void* context)
      : n_(n), task_(task), context_(context), caller_(std::this_thread::get_id()) {}

  bool cancelled() override {
    if (cancelled_.load(std::memory_order_relaxed)) return true;
    if (std::this_thread::get_id() == caller_) poll();
    return cancelled_.load(std::memory_order_relaxed);
  }

  // The caller's part: asks whether to go on, at most every poll_interval, also where a long call is many short jobs.
  void poll() {
    static thread_local Clock::time_point next;
    const auto now = Clock::now();
    if (now < next) return;
    next = now + poll_interval;
    const InterruptCheck check = interrupt_check.load(std::memory_order_relaxed);
    if (check && check()) {
      interrupted_ = true;
      cancelled_.store(true, std::memory_order_relaxed);
    }
  }

  void work() {
    try {
      while (!cancelled()) {
        const std::int64_t task = next_.fetch_add(1, std::memory_order_relaxed);
        if (task >= n_) return;
        task_(context_, *this, task);
      }
    } catch (...) {
      const std::lock_guard lock(failure_mutex_);
      if (!failure_) failure_ = std::current_exception();
      cancelled_.store(true, std::memory_order_relaxed);
    }
  }

  void finish() {
    if (failure_) std::rethrow_exception(failure_);
    if (interrupted_) throw Interrupted{};
  }

 private:
  const std::int64_t n_;
  const Task task_;
  void* const context_;
  const std::thread::id caller_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<bool> cancelled_{false};
  bool interrupted_ = false;
  std::mutex failure_mutex_;
  std::exception_ptr failure_;
};

constexpr auto moment = std::chrono::microseconds(50);

class Pool {
 public:
  // Runs the job on this thread and up to helpers others. False when another caller has the workers. `elsewhere` keeps
  // them off the caller's CPU: a kernel likes to queue a thread behind the one that woke it, and on a machine whose other
  // CPUs sleep it may wait there until the job is done (measured: 3.7 against 2.4 ms). Costs a system call a worker.
  bool run(RunningJob& job, int helpers, bool elsewhere) {
    const std::unique_lock busy(busy_, std::try_to_lock);
    if (!busy) return false;
    {
      const std::lock_guard lock(mutex_);
      helpers = start_workers(helpers);
      if (elsewhere) keep_workers_elsewhere();
      job_ = &job;
      places_ = helpers;
      ++calls_;
    }
    for (int i = 0; i < helpers; ++i) wake_.notify_one();
    job.work();
    {
      const std::lock_guard lock(mutex_);
      job_ = nullptr;  // latecomers find nothing
    }
    linger([this] { return working_ == 0; });
    std::unique_lock lock(mutex_);
    while (!idle_.wait_for(lock, poll_interval, [this] { return working_ == 0; })) {
      lock.unlock();
      job.poll();
      lock.lock();
    }
    return true;
  }

 private:
  // How many of `wanted` workers there are once those that lack are started. Containers and processes may be allowed few
  // threads: the work is then done by fewer.
  int start_workers(int wanted) {
    try {
      while (int(workers_.size()) < wanted) workers_.emplace_back([this] { serve(); });
    } catch (const std::system_error&) {}
    return std::min(wanted, int(workers_.size()));
  }

  void serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return job_ != nullptr && places_ > 0; });
      RunningJob* job = job_;
      --places_;
      ++working_;
      const std::int64_t call = calls_;
      lock.unlock();
      job->work();
      lock.lock();
      if (--working_ == 0) idle_.notify_all();
      lock.unlock();
      linger([&] { return calls_ != call; });
      lock.lock();
    }
  }

  // Waits a moment for something to become true: falling asleep and being woken costs more than many a call takes.
  template <class Test> static void linger(Test test) {
    for (const auto end = Clock::now() + moment; !test() && Clock::now() < end;) std::this_thread::yield();
  }

  void keep_workers_elsewhere() {
#if defined(__linux__)
    cpu_set_t set;
    const int here = sched_getcpu();
    if (here < 0 || here >= CPU_SETSIZE || sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) < 2) return;
    CPU_CLR(here, &set);
    for (std::thread& worker : workers_) pthread_setaffinity_np(worker.native_handle(), sizeof set, &set);
#endif
  }

  std::mutex busy_, mutex_;
  std::condition_variable wake_, idle_;
  std::vector<std::thread> workers_;
  RunningJob* job_ = nullptr;
  int places_ = 0;
  // Changed under the lock like the others, but read without it by those who linger.
  std::atomic<int> working_ = 0;
  std::atomic<std::int64_t> calls_ = 0;
};

// Never destroyed: its threads may outlive static destruction. After a fork the child gets a new one, because the
// workers of the old one do not exist there and its locks may have been held.
Pool* pool = nullptr;
std::once_flag pool_once;

Pool& the_pool() {
  std::call_once(pool_once, [] {
    pool = new Pool;
    pthread_atfork(nullptr, nullptr, [] { pool = new Pool; });
  });
  return *pool;
}

int usable_cores() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  const unsigned n = std::thread::hardware_concurrency();
  return n ? int(n) : 1;
}

constexpr int most_threads = 1024;

int threads_from_environment() {
  char* end = nullptr;
  if (const char* text = std::getenv("FASTGEN_NUM_THREADS"); text && *text) {
    const long n = std::strtol(text, &end, 10);
    if (end == text || *end || n < 1 || n > most_threads)
      throw std::invalid_argument(std::string("environment variable FASTGEN_NUM_THREADS is '") + text +
                                  "'; expected a whole number from 1 to 1024. Change it or unset it.");
    return int(n);
  }
  // Written for others, so what makes no sense is no error here. It may list a number for each nesting level: the first counts.
  if (const char* text = std::getenv("OMP_NUM_THREADS")) {
    const long n = std::strtol(text, &end, 10);
    end += std::strspn(end, " \t");
    if (n >= 1 && (!*end || *end == ',')) return int(std::min<long>(n, most_threads));
  }
  return usable_cores();
}

struct Freed {
  void operator()(void* p) const { std::free(p); }
};

}  // namespace

void set_interrupt_check(InterruptCheck check) { interrupt_check.store(check); }

int get_num_threads() {
  int n = num_threads.load(std::memory_order_relaxed);
  if (n == 0) {
    n = threads_from_environment();
    num_threads.store(n, std::memory_order_relaxed);
  }
  return n;
}

void set_num_threads(int n) {
  if (n < 1 || n > most_threads)
    throw std::invalid_argument("n is " + std::to_string(n) + "; expected a number of threads from 1 to 1024.");
  num_threads.store(n, std::memory_order_relaxed);
}

void run_tasks(std::int64_t n_tasks, double work_ns, Task task, void* context) {
  if (n_tasks <= 0) return;
  RunningJob job(n_tasks, task, context);
  std::int64_t helpers = get_num_threads() - 1;
  if (work_ns < serial_below_ns) helpers = 0;
  if (helpers > n_tasks - 1) helpers = n_tasks - 1;
  if (helpers == 0 || !the_pool().run(job, int(helpers), work_ns >= place_above_ns)) job.work();
  job.finish();
}

void* thread_scratch(std::int64_t bytes) {
  thread_local std::unique_ptr<void, Freed> memory;
  thread_local std::int64_t size = 0;
  if (bytes > size) {
    memory.reset();
    size = 0;
    const std::int64_t rounded = checked_product("the work space of one tile", (bytes + 4095) / 4096, 4096);
    memory.reset(std::aligned_alloc(64, std::size_t(rounded)));
    if (!memory) throw std::bad_alloc();
    size = rounded;
  }
  return memory.get();
}

}  // namespace fastgen
