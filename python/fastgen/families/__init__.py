"""The families of components. To add one: write its class in a file of its own and name it here."""

from __future__ import annotations

from .cauchy import Cauchy
from .exponential import Exponential
from .factor_normal import FactorNormal
from .gumbel import Gumbel
from .half_normal import HalfNormal
from .laplace import Laplace
from .log_normal import LogNormal
from .logistic import Logistic
from .multivariate_normal import MultivariateNormal
from .normal import Normal
from .pareto import Pareto
from .product import Product
from .uniform import Uniform
from .weibull import Weibull

__all__ = [
    "Cauchy",
    "Exponential",
    "FactorNormal",
    "Gumbel",
    "HalfNormal",
    "Laplace",
    "LogNormal",
    "Logistic",
    "MultivariateNormal",
    "Normal",
    "Pareto",
    "Product",
    "Uniform",
    "Weibull",
]
