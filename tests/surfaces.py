"""Points of laws on spheres and simplices, and what makes standard normals of them: independent of the library."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import integrate, special


def normal_of(below, above):
    """Standard normals of probabilities, from the nearer end."""
    return np.where(below < above, special.ndtri(below), -special.ndtri(above))


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


def whiten_simplex(x, a):
    """Points of a Dirichlet law of D shares as D - 1 independent standard normals: each share of what is left is beta."""
    z = []
    for d in range(x.shape[1] - 1):
        rest = x[:, d + 1 :].sum(axis=1)
        share, left = x[:, d] / (x[:, d] + rest), rest / (x[:, d] + rest)
        b = a[d + 1 :].sum()
        z.append(normal_of(special.betainc(a[d], b, share), special.betainc(b, a[d], left)))
    return np.stack(z, axis=1)


def points_on_sphere(directions, concentrations, rng, n):
    """Half near the mean directions, as near as the concentrations are large, half anywhere."""
    k, d = directions.shape
    of = rng.integers(k, size=n)
    noise = rng.normal(size=(n, d))
    near = directions[of] + noise / np.sqrt(concentrations[of, None] + 1)
    return unit(np.where(rng.random((n, 1)) < 0.5, near, noise))


def points_on_simplex(concentrations, rng, n):
    """Half from the components, half anywhere."""
    of = rng.integers(len(concentrations), size=n)
    gamma = rng.standard_gamma(np.where(rng.random((n, 1)) < 0.5, concentrations[of], 1.0))
    gamma = np.maximum(gamma, 1e-12)
    return gamma / gamma.sum(axis=1, keepdims=True)


def along_sphere(x, direction):
    """The part of directions at points of the sphere that stays on it."""
    return direction - (direction * x).sum(axis=1, keepdims=True) * x


def along_simplex(x, direction):
    """The same on the simplex; smaller where a share is small, so that none becomes negative."""
    return x.min(axis=1, keepdims=True) * (direction - direction.mean(axis=1, keepdims=True))
