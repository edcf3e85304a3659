"""Functions that laws are made of (normal_tails, skew, bessel, circular): the bounds stated there, against mpmath.

One row of CASES per function: its error bound (float64, float32) relative to the result, and to what else is allowed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import mpmath
import numpy as np
import pytest
from fastgen import _core
from helpers import assert_same_bits

mp = mpmath.mp.clone()
mp.dps = 40
M, inf, nan = mp.mpf, np.inf, np.nan
DTYPES = (np.float64, np.float32)
SQRT2, PI = mp.sqrt(2), mp.pi


def uniform(low, high, n):
    return np.random.default_rng(n).uniform(low, high, n)


def logs(low, high, n):
    return 10.0 ** uniform(low, high, n)


def signs(n, seed=0):
    return np.random.default_rng(seed).choice([-1.0, 1.0], n)


def joined(*parts):
    """Columns of arguments from several sets of columns."""
    return tuple(np.concatenate(column) for column in zip(*(np.broadcast_arrays(*p) for p in parts), strict=True))


def integral(f, start, end, scale):
    """Of f, which decays from `start` on, within about `scale` at first: panels that double."""
    points = [start]
    while points[-1] + scale < end:
        points.append(points[-1] + scale)
        scale *= 2
    return mp.fsum(mp.quad(f, pair) for pair in zip(points, [*points[1:], end], strict=True))


def tail(z):
    return mp.erfc(z / SQRT2) / 2


def log_cdf(z):
    return mp.log1p(-tail(z)) if z > 0 else mp.log(tail(-z))


def mass(a, b):
    """cdf(b) - cdf(a), with digits to spare for the difference."""
    if a + b < 0:
        a, b = -b, -a
    with mp.workdps(80):
        return (mp.erfc(a / SQRT2) - mp.erfc(b / SQRT2)) / 2


def log_mass(a, b):
    p = mass(a, b)
    return mp.log(p) if p < 0.5 else mp.log1p(-(tail(-a) + tail(b)))


@functools.cache
def light_tail(h, a):
    """The skew normal probability beyond h >= 0 for the shape -a <= 0, in Owen's form."""
    scale = 1 / (h * h * a + h + 1 / (1 + a))
    end = mp.sqrt(a * a + 200 / (h * h)) if h else M(10) ** 45
    area = integral(lambda u: mp.exp(-h * h * (u * u - a * a) / 2) / (1 + u * u), a, end, scale)
    return area * mp.exp(-h * h * (1 + a * a) / 2) / PI


def skew_upper(x, alpha):
    h, q = abs(x), light_tail(abs(x), abs(alpha))
    if x < 0:
        return 1 - q if alpha > 0 else mp.erf(h / SQRT2) + q
    return q if alpha < 0 else mp.erfc(h / SQRT2) - q


@functools.cache
def bessel_series(v, x):
    """Gamma(v + 1) (2 / x)^v I_v(x)."""
    term = total = M(1)
    k = 0
    while term > total * M(10) ** -40:
        k += 1
        term *= x * x / (4 * k * (v + k))
        total += term
    return total


def log_bessel(v, x):
    return mp.log(bessel_series(v, x)) + v * mp.log(x / 2) - mp.loggamma(v + 1) - x


def bessel_log_norm(v, x):
    return v * mp.log(2) + mp.loggamma(v + 1) - mp.log(bessel_series(v, x)) + x - (v + 1) * mp.log(2 * PI)


def bessel_ratio(v, x):
    return x / (2 * (v + 1)) * bessel_series(v + 1, x) / bessel_series(v, x)


def angle(x, center):
    with mp.workdps(60):
        d = x - center
        return d - 2 * PI * mp.nint(d / (2 * PI))


@functools.cache
def von_mises_upper(theta, kappa):
    if theta < 0:
        return 1 - von_mises_upper(-theta, kappa)
    scale = 1 / (kappa * mp.sin(theta) + mp.sqrt(kappa) + 1)
    far = min(PI, theta + 400 * scale)
    area = integral(lambda t: mp.exp(-2 * kappa * mp.sin((t - theta) / 2) * mp.sin((t + theta) / 2)), theta, far, scale)
    return area * mp.exp(-2 * kappa * mp.sin(theta / 2) ** 2) / (2 * PI * mp.besseli(0, kappa) * mp.exp(-kappa))


# Points: columns of arguments.
def tail_points():
    return (np.concatenate([logs(-20, 2, 100), uniform(0, 12, 200)]),)


def both_sides():
    return (np.concatenate([*tail_points(), -tail_points()[0]]),)


def intervals():
    a = np.concatenate([uniform(-30, 30, 100), uniform(-3, 3, 101), -logs(0, 1.5, 50)])
    return a, a + np.concatenate([logs(-13, 2, 150), uniform(0, 4, 101)])


def points_in_intervals():
    a, b = intervals()
    return np.clip(a + (b - a) * uniform(0, 1, a.size) ** 2, a, b), a, b


