"""Elementary functions: every bound stated in math.hpp, against 50-digit arithmetic; special values; equal bits.

One row of CASES per function holds its bound in ULP (float64, float32), the points where it is looked at and its
special values. A new function is a new row.
"""

from __future__ import annotations

import functools
import statistics
from collections.abc import Callable
from dataclasses import dataclass

import mpmath
import numpy as np
import pytest
from fastgen import _core
from helpers import assert_same_bits

mp = mpmath.mp.clone()
mp.dps = 50
inf, nan = np.inf, np.nan
DTYPES = (np.float64, np.float32)
DENSITY = 3  # multiplies the random points; 40 takes minutes and has passed


# Points, made in float64 (or integers below 2^53) and rounded to the type under test.
def span(low, high, n=300):
    return np.random.default_rng(n).uniform(low, high, DENSITY * n)


def logs(low, high, n=300):
    """Evenly spread logarithms from low to high, which may be subnormal or huge."""
    return np.exp2(np.clip(span(np.log2(low), np.log2(high), n), -1074, 1023.999))


def near(x, f, n=20):
    """x and its neighbours, n on either side."""
    return x + np.arange(-n, n + 1) * np.spacing(f.dtype.type(x)).astype(float)


def both(x):
    return np.concatenate([x, -x])


def quantile(p):
    """Newton on log cdf, which is concave, so that it cannot leave its course; starts from the float64 value."""
    if p > 0.5:
        return -quantile(1 - p)
    z = mp.mpf(statistics.NormalDist().inv_cdf(float(p)))
    for _ in range(20):
        tail = mp.erfc(-z / mp.sqrt(2)) / 2
        step = mp.log(tail / p) * tail * mp.sqrt(2 * mp.pi) * mp.exp(z * z / 2)
        z -= step
        if abs(step) < mp.mpf("1e-25") * abs(z):
            break
    return z


def log_gamma(x):
    if x > 0:
        return mp.loggamma(x)
    # The reflection formula; log |gamma(x)| itself is slow far out.
    return mp.inf if x == mp.floor(x) else mp.log(mp.pi / abs(x * mp.sinpi(x))) - mp.loggamma(-x)


@dataclass(frozen=True)
class Case:
    """A function: ULP bounds for float64 and float32, reference, points for a finfo, exact values at special points."""

    name: str
    ulp: tuple[float, float]
    reference: Callable
    points: Callable
    special: tuple[tuple[float, float], ...] = ()
    # What the error is measured against, besides the result itself.
    size: Callable = lambda x: 0.0

    def __str__(self):
        return self.name


