"""Every scalar law against its definition at 50 digits, at its extremes and its edges. Rows: rows_*.py.

Sampling, bits, golden streams, saving and bad parameters of the same laws are in the generic files, through cases.py.
"""

from __future__ import annotations

import itertools
import math
import warnings
from fractions import Fraction

import fastgen as fg
import numpy as np
import pytest
import scalar_laws
from helpers import mixed_cell
from mpmath import mp, mpf

EPS = np.finfo(np.float64).eps
LOG_TOLERANCE = 1e-13
TAIL_TOLERANCE = 1e-12
LARGEST = np.finfo(np.float64).max
SMALLEST = 1e-305  # tails below it lose digits to gradual underflow

ROWS = scalar_laws.ROWS
EXTREMES = [pytest.param(row, *case, id=f"{row}-{i}") for row in ROWS for i, case in enumerate(row.extremes)]
EDGES = [pytest.param(row, *case, id=f"{row}-{i}") for row in ROWS for i, case in enumerate(row.edges)]
PROBABILITIES = np.array([1e-300, 1e-100, 1e-15, 1e-5, 0.01, 0.2, 0.5, 0.7, 0.99, 1 - 1e-5, 1 - 1e-12])


def one(row, parameters):
    return fg.Mixture(None, row.construct(**parameters))


def exact(parameters):
    return {name: mpf(float(value)) for name, value in parameters.items()}


@pytest.mark.parametrize(("row", "parameters", "points"), EXTREMES)
def test_log_density(row, parameters, points, isa):
    m, p = one(row, parameters), exact(parameters)
    for x, value in zip(points, m.log_prob(np.array(points)), strict=True):
        expected = row.log_density(p, mpf(x))
        if mp.isinf(expected):
            assert value == float(expected), x
        else:
            assert abs(mpf(float(value)) - expected) <= LOG_TOLERANCE * max(1, abs(expected)), x


# Log densities whose parts are beyond the numbers: densities alone, as the references of tails would take too long there.
BEYOND = {
    "a rate so small that x / rate overflows": ("poisson", {"rate": 1e-305}, (1.0, 4e3, 1e9)),
    "counts so large that it does": ("poisson", {"rate": 1e-8}, (1e300, 1e305)),
    "shape z beyond 1e150": ("skew_normal", {"loc": 0.0, "scale": 1.0, "shape": -1e3}, (1e148, 1e150, -1e153)),
}


@pytest.mark.parametrize("case", BEYOND)
def test_log_density_whose_parts_overflow(case, isa):
    law, parameters, points = BEYOND[case]
    (row,) = (row for row in ROWS if row.id == law)
    expected = [float(row.log_density(exact(parameters), mpf(x))) for x in points]
    np.testing.assert_allclose(one(row, parameters).log_prob(points), expected, rtol=LOG_TOLERANCE)


# Where a log density goes from a plain sum of logarithms, or from a table, to its careful form.
BETWEEN = {
    "gamma": [{"concentration": a, "rate": r} for a in (5.0, 20.0, 40.0, 60.0, 90.0, 150.0) for r in (1.0, 1e-7)],
    "inverse_gamma": [
        {"concentration": a, "scale": b} for a in (5.0, 20.0, 40.0, 60.0, 90.0, 150.0) for b in (1.0, 1e7)
    ],
    "beta": [
        {"concentration1": a, "concentration0": b} for a, b in ((5, 5), (20, 30), (50, 3), (60, 60), (90, 2), (1, 200))
    ],
    "negative_binomial": [{"concentration": r, "probs": p} for r in (0.5, 20.0, 60.0, 120.0) for p in (0.2, 0.8)],
    "poisson": [{"rate": r} for r in (1e-4, 100.0, 200.0, 255.0, 400.0, 2047.0, 2049.0)],
    "binomial": [{"n": n, "probs": p} for n in (100.0, 255.0, 256.0) for p in (1e-5, 0.4, 0.999)],
    "weibull": [{"concentration": k, "scale": s} for k in (8.0, 30.0, 63.0, 65.0) for s in (1.0, 1e-20)],
}


