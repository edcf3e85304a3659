// NumPy arrays to the core's plain pointers, and one way to call it. Checks here only prevent crashes; the messages
// that users read come from the Python layer.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "fastgen/fastgen.hpp"

namespace py = pybind11;

void bind_runtime(py::module_& module);
void bind_mixture(py::module_& module);
void bind_batch(py::module_& module);
void bind_learning(py::module_& module);
void bind_functions(py::module_& module);
void bind_testing(py::module_& module);

// Runs a kernel. An interrupt leaves Python's exception set.
template <class Call> void interruptible(Call&& call) {
  try {
    call();
  } catch (const fastgen::Interrupted&) { throw py::error_already_set(); }
}

// The same without the GIL: a kernel touches no Python object.
template <class Call> void without_gil(Call&& call) {
  interruptible([&] {
    const py::gil_scoped_release release;
    call();
  });
}

// Whether a call takes less time than releasing and retaking the GIL under contention, by the estimates of cost.hpp: those of laws
// that are slow to draw are a few times too low.
constexpr bool keeps_gil(double work_ns) { return work_ns < 20e3; }

inline void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

template <class T> bool holds(const py::array& a) { return py::isinstance<py::array_t<T>>(a); }

// Calls body(T()) for the array's precision.
template <class Body> auto for_precision(const py::array& a, Body&& body) {
  if (holds<double>(a)) return body(double());
  if (holds<float>(a)) return body(float());
  throw std::invalid_argument("expected a float32 or float64 array");
}

inline bool is_aligned(const py::array& a) {
  return (a.flags() & py::detail::npy_api::NPY_ARRAY_ALIGNED_) != 0 && a.dtype().byteorder() != '>';
}

// (n,) or (n, D) input with any strides that are whole elements.
template <class T> fastgen::Data<T> input(const py::array& a, std::int64_t features) {
  require(holds<T>(a), "the arrays differ in precision");
  require(is_aligned(a), "expected an aligned, native-endian array");
  require(a.ndim() == 2 ? a.shape(1) == features : a.ndim() == 1 && features == 1, "x has the wrong shape");
  fastgen::Data<T> data{static_cast<const T*>(a.data()), a.shape(0), 0, 1};
  for (int axis = 0; axis < a.ndim(); ++axis)
    require(a.strides(axis) % py::ssize_t(sizeof(T)) == 0, "expected strides of whole elements");
  data.row_stride = a.strides(0) / py::ssize_t(sizeof(T));
  if (a.ndim() == 2) data.col_stride = a.strides(1) / py::ssize_t(sizeof(T));
  return data;
}

// C-contiguous output with `count` elements in all.
template <class T> T* output(py::array& a, std::int64_t count) {
  require(holds<T>(a) && is_aligned(a), "the output has the wrong type");
  require((a.flags() & py::array::c_style) != 0 && a.writeable(), "the output must be C-contiguous and writeable");
  require(a.size() == count, "the output has the wrong size");
  return static_cast<T*>(a.mutable_data());
}

// Optional (n,) float64 weights.
inline const double* weights_or_null(const py::object& weights, std::int64_t n) {
  if (weights.is_none()) return nullptr;
  const auto a = py::cast<py::array>(weights);
  require(
      holds<double>(a) && is_aligned(a) && a.ndim() == 1 && a.shape(0) == n && (a.flags() & py::array::c_style) != 0,
      "sample_weight must be a contiguous float64 array with one value a row");
  return static_cast<const double*>(a.data());
}

// Optional labels to write, (n,).
inline std::int64_t* labels_or_null(const py::object& labels, std::int64_t n) {
  if (labels.is_none()) return nullptr;
  auto a = py::cast<py::array>(labels);
  return output<std::int64_t>(a, n);
}

inline std::vector<double> to_vector(const py::array& a) {
  const auto c = py::array_t<double, py::array::c_style | py::array::forcecast>::ensure(a);
  require(bool(c), "expected numbers");
  return {c.data(), c.data() + c.size()};
}

inline py::array_t<double> to_array(const std::vector<double>& v, std::vector<py::ssize_t> shape) {
  py::array_t<double> a(std::move(shape));
  require(a.size() == py::ssize_t(v.size()), "internal: shape does not match");
  std::copy(v.begin(), v.end(), a.mutable_data());
  return a;
}
