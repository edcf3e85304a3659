"""The normal law on the line and in space, with every form of covariances."""

from __future__ import annotations

import fastgen as fg
import numpy as np
import reference
from helpers import Bad
from law import EYE, FINITE, MEANS, Law, random_matrices, random_means


def _lower(rng, k, d):
    return np.linalg.cholesky(random_matrices(rng, k, d, d))


def _solve(lower, points):
    return np.linalg.solve(lower, points.T).T


NORMAL = Law(
    "normal",
    scalar=True,
    construct=fg.Normal,
    parameters=lambda rng, k, d: {"loc": rng.normal(scale=3.0, size=k), "scale": rng.uniform(0.3, 2.0, size=k)},
    reference=lambda p, k: reference.normal(p["loc"], p["scale"], k),
    whiten=lambda p, k, x: ((x - p["loc"][k]) / p["scale"][k])[:, None],
    shapes=((1, 1), (2, 1), (7, 1), (33, 1), (1000, 1)),
    bad=(
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
        Bad("None", lambda: fg.Normal(None, 1.0), TypeError, r"loc is None, expected numbers"),
        Bad("ragged", lambda: fg.Normal([[1.0], [1.0, 2.0]], 1.0), ValueError, r"loc cannot be made into an array"),
    ),
)

FULL = Law(
    "full",
    scalar=False,
    construct=fg.MultivariateNormal,
    parameters=lambda rng, k, d: {"means": random_means(rng, k, d), "covariances": random_matrices(rng, k, d, d)},
    reference=lambda p, k: reference.multivariate_normal(
        p["means"][k], reference.cholesky(reference.exact(p["covariances"][k]))
    ),
    whiten=lambda p, k, x: _solve(np.linalg.cholesky(p["covariances"][k]), x - p["means"][k]),
    shapes=((1, 1), (3, 2), (4, 3), (5, 4), (2, 5), (3, 8), (2, 17), (40, 3), (1, 64)),
    bad=(
        Bad(
            "means 1-D",
            lambda: fg.MultivariateNormal([0.0, 1.0], EYE),
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
            lambda: fg.MultivariateNormal([[0.0, np.inf]], [EYE]),
            ValueError,
            rf"means\[0, 1\] is inf, {FINITE}",
        ),
        Bad(
            "cov nan",
            lambda: fg.MultivariateNormal(MEANS[:1], [EYE * np.nan]),
            ValueError,
            rf"covariances\[0, 0, 0\] is nan, {FINITE}",
        ),
        Bad(
            "cov shape",
            lambda: fg.MultivariateNormal(MEANS, np.ones((2, 3))),
            ValueError,
            r"covariances has shape \(2, 3\), expected \(2, 2, 2\) for covariance_type='full'",
        ),
        Bad(
            "cov of another type",
            lambda: fg.MultivariateNormal(np.zeros((3, 2)), EYE),
            ValueError,
            r"covariances has shape \(2, 2\), expected \(3, 2, 2\).*covariance_type='tied'",
        ),
        Bad(
            "not symmetric",
            lambda: fg.MultivariateNormal(MEANS, [EYE, [[1.0, 0.5], [0.2, 1.0]]]),
            ValueError,
            r"covariances\[1\] is not symmetric: element \[0, 1\] is 0\.5 but \[1, 0\] is 0\.2",
        ),
        Bad(
            "not positive definite",
            lambda: fg.MultivariateNormal(MEANS, [EYE, [[1.0, 2.0], [2.0, 1.0]]]),
            ValueError,
            r"covariances\[1\] is not positive definite: its smallest eigenvalue is -1",
        ),
        Bad(
            "variance 0",
            lambda: fg.MultivariateNormal(MEANS[:1], [[[1.0, 0.0], [0.0, 0.0]]]),
            ValueError,
            r"covariances\[0, 1, 1\] is 0\.0, expected .*greater than 0",
        ),
        Bad(
            "type unknown",
            lambda: fg.MultivariateNormal(MEANS, 1.0, "round"),
            ValueError,
            r"covariance_type is 'round', expected one of 'full', 'tied', 'diag', 'spherical'",
        ),
        Bad(
            "type not text",
            lambda: fg.MultivariateNormal(MEANS, 1.0, 3),
            TypeError,
            r"covariance_type is 3 of type int",
        ),
    ),
)

