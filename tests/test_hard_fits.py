"""Fits where rounding, ranges or a bad start stand in the way: the best that can be had, or one clear word."""

from __future__ import annotations

import pickle
import re
import warnings

import fastgen as fg
import numpy as np
import pytest

TYPES = ("full", "tied", "diag", "spherical")


def quiet_fit(*args, **kwargs):
    """A fit whose warnings are not what is tested."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fg.FitWarning)
        return fg.fit(*args, **kwargs)


@pytest.fixture
def clusters():
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(-3, 1, (500, 3)), rng.normal(3, 1, (500, 3))])


def dependent(seed, dtype):
    """A feature that is the sum of two others, but for rounding to its type."""
    x = (np.random.default_rng(seed).normal(size=(1000, 3)) * [10, 20, 5]).astype(dtype)
    x[:, 2] = x[:, 0] + x[:, 1]
    return x


# Rounding


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_best_iteration_is_kept(dtype):
    """Nearly singular covariances make float32 iterations fall by whole nats: the best is seen, recorded, returned."""
    x = dependent(0, dtype)
    states = []
    r = quiet_fit(x, 2, rng=0, callback=states.append)
    if dtype == np.float32:
        assert min(s.change for s in states[1:]) < -0.1  # or nothing is tested
    assert (np.diff(r.history) >= 0).all()
    assert [s.log_likelihood for s in states] == r.history.tolist()
    assert states[-1].mixture == r.mixture
    # Single precision scores to 1e-7 times the condition, whose root is 25 / 1e-3, of distances of a few.
    slack = 0.05 if dtype == np.float32 else 1e-9
    for s in (states[0], states[len(states) // 2], states[-1]):
        assert s.mixture.log_prob(x).mean() == pytest.approx(s.log_likelihood, abs=slack)
    assert r.history[-1] == pytest.approx(-2.6497, abs=0.01)  # what float64 reaches


def test_a_fall_at_the_end_is_explained():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        r = fg.fit(dependent(0, np.float32), 2, rng=0)
    assert not r.converged
    text = next(str(w.message) for w in caught if w.category is fg.ConvergenceWarning)
    assert re.search(r"it fell, as rounding in float32 counts .*: pass x in float64, drop such features", text)


@pytest.mark.parametrize("size", [1e7, 1e8, 1e9, 1e12])
@pytest.mark.parametrize("reg_covar", [1e-6, 0.0])
def test_contraction_from_far_away(size, reg_covar):
    """Variances are right however far the means move in an iteration: moments are taken again where they arrive."""
    x = np.random.default_rng(0).normal(size=1000)
    start = fg.Mixture(None, fg.Normal(size, size))
    law = fg.fit(x, 1, init=start, max_iter=1, tol=0, reg_covar=reg_covar).mixture.components
    assert law.scale[0] == pytest.approx(x.std(), rel=1e-12)
    assert law.loc[0] == pytest.approx(x.mean(), abs=1e-12)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_contraction_of_every_form(covariance_type, dtype):
    x = np.random.default_rng(0).normal(size=(400, 5)).astype(dtype)
    wide = {
        "full": np.eye(5)[None] * 1e16,
        "tied": np.eye(5) * 1e16,
        "diag": np.full((1, 5), 1e16),
        "spherical": [1e16],
    }
    start = fg.Mixture(None, fg.MultivariateNormal(np.full((1, 5), 1e8), wide[covariance_type], covariance_type))
    got = fg.fit(x, 1, covariance_type=covariance_type, init=start, max_iter=1, tol=0).mixture.components.covariances
    exact = np.cov(x.T.astype(np.float64), bias=True)
    expected = {
        "full": exact[None],
        "tied": exact,
        "diag": np.diag(exact)[None],
        "spherical": [np.diag(exact).mean()],
    }
    # Moments of float32 data are sums of products that are rounded to 6e-8.
    np.testing.assert_allclose(
        got,
        expected[covariance_type],
        **({"rtol": 1e-11, "atol": 1e-12} if dtype == np.float64 else {"rtol": 1e-6, "atol": 1e-6}),
    )


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_an_outlier_of_1e12(covariance_type):
    """The component that starts at the outlier finds its own way; the others are fitted as without it."""
    rng = np.random.default_rng(0)
    x = np.stack([np.r_[rng.normal(0, 1, 400), rng.normal(20, 1, 100), 1e12], rng.normal(size=501)], axis=1)
    changes = []
    r = quiet_fit(
        x, 3, rng=0, init="random", covariance_type=covariance_type, callback=lambda s: changes.append(s.change)
    )
    assert r.converged
    assert min(changes[1:]) > -1e-9
    assert r.history[-1] > -5  # at -26 all of it is one cloud of 1e12


# Features that depend on each other


@pytest.mark.parametrize("seed", range(40))
def test_dependent_features_without_a_floor(seed):
    """An exactly singular covariance is one whichever way rounding goes; one of condition 1e12 is not."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(200, 4))
    x[:, 3] = x[:, :3] @ rng.normal(size=3)
    with pytest.raises(ValueError, match=r"not positive definite with reg_covar=0 \(component"):
        quiet_fit(x, 1 + seed % 2, reg_covar=0, rng=0)
    x[:, 3] += 1e-6 * rng.normal(size=200)
    assert np.isfinite(quiet_fit(x, 1, reg_covar=0, rng=0).log_likelihood)


