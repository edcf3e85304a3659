"""Laws of points that satisfy an equation, on spheres and simplices: where points are, and what makes standard normals of
them, independent of the library."""

from __future__ import annotations

from functools import cache

import fastgen as fg
import numpy as np
import reference
from helpers import Bad
from law import EYE, FINITE, MEANS, Law, normal_of
from scipy import integrate, special


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def turned(x, direction):
    """Points in coordinates of which the first is along `direction`: the reflection that exchanges it with the first axis."""
    axis = np.zeros(len(direction))
    axis[0] = 1.0
    sign = 1.0 if direction[0] < 0 else -1.0  # away from the nearer of the two
    v = unit(direction - sign * axis)
    y = x - 2.0 * (x @ v)[:, None] * v
    y[:, 0] *= sign
    return y


@cache
def angle_law(kappa, d):
    """Angles to the mean direction of the von Mises-Fisher law, and the probability below and above each."""
    # As far as the density counts.
    far = np.pi if kappa < 40 else 2 * np.arcsin(np.sqrt(min(1.0, (40 + 8 * d) / kappa)))
    angle = np.linspace(0.0, far, 20_001)
    with np.errstate(divide="ignore"):
        log_density = -2 * kappa * np.sin(angle / 2) ** 2 + ((d - 2) * np.log(np.sin(angle)) if d > 2 else 0.0)
    density = np.exp(log_density - log_density.max())
    below = integrate.cumulative_simpson(density, x=angle, initial=0.0)
    above = integrate.cumulative_simpson(density[::-1], x=far - angle[::-1], initial=0.0)[::-1]
    return angle, below / below[-1], above / above[0]


def whiten_sphere(x, direction, kappa):
    """Points of a von Mises-Fisher law on the sphere in D dimensions as D - 1 independent standard normals: the angle to the
    mean direction, then those of the direction across, which is uniform on a sphere of one dimension less."""
    y = turned(unit(x), direction)
    d = y.shape[1]
    angle, below, above = angle_law(float(kappa), d)
    across = np.linalg.norm(y[:, 1:], axis=1)
    theta = np.arctan2(across, y[:, 0])
    below, above = np.interp(theta, angle, below), np.interp(theta, angle, above)
    if d == 2:  # an angle with a sign
        side = np.sign(y[:, 1])
        return (side * -normal_of(above / 2, 1 - above / 2))[:, None]
    z = [normal_of(below, above)]
    rest = y[:, 1:]
    while rest.shape[1] > 2:
        # One coordinate of a uniform direction in m dimensions: (1 + c) / 2 is beta of (m - 1) / 2 twice.
        half = (rest.shape[1] - 1) / 2
        c = rest[:, 0] / np.linalg.norm(rest, axis=1)
        z.append(normal_of(special.betainc(half, half, (1 + c) / 2), special.betainc(half, half, (1 - c) / 2)))
        rest = rest[:, 1:]
    turn = np.arctan2(rest[:, 1], rest[:, 0]) / (2 * np.pi) + 0.5
    return np.stack([*z, normal_of(turn, 1 - turn)], axis=1)


def points_on_sphere(directions, concentrations, rng, n):
    """Half near the mean directions, as near as the concentrations are large, half anywhere."""
    k, d = directions.shape
    of = rng.integers(k, size=n)
    noise = rng.normal(size=(n, d))
    near = directions[of] + noise / np.sqrt(concentrations[of, None] + 1)
    return unit(np.where(rng.random((n, 1)) < 0.5, near, noise))


def along_sphere(x, direction):
    """The part of directions at points of the sphere that stays on it."""
    return direction - (direction * x).sum(axis=1, keepdims=True) * x


AXIS = [[0.0, 1.0]]

