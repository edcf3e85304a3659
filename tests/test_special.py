"""Special functions of one to three arguments: the bounds stated in special.hpp and incomplete.hpp, against 50 digits.

One row of CASES per function (and kind of argument) holds its bound in ULP (float64, float32) and the points. The tails
have a bound that grows with their depth. A new function is a new row.
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
mp.dps = 50
inf, nan = np.inf, np.nan
DTYPES = (np.float64, np.float32)
DENSITY = 1  # multiplies the random points, for a closer look


class Points(np.random.Generator):
    """Random points; `n` of them in each group."""

    def __init__(self, seed):
        super().__init__(np.random.PCG64(seed))
        self.n = 60 * DENSITY

    def span(self, low, high):
        return self.uniform(low, high, self.n)

    def logs(self, low, high):
        return 10 ** self.uniform(low, high, self.n)


def log1pmx(t):
    """log(1 + t) - t by its series where the difference would lose digits."""
    if abs(t) > 1e-9:
        return mp.log1p(t) - t
    return mp.fsum(-((-t) ** k) / k for k in range(2, 9))


def deviance(x, m):
    return m if x == 0 else -x * log1pmx((m - x) / x)


def stirling_error(x):
    if x > 1e9:
        return mp.fsum(mp.bernoulli(2 * k) / (2 * k * (2 * k - 1) * x ** (2 * k - 1)) for k in range(1, 6))
    return mp.loggamma(x + 1) - (x + mp.mpf(1) / 2) * mp.log(x) + x - mp.log(2 * mp.pi) / 2


def log_excess(x):
    return mp.mpf(0) if x == 0 else stirling_error(x) + mp.log(2 * mp.pi * x) / 2


def log_beta(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def tail_integral(log_density, x, mean, deviation):
    """The integral from x outwards, over lengths in which the density falls by a factor of e or so."""
    unit = deviation / (1 + abs(x - mean) / deviation) * (1 if x > mean else -1)
    ends = [x + unit * s for s in (0, 2, 4, 8, 16, 32, 64, 120)]
    top = log_density(x)  # taken out, as the quadrature's own criterion is absolute
    return mp.exp(top) * abs(mp.quad(lambda t: mp.exp(log_density(t) - top), ends))


@functools.cache
def gamma_tails(a, x):
    if x == 0:
        return mp.mpf(0), mp.mpf(1)
    if a > 1e5:
        constant = mp.loggamma(a)

        def log_density(t):
            return (a - 1) * mp.log(t) - t - constant

        tail = tail_integral(log_density, x, a, mp.sqrt(a))
        return (1 - tail, tail) if x > a else (tail, 1 - tail)
    if x < max(a + 1, 60):
        with mp.workdps(80):  # the digits that 1 - P loses
            term = total = mp.mpf(1)
            n = 0
            while term > total * mp.mpf("1e-80"):
                n += 1
                term *= x / (a + n)
                total += term
            lower = total * mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1))
            return lower, 1 - lower
    # The continued fraction as a series, each of whose terms follows from the one before.
    p, q, r, s, rho, term, total = 0, (x - 1 - a) * (x + 1 - a), 4 * (x + 1 - a), 1 - a, mp.mpf(0), 1, 1
    while abs(term) > abs(total) * mp.mpf("1e-30"):
        p, q, r, s = p + s, q + r, r + 8, s + 2
        tau = p * (1 + rho)
        rho = tau / (q - tau)
        term *= rho
        total += term
    upper = total / (x + 1 - a) * mp.exp(a * mp.log(x) - x - mp.loggamma(a))
    return 1 - upper, upper


@functools.cache
def beta_tails(a, b, c):
    """I_x(a, b) and 1 - I_x(a, b) at x = c, or where c is negative, at 1 - x = -c."""
    with mp.workdps(80):  # the digits that the larger tail loses
        x, y = (c, 1 - c) if c >= 0 else (1 + c, -c)
        if x == 0 or y == 0:
            return x, y
        if x * (a + b + 2) > a + 1:
            return beta_tails(b, a, -c)[::-1]
        if min(a, b) > 1e5:
            mean, deviation = a / (a + b), mp.sqrt(a * b / (a + b) ** 3)
            constant = log_beta(a, b)

            def log_density(t):
                return (a - 1) * mp.log(t) + (b - 1) * mp.log1p(-t) - constant

            with mp.workdps(50):
                lower = tail_integral(log_density, x, mean, deviation)
            return lower, 1 - lower
        # Lentz's algorithm for the continued fraction of DLMF 8.17.22.
        numerator, denominator, factor, m = mp.mpf(1), mp.mpf(0), mp.mpf(1), 0
        while True:
            even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            for d in (even, odd) if m else (odd,):
                denominator = 1 / (1 + d * denominator)
                numerator = 1 + d / numerator
                factor *= numerator * denominator
            m += 1
            if abs(numerator * denominator - 1) < mp.mpf("1e-65"):
                break
        lower = mp.exp(a * mp.log(x) + b * mp.log(y) - log_beta(a, b)) / (a * factor)
        return lower, 1 - lower


@functools.cache
def student_tails(v, t):
    with mp.workdps(80):
        y = t * t / (v + t * t)
        below, _ = beta_tails(v / 2, mp.mpf(1) / 2, 1 - y if 2 * y > 1 else -y)
        tail = below / 2
        return (tail, 1 - tail) if t < 0 else (1 - tail, tail)


def from_nearer_end(x):
    """The third argument of beta_tails: x, or where x is above 1/2, -(1 - x)."""
    return np.where(x > 0.5, x - 1, x)


@dataclass(frozen=True)
class Case:
    """A function: ULP bounds for float64 and float32, reference, points.

    `size` is what the error is measured against besides the result; `depth` adds to the bound of float64 that many ULP
    for each unit of -log(result), and `maximum` is the largest argument for float32.
    """

    name: str
    ulp: tuple[float, float]
    reference: Callable
    points: Callable
    size: float = 0.0
    depth: float = 0.0
    label: str = ""

    def __str__(self):
        return f"{self.name} {self.label}".strip()


def around(r, a, low, high):
    """a and values that differ from it by a relative amount of 10^low to 10^high, to either side."""
    return a, a * np.abs(1 + r.logs(low, high) * r.choice([-0.999, 1], a.size))


def signed(x):
    return np.concatenate([x, -x])


SMALL = (
    Case("atan", (1.5, 2.0), mp.atan, lambda r: (signed(np.concatenate([r.logs(-30, 30), r.span(0, 4)])),)),
    Case(
        "acot",
        (1.5, 2.0),
        lambda x: mp.atan(1 / x) + (mp.pi if x < 0 else 0),
        lambda r: (signed(np.concatenate([r.logs(-30, 30), r.span(0, 4)])),),
    ),
    Case(
        "log1pmx",
        (4.0, 4.0),
        log1pmx,
        lambda r: (np.concatenate([r.span(-1, 1.5), signed(r.logs(-15, -0.1)), r.logs(0, 18)]),),
    ),
    Case("deviance", (5.0, 5.0), deviance, lambda r: around(r, r.logs(-8, 9), -7, 0), label="near"),
    Case("deviance", (5.0, 5.0), deviance, lambda r: (r.logs(-8, 9), r.logs(-8, 9))),
    Case("deviance", (5.0, 5.0), deviance, lambda r: (0 * r.logs(0, 1), r.logs(-8, 9)), label="at 0"),
    Case(
        "stirling_error",
        (2.0, 2.5),
        stirling_error,
        lambda r: (np.concatenate([r.span(0, 4), r.logs(-30, 30)]),),
        size=1.0,
    ),
    Case(
        "log_excess",
        (2.0, 2.0),
        log_excess,
        lambda r: (np.concatenate([r.span(0, 4), r.logs(-30, 30), [0]]),),
        size=1.0,
    ),
    Case(
        "log_gamma_ratio",
        (3.0, 3.0),
        lambda a, b: mp.loggamma(a + b) - mp.loggamma(a),
        lambda r: (r.logs(-3, 9), r.logs(-3, 9)),
        size=1.0,
    ),
    Case("log_beta", (4.0, 4.0), log_beta, lambda r: (r.logs(-3, 9), r.logs(-3, 9)), size=1.0),
)
GAMMA_POINTS = {
    "small a": lambda r: (r.logs(-3, -0.3), r.logs(-3, 0.6)),
    "small a, far": lambda r: (r.logs(-3, -0.3), r.logs(-30, 2)),
    "medium": lambda r: (r.logs(-0.3, 1.3), r.logs(-3, 2.8)),
    "large": lambda r: around(r, r.logs(1, 4), -3, -0.3),
    "integer": lambda r: (np.floor(r.logs(0, 3)), r.logs(0, 3)),
    "deep": lambda r: ((a := r.logs(1.2, 5)), np.maximum(a + np.sqrt(a) * r.uniform(-36, 36, a.size), a / 99)),
    "huge": lambda r: ((a := r.logs(5, 9)[:8]), a + np.sqrt(a) * r.uniform(-30, 30, a.size)),
}
BETA_POINTS = {
    "small": lambda r: (r.logs(-3, 1), r.logs(-3, 1), from_nearer_end(r.span(0, 1))),
    "small a": lambda r: (
        (a := r.logs(-3, -0.3)),
        (b := r.logs(-3, 9)),
        np.minimum(r.logs(-3, 0.8) * (a + 1) / b, 0.5),
    ),
    "small b": lambda r: (
        (a := r.logs(-3, 9)),
        (b := r.logs(-3, -0.3)),
        -np.minimum(r.logs(-3, 0.8) * (b + 1) / a, 0.5),
    ),
    "medium": lambda r: (r.logs(-1, 2), r.logs(-1, 2), from_nearer_end(r.span(0, 1))),
    "near": lambda r: ((a := r.logs(0, 4)), (b := r.logs(0, 4)), from_nearer_end(r.beta(a, b))),
    "deep": lambda r: ((a := r.logs(0, 4)), (b := r.logs(0, 4)), from_nearer_end(r.beta(np.sqrt(a), np.sqrt(b)))),
    "skew": lambda r: ((a := r.logs(0, 2)), (b := r.logs(3, 9)), np.minimum(r.gamma(a) / b, 0.5)),
    "huge": lambda r: ((a := r.logs(5, 9)[:6]), (b := r.logs(5, 9)[:6]), from_nearer_end(r.beta(a / 99, b / 99))),
}
STUDENT_POINTS = {
    "": lambda r: (r.logs(-0.3, 8), signed(r.logs(-3, 2))[r.n // 2 : -r.n // 2]),
    "normal": lambda r: (r.logs(2, 8), r.span(-8, 8)),
    "heavy": lambda r: (r.logs(-1, 0.5), r.logs(0, 30)),
}
TAILS = tuple(
    Case(f"{name}_{tail}", (ulp, 0.51), lambda *x, f=f, i=i: f(*x)[i], points, 0.0, 4.0, label)
    for name, ulp, f, groups in (
        ("gamma", 100.0, gamma_tails, GAMMA_POINTS),
        ("beta", 100.0, beta_tails, BETA_POINTS),
        ("student", 100.0, student_tails, STUDENT_POINTS),
    )
    for label, points in groups.items()
    for i, tail in enumerate("pq")
)
CASES = SMALL + TAILS


@functools.cache
def expected(case, dtype):
    """Points and exact results."""
    points = [np.ascontiguousarray(p, dtype=dtype) for p in case.points(Points(1))]
    return points, [case.reference(*(mp.mpf(float(v)) for v in row)) for row in zip(*points, strict=True)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_error_is_below_the_stated_bound(case, dtype, isa):
    f = np.finfo(dtype)
    points, exact = expected(case, dtype)
    for row, y, e in zip(zip(*points, strict=True), _core.apply_math(case.name, *points), exact, strict=True):
        size = max(abs(e), mp.mpf(case.size))
        if size == 0:
            assert y == 0, row
            continue
        ulp = mp.mpf(2) ** (max(int(mp.frexp(size)[1]) - 1, f.minexp) - f.nmant)
        bound = case.ulp[dtype is np.float32]
        if case.depth and dtype is np.float64:
            bound -= case.depth * float(mp.log(abs(e)))
        assert abs(mp.mpf(float(y)) - e) <= bound * ulp, f"at {row}: {y!r} instead of {mp.nstr(e, 20)}"


SPECIAL = {
    "atan": ((0, 0), (-0.0, -0.0), (inf, np.pi / 2), (-inf, -np.pi / 2), (nan, nan)),
    "acot": ((0, np.pi / 2), (inf, 0), (-inf, np.pi), (nan, nan)),
    "log1pmx": ((0, 0), (-1, -inf), (inf, -inf), (-2, nan), (nan, nan)),
    "deviance": (
        (0, 0, 0),
        (0, 3, 3),
        (3, 3, 0),
        (3, 0, inf),
        (3, inf, inf),
        (0, inf, inf),
        (nan, 1, nan),
        (1, nan, nan),
    ),
    "stirling_error": ((0, inf), (nan, nan)),
    "log_excess": ((0, 0), (nan, nan)),
    "gamma_p": (
        (0.1, 0, 0),
        (2, 0, 0),
        (20, 0, 0),
        (0.1, inf, 1),
        (2, inf, 1),
        (20, inf, 1),
        (2, nan, nan),
        (20, nan, nan),
    ),
    "gamma_q": (
        (0.1, 0, 1),
        (2, 0, 1),
        (20, 0, 1),
        (0.1, inf, 0),
        (2, inf, 0),
        (20, inf, 0),
        (2, nan, nan),
        (20, nan, nan),
    ),
    "beta_p": ((0.1, 2, 0, 0), (2, 0.1, 1, 1), (900, 900, 0, 0), (900, 900, 1, 1), (2, 3, nan, nan)),
    "beta_q": ((0.1, 2, 0, 1), (2, 0.1, 1, 0), (900, 900, 0, 1), (900, 900, 1, 0), (2, 3, nan, nan)),
    "student_p": ((3, 0, 0.5), (3, inf, 1), (3, -inf, 0), (inf, 0, 0.5), (3, nan, nan)),
    "student_q": ((3, 0, 0.5), (3, inf, 0), (3, -inf, 1), (inf, 0, 0.5), (3, nan, nan)),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SPECIAL)
def test_special_values(name, dtype, isa):
    *x, exact = np.array(SPECIAL[name], dtype=dtype).T.copy()
    assert_same_bits(np.abs(_core.apply_math(name, *x)), np.abs(exact))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", dict.fromkeys(case.name for case in CASES))
def test_bits_do_not_depend_on_instruction_set_or_neighbours(name, dtype):
    groups = [case.points(Points(2)) for case in CASES if case.name == name]
    x = [np.concatenate(column).astype(dtype) for column in zip(*groups, strict=True)]
    order = np.random.default_rng(3).permutation(x[0].size)
    x = [np.ascontiguousarray(column[order]) for column in x]  # so that a vector has lanes of every kind
    results = []
    for isa in _core.available_isas():
        _core.set_isa(isa)
        y = _core.apply_math(name, *x)
        for shift in (1, 2, 3, 7):
            assert_same_bits(_core.apply_math(name, *(column[shift:] for column in x)), y[shift:], isa)
        results.append(y)
    for y in results[1:]:
        assert_same_bits(y, results[0])


def f64(name, *x):
    return _core.apply_math(name, *(np.array(np.broadcast_to(v, np.broadcast(*x).shape), dtype=float) for v in x))


def poisson(x, rate):
    return -f64("deviance", x, rate) - f64("log_excess", x)


def gamma(x, a):
    return -f64("deviance", a, x) - f64("log_excess", a) + np.log(a / x)


def binomial(x, n, p):
    far = f64("deviance", x, n * p) + f64("deviance", n - x, n * (1 - p))
    return f64("log_excess", n) - f64("log_excess", x) - f64("log_excess", n - x) - far


def negative_binomial(x, r, p):
    s = x + r
    far = f64("deviance", r, s * p) + f64("deviance", x, s * (1 - p))
    return f64("log_excess", s) - f64("log_excess", x) - f64("log_excess", r) - far + np.log(r / s)


def beta(x, a, b):
    s, y = a + b, 1 - x
    far = f64("deviance", a, s * x) + f64("deviance", b, s * y)
    return f64("log_excess", s) - f64("log_excess", a) - f64("log_excess", b) - far + np.log(a * b / (s * x * y))


def student(t, v):
    return -(v + 1) / 2 * np.log1p(t * t / v) + f64("log_gamma_ratio", v / 2, 0.5) - np.log(np.pi * v) / 2


def log_choose(n, x):
    return mp.loggamma(n + 1) - mp.loggamma(x + 1) - mp.loggamma(n - x + 1)


def dyadic(values):
    """The values with so few digits that their products are exact."""
    return np.round(values * 2**10) / 2**10


def counts(r, low, high):
    return np.floor(r.logs(low, high))


# The forms of log densities that special.hpp recommends, where the plain ones lose up to ten digits.
LAWS = {
    poisson: (
        lambda x, rate: x * mp.log(rate) - rate - mp.loggamma(x + 1),
        lambda r: ((x := counts(r, 0, 9) - 1), np.where(r.span(0, 1) < 0.5, r.logs(-8, 9), (x + 1) * r.span(0.9, 1.1))),
    ),
    gamma: (
        lambda x, a: (a - 1) * mp.log(x) - x - mp.loggamma(a),
        lambda r: ((a := r.logs(-3, 8)) * np.exp(r.normal(size=r.n) / np.sqrt(a + 1)), a),
    ),
    binomial: (
        lambda x, n, p: log_choose(n, x) + x * mp.log(p) + (n - x) * mp.log1p(-p),
        lambda r: (r.binomial(n := counts(r, 1, 9).astype(int), p := dyadic(r.span(0.001, 0.999))), n, p),
    ),
    negative_binomial: (
        lambda x, r, p: log_choose(x + r - 1, x) + r * mp.log(p) + x * mp.log1p(-p),
        lambda r: (counts(r, 0, 9), counts(r, 0, 9), dyadic(r.span(0.001, 0.999))),
    ),
    beta: (
        lambda x, a, b: (a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x) - log_beta(a, b),
        lambda r: (dyadic(r.span(0.001, 0.999)), dyadic(r.logs(-2, 8)), dyadic(r.logs(-2, 8))),
    ),
    student: (
        lambda t, v: (
            mp.loggamma((v + 1) / 2) - mp.loggamma(v / 2) - mp.log(mp.pi * v) / 2 - (v + 1) / 2 * mp.log1p(t * t / v)
        ),
        lambda r: (r.logs(-3, 3), r.logs(-0.3, 8)),
    ),
}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_saddle_point_forms_of_log_densities(law):
    exact, points = LAWS[law]
    x = [np.asarray(p, dtype=float) for p in points(Points(4))]
    for row, y in zip(zip(*x, strict=True), law(*x), strict=True):
        e = exact(*(mp.mpf(float(v)) for v in row))
        assert abs(mp.mpf(float(y)) - e) <= 2e-14 * max(1, abs(e)), row
