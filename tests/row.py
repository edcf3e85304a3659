"""What a row about a scalar law says, and what many rows say alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from helpers import Bad
from mpmath import mp

if TYPE_CHECKING:
    from collections.abc import Callable

    import fastgen as fg
    from mpmath import mpf

mp.dps = 50  # of all that rows work out


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


def standard(p, x):
    return (x - p["loc"]) / p["scale"]


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


def bad_share(construct, name, *, zero, **others):
    """What a probability refuses."""
    wrong = [(1.5, r"1\.5"), (np.nan, "nan"), (-0.5, r"-0\.5")] + ([] if zero else [(0.0, r"0\.0")])
    return tuple(
        Bad(
            f"{name} {value}",
            lambda value=value: construct(**{name: value}, **others),
            ValueError,
            rf"{name} is {text}, expected a probability",
        )
        for value, text in wrong
    )


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
