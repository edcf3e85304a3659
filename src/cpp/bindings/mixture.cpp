// Components and Mixture.
#include "arrays.hpp"
#include "cost.hpp"
#include "families.hpp"
#include "sizes.hpp"

namespace {

using fastgen::Components;
using fastgen::Mixture;

// K and D are read off the first parameter: (K,) for scalar laws, (K, D) for others; tables (K, any) belong to scalar laws.
std::shared_ptr<const Components> make_components(const std::string& family, const std::string& variant,
                                                  const std::vector<py::array>& parameters) {
  require(!parameters.empty() && parameters[0].ndim() >= 1, "parameters are missing");
  std::vector<std::vector<double>> values;
  for (const auto& p : parameters) values.push_back(to_vector(p));
  const auto& first = parameters[0];
  bool scalar = first.ndim() == 1;
  for (const auto& info : fastgen::families) scalar = scalar || (info.name == family && info.scalar);
  return Components::make(family, variant, first.shape(0), scalar ? 1 : first.shape(1), std::move(values));
}

// A quantity with one value of T a row (times `columns`).
template <class Columns, class Call> auto floating(Columns columns, Call call) {
  return [columns, call](const Mixture& m, const py::array& x, py::array& out) {
    for_precision(x, [&](auto zero) {
      using T = decltype(zero);
      const auto data = input<T>(x, m.n_features());
      T* to = output<T>(out, fastgen::checked_product("the answer", data.n, columns(m)));
      without_gil([&] { call(m, data, to); });
    });
  };
}

std::int64_t one(const Mixture&) { return 1; }
std::int64_t components_of(const Mixture& m) { return m.n_components(); }
std::int64_t features_of(const Mixture& m) { return m.n_features(); }

void assign(const Mixture& m, const py::array& x, py::array& out) {
  for_precision(x, [&](auto zero) {
    using T = decltype(zero);
    const auto data = input<T>(x, m.n_features());
    auto* to = output<std::int64_t>(out, data.n);
    without_gil([&] { m.assign(data, to); });
  });
}

void sample(const Mixture& m, std::uint64_t key, std::uint64_t start, py::array& out, const py::object& labels) {
  require(out.ndim() >= 1, "the output has the wrong shape");
  const std::int64_t n = out.shape(0);
  std::int64_t* label = labels_or_null(labels, n);
  for_precision(out, [&](auto zero) {
    using T = decltype(zero);
    T* to = output<T>(out, fastgen::checked_product("the sample", n, m.n_features()));
    without_gil([&] { m.sample(key, start, n, to, label); });
  });
}

py::array_t<double> sample_new(const Mixture& m, std::uint64_t key, std::uint64_t start, std::int64_t n) {
  require(n >= 0, "n is negative");
  fastgen::checked_product("the sample", 8 * n, m.n_features());
  auto out = m.scalar() ? py::array_t<double>(n) : py::array_t<double>(std::vector<py::ssize_t>{n, m.n_features()});
  double* to = out.mutable_data();
  const auto draw = [&] { m.sample(key, start, n, to); };
  // The first call also prepares the constants.
  if (m.is_prepared<double>() && keeps_gil(double(n) * fastgen::cost::sample_ns(m.n_features()))) interruptible(draw);
  else without_gil(draw);
  return out;
}

PyObject* numpy_float64 = nullptr;

// Not of a subclass, which may mean more, as masked arrays do.
bool is_plain_array(const py::handle& x) { return Py_IS_TYPE(x.ptr(), py::detail::npy_api::get().PyArray_Type_); }

// One point, or None: see _core.pyi. The GIL is kept, so constants must be there and components few.
py::object log_prob_point(const Mixture& m, const py::handle& x) {
  using fastgen::Quantity;
  if (!m.is_prepared<double>()) return py::none();
  if (!keeps_gil(fastgen::cost::evaluate_ns(Quantity::log_prob, m.n_components(), m.n_features()))) return py::none();
  double result;
  const auto score = [&](const double* point) {
    interruptible([&] { m.log_prob<double>({point, 1, m.n_features(), 1}, &result); });
  };
  if (m.scalar()) {
    if (!PyFloat_Check(x.ptr())) return py::none();
    const double point = PyFloat_AS_DOUBLE(x.ptr());
    score(&point);
  } else {
    if (!is_plain_array(x)) return py::none();
    const auto a = py::reinterpret_borrow<py::array>(x);
    if (a.ndim() != 1 || a.shape(0) != m.n_features()) return py::none();
    if (!holds<double>(a) || !is_aligned(a) || (a.flags() & py::array::c_style) == 0) return py::none();
    score(static_cast<const double*>(a.data()));
  }
  return py::reinterpret_steal<py::object>(PyObject_CallOneArg(numpy_float64, py::float_(result).ptr()));
}

}  // namespace

void bind_mixture(py::module_& module) {
  numpy_float64 = py::object(py::module_::import("numpy").attr("float64")).release().ptr();
  py::class_<Components, std::shared_ptr<Components>>(module, "Components")
      .def(
          py::init([](const std::string& family, const std::string& variant, const std::vector<py::array>& parameters) {
    return std::const_pointer_cast<Components>(make_components(family, variant, parameters));
  }),
          py::arg(), py::arg(), py::arg(), py::pos_only())
      .def_static("product",
                  [](const std::vector<std::shared_ptr<Components>>& columns) {
    return std::const_pointer_cast<Components>(Components::product({columns.begin(), columns.end()}));
  }, py::arg(), py::pos_only())
      .def_property_readonly("family", [](const Components& c) { return std::string(c.family()); })
      .def_property_readonly("n_components", &Components::n_components)
      .def_property_readonly("n_features", &Components::n_features);

  py::class_<Mixture>(module, "Mixture")
      .def(py::init([](const py::array& weights, const std::vector<std::shared_ptr<Components>>& components) {
    return new Mixture(to_vector(weights), {components.begin(), components.end()});
  }),
           py::arg(), py::arg(), py::pos_only())
      .def_property_readonly("n_components", &Mixture::n_components)
      .def_property_readonly("n_features", &Mixture::n_features)
      .def_property_readonly("scalar", &Mixture::scalar)
      .def("sample", sample, py::arg(), py::arg(), py::arg(), py::arg(), py::pos_only())
      .def("sample_new", sample_new, py::arg(), py::arg(), py::arg(), py::pos_only())
      .def("log_prob_point", log_prob_point, py::arg(), py::pos_only())
      .def("assign", assign, py::arg(), py::arg(), py::pos_only())
#define FASTGEN_DEF(name, columns)                                                                                  \
  .def(#name, floating(columns, [](const Mixture& m, auto x, auto* out) { m.name(x, out); }), py::arg(), py::arg(), \
       py::pos_only())
          FASTGEN_DEF(log_prob, one) FASTGEN_DEF(prob, one) FASTGEN_DEF(component_log_prob, components_of)
              FASTGEN_DEF(responsibilities, components_of) FASTGEN_DEF(grad_log_prob, features_of) FASTGEN_DEF(cdf, one)
                  FASTGEN_DEF(icdf, one);
#undef FASTGEN_DEF
}
