"""Batches of mixtures: each of them is the Mixture of its row, drawn and scored in one call."""

from __future__ import annotations

import pickle
import tracemalloc

import cases
import fastgen as fg
import numpy as np
import pytest
from fastgen import _core
from helpers import THREADS, assert_same_bits
from scipy import stats
from statistics_tools import ALPHA, chi_square, ks_normal


def positive(rng, *shape):
    return rng.uniform(0.3, 2, size=shape)


def matrices(rng, *shape):
    a = rng.normal(size=(*shape, shape[-1]))
    return a @ a.swapaxes(-1, -2) + 0.5 * np.eye(shape[-1])


def centres(rng, *shape):
    return 3 * rng.normal(size=shape)


def directions(rng, *shape):
    a = rng.normal(size=shape)
    return a / np.linalg.norm(a, axis=-1, keepdims=True)


# Each family with parameters whose leading axes are `lead`, (B, K) or (K,), and D features.
LAWS = {
    "normal": lambda rng, lead, d: fg.Normal(centres(rng, *lead), positive(rng, *lead)),
    "laplace": lambda rng, lead, d: fg.Laplace(centres(rng, *lead), positive(rng, *lead)),
    "exponential": lambda rng, lead, d: fg.Exponential(positive(rng, *lead)),
    "weibull": lambda rng, lead, d: fg.Weibull(positive(rng, *lead), 1.0),
    "pareto": lambda rng, lead, d: fg.Pareto(2 + positive(rng, *lead), 1.0),
    "categorical": lambda rng, lead, d: fg.Categorical(positive(rng, *lead, d + 3)),
    "full": lambda rng, lead, d: fg.MultivariateNormal(centres(rng, *lead, d), matrices(rng, *lead, d)),
    "tied": lambda rng, lead, d: fg.MultivariateNormal(centres(rng, *lead, d), matrices(rng, d), "tied"),
    "diag": lambda rng, lead, d: fg.MultivariateNormal(centres(rng, *lead, d), positive(rng, *lead, d), "diag"),
    "spherical": lambda rng, lead, d: fg.MultivariateNormal(centres(rng, *lead, d), positive(rng, *lead), "spherical"),
    "cholesky": lambda rng, lead, d: fg.MultivariateNormal.from_cholesky(
        centres(rng, *lead, d), np.linalg.cholesky(matrices(rng, *lead, d))
    ),
    "precision": lambda rng, lead, d: fg.MultivariateNormal.from_precision(
        centres(rng, *lead, d), matrices(rng, *lead, d)
    ),
    "student": lambda rng, lead, d: fg.MultivariateStudentT(
        2 + positive(rng, *lead), centres(rng, *lead, d), matrices(rng, d), "tied"
    ),
    "student-cholesky": lambda rng, lead, d: fg.MultivariateStudentT.from_cholesky(
        5.0, centres(rng, *lead, d), np.linalg.cholesky(matrices(rng, *lead, d))
    ),
    "student-precision": lambda rng, lead, d: fg.MultivariateStudentT.from_precision(
        2 + positive(rng, *lead), centres(rng, *lead, d), matrices(rng, *lead, d)
    ),
    "factor": lambda rng, lead, d: fg.FactorNormal(
        centres(rng, *lead, d), rng.normal(size=(*lead, d, 2)), positive(rng, *lead, d)
    ),
    "sphere": lambda rng, lead, d: fg.VonMisesFisher(directions(rng, *lead, d), 9 * positive(rng, *lead)),
    "simplex": lambda rng, lead, d: fg.Dirichlet(positive(rng, *lead, d)),
    "product": lambda rng, lead, d: fg.Product(
        [fg.Normal(centres(rng, *lead), positive(rng, *lead)) for _ in range(d - 1)]
        + [fg.Poisson(9 * positive(rng, *lead))]
    ),
}
FAMILIES = tuple(LAWS)


def batch_of(family, b, k, d=3, lead=None):
    """A batch; with `lead` (b * k,) of components one after the other, the same ones."""
    rng = np.random.default_rng([b, k, d])
    weights = rng.uniform(0.1, 1.0, size=(b, k))
    if k > 1:
        weights[0, 0] = 0
    return fg.MixtureBatch(weights, LAWS[family](rng, lead or (b, k), d))