@pytest.mark.parametrize(
    ("row", "parameters"), [pytest.param(row, p, id=f"{row}-{p}") for row in ROWS for p in BETWEEN.get(row.id, ())]
)
def test_log_density_between(row, parameters, isa):
    q = np.array([1e-9, 1e-3, 0.05, 0.2, 0.4, 0.5, 0.6, 0.8, 0.95, 0.999, 1 - 1e-9])
    points = np.unique(row.peer(parameters).ppf(q))
    for x, value in zip(points, one(row, parameters).log_prob(points), strict=True):
        expected = row.log_density(exact(parameters), mpf(float(x)))
        assert abs(mpf(float(value)) - expected) <= LOG_TOLERANCE * max(1, abs(expected)), x


def slope_at(row, p, x, spread):
    """The slope of the log density by differences; None at an edge or a kink, on whose sides it is not the same."""
    size = max(abs(x), spread)
    width = spread or size * EPS
    near = min(abs(x) or width, width)
    # A step that is small against all there is, or else one that is small against the distance to 0 and the law's width.
    for scale in (size, near) if mp.isfinite(size) else (near,):
        with mp.workdps(150 + int(mp.log10(size / scale) if scale < size < mp.inf else 0)):
            step = scale * mpf(10) ** -50
            before, here, after = (row.log_density(p, x + s * step) for s in (-1, 0, 1))
            sides = (here - before) / step, (after - here) / step
            off = abs(sides[0] - sides[1])
            if all(map(mp.isfinite, sides)) and off <= mpf(10) ** -30 * (abs(sides[0]) + 1 / size):
                return (sides[0] + sides[1]) / 2
    return None


@pytest.mark.parametrize(("row", "parameters", "points"), [c for c in EXTREMES if not c.values[0].discrete])
def test_gradient(row, parameters, points, isa):
    m, p = one(row, parameters), exact(parameters)
    spread = mpf(float(m.icdf(0.75))) - mpf(float(m.icdf(0.25)))
    slopes = [slope_at(row, p, mpf(x), spread) for x in points]
    assert sum(slope is not None for slope in slopes) >= len(points) / 2
    for x, slope, value in zip(points, slopes, m.grad_log_prob(np.array(points)), strict=True):
        if slope is None:
            continue
        if abs(slope) > LARGEST:
            assert value == (np.inf if slope > 0 else -np.inf), x
            continue
        # Near a mode terms of opposite sign cancel: then to 1e-10 of the inverse of the law's width.
        assert abs(mpf(float(value)) - slope) <= 1e-10 * max(abs(slope), 1 / max(abs(mpf(x)), spread)), x


@pytest.mark.parametrize(("row", "parameters", "x", "expected"), EDGES)
def test_edges_of_the_support(row, parameters, x, expected, isa):
    value = one(row, parameters).log_prob(np.array([x, x]))[1]
    if np.isinf(expected):
        assert value == expected
    else:
        assert abs(value - expected) <= LOG_TOLERANCE * max(1, abs(expected))


@pytest.mark.parametrize(
    ("components", "x", "shares"),
    [
        (fg.Gamma([0.5, 0.7, 2.0], 1.0), 0.0, [0.5, 0.5, 0.0]),
        (fg.Beta([0.5, 2.0], [0.5, 2.0]), 1.0, [1.0, 0.0]),
        (fg.Product([fg.Gamma([0.5, 2.0], 1.0), fg.Normal([0.0, 1.0], 1.0)]), [0.0, 3.0], [1.0, 0.0]),
    ],
    ids=["gamma", "beta", "product"],
)
def test_shares_at_an_infinite_density(components, x, shares, isa):
    """Components whose density is infinite at a point share it; the others have nothing. Never NaN."""
    m = fg.Mixture(None, components)
    assert m.log_prob(x) == np.inf
    assert m.responsibilities(x).tolist() == shares
    assert m.assign(x) == 0
    assert m.responsibilities(np.array([x, x], np.float32)).tolist() == [shares, shares]


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_infinities_and_nan(row):
    m = fg.Mixture(None, row.construct(**row.golden(3)))
    assert m.log_prob([-np.inf, np.inf]).tolist() == [-np.inf, -np.inf]
    assert m.cdf([-np.inf, np.inf]).tolist() == [0, 1]
    assert m.cdf(-LARGEST) < 1e-300
    assert m.cdf(LARGEST) == 1
    assert np.isnan(m.log_prob(np.nan))
    assert np.isnan(m.cdf(np.nan))


