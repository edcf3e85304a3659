// MixtureBatch.
#include "arrays.hpp"
#include "sizes.hpp"

namespace {

using fastgen::Components;
using fastgen::MixtureBatch;

void sample(const MixtureBatch& m, std::uint64_t key, std::uint64_t start, py::array& out, const py::object& labels) {
  require(out.ndim() >= 2 && out.shape(0) == m.n_mixtures(), "the output has the wrong shape");
  const std::int64_t n = out.shape(1), rows = fastgen::checked_product("the sample", n, m.n_mixtures());
  std::int64_t* label = labels_or_null(labels, rows);
  for_precision(out, [&](auto zero) {
    using T = decltype(zero);
    T* to = output<T>(out, fastgen::checked_product("the sample", rows, m.n_features()));
    without_gil([&] { m.sample(key, start, n, to, label); });
  });
}

// x is (B, n), or (B, n, D), with any strides that are whole elements.
template <class T> fastgen::BatchData<T> batch_input(const MixtureBatch& m, const py::array& x) {
  require(is_aligned(x), "expected an aligned, native-endian array");
  require(x.ndim() >= 2 && x.shape(0) == m.n_mixtures(), "x has the wrong shape");
  require(x.ndim() == 3 ? x.shape(2) == m.n_features() : x.ndim() == 2 && m.n_features() == 1, "x has the wrong shape");
  const auto stride = [&](int axis) {
    require(x.strides(axis) % py::ssize_t(sizeof(T)) == 0, "expected strides of whole elements");
    return std::int64_t(x.strides(axis) / py::ssize_t(sizeof(T)));
  };
  return {static_cast<const T*>(x.data()), x.shape(1), stride(0), stride(1), x.ndim() == 3 ? stride(2) : 1};
}

template <class Call> auto scored(Call call) {
  return [call](const MixtureBatch& m, const py::array& x, py::array& out) {
    for_precision(x, [&](auto zero) {
      using T = decltype(zero);
      const auto data = batch_input<T>(m, x);
      T* to = output<T>(out, fastgen::checked_product("the answer", data.n, m.n_mixtures()));
      without_gil([&] { call(m, data, to); });
    });
  };
}

}  // namespace

void bind_batch(py::module_& module) {
  py::class_<MixtureBatch>(module, "MixtureBatch")
      .def(py::init([](std::int64_t n, const py::array& weights, const std::shared_ptr<Components>& components) {
    const std::vector<double> values = to_vector(weights);
    std::unique_ptr<MixtureBatch> made;
    without_gil([&] { made = std::make_unique<MixtureBatch>(n, values, components); });
    return made;
  }),
           py::arg(), py::arg(), py::arg(), py::pos_only())
      .def("sample", sample, py::arg(), py::arg(), py::arg(), py::arg(), py::pos_only())
      .def("log_prob", scored([](const MixtureBatch& m, auto x, auto* out) { m.log_prob(x, out); }), py::arg(),
           py::arg(), py::pos_only())
      .def("prob", scored([](const MixtureBatch& m, auto x, auto* out) { m.prob(x, out); }), py::arg(), py::arg(),
           py::pos_only());
}