CHOLESKY = Law(
    "cholesky",
    scalar=False,
    construct=fg.MultivariateNormal.from_cholesky,
    parameters=lambda rng, k, d: {"means": random_means(rng, k, d), "cholesky": _lower(rng, k, d)},
    reference=lambda p, k: reference.multivariate_normal(p["means"][k], reference.exact(p["cholesky"][k])),
    whiten=lambda p, k, x: _solve(p["cholesky"][k], x - p["means"][k]),
    shapes=((2, 3), (3, 9), (2, 32)),
    bad=(
        Bad(
            "upper",
            lambda: fg.MultivariateNormal.from_cholesky(MEANS[:1], [[[1.0, 0.5], [0.0, 1.0]]]),
            ValueError,
            r"cholesky\[0, 0, 1\] is 0\.5 above the diagonal, expected lower triangular",
        ),
        Bad(
            "negative diagonal",
            lambda: fg.MultivariateNormal.from_cholesky(MEANS[:1], [[[1.0, 0.0], [0.5, -1.0]]]),
            ValueError,
            r"cholesky\[0, 1, 1\] is -1\.0, expected .*greater than 0",
        ),
        Bad(
            "shape",
            lambda: fg.MultivariateNormal.from_cholesky(MEANS, EYE),
            ValueError,
            r"cholesky has shape \(2, 2\), expected \(2, 2, 2\)",
        ),
    ),
)

PRECISION = Law(
    "precision",
    scalar=False,
    construct=fg.MultivariateNormal.from_precision,
    parameters=lambda rng, k, d: {"means": random_means(rng, k, d), "precisions": random_matrices(rng, k, d, d)},
    reference=lambda p, k: reference.multivariate_normal(
        p["means"][k], reference.factor_of_inverse(p["precisions"][k])
    ),
    whiten=lambda p, k, x: _solve(np.linalg.cholesky(np.linalg.inv(p["precisions"][k])), x - p["means"][k]),
    shapes=((2, 3), (2, 12)),
    bad=(
        Bad(
            "not positive definite",
            lambda: fg.MultivariateNormal.from_precision(MEANS[:1], [[[1.0, 3.0], [3.0, 1.0]]]),
            ValueError,
            r"precisions\[0\] is not positive definite: its smallest eigenvalue is -2",
        ),
        Bad(
            "not symmetric",
            lambda: fg.MultivariateNormal.from_precision(MEANS[:1], [[[1.0, 0.3], [0.0, 1.0]]]),
            ValueError,
            r"precisions\[0\] is not symmetric",
        ),
    ),
)

TIED = Law(
    "tied",
    scalar=False,
    construct=lambda means, covariances: fg.MultivariateNormal(means, covariances, "tied"),
    parameters=lambda rng, k, d: {"means": random_means(rng, k, d), "covariances": random_matrices(rng, d, d)},
    reference=lambda p, k: reference.multivariate_normal(
        p["means"][k], reference.cholesky(reference.exact(p["covariances"]))
    ),
    whiten=lambda p, k, x: _solve(np.linalg.cholesky(p["covariances"]), x - p["means"][k]),
    shapes=((1, 1), (3, 2), (5, 7), (2, 33), (50, 4)),
    bad=(
        Bad(
            "full given",
            lambda: fg.MultivariateNormal(MEANS, [EYE, EYE], "tied"),
            ValueError,
            r"covariances has shape \(2, 2, 2\), expected \(2, 2\).*covariance_type='full'",
        ),
        Bad(
            "not positive definite",
            lambda: fg.MultivariateNormal(MEANS, [[1.0, 1.0], [1.0, 1.0]], "tied"),
            ValueError,
            r"covariances is not positive definite: its smallest eigenvalue is",
        ),
    ),
)

