"""Laws of whole numbers."""

from __future__ import annotations

import fastgen as fg
import numpy as np
from exact_tails import gamma_law, log_gamma, split, swapped, tails_of_counts
from helpers import Bad
from mpmath import mp, mpf
from row import Row, bad_positive, bad_share, ramp
from scipy import stats


def counts(x):
    """Whether x is a whole number of at least 0."""
    return x >= 0 and x == mp.floor(x)


def bernoulli(p, x):
    mass = {0: 1 - p["probs"], 1: p["probs"]}.get(x, mpf(0))
    return mp.log(mass) if mass else -mp.inf


def bernoulli_tails(p, x):
    return (mpf(0), mpf(1)) if x < 0 else (1 - p["probs"], p["probs"]) if x < 1 else (mpf(1), mpf(0))


BERNOULLI = Row(
    "bernoulli",
    construct=fg.Bernoulli,
    parameters=lambda rng, k: {"probs": rng.uniform(0.1, 0.9, size=k)},
    golden=lambda k: {"probs": ramp(k, 0.125, 0.0625)},
    log_density=bernoulli,
    tails=bernoulli_tails,
    peer=lambda p: stats.bernoulli(p["probs"]),
    extremes=(
        ({"probs": 0.3}, (0.0, 1.0, 0.5, -1.0, 2.0)),
        ({"probs": 1e-12}, (0.0, 1.0)),
        ({"probs": 1 - 2.0**-50}, (0.0, 1.0)),
        ({"probs": 0.0}, (0.0, 1.0)),
        ({"probs": 1.0}, (0.0, 1.0)),
    ),
    discrete=True,
    bad=bad_share(fg.Bernoulli, "probs", zero=True),
)


def binomial(p, x):
    n, q = p["n"], p["probs"]
    if not counts(x) or x > n or (q == 0 and x > 0) or (q == 1 and x < n):
        return -mp.inf
    ways = log_gamma(n + 1) - log_gamma(x + 1) - log_gamma(n - x + 1)
    return ways + (x * mp.log(q) if x else 0) + ((n - x) * mp.log1p(-q) if n > x else 0)


binomial_tails = tails_of_counts(
    binomial,
    ratio=lambda p, k: (p["n"] - k + 1) / k * p["probs"] / (1 - p["probs"]) if p["probs"] < 1 else mp.inf,
    mean=lambda p: p["n"] * p["probs"],
    variance=lambda p: p["n"] * p["probs"] * (1 - p["probs"]),
    integral=lambda p, k: swapped(split(p["probs"], *gamma_law(k + 1, p["n"] - k))),
    most=lambda p: p["n"],
)


BINOMIAL = Row(
    "binomial",
    construct=fg.Binomial,
    # One n: generic tests expect every component to have a mass at every point.
    parameters=lambda rng, k: {"n": np.full(k, 40.0), "probs": rng.uniform(0.1, 0.9, size=k)},
    golden=lambda k: {"n": 8.0 + 20 * (np.arange(k) % 5), "probs": ramp(k, 0.125, 0.0625)},
    log_density=binomial,
    tails=binomial_tails,
    peer=lambda p: stats.binom(int(p["n"]), p["probs"]),
    extremes=(
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
)


def geometric(p, x):
    if not counts(x):
        return -mp.inf
    return mp.log(p["probs"]) + (x * mp.log1p(-p["probs"]) if x else 0)


def geometric_tails(p, x):
    if x < 0:
        return mpf(0), mpf(1)
    t = (mp.floor(x) + 1) * mp.log1p(-p["probs"])
    return -mp.expm1(t), mp.exp(t)


GEOMETRIC = Row(
    "geometric",
    construct=fg.Geometric,
    parameters=lambda rng, k: {"probs": rng.uniform(0.1, 0.9, size=k)},
    golden=lambda k: {"probs": ramp(k, 0.125, 0.0625)},
    log_density=geometric,
    tails=geometric_tails,
    peer=lambda p: stats.geom(p["probs"], loc=-1),
    extremes=(
        ({"probs": 0.3}, (0.0, 1.0, 50.0, 1000.0, -1.0, 0.5)),
        ({"probs": 1e-12}, (0.0, 1.0, 1e12, 3e13, 7e14)),
        ({"probs": 1.0}, (0.0, 1.0)),
    ),
    discrete=True,
    bad=bad_share(fg.Geometric, "probs", zero=False),
)


def poisson(p, x):
    return x * mp.log(p["rate"]) - p["rate"] - log_gamma(x + 1) if counts(x) else -mp.inf


poisson_tails = tails_of_counts(
    poisson,
    ratio=lambda p, k: p["rate"] / k,
    mean=lambda p: p["rate"],
    variance=lambda p: p["rate"],
    integral=lambda p, k: swapped(split(p["rate"], *gamma_law(k + 1))),
)


POISSON = Row(
    "poisson",
    construct=fg.Poisson,
    parameters=lambda rng, k: {"rate": rng.uniform(0.5, 30.0, size=k)},
    golden=lambda k: {"rate": ramp(k, 0.5, 4.25)},
    log_density=poisson,
    tails=poisson_tails,
    peer=lambda p: stats.poisson(p["rate"]),
    extremes=(
        ({"rate": 3.0}, (0.0, 1.0, 3.0, 30.0, 150.0, -1.0, 2.5)),
        ({"rate": 1e-8}, (0.0, 1.0, 2.0, 10.0, 30.0)),
        ({"rate": 10.0}, (0.0, 4.0, 10.0, 60.0, 200.0)),
        ({"rate": 1234.5}, (500.0, 1200.0, 1234.0, 1500.0, 2500.0)),
        ({"rate": 1e9}, (1e9, 1e9 - 31623.0, 1e9 + 2e5, 1e9 - 1e6)),
    ),
    discrete=True,
    bad=bad_positive(fg.Poisson, "rate"),
)


def negative_binomial(p, x):
    r, q = p["concentration"], p["probs"]
    if not counts(x) or (q == 1 and x > 0):
        return -mp.inf
    return log_gamma(x + r) - log_gamma(r) - log_gamma(x + 1) + r * mp.log(q) + (x * mp.log1p(-q) if x else 0)


negative_binomial_tails = tails_of_counts(
    negative_binomial,
    ratio=lambda p, k: (k - 1 + p["concentration"]) / k * (1 - p["probs"]),
    mean=lambda p: p["concentration"] * (1 - p["probs"]) / p["probs"],
    variance=lambda p: p["concentration"] * (1 - p["probs"]) / p["probs"] ** 2,
    integral=lambda p, k: split(p["probs"], *gamma_law(p["concentration"], k + 1)),
)


NEGATIVE_BINOMIAL = Row(
    "negative_binomial",
    construct=fg.NegativeBinomial,
    parameters=lambda rng, k: {"concentration": rng.uniform(0.5, 20.0, size=k), "probs": rng.uniform(0.2, 0.9, size=k)},
    golden=lambda k: {"concentration": ramp(k, 0.5, 1.75), "probs": ramp(k, 0.125, 0.0625)},
    log_density=negative_binomial,
    tails=negative_binomial_tails,
    peer=lambda p: stats.nbinom(p["concentration"], p["probs"]),
    extremes=(
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
)
