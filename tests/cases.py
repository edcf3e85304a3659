"""The one table of laws. Every generic test runs over it: to test a new family, add a row to LAWS and its golden bits.

A row says how to make parameters, how to construct components from them, what their density is at 50 digits, and which
parameters are bad. Cases are mixtures made of rows.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import fastgen as fg
import numpy as np
import pytest
import reference
import scalar_laws
import surfaces
from helpers import Bad
from mpmath import mp, mpf
from scipy import special, stats

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
    along: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None  # directions at points, kept within a surface

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
            r"loc \(2,\), scale \(3,\).*one shape",
        ),
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


def _factor_covariance(p, k):
    return p["loadings"][k] @ p["loadings"][k].T + np.diag(p["noise"][k])


FACTOR = Law(
    "factor",
    False,
    fg.FactorNormal,
    lambda rng, k, d: {
        "means": _means(rng, k, d),
        "loadings": rng.normal(size=(k, d, min(d, 2 + d // 8))) / np.sqrt(d),
        "noise": rng.uniform(0.3, 2.0, size=(k, d)),
    },
    lambda p, k: reference.factor_normal(p["means"][k], p["loadings"][k], p["noise"][k]),
    lambda p, k, x: _solve(np.linalg.cholesky(_factor_covariance(p, k)), x - p["means"][k]),
    ((1, 1), (3, 2), (2, 7), (4, 9), (1, 48)),
    (
        Bad(
            "loadings shape",
            lambda: fg.FactorNormal(_M, np.ones((2, 3, 1)), 1.0),
            ValueError,
            r"loadings has shape \(2, 3, 1\), expected \(2, 2, R\)",
        ),
        Bad(
            "more factors than features",
            lambda: fg.FactorNormal(_M, np.ones((2, 2, 3)), 1.0),
            ValueError,
            r"loadings .*R, the number of factors, from 1 to 2",
        ),
        Bad(
            "noise 0",
            lambda: fg.FactorNormal(_M, np.ones((2, 2, 1)), [[1.0, 0.0], [1.0, 1.0]]),
            ValueError,
            r"noise\[0, 1\] is 0\.0, expected .*greater than 0.*variances",
        ),
        Bad(
            "noise shape",
            lambda: fg.FactorNormal(_M, np.ones((2, 2, 1)), [1.0, 1.0]),
            ValueError,
            r"noise has shape \(2,\), expected \(2, 2\)",
        ),
    ),
    golden=lambda k: {
        "means": np.arange(k * 3).reshape(k, 3) % 11 * 0.75 - 2.0,
        "loadings": np.arange(k * 6).reshape(k, 3, 2) % 7 * 0.25 - 0.75,
        "noise": np.arange(k * 3).reshape(k, 3) % 5 * 0.25 + 0.5,
    },
)

# Laws with a location, which comes first among their parameters, and no edges.
GAUSSIAN = (NORMAL, FULL, CHOLESKY, PRECISION, TIED, DIAG, SPHERICAL, FACTOR)


_RAMP = np.arange(64) % 11 * 0.75


def student_law(form, shapes, bad=()):
    """The row of the multivariate t law with matrices of this form, from that of the normal law."""
    normal = {"full": FULL, "tied": TIED, "diag": DIAG, "spherical": SPHERICAL}[form]

    def construct(df, means, shapes):
        return fg.MultivariateStudentT(df, means, shapes, form)

    def parameters(rng, k, d):
        p = normal.parameters(rng, k, d)
        # Covariances exist, so that the generic tests find them; test_student_t.py has the others.
        return {"df": rng.uniform(2.5, 12.0, size=k), "means": p["means"], "shapes": p["covariances"]}

    def reference_of(p, k):
        d = p["means"].shape[1]
        if form in ("full", "tied"):
            lower = reference.cholesky(reference.exact(p["shapes"][k] if form == "full" else p["shapes"]))
        else:
            squares = np.broadcast_to(p["shapes"][k], d)
            lower = reference.diagonal([mp.sqrt(s) for s in reference.exact(squares)])
        return reference.multivariate_student_t(p["df"][k], p["means"][k], lower)

    def whiten(p, k, x):
        """The direction is that of a normal vector; |y|^2 / D, an F variate, becomes chi-square from the nearer end."""
        y = normal.whiten({"means": p["means"], "covariances": p["shapes"]}, k, x)
        square, d, v = (y * y).sum(axis=1), y.shape[1], p["df"][k]
        below, above = special.fdtr(d, v, square / d), special.fdtrc(d, v, square / d)
        wanted = np.where(below < above, 2 * special.gammaincinv(d / 2, below), special.chdtri(d, above))
        return y * np.sqrt(wanted / square)[:, None]

    def golden(k):
        means = _RAMP[: 3 * k].reshape(k, 3) - 2.0
        lower = np.tril(np.resize(_RAMP, (k, 3, 3)) / 8) + np.eye(3)
        matrices = {"full": lower @ lower.swapaxes(1, 2), "tied": lower[0] @ lower[0].T}
        matrices |= {"diag": 0.5 + _RAMP[: 3 * k].reshape(k, 3) / 4, "spherical": 0.5 + _RAMP[:k] / 4}
        return {"df": np.resize([0.5, 3.0, 40.0], k), "means": means, "shapes": matrices[form]}

    return Law(
        f"student-{form}", False, construct, parameters, reference_of, whiten, shapes, bad, None, golden
    )  # fmt: skip


STUDENT_FULL = student_law(
    "full",
    ((1, 1), (3, 2), (2, 5), (3, 8), (2, 17), (40, 3)),
    (
        Bad(
            "df 0",
            lambda: fg.MultivariateStudentT([3.0, 0.0], _M, [_EYE, _EYE]),
            ValueError,
            r"df\[1\] is 0\.0, expected .*greater than 0",
        ),
        Bad("df nan", lambda: fg.MultivariateStudentT(np.nan, _M, [_EYE, _EYE]), ValueError, r"df is nan, expected"),
        Bad(
            "df shape",
            lambda: fg.MultivariateStudentT([3.0, 4.0, 5.0], _M, [_EYE, _EYE]),
            ValueError,
            r"df has shape \(3,\), expected \(2,\) for means of shape \(2, 2\), or a scalar",
        ),
        Bad("df text", lambda: fg.MultivariateStudentT("many", _M, [_EYE, _EYE]), TypeError, r"df holds text"),
        Bad(
            "means 1-D",
            lambda: fg.MultivariateStudentT(3.0, [0.0, 1.0], _EYE),
            ValueError,
            r"means has shape \(2,\), expected \(K, D\)",
        ),
        Bad(
            "shapes nan",
            lambda: fg.MultivariateStudentT(3.0, _M[:1], [_EYE * np.nan]),
            ValueError,
            rf"shapes\[0, 0, 0\] is nan, {_FINITE}",
        ),
        Bad(
            "shapes of another type",
            lambda: fg.MultivariateStudentT(3.0, np.zeros((3, 2)), _EYE),
            ValueError,
            r"shapes has shape \(2, 2\), expected \(3, 2, 2\).*covariance_type='tied'",
        ),
        Bad(
            "not symmetric",
            lambda: fg.MultivariateStudentT(3.0, _M, [_EYE, [[1.0, 0.5], [0.2, 1.0]]]),
            ValueError,
            r"shapes\[1\] is not symmetric",
        ),
        Bad(
            "not positive definite",
            lambda: fg.MultivariateStudentT(3.0, _M, [_EYE, [[1.0, 2.0], [2.0, 1.0]]]),
            ValueError,
            r"shapes\[1\] is not positive definite: its smallest eigenvalue is -1",
        ),
        Bad(
            "type unknown",
            lambda: fg.MultivariateStudentT(3.0, _M, 1.0, "round"),
            ValueError,
            r"covariance_type is 'round', expected one of 'full', 'tied', 'diag', 'spherical'",
        ),
        Bad(
            "upper factor",
            lambda: fg.MultivariateStudentT.from_cholesky(3.0, _M[:1], [[[1.0, 0.5], [0.0, 1.0]]]),
            ValueError,
            r"cholesky\[0, 0, 1\] is 0\.5 above the diagonal",
        ),
        Bad(
            "factor, df < 0",
            lambda: fg.MultivariateStudentT.from_cholesky(-3.0, _M[:1], [_EYE]),
            ValueError,
            r"df is -3\.0, expected .*greater than 0",
        ),
        Bad(
            "precision not positive definite",
            lambda: fg.MultivariateStudentT.from_precision(3.0, _M[:1], [[[1.0, 3.0], [3.0, 1.0]]]),
            ValueError,
            r"precisions\[0\] is not positive definite",
        ),
    ),
)
STUDENT_TIED = student_law(
    "tied",
    ((3, 2), (2, 33), (50, 4)),
    (
        Bad(
            "not positive definite",
            lambda: fg.MultivariateStudentT(3.0, _M, [[1.0, 1.0], [1.0, 1.0]], "tied"),
            ValueError,
            r"shapes is not positive definite",
        ),
    ),
)
STUDENT_DIAG = student_law(
    "diag",
    ((3, 2), (100, 3)),
    (
        Bad(
            "square < 0",
            lambda: fg.MultivariateStudentT(3.0, _M, [[1.0, 1.0], [1.0, -4.0]], "diag"),
            ValueError,
            r"shapes\[1, 1\] is -4\.0, expected .*greater than 0.*squared scale",
        ),
    ),
)
STUDENT_SPHERICAL = student_law("spherical", ((1, 1), (5, 7)))
STUDENT = (STUDENT_FULL, STUDENT_TIED, STUDENT_DIAG, STUDENT_SPHERICAL)


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


def _product_columns(p):
    """Normal, Laplace and exponential columns in turn, of (K, D) parameters."""
    laws = (fg.Normal, fg.Laplace, lambda _, scale: fg.Exponential(1 / scale))
    return [laws[d % 3](p["loc"][:, d], p["scale"][:, d]) for d in range(p["loc"].shape[1])]


def _product_reference(p, k):
    """Sum of the columns' log densities."""
    columns = []
    for d in range(p["loc"].shape[1]):
        loc, scale = p["loc"][:, d], p["scale"][:, d]
        row = (None, BY_ID["laplace"], BY_ID["exponential"])[d % 3]
        parameters = {"rate": 1 / scale} if d % 3 == 2 else {"loc": loc, "scale": scale}
        columns.append(row.reference(parameters, k) if row else reference.normal(loc, scale, k))

    def log_density(x):
        parts = [column([v]) for column, v in zip(columns, x, strict=True)]
        return mp.fsum(lp for lp, _ in parts), [g for _, (g,) in parts]

    return log_density


