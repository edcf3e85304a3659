"""The families of components. To add one: write its class in a file of its own and name it here."""

from __future__ import annotations

from .exponential import Exponential
from .factor_normal import FactorNormal
from .laplace import Laplace
from .multivariate_normal import MultivariateNormal
from .normal import Normal
from .product import Product

__all__ = ["Exponential", "FactorNormal", "Laplace", "MultivariateNormal", "Normal", "Product"]
