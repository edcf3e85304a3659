// Inner parts that tests and benchmarks look at: words of a stream, the multiply-add peak.
#include <chrono>

#include "arrays.hpp"
#include "dispatch.hpp"

namespace {

py::array_t<std::uint32_t> philox(std::uint64_t key, const py::array_t<std::uint32_t, py::array::c_style>& counters) {
  require(counters.ndim() == 2 && counters.shape(1) == 4, "counters must be (n, 4)");
  py::array_t<std::uint32_t> words({counters.shape(0), py::ssize_t(4)});
  fastgen::kernels().philox(key, counters.data(), counters.shape(0), words.mutable_data());
  return words;
}

py::array_t<std::uint32_t> stream_words(std::uint64_t key, std::uint32_t purpose, std::uint64_t start, std::int64_t n) {
  require(n >= 0, "n is negative");
  py::array_t<std::uint32_t> words(n);
  fastgen::kernels().stream_words(key, purpose, start, n, words.mutable_data());
  return words;
}

// The best of several short runs, in multiply-adds a second.
template <class T> double peak() {
  using Clock = std::chrono::steady_clock;
  T sink[12];
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    for (T& s : sink) s = T(1.0000001);
    const auto begin = Clock::now();
    const std::int64_t done = fastgen::kernels_of<T>().multiply_adds(2'000'000, sink);
    const std::chrono::duration<double> seconds = Clock::now() - begin;
    if (sink[0] == T(12345)) best += 1;  // the result is looked at, so the loop cannot be dropped
    best = std::max(best, double(done) / seconds.count());
  }
  return best;
}

}  // namespace

void bind_testing(py::module_& module) {
  module.def("philox", philox, py::arg(), py::arg(), py::pos_only());
  module.def("stream_words", stream_words, py::arg(), py::arg(), py::arg(), py::arg(), py::pos_only());
  module.def("fma_peak", [](bool f32) {
    double rate = 0;
    without_gil([&] { rate = f32 ? peak<float>() : peak<double>(); });
    return rate;
  }, py::arg(), py::pos_only());
}
