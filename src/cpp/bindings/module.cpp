// The module: one line per subsystem.
#include "arrays.hpp"

PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used()) {
  module.doc() = "The compiled core of fastgen; the public names are in the package above it.";
  bind_runtime(module);
  bind_mixture(module);
  bind_batch(module);
  bind_learning(module);
  bind_functions(module);
  bind_testing(module);
}