VMF = Law(
    "von_mises_fisher",
    scalar=False,
    construct=fg.VonMisesFisher,
    parameters=lambda rng, k, d: {
        "mean_directions": unit(rng.normal(size=(k, d))),
        "concentrations": rng.uniform(0.5, 30.0, size=k),
    },
    reference=lambda p, k: reference.von_mises_fisher(p["mean_directions"][k], p["concentrations"][k]),
    whiten=lambda p, k, x: whiten_sphere(x, p["mean_directions"][k], p["concentrations"][k]),
    shapes=((1, 2), (3, 2), (3, 3), (4, 4), (2, 9), (1, 64)),
    bad=(
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
            rf"mean_directions\[0, 1\] is nan, {FINITE}",
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
            lambda: fg.Mixture(None, fg.VonMisesFisher(AXIS, 1.0)).cdf(0.0),
            ValueError,
            r"cdf needs a mixture of scalar components, this one has 2 features$",
        ),
        Bad(
            "concentration < 0",
            lambda: fg.VonMisesFisher(AXIS, [-1.0]),
            ValueError,
            r"concentrations\[0\] is -1\.0, expected a finite number of at least 0",
        ),
        Bad(
            "concentration inf",
            lambda: fg.VonMisesFisher(AXIS, np.inf),
            ValueError,
            r"concentrations is inf, expected a finite number",
        ),
        Bad(
            "concentrations of another length",
            lambda: fg.VonMisesFisher(AXIS, [1.0, 2.0]),
            ValueError,
            r"concentrations has shape \(2,\), expected \(1,\)",
        ),
        Bad(
            "with a law in space",
            lambda: fg.Mixture(None, [fg.MultivariateNormal(MEANS[:1], [EYE]), fg.VonMisesFisher(AXIS, 1.0)]),
            ValueError,
            r"components\[1\], VonMisesFisher on a sphere, cannot be mixed with components\[0\], MultivariateNormal in space",
        ),
        Bad(
            "marginal",
            lambda: fg.Mixture(None, fg.VonMisesFisher(AXIS, 1.0)).marginal(0),
            ValueError,
            r"marginal is not offered for VonMisesFisher",
        ),
        Bad(
            "condition",
            lambda: fg.Mixture(None, fg.VonMisesFisher(AXIS, 1.0)).condition(0, 0.5),
            ValueError,
            r"condition is not offered for VonMisesFisher",
        ),
    ),
    points=lambda p, rng, n: points_on_sphere(p["mean_directions"], p["concentrations"], rng, n),
    golden=lambda k: {
        "mean_directions": np.array([[0.0, 0.0, 1.0], [-0.6, 0.0, 0.8], [0.28, -0.96, 0.0]])[np.arange(k) % 3],
        "concentrations": np.arange(k) % 5 * 2.75,
    },
    along=along_sphere,
)


def whiten_simplex(x, a):
    """Points of a Dirichlet law of D shares as D - 1 independent standard normals: each share of what is left is beta."""
    z = []
    for d in range(x.shape[1] - 1):
        rest = x[:, d + 1 :].sum(axis=1)
        share, left = x[:, d] / (x[:, d] + rest), rest / (x[:, d] + rest)
        b = a[d + 1 :].sum()
        z.append(normal_of(special.betainc(a[d], b, share), special.betainc(b, a[d], left)))
    return np.stack(z, axis=1)


def points_on_simplex(concentrations, rng, n):
    """Half from the components, half anywhere."""
    of = rng.integers(len(concentrations), size=n)
    gamma = rng.standard_gamma(np.where(rng.random((n, 1)) < 0.5, concentrations[of], 1.0))
    gamma = np.maximum(gamma, 1e-12)
    return gamma / gamma.sum(axis=1, keepdims=True)


def along_simplex(x, direction):
    """The same on the simplex; smaller where a share is small, so that none becomes negative."""
    return x.min(axis=1, keepdims=True) * (direction - direction.mean(axis=1, keepdims=True))


DIRICHLET = Law(
    "dirichlet",
    scalar=False,
    construct=fg.Dirichlet,
    parameters=lambda rng, k, d: {"concentrations": rng.uniform(0.4, 6.0, size=(k, d))},
    reference=lambda p, k: reference.dirichlet(p["concentrations"][k]),
    whiten=lambda p, k, x: whiten_simplex(x, p["concentrations"][k]),
    shapes=((1, 2), (3, 2), (4, 3), (2, 9), (1, 64)),
    bad=(
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
            lambda: fg.Mixture(None, [fg.Dirichlet([[1.0, 1.0]]), fg.VonMisesFisher(AXIS, 1.0)]),
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
    points=lambda p, rng, n: points_on_simplex(p["concentrations"], rng, n),
    golden=lambda k: {"concentrations": 0.25 + np.arange(k * 3).reshape(k, 3) % 7 * 0.75},
    along=along_simplex,
)

# A normal fewer comes of their points than they have features.
SURFACE = (VMF, DIRICHLET)
