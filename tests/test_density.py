"""Densities and their relatives against 50 digits.

The promise (DESIGN, section 2): log densities within 1e-13 relative, or absolute near 0, on well-conditioned models.
"""

from __future__ import annotations

from functools import cache

import cases
import fastgen as fg
import numpy as np
import pytest
import reference
from mpmath import mp, mpf
from reference import LOG_TOLERANCE, close

EPS = np.finfo(np.float64).eps
EPS32 = np.finfo(np.float32).eps


@cache
def reference_at(case, n):
    """Everything about each of the n points of the case; worked out once for all instruction sets."""
    components = case.references()
    return [reference.mixture(case.mixture().weights, components, row) for row in case.points(n)]


@cache
def slopes_at(case, n):
    """The gradient of each component at the first two of these points."""
    return [[f(reference.exact(np.atleast_1d(row)))[1] for f in case.references()] for row in case.points(n)[:2]]


@pytest.mark.parametrize("case", cases.DENSITY_CASES, ids=repr)
def test_against_50_digits(case, isa):
    m = case.mixture()
    # The slow part is mpmath: fewer points for large problems.
    n = max(2, 12 - case.k * case.d // 40)
    x = case.points(n)
    log_prob, prob = m.log_prob(x), m.prob(x)
    each, shares, assigned = m.component_log_prob(x), m.responsibilities(x), m.assign(x)
    gradient = None if case.discrete else np.reshape(m.grad_log_prob(x), (len(x), case.d))
    for i, (lp, grad, resp, lps) in enumerate(reference_at(case, n)):
        assert close(log_prob[i], lp, LOG_TOLERANCE)
        assert all(close(a, b, LOG_TOLERANCE) for a, b in zip(each[i], lps, strict=True))
        # exp turns an absolute error of the logarithm into a relative one (and adds an ulp).
        slack = LOG_TOLERANCE * max(1, abs(lp)) + 2 * EPS
        assert abs(mpf(float(prob[i])) - mp.exp(lp)) <= slack * mp.exp(lp) + 1e-300
        # A responsibility is exp(difference of two logarithms); both are off by LOG_TOLERANCE times their size.
        # A component whose support ends before the point has logarithm -inf and no share.
        sizes = [max(1, abs(a)) + max(1, abs(lp)) if mp.isfinite(a) else 1 for a in lps]
        for a, b, size in zip(shares[i], resp, sizes, strict=True):
            assert abs(mpf(float(a)) - b) <= LOG_TOLERANCE * size * b + 1e-300
        assert resp[assigned[i]] >= max(resp) * (1 - 4 * LOG_TOLERANCE * max(sizes))
        # The gradient is the sum over components of responsibility times that of the component: its error is at most
        # the error of the responsibilities times the size of the terms, which may cancel in the sum.
        if i >= 2 or case.discrete:
            continue
        slopes = slopes_at(case, n)[i]
        for d in range(case.d):
            terms = sum(r * max(abs(v) for v in g) * s for r, g, s in zip(resp, slopes, sizes, strict=True) if r)
            assert abs(mpf(float(gradient[i, d])) - grad[d]) <= 2 * LOG_TOLERANCE * terms + 1e-300


@pytest.mark.parametrize("case", cases.DENSITY_CASES, ids=repr)
def test_rows_sum_to_one(case):
    shares = case.mixture().responsibilities(case.points(500))
    # The divisor is a sum of K terms one after the other, K - 1 roundings of eps / 2; then each quotient (reciprocal and
    # product) and NumPy's sum add a few.
    assert np.abs(shares.sum(axis=1) - 1).max() <= (case.k + 8) * EPS / 2
    assert (shares >= 0).all()


@pytest.mark.parametrize("case", [c for c in cases.DENSITY_CASES if not c.discrete], ids=repr)
def test_gradient_is_the_slope_of_log_prob(case):
    """Central differences of log_prob: catches a gradient that belongs to another function."""
    m, x = case.mixture(), case.points(20, seed=3)
    points = x.reshape(len(x), case.d)
    direction = np.random.default_rng(5).normal(size=points.shape)
    along = case.parts[0][0].along
    direction = along(points, direction) if along else direction
    # Truncation h^2 / 6 times the third derivative, which near the end of a support is 1e7; rounding 1e-13 * 100 / h = 1e-6.
    h = 1e-5
    ahead, behind = (m.log_prob((points + s * h * direction).reshape(x.shape)) for s in (1, -1))
    slope = (np.reshape(m.grad_log_prob(x), points.shape) * direction).sum(axis=1)
    assert np.abs((ahead - behind) / (2 * h) - slope).max() <= 1e-4 * (1 + np.abs(slope).max())


# What is too far below the largest to count is left out


@pytest.mark.parametrize("spread", [0.0, 0.3, 1.0, 3.0, 30.0])
@pytest.mark.parametrize(("k", "d"), [(5, 1), (1000, 1), (1000, 2), (16, 8), (16, 40), (300, 33), (4, 70)])
def test_negligible_components_do_not_show(k, d, spread, isa):
    """log_prob and its relatives, which leave out what is negligible, against component_log_prob, which leaves out nothing."""
    rng = np.random.default_rng([k, d])
    parameters = cases.FULL.parameters(rng, k, d)
    parameters["means"] *= spread / 3
    weights = rng.uniform(0.1, 1, k)
    weights[1], weights[2] = 0.0, 1e-300
    m = fg.Mixture(weights, cases.FULL.construct(**parameters))
    x = m.sample(500, rng=1)
    x[::50] += 1e3
    x[-5:] += 1e8
    with np.errstate(divide="ignore"):
        each = m.component_log_prob(x) + np.log(m.weights)
    top = each.max(axis=1)
    expected = top + np.log(np.exp(each - top[:, None]).sum(axis=1))
    # Both sides round K sums and a few logarithms: well within the tolerance for each against the exact value.
    np.testing.assert_allclose(m.log_prob(x), expected, rtol=LOG_TOLERANCE, atol=LOG_TOLERANCE)
    np.testing.assert_array_equal(m.assign(x), each.argmax(axis=1))
    shares = np.exp(each - expected[:, None])
    np.testing.assert_allclose(m.responsibilities(x), shares, rtol=1e-12 * max(1, np.abs(expected).max()), atol=1e-300)


# Offsets: x - mean comes first and is exact, so an offset common to both costs nothing.

OFFSET = 1e8


@pytest.mark.parametrize("law", cases.GAUSSIAN, ids=repr)
def test_offset(law):
    k, d = 3, 1 if law.scalar else 3
    case = cases.case((law, k), d=d)
    (parameters,) = case.parameters()
    location = next(iter(parameters))  # the first parameter of every row is its location
    parameters[location] = np.round(parameters[location] * 256) / 256 + OFFSET  # exact in float64
    m = fg.Mixture(case.weights(), law.construct(**parameters))
    x = np.round(case.points(8) * 256) / 256 + OFFSET
    components = [law.reference(parameters, j) for j in range(k)]
    for row, value in zip(x, m.log_prob(x), strict=True):
        assert close(value, reference.mixture(m.weights, components, row)[0], LOG_TOLERANCE)


@pytest.mark.parametrize("law", cases.GAUSSIAN, ids=repr)
def test_far_points(law):
    """1e8 away from every mean: log densities of -1e15 and beyond, still to 1e-13."""
    case = cases.case((law, 3), d=1 if law.scalar else 3)
    m = case.mixture()
    for distance in (1e3, 1e8, -1e8, 1e120):
        x = case.points(2) + distance
        for row, value in zip(x, m.log_prob(x), strict=True):
            expected = reference.mixture(m.weights, case.references(), row)[0]
            assert np.isfinite(value)
            assert close(value, expected, LOG_TOLERANCE)


# Condition number

CONDITION = 1e10


def ill_conditioned(d):
    q, _ = np.linalg.qr(np.random.default_rng(13).normal(size=(d, d)))
    a = (q * np.geomspace(1, 1 / CONDITION, d)) @ q.T
    return (a + a.T) / 2


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
@pytest.mark.parametrize("d", [2, 4, 12])
def test_condition_number_of_covariances(d, covariance_type):
    """The Cholesky factorisation is exact for a matrix within (d + 1) eps |A| of A (Higham 2002, theorem 10.3), which
    changes x' A^-1 x by that times |A^-1|: relatively, (d + 1) eps times the condition number."""
    a = ill_conditioned(d)
    m = fg.Mixture(
        None, fg.MultivariateNormal(np.zeros((1, d)), a if covariance_type == "tied" else a[None], covariance_type)
    )
    component = reference.multivariate_normal(np.zeros(d), reference.cholesky(reference.exact(a)))
    x = np.random.default_rng(17).normal(size=(10, d))
    for row, value in zip(x, m.log_prob(x), strict=True):
        assert close(value, component(reference.exact(row))[0], (d + 1) * EPS * CONDITION)


@pytest.mark.parametrize("d", [2, 4, 12])
def test_condition_number_of_factors(d):
    """Given the factor, only its inverse is rounded: d eps times the condition number of the factor, the square root
    of that of the covariance."""
    lower = np.linalg.cholesky(ill_conditioned(d))
    m = fg.Mixture(None, fg.MultivariateNormal.from_cholesky(np.zeros((1, d)), lower[None]))
    component = reference.multivariate_normal(np.zeros(d), reference.exact(lower))
    x = np.random.default_rng(17).normal(size=(10, d))
    for row, value in zip(x, m.log_prob(x), strict=True):
        # |L| |L^-1| may exceed sqrt(CONDITION) by the growth of an inverse computed row by row: at most d.
        assert close(value, component(reference.exact(row))[0], 2 * d * d * EPS * np.sqrt(CONDITION))


@pytest.mark.parametrize("law", [cases.DIAG, cases.NORMAL], ids=repr)
def test_condition_number_of_independent_features(law):
    """Independent features have no condition: 1e-13 whatever the scales."""
    if law.scalar:
        parameters = {"loc": np.zeros(2), "scale": np.array([1e-150, 1e150])}
        x = np.array([1e-151, 1e-100, 1.0, 1e149, 0.0])
    else:
        parameters = {"means": np.zeros((1, 3)), "covariances": np.array([[1e-200, 1.0, 1e200]])}
        x = np.array([[1e-100, 0.5, 1e100], [1e-99, -2.0, 0.0]])
    m = fg.Mixture(None, law.construct(**parameters))
    components = [law.reference(parameters, j) for j in range(m.n_components)]
    for row, value in zip(x, m.log_prob(x), strict=True):
        assert close(value, reference.mixture(m.weights, components, row)[0], LOG_TOLERANCE)


# Weights


def small_mixture(law, weights):
    case = cases.case((law, len(weights)), d=1 if law.scalar else 2)
    (parameters,) = case.parameters()
    return fg.Mixture(weights, law.construct(**parameters)), case


@pytest.mark.parametrize("law", cases.LAWS, ids=repr)
def test_weight_zero_never_contributes(law):
    m, case = small_mixture(law, [0.5, 0.0, 0.5])
    (parameters,) = case.parameters()
    keep = [0, 2]
    without = fg.Mixture(None, law.construct(**parameters)[keep])
    x = np.concatenate([case.points(200), case.points(5) + 1e6])
    # Not the same bits: tied components are centred on all their means. Each side is within 1e-13 of the truth, and the
    # far points have logarithms of 1e12, in whose difference 1e-13 of that remains.
    lp = without.log_prob(x)
    np.testing.assert_allclose(m.log_prob(x), lp, rtol=2 * LOG_TOLERANCE, atol=2 * LOG_TOLERANCE)
    near = np.abs(lp) < 100
    if not law.discrete:
        np.testing.assert_allclose(m.grad_log_prob(x)[near], without.grad_log_prob(x)[near], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(m.responsibilities(x)[near][:, keep], without.responsibilities(x)[near], rtol=1e-10)
    assert (m.responsibilities(x)[:, 1] == 0).all()
    assert not (m.assign(x) == 1).any()
    # Its own density is still told.
    own, expected = m.component_log_prob(x[:1])[0, 1], case.references()[1](reference.exact(np.atleast_1d(x[0])))[0]
    assert own == expected or close(own, expected, LOG_TOLERANCE)  # the former where both are -inf


def test_weight_zero_times_infinity():
    """A component of weight 0 whose density overflows at the point: 0 times inf must not make NaN."""
    m = fg.Mixture([1.0, 0.0], fg.Normal([0.0, 3.0], [1.0, 2.3e-308]))
    assert m.component_log_prob([3.0])[0, 1] > 700  # its density is beyond the largest double
    x = np.array([0.0, 3.0])
    expected = -0.5 * x**2 - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(m.log_prob(x), expected, rtol=2e-15)
    np.testing.assert_allclose(m.grad_log_prob(x), -x, rtol=2e-15)
    assert np.isfinite(m.prob(x)).all()


def test_weight_1e_300():
    """Where the heavy component has no density left, one of weight 1e-300 is all there is."""
    m = fg.Mixture([1.0, 1e-300], fg.Normal([0.0, 100.0], 1.0))
    components = [reference.normal([0.0, 100.0], [1.0, 1.0], j) for j in range(2)]
    x = np.array([0.0, 30.0, 50.0, 60.0, 70.0, 100.0, 130.0])
    for row, value, shares in zip(x, m.log_prob(x), m.responsibilities(x), strict=True):
        lp, _, resp, _ = reference.mixture(m.weights, components, row)
        assert close(value, lp, LOG_TOLERANCE)
        assert all(abs(a - float(b)) <= 1e-10 * float(b) + 1e-305 for a, b in zip(shares, resp, strict=True))
    assert m.assign(x).tolist() == [0, 0, 0, 1, 1, 1, 1]  # equal at 50 + 3 log(10) = 56.9


# Points without a density, and without a value


@pytest.mark.parametrize("case", [c for c in cases.BIT_CASES if c.gaussian], ids=repr)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_all_components_at_minus_infinity(case, dtype, isa):
    """A point whose squared distance overflows has density 0, not NaN: max - max would be inf - inf."""
    m = case.mixture()
    x = case.points(70, dtype)
    huge = np.finfo(dtype).max / 2
    x[5], x[64] = huge, -huge
    lp, shares = m.log_prob(x), m.responsibilities(x)
    assert (lp[[5, 64]] == -np.inf).all()
    assert (m.prob(x)[[5, 64]] == 0).all()
    assert (m.component_log_prob(x)[[5, 64]] == -np.inf).all()
    # As documented: far from everything, the responsibilities are the weights.
    np.testing.assert_allclose(shares[[5, 64]], np.tile(m.weights.astype(dtype), (2, 1)), rtol=4 * np.finfo(dtype).eps)
    others = np.delete(np.arange(70), [5, 64])
    np.testing.assert_array_equal(lp[others], m.log_prob(x[others]))
    assert np.isfinite(lp[others]).all()


@pytest.mark.parametrize("case", [c for c in cases.BIT_CASES if c.parts[0][0] is not cases.PRODUCT], ids=repr)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_nan_and_infinite_rows(case, dtype, isa):
    """NaN in, NaN out, for that row alone; an infinite point has density 0."""
    m = case.mixture()
    x = case.points(150, dtype)
    clean = x.copy()
    x[3], x[149] = np.nan, np.nan
    if case.scalar:
        x[[70, 71]] = np.inf, -np.inf
    else:
        x[70, 0], x[71, -1] = np.inf, -np.inf
        x[64] = clean[64]
        x[64, case.d // 2] = np.nan  # one NaN among good values
    nans = [3, 149] if case.scalar else [3, 64, 149]
    good = np.setdiff1d(np.arange(150), [3, 64, 70, 71, 149])
    methods = (m.log_prob, m.prob, m.component_log_prob, m.responsibilities, m.grad_log_prob)
    for method in methods[: -1 if case.discrete else None]:
        answer = method(x)
        assert np.isnan(answer[nans]).all()
        np.testing.assert_array_equal(answer[good], method(clean)[good])
        assert not np.isnan(answer[good]).any()
    if not case.discrete:
        assert np.isnan(m.grad_log_prob(x)[[70, 71]]).all()  # no slope at infinity, of any feature
    assert (m.log_prob(x)[[70, 71]] == -np.inf).all()
    assert (m.prob(x)[[70, 71]] == 0).all()
    assert (m.assign(x)[nans] == -1).all()
    assert (m.assign(x)[good] == m.assign(clean)[good]).all()


# float32


# Scalar laws other than the normal one compute float32 in double: test_laws.py.
FLOAT_CASES = [case for case in cases.DENSITY_CASES if all(law in cases.GAUSSIAN for law, _ in case.parts)]


@pytest.mark.parametrize("case", FLOAT_CASES, ids=repr)
def test_float32(case, isa):
    """float32 in, float32 out, within the error of the arithmetic.

    With y = P (x - mu), P the inverse of the factor, rounding mu and P to float32 and D + 2 operations per row move
    y_i by at most e_i = (D + 3) eps sum_j |P_ij| (|x_j - mu_j| + |mu_j|), and |y|^2 / 2 by sum |y_i| e_i + |e|^2 / 2;
    its own sum adds D eps |y|^2 / 2. The constant and the logarithm of the sum add a few eps of their sizes. The error
    of the mixture is the mean of the components' errors, each taken where it is largest, weighted by responsibility.
    """
    m = case.mixture()
    x = case.points(400, np.float32)
    wide = x.astype(np.float64)
    points = wide.reshape(len(x), case.d)
    blocks = m.components if isinstance(m.components, tuple) else (m.components,)
    mean = np.concatenate([np.reshape(b.mean, (len(b), case.d)) for b in blocks])
    covariance = np.concatenate([np.reshape(b.covariance, (len(b), case.d, case.d)) for b in blocks])
    inverse = np.linalg.inv(np.linalg.cholesky(covariance))
    each = m.component_log_prob(wide)
    bounds = np.empty_like(each)
    for k in range(case.k):
        difference = points - mean[k]
        y = np.abs(difference @ inverse[k].T)
        e = (case.d + 3) * EPS32 * ((np.abs(difference) + np.abs(mean[k])) @ np.abs(inverse[k]).T)
        square = (y * y).sum(axis=1)
        constant = np.abs(each[:, k] + square / 2)
        bounds[:, k] = (y * e).sum(axis=1) + (e * e).sum(axis=1) / 2 + EPS32 * (case.d * square / 2 + 3 * constant + 1)
    weighted = bounds + 2 * EPS32 * np.abs(np.log(m.weights))
    shares = m.responsibilities(wide)
    # exp(bound) allows for the second order where a bound is not small.
    bound = np.log((shares * np.exp(np.minimum(weighted, 700))).sum(axis=1)) + 4 * EPS32 * (
        1 + np.abs(m.log_prob(wide))
    )
    answer = m.log_prob(x)
    assert answer.dtype == np.float32
    assert (np.abs(answer - m.log_prob(wide)) <= bound).all()
    assert (np.abs(m.component_log_prob(x) - each) <= bounds + 4 * EPS32 * np.abs(each)).all()
    # Responsibilities: their logarithms are off by the errors of two log densities.
    slack = np.expm1(np.minimum(weighted + bound[:, None], 700))
    assert (np.abs(m.responsibilities(x) - shares) <= shares * slack + 1e-37).all()
    for method in (m.prob, m.responsibilities, m.component_log_prob, *(() if case.discrete else (m.grad_log_prob,))):
        assert method(x).dtype == np.float32
    # The bound must have teeth: float32 arithmetic on a wrong mean would break it.
    assert np.median(bound) < 0.02


# A scale of 1e-60 is 0 in float32 and its reciprocal infinite; one of 1e-40 keeps few digits; 1e39 is infinite.
BEYOND_FLOAT32 = {
    "scale 1e-60": fg.Normal([0.0, 3.0], [1.0, 1e-60]),
    "scale 1e-40": fg.Normal([0.0, 3.0], [1.0, 1e-40]),
    "scale 1e39": fg.Normal([0.0, 3.0], [1.0, 1e39]),
    "scale 2e38": fg.Normal([0.0, 3.0], [1.0, 2e38]),  # itself a float32, its reciprocal none of full precision
    "mean 1e39": fg.Normal([0.0, 1e39], [1.0, 1e39]),
    "diag": fg.MultivariateNormal([[0.0, 0.0], [3.0, 1.0]], [[1.0, 1.0], [1.0, 1e-80]], "diag"),
    "spherical": fg.MultivariateNormal([[0.0, 0.0], [1e39, 0.0]], [1.0, 1.0], "spherical"),
    "full": fg.MultivariateNormal.from_cholesky([[0.0, 0.0]], [[[1e-25, 0.0], [1.0, 1e-25]]]),  # inverse: 1e50
    "tied": fg.MultivariateNormal([[0.0, 0.0], [1e-3, 0.0]], [[1e-78, 0.0], [0.0, 1.0]], "tied"),
}


@pytest.mark.parametrize("name", BEYOND_FLOAT32)
def test_float32_with_parameters_beyond_its_range(name, isa):
    """What float32 cannot hold is computed in float64, and the answer rounded."""
    m = fg.Mixture(None, BEYOND_FLOAT32[name])
    shape = (501,) if m.n_features == 1 else (501, 2)
    x = np.random.default_rng(1).normal(scale=3.0, size=shape).astype(np.float32)
    x[:4].T[...] = 0.0, 3.0, 1e38, -1e-38
    with np.errstate(over="ignore", under="ignore"):
        for method in ("log_prob", "prob", "component_log_prob", "responsibilities", "grad_log_prob"):
            answer = getattr(m, method)(x)
            assert answer.dtype == np.float32
            np.testing.assert_array_equal(answer, getattr(m, method)(x.astype(np.float64)).astype(np.float32), method)
        np.testing.assert_array_equal(m.assign(x), m.assign(x.astype(np.float64)))
        if m.n_features == 1:
            np.testing.assert_array_equal(m.cdf(x), m.cdf(x.astype(np.float64)).astype(np.float32))
            q = np.linspace(0.001, 0.999, 99).astype(np.float32)
            np.testing.assert_array_equal(m.icdf(q), m.icdf(q.astype(np.float64)).astype(np.float32))
        drawn, labels = m.sample(501, rng=1, start=5, dtype=np.float32, return_labels=True)
        expected, of = m.sample(501, rng=1, start=5, return_labels=True)
        np.testing.assert_array_equal(drawn, expected.astype(np.float32))
        np.testing.assert_array_equal(labels, of)
        many = m.sample(200_000, rng=1, dtype=np.float32)  # several slices
        np.testing.assert_array_equal(many[-1000:], m.sample(1000, rng=1, start=199_000, dtype=np.float32))


def test_float32_with_small_numbers_that_do_not_matter():
    """A covariance of 1e-60 between two features is 0 in float32, and no reason to compute in float64."""
    lower = np.array([[[1.0, 0.0], [1e-60, 1.0]]])
    x = np.random.default_rng(1).normal(size=(100, 2)).astype(np.float32)
    near = fg.Mixture(None, fg.MultivariateNormal.from_cholesky([[0.1, 0.2]], lower))
    plain = fg.Mixture(None, fg.MultivariateNormal.from_cholesky([[0.1, 0.2]], np.eye(2)[None]))
    np.testing.assert_array_equal(near.log_prob(x), plain.log_prob(x))
    assert (near.log_prob(x) != near.log_prob(x.astype(np.float64)).astype(np.float32)).any()


# Distribution functions

MIXTURES = {
    "one": ([1.0], [0.0], [1.0]),
    "three": ([0.2, 0.5, 0.3], [-3.0, 0.5, 4.0], [0.4, 2.0, 1.0]),
    "far apart": ([0.5, 0.5], [-1e6, 1e6], [1.0, 1.0]),
    "scales 1e12 apart": ([0.9, 0.1], [0.0, 0.0], [1e-6, 1e6]),
    "weight 1e-12": ([1.0, 1e-12], [0.0, 50.0], [1.0, 0.1]),
    "offset": ([0.4, 0.6], [1e8, 1e8 + 3], [1.0, 2.0]),
    "scales 1e100 apart": ([0.3, 0.3, 0.4], [0.0, 1e-50, 1e50], [1e-50, 1e-55, 1e49]),
    "stairs": (np.full(40, 1 / 40), np.arange(40) * 1e4, np.full(40, 1e-3)),
}
TAILS = [1e-300, 1e-100, 1e-17, 1e-10, 1e-3, 0.1, 0.2, 0.4999999, 0.5, 0.75, 0.9, 1 - 1e-3, 1 - 1e-10, 1 - EPS / 2]


@cache
def cdf_at(name):
    """The mixture, points over all of it, and its distribution function at each."""
    weights, loc, scale = map(np.array, MIXTURES[name])
    m = fg.Mixture(weights, fg.Normal(loc, scale))
    z = np.array([-37.0, -20.0, -8.0, -3.0, -1.0, -1e-3, 0.0, 1e-9, 0.5, 2.0, 6.0, 9.0])
    x = (loc[:, None] + scale[:, None] * z).ravel()
    return m, x, [reference.normal_mixture_cdf(m.weights, loc, scale, mpf(float(point))) for point in x]


@pytest.mark.parametrize("name", MIXTURES)
def test_cdf(name, isa):
    m, x, exact = cdf_at(name)
    for value, expected in zip(m.cdf(x), exact, strict=True):
        # A tail beyond the smallest normal double (z < -37.5) keeps no relative accuracy.
        assert abs(mpf(float(value)) - expected) <= 1e-12 * expected + 1e-307
    assert (np.diff(m.cdf(np.sort(x))) >= 0).all()
    assert m.cdf([-np.inf, np.inf]).tolist() == [0.0, 1.0]
    assert np.isnan(m.cdf(np.nan))


@pytest.mark.parametrize("name", MIXTURES)
def test_icdf(name, isa):
    """F at x (1 - 1e-12) and x (1 + 1e-12), exactly, lie on both sides of q."""
    weights, loc, scale = map(np.array, MIXTURES[name])
    m = fg.Mixture(weights, fg.Normal(loc, scale))
    for q, x in zip(TAILS, m.icdf(TAILS), strict=True):
        assert np.isfinite(x)
        room = mpf(1e-12) * max(abs(mpf(float(x))), mpf(float(scale.min())))
        below, above = (reference.normal_mixture_cdf(m.weights, loc, scale, mpf(float(x)) + s * room) for s in (-1, 1))
        # Weights sum to 1 only within rounding, so that F tops out within an ulp or two of 1.
        assert below - 4 * EPS * (q > 0.5) <= mpf(q) * (1 + mpf(1e-12))
        assert above + 4 * EPS * (q > 0.5) >= mpf(q) * (1 - mpf(1e-12))
    assert m.icdf([0.0, 1.0]).tolist() == [-np.inf, np.inf]
    assert np.isnan(m.icdf(np.nan))


@pytest.mark.parametrize("name", MIXTURES)
def test_cdf_and_icdf_are_inverse(name):
    weights, loc, scale = map(np.array, MIXTURES[name])
    m = fg.Mixture(weights, fg.Normal(loc, scale))
    q = np.concatenate([np.geomspace(1e-300, 0.5, 200), np.random.default_rng(1).random(2000)])
    # The cdf amplifies a rounding of x, eps |x|, by the density.
    room = 1e-12 * q + 2 * EPS * np.abs(m.icdf(q)) * m.prob(m.icdf(q))
    assert (np.abs(m.cdf(m.icdf(q)) - q) <= room).all()
    # Increasing, but for the last place of x.
    x = m.icdf(np.sort(q))
    assert (np.diff(x) >= -np.spacing(np.abs(x[1:]))).all()


def test_icdf_of_the_whole_number_line():
    """A bracket whose width overflows, and quantiles that overflow themselves."""
    m = fg.Mixture(None, fg.Normal([-1.5e308, 1.5e308], [1e300, 1e300]))
    np.testing.assert_allclose(m.icdf([0.25, 0.75]), [-1.5e308, 1.5e308], rtol=1e-12)
    wide = fg.Mixture(None, fg.Normal([0.0, 1e308], [1.0, 1e308]))
    x = wide.icdf([0.25, 0.5 - 1e-9, 1 - 1e-15])
    assert np.isfinite(x[:2]).all()
    assert x[2] > 1e308
    room = 1e-12 + 2 * EPS * np.abs(x[:2]) * wide.prob(x[:2])
    assert (np.abs(wide.cdf(x[:2]) - [0.25, 0.5 - 1e-9]) <= room).all()


def test_icdf_is_the_same_beside_any_other():
    """Lanes are searched together; none may show in another's answer."""
    weights, loc, scale = MIXTURES["stairs"]
    m = fg.Mixture(weights, fg.Normal(loc, scale))
    q = np.random.default_rng(1).random(100)
    together = m.icdf(q)
    assert together.tolist() == [m.icdf(each) for each in q]
    assert together[::-1].tolist() == m.icdf(q[::-1]).tolist()


def test_cdf_float32():
    m = fg.Mixture([0.2, 0.5, 0.3], fg.Normal([-3.0, 0.5, 4.0], [0.4, 2.0, 1.0]))
    x = np.linspace(-8, 10, 1001).astype(np.float32)
    answer, expected = m.cdf(x), m.cdf(x.astype(np.float64))
    assert answer.dtype == np.float32
    # z is off by 2 eps (|z| + |loc| / scale); the logarithm of a tail changes by at most (|z| + 1) per unit of z.
    z = np.abs(x[:, None] - [-3.0, 0.5, 4.0]) / [0.4, 2.0, 1.0]
    room = (2 * EPS32 * (z + 7.5) * (z + 1)).max(axis=1) + 8 * EPS32
    assert (np.abs(answer - expected) <= room * expected).all()
    q = np.linspace(0.001, 0.999, 999).astype(np.float32)
    back = m.cdf(m.icdf(q).astype(np.float64))
    assert m.icdf(q).dtype == np.float32
    # A quantile is as good as its q and its own last place.
    assert (np.abs(back - q) <= 4 * EPS32 + 4 * EPS32 * np.abs(m.icdf(q)) * m.prob(m.icdf(q))).all()


# Moments, marginals and conditionals


@pytest.mark.parametrize("case", cases.SMALL_CASES, ids=repr)
def test_moments(case):
    m = case.mixture()
    blocks = m.components if isinstance(m.components, tuple) else (m.components,)
    w = m.weights
    mean = np.concatenate([np.reshape(b.mean, (len(b), case.d)) for b in blocks])
    covariance = np.concatenate([np.reshape(b.covariance, (len(b), case.d, case.d)) for b in blocks])
    centre = w @ mean
    total = np.einsum("k,kij->ij", w, covariance) + np.einsum("k,ki,kj->ij", w, mean - centre, mean - centre)
    # K products and sums, each rounded once or twice, of terms no larger than those summed in absolute value.
    tolerance = 8 * case.k * EPS
    np.testing.assert_allclose(np.atleast_1d(m.mean), centre, rtol=0, atol=tolerance * (w @ np.abs(mean)).max())
    np.testing.assert_allclose(np.atleast_2d(m.covariance), total, rtol=0, atol=tolerance * np.abs(total).max())


MULTIVARIATE = [cases.case((law, 3), d=4) for law in cases.GAUSSIAN if not law.scalar]


def gaussian_parts(m):
    """Weights, means (K, D) and covariances (K, D, D) of a multivariate mixture."""
    blocks = m.components if isinstance(m.components, tuple) else (m.components,)
    return m.weights, np.concatenate([b.mean for b in blocks]), np.concatenate([b.covariance for b in blocks])


@pytest.mark.parametrize("case", MULTIVARIATE, ids=repr)
@pytest.mark.parametrize("features", [[0], [2], [1, 3], [3, 0, 2], [-1, 1]])
def test_marginal(case, features):
    m = case.mixture()
    part = m.marginal(features)
    w, mean, covariance = gaussian_parts(m)
    np.testing.assert_array_equal(part.weights, w)
    _, pmean, pcov = gaussian_parts(part)
    np.testing.assert_array_equal(pmean, mean[:, features])
    # The factor of the rows is found by D reflections, each within a few D eps.
    np.testing.assert_allclose(
        pcov, covariance[:, features][:, :, features], rtol=0, atol=40 * EPS * np.abs(covariance).max()
    )
    if len(features) == 1:
        scalar = m.marginal(features[0])
        x = np.linspace(-5, 5, 50)
        # Condition numbers are below 10 here, D is 4: 1e-13 as for any log density, twice.
        np.testing.assert_allclose(scalar.log_prob(x), part.log_prob(x[:, None]), rtol=2e-13, atol=2e-13)
        assert scalar.components.__class__ is fg.Normal


@pytest.mark.parametrize("case", MULTIVARIATE, ids=repr)
@pytest.mark.parametrize("features", [[0], [2], [1, 3], [3, 0, 2], [-1, 1]])
def test_condition(case, features):
    """Means and covariances by the formula; and the density by p(a, b) = p(a | b) p(b)."""
    m = case.mixture()
    values = np.linspace(-1, 2, len(features))
    given = m.condition(features, values)
    known = [f % 4 for f in features]
    rest = [f for f in range(4) if f not in known]
    _, mean, covariance = gaussian_parts(m)
    _, gmean, gcov = gaussian_parts(given)
    for k in range(case.k):
        s_ab, s_bb = covariance[k][np.ix_(rest, known)], covariance[k][np.ix_(known, known)]
        gain = np.linalg.solve(s_bb, s_ab.T).T
        # Condition numbers below 10 and D = 4: solving in double loses about 10 D eps; allow ten times that.
        np.testing.assert_allclose(gmean[k], mean[k][rest] + gain @ (values - mean[k][known]), rtol=1e-13, atol=1e-12)
        np.testing.assert_allclose(gcov[k], covariance[k][np.ix_(rest, rest)] - gain @ s_ab.T, rtol=0, atol=1e-13)
    x = np.random.default_rng(3).normal(scale=2, size=(30, len(rest)))
    whole = np.empty((30, 4))
    whole[:, rest], whole[:, known] = x, values
    expected = m.log_prob(whole) - m.marginal(features).log_prob(values)
    np.testing.assert_allclose(given.log_prob(x), expected, rtol=1e-12, atol=1e-12)


def test_masks_name_features():
    """A row with gaps is completed by the mask of what is known."""
    m = cases.case((cases.FULL, 3), d=4).mixture()
    row = np.array([0.3, np.nan, 1.1, np.nan])
    known = ~np.isnan(row)
    expected = m.condition([0, 2], row[known])
    for mask in (known, known.tolist(), tuple(known)):
        assert m.condition(mask, row[known]) == expected
        assert m.marginal(mask) == m.marginal([0, 2])
    assert m.marginal(np.arange(4) == 1) == m.marginal([1])


def test_condition_far_from_everything():
    """Densities that underflow still have ratios: the nearest component takes all the weight."""
    m = fg.Mixture(None, fg.MultivariateNormal([[0.0, 1.0], [10.0, 2.0]], 1.0, "spherical"))
    given = m.condition(0, 1e4)
    assert given.weights.tolist() == [0.0, 1.0]
    assert given.mean.tolist() == [2.0]


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("far", [1e155, -1e200, 1e300])
def test_condition_where_squares_overflow(covariance_type, far):
    """Then the widest component is nearest; of equally wide ones the heaviest has most."""
    wide = 4.0 if covariance_type != "tied" else 1.0
    variances = {"spherical": [1.0, wide, wide], "diag": np.outer([1.0, wide, wide], [1.0, 1.0])}
    variances["full"] = np.stack([v * np.eye(2) for v in (1.0, wide, wide)])
    variances["tied"] = np.eye(2)
    m = fg.Mixture(
        [0.5, 0.1, 0.4],
        fg.MultivariateNormal([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]], variances[covariance_type], covariance_type),
    )
    expected = [0.5, 0.1, 0.4] if covariance_type == "tied" else [0.0, 0.2, 0.8]
    np.testing.assert_allclose(m.condition(0, far).weights, expected, rtol=1e-14)
    # A component of weight 0 stays without, however near.
    without = fg.Mixture([0.5, 0.5, 0.0], m.components)
    assert without.condition(0, far).weights[2] == 0.0


@pytest.mark.parametrize("far", [1e170, -1e300])
@pytest.mark.parametrize(
    "components",
    [
        fg.FactorNormal([[0.0, 0.0], [1.0, 1.0]], [[[1.0], [0.5]], [[2.0], [0.5]]], 0.1),
        fg.Product([fg.Normal([0.0, 1.0], [1.0, 2.0]), fg.Normal(0.0, [1.0, 1.0])]),
    ],
    ids=["factors", "columns"],
)
def test_condition_far_away_for_other_families(components, far):
    m = fg.Mixture([0.9, 0.1], components)
    assert m.condition(0, far).weights.tolist() == [0.0, 1.0]


# The angle between loadings and what is known is read off singular values, not their squares: noise may be low.
@pytest.mark.parametrize("noise", [1e-2, 1e-9, 1e-20])
@pytest.mark.parametrize("known", [1, 2, 3, 5])
def test_condition_of_factors_with_little_noise(known, noise):
    """Means and variances given fewer features than factors, or more, against the formula in 60 digits."""
    loadings = np.random.default_rng(1).normal(size=(6, 3))
    values = loadings[:known] @ [0.3, -0.2, 0.5]
    given = fg.Mixture(None, fg.FactorNormal(np.zeros((1, 6)), loadings[None], noise)).condition(range(known), values)
    with mp.workdps(60):
        matrix = mp.matrix(loadings.tolist())
        covariance = matrix * matrix.T + mpf(noise) * mp.eye(6)
        gain = covariance[known:, :known] * covariance[:known, :known] ** -1
        rest = covariance[known:, known:] - gain * covariance[:known, known:]
        mean = gain * mp.matrix(values.tolist())
    # Where factors are not all known the rest varies as much as they do. Where they are, it varies by the noise, beside
    # which the roundings of the values count: 1e-15 over its root.
    deviation = np.sqrt([float(rest[i, i]) for i in range(6 - known)])
    np.testing.assert_allclose(
        given.mean, [float(v) for v in mean], rtol=0, atol=1e-13 + (1e-14 / noise**0.5 * deviation).max()
    )
    expected = np.array(rest.tolist(), dtype=float)
    assert (np.abs(given.covariance - expected) <= 1e-12 * np.outer(deviation, deviation)).all()


@pytest.mark.parametrize(
    ("loadings", "noise"),
    [
        ([[1e4]], [1e-8]),
        ([[1e4, 1e4], [1e4, -1e4]], [1e-9, 1e-9]),
        ([[1e4], [1.0], [2.0]], [1e-6, 1.0, 1.0]),
        (np.random.default_rng(1).normal(size=(9, 2)), np.full(9, 1e-10)),
    ],
    ids=["one feature", "two factors of two features", "one precise feature", "nine features"],
)
def test_gradient_of_factors_with_little_noise(loadings, noise, isa):
    """At a draw, and where all lies in the factors and the rest of the point is rounding errors."""
    loadings, noise = np.array(loadings), np.array(noise)
    d, r = loadings.shape
    m = fg.Mixture(None, fg.FactorNormal(np.zeros((1, d)), loadings[None], noise[None]))
    with mp.workdps(60):
        matrix = mp.matrix(loadings.tolist())
        precision = (matrix * matrix.T + mp.diag([mpf(float(v)) for v in noise])) ** -1
        for x in (m.sample(1, rng=1)[0], loadings @ np.linspace(0.7, 0.9, r)):
            expected = np.array([float(-v) for v in precision * mp.matrix(x.tolist())])
            # Roundings of the point, a last place of |x| each, change the gradient by this much.
            slack = 8 * np.finfo(float).eps * float(max(precision[i, i] for i in range(d))) * np.abs(x).max()
            if d <= r:  # every feature is known by the factors: no direction is precise
                slack = 0.0
            np.testing.assert_allclose(
                m.grad_log_prob(x[None])[0], expected, rtol=0, atol=1e-12 * np.abs(expected).max() + slack
            )
