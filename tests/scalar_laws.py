"""The scalar laws: one row each drives every test of them (test_laws.py, and by cases.py all generic ones).

To test a new law, add a row to ROWS and its golden bits (test_golden.py says how). A row states the law three times over,
independently of the package: by mpmath, by SciPy, and by what must be refused.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import fastgen as fg
import numpy as np
from helpers import Bad
from mpmath import mp, mpf
from scipy import integrate, optimize, stats

if TYPE_CHECKING:
    from collections.abc import Callable


mp.dps = 50


class Row(NamedTuple):
    """One scalar law."""

    id: str
    construct: Callable[..., fg.Components]
    parameters: Callable[[np.random.Generator, int], dict[str, np.ndarray]]  # of (generator, K): benign ones
    golden: Callable[[int], dict[str, np.ndarray]]  # of K: exact binary fractions
    log_density: Callable[[dict[str, mpf], mpf], mpf]  # by definition; -inf or +inf where it is
    tails: Callable[[dict[str, mpf], mpf], tuple[mpf, mpf]]  # P(X <= x) and P(X > x), both to full precision
    peer: Callable[[dict[str, float]], Any]  # SciPy's law
    extremes: tuple[tuple[dict[str, float], tuple[float, ...]], ...]  # parameters, and points to look at
    edges: tuple[tuple[dict[str, float], float, float], ...] = ()  # parameters, a point, the log density exactly
    discrete: bool = False
    bad: tuple[Bad, ...] = ()

    def __repr__(self):
        return self.id


def ramp(k, low=-2.0, step=0.75):
    """K different numbers that every platform agrees on."""
    return low + np.arange(k) % 11 * step


LOCATIONS = lambda rng, k: rng.normal(scale=3.0, size=k)  # noqa: E731
SCALES = lambda rng, k: rng.uniform(0.3, 2.0, size=k)  # noqa: E731


def location_scale(rng, k):
    return {"loc": LOCATIONS(rng, k), "scale": SCALES(rng, k)}


def location_scale_golden(k):
    return {"loc": ramp(k), "scale": ramp(k, 0.5, 0.25)}


def bad_positive(construct, name, **others):
    """What a parameter that must be positive refuses."""
    return (
        Bad(
            f"{name} 0",
            lambda: construct(**{name: [1.0, 0.0]}, **others),
            ValueError,
            rf"{name}\[1\] is 0\.0, expected",
        ),
        Bad(
            f"{name} nan",
            lambda: construct(**{name: np.nan}, **others),
            ValueError,
            rf"{name} is nan, expected a finite",
        ),
    )


def bad_real(construct, name, **others):
    """What a parameter that may be any number refuses."""
    return (
        Bad(f"{name} inf", lambda: construct(**{name: -np.inf}, **others), ValueError, rf"{name} is -inf, expected"),
    )


def laplace(p, x):
    return -abs(x - p["loc"]) / p["scale"] - mp.log(2 * p["scale"])


def laplace_tails(p, x):
    z = (x - p["loc"]) / p["scale"]
    near = mp.exp(-abs(z)) / 2
    return (near, 1 - near) if z < 0 else (1 - near, near)


def exponential(p, x):
    return mp.log(p["rate"]) - p["rate"] * x if x >= 0 else -mp.inf


def exponential_tails(p, x):
    t = -p["rate"] * max(x, 0)
    return -mp.expm1(t), mp.exp(t)


def standard(p, x):
    return (x - p["loc"]) / p["scale"]


def cauchy(p, x):
    return -mp.log(mp.pi * p["scale"] * (1 + standard(p, x) ** 2))


def cauchy_tails(p, x):
    near = mp.atan2(1, abs(standard(p, x))) / mp.pi
    return (near, 1 - near) if x < p["loc"] else (1 - near, near)


def gumbel(p, x):
    z = standard(p, x)
    return -z - mp.exp(-z) - mp.log(p["scale"])


def gumbel_tails(p, x):
    t = -mp.exp(-standard(p, x))
    return mp.exp(t), -mp.expm1(t)


def half_normal(p, x):
    z = x / p["scale"]
    return mp.log(2 / mp.pi) / 2 - mp.log(p["scale"]) - z * z / 2 if x >= 0 else -mp.inf


def half_normal_tails(p, x):
    t = max(x, 0) / p["scale"] / mp.sqrt(2)
    return mp.erf(t), mp.erfc(t)


def log_normal(p, x):
    if x <= 0:
        return -mp.inf
    z = (mp.log(x) - p["loc"]) / p["scale"]
    return -z * z / 2 - mp.log(x) - mp.log(p["scale"]) - mp.log(2 * mp.pi) / 2


def log_normal_tails(p, x):
    if x <= 0:
        return mpf(0), mpf(1)
    t = (mp.log(x) - p["loc"]) / p["scale"] / mp.sqrt(2)
    return mp.erfc(-t) / 2, mp.erfc(t) / 2


def logistic(p, x):
    z = standard(p, x)
    return -z - 2 * mp.log1p(mp.exp(-z)) - mp.log(p["scale"])


def logistic_tails(p, x):
    z = standard(p, x)
    return 1 / (1 + mp.exp(-z)), 1 / (1 + mp.exp(z))


def pareto(p, x):
    a, m = p["concentration"], p["scale"]
    return mp.log(a / m) - (a + 1) * mp.log(x / m) if x >= m else -mp.inf


def pareto_tails(p, x):
    t = -p["concentration"] * mp.log(max(x, p["scale"]) / p["scale"])
    return -mp.expm1(t), mp.exp(t)


def uniform(p, x):
    return -mp.log(p["high"] - p["low"]) if p["low"] <= x <= p["high"] else -mp.inf


def uniform_tails(p, x):
    at, width = min(max(x, p["low"]), p["high"]), p["high"] - p["low"]
    return (at - p["low"]) / width, (p["high"] - at) / width


def weibull(p, x):
    k, scale = p["concentration"], p["scale"]
    if x <= 0:
        at_0 = mp.inf if k < 1 else -mp.log(scale) if k == 1 else -mp.inf
        return at_0 if x == 0 else -mp.inf
    return mp.log(k / scale) + (k - 1) * mp.log(x / scale) - (x / scale) ** k


def weibull_tails(p, x):
    t = -((max(x, mpf(0)) / p["scale"]) ** p["concentration"])
    return -mp.expm1(t), mp.exp(t)


def counts(x):
    """Whether x is a whole number of at least 0."""
    return x >= 0 and x == mp.floor(x)


def log_gamma(x):
    """mp.loggamma of a large argument at the precision that a small difference of two needs."""
    return mp.re(mp.loggamma(x))


def bernoulli(p, x):
    mass = {0: 1 - p["probs"], 1: p["probs"]}.get(x, mpf(0))
    return mp.log(mass) if mass else -mp.inf


def bernoulli_tails(p, x):
    return (mpf(0), mpf(1)) if x < 0 else (1 - p["probs"], p["probs"]) if x < 1 else (mpf(1), mpf(0))


def geometric(p, x):
    if not counts(x):
        return -mp.inf
    return mp.log(p["probs"]) + (x * mp.log1p(-p["probs"]) if x else 0)


def geometric_tails(p, x):
    if x < 0:
        return mpf(0), mpf(1)
    t = (mp.floor(x) + 1) * mp.log1p(-p["probs"])
    return -mp.expm1(t), mp.exp(t)


def poisson(p, x):
    return x * mp.log(p["rate"]) - p["rate"] - log_gamma(x + 1) if counts(x) else -mp.inf


def walk(log_mass, k, ratio, up, most):
    """The sum of the masses at k, k + 1, ... (or k, k - 1, ...) up to `most`, where ratio(j) = mass(j) / mass(j - 1); terms
    that do not count at 35 digits are left out."""
    total, term, j = mpf(0), mp.exp(log_mass(k)), k
    while 0 <= j <= most and term > total * mpf(10) ** -35:
        total += term
        j, term = (j + 1, term * ratio(j + 1)) if up else (j - 1, term / ratio(j) if j else mpf(0))
    return total


NODES, WEIGHTS = ([mpf(float(v)) for v in part] for part in np.polynomial.legendre.leggauss(24))


def split(log_density, at, mode, sd):
    """P(T < at) and P(T > at) of a unimodal law on the line, to 1e-15: the tail away from the mode by Gauss's quadrature, in
    steps over which the density falls by about e^3, until what is left is below 1e-20 of it."""
    step, total = (sd if at >= mode else -sd) / 2, mpf(0)
    while True:
        fall = log_density(at) - log_density(at + step)
        step = step if fall < 3 else step * 3 / fall
        values = (w * mp.exp(log_density(at + step * (1 + x) / 2)) for x, w in zip(NODES, WEIGHTS, strict=True))
        part = abs(step) / 2 * mp.fsum(values)
        total, at = total + part, at + step
        if part < total * mpf(10) ** -20:
            return (1 - total, total) if step > 0 else (total, 1 - total)


def gamma_law(a, b=None):
    """Log density, mode and standard deviation of the gamma law of shape a, or of the beta law of shapes a and b."""
    if b is None:
        constant = log_gamma(a)
        return (lambda t: (a - 1) * mp.log(t) - t - constant), a - 1, mp.sqrt(a)
    constant, s = log_gamma(a) + log_gamma(b) - log_gamma(a + b), a + b
    return (
        (lambda t: (a - 1) * mp.log(t) + (b - 1) * mp.log1p(-t) - constant),
        (a - 1) / (s - 2),
        mp.sqrt(a * b / (s + 1)) / s,
    )


LARGE = 300  # standard deviation from which on tails are integrals and not sums


def tails_of_counts(log_mass, ratio, mean, variance, integral, most=lambda p: mp.inf):
    """Both tails: the one away from the mean is computed, the other is what is left."""

    def tails(p, x):
        if x < 0:
            return mpf(0), mpf(1)
        k, end = mp.floor(x), most(p)
        if k >= end:
            return mpf(1), mpf(0)
        if variance(p) > LARGE**2:
            return integral(p, k)
        mass, step = (lambda j: log_mass(p, j)), (lambda j: ratio(p, j))
        if k < mean(p):
            lower = walk(mass, k, step, up=False, most=end)
            return lower, 1 - lower
        upper = walk(mass, k + 1, step, up=True, most=end)
        return 1 - upper, upper

    return tails


def binomial(p, x):
    n, q = p["n"], p["probs"]
    if not counts(x) or x > n or (q == 0 and x > 0) or (q == 1 and x < n):
        return -mp.inf
    ways = log_gamma(n + 1) - log_gamma(x + 1) - log_gamma(n - x + 1)
    return ways + (x * mp.log(q) if x else 0) + ((n - x) * mp.log1p(-q) if n > x else 0)


def negative_binomial(p, x):
    r, q = p["concentration"], p["probs"]
    if not counts(x) or (q == 1 and x > 0):
        return -mp.inf
    return log_gamma(x + r) - log_gamma(r) - log_gamma(x + 1) + r * mp.log(q) + (x * mp.log1p(-q) if x else 0)


def swapped(pair):
    return pair[::-1]


poisson_tails = tails_of_counts(
    poisson,
    lambda p, k: p["rate"] / k,
    lambda p: p["rate"],
    lambda p: p["rate"],
    lambda p, k: swapped(split(gamma_law(k + 1)[0], p["rate"], *gamma_law(k + 1)[1:])),
)
binomial_tails = tails_of_counts(
    binomial,
    lambda p, k: (p["n"] - k + 1) / k * p["probs"] / (1 - p["probs"]) if p["probs"] < 1 else mp.inf,
    lambda p: p["n"] * p["probs"],
    lambda p: p["n"] * p["probs"] * (1 - p["probs"]),
    lambda p, k: swapped(split(gamma_law(k + 1, p["n"] - k)[0], p["probs"], *gamma_law(k + 1, p["n"] - k)[1:])),
    lambda p: p["n"],
)
negative_binomial_tails = tails_of_counts(
    negative_binomial,
    lambda p, k: (k - 1 + p["concentration"]) / k * (1 - p["probs"]),
    lambda p: p["concentration"] * (1 - p["probs"]) / p["probs"],
    lambda p: p["concentration"] * (1 - p["probs"]) / p["probs"] ** 2,
    lambda p, k: split(gamma_law(p["concentration"], k + 1)[0], p["probs"], *gamma_law(p["concentration"], k + 1)[1:]),
)


def bad_share(construct, name, *, zero, **others):
    """What a probability refuses."""
    wrong = [(1.5, r"1\.5"), (np.nan, "nan"), (-0.5, r"-0\.5")] + ([] if zero else [(0.0, r"0\.0")])
    return tuple(
        Bad(f"{name} {value}", lambda value=value: construct(**{name: value}, **others), ValueError,
            rf"{name} is {text}, expected a probability")
        for value, text in wrong
    )  # fmt: skip


def gamma(p, x):
    a, r = p["concentration"], p["rate"]
    if x <= 0:
        return -mp.inf if x < 0 or a > 1 else mp.log(r) if a == 1 else mp.inf
    return a * mp.log(r) + (a - 1) * mp.log(x) - r * x - log_gamma(a)


def gamma_tails_of(a, m):
    """P(G <= m) and P(G > m) of a gamma variate of shape a and rate 1."""
    if a > LARGE**2:
        return split(gamma_law(a)[0], m, *gamma_law(a)[1:])
    return mp.gammainc(a, 0, m, regularized=True), mp.gammainc(a, m, mp.inf, regularized=True)


def gamma_tails(p, x):
    return gamma_tails_of(p["concentration"], p["rate"] * x) if x > 0 else (mpf(0), mpf(1))


def inverse_gamma(p, x):
    a, b = p["concentration"], p["scale"]
    return a * mp.log(b) - (a + 1) * mp.log(x) - b / x - log_gamma(a) if x > 0 else -mp.inf


def inverse_gamma_tails(p, x):
    return swapped(gamma_tails_of(p["concentration"], p["scale"] / x)) if x > 0 else (mpf(0), mpf(1))


def beta(p, x):
    a, b = p["concentration1"], p["concentration0"]
    for end, near, far in ((0, a, b), (1, b, a)):
        if x == end:
            return mp.inf if near < 1 else mp.log(far) if near == 1 else -mp.inf
    if not 0 < x < 1:
        return -mp.inf
    return log_gamma(a + b) - log_gamma(a) - log_gamma(b) + (a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x)


def beta_tails(p, x):
    a, b = p["concentration1"], p["concentration0"]
    if not 0 < x < 1:
        return (mpf(0), mpf(1)) if x <= 0 else (mpf(1), mpf(0))
    if a * b / (a + b) > LARGE**2:
        law, mode, sd = gamma_law(a, b)
        if law(x) < -(10**5):
            return (mpf(0), mpf(1)) if x < mode else (mpf(1), mpf(0))
        return split(law, x, mode, sd)
    lower = mp.betainc(a, b, 0, x, regularized=True)
    return lower, mp.betainc(b, a, 0, 1 - x, regularized=True) if x > mpf(10) ** -20 else 1 - lower


def student_t(p, x):
    v, t = p["df"], standard(p, x)
    constant = log_gamma((v + 1) / 2) - log_gamma(v / 2) - mp.log(mp.pi * v) / 2 - mp.log(p["scale"])
    return constant - (v + 1) / 2 * mp.log1p(t * t / v)


def student_t_tails(p, x):
    v, t = p["df"], abs(standard(p, x))
    if v > LARGE**2:
        near = split(lambda y: student_t({"df": v, "loc": 0, "scale": mpf(1)}, y), t, mpf(0), mpf(1))[1]
    elif t < 1:  # the expansion about the other end converges fast
        near = (1 - mp.betainc(mpf(1) / 2, v / 2, 0, t * t / (v + t * t), regularized=True)) / 2
    else:
        near = mp.betainc(v / 2, mpf(1) / 2, 0, v / (v + t * t), regularized=True) / 2
    return (near, 1 - near) if x < p["loc"] else (1 - near, near)


def skew_normal(p, x):
    z = standard(p, x)
    log_cdf = mp.log(mp.erfc(-p["shape"] * z / mp.sqrt(2)) / 2)
    return mp.log(2 / p["scale"]) - mp.log(2 * mp.pi) / 2 - z * z / 2 + log_cdf


def skew_normal_tails(p, x):
    """Of the two tails beyond |z| one is light, the integral of exp(-z^2 (1 + u^2) / 2) / (pi (1 + u^2)) over u > |shape|;
    together they are those of the normal law."""
    z, a = abs(standard(p, x)), abs(p["shape"])
    light = mpf(1) / 2 - mp.atan(a) / mp.pi
    if z * a < 1:  # the rest of the integral is short
        rest = mp.quad(lambda t: mp.exp(-((z / mp.cos(t)) ** 2) / 2), [0, mp.atan(a)]) / mp.pi
        light = mp.erfc(z / mp.sqrt(2)) / 2 - rest
    elif z > mpf(10) ** -18:
        log_density = lambda u: -z * z * (1 + u * u) / 2 - mp.log1p(u * u) - mp.log(mp.pi)  # noqa: E731
        light = split(log_density, a, mpf(0), min(1 + a, 1 / z))[1]
    beyond = light if (x >= p["loc"]) == (p["shape"] < 0) else mp.erfc(z / mp.sqrt(2)) - light
    return (1 - beyond, beyond) if x >= p["loc"] else (beyond, 1 - beyond)


def normal_mass(a, b):
    """P(a < Z < b), to as many digits more as cancel between ends that are close."""
    if a + b < 0:
        a, b = -b, -a
    lost = -mp.log10(b - a) if a < b < a + 1 else 0
    with mp.workdps(60 + int(lost)):
        return (mp.erfc(a / mp.sqrt(2)) - mp.erfc(b / mp.sqrt(2))) / 2


def truncated_normal(p, x):
    if not p["low"] <= x <= p["high"]:
        return -mp.inf
    low, at, high = ((v - p["loc"]) / p["scale"] for v in (p["low"], x, p["high"]))
    return -at * at / 2 - mp.log(2 * mp.pi) / 2 - mp.log(p["scale"]) - mp.log(normal_mass(low, high))


def truncated_normal_tails(p, x):
    with mp.workdps(mp.dps + 400):
        low, at, high = ((v - p["loc"]) / p["scale"] for v in (p["low"], min(max(x, p["low"]), p["high"]), p["high"]))
        return normal_mass(low, at) / normal_mass(low, high), normal_mass(at, high) / normal_mass(low, high)


@functools.lru_cache
def log_bessel_0(kappa, _precision):
    return mp.log(mp.besseli(0, kappa))


def von_mises(p, x):
    kappa = p["concentration"]
    return kappa * mp.cos(x - p["loc"]) - mp.log(2 * mp.pi) - log_bessel_0(kappa, mp.prec)


def arc(p, low, high):
    """The mass of the von Mises law between two angles, to 1e-15: Gauss's rule on pieces over which the density changes by
    less than e^3, without those that are small against the whole."""
    turns = [p["loc"] + k * mp.pi for k in range(-12, 13)]
    ends = [low, *(t for t in turns if low < t < high), high]
    values = [von_mises(p, t) for t in ends]
    top = max(values)

    def piece(a, b, at_a, at_b):
        if max(at_a, at_b) < top - 60:
            return mpf(0)
        if abs(at_a - at_b) < 3 and (b - a < mpf(1) / 8 or p["concentration"] * (b - a) ** 2 < 1):
            return (
                (b - a)
                / 2
                * mp.fsum(
                    w * mp.exp(von_mises(p, a + (b - a) * (1 + x) / 2)) for x, w in zip(NODES, WEIGHTS, strict=True)
                )
            )
        middle = (a + b) / 2
        at_middle = von_mises(p, middle)
        return piece(a, middle, at_a, at_middle) + piece(middle, b, at_middle, at_b)

    pieces = zip(ends[:-1], ends[1:], values[:-1], values[1:], strict=True)
    return mp.fsum(piece(*each) for each in pieces if each[0] < each[1])


PI = mpf(float(np.pi))


def von_mises_tails(p, x):
    if not -PI < x < PI:
        return (mpf(0), mpf(1)) if x <= -PI else (mpf(1), mpf(0))
    lower, upper = arc(p, -PI, x), arc(p, x, PI)
    # The double next to pi leaves a gap of 2.4e-16, which no number can fall into.
    return (lower, 1 - lower) if lower < upper else (1 - upper, upper)


class VonMisesPeer:
    """SciPy's law with the distribution function of its own variates, which lie in [-pi, pi]."""

    def __init__(self, p):
        self.law = stats.vonmises(p["concentration"], p["loc"])
        self.pdf, self.rvs = self.law.pdf, self.law.rvs

    def cdf(self, x):
        return self.law.cdf(x) - self.law.cdf(-np.pi)

    def sf(self, x):
        return self.law.cdf(np.pi) - self.law.cdf(x)

    def ppf(self, q):
        return optimize.brentq(lambda x: self.cdf(x) - q, -np.pi, np.pi)

    def stats(self, _):
        first, second = (
            integrate.quad(lambda x, i: x**i * self.pdf(x), -np.pi, np.pi, (i,), epsabs=1e-13, limit=200)[0]
            for i in (1, 2)
        )
        return first, second - first**2


