"""What is special to laws on surfaces: VonMisesFisher on the sphere, Dirichlet on the simplex.

Densities, bits, golden streams, sampling, saving and bad parameters at moderate parameters are in the generic files, through
cases.py. Statistical tests reject a perfect sampler with probability 1e-6 each; there are about 150.
"""

from __future__ import annotations

import fastgen as fg
import numpy as np
import pytest
import reference
from fastgen import _core
from mpmath import mp, mpf
from statistics_tools import accept, chi_square, correlation, count, ks_normal, reject
from surface_laws import unit, whiten_simplex, whiten_sphere
from test_density import EPS, LOG_TOLERANCE, close

N = 200_000
TOLERANCE = 1e-5  # how far off a surface still counts as on it
CONCENTRATIONS = (0.0, 1e-300, 1e-10, 1e-3, 0.5, 10.0, 35.0, 45.0, 1e3, 1e6)


def sphere(direction, kappa):
    return fg.Mixture(None, fg.VonMisesFisher(np.atleast_2d(direction), kappa))


def simplex(*concentrations):
    return fg.Mixture(None, fg.Dirichlet(np.array(concentrations, dtype=float)))


def some_direction(d):
    return unit(np.random.default_rng(d).normal(size=d))


# Densities


@pytest.mark.parametrize("kappa", CONCENTRATIONS)
@pytest.mark.parametrize("d", [2, 3, 4, 10, 64])
def test_sphere_at_any_concentration(d, kappa, isa):
    """The mean, near it, across from it, opposite; and the same points as float32 holds them: not of length 1."""
    m, rng = sphere(some_direction(d), kappa), np.random.default_rng(7)
    mu = m.components.mean_directions[0]
    x = np.stack([mu, -mu, mu + rng.normal(size=d) / np.sqrt(kappa + 1), rng.normal(size=d), mu + 1e-9])
    x = unit(x)
    density = reference.von_mises_fisher(mu, kappa)
    for points in (x, x.astype(np.float32).astype(float)):
        for row, value in zip(points, m.log_prob(points), strict=True):
            assert close(value, density(reference.exact(row))[0], LOG_TOLERANCE)


@pytest.mark.parametrize("kappa", [0.0, 1e-3, 2.0, 100.0, 1e6])
def test_circle_is_von_mises(kappa):
    angle = np.linspace(-3.1, 3.1, 101)
    circle = sphere([np.cos(0.7), np.sin(0.7)], kappa)
    line = fg.Mixture(None, fg.VonMises(0.7, kappa))
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    # Cosines and sines are rounded, which turns a point by 1e-16: times the slope, kappa at most.
    room = 2 * LOG_TOLERANCE * np.maximum(1, np.abs(line.log_prob(angle))) + 2 * EPS * kappa
    assert (np.abs(circle.log_prob(points) - line.log_prob(angle)) <= room).all()


SHARES = {
    "small": [1e-3, 1e-3, 1e-3],
    "tiny": [1e-300, 1.0, 2.0],
    "large": [1e8, 1e8],
    "large beside small": [1e8, 1e-3, 5.0],
    "large beside 1": [1e8, 1.0, 1.0],
    "below the border": [32.0, 32.0],
    "about the border": [120.0, 1.0, 95.0],
    "beyond it": [300.0, 0.3, 20.0],
    "many": [3.0] * 64,
    "many small": [0.01] * 12,
    "hundreds": [1e3] * 10,
    "whole numbers": [1.0, 1.0, 1.0, 1.0],
    "1e15": [1e15, 3e15],
}


@pytest.mark.parametrize("name", SHARES)
def test_simplex_at_any_concentration(name, isa):
    """Samples, points anywhere, and both as float32 holds them: of a sum that is not 1."""
    a = np.array(SHARES[name])
    m, rng = simplex(a), np.random.default_rng(3)
    x = np.concatenate([m.sample(8, rng=1), rng.dirichlet(np.ones(len(a)), size=4)])
    corner = np.full(len(a), 1e-30)
    corner[0] = 1.0
    x = np.concatenate([x, x.astype(np.float32).astype(float), [corner, corner[::-1]]])
    x = x[(x > 0).all(axis=1)]
    density = reference.dirichlet(a)
    for row, value in zip(x, m.log_prob(x), strict=True):
        assert close(value, density(reference.exact(row))[0], LOG_TOLERANCE)


