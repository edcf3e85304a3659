"""Draws from mixtures of several families: each family draws its samples of a cell from a stream of its own
(src/cpp/kernels/sample_mixed.hpp), and they are put in order afterwards."""

from __future__ import annotations

import fastgen as fg
import numpy as np
import pytest
from fastgen import _core
from helpers import THREADS, assert_same_bits, mixed_cell
from scipy import stats
from statistics_tools import accept, chi_square, correlation, ks_limit, reject


def _normals(d, k=2):
    rng = np.random.default_rng(d)
    factor = np.tril(rng.uniform(-0.3, 0.3, (k, d, d))) + np.eye(d)
    return rng.normal(size=(k, d)), factor @ factor.swapaxes(1, 2)


def _of_features(d):
    means, covariances = _normals(d)
    return [
        fg.MultivariateNormal(means, covariances),
        fg.MultivariateStudentT([3.0, 0.7], means, covariances),
        fg.FactorNormal(means[:1], np.ones((1, d, 2)), 0.5),
        fg.MultivariateNormal(means, 0.5 + np.abs(means), covariance_type="diag"),
        fg.Product([fg.Gamma([0.5, 2.0], 1.0)] * (d - 1) + [fg.VonMises([0.0, 1.0], 2.0)]),
    ]


SCALARS = [
    fg.Normal([-4.0, 0.0, 3.0], [1.0, 0.5, 2.0]),
    fg.StudentT([3.0, 0.6], [-1.0, 2.0], [1.0, 0.7]),
    fg.Gamma([0.3, 2.5, 7.0], [1.0, 0.5, 1.0]),
    fg.Uniform(-5.0, 9.0),
    fg.Beta(0.2, 0.3),
    fg.Delta([0.0, 1.0]),
    fg.VonMises(1.0, 2.0),
]
# Every third weight large, so that some blocks have many samples of a cell and others one or none.
MODELS = {
    "scalars": SCALARS,
    "one more than are listed together": SCALARS[:5],
    "of one component each": [fg.Normal(0.0, 1.0), fg.Exponential(2.0), fg.Laplace(0.0, 1.0)],
    "counts": [fg.Poisson([3.0, 40.0]), fg.Categorical([[0.2, 0.8]]), fg.Binomial(9, 0.4), fg.Geometric(0.1)],
    "one family twice": [fg.Normal(0.0, 1.0), fg.Uniform(2.0, 3.0), fg.Normal([5.0, 9.0], 1.0)],
    "forty families": [law for _ in range(20) for law in (fg.Normal(0.0, 1.0), fg.Cauchy(1.0, 1.0))],
    "many components": [fg.Normal(np.arange(150.0), 0.1), fg.Gumbel(np.arange(150.0), 0.1)],
    "rows of 2": _of_features(2),
    "rows of 5": _of_features(5),
    "rows of 21": _of_features(21),
    "rows of 300": _of_features(300),
}


@pytest.fixture(params=MODELS)
def mixture(request):
    laws = MODELS[request.param]
    k = sum(law.n_components for law in laws)
    return fg.Mixture(np.where(np.arange(k) % 3 == 0, 1.0, 0.002), laws)