@pytest.mark.parametrize(("row", "parameters", "points"), EXTREMES)
def test_distribution_function(row, parameters, points, isa):
    """The lower tail by itself; the upper one through the quantiles of test_quantile and the mirror below."""
    m, p = one(row, parameters), exact(parameters)
    for x, value in zip(points, m.cdf(np.array(points)), strict=True):
        expected = row.tails(p, mpf(x))[0]
        assert abs(mpf(float(value)) - expected) <= TAIL_TOLERANCE * expected + SMALLEST, x


@pytest.mark.parametrize(
    ("row", "parameters"), [pytest.param(r, c.values[1], id=c.id) for c in EXTREMES for r in [c.values[0]]]
)
def test_quantile(row, parameters, isa):
    """The quantile of q has the tails of q: to 1e-12 of the nearer one, but for what one rounding of x moves them by."""
    m, p = one(row, parameters), exact(parameters)
    for q, x in zip(PROBABILITIES, m.icdf(PROBABILITIES), strict=True):
        if row.discrete:
            at = mpf(float(x))
            # The least x whose distribution function reaches q, where q is not within rounding of a jump.
            below, (reached, _) = row.tails(p, at - 1)[0], row.tails(p, at)
            assert reached >= q * (1 - mpf(10) ** -12), q
            assert below <= q * (1 + mpf(10) ** -12) + SMALLEST, q
            continue
        tails, wanted = row.tails(p, mpf(float(x))), (mpf(float(q)), 1 - mpf(float(q)))
        side = 0 if q < 0.5 else 1
        if np.isinf(x):  # beyond the numbers: the last of them does not reach the tail that was asked for
            left = row.tails(p, mpf(float(np.copysign(LARGEST, x))))[side]
            assert left > wanted[side] if (x < 0) == (side == 0) else left < wanted[side]
            continue
        off, room = abs(tails[side] - wanted[side]), TAIL_TOLERANCE * wanted[side] + SMALLEST
        if off <= room:
            continue
        nudge = max(abs(x) * EPS, 5e-324)
        moved = max(abs(row.tails(p, mpf(float(x)) + s * mpf(nudge))[side] - tails[side]) for s in (-1, 1))
        assert off <= room + 2 * moved, q