EXP_SPECIAL = ((0.0, 1.0), (-0.0, 1.0), (-inf, 0.0), (-1e30, 0.0))
LOG_SPECIAL = ((1.0, 0.0),)
CASES = (
    Case(
        "exp",
        (1.1, 1.1),
        mp.exp,
        lambda f: [
            span(np.log(f.tiny) - f.nmant * np.log(2) - 1, np.log(f.max) + 1, 1000),
            span(np.log(f.tiny) - 2, np.log(f.tiny) + 2, 200),
            both(span(0, 1.1)),
            both(logs(1e-25, 1)),
            near(np.log(f.max), f),
            *(near((k + 0.5) * np.log(2), f, 5) for k in range(-9, 9)),
        ],
        (*EXP_SPECIAL, (inf, inf), (1e30, inf)),
    ),
    Case(
        "exp_normal",
        (1.1, 1.1),
        mp.exp,
        lambda f: [
            span(np.log(f.tiny) + 0.01, np.log(f.max) - np.log(2) / 2 - 0.01, 1000),
            both(span(0, 1.1)),
            both(logs(1e-25, 1)),
        ],
        ((0.0, 1.0), (-0.0, 1.0)),
    ),
    Case(
        "exp_nonpositive",
        (1.1, 1.1),
        mp.exp,
        lambda f: [-span(0, -np.log(f.tiny) - 0.01, 1000), -span(0, 1.1), -logs(1e-25, 1)],
        EXP_SPECIAL,
    ),
    Case(
        "exp_shallow",
        (1.1, 1.1),
        mp.exp,
        lambda f: [-span(0, 64, 2000), -span(0, 1.1), -logs(1e-25, 1)],
        ((0.0, 1.0), (-0.0, 1.0)),
        size=lambda x: 1 / (1 - x),
    ),
    Case(
        "log",
        (1.0, 1.0),
        mp.log,
        lambda f: [
            logs(f.smallest_subnormal, f.max, 1000),
            span(0.5, 2, 1000),
            near(1, f),
            near(np.sqrt(0.5), f),
            near(np.sqrt(2), f),
            [f.smallest_subnormal, f.tiny, f.max],
        ],
        (*LOG_SPECIAL, (0.0, -inf), (-0.0, -inf), (inf, inf), (-1.0, nan), (-inf, nan)),
    ),
    Case(
        "log_positive",
        (1.0, 1.0),
        mp.log,
        lambda f: [logs(f.tiny, f.max, 500), span(0.5, 2, 500), near(1, f), [f.tiny, f.max]],
        LOG_SPECIAL,
    ),
    Case(
        "log1p",
        (1.0, 1.0),
        mp.log1p,
        lambda f: [
            span(-1, 2, 1000),
            both(logs(f.smallest_subnormal, 1)),
            logs(1, f.max),
            -1 + logs(f.epsneg, 1),
            near(np.sqrt(2) - 1, f),
            near(np.sqrt(0.5) - 1, f),
            [f.max, f.tiny, -f.tiny],
        ],
        ((0.0, 0.0), (-0.0, -0.0), (-1.0, -inf), (inf, inf), (-1.5, nan), (-inf, nan)),
    ),
    Case(
        "log1p_finite",
        (1.0, 1.0),
        mp.log1p,
        lambda f: [span(-1, 2, 500)[1:], both(logs(f.smallest_subnormal, 1)), logs(1, f.max), [f.max, f.tiny, -f.tiny]],
        ((0.0, 0.0), (-0.0, 0.0)),
    ),
    Case(
        "expm1",
        (1.4, 1.4),
        mp.expm1,
        lambda f: [
            both(span(0, 1.5, 500)),
            span(-50, np.log(f.max) + 1, 500),
            both(logs(f.smallest_subnormal, 1)),
            near(np.log(f.max), f),
            *(near((k + 0.5) * np.log(2), f, 5) for k in range(-4, 9)),
        ],
        ((0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, -1.0), (-1e30, -1.0), (1e30, inf)),
    ),
    Case(
        "sin_2pi",
        (1.0, 1.0),
        lambda u: mp.sinpi(2 * u),
        lambda f: [
            both(span(0, 1, 600)),
            both(logs(f.smallest_subnormal, 1)),
            both(logs(1, f.max)),
            both(np.floor(logs(1, 4 / f.eps)) / 4),
            *(near(k / 8, f) for k in range(1, 9)),
        ],
        ((0.0, 0.0), (-0.0, -0.0), (0.25, 1.0), (0.75, -1.0), (-0.25, -1.0), (1e30, 0.0), (inf, nan), (-inf, nan)),
    ),
    Case(
        "cos_2pi",
        (1.0, 1.0),
        lambda u: mp.cospi(2 * u),
        lambda f: [
            both(span(0, 1, 600)),
            both(logs(f.smallest_subnormal, 1)),
            both(logs(1, f.max)),
            both(np.floor(logs(1, 4 / f.eps)) / 4),
            *(near(k / 8, f) for k in range(1, 9)),
        ],
        ((0.0, 1.0), (-0.0, 1.0), (0.5, -1.0), (-0.5, -1.0), (1e30, 1.0), (inf, nan), (-inf, nan)),
    ),
    Case(
        "erf",
        (1.1, 1.1),
        mp.erf,
        lambda f: [both(span(0, 6.5, 500)), span(0.8, 1.2), both(logs(f.smallest_subnormal, 1)), near(1, f)],
        ((0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0)),
    ),
    Case(
        "erfc",
        (4.0, 4.0),
        mp.erfc,
        lambda f: [
            span(-7, 28, 800),
            span(0, 4, 500),
            span(0.3, 0.7),
            span(9, 10.2, 200),
            span(26, 27.4, 200),
            both(logs(1e-30, 1, 100)),
        ],
        ((0.0, 1.0), (-0.0, 1.0), (inf, 0.0), (-inf, 2.0)),
    ),
    Case(
        "normal_quantile",
        (4.0, 4.0),
        quantile,
        lambda f: [
            span(0, 1, 500),
            logs(f.smallest_subnormal, 0.5, 500),
            1 - logs(f.epsneg, 0.5, 200),
            near(0.25, f),
            near(0.75, f),
            0.5 + both(logs(f.epsneg, 0.5, 100)),
            [f.smallest_subnormal, f.tiny],
        ],
        ((0.5, 0.0), (0.0, -inf), (1.0, inf), (-0.0, -inf), (-0.1, nan), (1.1, nan), (inf, nan), (-inf, nan)),
    ),
    Case(
        "lgamma",
        (2.0, 2.0),
        log_gamma,
        lambda f: [
            span(0, 12, 500),
            logs(f.smallest_subnormal, 1, 200),
            logs(1, f.max / 200, 300),
            near(1, f),
            near(2, f),
            *(near(k + 0.5, f, 5) for k in range(7)),
        ],
        ((1.0, 0.0), (2.0, 0.0), (0.0, inf), (-0.0, inf), (inf, inf), (-inf, inf), (-1.0, inf), (-1e30, inf)),
        size=lambda x: 1.0,
    ),
    Case(
        "lgamma",
        (3.0, 3.0),
        log_gamma,
        lambda f: [-span(0, 20, 400), -span(0, 200, 100), -logs(f.smallest_subnormal, 1, 100), near(-3, f, 5)],
        size=lambda x: max(mp.mpf(1), abs(mp.loggamma(-x))),
    ),
)


