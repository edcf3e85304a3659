"""What a row about a law says to the generic tests, and what many rows need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Callable

    import fastgen as fg
    from helpers import Bad


class Law(NamedTuple):
    """One family with one form of parameters."""

    id: str
    scalar: bool
    construct: Callable[..., fg.Components]
    parameters: Callable[[np.random.Generator, int, int], dict[str, Any]]  # of (generator, K, D)
    reference: Callable[[dict[str, Any], int], Callable]  # of (parameters, component): see reference.py
    whiten: Callable[[dict[str, Any], int, np.ndarray], np.ndarray]  # points of component k as standard normals (n, D)
    shapes: tuple[tuple[int, int], ...]  # (K, D) at which densities are compared with the reference
    bad: tuple[Bad, ...] = ()
    points: Callable[[dict[str, Any], np.random.Generator, int], np.ndarray] | None = None  # where means do not tell
    golden: Callable[[int], dict[str, Any]] | None = None  # parameters of K components, written down and not drawn
    discrete: bool = False
    along: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None  # directions at points, kept within a surface

    def __repr__(self):
        return self.id


def random_means(rng, k, d):
    return rng.normal(scale=3.0, size=(k, d))


def random_matrices(rng, *shape):
    """Covariances with condition numbers below about 10, so that 1e-13 leaves room for rounding (see test_density)."""
    a = rng.normal(size=shape) / np.sqrt(shape[-1])
    return a @ a.swapaxes(-1, -2) + 0.5 * np.eye(shape[-1])


def normal_of(below, above):
    """Standard normals of probabilities, from the nearer end."""
    return np.where(below < above, special.ndtri(below), -special.ndtri(above))


# For parameters to be refused: two means in the plane, and a covariance.
MEANS = np.zeros((2, 2))
EYE = np.eye(2)
FINITE = "expected a finite number"
