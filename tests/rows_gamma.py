"""The gamma law and its kin."""

from __future__ import annotations

import fastgen as fg
import numpy as np
from exact_tails import LARGE, gamma_law, log_gamma, split, swapped
from helpers import Bad
from mpmath import mp, mpf
from row import SCALES, Row, bad_positive, ramp
from scipy import stats


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
        return split(x, law, mode, sd)
    lower = mp.betainc(a, b, 0, x, regularized=True)
    return lower, mp.betainc(b, a, 0, 1 - x, regularized=True) if x > mpf(10) ** -20 else 1 - lower


BETA = Row(
    "beta",
    construct=fg.Beta,
    parameters=lambda rng, k: {name: rng.uniform(1.2, 5.0, size=k) for name in ("concentration1", "concentration0")},
    golden=lambda k: {"concentration1": ramp(k, 0.5, 0.75), "concentration0": ramp(k, 4.0, -0.25)},
    log_density=beta,
    tails=beta_tails,
    peer=lambda p: stats.beta(p["concentration1"], p["concentration0"]),
    extremes=(
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
)


def gamma(p, x):
    a, r = p["concentration"], p["rate"]
    if x <= 0:
        return -mp.inf if x < 0 or a > 1 else mp.log(r) if a == 1 else mp.inf
    return a * mp.log(r) + (a - 1) * mp.log(x) - r * x - log_gamma(a)


def gamma_tails_of(a, m):
    """P(G <= m) and P(G > m) of a gamma variate of shape a and rate 1."""
    if a > LARGE**2:
        return split(m, *gamma_law(a))
    return mp.gammainc(a, 0, m, regularized=True), mp.gammainc(a, m, mp.inf, regularized=True)


def gamma_tails(p, x):
    return gamma_tails_of(p["concentration"], p["rate"] * x) if x > 0 else (mpf(0), mpf(1))


GAMMA = Row(
    "gamma",
    construct=fg.Gamma,
    parameters=lambda rng, k: {"concentration": rng.uniform(1.2, 8.0, size=k), "rate": SCALES(rng, k)},
    golden=lambda k: {"concentration": ramp(k, 0.5, 0.75), "rate": ramp(k, 0.5, 0.25)},
    log_density=gamma,
    tails=gamma_tails,
    peer=lambda p: stats.gamma(p["concentration"], scale=1 / p["rate"]),
    extremes=(
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
)


def inverse_gamma(p, x):
    a, b = p["concentration"], p["scale"]
    return a * mp.log(b) - (a + 1) * mp.log(x) - b / x - log_gamma(a) if x > 0 else -mp.inf


def inverse_gamma_tails(p, x):
    return swapped(gamma_tails_of(p["concentration"], p["scale"] / x)) if x > 0 else (mpf(0), mpf(1))


INVERSE_GAMMA = Row(
    "inverse_gamma",
    construct=fg.InverseGamma,
    parameters=lambda rng, k: {"concentration": rng.uniform(2.5, 8.0, size=k), "scale": SCALES(rng, k)},
    golden=lambda k: {"concentration": ramp(k, 0.5, 0.75), "scale": ramp(k, 0.5, 0.25)},
    log_density=inverse_gamma,
    tails=inverse_gamma_tails,
    peer=lambda p: stats.invgamma(p["concentration"], scale=p["scale"]),
    extremes=(
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
)
