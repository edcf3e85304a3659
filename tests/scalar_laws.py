"""The scalar laws: one row each drives every test of them (test_laws.py, and by cases.py all generic ones).

To test a new law, add a row to ROWS and its golden bits (test_golden.py says how). A row states the law three times over,
independently of the package: by mpmath, by SciPy, and by what must be refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import fastgen as fg
import numpy as np
from helpers import Bad
from mpmath import mp, mpf
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable


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


ROWS = (
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
        ),
        edges=(({"rate": 2.0}, 0.0, np.log(2.0)), ({"rate": 2.0}, -1e-300, -np.inf), ({"rate": 2.0}, -1.0, -np.inf)),
        bad=bad_positive(fg.Exponential, "rate"),
    ),
)
