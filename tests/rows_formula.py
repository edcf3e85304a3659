"""Scalar laws whose distribution function is a formula of elementary functions, or of the error function."""

from __future__ import annotations

import fastgen as fg
import numpy as np
from helpers import Bad
from mpmath import mp, mpf
from row import LOCATIONS, SCALES, Row, bad_positive, bad_real, location_scale, location_scale_golden, ramp, standard
from scipy import stats


def cauchy(p, x):
    return -mp.log(mp.pi * p["scale"] * (1 + standard(p, x) ** 2))


def cauchy_tails(p, x):
    near = mp.atan2(1, abs(standard(p, x))) / mp.pi
    return (near, 1 - near) if x < p["loc"] else (1 - near, near)


CAUCHY = Row(
    "cauchy",
    construct=fg.Cauchy,
    parameters=location_scale,
    golden=location_scale_golden,
    log_density=cauchy,
    tails=cauchy_tails,
    peer=lambda p: stats.cauchy(p["loc"], p["scale"]),
    extremes=(
        ({"loc": 0.0, "scale": 1.0}, (-1e300, -1e20, -1e17, -3.0, -1e-9, 0.0, 1e-300, 0.5, 1.0, 1e8, 1e160)),
        ({"loc": 1e8, "scale": 1e-8}, (1e8, 1e8 + 2.0**-20, 1e8 - 2.0**-22, 0.0)),
        ({"loc": -5.0, "scale": 1e150}, (-1e152, 0.0, 3e151, 1e300)),
        ({"loc": 0.0, "scale": 1e-150}, (-1e300, -1e-150, 1e-151, 1.0)),
        ({"loc": 0.0, "scale": 1e300}, (-1e305, 0.0, 1e308)),
    ),
    bad=bad_positive(fg.Cauchy, "scale", loc=0.0) + bad_real(fg.Cauchy, "loc", scale=1.0),
)


def gumbel(p, x):
    z = standard(p, x)
    return -z - mp.exp(-z) - mp.log(p["scale"])


def gumbel_tails(p, x):
    t = -mp.exp(-standard(p, x))
    return mp.exp(t), -mp.expm1(t)


GUMBEL = Row(
    "gumbel",
    construct=fg.Gumbel,
    parameters=location_scale,
    golden=location_scale_golden,
    log_density=gumbel,
    tails=gumbel_tails,
    peer=lambda p: stats.gumbel_r(p["loc"], p["scale"]),
    extremes=(
        ({"loc": 0.0, "scale": 1.0}, (-700.0, -100.0, -6.5, -2.0, -1e-9, 0.0, 1e-300, 1.0, 40.0, 700.0, 1e300)),
        ({"loc": 0.1, "scale": 0.3}, (-200.0, -60.7, -1.7, 0.1, 5.3, 90.1, 210.0)),
        ({"loc": 1e8, "scale": 1e-8}, (1e8, 1e8 + 2.0**-20, 1e8 - 2.0**-22)),
        ({"loc": -5.0, "scale": 1e150}, (-6e150, -1e150, 0.0, 3e151)),
    ),
    # So far left that the logarithm itself is beyond the numbers.
    edges=(({"loc": 0.0, "scale": 1.0}, -1000.0, -np.inf), ({"loc": 0.0, "scale": 1e-10}, -1e300, -np.inf)),
    bad=bad_positive(fg.Gumbel, "scale", loc=0.0) + bad_real(fg.Gumbel, "loc", scale=1.0),
)


def half_normal(p, x):
    z = x / p["scale"]
    return mp.log(2 / mp.pi) / 2 - mp.log(p["scale"]) - z * z / 2 if x >= 0 else -mp.inf


def half_normal_tails(p, x):
    t = max(x, 0) / p["scale"] / mp.sqrt(2)
    return mp.erf(t), mp.erfc(t)


