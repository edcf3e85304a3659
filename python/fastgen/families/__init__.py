"""The families of components. To add one: write its class in a file of its own and name it here."""

from __future__ import annotations

from .bernoulli import Bernoulli
from .binomial import Binomial
from .categorical import Categorical
from .delta import Delta
from .exponential import Exponential
from .geometric import Geometric
from .laplace import Laplace
from .multivariate_normal import MultivariateNormal
from .negative_binomial import NegativeBinomial
from .normal import Normal
from .poisson import Poisson

__all__ = [
    "Bernoulli",
    "Binomial",
    "Categorical",
    "Delta",
    "Exponential",
    "Geometric",
    "Laplace",
    "MultivariateNormal",
    "NegativeBinomial",
    "Normal",
    "Poisson",
]
