"""The one list of cases, the mixtures behind it, and what makes an answer right."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

# (K, D, n): n rows take the NumPy idiom about 50 to 300 ms. D = 1 is a mixture of Normal, the others of full
# MultivariateNormal.
CASES = [
    (5, 1, 1_000_000),
    (8, 2, 500_000),
    (16, 8, 100_000),
    (16, 32, 50_000),
    (16, 128, 10_000),
    (256, 2, 50_000),
]
DTYPES = [np.float64, np.float32]


@dataclass(frozen=True)
class Problem:
    """A mixture of K normal components over D features, and n rows drawn from it.

    The standard deviation of a component is about 1.2 in every feature, that of the means is `spread`.
    """

    K: int
    D: int
    n: int
    dtype: type = np.float64
    spread: float = 3.0  # of the means; at 0 every component is near every row

    def __str__(self) -> str:
        overlap = "-overlapping" if self.spread == 0 else ""
        return f"K{self.K}-D{self.D}-{np.dtype(self.dtype).name}{overlap}"

    @cached_property
    def _parameters(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rng = np.random.default_rng([self.K, self.D])
        weights = rng.dirichlet(np.full(self.K, 5.0))
        means = self.spread * rng.standard_normal((self.K, self.D))
        roots = rng.standard_normal((self.K, self.D, self.D)) / np.sqrt(self.D)
        return weights, means, roots @ roots.transpose(0, 2, 1) + 0.5 * np.eye(self.D)

    @property
    def weights(self) -> np.ndarray:
        return self._parameters[0]

    @property
    def means(self) -> np.ndarray:
        return self._parameters[1]

    @property
    def covariances(self) -> np.ndarray:
        return self._parameters[2]

    @cached_property
    def rows(self) -> np.ndarray:
        """n rows of the mixture in its dtype, (n,) where D = 1."""
        rng = np.random.default_rng(1)
        z = rng.standard_normal((self.n, self.D))
        labels = rng.choice(self.K, self.n, p=self.weights)
        for k, factor in enumerate(np.linalg.cholesky(self.covariances)):
            mine = labels == k
            z[mine] = self.means[k] + z[mine] @ factor.T
        return (z[:, 0] if self.D == 1 else z).astype(self.dtype)

    @cached_property
    def start(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights, means and covariances that EM starts from: near the truth, but not there."""
        rng = np.random.default_rng(2)
        return (
            np.full(self.K, 1.0 / self.K),
            self.means + 0.3 * rng.standard_normal(self.means.shape),
            1.5 * self.covariances,
        )

    # What makes an answer right.

    @property
    def tolerance(self) -> dict[str, float]:
        return {"rtol": 1e-10, "atol": 1e-10} if self.dtype is np.float64 else {"rtol": 1e-4, "atol": 5e-3}

    def check_sample(self, x: np.ndarray) -> None:
        """Mean and variance of every feature within 7 standard errors: a false alarm once in 10^9 runs."""
        x = x.reshape(len(x), self.D).astype(np.float64)
        mean = self.weights @ self.means
        spread = np.diagonal(self.covariances, axis1=1, axis2=2) + (self.means - mean) ** 2
        for moment, expected in ((x, mean), ((x - mean) ** 2, self.weights @ spread)):
            error = np.abs(moment.mean(axis=0) - expected) / (moment.std(axis=0) / np.sqrt(len(x)))
            assert np.all(error < 7), f"{self}: a sample moment is {error.max():.1f} standard errors off"

    def check_close(self, answer: np.ndarray, reference: np.ndarray) -> None:
        np.testing.assert_allclose(answer, reference, **self.tolerance, err_msg=str(self))


@dataclass(frozen=True)
class FactorProblem(Problem):
    """The same with covariances of a few factors and independent noise."""

    rank: int = 10

    @cached_property
    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """Loadings (K, D, rank) and the variances of the noise (K, D)."""
        rng = np.random.default_rng([self.K, self.D, self.rank])
        return rng.standard_normal((self.K, self.D, self.rank)), rng.uniform(0.5, 2.0, (self.K, self.D))

    @cached_property
    def _parameters(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rng = np.random.default_rng([self.K, self.D])
        loadings, noise = self.factors
        covariances = loadings @ loadings.transpose(0, 2, 1) + noise[:, :, None] * np.eye(self.D)
        weights = rng.dirichlet(np.full(self.K, 5.0))
        return weights, self.spread * rng.standard_normal((self.K, self.D)), covariances