@pytest.mark.parametrize(
    ("row", "parameters"), [pytest.param(r, c.values[1], id=c.id) for c in EXTREMES for r in [c.values[0]]]
)
def test_quantile_alone_and_in_a_mixture(row, parameters, isa):
    """A law alone may answer with a formula; twice in a mixture it is searched for. Both say where no number is large enough."""
    law = row.construct(**parameters)
    alone = fg.Mixture(None, law).icdf(PROBABILITIES)
    twice = fg.Mixture([0.25, 0.75], [law, law]).icdf(PROBABILITIES)
    np.testing.assert_array_equal(np.isinf(twice), np.isinf(alone))
    ends = np.isinf(alone)
    np.testing.assert_array_equal(twice[ends], alone[ends])


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_quantile_of_a_mixture(row):
    """Monotone, inverse to the distribution function, never failing: 2,000 probabilities over both tails."""
    m = fg.Mixture([0.5, 0.2, 0.3], row.construct(**row.golden(3)))
    q = np.sort(np.concatenate([np.logspace(-300, -1, 500), np.linspace(0.001, 0.999, 1500)]))
    x = m.icdf(q)
    assert np.isfinite(x).all()
    assert (np.diff(x) >= 0).all()
    if row.discrete:
        assert (m.cdf(x) >= q * (1 - 1e-12)).all()
        assert (m.cdf(x - 1) <= q * (1 + 1e-12)).all()
    else:
        around = m.cdf(np.nextafter(x, np.inf)) - m.cdf(np.nextafter(x, -np.inf))  # what rounding x can do
        room = TAIL_TOLERANCE * q + around + 4 * EPS * (q > 0.5)
        assert (np.abs(m.cdf(x) - q) <= room).all()
    ends = m.icdf([0.0, 1.0])
    assert m.cdf(ends[1]) == 1 or np.isinf(ends[1])
    assert ends[0] <= x[0]
    assert ends[1] >= x[-1]


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_moments(row):
    p = row.golden(5)
    components = row.construct(**p)
    for k in range(5):
        mean, variance = row.peer({name: values[k] for name, values in p.items()}).stats("mv")
        np.testing.assert_allclose(components.mean[k], mean, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(components.variance[k], variance, rtol=1e-10)
    np.testing.assert_array_equal(components.covariance, components.variance)


def test_moments_that_do_not_exist():
    """Infinite and undefined moments of components are those of the mixture, unless the component has no weight."""
    heavy = fg.Mixture(None, fg.Pareto([0.5, 3.0, 1.0], 1.0))
    assert heavy.mean == heavy.covariance == np.inf
    assert fg.Mixture([0.0, 1.0, 0.0], heavy.components).mean == 1.5
    tail = fg.Mixture(None, fg.Pareto([2.0, 3.0], 1.0))
    assert tail.mean == 1.75
    assert tail.covariance == np.inf
    mixed = fg.Mixture([0.5, 0.5], [fg.Cauchy(0.0, 1.0), fg.Normal(0.0, 1.0)])
    assert np.isnan(mixed.mean)
    assert np.isnan(mixed.covariance)


@pytest.mark.parametrize(
    ("weights", "components", "mean"),
    [
        ([1e-30, 1.0], fg.Normal([1e17, 1.0], 1.0), 1.0000000000001),
        ([1e-300, 1.0], fg.Weibull([0.01, 1.0], 1.0), 1.0),
        ([1e-20, 1.0], fg.Pareto([3.0, 3.0], [1e10, 1.0]), 1.5 + 1.5e-10),
        ([1e-6, 1 - 1e-6], fg.LogNormal([30.0, 0.0], 1.0), 1e-6 * np.exp(30.5) + (1 - 1e-6) * np.exp(0.5)),
    ],
    ids=["normal", "weibull", "pareto", "log-normal"],
)
def test_far_component_of_little_weight(weights, components, mean):
    """What is far away and light costs the mean no digits, whichever component comes first."""
    for order in (slice(None), slice(None, None, -1)):
        m = fg.Mixture(weights[order], components[order])
        batch = fg.MixtureBatch([weights[order]], components[order])
        # A dozen roundings.
        assert m.mean == pytest.approx(mean, rel=1e-15 * 4)
        assert batch.mean[0] == m.mean
        assert batch.covariance[0] == pytest.approx(m.covariance, rel=1e-14)


MOMENTS_BEYOND = [
    (fg.Normal(0.0, 1e200), 0.0, np.inf),
    (fg.Exponential(1e-300), 1e300, np.inf),
    (fg.Gamma(30.0, 3e-308), np.inf, np.inf),
    (fg.Gumbel(0.0, 1e200), 0.57721566490153286e200, np.inf),
    (fg.Beta(1.5e308, 0.5e308), 0.75, 0.0),
    (fg.LogNormal(-1e10, 1e5), 0.0, 1.0),
    (fg.LogNormal(1e10, 1e-300), np.inf, np.inf),
    (fg.LogNormal(0.0, 1e-150), 1.0, 1e-300),
    (fg.NegativeBinomial(1e5, 1e-300), 1e305, np.inf),
    (fg.Pareto(1e300, 1e10), 1e10, 0.0),
    (fg.Uniform(-1e200, 1e200), 0.0, np.inf),
    (fg.VonMises(1.0, 1.6e308), 1.0, 1 / 1.6e308),
    (fg.Weibull(3e-308, 1.0), np.inf, np.inf),
    (fg.Weibull(1e200, 1e160), 1e160, (np.pi * 1e-40) ** 2 / 6),
    (fg.TruncatedNormal(-1e295, 1.0, 0.0, 1.0), 1e-295, 0.0),
    (fg.TruncatedNormal(-1e120, 1.0, 0.0, 1.0), 1e-120, 1e-240),
    (fg.TruncatedNormal(0.0, 1e300, 0.0, 12e-150), 6e-150, 12e-300),
    (fg.TruncatedNormal(-1e308, 1e10, 1e308, np.inf), 1e308, 0.0),
    (fg.TruncatedNormal(0.0, 1.5e308, 0.0, np.inf), 1.5e308 * np.sqrt(2 / np.pi), np.inf),
]


@pytest.mark.parametrize(
    ("components", "mean", "variance"), MOMENTS_BEYOND, ids=lambda v: repr(v) if v is None else None
)
def test_moments_beyond_the_numbers(components, mean, variance):
    """Infinite or 0, or finite where only what they are made of is not; without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        m = fg.Mixture(None, components)
        moments = components.mean[0], components.variance[0], components.covariance[0], m.mean, m.covariance
    np.testing.assert_allclose(moments, [mean, variance, variance, mean, variance], rtol=1e-10)


# For every parameter of every law; what is refused is none of its business.
ENDS = (-1.7e308, -1e155, -1.0, 2.3e-308, 3e-308, 1e-155, 1e-3, 1.0, 1e3, 1e155, 1e300, 1.7e308)
NO_MOMENTS = ("cauchy", "student_t")


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_parameters_at_the_ends_of_the_numbers(row, isa):
    """Never NaN, whatever is drawn and asked for; and no warnings."""
    names = row.golden(1)
    points = np.array([-LARGEST, -1.0, -5e-324, 0.0, 5e-324, 1e-300, 0.5, 1.0, 2.0, 1e300, LARGEST])
    q = np.array([0.0, 1e-300, 1e-10, 0.3, 0.5, 0.99, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for values in itertools.product(ENDS if len(names) < 4 else ENDS[1::2], repeat=len(names)):
            try:
                law = row.construct(**dict(zip(names, values, strict=True)))
            except ValueError:
                continue
            m = fg.Mixture(None, law)
            x = m.sample(64, rng=1)
            at = np.concatenate([points, x[np.isfinite(x)]])
            below, quantiles = m.cdf(at), m.icdf(q)
            for answer in (x, below, quantiles, m.log_prob(at)):
                assert not np.isnan(answer).any(), values
            assert (below >= 0).all(), values
            assert (below <= 1).all(), values
            for answer in (m.mean, m.covariance, law.mean, law.variance):
                assert row.id in NO_MOMENTS or not np.isnan(answer).any(), values


def test_distribution_functions_at_the_ends_of_the_numbers(isa):
    """Where something on the way would be beyond the numbers and the answer is plain: not 1 by default."""
    share = np.array([0.1, 0.3, 0.5, 0.9, 0.999])
    for b in (1e100, 1e155, 1e200):  # Beta(1, b): 1 - (1 - x)^b
        x = -np.log1p(-share) / b
        np.testing.assert_allclose(fg.Mixture(None, fg.Beta(1.0, b)).cdf(x), -np.expm1(-b * x), rtol=1e-12)
    largest = fg.Mixture(None, fg.Beta(1.7e308, 1.7e308))
    # What is below the numbers may be the smallest of them.
    np.testing.assert_allclose(largest.cdf(np.array([0.4, 0.5, 0.6])), [0.0, 0.5, 1.0], rtol=0, atol=5e-324)
    low, high = 2.3e-308, 1e-155  # flat: of no width in units of the scale
    flat = fg.Mixture(None, fg.TruncatedNormal(-1e155, 1.7e308, low, high))
    np.testing.assert_allclose(flat.cdf(low + share * (high - low)), share, rtol=1e-12)


@pytest.mark.parametrize("concentration", [1e-300, 1e-3, 0.3, 0.9, 2.0])
def test_gamma_variates_beyond_the_numbers(concentration, isa):
    """The rate is a factor, also where the variate of a concentration one higher, on the way, is beyond the numbers."""
    small, usual = (fg.Mixture(None, fg.Gamma(concentration, 2.0**e)).sample(10_000, rng=1) for e in (-1022, -900))
    normal = usual > 1e-300
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(small[normal], np.ldexp(usual[normal], 122))


def test_truncated_normal_far_out(isa):
    """It is the exponential law there."""
    for sign in (1.0, -1.0):
        far = fg.Mixture(None, fg.TruncatedNormal(-sign * 1e290, 1e-5, *sorted((0.0, sign * 1.0))))
        rate = 1e300
        x = np.array([0.0, 1e-310, 1e-301, 1e-300, 2e-299, 6e-298])
        np.testing.assert_allclose(far.log_prob(sign * x), np.log(rate) - rate * x, rtol=1e-13)
        q = np.array([1e-300, 1e-10, 0.3, 0.9, 1 - 1e-10])
        upper, lower = far.icdf(q) * sign, far.icdf(1 - q) * sign
        np.testing.assert_allclose(upper if sign > 0 else lower, -np.log1p(-q) / rate, rtol=1e-6, atol=5e-324)
        drawn = far.sample(10_000, rng=1) * sign * rate
        assert abs(drawn.mean() - 1) < 6e-2  # six standard errors


@pytest.mark.parametrize("p", [0.5, 0.25, 0.875])
@pytest.mark.parametrize("n", [1, 2, 5, 10, 17])
def test_few_trials_are_exact(n, p, isa):
    """Where the probabilities are numbers, the distribution function of few trials is them."""
    success = Fraction(p)
    mass = [math.comb(n, k) * success**k * (1 - success) ** (n - k) for k in range(n + 1)]
    below = [float(sum(mass[: k + 1])) for k in range(n + 1)]
    assert fg.Mixture(None, fg.Binomial(n, p)).cdf(np.arange(n + 1)).tolist() == below
    # At most k failures before the r-th success: at most k failures in k + r trials.
    for r in range(1, n + 1):
        k = n - r
        assert fg.Mixture(None, fg.NegativeBinomial(r, 1 - p)).cdf(k) == below[k]


@pytest.mark.parametrize("shape", [1e20, 1e140, 1e300])
def test_quantile_across_a_kink(shape, isa):
    """Of a huge shape it is the half normal law, whose density ends in the middle of the interval where quantiles are sought."""
    q = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    for sign in (1.0, -1.0):
        distance = sign * (fg.Mixture(None, fg.SkewNormal(1.0, 1e-3, sign * shape)).icdf(q) - 1.0)
        expected = fg.Mixture(None, fg.HalfNormal(1e-3)).icdf(q if sign > 0 else 1 - q)
        np.testing.assert_allclose(distance, expected, rtol=1e-10, atol=4 * EPS)


def test_gradient_at_the_centre(isa):
    """Is 0, also where the width of the law is below the numbers."""
    assert fg.Mixture(None, fg.StudentT(1e-100, 3.0, 1e-300)).grad_log_prob(3.0) == 0


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_float32(row, isa):
    """float32 points are scored in double, and the answer rounded once; float32 samples are the float64 ones, rounded."""
    m = fg.Mixture(None, row.construct(**row.golden(3)))
    x = m.sample(1001, rng=5)
    narrow = m.sample(1001, rng=5, dtype=np.float32)
    assert np.array_equal(narrow, x.astype(np.float32))
    methods = ("log_prob", "prob", "component_log_prob", "responsibilities", "cdf")
    for method in methods if row.discrete else (*methods, "grad_log_prob"):
        answer = getattr(m, method)(narrow)
        assert answer.dtype == np.float32
        np.testing.assert_array_equal(answer, getattr(m, method)(narrow.astype(np.float64)).astype(np.float32))
    assert np.array_equal(m.assign(narrow), m.assign(narrow.astype(np.float64)))


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_samples_in_company(row, isa):
    """Among others a law draws what it draws alone, of each cell of samples as many as belong to it (test_mixed.py)."""
    law = row.construct(**{name: value[:1] for name, value in row.golden(3).items()})
    other = fg.Categorical([[0.5, 0.5]]) if row.discrete else fg.Normal(0.0, 1.0)
    alone = fg.Mixture(None, law)
    for share in (0.03, 0.2, 0.7):
        x, labels = fg.Mixture([share, 1 - share], [law, other]).sample(10_000, rng=9, return_labels=True)
        for first in range(0, 10_000, mixed_cell(1)):
            here = slice(first, first + mixed_cell(1))
            mine = x[here][labels[here] == 0]
            assert np.array_equal(mine, alone.sample(len(mine), rng=9, start=first))


@pytest.mark.parametrize("kappa", [1e20, 1e149, 1e151, 1e160, 8e307, 1e308, 1.7e308])
def test_von_mises_of_huge_concentration(kappa, isa):
    """It is the normal law of variance 1 / kappa, to 1 / kappa, also where the square of kappa is beyond the numbers."""
    m, width = fg.Mixture(None, fg.VonMises(0.0, kappa)), 1 / mp.sqrt(kappa)
    x = np.array([-3.0, -1e-3, 0.0, 0.5, 2.0]) * float(width)
    for point, value, below in zip(x, m.log_prob(x), m.cdf(x), strict=True):
        z = mpf(float(point)) / width
        expected = -z * z / 2 - mp.log(2 * mp.pi) / 2 - mp.log(width)
        assert abs(mpf(float(value)) - expected) <= LOG_TOLERANCE * abs(expected)
        assert abs(mpf(float(below)) - mp.ncdf(z)) <= TAIL_TOLERANCE * mp.ncdf(z)
    samples = m.sample(100, rng=1)
    assert np.isfinite(m.log_prob(samples)).all()
    assert 0.5 < np.std(samples) * np.sqrt(kappa) < 1.5
    np.testing.assert_allclose(m.covariance * kappa, 1.0, rtol=1e-10)
    np.testing.assert_allclose(m.icdf(m.cdf(x)), x, rtol=1e-9, atol=1e-12 * float(width))


def test_von_mises_beside_a_law_of_the_line(isa):
    """As documented: the density is periodic for every x, the distribution function that of numbers from -pi to pi."""
    turns, line = fg.VonMises(2.5, 2.0), fg.Normal(0.5, 2.0)
    m, alone, wide = fg.Mixture([0.6, 0.4], [turns, line]), fg.Mixture(None, turns), fg.Mixture(None, line)
    x = np.linspace(-3.0, 3.0, 25)
    step = 1e-6
    np.testing.assert_allclose((m.cdf(x + step) - m.cdf(x - step)) / (2 * step), m.prob(x), rtol=1e-7)
    for turn in (-2 * np.pi, 2 * np.pi, 4 * np.pi):
        np.testing.assert_allclose(m.prob(x + turn), 0.6 * alone.prob(x) + 0.4 * wide.prob(x + turn), rtol=1e-12)
    np.testing.assert_allclose(m.cdf(4.0) - m.cdf(np.pi), 0.4 * (wide.cdf(4.0) - wide.cdf(np.pi)), rtol=1e-12)
    np.testing.assert_allclose(m.cdf(-4.0), 0.4 * wide.cdf(-4.0), rtol=1e-12)
