"""Relatives of the normal law: skewed, heavy of tail, cut off, wrapped around a circle."""

from __future__ import annotations

import functools

import fastgen as fg
import numpy as np
from exact_tails import LARGE, NODES, WEIGHTS, log_gamma, split
from helpers import Bad
from mpmath import mp, mpf
from row import SCALES, Row, bad_positive, bad_real, location_scale, location_scale_golden, ramp, standard
from scipy import integrate, optimize, stats


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
        light = split(a, log_density, mpf(0), min(1 + a, 1 / z))[1]
    beyond = light if (x >= p["loc"]) == (p["shape"] < 0) else mp.erfc(z / mp.sqrt(2)) - light
    return (1 - beyond, beyond) if x >= p["loc"] else (beyond, 1 - beyond)


SKEW_NORMAL = Row(
    "skew_normal",
    construct=fg.SkewNormal,
    parameters=lambda rng, k: {**location_scale(rng, k), "shape": rng.uniform(-4.0, 4.0, size=k)},
    golden=lambda k: {**location_scale_golden(k), "shape": ramp(k, -2.5, 0.75)},
    log_density=skew_normal,
    tails=skew_normal_tails,
    peer=lambda p: stats.skewnorm(p["shape"], p["loc"], p["scale"]),
    extremes=(
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
)


def student_t(p, x):
    v, t = p["df"], standard(p, x)
    constant = log_gamma((v + 1) / 2) - log_gamma(v / 2) - mp.log(mp.pi * v) / 2 - mp.log(p["scale"])
    return constant - (v + 1) / 2 * mp.log1p(t * t / v)


def student_t_tails(p, x):
    v, t = p["df"], abs(standard(p, x))
    if v > LARGE**2:
        near = split(t, lambda y: student_t({"df": v, "loc": 0, "scale": mpf(1)}, y), mpf(0), mpf(1))[1]
    elif t < 1:  # the expansion about the other end converges fast
        near = (1 - mp.betainc(mpf(1) / 2, v / 2, 0, t * t / (v + t * t), regularized=True)) / 2
    else:
        near = mp.betainc(v / 2, mpf(1) / 2, 0, v / (v + t * t), regularized=True) / 2
    return (near, 1 - near) if x < p["loc"] else (1 - near, near)


STUDENT_T = Row(
    "student_t",
    construct=fg.StudentT,
    parameters=lambda rng, k: {"df": rng.uniform(2.5, 20.0, size=k), **location_scale(rng, k)},
    golden=lambda k: {"df": ramp(k, 1.5, 0.75), **location_scale_golden(k)},
    log_density=student_t,
    tails=student_t_tails,
    peer=lambda p: stats.t(p["df"], p["loc"], p["scale"]),
    extremes=(
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
)


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
        whole = normal_mass(low, high)
        return normal_mass(low, at) / whole, normal_mass(at, high) / whole


TRUNCATED_NORMAL = Row(
    "truncated_normal",
    construct=fg.TruncatedNormal,
    parameters=lambda rng, k: {**location_scale(rng, k), "low": -4.0 - SCALES(rng, k), "high": 4.0 + SCALES(rng, k)},
    golden=lambda k: {**location_scale_golden(k), "low": ramp(k, -3.0, 0.5), "high": ramp(k, -2.5, 0.75)},
    log_density=truncated_normal,
    tails=truncated_normal_tails,
    peer=lambda p: stats.truncnorm(
        *((p[end] - p["loc"]) / p["scale"] for end in ("low", "high")), loc=p["loc"], scale=p["scale"]
    ),
    extremes=(
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
)


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
            inner = (a + (b - a) * (1 + x) / 2 for x in NODES)
            return (b - a) / 2 * mp.fsum(w * mp.exp(von_mises(p, t)) for t, w in zip(inner, WEIGHTS, strict=True))
        middle = (a + b) / 2
        at_middle = von_mises(p, middle)
        return piece(a, middle, at_a, at_middle) + piece(middle, b, at_middle, at_b)

    pieces = zip(ends[:-1], ends[1:], values[:-1], values[1:], strict=True)
    return mp.fsum(piece(*each) for each in pieces if each[0] < each[1])


PI = mpf(float(np.pi))


def von_mises_tails(p, x):
    if not -PI < x < PI:
        return (mpf(0), mpf(1)) if x <= -PI else (mpf(1), mpf(0))
    sides = (-PI, x), (x, PI)
    side = int(x >= p["loc"])  # of the smaller tail, unless the law reaches around
    tail = arc(p, *sides[side])
    if tail > 0.5:
        side = 1 - side
        tail = arc(p, *sides[side])
    # The double next to pi leaves a gap of 2.4e-16, which no number can fall into.
    return (1 - tail, tail) if side else (tail, 1 - tail)


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


VON_MISES = Row(
    "von_mises",
    construct=fg.VonMises,
    parameters=lambda rng, k: {"loc": rng.uniform(-3.0, 3.0, size=k), "concentration": rng.uniform(0.1, 8.0, size=k)},
    golden=lambda k: {"loc": ramp(k), "concentration": ramp(k, 0.5, 0.75)},
    log_density=von_mises,
    tails=von_mises_tails,
    peer=VonMisesPeer,
    extremes=(
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
)