def rounded(values, dtype):
    """The values in the type, without those beyond its range."""
    with np.errstate(over="ignore", under="ignore"):
        x = np.concatenate([np.asarray(v, dtype=np.float64) for v in values]).astype(dtype)
    return x[np.isfinite(x)]


@functools.cache
def expected(case, dtype):
    """Points, results correctly rounded (infinity beyond the largest number), what these lack in ULP, and that ULP."""
    f = np.finfo(dtype)
    x = rounded(case.points(f), dtype)
    high, low, ulp = np.empty_like(x), np.empty(x.size), np.empty(x.size)
    for i, xi in enumerate(x):
        xi = mp.mpf(float(xi))
        exact = case.reference(xi)
        size = max(abs(exact), mp.mpf(case.size(xi)))
        exponent = max(int(mp.frexp(size)[1]) - 1, f.minexp) if size and size < mp.inf else f.minexp
        ulp[i] = np.ldexp(1.0, exponent - f.nmant)
        with np.errstate(over="ignore", under="ignore"):
            high[i] = dtype(float(exact))
        low[i] = 0 if np.isinf(high[i]) else float((exact - mp.mpf(float(high[i]))) / mp.mpf(ulp[i]))
    return x, high, low, ulp


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_error_is_below_the_stated_bound(case, dtype, isa):
    x, high, low, ulp = expected(case, dtype)
    y = _core.apply_math(case.name, x)
    finite = np.isfinite(high)
    largest = np.finfo(dtype).max
    assert (np.abs(y[~finite]) >= largest).all()
    assert (np.sign(y[~finite]) == np.sign(high[~finite])).all()
    with np.errstate(invalid="ignore"):
        error = np.abs((y[finite].astype(float) - high[finite]) / ulp[finite] - low[finite])
    error[np.isinf(y[finite]) & (np.abs(high[finite]) == largest)] = 0.5
    worst = np.argmax(np.where(np.isnan(error), inf, error))
    assert error[worst] <= case.ulp[dtype is np.float32], f"at {x[finite][worst]!r}: {y[finite][worst]!r}"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_special_values(case, dtype, isa):
    pairs = case.special + (((nan, nan),) if case.name not in ("log_positive", "log1p_finite") else ())
    x, y = np.array(pairs, dtype=dtype).T
    x = np.ascontiguousarray(x)
    actual = _core.apply_math(case.name, x)
    same = np.isnan(y) & np.isnan(actual) | (actual == y) & ((y != 0) | (np.signbit(actual) == np.signbit(y)))
    if case.name.endswith("_2pi"):  # the sign of a zero that is not at 0 has no meaning
        same |= (x != 0) & (y == 0) & (actual == 0)
    assert same.all(), f"{x[~same]}: {actual[~same]} instead of {y[~same]}"