@pytest.mark.parametrize("unit", [1e-140, 1e-90, 1e80, 1e140])
def test_the_floor_holds_in_any_unit(unit):
    """Also where the squares of variances are beyond the numbers."""
    x = np.random.default_rng(1).normal(size=(2000, 2))
    x = np.column_stack([x, x.sum(axis=1)])
    floor = 1e-6
    plain = quiet_fit(x, 2, reg_covar=floor, max_iter=3, rng=1)
    scaled = quiet_fit(x * unit, 2, reg_covar=floor * unit * unit, max_iter=3, rng=1)
    assert scaled.floored_components == plain.floored_components == (0, 1)
    for covariance in scaled.mixture.components.covariances / unit / unit:
        # Eigenvalues of a matrix of size 3 are good to a few roundings of it.
        assert np.linalg.eigvalsh(covariance)[0] == pytest.approx(floor, abs=1e-14)


def test_indicators_without_a_floor():
    """Columns that sum to 1."""
    x = np.eye(4)[np.random.default_rng(0).integers(4, size=1000)]
    with pytest.raises(ValueError, match="not positive definite"):
        quiet_fit(x, 1, reg_covar=0, rng=0)


def test_error_can_be_sent_between_processes():
    """Pools send exceptions pickled; one that cannot be read again breaks them."""
    with pytest.raises(ValueError, match="not positive definite") as caught:
        fg.fit(np.ones((10, 3)), 2, reg_covar=0, rng=0)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is type(caught.value)
    assert str(again) == str(caught.value)


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_raised_covariances_are_symmetric(clusters, covariance_type):
    r = quiet_fit(clusters * [1, 1e-4, 1], 2, rng=0, covariance_type=covariance_type)
    assert r.floored_components
    covariances = r.mixture.components.covariances
    assert np.array_equal(covariances, covariances.swapaxes(-1, -2))


# Ranges


def test_small_units_are_named(clusters):
    """Where all the data lie below the floor, raising it is no remedy."""
    with pytest.warns(
        fg.DegenerateWarning, match="x itself varies little, by a standard deviation of 3.1e-05"
    ) as caught:
        fg.fit(clusters * 1e-5, 2, rng=0)
    assert not any("raise reg_covar" in str(w.message) for w in caught)


@pytest.mark.parametrize(("dtype", "unit"), [(np.float32, 1e-25), (np.float64, 1e-165)])
def test_squares_that_underflow(clusters, dtype, unit):
    with pytest.raises(ValueError, match=r"x has no value beyond .* do not underflow; rescale x"):
        fg.fit((clusters * unit).astype(dtype), 2)


def test_empty_component_keeps_its_mean(clusters):
    """Also one that float32 does not hold exactly, next to float32 data."""
    far = np.array([[0.1, 0.2, 1e30], [0.0, 0.0, 0.0]])
    r = quiet_fit(clusters.astype(np.float32), 2, init=far, rng=0)
    assert r.empty_components == (0,)
    assert r.mixture.components.means[0].tolist() == far[0].tolist()
    assert pickle.loads(pickle.dumps(r.mixture)) == r.mixture


@pytest.mark.parametrize(
    ("init", "error", "message"),
    [
        ([[1e39, 0, 0], [0, 0, 0]], ValueError, r"init is 1e\+39 in size, .* range of float32, the type of x"),
        (fg.Normal([0.0, 1.0], 1.0), TypeError, r"init is of type Normal, .* make it a Mixture\(weights, init\)"),
        (None, TypeError, r"init is None, expected 'k-means\+\+', 'random', means"),
    ],
    ids=["beyond float32", "a family object", "None"],
)
def test_bad_starts(clusters, init, error, message):
    with pytest.raises(error, match=message):
        fg.fit(clusters.astype(np.float32), 2, init=init)


def test_start_whose_scales_are_beyond_float32(clusters):
    start = fg.Mixture(None, fg.MultivariateNormal(np.zeros((2, 3)), [1.0, 1e-90], "spherical"))
    with pytest.raises(ValueError, match=r"x is float32, but a mean or scale .*; pass x in float64"):
        fg.fit(clusters.astype(np.float32), 2, covariance_type="spherical", init=start)


def test_a_result_is_no_start(clusters):
    r = fg.fit(clusters, 2, rng=0)
    with pytest.raises(TypeError, match=r"init is of type FitResult, .* init=result\.mixture"):
        fg.fit(clusters, 2, init=r)


# Stopping


def test_callback_stops_all_starts(clusters):
    """Also where its iteration was the last of its start anyway."""
    r = fg.fit(clusters[:, 0], 1, n_init=50, rng=0, callback=lambda _: True)
    assert r.stopped_by_callback
    assert len(r.start_log_likelihoods) == 1


def test_states_compare(clusters):
    states = []
    quiet_fit(clusters, 2, rng=0, max_iter=3, tol=0, callback=states.append)
    assert pickle.loads(pickle.dumps(states[0])) == states[0]
    assert states[0] != states[1]
    assert states[0] != "a state"
    assert len({*states, *states}) == len(states)