HALF_NORMAL = Row(
    "half_normal",
    construct=fg.HalfNormal,
    parameters=lambda rng, k: {"scale": SCALES(rng, k)},
    golden=lambda k: {"scale": ramp(k, 0.5, 0.25)},
    log_density=half_normal,
    tails=half_normal_tails,
    peer=lambda p: stats.halfnorm(scale=p["scale"]),
    extremes=(
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
)


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


LOG_NORMAL = Row(
    "log_normal",
    construct=fg.LogNormal,
    parameters=lambda rng, k: {"loc": rng.normal(size=k), "scale": rng.uniform(0.2, 1.0, size=k)},
    golden=lambda k: {"loc": ramp(k), "scale": ramp(k, 0.25, 0.125)},
    log_density=log_normal,
    tails=log_normal_tails,
    peer=lambda p: stats.lognorm(p["scale"], scale=np.exp(p["loc"])),
    extremes=(
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
)


def logistic(p, x):
    z = standard(p, x)
    return -z - 2 * mp.log1p(mp.exp(-z)) - mp.log(p["scale"])


def logistic_tails(p, x):
    z = standard(p, x)
    return 1 / (1 + mp.exp(-z)), 1 / (1 + mp.exp(z))


LOGISTIC = Row(
    "logistic",
    construct=fg.Logistic,
    parameters=location_scale,
    golden=location_scale_golden,
    log_density=logistic,
    tails=logistic_tails,
    peer=lambda p: stats.logistic(p["loc"], p["scale"]),
    extremes=(
        ({"loc": 0.0, "scale": 1.0}, (-700.0, -30.0, -1.0, -1e-9, 0.0, 1e-300, 0.5, 40.0, 700.0, 1e300)),
        ({"loc": 1e8, "scale": 1e-8}, (1e8, 1e8 + 2.0**-20, 1e8 - 2.0**-22)),
        ({"loc": -5.0, "scale": 1e150}, (-1e152, 0.0, 3e151)),
    ),
    bad=bad_positive(fg.Logistic, "scale", loc=0.0) + bad_real(fg.Logistic, "loc", scale=1.0),
)


def pareto(p, x):
    a, m = p["concentration"], p["scale"]
    return mp.log(a / m) - (a + 1) * mp.log(x / m) if x >= m else -mp.inf


def pareto_tails(p, x):
    t = -p["concentration"] * mp.log(max(x, p["scale"]) / p["scale"])
    return -mp.expm1(t), mp.exp(t)


PARETO = Row(
    "pareto",
    construct=fg.Pareto,
    parameters=lambda rng, k: {"concentration": rng.uniform(1.5, 5.0, size=k), "scale": SCALES(rng, k)},
    golden=lambda k: {"concentration": ramp(k, 0.5, 0.75), "scale": ramp(k, 0.5, 0.25)},
    log_density=pareto,
    tails=pareto_tails,
    peer=lambda p: stats.pareto(p["concentration"], scale=p["scale"]),
    extremes=(
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
)


def uniform(p, x):
    return -mp.log(p["high"] - p["low"]) if p["low"] <= x <= p["high"] else -mp.inf


def uniform_tails(p, x):
    at, width = min(max(x, p["low"]), p["high"]), p["high"] - p["low"]
    return (at - p["low"]) / width, (p["high"] - at) / width


UNIFORM = Row(
    "uniform",
    construct=fg.Uniform,
    parameters=lambda rng, k: dict(
        zip(("low", "high"), np.cumsum([LOCATIONS(rng, k), SCALES(rng, k)], axis=0), strict=True)
    ),
    golden=lambda k: {"low": ramp(k), "high": ramp(k) + ramp(k, 0.5, 0.25)},
    log_density=uniform,
    tails=uniform_tails,
    peer=lambda p: stats.uniform(p["low"], p["high"] - p["low"]),
    extremes=(
        ({"low": 0.0, "high": 1.0}, (0.0, 1e-300, 1e-9, 0.3, 0.5, 1.0 - 2.0**-53, 1.0)),
        ({"low": -0.1, "high": 0.3}, (-0.1, -0.05, 0.0, 1e-20, 0.1, 0.3)),
        ({"low": 1e8, "high": 1e8 + 2.0**-20}, (1e8, 1e8 + 2.0**-22, 1e8 + 2.0**-21, 1e8 + 2.0**-20)),
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
        Bad(
            "empty interval in a batch",
            lambda: fg.Uniform([[0.0, 1.0], [0.0, 3.0]], [[1.0, 2.0], [1.0, 2.0]]),
            ValueError,
            r"low\[1, 1\] is 3\.0 and high\[1, 1\] is 2\.0, expected high greater than low; exchange them",
        ),
        Bad("too long", lambda: fg.Uniform(-1e308, 1e308), ValueError, r"expected high - low of at most 1\.8e308"),
    ),
)


def weibull(p, x):
    k, scale = p["concentration"], p["scale"]
    if x <= 0:
        at_0 = mp.inf if k < 1 else -mp.log(scale) if k == 1 else -mp.inf
        return at_0 if x == 0 else -mp.inf
    return mp.log(k / scale) + (k - 1) * mp.log(x / scale) - (x / scale) ** k


def weibull_tails(p, x):
    t = -((max(x, mpf(0)) / p["scale"]) ** p["concentration"])
    return -mp.expm1(t), mp.exp(t)


WEIBULL = Row(
    "weibull",
    construct=fg.Weibull,
    parameters=lambda rng, k: {"concentration": rng.uniform(1.2, 4.0, size=k), "scale": SCALES(rng, k)},
    golden=lambda k: {"concentration": ramp(k, 0.5, 0.25), "scale": ramp(k, 0.5, 0.25)},
    log_density=weibull,
    tails=weibull_tails,
    peer=lambda p: stats.weibull_min(p["concentration"], scale=p["scale"]),
    extremes=(
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
)


def laplace(p, x):
    return -abs(x - p["loc"]) / p["scale"] - mp.log(2 * p["scale"])


def laplace_tails(p, x):
    z = (x - p["loc"]) / p["scale"]
    near = mp.exp(-abs(z)) / 2
    return (near, 1 - near) if z < 0 else (1 - near, near)


LAPLACE = Row(
    "laplace",
    construct=fg.Laplace,
    parameters=location_scale,
    golden=location_scale_golden,
    log_density=laplace,
    tails=laplace_tails,
    peer=lambda p: stats.laplace(p["loc"], p["scale"]),
    extremes=(
        ({"loc": 0.0, "scale": 1.0}, (-700.0, -30.0, -1e-9, 0.0, 1e-300, 1.0, 40.0, 700.0, 1e300)),
        ({"loc": 1e8, "scale": 1e-8}, (1e8, 1e8 + 2.0**-20, 1e8 - 2.0**-22)),
        ({"loc": -5.0, "scale": 1e150}, (-1e152, 0.0, 3e151)),
    ),
    bad=bad_positive(fg.Laplace, "scale", loc=0.0) + bad_real(fg.Laplace, "loc", scale=1.0),
)


def exponential(p, x):
    return mp.log(p["rate"]) - p["rate"] * x if x >= 0 else -mp.inf


def exponential_tails(p, x):
    t = -p["rate"] * max(x, 0)
    return -mp.expm1(t), mp.exp(t)


EXPONENTIAL = Row(
    "exponential",
    construct=fg.Exponential,
    parameters=lambda rng, k: {"rate": SCALES(rng, k)},
    golden=lambda k: {"rate": ramp(k, 0.5, 0.25)},
    log_density=exponential,
    tails=exponential_tails,
    peer=lambda p: stats.expon(scale=1 / p["rate"]),
    extremes=(
        ({"rate": 1.0}, (0.0, 1e-300, 1e-9, 1.0, 36.0, 700.0)),
        ({"rate": 1e-150}, (0.0, 1e140, 1e150, 1e152)),
        ({"rate": 1e150}, (1e-160, 1e-150, 1e-148)),
        ({"rate": 2.5e-308}, (0.0, 1e300, 1.7e308)),
    ),
    edges=(({"rate": 2.0}, 0.0, np.log(2.0)), ({"rate": 2.0}, -1e-300, -np.inf), ({"rate": 2.0}, -1.0, -np.inf)),
    bad=bad_positive(fg.Exponential, "rate"),
)
