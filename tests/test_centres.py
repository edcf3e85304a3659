"""Components whose means lie near one centre share the differences of points from it, only while that costs no digits."""

from __future__ import annotations

from functools import partial

import cases
import fastgen as fg
import numpy as np
import pytest
import reference
from mpmath import mp, mpf
from reference import LOG_TOLERANCE, close
from scipy import special


def alike(variance, d, covariance_type, k=2):
    """k covariances of independent features of one variance, as their type has them."""
    matrix = variance * np.eye(d)
    return {
        "full": np.stack([matrix] * k),
        "tied": matrix,
        "diag": np.full((k, d), variance),
        "spherical": np.full(k, variance),
    }[covariance_type]


def longest_start(d, is_tied=False):
    """How near a mean must be, in float64: see longest_start in src/cpp/families/multivariate_normal/constants.hpp."""
    return 32.0 if is_tied else min(32.0, 256.0 / d)


@pytest.mark.parametrize("law", [cases.FULL, cases.TIED], ids=repr)
@pytest.mark.parametrize("d", [2, 4, 8, 9, 40])
@pytest.mark.parametrize("apart", [0.97, 1.03, 1e8])
def test_means_apart(law, d, apart, isa):
    """Components share the differences of a point from one centre, or the point times L^-1, only while that costs no digits. At
    1e8 it would cost eight."""
    rng = np.random.default_rng([11, d])
    parameters = law.parameters(rng, 3, d)
    parameters["means"] = (
        np.array([[-0.5], [0.0], [0.5]]) * rng.choice([-1.0, 1.0], size=d) + rng.normal(size=(3, d)) / 8
    )
    covariances = np.broadcast_to(parameters["covariances"], (3, d, d))
    centre = (parameters["means"].min(axis=0) + parameters["means"].max(axis=0)) / 2
    longest = max(
        np.abs(np.tril(np.cumsum(np.linalg.inv(np.linalg.cholesky(a)) * (mean - centre), axis=1))).max()
        for mean, a in zip(parameters["means"], covariances, strict=True)
    )
    parameters["means"] *= apart * longest_start(d, law is cases.TIED) / longest
    m = fg.Mixture(None, law.construct(**parameters))
    x = np.concatenate([parameters["means"][j] + rng.normal(size=(2, d)) for j in range(3)])
    components = [law.reference(parameters, j) for j in range(3)]
    each = m.component_log_prob(x)
    for i, row in enumerate(x):
        value, _, _, values = reference.mixture(m.weights, components, row)
        assert close(m.log_prob(x)[i], value, LOG_TOLERANCE)
        assert all(close(a, b, LOG_TOLERANCE) for a, b in zip(each[i], values, strict=True))


@pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical"])
@pytest.mark.parametrize("d", [2, 8, 16, 32])
@pytest.mark.parametrize("df", [None, 1e-3, 1.0, 30.0])
def test_roundings_of_one_sign(df, d, covariance_type, isa):
    """All features alike, so that their roundings add up, a log density near 0, and means as far from their centre as may be."""
    rng = np.random.default_rng([5, d])
    law = fg.MultivariateNormal if df is None else partial(fg.MultivariateStudentT, df)
    for _ in range(20):
        z = rng.uniform(0.5, 2.0) * (1.0 if df is None else np.sqrt(min(df, d) / d))
        q = d * z * z
        if df is None:
            constant = -0.5 * (d * np.log(2 * np.pi) + q)
        else:
            constant = special.gammaln((df + d) / 2) - special.gammaln(df / 2) - 0.5 * d * np.log(df * np.pi)
            constant -= 0.5 * (df + d) * np.log1p(q / df)
        scale = np.exp(constant / d)  # the log density is 0 at z
        means = np.array([[-1.0], [1.0]]) * rng.uniform(0.0, 1.0) * longest_start(d) * scale * np.ones(d)
        m = fg.Mixture(None, law(means, alike(scale**2, d, covariance_type), covariance_type))
        x = means[1] + z * scale
        variance = mpf(float(scale**2))
        square = mp.fsum((mpf(a) - mpf(b)) ** 2 for a, b in zip(x, means[1], strict=True)) / variance
        if df is None:
            exact = -(d * mp.log(2 * mp.pi * variance) + square) / 2
        else:
            v = mpf(df)
            exact = mp.loggamma((v + d) / 2) - mp.loggamma(v / 2) - d * mp.log(v * mp.pi * variance) / 2
            exact -= (v + d) / 2 * mp.log1p(square / v)
        assert close(m.component_log_prob(x[None])[0, 1], exact, LOG_TOLERANCE)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize(("df", "dtype"), [(1e-30, np.float64), (1e-12, np.float32), (1e-3, np.float32)])
def test_few_degrees_of_freedom(df, dtype, covariance_type):
    """Next to nothing is far from the mean: a shared centre must not move it."""
    means = np.array([[-39.91, -39.91], [39.39, 39.39]], dtype=np.float32).astype(np.float64)
    m = fg.Mixture(None, fg.MultivariateStudentT(df, means, alike(1.69, 2, covariance_type), covariance_type))
    # The two functions are up to 69, of which the reference keeps 69 eps.
    at_mean = special.gammaln(df / 2 + 1) - special.gammaln(df / 2) - np.log(df * np.pi * 1.69)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(m.component_log_prob(means.astype(dtype))[[0, 1], [0, 1]], at_mean, rtol=70 * eps)
    # What is left is of the other component, which has next to no share.
    assert np.abs(m.grad_log_prob(means[1:].astype(dtype))).max() <= 1e-8


def test_centre_does_not_overflow():
    """x - mean is a number and x less a centre between the means is not."""
    m = fg.Mixture(None, fg.MultivariateNormal.from_cholesky([[0.0], [1.6e308]], [[[1e307]], [[1e307]]]))
    expected = -0.5 * 17.0**2 - np.log(1e307) - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(m.component_log_prob([[-1.7e308]])[0, 0], expected, rtol=1e-13)
    for covariance_type in ("full", "tied", "diag", "spherical"):
        m = fg.Mixture(
            None, fg.MultivariateNormal([[0, 0], [1e37, 1e37]], alike(1e72, 2, covariance_type), covariance_type)
        )
        x = np.array([[-3.38e38, 0.0]], dtype=np.float32)
        expected = m.component_log_prob(x.astype(np.float64))[0, 0]
        np.testing.assert_allclose(m.component_log_prob(x)[0, 0], expected, rtol=1e-5)
