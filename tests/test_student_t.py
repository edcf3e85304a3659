"""The multivariate t law where the generic tests do not go: extreme degrees of freedom, far points, tails, moments that do
not exist, conditionals, single precision.
"""

from __future__ import annotations

from functools import cache

import cases
import fastgen as fg
import numpy as np
import pytest
import reference
from fastgen import _core
from helpers import assert_same_bits
from mpmath import mpf
from scipy import special, stats
from statistics_tools import chi_square, count, ks_normal
from test_density import EPS32, LOG_TOLERANCE, close
from test_sampling import accept, reject

_ORIGIN = [[0.0, 0.0]]
DEGREES = (0.5, 1.0, 2.5, 31.7, 1e4, 1e8)
FORMS = {law.id.removeprefix("student-"): law for law in cases.STUDENT}


def law_at(form, d, degrees=DEGREES):
    """Parameters of one component for each of these degrees of freedom."""
    p = FORMS[form].parameters(np.random.default_rng(d), len(degrees), d)
    return p | {"df": np.array(degrees)}


def mixture(form, p, weights=None):
    return fg.Mixture(weights, FORMS[form].construct(**p))


# Densities


@cache
def extremes(form, d):
    """Points from a centre to the last doubles, each component's log density and gradient there."""
    p = law_at(form, d)
    direction = np.random.default_rng(d).normal(size=d)
    lengths = [0.0, 1e-160, 1e-8, 1.0, 30.0, 1e4, 1e8, 1e75, 1e150, 1e154, 1e160, -1e250, 1e307]
    x = np.array([p["means"][0] + s * direction for s in lengths])
    laws = [FORMS[form].reference(p, k) for k in range(len(DEGREES))]
    return p, x, [[law(reference.exact(row)) for law in laws] for row in x]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("d", [1, 2, 9, 40])
def test_extremes(form, d, isa):
    """0.5 to 1e8 degrees of freedom, from the centre to where squares overflow: log densities to 1e-13, gradients to 1e-10."""
    p, x, exact = extremes(form, d)
    each = mixture(form, p).component_log_prob(x)
    alone = [mixture(form, p, np.arange(len(DEGREES)) == k) for k in range(len(DEGREES))]
    gradients = [m.grad_log_prob(x) for m in alone]
    for i, laws in enumerate(exact):
        for k, (value, slope) in enumerate(laws):
            assert close(each[i, k], value, LOG_TOLERANCE), (x[i], DEGREES[k])
            # Near the centre the differences of tied, whitened points cancel: then to 1e-10 of the inverse width.
            room = 1e-10 * max(*map(abs, slope), mpf(i < 4)) + mpf(10) ** -306
            assert all(abs(mpf(float(a)) - b) <= room for a, b in zip(gradients[k][i], slope, strict=True))


SCALES = [1e-300, 1e-160, 1.0, 1e160, 1e300]


def test_scales_and_distances_of_any_size(isa):
    """Quotients of 1e600, whose squares no double holds, beside others of 1e-600, in one point."""
    means, scales = np.array([1e-290, -1e150, 3.0, 0.0, -1e307]), np.array(SCALES)
    # Squared scales would overflow: factors.
    m = fg.Mixture(None, fg.MultivariateStudentT.from_cholesky(3.0, means[None], np.diag(scales)[None]))
    component = reference.multivariate_student_t(3.0, means, reference.diagonal(reference.exact(scales)))
    for x in (means, means + scales, np.full(5, 1e300), np.array([1e-299, 1e-100, 1e200, 1e-5, 1.7e308]), -means):
        value, slope = component(reference.exact(x))
        assert close(m.log_prob(x), value, LOG_TOLERANCE)
        for a, b in zip(m.grad_log_prob(x), slope, strict=True):
            assert abs(mpf(float(a)) - b) <= 1e-10 * abs(b) + mpf(10) ** -306 or np.isinf(a) == (abs(b) > 1.7e308)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_far_points_are_bits_too(form, dtype):
    """Pairs in extended range among others: the same on every instruction set, alone and in company."""
    p = law_at(form, 5)
    p["means"][1] *= 1e9  # a component whose distances do not overflow where the others' do
    m = mixture(form, p)
    x = np.random.default_rng(2).normal(size=(150, 5)).astype(dtype)
    x[::7] *= np.finfo(dtype).max / 100
    x[3, 1], x[50] = np.nan, np.inf
    for method in ("log_prob", "component_log_prob", "responsibilities", "grad_log_prob"):
        answers = []
        for isa in _core.available_isas():
            _core.set_isa(isa)
            answers.append(getattr(m, method)(x))
            assert_same_bits(np.stack([getattr(m, method)(row) for row in x]), answers[-1], f"{method} {isa}")
        for other in answers[1:]:
            assert_same_bits(other, answers[0], method)
        rest = np.delete(answers[0], [3, 50], axis=0)
        assert np.isfinite(rest).all()
    assert (m.responsibilities(x[::7])[1:, 1] > 0).all()


