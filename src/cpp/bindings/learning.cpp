// One EM step, starting rows, and set-up algebra.
#include "arrays.hpp"

namespace {

using fastgen::CovarianceType;
using fastgen::EMStep;
using fastgen::Mixture;

CovarianceType covariance_type(const std::string& name) {
  if (name == "full") return CovarianceType::full;
  if (name == "tied") return CovarianceType::tied;
  if (name == "diag") return CovarianceType::diag;
  if (name == "spherical") return CovarianceType::spherical;
  throw std::invalid_argument("unknown covariance type '" + name + "'");
}

// The step with its arrays in scikit-learn's shapes.
struct PyEMStep {
  EMStep step;
  std::int64_t K, D;
  CovarianceType type;
  std::vector<py::ssize_t> covariance_shape() const {
    switch (type) {
      case CovarianceType::full: return {K, D, D};
      case CovarianceType::tied: return {D, D};
      case CovarianceType::diag: return {K, D};
      default: return {K};
    }
  }
};

PyEMStep em_step(const Mixture& m, const py::array& x, const py::object& sample_weight, const std::string& type,
                 double reg_covar, bool hard) {
  PyEMStep result{{}, m.n_components(), m.n_features(), covariance_type(type)};
  for_precision(x, [&](auto zero) {
    using T = decltype(zero);
    const auto data = input<T>(x, m.n_features());
    const double* weights = weights_or_null(sample_weight, data.n);
    without_gil([&] { result.step = m.em_step(data, weights, result.type, reg_covar, hard); });
  });
  return result;
}

py::array_t<std::int64_t> choose_rows(const py::array& x, const py::object& sample_weight, const py::array& scale,
                                      std::int64_t n_components, std::uint64_t key, bool spread) {
  const std::vector<double> scales = to_vector(scale);
  std::vector<std::int64_t> rows;
  for_precision(x, [&](auto zero) {
    using T = decltype(zero);
    const auto data = input<T>(x, std::int64_t(scales.size()));
    const double* weights = weights_or_null(sample_weight, data.n);
    without_gil([&] { rows = fastgen::choose_rows<T>(data, weights, scales, n_components, key, spread); });
  });
  return py::array_t<std::int64_t>(py::ssize_t(rows.size()), rows.data());
}

py::tuple factor(const py::array& a, bool inverse) {
  require(a.ndim() == 3 && a.shape(1) == a.shape(2), "expected (K, D, D)");
  const auto c = py::array_t<double, py::array::c_style | py::array::forcecast>::ensure(a);
  require(bool(c), "expected numbers");
  py::array_t<double> lower(std::vector<py::ssize_t>(a.shape(), a.shape() + 3));
  const double* from = c.data();
  double* to = lower.mutable_data();
  std::int64_t failed = -1;
  without_gil([&] { failed = fastgen::cholesky(a.shape(0), a.shape(1), from, to, inverse); });
  return py::make_tuple(lower, failed);
}

py::array_t<double> condition_means(const py::array& means, const py::array& cholesky, const py::array& values) {
  require(means.ndim() == 2 && cholesky.ndim() == 3 && values.ndim() == 1, "arrays have the wrong shapes");
  const std::int64_t K = means.shape(0), D = means.shape(1), m = values.shape(0);
  require(m < D && cholesky.shape(1) == D && cholesky.shape(2) == D, "arrays have the wrong shapes");
  require(cholesky.shape(0) == K || cholesky.shape(0) == 1, "arrays have the wrong shapes");
  const auto mean = to_vector(means), lower = to_vector(cholesky), given = to_vector(values);
  py::array_t<double> out(std::vector<py::ssize_t>{K, D - m});
  double* to = out.mutable_data();
  const bool shared = cholesky.shape(0) != K;
  without_gil([&] { fastgen::condition_means(K, D, m, mean.data(), lower.data(), shared, given.data(), to); });
  return out;
}

}  // namespace

void bind_learning(py::module_& module) {
  py::class_<PyEMStep>(module, "EMStep")
      .def_property_readonly("log_likelihood", [](const PyEMStep& s) { return s.step.log_likelihood; })
      .def_property_readonly("weights", [](const PyEMStep& s) { return to_array(s.step.weights, {s.K}); })
      .def_property_readonly("means", [](const PyEMStep& s) { return to_array(s.step.means, {s.K, s.D}); })
      .def_property_readonly("covariances",
                             [](const PyEMStep& s) { return to_array(s.step.covariances, s.covariance_shape()); })
      .def_property_readonly("factor", [](const PyEMStep& s) { return to_array(s.step.factor, s.covariance_shape()); })
      .def_property_readonly("floored", [](const PyEMStep& s) { return s.step.floored; })
      .def_property_readonly("empty", [](const PyEMStep& s) {
    return s.step.empty;
  }).def_property_readonly("singular", [](const PyEMStep& s) { return s.step.singular; });

  py::class_<Mixture>(module.attr("Mixture"))
      .def("em_step", em_step, py::arg(), py::arg(), py::arg(), py::arg(), py::arg(), py::pos_only());
  module.def("choose_rows", choose_rows, py::arg(), py::arg(), py::arg(), py::arg(), py::arg(), py::arg(),
             py::pos_only());
  module.def("cholesky", [](const py::array& a) { return factor(a, false); }, py::arg(), py::pos_only());
  module.def("cholesky_from_precision", [](const py::array& a) { return factor(a, true); }, py::arg(), py::pos_only());
  module.def("condition_means", condition_means, py::arg(), py::arg(), py::arg(), py::pos_only());
}
