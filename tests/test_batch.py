"""Batches of mixtures: each of them is the Mixture of its row, drawn and scored in one call."""

from __future__ import annotations

import pickle

import cases
import fastgen as fg
import numpy as np
import pytest
from fastgen import _core
from helpers import THREADS, assert_same_bits
from scipy import stats
from statistics_tools import ALPHA, chi_square, ks_normal


def batch_of(family, b, k, d=3):
    rng = np.random.default_rng([b, k, d])
    weights = rng.uniform(0.1, 1.0, size=(b, k))
    if k > 1:
        weights[0, 0] = 0
    if family == "normal":
        return fg.MixtureBatch(weights, fg.Normal(rng.normal(size=(b, k)) * 3, rng.uniform(0.3, 2, size=(b, k))))
    if family == "laplace":
        return fg.MixtureBatch(weights, fg.Laplace(rng.normal(size=(b, k)) * 3, rng.uniform(0.3, 2, size=(b, k))))
    if family == "exponential":
        return fg.MixtureBatch(weights, fg.Exponential(rng.uniform(0.3, 2, size=(b, k))))
    if family in FLAT:
        return fg.MixtureBatch(weights, FLAT[family](rng, b * k, d))
    means = rng.normal(size=(b, k, d)) * 3
    a = rng.normal(size=(b, k, d, d))
    covariances = {
        "full": a @ a.swapaxes(-1, -2) + 0.5 * np.eye(d),
        "diag": rng.uniform(0.3, 2, size=(b, k, d)),
        "spherical": rng.uniform(0.3, 2, size=(b, k)),
    }[family]
    return fg.MixtureBatch(weights, fg.MultivariateNormal(means, covariances, family))


