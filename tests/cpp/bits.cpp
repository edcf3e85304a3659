// The same bits on every instruction set, thread count and architecture: everything the core computes is hashed, compared
// between what this machine can run, and with the value that all machines must give.
//
// A change of the streams or of any result changes the value; the message says what to write here then.
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "fastgen/fastgen.hpp"

namespace {

constexpr std::uint64_t expected = 0x8cc7799082acd7f0;

// FNV-1a over the bytes of numbers; NaNs count as one value, since their payloads are nobody's promise.
struct Hash {
  std::uint64_t value = 14695981039346656037u;
  void bytes(const void* p, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) value = (value ^ static_cast<const unsigned char*>(p)[i]) * 1099511628211u;
  }
  template <class T> void add(const std::vector<T>& v) {
    for (T x : v) {
      if (x != x) x = T(-1);
      bytes(&x, sizeof x);
    }
  }
};

// Reproducible parameters without any library: a linear congruential generator in (0, 1).
struct Numbers {
  std::uint64_t state = 1;
  double operator()() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double(state >> 12) + 0.5) * 0x1p-52;
  }
};

fastgen::Mixture model(std::int64_t K, std::int64_t D, const char* variant) {
  Numbers next;
  std::vector<double> weights, means, factor;
  double total = 0;
  for (std::int64_t k = 0; k < K; ++k) weights.push_back(next()), total += weights.back();
  for (double& w : weights) w /= total;
  for (std::int64_t i = 0; i < K * D; ++i) means.push_back(6 * next() - 3);
  const std::string name = variant;
  if (name == "full" || name == "tied") {
    for (std::int64_t k = 0; k < (name == "full" ? K : 1); ++k)
      for (std::int64_t i = 0; i < D; ++i)
        for (std::int64_t j = 0; j < D; ++j) factor.push_back(i == j ? 0.5 + next() : i > j ? 0.4 * next() - 0.2 : 0.0);
  } else {
    for (std::int64_t i = 0; i < (name == "spherical" ? K : K * D); ++i) factor.push_back(0.5 + next());
  }
  const bool scalar = name.empty();
  return {weights,
          {fastgen::Components::make(scalar ? "Normal" : "MultivariateNormal", variant, K, D, {means, factor})}};
}

template <class T> void hash_model(const fastgen::Mixture& m, Hash& hash) {
  const std::int64_t n = 3001, K = m.n_components(), D = m.n_features();
  const auto size = [](std::int64_t count) { return static_cast<std::size_t>(count); };
  std::vector<T> x(size(n * D)), row(size(n)), table(size(n * K)), slope(size(n * D));
  std::vector<std::int64_t> labels(size(n));
  m.sample<T>(42, (std::uint64_t(1) << 40) + 7, n, x.data(), labels.data());
  hash.add(x);
  hash.add(labels);
  const fastgen::Data<T> data{x.data(), n, D, 1};
  m.log_prob<T>(data, row.data());
  hash.add(row);
  m.component_log_prob<T>(data, table.data());
  hash.add(table);
  m.responsibilities<T>(data, table.data());
  hash.add(table);
  m.assign<T>(data, labels.data());
  hash.add(labels);
  m.grad_log_prob<T>(data, slope.data());
  hash.add(slope);
  if (m.scalar()) {
    m.cdf<T>(data, row.data());
    hash.add(row);
    std::vector<T> q;
    for (const T p : row) q.push_back(p);
    m.icdf<T>({q.data(), n, 1, 1}, row.data());
    hash.add(row);
  }
  for (const auto type : {fastgen::CovarianceType::full, fastgen::CovarianceType::tied, fastgen::CovarianceType::diag,
                          fastgen::CovarianceType::spherical}) {
    const fastgen::EMStep step = m.em_step<T>(data, nullptr, type, 1e-3, false);
    hash.add(std::vector<double>{step.log_likelihood});
    hash.add(step.weights);
    hash.add(step.means);
    hash.add(step.covariances);
    hash.add(step.factor);
  }
}

std::uint64_t hash_all() {
  Hash hash;
  struct Case {
    std::int64_t K, D;
    const char* variant;
  };
  for (const Case& c : {Case{5, 1, ""},
                        {40, 1, ""},
                        {1, 1, "full"},
                        {3, 2, "full"},
                        {4, 5, "full"},
                        {3, 8, "full"},
                        {2, 37, "full"},
                        {12, 40, "full"},
                        {35, 3, "full"},
                        {4, 3, "tied"},
                        {5, 19, "tied"},
                        {3, 4, "diag"},
                        {6, 21, "diag"},
                        {3, 6, "spherical"}}) {
    const fastgen::Mixture m = model(c.K, c.D, c.variant);
    hash_model<double>(m, hash);
    hash_model<float>(m, hash);
  }
  return hash.value;
}

}  // namespace

int main() {
  int failures = 0;
  for (const std::string_view isa : fastgen::available_isas()) {
    fastgen::set_isa(isa);
    for (const int threads : {1, 3}) {
      fastgen::set_num_threads(threads);
      const std::uint64_t value = hash_all();
      const bool good = value == expected;
      failures += !good;
      std::printf("%-9.*s %d threads  %016" PRIx64 "  %s\n", int(isa.size()), isa.data(), threads, value,
                  good ? "ok" : "differs from the expected value");
    }
  }
  if (failures)
    std::printf("Expected %016" PRIx64 ". If all lines above agree and the change is meant, write their value there.\n",
                expected);
  return failures != 0;
}
