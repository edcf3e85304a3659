// Starting rows for EM: greedy k-means++ (Arthur and Vassilvitskii, SODA 2007: each centre is the best of 2 + log K rows
// drawn with probability proportional to their squared distance from the centres so far), or rows at random.
//
// Rows are found by inverting cumulative sums over fixed blocks, so a row of weight 2 is as good as the row twice.
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "dispatch.hpp"
#include "fastgen/fastgen.hpp"
#include "purpose.hpp"
#include "sizes.hpp"
#include "threads.hpp"

namespace fastgen {
namespace {

constexpr std::int64_t block_rows = 1024;

template <class T> class RowChooser {
 public:
  RowChooser(Data<T> x, std::int64_t D, const double* sample_weight, const std::vector<double>& scale,
             std::uint64_t key, bool spread)
      : x_(x), D_(D), weight_(sample_weight), key_(key), spread_(spread), blocks_((x.n + block_rows - 1) / block_rows),
        nearest_(std::size_t(x.n), std::numeric_limits<T>::max()), chosen_(std::size_t(x.n)),
        block_mass_(std::size_t(blocks_)) {
    for (const double s : scale) inverse_scale_.push_back(T(1.0 / s));
  }

  std::vector<std::int64_t> choose(std::int64_t K) {
    std::vector<std::int64_t> rows;
    // Before any centre, every row counts by its weight alone: distances are the largest number, taken as an indicator.
    measure({}, false, false);
    const std::int64_t trials = spread_ ? 2 + std::int64_t(std::log(double(K))) : 1;
    while (std::int64_t(rows.size()) < K) {
      const bool first = rows.empty();
      std::vector<std::int64_t> candidates;
      for (std::int64_t t = 0; t < (first ? 1 : trials); ++t) candidates.push_back(draw(!first && spread_));
      std::int64_t best = candidates.front();
      if (candidates.size() > 1) {
        const std::vector<double> potential = measure(candidates, false, true);
        best = candidates[std::size_t(std::min_element(potential.begin(), potential.end()) - potential.begin())];
      }
      rows.push_back(best);
      chosen_[std::size_t(best)] = true;
      measure({best}, true, spread_);
    }
    return rows;
  }

 private:
  double weight(std::int64_t i) const { return weight_ ? weight_[i] : 1.0; }

  // Total capped distance (or, not `squared`, total weight still uncovered) were each candidate added. With `commit` the
  // one candidate is added, and block_mass_ brought up to date.
  std::vector<double> measure(const std::vector<std::int64_t>& candidates, bool commit, bool squared) {
    std::vector<T> centers;
    for (const std::int64_t row : candidates)
      for (std::int64_t d = 0; d < D_; ++d) centers.push_back(x_.data[row * x_.row_stride + d * x_.col_stride]);
    const std::int64_t C = std::int64_t(candidates.size());
    std::vector<double> sums(std::size_t(std::max<std::int64_t>(C, 1) * blocks_), 0.0);
    if (C == 0) {
      for (std::int64_t i = 0; i < x_.n; ++i) sums[std::size_t(i / block_rows)] += weight(i);
    } else {
      const Kernels<T>& kernel = kernels_of<T>();
      const std::int64_t scratch = kernel.spread_scratch(D_) * std::int64_t(sizeof(T));
      const double work = double(x_.n) * double(D_) * (1.0 + 0.3 * double(C));
      parallel_for(blocks_, work, [&](Job&, std::int64_t b) {
        kernel.spread({x_.data, x_.n, x_.row_stride, x_.col_stride}, weight_, D_, inverse_scale_.data(), centers.data(),
                      C, commit, squared, nearest_.data(), b * block_rows, std::min((b + 1) * block_rows, x_.n),
                      sums.data() + b * C, static_cast<T*>(thread_scratch(scratch)));
      });
    }
    std::vector<double> totals(std::size_t(std::max<std::int64_t>(C, 1)), 0.0);
    for (std::int64_t b = 0; b < blocks_; ++b)
      for (std::size_t c = 0; c < totals.size(); ++c) totals[c] += sums[std::size_t(b) * totals.size() + c];
    if (commit || C == 0) block_mass_ = std::move(sums);
    return totals;
  }

  // A row with probability proportional to weight x distance (squared) or to weight among the rows not yet covered.
  std::int64_t draw(bool squared) {
    double total = 0;
    for (const double m : block_mass_) total += m;
    std::uint32_t words[2];
    kernels().stream_words(key_, purpose::starts, 2 * drawn_++, 2, words);
    const double u = (double(words[0]) * 0x1p21 + double(words[1] >> 11)) * 0x1p-53;
    double left = u * (total > 0 ? total : weight_of_others());
    if (!(total > 0)) return at_weight(left);
    std::int64_t b = 0;
    while (b + 1 < blocks_ && left >= block_mass_[std::size_t(b)]) left -= block_mass_[std::size_t(b++)];
    std::int64_t last = -1;
    for (std::int64_t block = b; block < blocks_; ++block)
      for (std::int64_t i = block * block_rows; i < std::min((block + 1) * block_rows, x_.n); ++i) {
        const T d = nearest_[std::size_t(i)];
        const double mass = squared ? weight(i) * double(d) : d > T(0) ? weight(i) : 0.0;
        if (!(mass > 0)) continue;
        last = i;
        if (left < mass) return i;
        left -= mass;
      }
    if (last >= 0) return last;  // rounding ran past the end
    return at_weight(u * weight_of_others());
  }

  // Fewer distinct rows than components: rows not chosen yet by weight, then any.
  double weight_of_others() const {
    double sum = 0;
    for (std::int64_t i = 0; i < x_.n; ++i)
      if (!chosen_[std::size_t(i)]) sum += weight(i);
    return sum;
  }
  std::int64_t at_weight(double left) const {
    std::int64_t last = 0;
    for (std::int64_t i = 0; i < x_.n; ++i) {
      if (chosen_[std::size_t(i)] || !(weight(i) > 0)) continue;
      last = i;
      if (left < weight(i)) return i;
      left -= weight(i);
    }
    return last;
  }

  const Data<T> x_;
  const std::int64_t D_;
  const double* const weight_;
  const std::uint64_t key_;
  const bool spread_;
  const std::int64_t blocks_;
  std::vector<T> nearest_, inverse_scale_;
  std::vector<bool> chosen_;
  std::vector<double> block_mass_;
  std::uint64_t drawn_ = 0;
};

}  // namespace

template <class T>
std::vector<std::int64_t> choose_rows(Data<T> x, const double* sample_weight, const std::vector<double>& scale,
                                      std::int64_t n_components, std::uint64_t key, bool spread) {
  if (x.n < 1) throw std::invalid_argument("x has no rows");
  return RowChooser<T>(x, std::int64_t(scale.size()), sample_weight, scale, key, spread).choose(n_components);
}
template std::vector<std::int64_t> choose_rows(Data<float>, const double*, const std::vector<double>&, std::int64_t,
                                               std::uint64_t, bool);
template std::vector<std::int64_t> choose_rows(Data<double>, const double*, const std::vector<double>&, std::int64_t,
                                               std::uint64_t, bool);

}  // namespace fastgen
