"""fastgen, the NumPy idiom and scikit-learn behind one set of names, so that every benchmark is written once.

Each contender is made from a `Problem` and answers `sample`, `log_prob`, `responsibilities`, `fit`, `sample_point` and
`log_prob_point`. `fit` runs exactly `n_iter` iterations of EM from `problem.start` and returns weights, means, covariances.
"""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING

import fastgen as fg
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from problems import Problem

Parameters = tuple[np.ndarray, np.ndarray, np.ndarray]


class Fastgen:
    """The package, called as a user calls it."""

    name = "fastgen"

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.mixture = self._mixture(problem.weights, problem.means, problem.covariances)
        self._seed = 0

    def _mixture(self, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> fg.Mixture:
        if self.problem.D == 1:
            return fg.Mixture(weights, fg.Normal(means[:, 0], np.sqrt(covariances[:, 0, 0])))
        return fg.Mixture(weights, fg.MultivariateNormal(means, covariances))

    def sample(self, n: int) -> np.ndarray:
        self._seed += 1
        return self.mixture.sample(n, rng=self._seed, dtype=self.problem.dtype)

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        return self.mixture.log_prob(x)

    def responsibilities(self, x: np.ndarray) -> np.ndarray:
        return self.mixture.responsibilities(x)

    def fit(self, x: np.ndarray, n_iter: int) -> Parameters:
        result = fg.fit(x, self.problem.K, init=self._mixture(*self.problem.start), max_iter=n_iter, tol=0, reg_covar=0)
        law = result.mixture.components
        if self.problem.D == 1:
            return result.mixture.weights, law.loc[:, None], law.scale[:, None, None] ** 2
        return result.mixture.weights, law.means, law.covariances

    def sample_point(self) -> np.ndarray:
        return self.mixture.sample(1)

    def log_prob_point(self, x: np.ndarray) -> np.floating:
        return self.mixture.log_prob(x)


class Numpy:
    """What a good NumPy user writes: no loop over samples, matrix products by BLAS.

    There is more than one usual way to draw, and which is faster depends on the shape: the first call measures them and
    keeps the fastest, named in `idiom`.
    """

    name = "NumPy"

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.rng = np.random.default_rng(3)
        self.idiom = ""
        # Gathering takes n D x D factors: slow for many features, and gigabytes.
        self.idioms = ["normal"] if problem.D == 1 else ["masked", "gathered"] if problem.D <= 8 else ["masked"]
        self._cast(*problem._parameters)

    def _cast(self, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> None:
        """Derive what the density needs, in the precision of the problem."""
        dtype = self.problem.dtype
        factors = np.linalg.cholesky(covariances)
        inverses = np.linalg.inv(factors)
        D = self.problem.D
        log_det = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
        self.weights = weights
        self.means = means.astype(dtype)
        self.factors = factors.astype(dtype)
        self.precision_cholesky = inverses.transpose(0, 2, 1).astype(dtype)
        self.offsets = (np.log(weights) - log_det - 0.5 * D * np.log(2 * np.pi)).astype(dtype)
        self.loc, self.scale = self.means[:, 0], self.factors[:, 0, 0]

    # Drawing

    def sample(self, n: int) -> np.ndarray:
        if not self.idiom:
            self.idiom = min(self.idioms, key=lambda name: _seconds(lambda: getattr(self, f"_sample_{name}")(n)))
        return getattr(self, f"_sample_{self.idiom}")(n)

    def _labels(self, n: int) -> np.ndarray:
        return self.rng.choice(self.problem.K, n, p=self.weights)

    def _sample_normal(self, n: int) -> np.ndarray:
        k = self._labels(n)
        return self.rng.normal(self.loc[k], self.scale[k]).astype(self.problem.dtype, copy=False)

    def _sample_masked(self, n: int) -> np.ndarray:
        k = self._labels(n)
        x = self.rng.standard_normal((n, self.problem.D), self.problem.dtype)
        for j in range(self.problem.K):
            rows = k == j
            x[rows] = x[rows] @ self.factors[j].T + self.means[j]
        return x

    def _sample_gathered(self, n: int) -> np.ndarray:
        k = self._labels(n)
        z = self.rng.standard_normal((n, self.problem.D), self.problem.dtype)
        return self.means[k] + np.einsum("nij,nj->ni", self.factors[k], z)

    # Scoring

    def _joint(self, x: np.ndarray) -> np.ndarray:
        """log (w_k p_k(x)), (n, K), as scikit-learn computes it."""
        if self.problem.D == 1:
            return self.offsets - 0.5 * ((x[:, None] - self.loc) / self.scale) ** 2
        joint = np.empty((len(x), self.problem.K), x.dtype)
        for k, (mean, root) in enumerate(zip(self.means, self.precision_cholesky, strict=True)):
            y = x @ root - mean @ root
            joint[:, k] = np.einsum("ij,ij->i", y, y)
        return self.offsets - 0.5 * joint

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        return _log_sum_exp(self._joint(x))[:, 0]

    def responsibilities(self, x: np.ndarray) -> np.ndarray:
        joint = self._joint(x)
        return np.exp(joint - _log_sum_exp(joint))

    # Learning

    def fit(self, x: np.ndarray, n_iter: int) -> Parameters:
        self._cast(*self.problem.start)
        rows = x.reshape(len(x), -1)
        for _ in range(n_iter):
            r = self.responsibilities(x)
            mass = r.sum(axis=0)
            means = r.T @ rows / mass[:, None]
            covariances = np.empty((self.problem.K, self.problem.D, self.problem.D))
            for k, mean in enumerate(means):
                diff = rows - mean
                covariances[k] = (r[:, k] * diff.T) @ diff / mass[k]
            parameters = (mass / len(x)).astype(np.float64), means.astype(np.float64), covariances
            self._cast(*parameters)
        self._cast(*self.problem._parameters)
        return parameters

    # One point

    def sample_point(self) -> np.ndarray:
        k = self.rng.choice(self.problem.K, p=self.weights)
        if self.problem.D == 1:
            return self.rng.normal(self.loc[k], self.scale[k])
        return self.means[k] + self.factors[k] @ self.rng.standard_normal(self.problem.D)

    def log_prob_point(self, x: np.ndarray) -> np.floating:
        return self.log_prob(x[None])[0]


class TunedNumpy(Numpy):
    """The fastest ways to draw with NumPy that we know of; few write them."""

    name = "tuned NumPy"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.idioms = [*self.idioms, "scaled" if problem.D == 1 else "sorted"]

    def _sample_scaled(self, n: int) -> np.ndarray:
        k = self._labels(n)
        return self.loc[k] + self.scale[k] * self.rng.standard_normal(n, self.problem.dtype)

    def _sample_sorted(self, n: int) -> np.ndarray:
        k = self._labels(n)
        ends = np.cumsum(np.bincount(k, minlength=self.problem.K))[:-1]
        groups = np.split(np.argsort(k.astype(np.uint16), kind="stable"), ends)  # a radix sort, as 16 bits
        x = np.empty((n, self.problem.D), self.problem.dtype)
        for rows, mean, factor in zip(groups, self.means, self.factors, strict=True):
            x[rows] = self.rng.standard_normal((len(rows), self.problem.D), self.problem.dtype) @ factor.T + mean
        return x


class NumpyBatch:
    """Many mixtures of normals at once, (B, K) parameters, by broadcasting."""

    def __init__(self, B: int, K: int) -> None:
        self.rng = rng = np.random.default_rng([B, K])
        self.weights = rng.dirichlet(np.ones(K), B)
        self.loc, self.scale = rng.normal(0.0, 3.0, (B, K)), rng.uniform(0.3, 2.0, (B, K))
        self.offsets = np.log(self.weights / self.scale) - 0.5 * np.log(2 * np.pi)

    def sample(self) -> np.ndarray:
        """One of each mixture, (B,)."""
        u = self.rng.random((len(self.weights), 1))
        k = (u > np.cumsum(self.weights[:, :-1], axis=1)).sum(axis=1, keepdims=True)
        loc, scale = (np.take_along_axis(parameter, k, axis=1)[:, 0] for parameter in (self.loc, self.scale))
        return self.rng.normal(loc, scale)

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        return _log_sum_exp(self.offsets - 0.5 * ((x[:, None] - self.loc) / self.scale) ** 2)[:, 0]

    def check_sample(self, x: np.ndarray) -> None:
        """Standardised, a mean of 0 and a variance of 1 within 7 standard errors."""
        mean = np.sum(self.weights * self.loc, axis=1)
        variance = np.sum(self.weights * (self.scale**2 + (self.loc - mean[:, None]) ** 2), axis=1)
        z = (x - mean) / np.sqrt(variance)
        for moment, expected in ((z, 0), (z**2, 1)):
            assert abs(moment.mean() - expected) < 7 * moment.std() / np.sqrt(len(z))


class ScikitLearn:
    """`sklearn.mixture.GaussianMixture` with its parameters set by hand, which is how one scores without a fit."""

    name = "scikit-learn"

    def __init__(self, problem: Problem) -> None:
        from sklearn.mixture import GaussianMixture

        self.problem = problem
        self.model = GaussianMixture(problem.K, random_state=4)
        self.model.weights_, self.model.means_, self.model.covariances_ = (
            parameter.astype(problem.dtype) for parameter in problem._parameters
        )
        roots = np.linalg.inv(np.linalg.cholesky(problem.covariances)).transpose(0, 2, 1)
        self.model.precisions_cholesky_ = roots.astype(problem.dtype)

    def _rows(self, x: np.ndarray) -> np.ndarray:
        return x.reshape(len(x), self.problem.D)

    def sample(self, n: int) -> np.ndarray:
        return self.model.sample(n)[0]  # float64, sorted by component

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        return self.model.score_samples(self._rows(x))

    def responsibilities(self, x: np.ndarray) -> np.ndarray:
        return self.model.predict_proba(self._rows(x))

    def fit(self, x: np.ndarray, n_iter: int) -> Parameters:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        weights, means, covariances = (parameter.astype(self.problem.dtype) for parameter in self.problem.start)
        model = GaussianMixture(
            self.problem.K,
            tol=0,
            reg_covar=0,
            max_iter=n_iter,
            init_params="random_from_data",  # replaced at once by the start given here
            weights_init=weights,
            means_init=means,
            precisions_init=np.linalg.inv(covariances),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(self._rows(x))
        return model.weights_, model.means_, model.covariances_

    def sample_point(self) -> np.ndarray:
        return self.model.sample(1)[0]

    def log_prob_point(self, x: np.ndarray) -> np.floating:
        return self.model.score_samples(x.reshape(1, -1))[0]


def contenders() -> list[type]:
    """Those that are installed."""
    try:
        import sklearn.mixture  # noqa: F401
    except ModuleNotFoundError:
        return [Fastgen, Numpy]
    return [Fastgen, Numpy, ScikitLearn]


def _log_sum_exp(joint: np.ndarray) -> np.ndarray:
    top = joint.max(axis=1, keepdims=True)
    return top + np.log(np.exp(joint - top).sum(axis=1, keepdims=True))


def _seconds(call: Callable[[], object]) -> float:
    """Best of three."""
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)
