"""The scalar laws, one row each: as fastgen, NumPy and SciPy have them, and how much faster drawing has to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import fastgen as fg
import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable

DRAWN = SCORED = 1_000_000  # numbers in a call
SCORING_TARGET = 20  # log densities, times SciPy's


class Law(NamedTuple):
    """One law with typical parameters, as each library has it."""

    id: str
    components: fg.Components
    draw: Callable[[np.random.Generator, int], np.ndarray]  # how one draws it with NumPy
    scipy: Any
    target: float | None = None  # drawing, times NumPy

    def __str__(self) -> str:
        return self.id

    @property
    def mixture(self) -> fg.Mixture:
        return fg.Mixture(None, self.components)

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """SciPy's."""
        return self.scipy.logpmf(x) if isinstance(self.scipy.dist, stats.rv_discrete) else self.scipy.logpdf(x)

    def points(self, n: int) -> np.ndarray:
        return self.draw(np.random.default_rng(1), n).astype(np.float64)

    def check_sample(self, x: np.ndarray) -> None:
        """Shares below nine quantiles within 7 standard errors: a false alarm once in 10^10 runs."""
        at = self.scipy.ppf(np.linspace(0.1, 0.9, 9))
        expected = self.scipy.cdf(at)
        reached = np.searchsorted(np.sort(x), at, side="right") / len(x)
        assert np.all(np.abs(reached - expected) <= 7 * np.sqrt(expected * (1 - expected) / len(x))), self.id

    def check_log_density(self, answer: np.ndarray, reference: np.ndarray) -> None:
        np.testing.assert_allclose(answer, reference, rtol=1e-9, atol=1e-9, err_msg=self.id)


def skew_normal(rng: np.random.Generator, n: int) -> np.ndarray:
    delta = 3.0 / np.sqrt(10.0)
    return delta * np.abs(rng.standard_normal(n)) + np.sqrt(0.1) * rng.standard_normal(n)


def truncated_normal(rng: np.random.Generator, n: int) -> np.ndarray:
    """NumPy has none: SciPy's."""
    return stats.truncnorm.rvs(-1.0, 2.0, size=n, random_state=rng)


# Where NumPy's law has no location or scale, what one writes around it.
LAWS = [
    Law("Normal", fg.Normal(1.0, 2.0), lambda rng, n: rng.normal(1.0, 2.0, n), stats.norm(1.0, 2.0), 10),
    Law("Bernoulli", fg.Bernoulli(0.3), lambda rng, n: rng.binomial(1, 0.3, n), stats.bernoulli(0.3)),
    Law("Beta", fg.Beta(2.0, 3.0), lambda rng, n: rng.beta(2.0, 3.0, n), stats.beta(2.0, 3.0), 6),
    Law("Beta, small", fg.Beta(0.5, 0.5), lambda rng, n: rng.beta(0.5, 0.5, n), stats.beta(0.5, 0.5), 6),
    Law("Binomial", fg.Binomial(100, 0.4), lambda rng, n: rng.binomial(100, 0.4, n), stats.binom(100, 0.4)),
    Law("Binomial, rare", fg.Binomial(20, 0.2), lambda rng, n: rng.binomial(20, 0.2, n), stats.binom(20, 0.2)),
    Law("Cauchy", fg.Cauchy(1.0, 2.0), lambda rng, n: 1.0 + 2.0 * rng.standard_cauchy(n), stats.cauchy(1.0, 2.0), 10),
    Law("Exponential", fg.Exponential(0.5), lambda rng, n: rng.exponential(2.0, n), stats.expon(scale=2.0), 10),
    Law("Gamma", fg.Gamma(2.5, 0.5), lambda rng, n: rng.gamma(2.5, 2.0, n), stats.gamma(2.5, scale=2.0), 6),
    Law("Gamma, small", fg.Gamma(0.5, 0.5), lambda rng, n: rng.gamma(0.5, 2.0, n), stats.gamma(0.5, scale=2.0), 6),
    Law("Geometric", fg.Geometric(0.3), lambda rng, n: rng.geometric(0.3, n) - 1, stats.geom(0.3, loc=-1)),
    Law("Gumbel", fg.Gumbel(1.0, 2.0), lambda rng, n: rng.gumbel(1.0, 2.0, n), stats.gumbel_r(1.0, 2.0), 10),
    Law(
        "HalfNormal", fg.HalfNormal(2.0), lambda rng, n: np.abs(rng.normal(0.0, 2.0, n)), stats.halfnorm(scale=2.0), 10
    ),
    Law(
        "InverseGamma",
        fg.InverseGamma(2.5, 2.0),
        lambda rng, n: 2.0 / rng.standard_gamma(2.5, n),
        stats.invgamma(2.5, scale=2.0),
        6,
    ),
    Law("Laplace", fg.Laplace(1.0, 2.0), lambda rng, n: rng.laplace(1.0, 2.0, n), stats.laplace(1.0, 2.0), 10),
    Law(
        "LogNormal",
        fg.LogNormal(0.5, 0.7),
        lambda rng, n: rng.lognormal(0.5, 0.7, n),
        stats.lognorm(0.7, scale=np.exp(0.5)),
        10,
    ),
    Law("Logistic", fg.Logistic(1.0, 2.0), lambda rng, n: rng.logistic(1.0, 2.0, n), stats.logistic(1.0, 2.0), 10),
    Law(
        "NegativeBinomial",
        fg.NegativeBinomial(4.0, 0.3),
        lambda rng, n: rng.negative_binomial(4.0, 0.3, n),
        stats.nbinom(4.0, 0.3),
    ),
    Law(
        "Pareto", fg.Pareto(2.5, 2.0), lambda rng, n: 2.0 * (1.0 + rng.pareto(2.5, n)), stats.pareto(2.5, scale=2.0), 10
    ),
    Law("Poisson", fg.Poisson(30.0), lambda rng, n: rng.poisson(30.0, n), stats.poisson(30.0), 6),
    Law("Poisson, rare", fg.Poisson(4.0), lambda rng, n: rng.poisson(4.0, n), stats.poisson(4.0), 6),
    Law("SkewNormal", fg.SkewNormal(0.0, 1.0, 3.0), skew_normal, stats.skewnorm(3.0)),
    Law(
        "StudentT",
        fg.StudentT(5.0, 1.0, 2.0),
        lambda rng, n: 1.0 + 2.0 * rng.standard_t(5.0, n),
        stats.t(5.0, 1.0, 2.0),
        6,
    ),
    Law("TruncatedNormal", fg.TruncatedNormal(0.0, 1.0, -1.0, 2.0), truncated_normal, stats.truncnorm(-1.0, 2.0)),
    Law("Uniform", fg.Uniform(1.0, 3.0), lambda rng, n: rng.uniform(1.0, 3.0, n), stats.uniform(1.0, 2.0), 10),
    Law("VonMises", fg.VonMises(0.0, 2.0), lambda rng, n: rng.vonmises(0.0, 2.0, n), stats.vonmises(2.0), 6),
    Law(
        "Weibull", fg.Weibull(1.5, 2.0), lambda rng, n: 2.0 * rng.weibull(1.5, n), stats.weibull_min(1.5, scale=2.0), 10
    ),
]
