// The core's elementary functions over arrays, whose bits do not depend on the CPU.
#include "arrays.hpp"
#include "dispatch.hpp"
#include "math_function.hpp"

namespace {

// name(x[0], ...) elementwise: as many arrays, all of one length, as the function has arguments.
py::array apply_math(const std::string& name, const py::args& x) {
  int function = -1;
  for (std::size_t i = 0; i < std::size(fastgen::math_functions); ++i)
    if (name == fastgen::math_functions[i].name) function = int(i);
  require(function >= 0, "unknown function");
  require(int(x.size()) == fastgen::math_functions[function].arguments, "wrong number of arguments");
  std::vector<py::array> arrays;
  for (const auto& item : x) arrays.push_back(item.cast<py::array>());
  return for_precision(arrays[0], [&](auto zero) -> py::array {
    using T = decltype(zero);
    const T* columns[3];
    for (const T*& column : columns) column = static_cast<const T*>(arrays[0].data());
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      const py::array& a = arrays[i];
      require(holds<T>(a) && (a.flags() & py::array::c_style) != 0 && is_aligned(a), "x must be C-contiguous");
      require(a.ndim() == 1 && a.size() == arrays[0].size(), "the arguments differ in length");
      columns[i] = static_cast<const T*>(a.data());
    }
    py::array_t<T> y(arrays[0].size());
    T* to = y.mutable_data();
    const std::int64_t n = y.size();
    without_gil([&] { fastgen::kernels_of<T>().apply_math(function, columns, to, n); });
    return y;
  });
}

}  // namespace

void bind_functions(py::module_& module) { module.def("apply_math", apply_math); }