def test_factor_whose_inverse_overflows():
    """Density 0 and not NaN, as for the normal law."""
    factor = [[[1e-200, 0.0], [1.0, 1e-200]]]
    for law in (
        fg.MultivariateStudentT.from_cholesky(3.0, _ORIGIN, factor),
        fg.MultivariateNormal.from_cholesky(_ORIGIN, factor),
    ):
        assert fg.Mixture(None, law).log_prob([[0.0, 0.0], [1.0, 0.0]]).tolist() == [-np.inf, -np.inf]


@pytest.mark.parametrize("degrees", DEGREES)
def test_one_feature(degrees):
    """The scalar law, computed in another way."""
    x = np.random.default_rng(1).standard_cauchy(500)
    scalar = fg.Mixture([0.3, 0.7], fg.StudentT(degrees, [0.0, 2.0], [0.5, 2.0]))
    row = fg.Mixture([0.3, 0.7], fg.MultivariateStudentT(degrees, [[0.0], [2.0]], [0.25, 4.0], "spherical"))
    np.testing.assert_allclose(row.log_prob(x[:, None]), scalar.log_prob(x), rtol=2e-13, atol=2e-13)
    np.testing.assert_allclose(row.grad_log_prob(x[:, None])[:, 0], scalar.grad_log_prob(x), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("d", [1, 3, 12])
def test_float32(form, d, isa):
    """float32 in, float32 out, within the error of the arithmetic.

    As in test_density.test_float32, rounding the parameters and D + 2 operations a row move y_i by at most e_i, hence
    q = |y|^2 by at most dq = 2 sum |y_i| e_i + |e|^2 + D eps q. That moves (v + D) / 2 log(1 + q / v) by at most
    (v + D) / 2 times the larger of log1p(dq / (v + q)) and -log1p(-dq / (v + q)), its own operations by 8 eps of its
    size, and the rounded constants by 3 eps of theirs.
    """
    p = law_at(form, d)
    m = mixture(form, p)
    x = np.concatenate(
        [p["means"] + s * np.random.default_rng(3).normal(size=p["means"].shape) for s in (0.3, 2, 30, 1e5)]
    )
    x = x.astype(np.float32)
    wide = x.astype(np.float64)
    each, answer = m.component_log_prob(wide), m.component_log_prob(x)
    assert answer.dtype == np.float32
    factors = fg.MultivariateStudentT(1e9, p["means"], p["shapes"], form)
    inverse = np.linalg.inv(np.linalg.cholesky(factors.covariance))
    shares, gradient = m.responsibilities(wide), m.grad_log_prob(wide)
    assert m.grad_log_prob(x).dtype == np.float32
    bounds = np.empty_like(each)
    for k, v in enumerate(p["df"]):
        difference = wide - p["means"][k]
        y = np.abs(difference @ inverse[k].T)
        e = (d + 3) * EPS32 * ((np.abs(difference) + np.abs(p["means"][k])) @ np.abs(inverse[k]).T)
        q = (y * y).sum(axis=1)
        change = np.minimum((2 * (y * e).sum(axis=1) + (e * e).sum(axis=1) + d * EPS32 * q) / (v + q), 0.9)
        term = (v + d) / 2 * np.log1p(q / v)
        bounds[:, k] = -(v + d) / 2 * np.log1p(-change) + EPS32 * (8 * term + 3 * np.abs(each[:, k] + term) + 1)
    assert (np.abs(answer - each) <= bounds + 2 * EPS32 * np.abs(each)).all()
    near = (bounds * (shares > 1e-6)).max(axis=1) < 0.01
    assert near.mean() > 0.5
    # A responsibility is off by the errors of two log densities; the gradient by that and by the relative error of y.
    assert (
        np.abs(m.responsibilities(x) - shares)
        <= shares * np.expm1(np.minimum(2 * bounds + 1e-5, 700)).max(axis=1)[:, None] + 1e-37
    ).all()
    size = np.abs(gradient).max(axis=1, keepdims=True) + 1e-3
    assert (np.abs(m.grad_log_prob(x) - gradient)[near] <= 0.2 * size[near]).all()


def test_float32_beyond_its_range():
    """What float32 cannot hold is computed in float64, and the answer rounded; far points of float32 are finite too."""
    x = np.random.default_rng(1).normal(scale=3.0, size=(101, 2)).astype(np.float32)
    x[:2] = 1e38, -3e38
    for df, shapes in ((1e-39, 1.0), (1e39, 1.0), (3.0, 1e-80)):
        m = fg.Mixture(None, fg.MultivariateStudentT(df, [[0.0, 0.0], [3.0, 1.0]], shapes, "spherical"))
        for method in ("log_prob", "responsibilities"):
            with np.errstate(over="ignore"):
                expected = getattr(m, method)(x.astype(np.float64)).astype(np.float32)
            assert_same_bits(getattr(m, method)(x), expected, method)
    m = fg.Mixture(None, fg.MultivariateStudentT(3.0, [[0.0, 0.0], [3.0, 1.0]], 1.0, "spherical"))
    wide = x.astype(np.float64)
    # Log densities of -440, off by a few eps of that.
    np.testing.assert_allclose(m.log_prob(x)[:2], m.log_prob(wide)[:2], rtol=8 * EPS32)
    np.testing.assert_allclose(m.grad_log_prob(x)[:2], m.grad_log_prob(wide)[:2], rtol=1e-5)


# Samples


TAILS = (1e-1, 1e-3, 1e-5)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("degrees", [0.5, 3.0, 200.0])
@pytest.mark.parametrize("d", [1, 2, 9])
def test_tails(d, degrees, dtype):
    """|y|^2 / D beyond the quantiles of its F law at 0.1, 1e-3, 1e-5, at both ends: counts, each at 1e-6 (60 in all).

    Errors of 2% beyond 0.1 are seen, of 17% beyond 1e-3, and a tail cut at 1e-5: 20 expected of 2 million, none has
    probability 2e-9. Then directions: uniform signs, whatever the radius.
    """
    n = 2_000_000
    m = fg.Mixture(None, fg.MultivariateStudentT(degrees, np.zeros((1, d)), 1.0, "spherical"))
    x = m.sample(n, rng=d, dtype=dtype).astype(np.float64)
    ratio = (x * x).sum(axis=1) / d
    for p in TAILS:
        accept(count((ratio > stats.f.isf(p, d, degrees)).sum(), n, p))
        accept(count((ratio < stats.f.ppf(p, d, degrees)).sum(), n, p))
    outer = x[ratio > stats.f.isf(1e-3, d, degrees)]
    for column in outer.T:
        accept(count((column > 0).sum(), len(column), 0.5))
    reject(count(0, n, 1e-5))
    reject(count(round(0.1 * n * 0.98), n, 0.1))
    reject(count(round(1e-3 * n * 1.17), n, 1e-3))


@pytest.mark.parametrize("degrees", [0.1, 0.5, 1e4, 1e8])
def test_radii(degrees):
    """The mixing variable by itself: every feature of a row over the normal it was made of. c = v / radius^2 is chi-square.

    KS distance seen: 2 sqrt(7.25 / n) = 0.012 of the distribution function, 3% of the spread of c.
    """
    n, d = 200_000, 3
    row = np.zeros((1, d))
    normal = fg.Mixture(None, fg.MultivariateNormal(row, 1.0, "spherical")).sample(n, rng=4)
    x = fg.Mixture(None, fg.MultivariateStudentT(degrees, row, 1.0, "spherical")).sample(n, rng=4)
    with np.errstate(over="ignore"):
        radius = x / normal
        np.testing.assert_allclose(radius, radius[:, :1] * np.ones(d), rtol=1e-15)
        c = degrees / radius[:, 0] ** 2
    below, above = special.gammainc(degrees / 2, c / 2), special.gammaincc(degrees / 2, c / 2)
    accept(ks_normal(np.where(below < above, special.ndtri(below), -special.ndtri(above))))
    wrong = degrees + 1.05 * np.sqrt(2 * degrees) * (c - degrees) / np.sqrt(2 * degrees)
    if degrees >= 1e4:
        reject(ks_normal((wrong - degrees) / np.sqrt(2 * degrees)))
    # The radius knows nothing of the direction.
    rank = np.floor(10 * below).clip(0, 9).astype(int)
    cells = rank * 2 + (normal[:, 0] > 0)
    accept(chi_square(np.bincount(cells, minlength=20), np.repeat(np.bincount(rank, minlength=10), 2) / 2))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_radii_beyond_the_numbers(dtype):
    """At 0.01 degrees of freedom a good part of the radii has no double: such rows stop far out, never at NaN or infinity."""
    m = fg.Mixture(None, fg.MultivariateStudentT(0.01, [[1.0, 2.0, 3.0]], 4.0 * np.eye(3)[None]))
    x = m.sample(20_000, rng=1, dtype=dtype)
    assert np.isfinite(x).all()
    assert (np.abs(x) > np.sqrt(np.finfo(dtype).max)).any(axis=1).mean() > 0.01
    assert np.isfinite(m.log_prob(x)).all()


# Moments


def test_moments_that_do_not_exist():
    shapes = [[4.0, 2.0], [2.0, 5.0]]  # whose factors are whole numbers
    law = fg.MultivariateStudentT([0.5, 1.0, 1.5, 2.0, 3.0], np.ones((5, 2)), shapes, "tied")
    nan, inf = np.nan, np.inf
    np.testing.assert_array_equal(law.mean, [[nan, nan], [nan, nan], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])
    np.testing.assert_array_equal(law.variance, [[nan, nan], [nan, nan], [inf, inf], [inf, inf], [12.0, 15.0]])
    infinite = [[inf, nan], [nan, inf]]
    none = np.full((2, 2), nan)
    np.testing.assert_array_equal(law.covariance, [none, none, infinite, infinite, [[12.0, 6.0], [6.0, 15.0]]])
    for k, expected in enumerate([none, none, infinite, infinite, [[12.0, 6.0], [6.0, 15.0]]]):
        m = fg.Mixture(np.arange(5) == k, law)
        np.testing.assert_array_equal(m.covariance, expected)
        np.testing.assert_array_equal(m.mean, law.mean[k])
        assert "MultivariateStudentT tied" in repr(m)
    np.testing.assert_array_equal(fg.Mixture([0.0, 0.0, 0.5, 0.0, 0.5], law).covariance, infinite)
    assert np.isnan(fg.Mixture(None, law).covariance).all()


@pytest.mark.parametrize("form", FORMS)
def test_covariance_of_samples(form):
    """10 degrees of freedom have the moments that a normal limit needs: 6 standard errors, wrong with probability 2e-9 an
    element; a forgotten factor v / (v - 2) = 1.25 is 100 standard errors."""
    p = law_at(form, 3, (10.0,))
    m = mixture(form, p)
    x = m.sample(1_000_000, rng=6) - m.mean
    products = x[:, :, None] * x[:, None, :]
    assert (np.abs(x.mean(axis=0)) <= 6 * x.std(axis=0) / 1e3).all()
    assert (np.abs(products.mean(axis=0) - m.covariance) <= 6 * products.std(axis=0) / 1e3).all()


# Other laws made of it


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("features", [[0], [2], [1, 3], [3, 0, 2], [-1, 1]])
def test_marginal_and_condition(form, features):
    """p(a, b) = p(a | b) p(b), the law of b by its own definition; degrees of freedom; what stays of the form."""
    p = law_at(form, 4)
    m = mixture(form, p, np.arange(1.0, 7.0))
    part, values = m.marginal(features), np.linspace(-1, 2, len(features))
    known = [f % 4 for f in features]
    rest = [f for f in range(4) if f not in known]
    assert part.components.covariance_type == form
    np.testing.assert_array_equal(part.components.df, p["df"])
    np.testing.assert_array_equal(part.components.means, p["means"][:, features])
    whole = fg.MultivariateStudentT(1e9, p["means"], p["shapes"], form)._each_matrix()
    for k in range(len(DEGREES)):
        lower = reference.cholesky(reference.exact(whole[k][np.ix_(features, features)]))
        component = reference.multivariate_student_t(p["df"][k], p["means"][k, features], lower)
        # Condition numbers are below 10, D is 4: reflections lose a few D eps.
        assert close(part.component_log_prob(values)[k], component(reference.exact(values))[0], 1e-12)
    if len(features) == 1:
        scalar = m.marginal(features[0])
        assert isinstance(scalar.components, fg.StudentT)
        x = np.linspace(-5, 5, 50)
        np.testing.assert_allclose(scalar.log_prob(x), part.log_prob(x[:, None]), rtol=2e-13, atol=2e-13)
    given = m.condition(features, values)
    assert given.components.covariance_type == ("full" if form == "tied" else form)
    np.testing.assert_array_equal(given.components.df, p["df"] + len(features))
    x = np.random.default_rng(3).normal(scale=2, size=(30, len(rest)))
    x[:3] *= 1e6
    points = np.empty((30, 4))
    points[:, rest], points[:, known] = x, values
    # Two log densities of up to 1e9 (the law of 1e8 degrees), each within 1e-13 of its size.
    expected = m.log_prob(points) - part.log_prob(values)
    np.testing.assert_allclose(given.log_prob(x), expected, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("far", [1e155, -1e200, 1e300])
def test_condition_where_squares_overflow(form, far):
    """Far values make the others' scales as large as their distance, and decide between components by the power laws."""
    p = law_at(form, 3, (3.0, 3.0, 4.0))
    m = mixture(form, p, [0.2, 0.3, 0.5])
    given = m.condition([1], [far])
    part = m.marginal([1])
    np.testing.assert_allclose(given.weights, part.responsibilities([far]), rtol=1e-15)
    assert given.weights[2] == pytest.approx(0.0, abs=1e-150)
    scale = given.components._form.deviations(given.components.cholesky, 3, 2)
    assert np.isfinite(scale).all()
    x = np.array([[far, -far], [0.0, far], [far / 3, 1.0]])
    whole = np.stack([x[:, 0], np.full(3, far), x[:, 1]], axis=1)
    np.testing.assert_allclose(given.log_prob(x), m.log_prob(whole) - part.log_prob([far]), rtol=1e-12)


def test_constructors_agree():
    p = law_at("full", 4)
    by_matrix = fg.Mixture(None, fg.MultivariateStudentT(**p))
    by_factor = fg.MultivariateStudentT.from_cholesky(p["df"], p["means"], by_matrix.components.cholesky)
    by_precision = fg.MultivariateStudentT.from_precision(p["df"], p["means"], np.linalg.inv(p["shapes"]))
    x = by_matrix.sample(50, rng=1)
    assert_same_bits(fg.Mixture(None, by_factor).log_prob(x), by_matrix.log_prob(x))
    # Inverting and factoring matrices with condition numbers below 10 loses some 100 eps; 1e8 / 2 degrees times log1p(q / v).
    np.testing.assert_allclose(
        fg.Mixture(None, by_precision).log_prob(x), by_matrix.log_prob(x), rtol=1e-12, atol=1e-12
    )
    np.testing.assert_allclose(by_factor.shapes, p["shapes"], rtol=1e-14)
    one = fg.MultivariateStudentT(3.0, p["means"], p["shapes"])
    np.testing.assert_array_equal(one.df, np.full(6, 3.0))
    assert one != by_factor
    assert one[2:] == fg.MultivariateStudentT(3.0, p["means"][2:], p["shapes"][2:])
    joined = fg.Mixture(None, [one[:2], one[2:]])
    assert joined.components == one


def test_batch():
    """A mixture for every row: scored as each by itself; drawn from each one's law."""
    p = law_at("diag", 2)
    df, means, shapes = p["df"].reshape(3, 2), p["means"].reshape(3, 2, 2), p["shapes"].reshape(3, 2, 2)
    batch = fg.MixtureBatch(np.full((3, 2), 0.5), fg.MultivariateStudentT(df, means, shapes, "diag"))
    x = np.random.default_rng(1).normal(size=(3, 40, 2))
    x[1, 2] = 1e200
    singles = [fg.Mixture(None, fg.MultivariateStudentT(df[b], means[b], shapes[b], "diag")) for b in range(3)]
    assert_same_bits(batch.log_prob(x), np.stack([m.log_prob(points) for m, points in zip(singles, x, strict=True)]))
    assert batch.sample(5, rng=1).shape == (3, 5, 2)
    with pytest.raises(ValueError, match=r"df has shape \(2,\), expected \(3, 2\)"):
        fg.MultivariateStudentT([1.0, 2.0], means, shapes, "diag")
