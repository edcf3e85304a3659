// Chooses the instruction set: the best that CPU and build have, unless FASTGEN_ISA or set_isa names one.
//
// Compiled with baseline flags, like every source outside kernels/.
#include "dispatch.hpp"

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "fastgen/fastgen.hpp"
#include "isas.hpp"

namespace fastgen {

#define FASTGEN_DECLARE(name) extern "C" const KernelTable* fastgen_kernel_table_##name();
FASTGEN_FOR_EACH_ISA(FASTGEN_DECLARE)
#undef FASTGEN_DECLARE

namespace {

struct Implementation {
  std::string_view name;
  const KernelTable* (*table)();
  bool (*runs_here)();
};

[[maybe_unused]] bool runs_baseline() { return true; }
#if defined(__x86_64__)
// What -march= promised to the compiler, the x86-64-v3 and v4 levels, as far as GCC and Clang can both be asked: LZCNT, MOVBE and
// F16C came to CPUs before AVX2 did. (They check the operating system's part, XCR0, too.)
[[maybe_unused]] bool runs_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2");
}
[[maybe_unused]] bool runs_avx512() {
  return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
// AVX-512's width on AVX2's instructions: built for tests on machines without AVX-512 (FASTGEN_EMULATED_ISA).
[[maybe_unused]] bool runs_emulated() { return runs_avx2(); }
#endif
[[maybe_unused]] bool runs_neon() { return true; }

// Best first: CMakeLists.txt lists them in that order.
constexpr Implementation implementations[] = {
#define FASTGEN_ENTRY(name) {#name, fastgen_kernel_table_##name, runs_##name},
    FASTGEN_FOR_EACH_ISA(FASTGEN_ENTRY)
#undef FASTGEN_ENTRY
};

std::atomic<const KernelTable*> active{nullptr};

const Implementation* best() {
  for (const Implementation& i : implementations)
    if (i.runs_here() && i.name != "emulated") return &i;
  return nullptr;  // not reached: baseline runs everywhere
}

std::string names_here() {
  std::string names;
  for (const std::string_view name : available_isas()) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

const KernelTable* choose() {
  const char* wanted = std::getenv("FASTGEN_ISA");
  if (!wanted || !*wanted) return best()->table();
  for (const Implementation& i : implementations)
    if (i.name == wanted && i.runs_here()) return i.table();
  throw std::invalid_argument("environment variable FASTGEN_ISA is '" + std::string(wanted) +
                              "'; expected one that this CPU and build can run: " + names_here() +
                              ". Change it or unset it.");
}

}  // namespace

const KernelTable& kernels() {
  const KernelTable* table = active.load(std::memory_order_relaxed);
  if (!table) {
    table = choose();
    active.store(table, std::memory_order_relaxed);
  }
  return *table;
}

std::string_view isa() { return kernels().isa; }

std::vector<std::string_view> available_isas() {
  std::vector<std::string_view> names;
  for (const Implementation& i : implementations)
    if (i.runs_here()) names.push_back(i.name);
  return names;
}

void set_isa(std::string_view name) {
  for (const Implementation& i : implementations)
    if (i.name == name && i.runs_here()) {
      active.store(i.table(), std::memory_order_relaxed);
      return;
    }
  throw std::invalid_argument("name is '" + std::string(name) +
                              "'; expected one that this CPU and build can run: " + names_here() + ".");
}

void initialise() {
  kernels();
  get_num_threads();
}

}  // namespace fastgen