def patterns(name, dtype):
    """Random bit patterns (so NaN, infinities, subnormals) and ordinary numbers, in the domain of the function."""
    f, random = np.finfo(dtype), np.random.default_rng(1)
    raw = random.integers(0, 256, 20_000 * f.dtype.itemsize, dtype=np.uint8).view(dtype)
    x = np.concatenate([raw, random.normal(0, 3, 20_000).astype(dtype), random.random(20_000).astype(dtype)])
    if name == "log_positive":
        return np.where((x >= f.tiny) & (x <= f.max), x, dtype(1))
    if name == "log1p_finite":
        return np.where((x > -1) & (x <= f.max) & (x != 0), x, dtype(1))
    if name == "exp_normal":
        return np.where((x > np.log(f.tiny)) & (x < np.log(f.max) - 0.4), x, dtype(1))
    if name == "exp_shallow":
        return np.where((x <= 0) & (x >= -64), x, dtype(-1))
    return np.where(x > 0, -x, x) if name == "exp_nonpositive" else x


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", dict.fromkeys(case.name for case in CASES))
def test_bits_do_not_depend_on_instruction_set_or_length(name, dtype):
    x = patterns(name, dtype)
    results = []
    for isa in _core.available_isas():
        _core.set_isa(isa)
        y = _core.apply_math(name, x)
        for n in (0, 1, 2, 3, 7, 17, 31):  # the last, partly filled vector
            assert_same_bits(_core.apply_math(name, x[-n:]) if n else y[:0], y[len(y) - n :], isa)
        results.append(np.where(np.isnan(y), dtype(nan), y))
    for isa, y in zip(_core.available_isas(), results, strict=True):
        assert_same_bits(y, results[0], isa)


@pytest.mark.parametrize("dtype", DTYPES)
def test_lean_forms_have_the_bits_of_the_full_ones(dtype, isa):
    x = patterns("log_positive", dtype)
    assert_same_bits(_core.apply_math("log_positive", x), _core.apply_math("log", x))
    x = patterns("log1p_finite", dtype)
    assert_same_bits(_core.apply_math("log1p_finite", x), _core.apply_math("log1p", x))
    x = patterns("exp_normal", dtype)
    assert_same_bits(_core.apply_math("exp_normal", x), _core.apply_math("exp", x))
    x = x[x <= 0]
    assert_same_bits(_core.apply_math("exp_nonpositive", x), _core.apply_math("exp", x))


@pytest.mark.parametrize("dtype", DTYPES)
def test_exp_nonpositive_underflows_in_order(dtype, isa):
    x = -np.linspace(80 if dtype is np.float32 else 700, 1000, 5000).astype(dtype)
    y = _core.apply_math("exp_nonpositive", x)
    assert (np.diff(y) <= 0).all()
    assert y[-1] == 0