# Edges


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_is_on_the_sphere(dtype, isa):
    m = fg.Mixture([0.3, 0.7], fg.VonMisesFisher([[0.0, 0.6, 0.8], [1.0, 0.0, 0.0]], [5.0, 0.0]))
    x = unit(np.random.default_rng(1).normal(size=(50, 3)))
    for off in (0.0, 0.9 * TOLERANCE, -0.9 * TOLERANCE):
        on = (x * (1 + off)).astype(dtype)
        # The direction counts: rounding to float32 turns it by 6e-8, times a slope of 5, and rounds the answer.
        room = 1e-14 if dtype is np.float64 else 1e-6
        np.testing.assert_allclose(m.log_prob(on), m.log_prob(x), rtol=room, atol=room)
        assert np.isfinite(m.grad_log_prob(on)).all()
    beside = np.concatenate([x * (1 + off) for off in (1.1 * TOLERANCE, -1.1 * TOLERANCE, 1.0, -1.0, 1e200)])
    beside = beside[np.abs(beside).max(axis=1) < np.finfo(dtype).max].astype(dtype)
    for density in (m.log_prob(beside), m.component_log_prob(beside)):
        assert (density == -np.inf).all()
    assert np.isnan(m.grad_log_prob(beside)).all()
    np.testing.assert_array_equal(m.responsibilities(beside), np.tile(m.weights.astype(dtype), (len(beside), 1)))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_is_on_the_simplex(dtype, isa):
    m = fg.Mixture([0.3, 0.7], fg.Dirichlet([[3.0, 0.6, 2.0], [200.0, 300.0, 300.0]]))
    x = np.random.default_rng(1).dirichlet([2.0, 3.0, 2.0], size=50)
    for off in (0.0, 0.9 * TOLERANCE, -0.9 * TOLERANCE):
        on = (x * (1 + off)).astype(dtype)
        # Rounding moves each share by a relative 6e-8, times concentrations of 300, and rounds the answer.
        room = 1e-13 if dtype is np.float64 else 1e-4
        np.testing.assert_allclose(m.log_prob(on), m.log_prob(x), rtol=room, atol=room)
        assert np.isfinite(m.grad_log_prob(on)).all()
    negative = x[:3] + np.array([0.0, -1.0, 1.0])
    beside = np.concatenate([x * (1 + off) for off in (1.1 * TOLERANCE, -1.1 * TOLERANCE, 1.0, -1.0)] + [negative])
    beside = beside.astype(dtype)
    for density in (m.log_prob(beside), m.component_log_prob(beside)):
        assert (density == -np.inf).all()
    assert np.isnan(m.grad_log_prob(beside)).all()
    np.testing.assert_array_equal(m.responsibilities(beside), np.tile(m.weights.astype(dtype), (len(beside), 1)))


@pytest.mark.parametrize("scale", [1.0, 1000.0], ids=["one form", "the other"])
def test_edges_of_the_simplex(scale, isa):
    """A share of 0: its concentration says which of 0, infinity and a finite number the density is; above 1 decides."""
    last = 2.0 * scale
    m = simplex([0.5, 0.5, last], [1.0, 1.0, last], [1.5, 1.5, last], [0.5, 1.5, last], [1.0, 0.5, last])
    inf = np.inf
    one = m.component_log_prob([0.0, 0.25, 0.75])
    assert one[[0, 2, 3]].tolist() == [inf, -inf, inf]
    both = m.component_log_prob([[0.0, 0.0, 1.0], [-0.0, -0.0, 1.0]])
    for row in both:
        assert row[[0, 2, 3, 4]].tolist() == [inf, -inf, -inf, inf]
    # Concentrations of 1: the density goes on to the edge.
    a = [mpf(1), mpf(1), mpf(last)]
    constant = mp.loggamma(mp.fsum(a)) - mp.loggamma(a[2])
    assert close(one[1], constant + (a[2] - 1) * mp.log(mpf(3) / 4), LOG_TOLERANCE)
    assert all(close(row[1], constant, LOG_TOLERANCE) for row in both)
    # At the other end all of the whole is one share.
    assert m.component_log_prob([1.0, 0.0, 0.0]).tolist() == [-inf] * 5
    # Where densities are infinite those components share the point, by the same parts.
    shares = fg.Mixture([0.2, 0.2, 0.2, 0.1, 0.3], m.components).responsibilities([0.0, 0.0, 1.0])
    assert shares.tolist() == [0.5, 0.0, 0.0, 0.0, 0.5]