# Families without an axis for the mixtures: b * k components in one row.
FLAT = {
    "factor": lambda rng, n, d: fg.FactorNormal(
        rng.normal(size=(n, d)) * 3, rng.normal(size=(n, d, 2)), rng.uniform(0.3, 2, size=(n, d))
    ),
    "tied": lambda rng, n, d: fg.MultivariateNormal(
        rng.normal(size=(n, d)) * 3, np.diag(rng.uniform(0.3, 2, size=d)), "tied"
    ),
    "product": lambda rng, n, d: fg.Product(
        [fg.Normal(rng.normal(size=n), rng.uniform(0.3, 2, size=n)) for _ in range(d - 1)]
        + [fg.Poisson(rng.uniform(1, 9, size=n))]
    ),
    "categorical": lambda rng, n, d: fg.Categorical(rng.uniform(0.1, 1.0, size=(n, d + 3))),
}
FAMILIES = ("normal", "laplace", "exponential", "full", "diag", "spherical", *FLAT)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("b", "k", "n"), [(1, 1, 1), (7, 3, 1), (5, 4, 2), (3, 20, 7), (2, 5, 300), (300, 2, 1)])
def test_log_prob_is_that_of_each_mixture(family, b, k, n, isa):
    batch = batch_of(family, b, k)
    x = batch.sample(n, rng=1)
    x[0, 0] = 40.0
    expected = np.stack([batch.mixture(i).log_prob(x[i]) for i in range(b)])
    # Both sum K terms after the largest; the row's weights may be scaled once more on the way.
    np.testing.assert_allclose(batch.log_prob(x), expected, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(batch.log_prob(x[:, 0]), expected[:, 0], rtol=1e-13, atol=1e-13)
    assert_same_bits(batch.log_prob(x[:, 0]), batch.log_prob(x)[:, 0])


@pytest.mark.parametrize("family", FAMILIES)
def test_bits(family):
    """Instruction sets, threads and chunks change nothing."""
    batch = batch_of(family, 50, 6)
    _core.set_isa("baseline")
    _core.set_num_threads(1)
    x, labels = batch.sample(64, rng=2, return_labels=True)
    y = x.copy()
    y[3, 2], y[4, 1], y[5, 0] = np.nan, np.inf, 1e30
    expected = batch.log_prob(y)
    for isa in _core.available_isas():
        for threads in THREADS:
            _core.set_isa(isa)
            _core.set_num_threads(threads)
            again = batch_of(family, 50, 6)
            assert_same_bits(again.sample(64, rng=2), x)
            assert_same_bits(again.log_prob(y), expected)
    assert_same_bits(batch.sample(20, rng=2, start=30), x[:, 30:50])
    assert_same_bits(batch.sample(10, rng=2), x[:, :10])
    assert_same_bits(np.stack([batch.log_prob(y[:, i]) for i in range(64)], axis=1), expected)
    if family == "product":
        assert abs(expected[3, 2]) < 1e-15  # nothing of the row was observed
    else:
        assert np.isnan(expected[3, 2]).all()
    assert expected[4, 1] == -np.inf
    assert labels[0].min() > 0  # a component of weight 0


@pytest.mark.parametrize("family", ["normal", "full"])
@pytest.mark.parametrize(("b", "n"), [(20_000, 1), (4, 30_000)])
def test_law(family, b, n):
    """Labels by chi-square against the weights of their own mixture, values by Kolmogorov-Smirnov given the label, and
    the order by the correlation of neighbours; each at a false-alarm rate of 1e-6. Seen: a label probability 3% off."""
    batch = batch_of(family, b, 4)
    x, labels = batch.sample(n, rng=3, return_labels=True)
    # Randomised rank of the label within its mixture: uniform.
    edges = np.concatenate([np.zeros((b, 1)), np.cumsum(batch.weights, axis=1)], axis=1)
    rows = np.arange(b)[:, None]
    u = edges[rows, labels] + np.random.default_rng(1).random((b, n)) * batch.weights[rows, labels]
    statistic, limit = chi_square(
        np.bincount((u.ravel() * 50).astype(int).clip(0, 49), minlength=50), np.full(50, b * n / 50)
    )
    assert statistic <= limit
    c = batch.components
    if family == "normal":
        z = (x - c.loc[rows, labels]) / c.scale[rows, labels]
    else:
        z = np.linalg.solve(c.cholesky[rows, labels], (x - c.means[rows, labels])[..., None])[..., 0]
    statistic, limit = ks_normal(z)
    assert statistic <= limit
    flat = z.reshape(b, n, -1)[..., 0]
    for first, second in ((flat[1:], flat[:-1]), (flat[:, 1:], flat[:, :-1])):
        if first.size > 1000:
            assert abs((first * second).sum()) / np.sqrt(first.size) <= stats.norm.isf(ALPHA / 2)


@pytest.mark.parametrize("law", [law for law in cases.LAWS if law is not cases.PRODUCT], ids=lambda law: law.id)
def test_leading_axes_of_every_law(law):
    """Every row of the table of laws as a batch: two mixtures of three are the six components in two rows."""
    rng = np.random.default_rng(1)
    given = law.parameters(rng, 6, 1 if law.scalar else 4)
    rows = {n: np.reshape(v, (2, 3, *np.shape(v)[1:])) if np.shape(v)[:1] == (6,) else v for n, v in given.items()}
    flat, batch = law.construct(**given), law.construct(**rows)
    assert batch.n_components == 3
    for name in ("mean", "variance", "covariance"):
        expected = getattr(flat, name)
        assert_same_bits(getattr(batch, name), expected.reshape(2, 3, *expected.shape[1:]))
    one, other = fg.MixtureBatch(np.ones((2, 3)), flat), fg.MixtureBatch(None, batch)
    x = other.sample(9, rng=1)
    assert_same_bits(x, one.sample(9, rng=1))
    assert_same_bits(other.log_prob(x), one.log_prob(x))
    for b in range(2):
        assert other.mixture(b) == one.mixture(b)
    assert pickle.loads(pickle.dumps(other)) == other
    assert other.components != one.components


def test_keeping():
    for family in FAMILIES:
        batch = batch_of(family, 3, 2)
        again = pickle.loads(pickle.dumps(batch))
        assert again == batch
        assert hash(again) == hash(batch)
        assert_same_bits(again.sample(3, rng=1), batch.sample(3, rng=1))
        assert batch != batch_of(family, 4, 2)


def test_float32():
    batch = batch_of("normal", 5, 3)
    x = batch.sample(4, rng=1, dtype=np.float32)
    assert_same_bits(x, batch.sample(4, rng=1).astype(np.float32))
    assert_same_bits(batch.log_prob(x), batch.log_prob(x.astype(np.float64)).astype(np.float32))


def test_empty_and_short():
    batch = batch_of("normal", 5, 3)
    assert batch.sample(0).shape == (5, 0)
    assert batch.sample().shape == (5, 1)
    assert batch.log_prob(np.zeros((5, 0))).shape == (5, 0)
    assert "5 mixtures of 3 Normal" in repr(batch)
    assert fg.MixtureBatch(None, fg.Normal([[0.0, 1.0]], 1.0)).weights.tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize(
    ("construct", "error", "message"),
    [
        (
            lambda: fg.Mixture(None, fg.Normal([[0.0]], 1.0)),
            ValueError,
            r"components\[0\] is a batch of 1 .*expected \(K,\).*MixtureBatch",
        ),
        (
            lambda: fg.MixtureBatch(None, fg.Normal([0.0], 1.0)),
            ValueError,
            r"no axis for the mixtures; pass weights of shape \(B, K\)",
        ),
        (
            lambda: fg.MixtureBatch([[0.5, 0.5], [0.5, 0.5]], fg.Normal([0.0, 1.0], 1.0)),
            ValueError,
            r"weights has shape \(2, 2\), expected \(B, K\) with B K = 2",
        ),
        (
            lambda: fg.MixtureBatch(None, 3),
            TypeError,
            r"components is of type int, expected a family object such as [^;]*$",
        ),
        (
            lambda: fg.MixtureBatch(None, [fg.Normal(0.0, 1.0), fg.Laplace(0.0, 1.0)]),
            TypeError,
            r"components is of type list, expected a family object.*; join .* or make a fastgen\.Mixture for each row",
        ),
        (
            lambda: fg.MixtureBatch([1.0], fg.Normal([[0.0]], 1.0)),
            ValueError,
            r"weights has shape \(1,\), expected \(1, 1\)",
        ),
        (lambda: fg.MixtureBatch([[1.0], [0.0]], fg.Normal([[0.0], [0.0]], 1.0)), ValueError, r"weights\[1\] is all 0"),
        (
            lambda: fg.MixtureBatch([[1.0], [-2.0]], fg.Normal([[0.0], [0.0]], 1.0)),
            ValueError,
            r"weights\[1, 0\] is -2\.0",
        ),
        (lambda: fg.Normal([[[0.0]]], 1.0), ValueError, r"loc has shape \(1, 1, 1\), expected \(K,\).*\(B, K\)"),
        (
            lambda: fg.MultivariateNormal(np.zeros((2, 1, 3)), np.zeros((2, 3, 3)), "tied"),
            ValueError,
            r"covariances has shape \(2, 3, 3\), expected \(3, 3\) .*; the matrix is that of all mixtures: .* with 'full'$",
        ),
        (
            lambda: fg.MultivariateNormal(np.zeros((2, 1, 3)), np.ones((2, 3)), "diag"),
            ValueError,
            r"expected \(2, 1, 3\)",
        ),
        (
            lambda: fg.Product([fg.Normal([[0.0], [1.0]], 1.0), fg.Poisson([1.0])]),
            ValueError,
            r"columns\[1\] has parameters of shape \(1,\), but columns\[0\] of \(2, 1\); expected the same in every column",
        ),
        (lambda: fg.Normal([[0.0]], 1.0)[0], TypeError, r"not indexed"),
        (
            lambda: batch_of("normal", 5, 3).log_prob(np.zeros((3, 5))),
            ValueError,
            r"x has shape \(3, 5\), expected \(5,\) or \(5, n\)",
        ),
        (lambda: batch_of("full", 5, 3).log_prob(np.zeros((5, 2))), ValueError, r"expected \(5, 3\) or \(5, n, 3\)"),
        (lambda: batch_of("normal", 5, 3).mixture(5), IndexError, r"b is 5"),
        (
            lambda: batch_of("normal", 5, 3).sample(-1),
            ValueError,
            r"n_per is -1, expected at least 0; n_per is the number of",
        ),
        (lambda: batch_of("normal", 5, 3).sample(1, start=2**63), ValueError, r"start is .*expected at most"),
    ],
)
def test_errors(construct, error, message):
    with pytest.raises(error, match=message):
        construct()


def test_end_of_the_stream():
    """The last of the 2**64 samples can be drawn, in any number of pieces, and none beyond it."""
    for b in (1, 2, 3):
        batch = batch_of("normal", b, 3)
        last = 2**64 // b - 1
        both = batch.sample(2, rng=1, start=last - 1)
        assert_same_bits(batch.sample(1, rng=1, start=last), both[:, 1:])
        with pytest.raises(ValueError, match=f"start is {last}, expected at most {last - 1}"):
            batch.sample(2, rng=1, start=last)
