// Threads, instruction sets, interrupts.
#include "arrays.hpp"

namespace {

// Runs Python's signal handlers; true when one raised (its exception stays set on this thread).
bool signal_raised() {
  const py::gil_scoped_acquire gil;
  return PyErr_CheckSignals() != 0;
}

std::string compiler() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

}  // namespace

void bind_runtime(py::module_& module) {
  fastgen::initialise();
  fastgen::set_interrupt_check(signal_raised);
  module.attr("version") = std::string(fastgen::version);
  module.attr("compiler") = compiler();
  module.attr("stream_version") = fastgen::stream_version;
  module.def("stream_key", fastgen::stream_key, py::arg(), py::arg(), py::pos_only());
  module.def("get_num_threads", fastgen::get_num_threads);
  module.def("set_num_threads", fastgen::set_num_threads, py::arg(), py::pos_only());
  module.def("isa", [] { return std::string(fastgen::isa()); });
  module.def("available_isas", [] {
    std::vector<std::string> names;
    for (const auto name : fastgen::available_isas()) names.emplace_back(name);
    return names;
  });
  module.def("set_isa", [](const std::string& name) { fastgen::set_isa(name); }, py::arg(), py::pos_only());
}
