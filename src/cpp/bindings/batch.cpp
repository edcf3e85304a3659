// MixtureBatch.
#include "arrays.hpp"
#include "sizes.hpp"

namespace {

using fastgen::Components;
using fastgen::MixtureBatch;

void sample(const MixtureBatch& m, std::uint64_t key, std::uint64_t start, py::array& out, const py::object& labels) {
  require(out.ndim() >= 2 && out.shape(0) == m.n_mixtures(), "the output has the wrong shape");
  const std::int64_t n = out.shape(1), rows = fastgen::checked_product("the sample", n, m.n_mixtures());
  std::int64_t* label = nullptr;
  if (!labels.is_none()) {
    auto a = py::cast<py::array>(labels);
    label = output<std::int64_t>(a, rows);
  }
  double* to = output<double>(out, fastgen::checked_product("the sample", rows, m.n_features()));
  without_gil([&] { m.sample(key, start, n, to, label); });
}

void log_prob(const MixtureBatch& m, const py::array& x, py::array& out) {
  require(holds<double>(x) && is_aligned(x) && (x.flags() & py::array::c_style) != 0, "x must be C-contiguous float64");
  const std::int64_t size = fastgen::checked_product("x", m.n_mixtures(), m.n_features());
  require(x.size() % size == 0, "x has the wrong shape");
  const std::int64_t n = x.size() / size;
  double* to = output<double>(out, n * m.n_mixtures());
  const auto* from = static_cast<const double*>(x.data());
  without_gil([&] { m.log_prob(from, n, to); });
}

}  // namespace

void bind_batch(py::module_& module) {
  py::class_<MixtureBatch>(module, "MixtureBatch")
      .def(py::init([](std::int64_t n, const py::array& weights, const std::shared_ptr<Components>& components) {
    return new MixtureBatch(n, to_vector(weights), components);
  }),
           py::arg(), py::arg(), py::arg(), py::pos_only())
      .def("sample", sample, py::arg(), py::arg(), py::arg(), py::arg(), py::pos_only())
      .def("log_prob", log_prob, py::arg(), py::arg(), py::pos_only());
}