def skew_points():
    alpha = np.concatenate([logs(-4, 4, 20), uniform(0, 4, 20), np.array([1.0, 0.999, 1.001, 1e4] * 2)])
    z = np.concatenate([logs(-3, 1.4, 30), uniform(1, 2, alpha.size - 30)])
    x = np.clip(z / alpha, 0, 30)
    alpha, x = np.tile(alpha, 2), np.concatenate([x, uniform(0, 6, x.size)])
    return x * signs(x.size), alpha * signs(x.size, 1)


def bessel_points():
    v = np.concatenate([np.zeros(60), np.ones(20), np.round(logs(-1, 3, 70)) / 2, [49999.0, 49999.5, 1e5]])
    return v, np.concatenate([uniform(0, 60, 40), logs(-8, 3.3, 110), [1e2, 3e4, 1e4]])


def angle_points():
    return joined(
        (uniform(-50, 50, 200), uniform(-4, 4, 200)),
        (logs(0, 5, 100) * signs(100), uniform(-4, 4, 101)[:100]),
        (np.pi * np.arange(-50, 51, 2), 0.0),
        (2.0 + np.arange(-20, 21) * 2.0**-20, 2.0),
    )


def von_mises_points():
    kappa = np.concatenate([logs(-3, 5, 30), logs(0.5, 3, 20), [4766.35, 15.9231, 0.0, 0.0]])
    theta = np.concatenate([uniform(0, np.pi, 25), np.pi - logs(-8, 0, 25), [3.0281076, 0.0199885, 3.0, 0.5]])
    theta = np.minimum(theta, 8 / np.sqrt(kappa + 1e-9))
    return theta * signs(theta.size), kappa


@dataclass(frozen=True)
class Case:
    """A function: error bounds for float64 and float32, reference, points, and what else the error is measured by."""

    name: str
    bound: tuple[float, float]
    reference: Callable
    points: Callable
    size: Callable = lambda eps, *x: 0
    valid: Callable = lambda *x: x[0] == x[0]

    def __str__(self):
        return self.name


EPS, EPS32 = 2.0**-53, 2.0**-24


def ulp(n):
    """n ULP, where the result is just above a power of two."""
    return 2 * n * EPS, 2 * n * EPS32


CASES = (
    Case("mills", ulp(4), lambda z: tail(z) * mp.sqrt(2 * PI) * mp.exp(z * z / 2), tail_points),
    Case("normal_tail", ulp(7), tail, tail_points),
    Case("log_ndtr", ulp(8), log_cdf, both_sides),
    Case("log_ndtr_slope", ulp(8), lambda z: mp.npdf(z) / tail(-z), both_sides),
    Case(
        "scaled_interval",
        (1e-14, 2e-6),
        lambda m, w: mass(m, m + w) * mp.sqrt(2 * PI) * mp.exp(m * m / 2),
        lambda: (np.concatenate([logs(-5, 1.4, 100), [0.0] * 50]), logs(-13, 2, 150)),
    ),
    Case("log_normal_interval", (1e-14, 1e-5), log_mass, intervals, lambda eps, a, b: 1, np.less),
    Case("log_normal_interval", (1e-14, 1e-5), log_mass, lambda: (-uniform(0, 12, 100), uniform(0, 12, 101)[:100])),
    Case(
        "truncated_normal_lower",
        (2e-13, 1e-5),
        lambda x, a, b: mass(a, x) / mass(a, b),
        points_in_intervals,
        valid=lambda x, a, b: a < b,
    ),
    Case(
        "truncated_normal_upper",
        (2e-13, 1e-5),
        lambda x, a, b: mass(x, b) / mass(a, b),
        points_in_intervals,
        valid=lambda x, a, b: a < b,
    ),
    Case("skew_normal_upper", (1e-12, 1e-5), skew_upper, skew_points),
    Case("skew_normal_lower", (1e-12, 1e-5), lambda x, alpha: skew_upper(-x, -alpha), skew_points),
    Case("log_bessel_i", (2e-14, 1e-5), log_bessel, bessel_points, lambda eps, v, x: 1),
    Case("bessel_log_norm", (2e-14, 1e-5), bessel_log_norm, bessel_points, lambda eps, v, x: 1),
    Case("bessel_ratio", (1e-15, 1e-6), bessel_ratio, bessel_points),
    Case("bessel_complement", (2e-14, 1e-5), lambda v, x: 1 - bessel_ratio(v, x), bessel_points),
    Case("angle_between", ulp(2), angle, angle_points, lambda eps, x, c: 2 * eps * abs(x - c)),
    Case("von_mises_exponent", ulp(8), lambda d, k: -2 * k * mp.sin(d / 2) ** 2, von_mises_points),
    Case("von_mises_upper", (1e-12, 1e-5), von_mises_upper, von_mises_points),
    Case("von_mises_lower", (1e-12, 1e-5), lambda t, k: von_mises_upper(-t, k), von_mises_points),
)