def test_gradient_at_the_edge():
    for a, slope in ((0.5, -np.inf), (1.0, 0.0), (1.5, np.inf)):
        for zero in (0.0, -0.0):
            assert simplex([a, 2.0]).grad_log_prob([zero, 1.0]).tolist() == [slope, 1.0]


def test_gradients_are_those_in_space(isa):
    m = fg.Mixture([0.3, 0.7], fg.VonMisesFisher([[0.0, 0.6, 0.8], [1.0, 0.0, 0.0]], [5.0, 2.0]))
    x = unit(np.random.default_rng(1).normal(size=(50, 3)))
    slopes = m.components.concentrations[:, None] * m.components.mean_directions
    np.testing.assert_allclose(m.grad_log_prob(x), m.responsibilities(x) @ slopes, rtol=1e-14, atol=1e-14)
    m = fg.Mixture([0.3, 0.7], fg.Dirichlet([[3.0, 0.6, 2.0], [1.0, 3.0, 0.3]]))
    x = np.random.default_rng(1).dirichlet([1.0, 1.0, 1.0], size=50)
    expected = m.responsibilities(x) @ (m.components.concentrations - 1) / x
    np.testing.assert_allclose(m.grad_log_prob(x), expected, rtol=1e-13, atol=1e-13)


# Moments


@pytest.mark.parametrize("kappa", [0.0, 5e-324, 1e-310, 1e-9, 2e-9, 1e-3, 0.5, 3.0, 20.0, 41.0, 500.0, 1e4, 1e6])
@pytest.mark.parametrize("d", [2, 3, 4, 10, 64])
def test_moments_on_the_sphere(d, kappa):
    """The variance along the mean is a difference that loses kappa digits: here it has all of them."""
    mu, k, order = some_direction(d), mpf(kappa), mpf(d) / 2 - 1
    components = fg.VonMisesFisher(mu[None], kappa)
    if kappa == 0:
        length = mpf(0)
    elif kappa < 1e5:
        length = mp.besseli(order + 1, k) / mp.besseli(order, k)
    else:  # e^-2e6 counts for nothing
        series = [mp.hyp2f0(mpf(1) / 2 - v, mpf(1) / 2 + v, 1 / (2 * k)) for v in (order + 1, order)]
        length = series[0] / series[1]
    across = length / k if kappa else mpf(1) / d
    along = 1 - length**2 - (d - 1) * across
    np.testing.assert_allclose(components.mean[0], float(length) * mu, rtol=1e-14)
    covariance = components.covariance[0]
    turned = [float(mu @ covariance @ mu), float(np.trace(covariance)) - float(mu @ covariance @ mu)]
    scale = float(across)
    np.testing.assert_allclose(turned, [float(along), (d - 1) * scale], rtol=1e-13, atol=d * 4 * EPS * scale)
    np.testing.assert_allclose(components.variance[0], np.diag(covariance), rtol=1e-14)
    axis = fg.VonMisesFisher(np.eye(d)[:1], kappa)
    np.testing.assert_allclose(axis.variance[0, :2], [float(along), scale], rtol=1e-12)


def test_moments_on_the_simplex():
    components = fg.Dirichlet([[2.0, 3.0, 5.0], [1e8, 1e-3, 1e-3]])
    np.testing.assert_allclose(components.mean[0], [0.2, 0.3, 0.5], rtol=1e-15)
    expected = (np.diag([0.2, 0.3, 0.5]) - np.outer([0.2, 0.3, 0.5], [0.2, 0.3, 0.5])) / 11
    np.testing.assert_allclose(components.covariance[0], expected, rtol=1e-14)
    a, total = [mpf(v) for v in components.concentrations[1]], mp.fsum(components.concentrations[1])
    variance = [float(v * (total - v) / total**2 / (total + 1)) for v in a]
    np.testing.assert_allclose(components.variance[1], variance, rtol=1e-14)
    assert np.abs(components.covariance.sum(axis=2)).max() <= 1e-16


# Samplers


