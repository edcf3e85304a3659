// What a C++ simulation includes: state a mixture, draw from it in pieces, score the draws, check the moments.
// Returns nonzero on failure. CMakeLists.txt beside this file builds it against an installed fastgen.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fastgen/fastgen.hpp>
#include <string>
#include <vector>

namespace {

int failures = 0;

void check(bool right, const char* what) {
  std::printf("%-4s %s\n", right ? "ok" : "FAIL", what);
  failures += !right;
}

void simulate() {
  // Two components over two features. Weights, means (K, D), covariances (K, D, D).
  const std::int64_t K = 2, D = 2, n = 1'000'000;
  const std::vector<double> weights{0.3, 0.7};
  const std::vector<double> means{-2.0, 0.0, 1.0, 3.0};
  const std::vector<double> covariances{1.0, 0.6, 0.6, 2.0, 0.5, -0.2, -0.2, 0.3};

  // Components take Cholesky factors and trust them; `cholesky` says which covariance is not positive definite.
  std::vector<double> factors(covariances.size());
  check(fastgen::cholesky(K, D, covariances.data(), factors.data()) == -1, "every covariance is positive definite");
  const auto law = fastgen::Components::make("MultivariateNormal", "full", K, D, {means, factors});
  const fastgen::Mixture mixture(weights, {law});

  // A step of a simulation needs samples start .. start + step of the stream that a key names, and nothing else: no
  // state to carry from step to step, and the same numbers whoever draws them.
  const std::uint64_t key = fastgen::stream_key(7);  // what rng=7 names in Python
  const std::int64_t step = 125'000;
  std::vector<double> x(std::size_t(n * D));
  std::vector<std::int64_t> labels(static_cast<std::size_t>(n));
  for (std::int64_t start = 0; start < n; start += step)
    mixture.sample<double>(key, std::uint64_t(start), step, x.data() + start * D, labels.data() + start);

  std::vector<double> again(std::size_t(10 * D));
  mixture.sample<double>(key, 500'000, 10, again.data());
  bool same = true;
  for (std::int64_t i = 0; i < 10 * D; ++i) same = same && again[std::size_t(i)] == x[std::size_t(500'000 * D + i)];
  check(same, "the middle of the stream reads the same bits");

  // Sample means within 6 standard errors of the mixture's; a false alarm once in 10^8 runs.
  for (std::int64_t d = 0; d < D; ++d) {
    double mean = 0, expected = 0, variance = 0;
    for (std::int64_t i = 0; i < n; ++i) mean += x[std::size_t(i * D + d)] / double(n);
    for (std::int64_t k = 0; k < K; ++k) expected += weights[std::size_t(k)] * means[std::size_t(k * D + d)];
    for (std::int64_t k = 0; k < K; ++k) {
      const double away = means[std::size_t(k * D + d)] - expected;
      variance += weights[std::size_t(k)] * (covariances[std::size_t((k * D + d) * D + d)] + away * away);
    }
    std::printf("     feature %d: mean %.4f, expected %.4f\n", int(d), mean, expected);
    check(std::abs(mean - expected) < 6 * std::sqrt(variance / double(n)), "the sample mean is right");
  }

  std::int64_t first = 0;
  for (const std::int64_t label : labels) first += label == 0;
  check(std::abs(double(first) - 0.3 * double(n)) < 6 * std::sqrt(0.3 * 0.7 * double(n)), "the shares are right");

  // Score: against the formula at one point, and the mean over all, which is minus the entropy.
  std::vector<double> log_density(static_cast<std::size_t>(n));
  mixture.log_prob<double>({x.data(), n, D}, log_density.data());
  double mean_log_density = 0, by_hand = 0;
  for (const double value : log_density) mean_log_density += value / double(n);
  for (std::int64_t k = 0; k < K; ++k) {
    const double *m = &means[std::size_t(k * D)], *c = &covariances[std::size_t(k * D * D)];
    const double u = x[0] - m[0], v = x[1] - m[1], det = c[0] * c[3] - c[1] * c[2];
    const double distance = (c[3] * u * u - 2 * c[1] * u * v + c[0] * v * v) / det;
    by_hand += weights[std::size_t(k)] * std::exp(-0.5 * distance) / (2 * 3.14159265358979323846 * std::sqrt(det));
  }
  std::printf("     mean log density %.4f nats\n", mean_log_density);
  check(std::abs(log_density[0] - std::log(by_hand)) < 1e-12, "the log density is that of the formula");
}

}  // namespace

int main() try {
  std::printf("fastgen on %s, %d threads\n", std::string(fastgen::isa()).c_str(), fastgen::get_num_threads());
  simulate();
  return failures != 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