@pytest.mark.parametrize("family", FAMILIES)
def test_leading_axes(family):
    """Parameters (B, K, ...) are those of (B K, ...) by another name: the same bits of everything."""
    b, k = 5, 3
    batch, flat = batch_of(family, b, k), batch_of(family, b, k, lead=(b * k,))
    assert batch.components.n_components == k
    x, labels = batch.sample(4, rng=1, return_labels=True)
    other, others = flat.sample(4, rng=1, return_labels=True)
    assert_same_bits(x, other)
    assert_same_bits(labels, others)
    assert_same_bits(batch.log_prob(x), flat.log_prob(x))
    for name in ("mean", "variance", "covariance"):
        found, expected = getattr(batch.components, name), getattr(flat.components, name)
        assert_same_bits(found, expected.reshape(b, k, *expected.shape[1:]))
    for i in range(b):
        assert batch.mixture(i) == flat.mixture(i)
        assert_same_bits(batch.mixture(i).sample(5, rng=2), flat.mixture(i).sample(5, rng=2))
    with pytest.raises(ValueError, match=r"is a batch of 5 mixtures"):
        fg.Mixture(None, batch.components)
    with pytest.raises(IndexError):
        batch.mixture(b)


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


@pytest.mark.parametrize("family", FAMILIES)
def test_moments(family):
    batch = batch_of(family, 4, 3)
    each = [batch.mixture(i) for i in range(4)]
    for name in ("mean", "covariance"):
        expected = np.stack([getattr(m, name) for m in each])
        found = getattr(batch, name)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)
    assert len(batch) == 4


def test_moments_at_extremes():
    """An offset costs no digits, a mean beyond the numbers without weight does not count, and one with weight does."""
    batch = fg.MixtureBatch(
        [[0.5, 0.5], [1.0, 0.0]], fg.Normal([[1e12, 1e12 + 1], [2.0, 1e308]], [[1.0, 1.0], [3.0, 1e200]])
    )
    assert batch.mean.tolist() == [1e12 + 0.5, 2.0]
    assert batch.covariance.tolist() == [1.25, 9.0]
    # Equal means, far from that of a component without weight.
    unused = fg.MixtureBatch([[0.0, 0.1, 0.2, 0.7]], fg.Normal([[0.0, *[1e12 + 1 / 3] * 3]], 1.0))
    assert unused.mean.tolist() == [1e12 + 1 / 3]
    heavy = fg.MixtureBatch([[0.5, 0.5], [1.0, 0.0]], fg.StudentT([[3.0, 1.5], [3.0, 0.5]], 0.0, 1.0))
    assert heavy.mean.tolist() == [0.0, 0.0]
    assert heavy.covariance.tolist() == [np.inf, 3.0]
    huge = fg.MixtureBatch(None, fg.Pareto([[0.5, 3.0], [3.0, 3.0]], 1.0))
    assert huge.mean.tolist() == [np.inf, 1.5]
    assert huge.covariance.tolist() == [huge.mixture(0).covariance, pytest.approx(0.75)]