@pytest.mark.parametrize("kappa", [0.0, 1e-3, 1.0, 30.0, 1e6, 1e15, 1e300])
@pytest.mark.parametrize("d", [2, 3, 4, 5, 33])
def test_samples_have_length_1(d, kappa, isa):
    """To 2 ulp but for what D squares round, whatever the mean: poles, near them, and anywhere."""
    near = unit(np.eye(d)[0] + 1e-9 * np.ones(d))
    means = [np.eye(d)[0], -np.eye(d)[0], near, -near, np.eye(d)[-1], some_direction(d)]
    m = fg.Mixture(None, fg.VonMisesFisher(means, kappa))
    x, labels = m.sample(3000, rng=3, return_labels=True)
    wide = x.astype(np.longdouble)
    assert np.abs(np.sqrt((wide * wide).sum(axis=1)) - 1).max() <= (2 + d / 4) * EPS
    assert np.isfinite(m.log_prob(x)).all()
    if kappa >= 1e15:  # 12 standard deviations
        assert np.abs(x - m.components.mean_directions[labels]).max() <= 12 / np.sqrt(kappa) + 4 * EPS


@pytest.mark.parametrize("kappa", [0.0, 1e-20, 1e-3, 0.5, 2.0, 1e3, 1e6])
@pytest.mark.parametrize("d", [2, 3, 4, 10])
def test_law_on_the_sphere(d, kappa):
    """The angle and each coordinate of the direction across, as in test_sampling.py. What a normal coordinate is off by is seen
    from 0.012 on as a distance of distribution functions: a concentration 3% off (test_power)."""
    mu = some_direction(d)
    z = whiten_sphere(sphere(mu, kappa).sample(N, rng=11), mu, kappa)
    for i in range(z.shape[1]):
        accept(ks_normal(z[:, i]))
        for j in range(i):
            accept(correlation(z[:, i], z[:, j]))


def test_power():
    mu = some_direction(4)
    x = sphere(mu, 1e3).sample(N, rng=11)
    for wrong in (0.97, 1.03):
        reject(ks_normal(whiten_sphere(x, mu, 1e3 * wrong)[:, 0]))
    turned = unit(mu + 0.03 / np.sqrt(1e3) * unit(np.eye(4)[0]))  # 0.03 standard deviations aside
    z = whiten_sphere(x, turned, 1e3)
    reject(max((ks_normal(part) for part in z.T), key=lambda evidence: evidence[0]))
    a = np.array([3.0, 0.5, 2.0])
    x = simplex(a).sample(N, rng=11)
    for i in range(3):
        wrong = a * np.where(np.arange(3) == i, 1.05, 1.0)
        z = whiten_simplex(x, wrong)
        reject(max((ks_normal(part) for part in z.T), key=lambda evidence: evidence[0]))


@pytest.mark.parametrize("kappa", [1.0, 1e6])
def test_ends_are_not_coarse(kappa):
    """D = 3, whose 1 - cos is an exponential variate below 2: near the mean values keep their digits, and far away nothing is
    cut off. Of the million 61 are expected within 2^-14 of the mean (in units of 1 / kappa), 45 beyond 10 (for 1e6)."""
    m = sphere([0.0, 0.0, 1.0], kappa)
    x = m.sample(1_000_000, rng=21)
    # 1 - cos is half the square of the distance.
    drop = 0.5 * kappa * ((x - [0.0, 0.0, 1.0]) ** 2).sum(axis=1)
    whole = -np.expm1(-2 * kappa)
    accept(count((drop < 2.0**-14).sum(), len(x), -np.expm1(-(2.0**-14)) / whole))
    if kappa > 5:
        accept(count((drop > 10).sum(), len(x), np.exp(-10.0)))
    else:
        # Opposite to the mean, within an angle of 0.01.
        opposite = 1 + x[:, 2] < 5e-5
        accept(count(opposite.sum(), len(x), (np.exp(-2 * kappa) * np.expm1(5e-5 * kappa)) / whole))
    assert np.unique(x[:, 0]).size == len(x)


def test_streams_of_one_law_at_every_concentration():
    """kappa = 0 is uniform whatever the mean; the direction across does not know the angle's concentration."""
    x = sphere(some_direction(4), 0.0).sample(N, rng=5)
    for other in (np.eye(4)[0], some_direction(4), unit(np.array([1.0, -2.0, 0.5, 3.0]))):
        z = whiten_sphere(x, other, 0.0)
        for part in z.T:
            accept(ks_normal(part))