def remembered(function):
    """The function of (parameters, x) at the precision of the moment, worked out once: mpmath is what takes the time, and
    every instruction set is compared with the same values."""
    known = {}

    def look_up(p, x):
        key = tuple(p.items()), x, mp.prec
        if key not in known:
            known[key] = function(p, x)
        return known[key]

    return look_up


_ROWS = (
    Row(
        "cauchy",
        fg.Cauchy,
        location_scale,
        location_scale_golden,
        cauchy,
        cauchy_tails,
        lambda p: stats.cauchy(p["loc"], p["scale"]),
        (
            ({"loc": 0.0, "scale": 1.0}, (-1e300, -1e20, -1e17, -3.0, -1e-9, 0.0, 1e-300, 0.5, 1.0, 1e8, 1e160)),
            ({"loc": 1e8, "scale": 1e-8}, (1e8, 1e8 + 2.0**-20, 1e8 - 2.0**-22, 0.0)),
            ({"loc": -5.0, "scale": 1e150}, (-1e152, 0.0, 3e151, 1e300)),
            ({"loc": 0.0, "scale": 1e-150}, (-1e300, -1e-150, 1e-151, 1.0)),
            ({"loc": 0.0, "scale": 1e300}, (-1e305, 0.0, 1e308)),
        ),
        bad=bad_positive(fg.Cauchy, "scale", loc=0.0) + bad_real(fg.Cauchy, "loc", scale=1.0),
    ),
    Row(
        "gumbel",
        fg.Gumbel,
        location_scale,
        location_scale_golden,
        gumbel,
        gumbel_tails,
        lambda p: stats.gumbel_r(p["loc"], p["scale"]),
        (
            ({"loc": 0.0, "scale": 1.0}, (-700.0, -100.0, -6.5, -2.0, -1e-9, 0.0, 1e-300, 1.0, 40.0, 700.0, 1e300)),
            ({"loc": 0.1, "scale": 0.3}, (-200.0, -60.7, -1.7, 0.1, 5.3, 90.1, 210.0)),
            ({"loc": 1e8, "scale": 1e-8}, (1e8, 1e8 + 2.0**-20, 1e8 - 2.0**-22)),
            ({"loc": -5.0, "scale": 1e150}, (-6e150, -1e150, 0.0, 3e151)),
        ),
        # So far left that the logarithm itself is beyond the numbers.
        edges=(({"loc": 0.0, "scale": 1.0}, -1000.0, -np.inf), ({"loc": 0.0, "scale": 1e-10}, -1e300, -np.inf)),
        bad=bad_positive(fg.Gumbel, "scale", loc=0.0) + bad_real(fg.Gumbel, "loc", scale=1.0),
    ),
    Row(
        "half_normal",
        fg.HalfNormal,
        lambda rng, k: {"scale": SCALES(rng, k)},
        lambda k: {"scale": ramp(k, 0.5, 0.25)},
        half_normal,
        half_normal_tails,
        lambda p: stats.halfnorm(scale=p["scale"]),
        (
            ({"scale": 1.0}, (0.0, 1e-300, 1e-9, 0.5, 1.0, 8.0, 37.0, 1e150)),
            ({"scale": 1e-150}, (1e-160, 1e-150, 2e-149)),
            ({"scale": 1e150}, (0.0, 1e140, 1e150, 3e151)),
        ),
        edges=(
            ({"scale": 2.0}, 0.0, np.log(2 / np.pi) / 2 - np.log(2.0)),
            ({"scale": 2.0}, -1e-300, -np.inf),
            ({"scale": 2.0}, -1.0, -np.inf),
            ({"scale": 1.0}, 1e200, -np.inf),
        ),
        bad=bad_positive(fg.HalfNormal, "scale"),
    ),
    Row(
        "log_normal",
        fg.LogNormal,
        lambda rng, k: {"loc": rng.normal(size=k), "scale": rng.uniform(0.2, 1.0, size=k)},
        lambda k: {"loc": ramp(k), "scale": ramp(k, 0.25, 0.125)},
        log_normal,
        log_normal_tails,
        lambda p: stats.lognorm(p["scale"], scale=np.exp(p["loc"])),
        (
            ({"loc": 0.0, "scale": 1.0}, (5e-324, 1e-300, 1e-15, 0.5, 1.0, 1.0 + 2.0**-40, 7.0, 1e14, 1e300)),
            ({"loc": 600.0, "scale": 1.0}, (1e244, 3e260, 4e275)),
            ({"loc": -680.0, "scale": 0.5}, (1e-303, 1e-295, 1e-288)),
            ({"loc": 0.5, "scale": 1e-3}, (1.6, 1.6487212707001282, 1.7)),
            ({"loc": 1.0, "scale": 1e150}, (1e-300, 1.0, 1e300)),
        ),
        edges=(
            ({"loc": 0.0, "scale": 2.0}, 0.0, -np.inf),
            ({"loc": 0.0, "scale": 2.0}, -1e-300, -np.inf),
            ({"loc": 0.0, "scale": 2.0}, -1.0, -np.inf),
        ),
        bad=bad_positive(fg.LogNormal, "scale", loc=0.0) + bad_real(fg.LogNormal, "loc", scale=1.0),
    ),
    Row(
        "logistic",
        fg.Logistic,
        location_scale,
        location_scale_golden,
        logistic,
        logistic_tails,
        lambda p: stats.logistic(p["loc"], p["scale"]),
        (
            ({"loc": 0.0, "scale": 1.0}, (-700.0, -30.0, -1.0, -1e-9, 0.0, 1e-300, 0.5, 40.0, 700.0, 1e300)),
            ({"loc": 1e8, "scale": 1e-8}, (1e8, 1e8 + 2.0**-20, 1e8 - 2.0**-22)),
            ({"loc": -5.0, "scale": 1e150}, (-1e152, 0.0, 3e151)),
        ),
        bad=bad_positive(fg.Logistic, "scale", loc=0.0) + bad_real(fg.Logistic, "loc", scale=1.0),
    ),
    Row(
        "pareto",
        fg.Pareto,
        lambda rng, k: {"concentration": rng.uniform(1.5, 5.0, size=k), "scale": SCALES(rng, k)},
        lambda k: {"concentration": ramp(k, 0.5, 0.75), "scale": ramp(k, 0.5, 0.25)},
        pareto,
        pareto_tails,
        lambda p: stats.pareto(p["concentration"], scale=p["scale"]),
        (
            ({"concentration": 1.0, "scale": 1.0}, (1.0, 1.0 + 2.0**-52, 1.0 + 1e-9, 1.4, 1.5, 2.0, 1e8, 1e300)),
            ({"concentration": 0.1, "scale": 0.7}, (0.7, 0.71, 0.99, 1.0, 1e8, 1e300)),
            ({"concentration": 1e3, "scale": 3.0}, (3.0, 3.0 + 2.0**-50, 3.001, 4.0, 6.0)),
            ({"concentration": 2.5, "scale": 1e150}, (1e150, 1.1e150, 1e200, 1e250)),
            ({"concentration": 0.2, "scale": 1e-150}, (1e-150, 1.5e-150, 1.0, 1e200)),
            ({"concentration": 0.01, "scale": 1.0}, (1.0, 1e150, 1.7e308)),
        ),
        edges=(
            ({"concentration": 3.0, "scale": 0.3}, 0.3, np.log(10.0)),
            ({"concentration": 3.0, "scale": 0.3}, np.nextafter(0.3, 0.0), -np.inf),
            ({"concentration": 3.0, "scale": 0.3}, 0.0, -np.inf),
            ({"concentration": 3.0, "scale": 0.3}, -1.0, -np.inf),
        ),
        bad=bad_positive(fg.Pareto, "concentration", scale=1.0) + bad_positive(fg.Pareto, "scale", concentration=1.0),
    ),
    Row(
        "uniform",
        fg.Uniform,
        lambda rng, k: dict(zip(("low", "high"), np.cumsum([LOCATIONS(rng, k), SCALES(rng, k)], axis=0), strict=True)),
        lambda k: {"low": ramp(k), "high": ramp(k) + ramp(k, 0.5, 0.25)},
        uniform,
        uniform_tails,
        lambda p: stats.uniform(p["low"], p["high"] - p["low"]),
        (
            ({"low": 0.0, "high": 1.0}, (0.0, 1e-300, 1e-9, 0.3, 0.5, 1.0 - 2.0**-53, 1.0)),
            ({"low": -0.1, "high": 0.3}, (-0.1, -0.05, 0.0, 1e-20, 0.1, 0.3)),
            ({"low": 1e8, "high": 1e8 + 2.0**-20}, (1e8, 1e8 + 2.0**-22, 1e8 + 2.0**-20)),
            ({"low": -8e307, "high": 8e307}, (-8e307, 0.0, 1e300, 8e307)),
            ({"low": 0.0, "high": 1e-300}, (0.0, 1e-310, 1e-301, 1e-300)),
        ),
        edges=(
            ({"low": 1.0, "high": 3.0}, 1.0, -np.log(2.0)),
            ({"low": 1.0, "high": 3.0}, 3.0, -np.log(2.0)),
            ({"low": 1.0, "high": 3.0}, np.nextafter(1.0, 0.0), -np.inf),
            ({"low": 1.0, "high": 3.0}, np.nextafter(3.0, 4.0), -np.inf),
        ),
        bad=(
            *bad_real(fg.Uniform, "low", high=1.0),
            *bad_real(fg.Uniform, "high", low=1.0),
            Bad(
                "exchanged",
                lambda: fg.Uniform([0.0, 2.0], 1.0),
                ValueError,
                r"low\[1\] is 2\.0 and high\[1\] is 1\.0, expected high greater than low; exchange them",
            ),
            Bad(
                "empty interval",
                lambda: fg.Uniform(1.0, 1.0),
                ValueError,
                r"low\[0\] is 1\.0 and high\[0\] is 1\.0, expected high greater than low$",
            ),
            Bad("too long", lambda: fg.Uniform(-1e308, 1e308), ValueError, r"expected high - low of at most 1\.8e308"),
        ),
    ),
    Row(
        "weibull",
        fg.Weibull,
        lambda rng, k: {"concentration": rng.uniform(1.2, 4.0, size=k), "scale": SCALES(rng, k)},
        lambda k: {"concentration": ramp(k, 0.5, 0.25), "scale": ramp(k, 0.5, 0.25)},
        weibull,
        weibull_tails,
        lambda p: stats.weibull_min(p["concentration"], scale=p["scale"]),
        (
            ({"concentration": 1.0, "scale": 0.7}, (0.0, 1e-300, 1e-9, 0.7, 1.0, 30.0, 480.0)),
            ({"concentration": 0.5, "scale": 2.0}, (0.0, 5e-324, 1e-300, 1e-9, 1.9, 2.1, 1e3, 9e5, 1e300)),
            ({"concentration": 0.1, "scale": 1e-150}, (1e-200, 1e-150, 1e-130, 1.0, 1e250)),
            ({"concentration": 3.5, "scale": 1e150}, (0.0, 1.0, 1e100, 1e150, 5e150)),
            ({"concentration": 1e3, "scale": 3.0}, (0.0, 1.0, 2.9, 2.99, 3.0, 3.001, 3.02)),
        ),
        edges=(
            ({"concentration": 0.5, "scale": 2.0}, 0.0, np.inf),
            ({"concentration": 1.0, "scale": 2.0}, 0.0, -np.log(2.0)),
            ({"concentration": 2.0, "scale": 2.0}, 0.0, -np.inf),
            *(({"concentration": c, "scale": 2.0}, x, -np.inf) for c in (0.5, 1.0, 2.0) for x in (-1e-300, -1.0)),
        ),
        bad=bad_positive(fg.Weibull, "concentration", scale=1.0) + bad_positive(fg.Weibull, "scale", concentration=1.0),
    ),
    Row(
        "laplace",
        fg.Laplace,
        location_scale,
        location_scale_golden,
        laplace,
        laplace_tails,
        lambda p: stats.laplace(p["loc"], p["scale"]),
        (
            ({"loc": 0.0, "scale": 1.0}, (-700.0, -30.0, -1e-9, 0.0, 1e-300, 1.0, 40.0, 700.0, 1e300)),
            ({"loc": 1e8, "scale": 1e-8}, (1e8, 1e8 + 2.0**-20, 1e8 - 2.0**-22)),
            ({"loc": -5.0, "scale": 1e150}, (-1e152, 0.0, 3e151)),
        ),
        bad=bad_positive(fg.Laplace, "scale", loc=0.0) + bad_real(fg.Laplace, "loc", scale=1.0),
    ),
    Row(
        "exponential",
        fg.Exponential,
        lambda rng, k: {"rate": SCALES(rng, k)},
        lambda k: {"rate": ramp(k, 0.5, 0.25)},
        exponential,
        exponential_tails,
        lambda p: stats.expon(scale=1 / p["rate"]),
        (
            ({"rate": 1.0}, (0.0, 1e-300, 1e-9, 1.0, 36.0, 700.0)),
            ({"rate": 1e-150}, (0.0, 1e140, 1e150, 1e152)),
            ({"rate": 1e150}, (1e-160, 1e-150, 1e-148)),
            ({"rate": 2.5e-308}, (0.0, 1e300, 1.7e308)),
        ),
        edges=(({"rate": 2.0}, 0.0, np.log(2.0)), ({"rate": 2.0}, -1e-300, -np.inf), ({"rate": 2.0}, -1.0, -np.inf)),
        bad=bad_positive(fg.Exponential, "rate"),
    ),
    Row(
        "bernoulli",
        fg.Bernoulli,
        lambda rng, k: {"probs": rng.uniform(0.1, 0.9, size=k)},
        lambda k: {"probs": ramp(k, 0.125, 0.0625)},
        bernoulli,
        bernoulli_tails,
        lambda p: stats.bernoulli(p["probs"]),
        (
            ({"probs": 0.3}, (0.0, 1.0, 0.5, -1.0, 2.0)),
            ({"probs": 1e-12}, (0.0, 1.0)),
            ({"probs": 1 - 2.0**-50}, (0.0, 1.0)),
            ({"probs": 0.0}, (0.0, 1.0)),
            ({"probs": 1.0}, (0.0, 1.0)),
        ),
        discrete=True,
        bad=bad_share(fg.Bernoulli, "probs", zero=True),
    ),
    Row(
        "binomial",
        fg.Binomial,
        # One n: generic tests expect every component to have a mass at every point.
        lambda rng, k: {"n": np.full(k, 40.0), "probs": rng.uniform(0.1, 0.9, size=k)},
        lambda k: {"n": 8.0 + 20 * (np.arange(k) % 5), "probs": ramp(k, 0.125, 0.0625)},
        binomial,
        binomial_tails,
        lambda p: stats.binom(int(p["n"]), p["probs"]),
        (
            ({"n": 20.0, "probs": 0.3}, (0.0, 1.0, 6.0, 19.0, 20.0, 21.0, -1.0, 6.5)),
            ({"n": 1e9, "probs": 0.5}, (5e8, 5e8 - 1e5, 5e8 + 31234.0)),
            ({"n": 1e9, "probs": 1e-12}, (0.0, 1.0, 5.0)),
            ({"n": 1e9, "probs": 1 - 2.0**-30}, (1e9, 1e9 - 1.0, 1e9 - 5.0)),
            ({"n": 1e4, "probs": 0.3}, (0.0, 1000.0, 3000.0, 3300.0, 9999.0, 1e4)),
            ({"n": 5.0, "probs": 0.0}, (0.0, 1.0, 5.0)),
            ({"n": 5.0, "probs": 1.0}, (0.0, 4.0, 5.0)),
            ({"n": 0.0, "probs": 0.5}, (0.0, 1.0)),
            ({"n": 32.0, "probs": 0.3}, (0.0, 9.0, 20.0, 31.0, 32.0)),
            ({"n": 32.0, "probs": 1e-12}, (0.0, 1.0, 31.0)),
            ({"n": 31.0, "probs": 1 - 2.0**-40}, (0.0, 20.0, 30.0)),
        ),
        discrete=True,
        bad=(
            *bad_share(fg.Binomial, "probs", zero=True, n=3.0),
            Bad("n 2.5", lambda: fg.Binomial(2.5, 0.5), ValueError, r"n is 2\.5, expected a whole number"),
            Bad("n -1", lambda: fg.Binomial([1.0, -1.0], 0.5), ValueError, r"n\[1\] is -1\.0, expected a whole number"),
        ),
    ),
    Row(
        "geometric",
        fg.Geometric,
        lambda rng, k: {"probs": rng.uniform(0.1, 0.9, size=k)},
        lambda k: {"probs": ramp(k, 0.125, 0.0625)},
        geometric,
        geometric_tails,
        lambda p: stats.geom(p["probs"], loc=-1),
        (
            ({"probs": 0.3}, (0.0, 1.0, 50.0, 1000.0, -1.0, 0.5)),
            ({"probs": 1e-12}, (0.0, 1.0, 1e12, 3e13, 7e14)),
            ({"probs": 1.0}, (0.0, 1.0)),
        ),
        discrete=True,
        bad=bad_share(fg.Geometric, "probs", zero=False),
    ),
    Row(
        "poisson",
        fg.Poisson,
        lambda rng, k: {"rate": rng.uniform(0.5, 30.0, size=k)},
        lambda k: {"rate": ramp(k, 0.5, 4.25)},
        poisson,
        poisson_tails,
        lambda p: stats.poisson(p["rate"]),
        (
            ({"rate": 3.0}, (0.0, 1.0, 3.0, 30.0, 150.0, -1.0, 2.5)),
            ({"rate": 1e-8}, (0.0, 1.0, 2.0, 10.0, 30.0)),
            ({"rate": 10.0}, (0.0, 4.0, 10.0, 60.0, 200.0)),
            ({"rate": 1234.5}, (500.0, 1200.0, 1234.0, 1500.0, 2500.0)),
            ({"rate": 1e9}, (1e9, 1e9 - 31623.0, 1e9 + 2e5, 1e9 - 1e6)),
        ),
        discrete=True,
        bad=bad_positive(fg.Poisson, "rate"),
    ),
    Row(
        "negative_binomial",
        fg.NegativeBinomial,
        lambda rng, k: {"concentration": rng.uniform(0.5, 20.0, size=k), "probs": rng.uniform(0.2, 0.9, size=k)},
        lambda k: {"concentration": ramp(k, 0.5, 1.75), "probs": ramp(k, 0.125, 0.0625)},
        negative_binomial,
        negative_binomial_tails,
        lambda p: stats.nbinom(p["concentration"], p["probs"]),
        (
            ({"concentration": 2.5, "probs": 0.3}, (0.0, 1.0, 6.0, 100.0, 800.0, -1.0, 0.5)),
            ({"concentration": 1e-3, "probs": 0.3}, (0.0, 1.0, 50.0, 500.0)),
            ({"concentration": 1e8, "probs": 0.5}, (1e8, 1e8 - 3e4, 1e8 + 1e5)),
            ({"concentration": 1e8, "probs": 1 - 1e-7}, (0.0, 1.0, 10.0, 60.0)),
            ({"concentration": 5.0, "probs": 1.0}, (0.0, 1.0)),
            ({"concentration": 3.0, "probs": 0.3}, (0.0, 1.0, 29.0, 30.0, 100.0)),
            ({"concentration": 4.0, "probs": 0.05}, (0.0, 2.0, 28.0)),
        ),
        discrete=True,
        bad=(
            *bad_share(fg.NegativeBinomial, "probs", zero=False, concentration=2.0),
            *bad_positive(fg.NegativeBinomial, "concentration", probs=0.5),
        ),
    ),
    Row(
        "beta",
        fg.Beta,
        lambda rng, k: {name: rng.uniform(1.2, 5.0, size=k) for name in ("concentration1", "concentration0")},
        lambda k: {"concentration1": ramp(k, 0.5, 0.75), "concentration0": ramp(k, 4.0, -0.25)},
        beta,
        beta_tails,
        lambda p: stats.beta(p["concentration1"], p["concentration0"]),
        (
            ({"concentration1": 2.0, "concentration0": 3.0}, (1e-300, 1e-9, 0.2, 1 / 3, 0.5, 0.999, 1 - 2.0**-53)),
            ({"concentration1": 1.0, "concentration0": 1.0}, (0.0, 1e-300, 0.3, 1.0)),
            ({"concentration1": 0.5, "concentration0": 0.5}, (5e-324, 1e-310, 1e-20, 0.3, 0.5, 1 - 2.0**-53)),
            ({"concentration1": 1e-3, "concentration0": 1e-3}, (1e-300, 1e-20, 0.01, 0.5, 0.99, 1 - 2.0**-53)),
            ({"concentration1": 1e-3, "concentration0": 7.5}, (5e-324, 1e-200, 1e-3, 0.5, 0.999)),
            ({"concentration1": 123.4, "concentration0": 0.01}, (0.1, 0.9, 0.999, 1 - 1e-9, 1 - 2.0**-53)),
            ({"concentration1": 1e8, "concentration0": 1e8}, (0.5, 0.5 + 1e-5, 0.49995, 0.5004, 0.1, 1e-300)),
            ({"concentration1": 1e8 + 0.3, "concentration0": 2e8 + 0.7}, (1 / 3, 0.33338, 0.3332, 0.334)),
            ({"concentration1": 2.5, "concentration0": 1e8}, (1e-300, 1e-12, 1.7e-8, 2e-8, 3e-7)),
        ),
        edges=(
            ({"concentration1": 0.5, "concentration0": 2.0}, 0.0, np.inf),
            ({"concentration1": 1.0, "concentration0": 2.5}, 0.0, np.log(2.5)),
            ({"concentration1": 3.0, "concentration0": 0.5}, 0.0, -np.inf),
            ({"concentration1": 3.0, "concentration0": 0.5}, 1.0, np.inf),
            ({"concentration1": 2.5, "concentration0": 1.0}, 1.0, np.log(2.5)),
            ({"concentration1": 0.5, "concentration0": 2.0}, 1.0, -np.inf),
            *(({"concentration1": 0.5, "concentration0": c}, x, -np.inf) for c in (0.5, 2.0) for x in (-1e-300, 1.5)),
        ),
        bad=(
            *bad_positive(fg.Beta, "concentration1", concentration0=1.0),
            *bad_positive(fg.Beta, "concentration0", concentration1=1.0),
        ),
    ),
    Row(
        "gamma",
        fg.Gamma,
        lambda rng, k: {"concentration": rng.uniform(1.2, 8.0, size=k), "rate": SCALES(rng, k)},
        lambda k: {"concentration": ramp(k, 0.5, 0.75), "rate": ramp(k, 0.5, 0.25)},
        gamma,
        gamma_tails,
        lambda p: stats.gamma(p["concentration"], scale=1 / p["rate"]),
        (
            ({"concentration": 2.5, "rate": 1.0}, (5e-324, 1e-300, 1e-9, 1.5, 2.5, 40.0, 700.0)),
            ({"concentration": 1.0, "rate": 0.7}, (0.0, 1e-300, 1e-9, 1.0, 900.0)),
            ({"concentration": 1e-3, "rate": 1.3}, (5e-324, 1e-300, 1e-20, 0.01, 1.0, 500.0)),
            ({"concentration": 1e-3, "rate": 1e-150}, (1e-300, 1e-200, 1e-20, 1e150, 1e152)),
            ({"concentration": 0.3, "rate": 1e150}, (1e-300, 1e-200, 1e-150, 1e-148)),
            ({"concentration": 1e8, "rate": 0.3}, (3e8, 1e9 / 3, 3.3334e8, 3.334e8, 3.345e8, 1e9)),
            ({"concentration": 1e8, "rate": 1e8}, (1.0, 1.0 - 1e-8, 1.0 + 1e-8, 0.997, 1.003)),
            ({"concentration": 1e8 + 0.7, "rate": 1e150}, (1e-142, 1.0001e-142, 0.9999e-142)),
            ({"concentration": 40.3, "rate": 1e-150}, (1e-300, 1e151, 4e151, 5e152)),
            ({"concentration": 0.3, "rate": 2.5e-308}, (1e-300, 1.0, 1e300, 1.7e308)),
        ),
        edges=(
            ({"concentration": 0.5, "rate": 2.0}, 0.0, np.inf),
            ({"concentration": 1.0, "rate": 2.0}, 0.0, np.log(2.0)),
            ({"concentration": 2.0, "rate": 2.0}, 0.0, -np.inf),
            *(({"concentration": c, "rate": 2.0}, x, -np.inf) for c in (0.5, 1.0, 2.0) for x in (-1e-300, -1.0)),
        ),
        bad=(
            *bad_positive(fg.Gamma, "concentration", rate=1.0),
            *bad_positive(fg.Gamma, "rate", concentration=1.0),
            Bad("concentration 1e301", lambda: fg.Gamma(1e301, 1.0), ValueError, r"is 1e\+301, expected .* to 1e300\)"),
        ),
    ),
    Row(
        "inverse_gamma",
        fg.InverseGamma,
        lambda rng, k: {"concentration": rng.uniform(2.5, 8.0, size=k), "scale": SCALES(rng, k)},
        lambda k: {"concentration": ramp(k, 0.5, 0.75), "scale": ramp(k, 0.5, 0.25)},
        inverse_gamma,
        inverse_gamma_tails,
        lambda p: stats.invgamma(p["concentration"], scale=p["scale"]),
        (
            ({"concentration": 2.5, "scale": 1.0}, (1e-5, 2e-3, 0.2, 0.4, 3.0, 1e9, 1e300)),
            ({"concentration": 0.3, "scale": 1e-150}, (1e-153, 1e-150, 1e-20, 1.0, 1e300)),
            ({"concentration": 1e-3, "scale": 1.3}, (2e-3, 1.0, 1e20, 1e300)),
            ({"concentration": 1.5, "scale": 1e150}, (1e147, 1e150, 1e160)),
            ({"concentration": 1e8, "scale": 0.3}, (3e-9, 3.0003e-9, 2.999e-9, 3.01e-9)),
            ({"concentration": 1e8 + 0.7, "scale": 1e8}, (1.0, 1.0 - 1e-8, 0.9997, 1.003)),
            ({"concentration": 1e-300, "scale": 1e-5}, (1.0, 1e300)),
        ),
        edges=tuple(({"concentration": c, "scale": 2.0}, x, -np.inf) for c in (0.5, 2.0) for x in (0.0, -1e-300, -1.0)),
        bad=(
            *bad_positive(fg.InverseGamma, "concentration", scale=1.0),
            *bad_positive(fg.InverseGamma, "scale", concentration=1.0),
        ),
    ),
    Row(
        "skew_normal",
        fg.SkewNormal,
        lambda rng, k: {**location_scale(rng, k), "shape": rng.uniform(-4.0, 4.0, size=k)},
        lambda k: {**location_scale_golden(k), "shape": ramp(k, -2.5, 0.75)},
        skew_normal,
        skew_normal_tails,
        lambda p: stats.skewnorm(p["shape"], p["loc"], p["scale"]),
        (
            ({"loc": 0.0, "scale": 1.0, "shape": 2.0}, (-16.0, -2.0, -0.5, 0.0, 0.5, 3.0, 37.0)),
            ({"loc": 0.0, "scale": 1.0, "shape": -0.7}, (-37.0, -2.0, -0.1, 0.0, 1.5, 25.0)),
            ({"loc": 0.0, "scale": 1.0, "shape": 0.0}, (-37.0, -0.5, 0.0, 2.0)),
            ({"loc": 1e8, "scale": 1e-2, "shape": 5.0}, (1e8, 1e8 + 2.0**-6, 1e8 - 2.0**-8)),
            ({"loc": -5.0, "scale": 1e150, "shape": 30.0}, (-1e149, 0.0, 1e150, 3e151)),
            ({"loc": 0.0, "scale": 1.0, "shape": 1e4}, (-3e-3, -1e-4, 0.0, 0.5, 8.0)),
        ),
        bad=(
            *bad_positive(fg.SkewNormal, "scale", loc=0.0, shape=1.0),
            *bad_real(fg.SkewNormal, "loc", scale=1.0, shape=1.0),
            *bad_real(fg.SkewNormal, "shape", loc=0.0, scale=1.0),
        ),
    ),
    Row(
        "student_t",
        fg.StudentT,
        lambda rng, k: {"df": rng.uniform(2.5, 20.0, size=k), **location_scale(rng, k)},
        lambda k: {"df": ramp(k, 1.5, 0.75), **location_scale_golden(k)},
        student_t,
        student_t_tails,
        lambda p: stats.t(p["df"], p["loc"], p["scale"]),
        (
            ({"df": 3.0, "loc": 0.0, "scale": 1.0}, (-1e90, -40.0, -1.0, -1e-9, 0.0, 1e-300, 0.5, 2.0, 1e5)),
            ({"df": 0.5, "loc": 0.0, "scale": 1.0}, (-1e300, -1e101, -3.0, 0.0, 1.0, 1e20, 1e200)),
            ({"df": 1.0, "loc": 0.0, "scale": 1.0}, (-1e300, -3.0, 0.5, 1e8)),
            ({"df": 30.5, "loc": 1e8, "scale": 1e-2}, (1e8, 1e8 + 2.0**-6, 1e8 - 2.0**-4)),
            ({"df": 1e8, "loc": 0.0, "scale": 1.0}, (-36.0, -3.0, 1e-5, 0.0, 0.7, 10.0)),
            ({"df": 0.5, "loc": 0.0, "scale": 1e-150}, (-1e300, -1e-150, 1e-151, 1.0)),
            ({"df": 7.0, "loc": -5.0, "scale": 1e150}, (-1e152, 0.0, 3e151)),
            ({"df": 0.1, "loc": 0.0, "scale": 1.0}, (-1e300, -1e101, -2.0, 0.0, 1.0, 1e102, 1e200, 1e308)),
        ),
        bad=(
            *bad_positive(fg.StudentT, "df", loc=0.0, scale=1.0),
            *bad_positive(fg.StudentT, "scale", df=1.0, loc=0.0),
            *bad_real(fg.StudentT, "loc", df=1.0, scale=1.0),
        ),
    ),
    Row(
        "truncated_normal",
        fg.TruncatedNormal,
        lambda rng, k: {**location_scale(rng, k), "low": -4.0 - SCALES(rng, k), "high": 4.0 + SCALES(rng, k)},
        lambda k: {**location_scale_golden(k), "low": ramp(k, -3.0, 0.5), "high": ramp(k, -2.5, 0.75)},
        truncated_normal,
        truncated_normal_tails,
        lambda p: stats.truncnorm(
            *((p[end] - p["loc"]) / p["scale"] for end in ("low", "high")), loc=p["loc"], scale=p["scale"]
        ),
        (
            ({"loc": 0.0, "scale": 1.0, "low": -1.0, "high": 2.0}, (-1.0, -1 + 1e-9, -0.3, 0.0, 1e-300, 1.0, 2.0)),
            ({"loc": 0.0, "scale": 1.0, "low": -40.0, "high": 50.0}, (-40.0, -39.9, -30.0, 0.0, 5.0, 37.0)),
            ({"loc": 0.0, "scale": 1.0, "low": -np.inf, "high": np.inf}, (-37.0, -1.0, 0.0, 12.0)),
            ({"loc": 1.0, "scale": 2.0, "low": 0.0, "high": np.inf}, (0.0, 1e-30, 1e-9, 1.0, 7.0, 70.0)),
            ({"loc": 0.0, "scale": 0.3, "low": 30.0, "high": np.inf}, (30.0, 30.0 + 2.0**-40, 30.01, 31.0)),
            ({"loc": 0.0, "scale": 0.3, "low": -np.inf, "high": -30.0}, (-31.0, -30.01, -30.0)),
            ({"loc": -1e8, "scale": 3.0, "low": 0.0, "high": 1.0}, (0.0, 1e-30, 1e-9, 1e-7, 2e-6)),
            ({"loc": 0.0, "scale": 3.0, "low": 1e8, "high": 1e8 + 1e-6}, (1e8, 1e8 + 2.0**-21, 1e8 + 2.0**-22)),
            ({"loc": 5.0, "scale": 1e150, "low": -3.0, "high": 4.0}, (-3.0, -1.0, 0.0, 1e-9, 4.0)),
            ({"loc": 0.0, "scale": 1e-150, "low": -1.0, "high": 2.0}, (-3e-149, 0.0, 1e-150)),
            ({"loc": 0.0, "scale": 1.0, "low": -1e-9, "high": 2e-9}, (-1e-9, -3e-10, 0.0, 1e-20, 2e-9)),
        ),
        edges=(
            ({"loc": 0.0, "scale": 1.0, "low": 0.0, "high": np.inf}, 0.0, np.log(2 / np.pi) / 2),
            ({"loc": 0.0, "scale": 1.0, "low": 0.0, "high": 1.0}, -1e-300, -np.inf),
            ({"loc": 0.0, "scale": 1.0, "low": 0.0, "high": 1.0}, np.nextafter(1.0, 2.0), -np.inf),
        ),
        bad=(
            *bad_positive(fg.TruncatedNormal, "scale", loc=0.0, low=0.0, high=1.0),
            *bad_real(fg.TruncatedNormal, "loc", scale=1.0, low=0.0, high=1.0),
            Bad(
                "low nan",
                lambda: fg.TruncatedNormal(0.0, 1.0, np.nan, 1.0),
                ValueError,
                r"low is nan, expected a number",
            ),
            Bad(
                "exchanged ends",
                lambda: fg.TruncatedNormal(0.0, 1.0, [0.0, 2.0], 1.0),
                ValueError,
                r"low\[1\] is 2\.0 and high\[1\] is 1\.0, expected high greater than low; exchange them",
            ),
            Bad(
                "no interval",
                lambda: fg.TruncatedNormal(0.0, 1.0, np.inf, np.inf),
                ValueError,
                r"low\[0\] is inf and high\[0\] is inf, expected high greater than low$",
            ),
            *(
                Bad(
                    f"{end} beyond reach",
                    lambda sign=sign: fg.TruncatedNormal(-sign * 1e300, 1e-300, *sorted((0.0, sign * 1.0))),
                    ValueError,
                    rf"{end}\[0\] is 0\.0, more than 1e\+300 times scale\[0\], 1e-300, from loc\[0\], {loc}; expected less",
                )
                for end, sign, loc in (("low", 1.0, r"-1e\+300"), ("high", -1.0, r"1e\+300"))
            ),
        ),
    ),
    Row(
        "von_mises",
        fg.VonMises,
        lambda rng, k: {"loc": rng.uniform(-3.0, 3.0, size=k), "concentration": rng.uniform(0.1, 8.0, size=k)},
        lambda k: {"loc": ramp(k), "concentration": ramp(k, 0.5, 0.75)},
        von_mises,
        von_mises_tails,
        VonMisesPeer,
        (
            ({"loc": 0.0, "concentration": 0.0}, (-np.pi, -1.0, 0.0, 1.0, np.pi, 100.0)),
            ({"loc": 0.0, "concentration": 2.0}, (-np.pi, -3.1415926, -2.0, -1e-9, 0.0, 1.0, np.pi, 7.0, -1e6)),
            ({"loc": 2.5, "concentration": 0.7}, (-3.1415926, -3.0, -0.7, -0.6, 0.0, 2.5, 3.14)),
            ({"loc": -3.1, "concentration": 50.0}, (-3.1415926, -3.141, -3.1, -2.0, 0.0, 0.05, 1.0, 3.0, 3.141)),
            ({"loc": 1e5, "concentration": 300.0}, (-3.0, 0.0, 2.0, 3.0)),
            ({"loc": 0.5, "concentration": 1e8}, (0.5, 0.5001, 0.4999, 0.4963, 0.503, 0.4)),
            ({"loc": np.pi, "concentration": 1e6}, (-np.pi + 1e-7, -np.pi + 1e-4, np.pi - 1e-5, np.pi)),
            ({"loc": 0.0, "concentration": 1e-3}, (-3.0, 0.0, 1.0)),
        ),
        bad=(
            *bad_real(fg.VonMises, "loc", concentration=1.0),
            Bad(
                "loc no angle",
                lambda: fg.VonMises(1e16, 1.0),
                ValueError,
                r"loc is 1e\+16, expected .* up to 2\*\*50 in size",
            ),
            Bad(
                "negative",
                lambda: fg.VonMises(0.0, [1.0, -1.0]),
                ValueError,
                r"concentration\[1\] is -1\.0, expected a finite number of at least 0",
            ),
        ),
    ),
)

ROWS = tuple(row._replace(log_density=remembered(row.log_density), tails=remembered(row.tails)) for row in _ROWS)