DIAG = Law(
    "diag",
    scalar=False,
    construct=lambda means, covariances: fg.MultivariateNormal(means, covariances, "diag"),
    parameters=lambda rng, k, d: {"means": random_means(rng, k, d), "covariances": rng.uniform(0.3, 2.0, size=(k, d))},
    reference=lambda p, k: reference.independent_normal(p["means"][k], p["covariances"][k]),
    whiten=lambda p, k, x: (x - p["means"][k]) / np.sqrt(p["covariances"][k]),
    shapes=((1, 1), (3, 2), (5, 7), (3, 64), (100, 3)),
    bad=(
        Bad(
            "variance < 0",
            lambda: fg.MultivariateNormal(MEANS, [[1.0, 1.0], [1.0, -4.0]], "diag"),
            ValueError,
            r"covariances\[1, 1\] is -4\.0, expected .*greater than 0.*variance",
        ),
        Bad(
            "shape",
            lambda: fg.MultivariateNormal(MEANS, np.ones((2, 3)), "diag"),
            ValueError,
            r"covariances has shape \(2, 3\), expected \(2, 2\)",
        ),
    ),
)

SPHERICAL = Law(
    "spherical",
    scalar=False,
    construct=lambda means, covariances: fg.MultivariateNormal(means, covariances, "spherical"),
    parameters=lambda rng, k, d: {"means": random_means(rng, k, d), "covariances": rng.uniform(0.3, 2.0, size=k)},
    reference=lambda p, k: reference.independent_normal(
        p["means"][k], np.full(p["means"].shape[1], p["covariances"][k])
    ),
    whiten=lambda p, k, x: (x - p["means"][k]) / np.sqrt(p["covariances"][k]),
    shapes=((1, 1), (3, 2), (5, 7), (3, 64), (100, 3)),
    bad=(
        Bad(
            "variance 0",
            lambda: fg.MultivariateNormal(MEANS, [1.0, 0.0], "spherical"),
            ValueError,
            r"covariances\[1\] is 0\.0, expected .*greater",
        ),
    ),
)


def _factor_covariance(p, k):
    return p["loadings"][k] @ p["loadings"][k].T + np.diag(p["noise"][k])


FACTOR = Law(
    "factor",
    scalar=False,
    construct=fg.FactorNormal,
    parameters=lambda rng, k, d: {
        "means": random_means(rng, k, d),
        "loadings": rng.normal(size=(k, d, min(d, 2 + d // 8))) / np.sqrt(d),
        "noise": rng.uniform(0.3, 2.0, size=(k, d)),
    },
    reference=lambda p, k: reference.factor_normal(p["means"][k], p["loadings"][k], p["noise"][k]),
    whiten=lambda p, k, x: _solve(np.linalg.cholesky(_factor_covariance(p, k)), x - p["means"][k]),
    shapes=((1, 1), (3, 2), (2, 7), (4, 9), (1, 48)),
    bad=(
        Bad(
            "loadings shape",
            lambda: fg.FactorNormal(MEANS, np.ones((2, 3, 1)), 1.0),
            ValueError,
            r"loadings has shape \(2, 3, 1\), expected \(2, 2, R\)",
        ),
        Bad(
            "more factors than features",
            lambda: fg.FactorNormal(MEANS, np.ones((2, 2, 3)), 1.0),
            ValueError,
            r"loadings .*R, the number of factors, from 1 to 2",
        ),
        Bad(
            "noise 0",
            lambda: fg.FactorNormal(MEANS, np.ones((2, 2, 1)), [[1.0, 0.0], [1.0, 1.0]]),
            ValueError,
            r"noise\[0, 1\] is 0\.0, expected .*greater than 0.*variances",
        ),
        Bad(
            "noise shape",
            lambda: fg.FactorNormal(MEANS, np.ones((2, 2, 1)), [1.0, 1.0]),
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