def _product_whiten(p, k, x):
    laws = (stats.norm, stats.laplace, lambda _, scale: stats.expon(scale=scale))
    peers = [laws[d % 3](p["loc"][k, d], p["scale"][k, d]) for d in range(x.shape[1])]
    below = np.stack([peer.cdf(x[:, d]) for d, peer in enumerate(peers)], axis=1)
    above = np.stack([peer.sf(x[:, d]) for d, peer in enumerate(peers)], axis=1)
    return np.where(below < above, special.ndtri(below), -special.ndtri(above))


def _product_points(p, rng, n):
    k, d = p["loc"].shape
    of = rng.integers(k, size=n)
    x = p["loc"][of] + p["scale"][of] * rng.laplace(size=(n, d)) * np.where(rng.random((n, 1)) < 0.25, 6.0, 1.0)
    x[:, 2::3] = np.abs(x[:, 2::3])
    return x


SCALAR = tuple(scalar_law(row) for row in scalar_laws.ROWS)
BY_ID = {law.id: law for law in SCALAR}
PRODUCT = Law(
    "product",
    False,
    lambda **p: fg.Product(_product_columns(p)),
    lambda rng, k, d: {"loc": _means(rng, k, d), "scale": rng.uniform(0.3, 2.0, size=(k, d))},
    _product_reference,
    _product_whiten,
    ((1, 1), (3, 2), (2, 7)),
    (
        Bad("empty", lambda: fg.Product([]), ValueError, r"columns is empty, expected at least one scalar family"),
        Bad(
            "not a sequence",
            lambda: fg.Product(fg.Normal(0.0, 1.0)),
            TypeError,
            r"columns is of type Normal, expected a sequence",
        ),
        Bad(
            "not scalar",
            lambda: fg.Product([fg.Normal(0.0, 1.0), fg.MultivariateNormal(_M[:1], [_EYE])]),
            TypeError,
            r"columns\[1\] is of type MultivariateNormal, expected a scalar family",
        ),
        Bad(
            "lengths",
            lambda: fg.Product([fg.Normal([0.0, 1.0], 1.0), fg.Normal(0.0, 1.0)]),
            ValueError,
            r"columns\[1\] is of 1 component, but columns\[0\] of 2",
        ),
    ),
    _product_points,
    lambda k: {
        "loc": np.arange(k * 3).reshape(k, 3) % 11 * 0.75 - 2.0,
        "scale": 0.5 + np.arange(k * 3).reshape(k, 3) % 5 / 4,
    },
)
_AXIS = [[0.0, 1.0]]
VMF = Law(
    "von_mises_fisher",
    False,
    fg.VonMisesFisher,
    lambda rng, k, d: {
        "mean_directions": surfaces.unit(rng.normal(size=(k, d))),
        "concentrations": rng.uniform(0.5, 30.0, size=k),
    },
    lambda p, k: reference.von_mises_fisher(p["mean_directions"][k], p["concentrations"][k]),
    lambda p, k, x: surfaces.whiten_sphere(x, p["mean_directions"][k], p["concentrations"][k]),
    ((1, 2), (3, 2), (3, 3), (4, 4), (2, 9), (1, 64)),
    (
        Bad(
            "directions 1-D",
            lambda: fg.VonMisesFisher([0.0, 1.0], 1.0),
            ValueError,
            r"mean_directions has shape \(2,\), expected \(K, D\) with D at least 2.*mean_directions\[None, :\]",
        ),
        Bad(
            "one dimension",
            lambda: fg.VonMisesFisher([[1.0]], 1.0),
            ValueError,
            r"mean_directions has shape \(1, 1\), expected \(K, D\) with D at least 2",
        ),
        Bad(
            "directions nan",
            lambda: fg.VonMisesFisher([[0.0, np.nan]], 1.0),
            ValueError,
            rf"mean_directions\[0, 1\] is nan, {_FINITE}",
        ),
        Bad(
            "length 2",
            lambda: fg.VonMisesFisher([[0.0, 1.0], [0.0, 2.0]], 1.0),
            ValueError,
            r"mean_directions\[1\] has length 2, expected 1 within 1e-05; divide it by its length",
        ),
        Bad(
            "length 0",
            lambda: fg.VonMisesFisher([[0.0, 0.0]], 1.0),
            ValueError,
            r"mean_directions\[0\] has length 0, expected 1 within 1e-05$",
        ),
        Bad(
            "length beyond the numbers",
            lambda: fg.VonMisesFisher([[1e200, 0.0]], 1.0),
            ValueError,
            r"mean_directions\[0\] has length inf, expected 1 within 1e-05$",
        ),
        Bad(
            "a batch",
            lambda: fg.VonMisesFisher([[[0.0, 1.0], [3.0, 4.0]]], 1.0),
            ValueError,
            r"mean_directions\[0, 1\] has length 5, expected 1 within 1e-05; divide it by its length$",
        ),
        Bad(
            "cdf",
            lambda: fg.Mixture(None, fg.VonMisesFisher(_AXIS, 1.0)).cdf(0.0),
            ValueError,
            r"cdf needs a mixture of scalar components, this one has 2 features$",
        ),
        Bad(
            "concentration < 0",
            lambda: fg.VonMisesFisher(_AXIS, [-1.0]),
            ValueError,
            r"concentrations\[0\] is -1\.0, expected a finite number of at least 0",
        ),
        Bad(
            "concentration inf",
            lambda: fg.VonMisesFisher(_AXIS, np.inf),
            ValueError,
            r"concentrations is inf, expected a finite number",
        ),
        Bad(
            "concentrations of another length",
            lambda: fg.VonMisesFisher(_AXIS, [1.0, 2.0]),
            ValueError,
            r"concentrations has shape \(2,\), expected \(1,\)",
        ),
        Bad(
            "with a law in space",
            lambda: fg.Mixture(None, [fg.MultivariateNormal(_M[:1], [_EYE]), fg.VonMisesFisher(_AXIS, 1.0)]),
            ValueError,
            r"components\[1\], VonMisesFisher on a sphere, cannot be mixed with components\[0\], MultivariateNormal in space",
        ),
        Bad(
            "marginal",
            lambda: fg.Mixture(None, fg.VonMisesFisher(_AXIS, 1.0)).marginal(0),
            ValueError,
            r"marginal is not offered for VonMisesFisher",
        ),
        Bad(
            "condition",
            lambda: fg.Mixture(None, fg.VonMisesFisher(_AXIS, 1.0)).condition(0, 0.5),
            ValueError,
            r"condition is not offered for VonMisesFisher",
        ),
    ),
    lambda p, rng, n: surfaces.points_on_sphere(p["mean_directions"], p["concentrations"], rng, n),
    lambda k: {
        "mean_directions": np.array([[0.0, 0.0, 1.0], [-0.6, 0.0, 0.8], [0.28, -0.96, 0.0]])[np.arange(k) % 3],
        "concentrations": np.arange(k) % 5 * 2.75,
    },
    along=surfaces.along_sphere,
)
DIRICHLET = Law(
    "dirichlet",
    False,
    fg.Dirichlet,
    lambda rng, k, d: {"concentrations": rng.uniform(0.4, 6.0, size=(k, d))},
    lambda p, k: reference.dirichlet(p["concentrations"][k]),
    lambda p, k, x: surfaces.whiten_simplex(x, p["concentrations"][k]),
    ((1, 2), (3, 2), (4, 3), (2, 9), (1, 64)),
    (
        Bad(
            "concentrations 1-D",
            lambda: fg.Dirichlet([1.0, 2.0]),
            ValueError,
            r"concentrations has shape \(2,\), expected \(K, D\) with D at least 2.*concentrations\[None, :\]",
        ),
        Bad(
            "one share",
            lambda: fg.Dirichlet([[1.0]]),
            ValueError,
            r"concentrations has shape \(1, 1\), expected \(K, D\) with D at least 2",
        ),
        Bad(
            "concentration 0",
            lambda: fg.Dirichlet([[1.0, 0.0]]),
            ValueError,
            r"concentrations\[0, 1\] is 0\.0, expected .*greater than 0",
        ),
        Bad(
            "a batch",
            lambda: fg.Dirichlet([[[1.0, 1.0], [1e308, 1e308]]]),
            ValueError,
            r"concentrations\[0, 1\] has an infinite sum, expected a finite one$",
        ),
        Bad(
            "concentration nan",
            lambda: fg.Dirichlet([[1.0, np.nan]]),
            ValueError,
            r"concentrations\[0, 1\] is nan, expected a finite number",
        ),
        Bad(
            "sum inf",
            lambda: fg.Dirichlet([[1.0, 1.0], [1e308, 1e308]]),
            ValueError,
            r"concentrations\[1\] has an infinite sum, expected a finite one",
        ),
        Bad(
            "with a law on a sphere",
            lambda: fg.Mixture(None, [fg.Dirichlet([[1.0, 1.0]]), fg.VonMisesFisher(_AXIS, 1.0)]),
            ValueError,
            r"components\[1\], VonMisesFisher on a sphere, cannot be mixed with components\[0\], Dirichlet on a simplex",
        ),
        Bad(
            "with a product",
            lambda: fg.Mixture(None, [fg.Dirichlet([[1.0, 1.0]]), fg.Product([fg.Beta(1.0, 1.0), fg.Beta(1.0, 1.0)])]),
            ValueError,
            r"components\[1\], Product in space, cannot be mixed with components\[0\], Dirichlet on a simplex",
        ),
        Bad(
            "marginal",
            lambda: fg.Mixture(None, fg.Dirichlet([[1.0, 1.0]])).marginal([0]),
            ValueError,
            r"marginal is not offered for Dirichlet",
        ),
        Bad(
            "condition",
            lambda: fg.Mixture(None, fg.Dirichlet([[1.0, 1.0]])).condition(0, 0.5),
            ValueError,
            r"condition is not offered for Dirichlet",
        ),
    ),
    lambda p, rng, n: surfaces.points_on_simplex(p["concentrations"], rng, n),
    lambda k: {"concentrations": 0.25 + np.arange(k * 3).reshape(k, 3) % 7 * 0.75},
    along=surfaces.along_simplex,
)
# Laws of points that satisfy an equation: a normal fewer comes of them than they have features.
SURFACE = (VMF, DIRICHLET)
LAWS = (*GAUSSIAN, *STUDENT, *SCALAR, PRODUCT, *SURFACE)


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
    def gaussian(self):
        """Whether squared distances tell everything."""
        return all(law in GAUSSIAN for law, _ in self.parts)

    @property
    def discrete(self):
        return self.parts[0][0].discrete

    @property
    def surface(self):
        """Whether points satisfy an equation."""
        return self.parts[0][0] in SURFACE

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
        parts = zip(self.parts, self.parameters(), strict=True)
        drawn = [law.points(p, rng, n) for (law, _), p in parts if law.points]
        if drawn:
            x = drawn[0] if len(drawn) == 1 else rng.permutation(np.concatenate(drawn))[:n]
            return x.astype(dtype)
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
# vector widths, blocks of several kinds, and from 32 features on clusters that pruning keeps apart.
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
    case((FULL, 12), d=40),
    case((FULL, 6), (DIAG, 2), d=33),
    case((TIED, 5), d=3),
    case((TIED, 4), d=19),
    case((DIAG, 5), d=2),
    case((DIAG, 3), d=21),
    case((SPHERICAL, 6), d=5),
    case((FACTOR, 3), d=3),
    case((FACTOR, 2), d=37),
    case((STUDENT_FULL, 3), d=2),
    case((STUDENT_FULL, 40), d=3),
    case((STUDENT_FULL, 4), d=9),
    case((STUDENT_TIED, 4), d=19),
    case((STUDENT_DIAG, 5), d=5),
    case((STUDENT_SPHERICAL, 3), d=2),
    case((STUDENT_FULL, 2), (FULL, 2), (STUDENT_SPHERICAL, 1), d=4),
    case((PRODUCT, 3), d=7),
    case((PRODUCT, 40), d=2),
    case((PRODUCT, 2), (FULL, 1), d=3),
    case((VMF, 1), d=2),
    case((VMF, 3), d=3),
    case((VMF, 40), d=4),
    case((VMF, 2), d=37),
    case((DIRICHLET, 1), d=2),
    case((DIRICHLET, 3), d=3),
    case((DIRICHLET, 40), d=5),
    case((DIRICHLET, 2), d=37),
    *(case((law, 3)) for law in SCALAR),
    case(*((law, 2) for law in SCALAR if not law.discrete)),
    case(*((law, 2) for law in SCALAR if law.discrete)),
    case((FULL, 2), (DIAG, 3), (TIED, 2), (SPHERICAL, 1), (FACTOR, 1), d=6),
]

# Small mixtures of every row: golden bits, statistics, saving.
SMALL_CASES = [
    *(case((law, 3), d=1 if law.scalar else 3) for law in LAWS),
    case((NORMAL, 40)),
    case((FULL, 2), (DIAG, 2), d=3),
]


def in_both_precisions(table):
    """(case, dtype) pairs. float32 values of one scalar law are its float64 values, rounded (`test_laws.test_float32`):
    all but the normal, which has kernels of its own, are listed in float64 alone."""
    pairs = [(c, dtype) for c in table for dtype in (np.float64, np.float32)]
    return [
        pytest.param(c, dtype, id=f"{c!r}-{dtype.__name__}")
        for c, dtype in pairs
        if dtype is np.float64 or not c.scalar or len(c.parts) > 1 or c.parts[0][0] is NORMAL
    ]
