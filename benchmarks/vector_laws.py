"""Laws of several features beside SciPy and NumPy, one row each, and how much faster they have to be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import fastgen as fg
import numpy as np
from contenders import Numpy
from problems import Problem
from scipy import special, stats

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 200_000  # in a call


@dataclass(frozen=True)
class VectorLaw:
    """One law as fastgen and a peer have it, and the moments of its features, computed by neither."""

    id: str
    components: fg.Components
    draw: Callable[[np.random.Generator, int], np.ndarray]
    log_density: Callable[[np.ndarray], np.ndarray]
    mean: np.ndarray  # (D,)
    variance: np.ndarray
    peer: str = "SciPy"
    target: float | None = 10
    weights: np.ndarray | None = None
    n: int = ROWS

    def __str__(self) -> str:
        return self.id

    @cached_property
    def mixture(self) -> fg.Mixture:
        return fg.Mixture(self.weights, self.components)

    @cached_property
    def points(self) -> np.ndarray:
        return self.draw(np.random.default_rng(1), self.n)

    def check_sample(self, x: np.ndarray) -> None:
        """Mean and variance of every feature within 7 standard errors: a false alarm once in 10^9 runs."""
        for moment, expected in ((x, self.mean), ((x - self.mean) ** 2, self.variance)):
            error = np.abs(moment.mean(axis=0) - expected) / (moment.std(axis=0) / np.sqrt(len(x)))
            assert np.all(error < 7), f"{self}: a sample moment is {error.max():.1f} standard errors off"

    def check_log_density(self, answer: np.ndarray, reference: np.ndarray) -> None:
        np.testing.assert_allclose(answer, reference, rtol=1e-9, atol=1e-9, err_msg=self.id)


def von_mises_fisher(D: int, kappa: float) -> VectorLaw:
    direction = np.random.default_rng(D).standard_normal(D)
    direction /= np.linalg.norm(direction)
    law = stats.vonmises_fisher(direction, kappa)
    # E cos and, as the squares of the features sum to 1, E cos^2 = 1 - (D - 1) E cos / kappa; all directions across are alike.
    cos = special.ive(D / 2, kappa) / special.ive(D / 2 - 1, kappa)
    square = cos / kappa + (1 - D * cos / kappa) * direction**2
    return VectorLaw(
        f"VonMisesFisher, D = {D}",
        fg.VonMisesFisher(direction[None], kappa),
        lambda rng, n: law.rvs(n, random_state=rng),
        law.logpdf,
        cos * direction,
        square - (cos * direction) ** 2,
    )


def dirichlet(name: str, concentration: list[float] | np.ndarray) -> VectorLaw:
    a = np.asarray(concentration, dtype=float)
    law, mean = stats.dirichlet(a), a / a.sum()
    return VectorLaw(
        f"Dirichlet, {name}",
        fg.Dirichlet(a[None]),
        lambda rng, n: law.rvs(n, random_state=rng),
        lambda x: law.logpdf(x.T),
        mean,
        mean * (1 - mean) / (a.sum() + 1),
    )


def multivariate_student_t(K: int, D: int, df: float) -> VectorLaw:
    """A mixture, beside the NumPy idiom of the normal law: NumPy has no t law of several features, SciPy no mixture."""
    problem = Problem(K, D, 100_000)
    normal = Numpy(problem)
    norms = special.gammaln((df + D) / 2) - special.gammaln(df / 2) - D / 2 * np.log(df / 2)

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        k = rng.choice(K, n, p=problem.weights)
        x = rng.standard_normal((n, D)) * np.sqrt(df / rng.chisquare(df, n))[:, None]
        for j in range(K):
            rows = k == j
            x[rows] = x[rows] @ normal.factors[j].T + normal.means[j]
        return x

    def log_density(x: np.ndarray) -> np.ndarray:
        joint = normal.offsets + norms - (df + D) / 2 * np.log1p(-2 / df * (normal._joint(x) - normal.offsets))
        return special.logsumexp(joint, axis=1)

    mean = problem.weights @ problem.means
    within = df / (df - 2) * np.diagonal(problem.covariances, axis1=1, axis2=2)
    return VectorLaw(
        f"MultivariateStudentT ({K}, {D})",
        fg.MultivariateStudentT(np.full(K, df), problem.means, problem.covariances),
        draw,
        log_density,
        mean,
        problem.weights @ (within + (problem.means - mean) ** 2),
        "NumPy",
        None,
        problem.weights,
        problem.n,
    )


VECTOR_LAWS = [
    von_mises_fisher(3, 20.0),
    von_mises_fisher(10, 20.0),
    dirichlet("D = 3", [2.5, 1.2, 4.0]),
    dirichlet("D = 10", np.linspace(1.2, 6.0, 10)),
    dirichlet("D = 10, half of the shapes 0.4", [0.4] * 5 + [1.0, 1.5, 2.0, 2.5, 3.0]),
    multivariate_student_t(16, 8, 12.0),
]