@pytest.mark.parametrize("family", ["normal", "full", "categorical"])
def test_prob(family):
    batch = batch_of(family, 4, 3)
    x = batch.sample(5, rng=1)
    expected = np.stack([batch.mixture(i).prob(x[i]) for i in range(4)])
    np.testing.assert_allclose(batch.prob(x), expected, rtol=1e-13)
    assert_same_bits(
        batch.prob(x.astype(np.float32)), batch.prob(x.astype(np.float32).astype(float)).astype(np.float32)
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("family", ["normal", "full"])
def test_out(family, dtype):
    batch = batch_of(family, 4, 3)
    x = batch.sample(5, rng=1, dtype=dtype)
    out = np.empty_like(x)
    assert batch.sample(5, rng=1, out=out) is out
    assert_same_bits(out, x)
    again, labels = batch.sample(5, rng=1, out=out, return_labels=True)
    assert again is out
    assert_same_bits(labels, batch.sample(5, rng=1, return_labels=True)[1])
    for points in (x, x[:, 0]):
        answer = np.empty(points.shape[: points.ndim - (family == "full")], dtype)
        assert batch.log_prob(points, out=answer) is answer
        assert_same_bits(answer, batch.log_prob(points))


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
def test_bits_of_each_mixture(family):
    """With weights that sum to 1 as they are: the bits of a loop over mixtures, whatever the others are."""
    batch = fg.MixtureBatch([[0.5, 0.25, 0.25]] * 4, LAWS[family](np.random.default_rng(1), (4, 3), 3))
    x = batch.sample(50, rng=1)
    for method in ("log_prob", "prob"):
        expected = np.stack([getattr(batch.mixture(b), method)(x[b]) for b in range(4)])
        assert_same_bits(getattr(batch, method)(x), expected)


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


def test_keeping():
    for family in FAMILIES:
        batch = batch_of(family, 3, 2)
        again = pickle.loads(pickle.dumps(batch))
        assert again == batch
        assert hash(again) == hash(batch)
        assert_same_bits(again.sample(3, rng=1), batch.sample(3, rng=1))
        assert batch != batch_of(family, 4, 2)


LAYOUTS = {
    "columns": lambda x: x[..., ::-1],
    "transposed": lambda x: np.asfortranarray(x),
    "every other": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "float32": lambda x: x.astype(np.float32),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", ["normal", "full", "product"])
def test_layouts(family, layout, threads):
    """However points lie in memory, and in however many pieces they are converted: the bits are those of a whole copy."""
    batch = batch_of(family, 5, 3)
    x = LAYOUTS[layout](batch.sample(307, rng=1))
    assert not (x.flags.c_contiguous and x.dtype == np.float64)
    whole = np.array(x, np.float64, order="C")
    for method in (batch.log_prob, batch.prob):
        assert_same_bits(method(x), method(whole).astype(x.dtype))
        assert_same_bits(method(x[:, 0]), method(whole[:, 0].copy()).astype(x.dtype))
    drawn, labels = batch.sample(307, rng=1, start=2, dtype=np.float32, return_labels=True)
    expected, chosen = batch.sample(307, rng=1, start=2, return_labels=True)
    assert_same_bits(drawn, expected.astype(np.float32))
    assert_same_bits(labels, chosen)
    assert batch.log_prob(x[:, :0]).shape == (5, 0)


def test_memory():
    """float32 goes through float64 some rows at a time: nothing beside the answer, not three times the points."""
    batch = batch_of("normal", 4, 2)
    tracemalloc.start()
    try:
        x = batch.sample(1_500_000, rng=1, dtype=np.float32)
        _, peak = tracemalloc.get_traced_memory()
        assert peak < x.nbytes + 1e6
        tracemalloc.reset_peak()
        answer = batch.log_prob(x)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < x.nbytes + answer.nbytes + 1e6


def test_float32_atoms():
    """A float32 point is the atom that it is the nearest float32 of, in its own mixture, as under `Mixture`."""
    value = np.array([[0.1, 0.2], [0.3, 0.1], [0.7, 1e300]])
    laws = [
        fg.Delta(value),
        fg.Product([fg.Delta(value), fg.Normal(value * 0, 1.0)]),
        fg.Product([fg.Poisson(0 * value + 1), fg.Delta(value[::-1])]),
    ]
    for law in laws:
        for components in (law, law._of(value.ravel()) if isinstance(law, fg.Delta) else law):
            batch = fg.MixtureBatch([[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]], components)
            x = batch.sample(6, rng=1, dtype="f4")
            found = batch.log_prob(x)
            assert np.isfinite(found).all()
            assert_same_bits(found, np.stack([batch.mixture(b).log_prob(x[b]) for b in range(3)]))
            # What is an atom of one mixture is none of another.
            assert_same_bits(batch.log_prob(x[::-1]), np.stack([batch.mixture(b).log_prob(x[2 - b]) for b in range(3)]))
            assert (batch.log_prob(x.astype(float))[0] == -np.inf).all() or not isinstance(law, fg.Delta)


def test_empty_and_short():
    batch = batch_of("normal", 5, 3)
    assert batch.sample(0).shape == (5, 0)
    assert batch.sample(0, dtype=np.float32).shape == (5, 0)
    assert batch.sample().shape == (5, 1)
    assert batch.log_prob(np.zeros((5, 0))).shape == (5, 0)
    assert fg.MixtureBatch(None, fg.Normal([[0.0, 1.0]], 1.0)).weights.tolist() == [[0.5, 0.5]]


def test_text():
    batch = fg.MixtureBatch([[0.5, 0.5], [0.9, 0.1]], fg.Normal([[0.0, 4.0], [1.0, 2.0]], [[1.0, 1.0], [0.5, 3.0]]))
    assert repr(batch).splitlines() == [
        "MixtureBatch of 2 mixtures of 2 components, 1 feature",
        "  mixture  component  weight  mean  standard deviation  family",
        "  0        0          0.5     0     1                   Normal",
        "  0        1          0.5     4     1                   Normal",
        "  1        0          0.9     1     0.5                 Normal",
        "  1        1          0.1     2     3                   Normal",
    ]
    for family in FAMILIES:
        for lead in ((300, 5), (1500,)):
            batch = batch_of(family, 300, 5, lead=lead)
            text, page = repr(batch), batch._repr_html_()
            assert "300 mixtures of 5 components" in text
            assert text.endswith("... and 1,492 more")
            assert len(text.splitlines()) == 11
            assert page.count("<tr>") == 10
            assert "1,492 more" in page
        assert (
            "n_mixtures=300" in repr(batch_of(family, 300, 5).components)
            or batch.n_features == 1
            or family == "product"
        )


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
            r"components is of type list, expected a family object.*; a batch has one family, not Laplace and Normal: make .*row$",
        ),
        (
            lambda: fg.MixtureBatch(None, [fg.Normal(0.0, 1.0), fg.Normal(0.0, 1.0)]),
            TypeError,
            r"; join the parameters along K in one object, or make a fastgen\.Mixture for each row$",
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
            lambda: fg.MultivariateNormal(np.zeros((2, 1, 3)), np.stack([np.eye(3), -np.eye(3)])[:, None]),
            ValueError,
            r"covariances\[1, 0, 0, 0\] is -1\.0",
        ),
        (
            lambda: fg.MultivariateNormal(np.zeros((2, 1, 2)), np.array([[[[1.0, 0], [0, 1]]], [[[1.0, 2], [2, 1]]]])),
            ValueError,
            r"covariances\[1, 0\] is not positive definite",
        ),
        (
            lambda: fg.MultivariateNormal.from_precision(
                np.zeros((2, 1, 2)), np.array([[[[1.0, 0], [0, 1]]], [[[1.0, 2], [2, 1]]]])
            ),
            ValueError,
            r"precisions\[1, 0\] is not positive definite",
        ),
        (
            lambda: fg.MultivariateNormal.from_cholesky(np.zeros((2, 1, 3)), np.eye(3)),
            ValueError,
            r"cholesky has shape \(3, 3\), expected \(2, 1, 3, 3\) for means of shape \(2, 1, 3\)",
        ),
        (
            lambda: fg.FactorNormal(np.zeros((2, 1, 3)), np.zeros((1, 3, 2)), 1.0),
            ValueError,
            r"loadings has shape \(1, 3, 2\), expected \(2, 1, 3, R\) for means of shape \(2, 1, 3\)$",
        ),
        (
            lambda: fg.FactorNormal(np.zeros((2, 1, 3)), np.zeros((2, 1, 3, 2)), np.ones(3)),
            ValueError,
            r"noise has shape \(3,\), expected \(2, 1, 3\) for means of shape \(2, 1, 3\), or a scalar$",
        ),
        (
            lambda: fg.Dirichlet(np.ones((2, 1, 1, 3))),
            ValueError,
            r"concentrations has shape \(2, 1, 1, 3\), expected \(K, D\) with D at least 2.*; \(B, K, D\) for a batch of mixtures$",
        ),
        (
            lambda: fg.Normal([[0.0, 1.0]], [1.0, 2.0]),
            ValueError,
            r"different shapes: loc \(1, 2\), scale \(2,\); expected one shape, \(K,\) or \(B, K\), or scalars$",
        ),
        (lambda: fg.Categorical([[[0.5, 0.5], [0.0, 0.0]]]), ValueError, r"probs\[0, 1\] is all 0"),
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
        (
            lambda: batch_of("normal", 5, 3).sample(2, out=np.zeros((2, 5))),
            ValueError,
            r"out has shape \(2, 5\), expected \(5, 2\)",
        ),
        (
            lambda: batch_of("normal", 5, 3).log_prob(np.zeros((5, 2)), out=np.zeros((5, 2), np.float32)),
            TypeError,
            r"out has type float32, expected float64; the answer is never cast",
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


def test_float32_samples_stay_within_supports():
    """An end that is no float32 is not passed by rounding."""
    low, high = np.array([[0.1, 0.7], [-0.3, 1e-9]]), np.array([[0.1 + 1e-9, 0.9], [-0.3 + 1e-7, 0.1]])
    batch = fg.MixtureBatch(None, fg.Uniform(low, high))
    x, labels = batch.sample(20_000, rng=1, dtype=np.float32, return_labels=True)
    mixture = np.arange(2)[:, None]
    least, most = low[mixture, labels], high[mixture, labels]
    has_float = np.nextafter(least.astype(np.float32), np.float32(2)) < most  # between the ends
    wide = x.astype(np.float64)
    assert has_float.mean() > 0.5
    assert ((wide >= least) & (wide <= most))[has_float].all()
    # Rounding alone would leave some outside.
    rounded = batch.sample(20_000, rng=1).astype(np.float32)
    assert not ((rounded >= least) & (rounded <= most))[has_float].all()
    assert_same_bits(x[:, 7], batch.sample(1, rng=1, start=7, dtype=np.float32)[:, 0])


def test_weights_are_normalised_once():
    """Weights that sum to 1 are kept as they are, so that a batch of a batch's weights is equal to it."""
    w = np.random.default_rng(0).random((10_000, 5))
    law = fg.Normal(np.zeros((10_000, 5)), 1.0)
    batch = fg.MixtureBatch(w, law)
    assert np.abs(batch.weights.sum(axis=1) - 1).max() < 1e-15 * 5
    assert fg.MixtureBatch(batch.weights, law) == batch
    huge = fg.MixtureBatch([[1e308, 1e308], [3e-320, 1e-320]], fg.Normal(np.zeros((2, 2)), 1.0))
    np.testing.assert_allclose(huge.weights, [[0.5, 0.5], [0.75, 0.25]], rtol=1e-3)