def draw(m, n, start=0, dtype=np.float64):
    return m.sample(n, rng=11, start=start, return_labels=True, dtype=dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_bits(mixture, dtype):
    """The same on all instruction sets and numbers of threads."""
    n = 5 * mixed_cell(mixture.n_features) + 77
    expected = None
    for isa in _core.available_isas():
        for threads in THREADS:
            _core.set_isa(isa)
            _core.set_num_threads(threads)
            drawn = draw(mixture, n, 5, dtype)
            expected = expected or drawn
            for ours, theirs, name in zip(drawn, expected, ("samples", "labels"), strict=True):
                assert_same_bits(ours, theirs, f"{name}, {isa}, {threads} threads")


def test_pieces(mixture, isa):
    """Parts that begin and end anywhere in a cell."""
    size = mixed_cell(mixture.n_features)
    x, labels = draw(mixture, 3 * size)
    rng = np.random.default_rng(0)
    ends = [(0, 1), (size - 1, 1), (size - 1, 2), (size, 1), (size, size), (1, 3 * size - 1), (size // 2, 2 * size)]
    ends += [(int(i), int(rng.integers(1, 200))) for i in rng.integers(0, 3 * size - 200, 20)]
    for start, n in ends:
        part, part_labels = draw(mixture, n, start)
        assert_same_bits(part, x[start : start + n], f"{n} from {start}")
        assert_same_bits(part_labels, labels[start : start + n], f"labels, {n} from {start}")


def test_each_draws_as_if_alone():
    """The r-th sample of a cell that belongs to block b is sample (first of the cell) + r of the stream of key + b."""
    laws = [fg.Normal(0.0, 1.0), fg.Gamma(0.5, 1.0), fg.StudentT(2.0, 0.0, 1.0), fg.Uniform(0.0, 1.0)]
    key, size = fg.Stream(11).key, mixed_cell(1)
    x, labels = draw(fg.Mixture([0.1, 0.2, 0.3, 0.4], laws), 3 * size)
    for first in range(0, 3 * size, size):
        here = slice(first, first + size)
        for b, law in enumerate(laws):
            mine = x[here][labels[here] == b]
            alone = np.empty(len(mine))
            fg.Mixture(None, law)._core.sample(key + b, first, alone, None)
            assert_same_bits(mine, alone, f"{law!r} of the cell from {first}")


N = 400_000


def test_law_of_each_component():
    """By the law's own distribution function: false alarms 1e-6 a component, distances of 0.03 (of N / 11 samples) seen."""
    laws = [law for law in SCALARS if not isinstance(law, fg.Delta)]
    m = fg.Mixture(None, laws)
    x, labels = draw(m, N)
    accept(chi_square(np.bincount(labels, minlength=m.n_components), np.full(m.n_components, N / m.n_components)))
    first = 0
    for law in laws:
        for k in range(law.n_components):
            u = np.sort(fg.Mixture(np.eye(law.n_components)[k], law).cdf(x[labels == first + k]))
            at = np.arange(len(u) + 1) / len(u)
            distance = max((at[1:] - u).max(), (u - at[:-1]).max())
            accept((distance, ks_limit(len(u))))
        first += law.n_components


def test_blocks_are_independent():
    """Two laws that are made of normals: what one draws first, second, ... of a cell is unlike what the other does, and so
    are neighbours in the stream. A correlation of 0.05 is seen."""
    m = fg.Mixture(None, [fg.Normal(0.0, 1.0), fg.LogNormal(0.0, 1.0)])
    x, labels = draw(m, N)
    z = np.where(labels == 1, np.log(np.where(labels == 1, x, 1.0)), x)
    for lag in (1, 2, 3):
        accept(correlation(z[lag:], z[:-lag]))
        accept(correlation((z[lag:] ** 2 - 1) / np.sqrt(2), (z[:-lag] ** 2 - 1) / np.sqrt(2)))
    pairs = []
    for first in range(0, N - mixed_cell(1), mixed_cell(1)):
        here = slice(first, first + mixed_cell(1))
        one, other = (z[here][labels[here] == b] for b in (0, 1))
        n = min(len(one), len(other))
        pairs.append(np.stack([one[:n], other[:n]]))
    a, b = np.concatenate(pairs, axis=1)
    accept(correlation(a, b))
    accept(correlation((a * a - 1) / np.sqrt(2), (b * b - 1) / np.sqrt(2)))
    reject(correlation(a, 0.05 * a + b))


def test_order_is_random():
    """Which law comes next does not depend on the last one, within cells and across their borders."""
    m = fg.Mixture([0.5, 0.3, 0.2], [fg.Normal(0.0, 1.0), fg.Uniform(0.0, 1.0), fg.Exponential(1.0)])
    size = mixed_cell(1)
    total = 195 * size
    _, labels = draw(m, total)
    borders = labels[size - 1 :: size][:194], labels[size::size]
    for last, following in ((labels[:-1], labels[1:]), borders):
        n = min(len(last), len(following))
        counts = np.bincount(3 * last[:n] + following[:n], minlength=9)
        expected = np.outer(m.weights, m.weights).ravel() * n
        statistic = ((counts - expected) ** 2 / expected).sum()
        assert statistic <= stats.chi2.isf(1e-6, 8)
    # Places of a law in its cell are uniform: means over 195 cells, false alarms 1e-6.
    place = (np.arange(total) % size)[labels == 2] / size
    accept((abs(place.mean() - 0.5) * np.sqrt(12 * len(place)), stats.norm.isf(0.5e-6)))