@functools.cache
def arguments(case, dtype):
    x = [np.asarray(column, dtype) for column in np.broadcast_arrays(*case.points())]
    return tuple(np.ascontiguousarray(column[case.valid(*x)]) for column in x)


@functools.cache
def expected(case, dtype):
    return [case.reference(*(M(float(v)) for v in row)) for row in zip(*arguments(case, dtype), strict=True)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_error_is_below_the_stated_bound(case, dtype, isa):
    x = arguments(case, dtype)
    y = _core.apply_math(case.name, *x)
    bound, eps = (case.bound[1], EPS32) if dtype is np.float32 else (case.bound[0], EPS)
    smallest = M(float(np.finfo(dtype).smallest_subnormal))
    for i, exact in enumerate(expected(case, dtype)):
        row = [float(column[i]) for column in x]
        size = max(abs(exact), M(case.size(eps, *map(M, row))))
        assert np.isfinite(y[i]), row
        # Numbers below the normal range have the spacing of the smallest.
        assert abs(M(float(y[i])) - exact) <= bound * size + 2 * smallest, (row, y[i], float(exact))


@pytest.mark.parametrize("dtype", DTYPES)
def test_truncated_normal_quantile_inverts_the_lower_tail(dtype, isa):
    a, b = (np.ascontiguousarray(v, dtype) for v in intervals())
    a, b = a[a < b], b[a < b]
    u = uniform(0, 1, a.size).astype(dtype)
    u[::5] = logs(-30, -1, u[::5].size)
    x = _core.apply_math("truncated_normal_quantile", u, a, b)
    assert ((x >= a) & (x <= b)).all()
    for row in zip(u, a, b, x, strict=True):
        p, low, high, at = (M(float(v)) for v in row)
        # The distance to the exact quantile, to first order: what is missing in probability over the density.
        off = (mass(low, at) - p * mass(low, high)) / mp.npdf(at)
        assert abs(off) <= 6 * np.finfo(dtype).eps * max(1, abs(at)), row


# Bits are compared far outside of the domains too.
ARGUMENTS = {case.name: len(case.points()) for case in CASES} | {"truncated_normal_quantile": 3}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ARGUMENTS)
def test_bits_do_not_depend_on_instruction_set_or_length(name, dtype):
    random = np.random.default_rng(2)
    n = 4001
    raw = [random.integers(0, 256, n * np.dtype(dtype).itemsize, dtype=np.uint8).view(dtype) for _ in range(3)]
    ordinary = [random.normal(0, 5, n).astype(dtype) for _ in range(3)]
    x = [np.where(random.random(n) < 0.3, r, o) for r, o in zip(raw, ordinary, strict=True)][: ARGUMENTS[name]]
    results = []
    for isa in _core.available_isas():
        _core.set_isa(isa)
        y = _core.apply_math(name, *x)
        for k in (1, 2, 3, 7, 17, 31):
            assert_same_bits(_core.apply_math(name, *(v[-k:] for v in x)), y[-k:], isa)
        results.append(np.where(np.isnan(y), dtype(nan), y))
    for isa, y in zip(_core.available_isas(), results, strict=True):
        assert_same_bits(y, results[0], isa)


def test_limits():
    """Edges of the domains: uniform laws, whole lines, infinite shapes."""

    def f(name, *x):
        return _core.apply_math(name, *(np.array([float(v)]) for v in x))[0]

    assert f("bessel_log_norm", 0, 0) == pytest.approx(-np.log(2 * np.pi), rel=1e-14)
    assert f("bessel_log_norm", 0.5, 0) == pytest.approx(-np.log(4 * np.pi), rel=1e-14)
    assert f("bessel_ratio", 3, 0) == 0
    assert f("bessel_complement", 3, 0) == 1
    assert f("log_bessel_i", 0.5, 0) == -inf
    assert f("bessel_complement", 0, 1e8) == pytest.approx(5e-9, rel=1e-8)
    assert f("von_mises_lower", 0, 1e8) == pytest.approx(0.5, abs=1e-15)
    assert f("skew_normal_upper", 1, -1e300) == 0
    assert f("skew_normal_lower", inf, 3) == 1
    assert f("log_ndtr", -1e150) == pytest.approx(-5e299, rel=1e-15)
    assert f("log_ndtr", -inf) == -inf
    assert f("log_ndtr", inf) == 0
    assert f("log_normal_interval", -inf, inf) == 0
    assert f("log_normal_interval", 1e8, inf) == pytest.approx(-5e15 - 19.34, rel=1e-15)
    assert f("truncated_normal_lower", 1e8, 1e8, inf) == 0
    assert f("truncated_normal_quantile", 0, -inf, 5) == -inf
    assert f("truncated_normal_quantile", 1, 3, inf) == inf
    assert f("truncated_normal_quantile", 0.5, -inf, inf) == 0
