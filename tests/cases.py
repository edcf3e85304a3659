"""The one table of laws. Every generic test runs over it: to test a new family, add a row to LAWS and its golden bits.

A row says how to make parameters, how to construct components from them, what their density is at 50 digits, and which
parameters are bad. Cases are mixtures made of rows.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import fastgen as fg
import numpy as np
import reference
import scalar_laws
from helpers import Bad
from mpmath import mp, mpf
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Callable


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

    def __repr__(self):
        return self.id


def _means(rng, k, d):
    return rng.normal(scale=3.0, size=(k, d))


def _matrices(rng, *shape):
    """Covariances with condition numbers below about 10, so that 1e-13 leaves room for rounding (see test_density)."""
    a = rng.normal(size=shape) / np.sqrt(shape[-1])
    return a @ a.swapaxes(-1, -2) + 0.5 * np.eye(shape[-1])


def _lower(rng, k, d):
    return np.linalg.cholesky(_matrices(rng, k, d, d))


def _with_one(matrix, index, value):
    changed = np.array(matrix, dtype=float)
    changed[index] = value
    return changed


def _solve(lower, points):
    return np.linalg.solve(lower, points.T).T


_EYE = np.eye(2)
_M = np.zeros((2, 2))
_FINITE = "expected a finite number"

NORMAL = Law(
    "normal",
    True,
    fg.Normal,
    lambda rng, k, d: {"loc": rng.normal(scale=3.0, size=k), "scale": rng.uniform(0.3, 2.0, size=k)},
    lambda p, k: reference.normal(p["loc"], p["scale"], k),
    lambda p, k, x: ((x - p["loc"][k]) / p["scale"][k])[:, None],
    ((1, 1), (2, 1), (7, 1), (33, 1), (1000, 1)),
    (
        Bad("loc nan", lambda: fg.Normal([0.0, np.nan], 1.0), ValueError, r"loc\[1\] is nan, expected a finite number"),
        Bad("loc inf", lambda: fg.Normal(np.inf, 1.0), ValueError, r"loc is inf, expected a finite number"),
        Bad(
            "scale 0", lambda: fg.Normal(0.0, [1.0, 0.0]), ValueError, r"scale\[1\] is 0\.0, expected .*greater than 0"
        ),
        Bad("scale < 0", lambda: fg.Normal(0.0, -2.5), ValueError, r"scale is -2\.5, expected .*greater than 0"),
        Bad(
            "scale tiny", lambda: fg.Normal(0.0, 1e-310), ValueError, r"scale is 1e-310, expected .*at least 2\.3e-308"
        ),
        Bad(
            "lengths",
            lambda: fg.Normal([1.0, 2.0], [1.0, 2.0, 3.0]),
            ValueError,
            r"loc \(2,\), scale \(3,\).*one length",
        ),
        Bad("2-D", lambda: fg.Normal([[0.0]], 1.0), ValueError, r"loc has shape \(1, 1\), expected \(K,\)"),
        Bad("empty", lambda: fg.Normal([], 1.0), ValueError, r"loc is empty, expected one value per component"),
        Bad("text", lambda: fg.Normal("a", 1.0), TypeError, r"loc holds text"),
        Bad("complex", lambda: fg.Normal(1j, 1.0), TypeError, r"loc holds complex numbers"),
        Bad("None", lambda: fg.Normal(None, 1.0), TypeError, r"loc holds .*NoneType"),
        Bad("ragged", lambda: fg.Normal([[1.0], [1.0, 2.0]], 1.0), ValueError, r"loc cannot be made into an array"),
    ),
)

FULL = Law(
    "full",
    False,
    fg.MultivariateNormal,
    lambda rng, k, d: {"means": _means(rng, k, d), "covariances": _matrices(rng, k, d, d)},
    lambda p, k: reference.multivariate_normal(p["means"][k], reference.cholesky(reference.exact(p["covariances"][k]))),
    lambda p, k, x: _solve(np.linalg.cholesky(p["covariances"][k]), x - p["means"][k]),
    ((1, 1), (3, 2), (4, 3), (5, 4), (2, 5), (3, 8), (2, 17), (40, 3), (1, 64)),
    (
        Bad(
            "means 1-D",
            lambda: fg.MultivariateNormal([0.0, 1.0], _EYE),
            ValueError,
            r"means has shape \(2,\), expected \(K, D\).*means\[None, :\]",
        ),
        Bad(
            "means empty",
            lambda: fg.MultivariateNormal(np.zeros((0, 2)), np.zeros((0, 2, 2))),
            ValueError,
            r"means .*\(0, 2\)",
        ),
        Bad(
            "means inf",
            lambda: fg.MultivariateNormal([[0.0, np.inf]], [_EYE]),
            ValueError,
            rf"means\[0, 1\] is inf, {_FINITE}",
        ),
        Bad(
            "cov nan",
            lambda: fg.MultivariateNormal(_M[:1], [_EYE * np.nan]),
            ValueError,
            rf"covariances\[0, 0, 0\] is nan, {_FINITE}",
        ),
        Bad(
            "cov shape",
            lambda: fg.MultivariateNormal(_M, np.ones((2, 3))),
            ValueError,
            r"covariances has shape \(2, 3\), expected \(2, 2, 2\) for covariance_type='full'",
        ),
        Bad(
            "cov of another type",
            lambda: fg.MultivariateNormal(np.zeros((3, 2)), _EYE),
            ValueError,
            r"covariances has shape \(2, 2\), expected \(3, 2, 2\).*covariance_type='tied'",
        ),
        Bad(
            "not symmetric",
            lambda: fg.MultivariateNormal(_M, [_EYE, [[1.0, 0.5], [0.2, 1.0]]]),
            ValueError,
            r"covariances\[1\] is not symmetric: element \[0, 1\] is 0\.5 but \[1, 0\] is 0\.2",
        ),
        Bad(
            "not positive definite",
            lambda: fg.MultivariateNormal(_M, [_EYE, [[1.0, 2.0], [2.0, 1.0]]]),
            ValueError,
            r"covariances\[1\] is not positive definite: its smallest eigenvalue is -1",
        ),
        Bad(
            "variance 0",
            lambda: fg.MultivariateNormal(_M[:1], [[[1.0, 0.0], [0.0, 0.0]]]),
            ValueError,
            r"covariances\[0, 1, 1\] is 0\.0, expected .*greater than 0",
        ),
        Bad(
            "type unknown",
            lambda: fg.MultivariateNormal(_M, 1.0, "round"),
            ValueError,
            r"covariance_type is 'round', expected one of 'full', 'tied', 'diag', 'spherical'",
        ),
        Bad("type not text", lambda: fg.MultivariateNormal(_M, 1.0, 3), TypeError, r"covariance_type is 3 of type int"),
    ),
)

CHOLESKY = Law(
    "cholesky",
    False,
    fg.MultivariateNormal.from_cholesky,
    lambda rng, k, d: {"means": _means(rng, k, d), "cholesky": _lower(rng, k, d)},
    lambda p, k: reference.multivariate_normal(p["means"][k], reference.exact(p["cholesky"][k])),
    lambda p, k, x: _solve(p["cholesky"][k], x - p["means"][k]),
    ((2, 3), (3, 9), (2, 32)),
    (
        Bad(
            "upper",
            lambda: fg.MultivariateNormal.from_cholesky(_M[:1], [[[1.0, 0.5], [0.0, 1.0]]]),
            ValueError,
            r"cholesky\[0, 0, 1\] is 0\.5 above the diagonal, expected lower triangular",
        ),
        Bad(
            "negative diagonal",
            lambda: fg.MultivariateNormal.from_cholesky(_M[:1], [[[1.0, 0.0], [0.5, -1.0]]]),
            ValueError,
            r"cholesky\[0, 1, 1\] is -1\.0, expected .*greater than 0",
        ),
        Bad(
            "shape",
            lambda: fg.MultivariateNormal.from_cholesky(_M, _EYE),
            ValueError,
            r"cholesky has shape \(2, 2\), expected \(2, 2, 2\)",
        ),
    ),
)

PRECISION = Law(
    "precision",
    False,
    fg.MultivariateNormal.from_precision,
    lambda rng, k, d: {"means": _means(rng, k, d), "precisions": _matrices(rng, k, d, d)},
    lambda p, k: reference.multivariate_normal(p["means"][k], reference.factor_of_inverse(p["precisions"][k])),
    lambda p, k, x: _solve(np.linalg.cholesky(np.linalg.inv(p["precisions"][k])), x - p["means"][k]),
    ((2, 3), (2, 12)),
    (
        Bad(
            "not positive definite",
            lambda: fg.MultivariateNormal.from_precision(_M[:1], [[[1.0, 3.0], [3.0, 1.0]]]),
            ValueError,
            r"precisions\[0\] is not positive definite: its smallest eigenvalue is -2",
        ),
        Bad(
            "not symmetric",
            lambda: fg.MultivariateNormal.from_precision(_M[:1], [[[1.0, 0.3], [0.0, 1.0]]]),
            ValueError,
            r"precisions\[0\] is not symmetric",
        ),
    ),
)

TIED = Law(
    "tied",
    False,
    lambda means, covariances: fg.MultivariateNormal(means, covariances, "tied"),
    lambda rng, k, d: {"means": _means(rng, k, d), "covariances": _matrices(rng, d, d)},
    lambda p, k: reference.multivariate_normal(p["means"][k], reference.cholesky(reference.exact(p["covariances"]))),
    lambda p, k, x: _solve(np.linalg.cholesky(p["covariances"]), x - p["means"][k]),
    ((1, 1), (3, 2), (5, 7), (2, 33), (50, 4)),
    (
        Bad(
            "full given",
            lambda: fg.MultivariateNormal(_M, [_EYE, _EYE], "tied"),
            ValueError,
            r"covariances has shape \(2, 2, 2\), expected \(2, 2\).*covariance_type='full'",
        ),
        Bad(
            "not positive definite",
            lambda: fg.MultivariateNormal(_M, [[1.0, 1.0], [1.0, 1.0]], "tied"),
            ValueError,
            r"covariances is not positive definite: its smallest eigenvalue is",
        ),
    ),
)

DIAG = Law(
    "diag",
    False,
    lambda means, covariances: fg.MultivariateNormal(means, covariances, "diag"),
    lambda rng, k, d: {"means": _means(rng, k, d), "covariances": rng.uniform(0.3, 2.0, size=(k, d))},
    lambda p, k: reference.independent_normal(p["means"][k], p["covariances"][k]),
    lambda p, k, x: (x - p["means"][k]) / np.sqrt(p["covariances"][k]),
    ((1, 1), (3, 2), (5, 7), (3, 64), (100, 3)),
    (
        Bad(
            "variance < 0",
            lambda: fg.MultivariateNormal(_M, [[1.0, 1.0], [1.0, -4.0]], "diag"),
            ValueError,
            r"covariances\[1, 1\] is -4\.0, expected .*greater than 0.*variance",
        ),
        Bad(
            "shape",
            lambda: fg.MultivariateNormal(_M, np.ones((2, 3)), "diag"),
            ValueError,
            r"covariances has shape \(2, 3\), expected \(2, 2\)",
        ),
    ),
)

SPHERICAL = Law(
    "spherical",
    False,
    lambda means, covariances: fg.MultivariateNormal(means, covariances, "spherical"),
    lambda rng, k, d: {"means": _means(rng, k, d), "covariances": rng.uniform(0.3, 2.0, size=k)},
    lambda p, k: reference.independent_normal(p["means"][k], np.full(p["means"].shape[1], p["covariances"][k])),
    lambda p, k, x: (x - p["means"][k]) / np.sqrt(p["covariances"][k]),
    ((1, 1), (3, 2), (5, 7), (3, 64), (100, 3)),
    (
        Bad(
            "variance 0",
            lambda: fg.MultivariateNormal(_M, [1.0, 0.0], "spherical"),
            ValueError,
            r"covariances\[1\] is 0\.0, expected .*greater",
        ),
    ),
)

# Laws with a location, which comes first among their parameters, and no edges.
GAUSSIAN = (NORMAL, FULL, CHOLESKY, PRECISION, TIED, DIAG, SPHERICAL)


def scalar_law(row):
    """The row of a scalar law as the generic tests want it."""

    def reference_of(parameters, k):
        p = {name: mpf(float(values[k])) for name, values in parameters.items()}

        def log_density(x):
            (at,) = x
            value = row.log_density(p, at)
            slope = not row.discrete and mp.isfinite(value)
            return value, [mp.diff(lambda t: row.log_density(p, t), at, h=mpf(10) ** -20) if slope else mp.nan]

        return log_density

    def whiten(parameters, k, x):
        """Through the peer's distribution function, from the nearer end; jumps are filled evenly."""
        peer = row.peer({name: values[k] for name, values in parameters.items()})
        below, above = peer.cdf(x), peer.sf(x)
        if row.discrete:
            mass, u = peer.pmf(x), np.random.default_rng(3).random(len(x))
            below, above = below - u * mass, above + u * mass
        return np.where(below < above, special.ndtri(below), -special.ndtri(above))[:, None]

    def points(parameters, rng, n):
        """Half from the components, by the peer, and half anywhere between their extreme quantiles, inside the support."""
        k = len(next(iter(parameters.values())))
        peers = [row.peer({name: values[j] for name, values in parameters.items()}) for j in range(k)]
        x = np.concatenate([peer.rvs(size=n // k + 1, random_state=rng) for peer in peers]).astype(float)[:n]
        low, high = (combine(p.ppf(q) for p in peers) for combine, q in ((min, 1e-3), (max, 1 - 1e-3)))
        anywhere = rng.uniform(low, high, size=n)
        anywhere = np.round(anywhere) if row.discrete else anywhere
        inside = sum((peer.pmf if row.discrete else peer.pdf)(anywhere) for peer in peers) > 0
        return np.where(inside & (rng.random(n) < 0.5), anywhere, rng.permutation(x))

    return Law(
        row.id, True, row.construct, lambda rng, k, d: row.parameters(rng, k), reference_of, whiten,
        ((1, 1), (3, 1)), row.bad, points, row.golden, row.discrete,
    )  # fmt: skip


SCALAR = tuple(scalar_law(row) for row in scalar_laws.ROWS)
LAWS = (*GAUSSIAN, *SCALAR)


class Case(NamedTuple):
    """A mixture: laws with their numbers of components, all with D features."""

    parts: tuple[tuple[Law, int], ...]
    d: int

    def __repr__(self):
        return "+".join(f"{law.id}-K{k}" for law, k in self.parts) + f"-D{self.d}"

    @property
    def scalar(self):
        return self.parts[0][0].scalar

    @property
    def discrete(self):
        return self.parts[0][0].discrete

    @property
    def k(self):
        return sum(k for _, k in self.parts)

    def parameters(self):
        """The parameters of each part; the same at every call."""
        rng = np.random.default_rng([self.d, *(k for _, k in self.parts)])
        return [law.parameters(rng, k, self.d) for law, k in self.parts]

    def weights(self):
        return np.random.default_rng([7, self.k, self.d]).uniform(0.05, 1.0, size=self.k)

    def fresh(self):
        """A new mixture."""
        components = [law.construct(**p) for (law, _), p in zip(self.parts, self.parameters(), strict=True)]
        return fg.Mixture(self.weights(), components)

    def mixture(self):
        """The mixture; one object, used by many tests, as a program would."""
        return _mixture(self)

    def references(self):
        """The reference of every component."""
        return [
            law.reference(p, k)
            for (law, count), p in zip(self.parts, self.parameters(), strict=True)
            for k in range(count)
        ]

    def whiteners(self):
        """For every component, the function that makes its points standard normals (n, D)."""
        return [
            (lambda x, law=law, p=p, k=k: law.whiten(p, k, x))
            for (law, count), p in zip(self.parts, self.parameters(), strict=True)
            for k in range(count)
        ]

    def points(self, n, dtype=np.float64, seed=0):
        """Points (n,) or (n, D) over the whole mixture and well outside it, drawn by NumPy."""
        m = self.mixture()
        rng = np.random.default_rng([seed, n, self.k, self.d])
        if any(law.points for law, _ in self.parts):
            drawn = [
                law.points(p, rng, n) for (law, _), p in zip(self.parts, self.parameters(), strict=True) if law.points
            ]
            return (
                drawn[0].astype(dtype) if len(drawn) == 1 else rng.permutation(np.concatenate(drawn))[:n].astype(dtype)
            )
        spread = np.sqrt(np.diag(np.atleast_2d(m.covariance)))
        # One point in four is far out.
        far = np.where(rng.random(n) < 0.25, 6.0, 1.0)
        x = m.mean + spread * far[:, None] * rng.normal(size=(n, self.d))
        return (x[:, 0] if self.scalar else x).astype(dtype)


@cache
def _mixture(case):
    return case.fresh()


def case(*parts, d=1):
    """A Case of (law, K) pairs."""
    return Case(tuple(parts), d)


# Where densities are compared with 50 digits: every row at each of its shapes, and mixtures of several blocks.
DENSITY_CASES = [
    *(case((law, k), d=d) for law in LAWS for k, d in law.shapes),
    case((FULL, 2), (DIAG, 3), (TIED, 2), (SPHERICAL, 1), d=5),
]

# Where bits are compared: few and many components (32 is where the alias table begins), features below and above the
# vector widths, blocks of several kinds.
BIT_CASES = [
    case((NORMAL, 1)),
    case((NORMAL, 5)),
    case((NORMAL, 40)),
    case((FULL, 3), d=1),
    case((FULL, 3), d=2),
    case((FULL, 3), d=4),
    case((FULL, 4), d=9),
    case((FULL, 40), d=3),
    case((FULL, 2), d=37),
    case((TIED, 5), d=3),
    case((TIED, 4), d=19),
    case((DIAG, 5), d=2),
    case((DIAG, 3), d=21),
    case((SPHERICAL, 6), d=5),
    case((FULL, 2), (DIAG, 3), (TIED, 2), (SPHERICAL, 1), d=6),
]

# Small mixtures of every row: golden bits, statistics, saving.
SMALL_CASES = [
    *(case((law, 3), d=1 if law.scalar else 3) for law in LAWS),
    case((NORMAL, 40)),
    case((FULL, 2), (DIAG, 2), d=3),
]