@pytest.mark.parametrize(
    "a",
    [[1e8, 1e8], [1e8, 3e6, 5e7], [0.3, 0.2, 0.5], [0.05, 4.0, 0.1], [1.0, 1.0, 1.0, 1.0], [1.5] * 9, [0.7] * 9],
    ids=str,
)
def test_law_on_the_simplex(a):
    a = np.array(a)
    z = whiten_simplex(simplex(a).sample(N, rng=11), a)
    for i in range(z.shape[1]):
        # Of 0.05 some shares are the smallest doubles, where 1 - share is 1: the other tail tells.
        accept(ks_normal(z[:, i]))
        for j in range(i):
            accept(correlation(z[:, i], z[:, j]))


@pytest.mark.parametrize("scale", [1e-3, 1e-6, 1e-300])
def test_small_concentrations(scale, isa):
    """One share takes nearly all: which one, by the concentrations; none is 0 / 0."""
    a = scale * np.array([1.0, 2.0, 5.0])
    m = simplex(a)
    x = m.sample(N, rng=2)
    assert np.isfinite(x).all()
    assert (x >= 0).all()
    assert np.abs(x.sum(axis=1) - 1).max() <= 4 * EPS
    # P(the largest share is share i) is a_i / A but for the chance that no share takes all, below 10 A.
    taken = np.bincount(x.argmax(axis=1), minlength=3)
    if scale < 1e-4:
        assert (x.max(axis=1) > 1 - 1e-9).mean() > 0.999
        accept(chi_square(taken, N * a / a.sum()))
    # The second largest still has digits, where it is a number at all: log of it is nearly uniform far down.
    if scale == 1e-3:
        second = np.sort(x, axis=1)[:, 1]
        second = second[second > 1e-300]
        assert np.unique(second).size > 0.999 * second.size


def test_small_concentrations_beside_large_ones():
    a = np.array([1e-3, 1e8, 2e8])
    x = simplex(a).sample(N, rng=2)
    assert (x[:, 1:] > 0).all()
    z = whiten_simplex(x[:, 1:] / x[:, 1:].sum(axis=1, keepdims=True), a[1:])
    accept(ks_normal(z))


# float32, keeping, joining


@pytest.mark.parametrize(
    "m", [sphere(some_direction(5), 40.0), simplex([3.0, 0.5, 200.0, 1.0])], ids=["sphere", "simplex"]
)
def test_float32(m, isa):
    """Points in float32 are on the surface, scored in double, and the answer rounded once; samples are rounded."""
    x = m.sample(1001, rng=5)
    narrow = m.sample(1001, rng=5, dtype=np.float32)
    assert np.array_equal(narrow, x.astype(np.float32))
    for method in ("log_prob", "prob", "component_log_prob", "responsibilities", "grad_log_prob"):
        answer = getattr(m, method)(narrow)
        assert answer.dtype == np.float32
        np.testing.assert_array_equal(answer, getattr(m, method)(narrow.astype(np.float64)).astype(np.float32))
        assert np.isfinite(answer).all()


def test_directions_are_scaled():
    given = np.array([[0.6 * (1 + 8e-6), 0.8 * (1 + 8e-6)], [0.6, 0.8]])
    components = fg.VonMisesFisher(given, 1.0)
    assert np.abs(np.linalg.norm(components.mean_directions, axis=1) - 1).max() <= 2 * EPS
    assert components.mean_directions[1].tolist() == [0.6, 0.8]
    again = fg.VonMisesFisher(components.mean_directions, 1.0)
    assert again == components
    assert given[0, 0] != 0.6  # nobody's array is changed


@pytest.mark.parametrize(
    "block", [fg.VonMisesFisher(np.eye(3), [1.0, 2.0, 3.0]), fg.Dirichlet(np.arange(1.0, 10.0).reshape(3, 3))], ids=repr
)
def test_blocks_join(block):
    m = fg.Mixture(None, [block[0], block[[1, 2]]])
    assert m.components == block
    assert m == fg.Mixture(None, block)


def test_core_refuses_other_measures():
    """From C++ too: laws on a surface mix with their like only."""
    parts = [
        fg.VonMisesFisher([[1.0, 0.0]], 1.0),
        fg.Dirichlet([[1.0, 1.0]]),
        fg.MultivariateNormal([[0.0, 0.0]], 1.0, "diag"),
    ]
    for one in parts:
        for other in parts:
            if one is not other:
                with pytest.raises(ValueError, match="with their like only"):
                    _core.Mixture(np.array([0.5, 0.5]), [one._core, other._core])
