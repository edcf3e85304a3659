"""Learning: published optima, monotone likelihood, weights, starts, stopping, and what is said about trouble."""

from __future__ import annotations

import itertools
import re
import tracemalloc
import warnings

import fastgen as fg
import numpy as np
import pytest
from helpers import DATA, assert_same_bits

TYPES = ("full", "tied", "diag", "spherical")


@pytest.fixture(scope="module")
def faithful():
    return np.loadtxt(DATA / "faithful.csv", delimiter=",", skiprows=1)


@pytest.fixture(scope="module")
def diabetes():
    return np.loadtxt(DATA / "diabetes.csv", delimiter=",", skiprows=1, usecols=(1, 2, 3))


def quiet_fit(*args, **kwargs):
    """A fit whose warnings are not what is tested."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fg.FitWarning)
        return fg.fit(*args, **kwargs)


# Published optima

MCLUST = [  # data, K, type, maximum log-likelihood found by mclust 6.0 (printed to 4 decimals)
    ("faithful", 2, "full", -1130.2641),
    ("faithful", 2, "tied", -1140.1868),
    ("faithful", 2, "diag", -1147.8064),
    ("faithful", 2, "spherical", -1709.5322),
    ("faithful", 3, "full", -1127.1988),
    ("faithful", 3, "tied", -1126.3262),
    ("faithful", 3, "diag", -1131.9423),
    ("faithful", 3, "spherical", -1637.4671),
    ("diabetes", 3, "full", -2303.4956),
    ("diabetes", 3, "tied", -2446.1172),
    ("diabetes", 3, "diag", -2364.1419),
    ("diabetes", 3, "spherical", -2568.3602),
]


@pytest.mark.parametrize(("data", "k", "covariance_type", "published"), MCLUST)
def test_published_optima(data, k, covariance_type, published, request):
    """Not worse than mclust. EM stops where an iteration gains less than tol per row; what is then left to gain is
    tol n / (1 - rate), 0.003 for 272 rows at the rate 0.999 of very slow EM. mclust itself stops at a relative change
    of 1e-5, so that its values may be short of the optimum by as much."""
    x = request.getfixturevalue(data)
    r = fg.fit(x, k, covariance_type=covariance_type, n_init=10, tol=1e-8, max_iter=3000, rng=1)
    assert r.converged
    assert r.log_likelihood >= published - 0.01
    assert r.log_likelihood == pytest.approx(r.mixture.log_prob(x).sum(), rel=1e-12)
    # A better optimum may exist, but a likelihood out of reach means a covariance at the floor.
    assert r.log_likelihood <= published + 60
    assert not r.floored_components


def test_faithful_and_iris(faithful):
    """The two published values that the package promises, by their usual calls."""
    from sklearn.datasets import load_iris

    assert fg.fit(faithful, 2, rng=0).log_likelihood == pytest.approx(-1130.264, abs=0.01)
    iris = fg.fit(load_iris().data, 3, n_init=10, rng=0)
    assert iris.log_likelihood == pytest.approx(-180.186, abs=0.01)
    # Setosa stands alone, and the other fifty-fifty.
    assert sorted(np.bincount(iris.mixture.assign(load_iris().data)).tolist()) == [45, 50, 55]


@pytest.mark.parametrize("covariance_type", TYPES)
def test_against_scikit_learn(faithful, covariance_type):
    """From the same start, one EM step and ten give scikit-learn's parameters."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    x = faithful / faithful.std(axis=0)
    means = x[[0, 1, 2]]
    shape = {"full": (3, 2, 2), "tied": (2, 2), "diag": (3, 2), "spherical": (3,)}[covariance_type]
    unit = np.broadcast_to(np.eye(2), shape) if covariance_type in ("full", "tied") else np.ones(shape)
    start = fg.Mixture(None, fg.MultivariateNormal(means, unit, covariance_type))
    for steps in (1, 10):
        theirs = GaussianMixture(
            3,
            covariance_type=covariance_type,
            reg_covar=0,
            tol=0,
            max_iter=steps,
            weights_init=np.full(3, 1 / 3),
            means_init=means,
            precisions_init=unit,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            theirs.fit(x)
        ours = fg.fit(x, 3, covariance_type=covariance_type, init=start, tol=0, max_iter=steps, reg_covar=0)
        assert ours.n_iter == steps
        # Ten steps amplify rounding of 1e-16 by less than 1e4 each way on such data.
        np.testing.assert_allclose(ours.mixture.weights, theirs.weights_, rtol=1e-10)
        np.testing.assert_allclose(ours.mixture.components.means, theirs.means_, rtol=1e-10)
        np.testing.assert_allclose(ours.mixture.components.covariances, theirs.covariances_, rtol=1e-9, atol=1e-12)
        assert ours.log_likelihood == pytest.approx(theirs.score(x) * len(x), rel=1e-12)
        assert ours.aic == pytest.approx(theirs.aic(x), rel=1e-12)
        assert ours.bic == pytest.approx(theirs.bic(x), rel=1e-12)


def test_truth_is_recovered():
    """100,000 rows: each parameter is within 6 standard errors of the truth, with errors below 0.03."""
    truth = fg.Mixture(
        [0.2, 0.5, 0.3], fg.MultivariateNormal([[-4.0, 0.0], [0.0, 4.0], [4.0, -2.0]], [1.0, 2.0, 0.5], "spherical")
    )
    r = fg.fit(truth.sample(100_000, rng=1), 3, covariance_type="spherical", rng=2)
    order = np.argsort(r.mixture.components.means[:, 0])
    np.testing.assert_allclose(r.mixture.weights[order], truth.weights, atol=6 * np.sqrt(0.25 / 1e5))
    np.testing.assert_allclose(r.mixture.components.means[order], truth.components.means, atol=6 * np.sqrt(2 / 2e4))
    np.testing.assert_allclose(r.mixture.components.covariances[order], [1.0, 2.0, 0.5], rtol=6 / np.sqrt(2e4))


# Sums over the rows that take part in a component only


def numpy_em(x, weights, means, covariances, sample_weight, steps):
    """EM as in a textbook: full covariances, every responsibility of every row."""
    for _ in range(steps):
        lower = np.linalg.cholesky(covariances)
        z = np.linalg.solve(lower, (x[None] - means[:, None]).transpose(0, 2, 1))
        log_det = np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
        log_density = (np.log(weights) - log_det)[:, None] - 0.5 * (z**2).sum(axis=1)
        r = np.exp(log_density - log_density.max(axis=0))
        r *= sample_weight / r.sum(axis=0)
        mass = r.sum(axis=1)
        weights, means = mass / mass.sum(), r @ x / mass[:, None]
        diff = x[None] - means[:, None]
        covariances = np.einsum("kn,kni,knj->kij", r, diff, diff) / mass[:, None, None]
    return weights, means, covariances


def clusters(k, d, n, apart, seed=5):
    """Rows of k clusters with covariances of their own, and where EM may start."""
    rng = np.random.default_rng([seed, k, d])
    means = apart * rng.normal(size=(k, d))
    x = means[rng.integers(0, k, size=n)] + rng.normal(size=(n, d)) @ (np.eye(d) + 0.3 * rng.normal(size=(d, d)))
    return x, means + 0.2 * rng.normal(size=(k, d))


def from_means(means, scale=1.0):
    d = means.shape[1]
    return fg.Mixture(None, fg.MultivariateNormal(means, np.broadcast_to(scale * np.eye(d), (len(means), d, d))))


@pytest.mark.parametrize("apart", [0.3, 1.5, 6.0])
@pytest.mark.parametrize("d", [2, 5, 6, 7, 8, 9, 13, 26, 37])
def test_against_numpy(d, apart):
    """From clusters on top of each other to clusters so far apart that nearly all responsibilities are exact zeros.

    n = 1100 is two tiles and some, of which no vector width divides the last. A step's covariances have condition numbers
    below 1e3 here, and three steps amplify rounding by less than that, so 1e-10 is a thousand times what they may lose.
    """
    x, means = clusters(5, d, 1100, apart)
    sample_weight = np.random.default_rng(d).uniform(0.2, 3, size=len(x))
    start = from_means(means, 2.0)
    result = quiet_fit(x, 5, init=start, sample_weight=sample_weight, reg_covar=0, max_iter=3, tol=0)
    weights, means, covariances = numpy_em(
        x, start.weights, means, start.components.covariances, sample_weight, result.n_iter
    )
    np.testing.assert_allclose(result.mixture.weights, weights, rtol=1e-10)
    np.testing.assert_allclose(result.mixture.components.means, means, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(result.mixture.components.covariances, covariances, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("d", [7, 19])
def test_order_of_rows_is_rounding(d, covariance_type):
    """Rows in another company are summed in another order, and no more than that."""
    x, means = clusters(6, d, 2500, 4.0)
    options = {"covariance_type": covariance_type, "init": means, "reg_covar": 0, "max_iter": 4, "tol": 0}
    a = fg.fit(x, 6, **options).mixture
    b = fg.fit(np.random.default_rng(1).permutation(x), 6, **options).mixture
    np.testing.assert_allclose(a.weights, b.weights, rtol=1e-11)
    np.testing.assert_allclose(a.components.means, b.components.means, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(a.components.covariance, b.components.covariance, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("d", [3, 6, 11])
def test_one_row_a_component(d, dtype):
    """Each has its row for a mean, exactly, and the floor for a covariance."""
    x = (100 * np.random.default_rng(d).normal(size=(40, d))).astype(dtype)
    result = quiet_fit(x, 40, init=from_means(x.astype(float)), reg_covar=1e-3, max_iter=2, tol=0)
    assert np.array_equal(result.mixture.components.means, x)
    np.testing.assert_allclose(result.mixture.weights, 1 / 40, rtol=1e-12)
    floor = np.broadcast_to(1e-3 * np.eye(d), (40, d, d))
    np.testing.assert_allclose(result.mixture.components.covariances, floor, rtol=1e-12, atol=1e-15)
    assert result.floored_components == tuple(range(40))


@pytest.mark.parametrize("d", [3, 6, 11])
def test_all_rows_in_one_component(d):
    """The others take part in nothing and are empty; the one has mean and covariance of the data."""
    x, _ = clusters(1, d, 1500, 0.0)
    far = np.zeros((3, d))
    far[0], far[2] = 1e4, -1e4
    result = quiet_fit(x, 3, init=from_means(far), reg_covar=0, max_iter=2, tol=0)
    assert result.empty_components == (0, 2)
    assert result.mixture.weights.tolist() == [0, 1, 0]
    np.testing.assert_allclose(result.mixture.components.means[1], x.mean(axis=0), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(result.mixture.components.covariances[1], np.cov(x.T, bias=True), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("d", [3, 6, 11])
def test_rows_out_of_reach(d):
    """Where every density underflows the weights of the mixture are the responsibilities, among rows near and far."""
    means = np.arange(4.0)[:, None] * np.ones(d)
    m = fg.Mixture([0.1, 0.2, 0.3, 0.4], fg.MultivariateNormal(means, 1e-20, "spherical"))
    x = means[np.arange(1000) % 4]
    x[[3, 500, 998, 999]] = 1e150  # squares of 1e160 overflow
    step = m._core.em_step(x, None, "diag", 1e-6, False)
    near = np.bincount(np.delete(np.arange(1000), [3, 500, 998, 999]) % 4)
    np.testing.assert_allclose(step.weights, (near + 4 * m.weights) / 1000, rtol=1e-12)
    assert step.log_likelihood == -np.inf


@pytest.mark.parametrize("d", [3, 6, 11])
def test_hard_step(d):
    """All of a row to its likeliest component."""
    x, means = clusters(4, d, 1100, 2.0)
    m = from_means(means)
    step = m._core.em_step(x, None, "full", 0.0, True)
    label = m.assign(x)
    np.testing.assert_allclose(step.weights, np.bincount(label, minlength=4) / len(x), rtol=1e-12)
    for k in range(4):
        mine = x[label == k]
        np.testing.assert_allclose(step.means[k], mine.mean(axis=0), rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(step.covariances[k], np.cov(mine.T, bias=True), rtol=1e-11, atol=1e-12)


# The likelihood never falls


def problem(seed):
    """One of many random problems: well-behaved data, duplicates, constant or collinear columns, few rows, offsets."""
    rng = np.random.default_rng([2024, seed])
    k, d = int(rng.integers(1, 7)), int(rng.integers(1, 7))
    n = int(rng.integers(max(k, 3), 400))
    x = rng.normal(size=(n, d)) * rng.uniform(0.1, 3, size=d) + 4 * rng.normal(size=(k, d))[rng.integers(0, k, size=n)]
    kind = ("plain", "duplicates", "constant", "collinear", "integers", "offset", "heavy", "few values")[seed % 8]
    if kind == "duplicates":
        x[n // 2 :] = x[: n - n // 2]
        x[: n // 4] = x[0]
    elif kind == "constant":
        x[:, int(rng.integers(d))] = 3.25
    elif kind == "collinear":
        x[:, -1] = x[:, 0] * 2 - 1
    elif kind == "integers":
        x = np.round(x)
    elif kind == "offset":
        x += 1000
    elif kind == "heavy":
        x *= np.exp(rng.normal(scale=2, size=(n, 1)))
    elif kind == "few values":
        x = x[rng.integers(0, min(n, k + 1), size=n)]
    dtype = np.float32 if seed % 5 == 4 else np.float64
    weight = rng.integers(0, 4, size=n).astype(float) if seed % 3 == 2 else None
    if weight is not None:
        weight[:k] = 1
    return x.astype(dtype)[:, 0] if d == 1 and seed % 2 else x.astype(dtype), k, weight


def rounding(x, m, score):
    """How far rounding can move the mean log density of these points under this mixture.

    Factors of covariances with condition number c lose d eps c of squared distances and of log determinants (see
    test_density.py); the smallest variance is at least the floor. Float32 adds the rounding of x - mean, eps times the
    largest |x|, measured in the smallest standard deviation, times distances of a few.
    """
    covariance = np.reshape(m.components.covariance, (m.n_components, m.n_features, m.n_features))
    eigenvalues = np.linalg.eigvalsh(covariance)
    condition = (eigenvalues[:, -1] / eigenvalues[:, 0]).max()
    slack = 1e-13 * (1 + abs(score)) + m.n_features * np.finfo(np.float64).eps * condition
    if x.dtype == np.float32:
        eps = np.finfo(np.float32).eps
        slack += 8 * m.n_features * eps * (1 + abs(score) + np.abs(x).max() / np.sqrt(eigenvalues.min()))
    return slack


@pytest.mark.parametrize("seed", range(200))
def test_likelihood_never_falls(seed):
    """The recorded history, exactly; and what the mixtures of every iteration really score, up to rounding."""
    x, k, weight = problem(seed)
    seen, changes = [], []

    def look(state):
        seen.append(state.mixture)
        changes.append(state.change)

    result = quiet_fit(
        x,
        k,
        covariance_type=TYPES[seed % 4 if seed < 100 else (seed // 4) % 4],
        sample_weight=weight,
        rng=seed,
        max_iter=30,
        tol=0,
        init=("k-means++", "random")[seed // 8 % 2],
        callback=look,
    )
    history = result.history
    assert len(history) == len(seen) == result.n_iter == 30
    assert (np.diff(history) >= 0).all()
    v = np.ones(len(x)) if weight is None else weight
    used = v > 0
    wide = x.astype(np.float64)[used]
    scores = np.array([v[used] @ m.log_prob(wide) for m in seen]) / v.sum()
    slack = np.array([rounding(x, m, score) for m, score in zip(seen, scores, strict=True)])
    assert (np.abs(scores - history) <= slack).all()
    # The best so far is what is seen and recorded; what an iteration itself did may only be less by rounding.
    assert (np.array(changes)[1:] >= -(slack[1:] + slack[:-1])).all()
    assert result.log_likelihood == pytest.approx(history[-1] * v.sum(), rel=1e-12)
    assert (result.mixture.weights >= 0).all()


# Weights of rows


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("d", [1, 3, 6, 11])
def test_weight_is_repetition(covariance_type, d):
    """From the same start; sums of other terms round differently, EM's ten steps amplify that a little."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, d)) + 3 * rng.integers(0, 2, size=(200, 1))
    x = x[:, 0] if d == 1 else x
    weight = rng.integers(1, 5, size=200)
    options = {"covariance_type": covariance_type, "init": x[:3], "max_iter": 10, "tol": 0}
    once, repeated = fg.fit(x, 3, sample_weight=weight, **options), fg.fit(np.repeat(x, weight, axis=0), 3, **options)
    np.testing.assert_allclose(once.history, repeated.history, rtol=1e-12)
    np.testing.assert_allclose(once.mixture.weights, repeated.mixture.weights, rtol=1e-9)
    np.testing.assert_allclose(once.mixture.components.mean, repeated.mixture.components.mean, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(
        once.mixture.components.covariance, repeated.mixture.components.covariance, rtol=1e-8, atol=1e-10
    )
    assert once.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-12)
    assert once.bic == pytest.approx(repeated.bic, rel=1e-12)


@pytest.mark.parametrize("init", ["k-means++", "random"])
@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("d", [2, 7])
def test_weight_zero_is_absence(covariance_type, init, d):
    """Bit for bit, the start included."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(300, d)) + 3 * rng.integers(0, 3, size=(300, 1))
    used = rng.random(300) < 0.7
    junk = np.where(used[:, None], x, 1e6)
    options = {"covariance_type": covariance_type, "init": init, "max_iter": 15, "tol": 0, "rng": 1}
    zero, absent = fg.fit(junk, 3, sample_weight=used.astype(float), **options), fg.fit(x[used], 3, **options)
    assert zero.mixture == absent.mixture
    assert_same_bits(zero.history, absent.history)
    assert zero.bic == absent.bic


@pytest.mark.parametrize("junk", [np.nan, np.inf, 1e200, -1e308])
@pytest.mark.parametrize("init", ["k-means++", "random", "means", "mixture"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(300,), (300, 3)])
def test_what_rows_of_weight_zero_hold_does_not_matter(shape, dtype, init, junk):
    """Missing values are masked by a weight of 0: neither checks nor starts see them, and no bit depends on them."""
    rng = np.random.default_rng(5)
    x = (rng.normal(size=shape) + 3 * rng.integers(0, 2, size=300).reshape(-1, *[1] * (len(shape) - 1))).astype(dtype)
    weight = rng.integers(0, 3, size=300).astype(float)
    used = weight > 0
    holed = x.copy()
    with np.errstate(over="ignore"):
        holed.reshape(300, -1)[~used, -1] = junk
    start = {"means": x[:2].astype(float), "mixture": quiet_fit(x, 2, rng=3, max_iter=1).mixture}.get(init, init)
    options = {"init": start, "n_init": 2 if init == "random" else 1, "max_iter": 8, "tol": 0, "rng": 1}
    masked, absent = (
        quiet_fit(holed, 2, sample_weight=weight, **options),
        quiet_fit(x[used], 2, sample_weight=weight[used], **options),
    )
    assert masked == absent
    assert_same_bits(masked.history, absent.history)
    for name in ("log_likelihood", "aic", "bic", "n_observations"):
        assert getattr(masked, name) == getattr(absent, name)
        assert np.isfinite(getattr(masked, name))


def test_weights_are_neither_changed_nor_kept():
    """The caller's array is read in place; whatever its type and strides, the answer is the same."""
    rng = np.random.default_rng(6)
    x, weight = rng.normal(size=200), rng.integers(0, 4, size=200).astype(float)
    before = weight.copy()
    results = [
        quiet_fit(x, 2, sample_weight=w, rng=1, max_iter=5)
        for w in (weight, weight.tolist(), weight.astype(np.float32), np.repeat(weight, 2)[::2], weight.astype(">f8"))
    ]
    assert_same_bits(weight, before)
    assert all(result == results[0] for result in results)


def test_memory_for_weights():
    """Weights that can be used as they are cost three bytes a row while they are checked, and no copy."""
    n = 400_000
    x, weight = np.random.default_rng(1).normal(size=n), np.full(n, 2.0)
    quiet_fit(x, 2, sample_weight=weight, max_iter=1)
    tracemalloc.start()
    quiet_fit(x, 2, sample_weight=weight, max_iter=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 4 * n


def test_scale_of_weights():
    """Doubling all weights doubles the log-likelihood, changes no bit of the mixture."""
    rng = np.random.default_rng(4)
    x, weight = rng.normal(size=(300, 2)), rng.uniform(0.1, 2, size=300)
    one, two = (quiet_fit(x, 2, sample_weight=w, rng=1, max_iter=10, tol=0) for w in (weight, 2 * weight))
    np.testing.assert_allclose(one.mixture.components.means, two.mixture.components.means, rtol=1e-12)
    assert two.log_likelihood == pytest.approx(2 * one.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("size", [5e-324, 1e-310, 1e-300, 1e-46, 1e39, 1e300])
@pytest.mark.parametrize("covariance_type", ["full", "diag"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_extreme_weights(size, covariance_type, dtype):
    """Only ratios of weights matter, whatever their size."""
    x = np.random.default_rng(1).normal(size=(200, 2)) + np.repeat([[0.0], [5.0]], 100, axis=0)
    x = x.astype(dtype)
    weight = np.random.default_rng(2).integers(1, 4, size=200).astype(float)
    plain = fg.fit(x, 2, covariance_type=covariance_type, sample_weight=weight, rng=1)
    scaled = fg.fit(x, 2, covariance_type=covariance_type, sample_weight=weight * size, rng=1)
    # Sums of 200 roundings, over 10 iterations and more. Denormal weights have few digits of their own, but these are whole.
    rtol = 1e-9 if dtype == np.float64 else 1e-4
    for name in ("weights", "means"):  # in the order of the clusters: which comes first may be a matter of rounding
        one, two = (
            np.sort(m.weights if name == "weights" else m.components.means, axis=0)
            for m in (plain.mixture, scaled.mixture)
        )
        np.testing.assert_allclose(one, two, rtol=rtol, atol=rtol)
    assert scaled.n_observations == pytest.approx(weight.sum() * size, rel=1e-12)


def test_equal_weights_of_one():
    x = np.random.default_rng(4).normal(size=(300, 2))
    a, b = (fg.fit(x, 2, sample_weight=w, rng=1, tol=0, max_iter=5) for w in (None, np.ones(300)))
    assert a.mixture == b.mixture


# Stopping


@pytest.fixture(scope="module")
def overlapping():
    """Data on which EM takes hundreds of iterations."""
    return fg.Mixture(None, fg.Normal([0.0, 2.0], 1.0)).sample(2000, rng=1)


def test_convergence_warning(overlapping):
    with pytest.warns(fg.ConvergenceWarning) as caught:
        r = fg.fit(overlapping, 2, max_iter=7, tol=1e-9, rng=1)
    assert len(caught) == 1
    message = str(caught[0].message)
    change = f"{r.history[-1] - r.history[-2]:.3g}"
    for part in ("max_iter=7", change, "tol is 1e-09", "raise max_iter", "init=result.mixture"):
        assert part in message
    assert caught[0].filename == __file__  # it points at the caller
    assert not r.converged
    assert r.n_iter == 7
    # As it says: going on from there reaches the end.
    assert fg.fit(overlapping, 2, max_iter=3000, tol=1e-9, init=r.mixture).converged


def test_one_warning_for_many_starts(overlapping):
    with pytest.warns(fg.ConvergenceWarning) as caught:
        fg.fit(overlapping, 2, max_iter=3, tol=1e-9, n_init=4, rng=1)
    assert len(caught) == 1


def test_convergence_criterion(overlapping):
    for tol in (1e-3, 1e-5, 1e-7):
        r = fg.fit(overlapping, 2, tol=tol, max_iter=3000, rng=1)
        assert r.converged
        gains = np.diff(r.history)
        assert gains[-1] < tol
        assert (gains[:-1] >= tol).all()
        assert len(r.history) == r.n_iter


def test_tol_zero_runs_all(faithful):
    r = fg.fit(faithful, 2, tol=0, max_iter=150, rng=1)  # and warns of nothing
    assert r.n_iter == len(r.history) == 150
    assert not r.converged
    assert (np.diff(r.history) >= 0).all()


def test_callback(overlapping):
    states = []

    def stop_at_five(state):
        states.append(state)
        return state.iteration == 5

    r = fg.fit(overlapping, 2, callback=stop_at_five, rng=1, n_init=3)
    assert [s.iteration for s in states] == [1, 2, 3, 4, 5]
    assert [s.start for s in states] == [0] * 5
    assert r.stopped_by_callback
    assert not r.converged
    assert r.n_iter == 5
    assert r.history.tolist() == [s.log_likelihood for s in states]
    assert states[-1].mixture == r.mixture
    assert states[3].change == states[3].log_likelihood - states[2].log_likelihood
    for s in states:
        assert s.log_likelihood == pytest.approx(s.mixture.log_prob(overlapping).mean(), rel=1e-12)
    # A callback that asks for nothing changes nothing.
    quiet = fg.fit(overlapping, 2, max_iter=5, tol=0, rng=1, callback=lambda _: None)
    assert quiet.mixture == fg.fit(overlapping, 2, max_iter=5, tol=0, rng=1).mixture


def test_callback_that_raises(overlapping):
    def fail(_):
        raise RuntimeError("from the callback")

    with pytest.raises(RuntimeError, match="from the callback"):
        fg.fit(overlapping, 2, callback=fail)


def test_verbose(overlapping, capfd):
    fg.fit(overlapping, 2, max_iter=25, tol=0, rng=1)
    assert capfd.readouterr().out == ""
    fg.fit(overlapping, 2, max_iter=25, tol=0, rng=1, verbose=1)
    assert [int(i) for i in re.findall(r"iteration +(\d+)", capfd.readouterr().out)] == [10, 20, 25]
    r = fg.fit(overlapping, 2, max_iter=25, tol=0, rng=1, verbose=2)
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == 25
    assert f"{r.history[-1]:.8g}" in lines[-1]
    assert " ms " in lines[0]  # of quick fits all would take "0.00 s"
    fg.fit(overlapping, 2, max_iter=2, tol=0, rng=1, verbose=2, n_init=2)
    assert "start 2/2" in capfd.readouterr().out


# Starts


def test_n_init(diabetes):
    """The best of several starts; start i is the same however many there are."""
    runs = [fg.fit(diabetes, 5, n_init=n, rng=3, covariance_type="diag", max_iter=1000) for n in (1, 2, 6)]
    scores = runs[-1].start_log_likelihoods
    assert len(scores) == 6
    assert runs[-1].log_likelihood == max(scores)
    assert len(set(scores)) > 1
    assert [r.start_log_likelihoods for r in runs[:2]] == [scores[:1], scores[:2]]


def test_same_rng_same_fit(diabetes):
    a, b, c = (fg.fit(diabetes, 3, rng=rng, covariance_type="diag", max_iter=1000) for rng in (1, fg.Stream(1), 2))
    assert a.mixture == b.mixture
    assert a.mixture != c.mixture


def test_init_is_where_it_starts(faithful):
    """Means: after no step the likelihood is that of equal weights, these means, and the covariance of all data."""
    x = faithful
    means = np.array([[2.0, 50.0], [4.5, 90.0]])
    step = fg.Mixture(None, fg.MultivariateNormal(means, np.cov(x.T, bias=True), "tied"))
    by_means = fg.fit(x, 2, init=means, max_iter=3, tol=0)
    full = fg.MultivariateNormal(means, np.stack([np.cov(x.T, bias=True)] * 2))
    by_mixture = fg.fit(x, 2, init=fg.Mixture(None, full), max_iter=3, tol=0)
    np.testing.assert_allclose(by_means.history, by_mixture.history, rtol=1e-11)
    assert by_means.history[0] > step.log_prob(x).mean()
    # From an optimum nothing moves.
    best = fg.fit(x, 2, rng=1, tol=1e-12, max_iter=5000)
    again = fg.fit(x, 2, init=best.mixture)
    assert again.n_iter <= 2
    assert again.log_likelihood == pytest.approx(best.log_likelihood, abs=1e-8)
    # A tied start for full covariances, and the other way round.
    for have, want in itertools.product(TYPES, TYPES):
        start = fg.fit(x, 2, covariance_type=have, rng=1, max_iter=300)
        r = quiet_fit(x, 2, covariance_type=want, init=start.mixture, max_iter=300)
        if want == "full":
            assert r.log_likelihood >= start.log_likelihood - 1e-9


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_starts_are_rows_without_repeats(init):
    """As many distinct rows as components: each start must use them all, whatever the multiplicities."""
    x = np.repeat(np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [30.0, 30.0]]), [500, 3, 2, 1], axis=0)
    for seed in range(5):
        r = quiet_fit(x, 4, init=init, covariance_type="spherical", rng=seed, max_iter=1, tol=0)
        if init == "k-means++":
            assert sorted(map(tuple, r.mixture.components.means.round(3).tolist())) == sorted(
                set(map(tuple, x.tolist()))
            )


def test_kmeans_start_ignores_units(faithful):
    """A feature in other units is the same feature: the starts, and so the fits, correspond."""
    a = fg.fit(faithful, 2, rng=1)
    scale = np.array([1024.0, 1 / 512])  # powers of 2: exact
    b = fg.fit(faithful * scale, 2, rng=1, reg_covar=0)
    assert a.n_iter == b.n_iter
    np.testing.assert_allclose(a.mixture.components.means * scale, b.mixture.components.means, rtol=1e-9)


# Other data


@pytest.mark.parametrize("covariance_type", TYPES)
def test_one_dimension(overlapping, covariance_type):
    """(n,) gives Normal, (n, 1) MultivariateNormal, with the same numbers."""
    line = fg.fit(overlapping, 2, covariance_type=covariance_type, rng=1, max_iter=20, tol=0)
    column = fg.fit(overlapping[:, None], 2, covariance_type=covariance_type, rng=1, max_iter=20, tol=0)
    assert isinstance(line.mixture.components, fg.Normal)
    assert isinstance(column.mixture.components, fg.MultivariateNormal)
    assert column.mixture.components.covariance_type == covariance_type
    np.testing.assert_allclose(line.mixture.components.loc, column.mixture.components.means[:, 0], rtol=1e-9)
    np.testing.assert_allclose(line.history, column.history, rtol=1e-12)
    assert (line.n_parameters, column.n_parameters) == ((4, 4) if covariance_type == "tied" else (5, 5))
    if covariance_type == "tied":
        assert np.ptp(line.mixture.components.scale) == 0


@pytest.mark.parametrize(
    ("covariance_type", "n"),
    [("full", 3 * 4 + 3 * 10 + 2), ("tied", 12 + 10 + 2), ("diag", 12 + 12 + 2), ("spherical", 12 + 3 + 2)],
)
def test_information_criteria(covariance_type, n):
    x = np.random.default_rng(1).normal(size=(500, 4))
    r = quiet_fit(x, 3, covariance_type=covariance_type, rng=1)
    assert r.n_parameters == n
    assert r.aic == pytest.approx(2 * n - 2 * r.log_likelihood, rel=1e-14)
    assert r.bic == pytest.approx(n * np.log(500) - 2 * r.log_likelihood, rel=1e-14)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_float32(faithful, covariance_type):
    """The same optimum, to the accuracy of float32 log densities (1e-6 of sums of terms of size 4)."""
    wide = fg.fit(faithful, 2, covariance_type=covariance_type, rng=1, tol=1e-7, max_iter=1000)
    r = fg.fit(faithful.astype(np.float32), 2, covariance_type=covariance_type, rng=1, tol=1e-5, max_iter=1000)
    assert r.log_likelihood == pytest.approx(wide.log_likelihood, abs=0.5 if covariance_type != "full" else 0.1)
    assert r.mixture.components.means.dtype == np.float64
    assert r.mixture.log_prob(faithful).sum() == pytest.approx(r.log_likelihood, abs=272 * 1e-5)


def test_offset():
    """Data at 1e6 with unit variance: covariances by x - c, not by E[x^2] - mean^2 (which would lose 12 digits)."""
    rng = np.random.default_rng(1)
    x = np.round((rng.normal(size=(1000, 3)) + 4 * rng.integers(0, 2, size=(1000, 1))) * 2**20) / 2**20
    near, far = (fg.fit(x + offset, 2, rng=1, max_iter=20, tol=0) for offset in (0, 2.0**20))
    np.testing.assert_allclose(far.mixture.components.covariances, near.mixture.components.covariances, rtol=1e-7)
    np.testing.assert_allclose(far.history, near.history, rtol=1e-9)


def test_one_component_is_the_sample_moments(faithful):
    r = fg.fit(faithful, 1, reg_covar=0)
    np.testing.assert_allclose(r.mixture.mean, faithful.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(r.mixture.covariance, np.cov(faithful.T, bias=True), rtol=1e-12)


def test_as_many_components_as_rows():
    x = np.arange(5.0)
    r = quiet_fit(x, 5, rng=1)
    assert np.isfinite(r.log_likelihood)
    assert (r.mixture.components.scale >= 1e-3 * (1 - 1e-12)).all()  # the floor: the root of reg_covar


# Trouble is reported


def test_collapsing_component_is_reported():
    x = np.concatenate([np.random.default_rng(1).normal(size=(200, 2)), np.full((5, 2), 50.0)])
    with pytest.warns(fg.DegenerateWarning, match=r"collapsed.*reg_covar=1e-06, in components? 1; fit fewer") as caught:
        r = fg.fit(x, 2, init=[[0.0, 0.0], [50.0, 50.0]])
    assert len(caught) == 1
    assert r.floored_components == (1,)
    np.testing.assert_allclose(np.linalg.eigvalsh(r.mixture.components.covariances[1]), 1e-6, rtol=1e-6)


def test_rows_that_may_be_columns_are_reported():
    """A covariance of more features than rows is singular; the warning asks whether x lies on its side."""
    x = np.random.default_rng(1).normal(size=(30, 3))
    with pytest.warns(fg.DegenerateWarning, match=r"x has 3 rows of 30 features: did you mean x\.T\?"):
        fg.fit(x.T, 1)
    fg.fit(x, 1)


def test_empty_component_is_reported():
    x = np.random.default_rng(1).normal(size=(200, 2))
    start = fg.Mixture([0.5, 0.5], fg.MultivariateNormal([[0.0, 0.0], [1e9, 0.0]], 1.0, "spherical"))
    with pytest.warns(fg.DegenerateWarning, match="components? without data, at weight 0: 1; fit fewer components"):
        r = fg.fit(x, 2, covariance_type="spherical", init=start)
    assert r.empty_components == (1,)
    assert r.mixture.weights.tolist() == [1.0, 0.0]
    assert r.log_likelihood == pytest.approx(fg.fit(x, 1, covariance_type="spherical").log_likelihood, rel=1e-9)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag"])
def test_singular_covariance_without_a_floor(covariance_type):
    x = np.random.default_rng(1).normal(size=(100, 3))
    x[:, 1] = 2.0
    with pytest.raises(
        ValueError, match=r"a covariance is not positive definite with reg_covar=0 \(component .*; set reg_covar > 0"
    ):
        fg.fit(x, 2, covariance_type=covariance_type, reg_covar=0, rng=1)


def test_floor_is_a_floor():
    """reg_covar raises small eigenvalues and leaves others alone; a constant column has exactly the floor."""
    x = np.random.default_rng(1).normal(size=(500, 3))
    x[:, 2] = 1.0
    r = fg.fit(x, 1, reg_covar=1e-4)  # more than the default is meant: no warning
    assert r.floored_components == (0,)
    expected = np.cov(x.T, bias=True)
    expected[2, 2] = 1e-4
    np.testing.assert_allclose(r.mixture.covariance, expected, rtol=1e-9, atol=1e-12)
    without = fg.fit(x[:, :2], 1, reg_covar=1e-4).mixture.covariance
    np.testing.assert_allclose(without, expected[:2, :2], rtol=1e-12)


def test_results_compare(overlapping):
    first, same, other = (fg.fit(overlapping, k, rng=1) for k in (2, 2, 1))
    assert first == same
    assert hash(first) == hash(same)
    assert first != other
    assert first != first.mixture


def test_results_print(overlapping):
    r = fg.fit(overlapping, 2, rng=1)
    for part in ("converged after", "log-likelihood", "AIC, BIC", "Mixture of 2 components"):
        assert part in repr(r)
    assert "<table" in r._repr_html_()
    assert not r.history.flags.writeable
