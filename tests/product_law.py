"""Independent columns."""

from __future__ import annotations

import fastgen as fg
import numpy as np
import reference
from helpers import Bad
from law import EYE, MEANS, Law, normal_of, random_means
from mpmath import mp
from scalar_laws import BY_ID
from scipy import stats


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
    return normal_of(below, above)


def _product_points(p, rng, n):
    k, d = p["loc"].shape
    of = rng.integers(k, size=n)
    x = p["loc"][of] + p["scale"][of] * rng.laplace(size=(n, d)) * np.where(rng.random((n, 1)) < 0.25, 6.0, 1.0)
    x[:, 2::3] = np.abs(x[:, 2::3])
    return x


PRODUCT = Law(
    "product",
    scalar=False,
    construct=lambda **p: fg.Product(_product_columns(p)),
    parameters=lambda rng, k, d: {"loc": random_means(rng, k, d), "scale": rng.uniform(0.3, 2.0, size=(k, d))},
    reference=_product_reference,
    whiten=_product_whiten,
    shapes=((1, 1), (3, 2), (2, 7)),
    bad=(
        Bad("empty", lambda: fg.Product([]), ValueError, r"columns is empty, expected at least one scalar family"),
        Bad(
            "not a sequence",
            lambda: fg.Product(fg.Normal(0.0, 1.0)),
            TypeError,
            r"columns is of type Normal, expected a sequence",
        ),
        Bad(
            "not scalar",
            lambda: fg.Product([fg.Normal(0.0, 1.0), fg.MultivariateNormal(MEANS[:1], [EYE])]),
            TypeError,
            r"columns\[1\] is of type MultivariateNormal, expected a scalar family",
        ),
        Bad(
            "lengths",
            lambda: fg.Product([fg.Normal([0.0, 1.0], 1.0), fg.Normal(0.0, 1.0)]),
            ValueError,
            r"columns\[1\] has 1 component, but columns\[0\] has 2",
        ),
    ),
    points=_product_points,
    golden=lambda k: {
        "loc": np.arange(k * 3).reshape(k, 3) % 11 * 0.75 - 2.0,
        "scale": 0.5 + np.arange(k * 3).reshape(k, 3) % 5 / 4,
    },
)
