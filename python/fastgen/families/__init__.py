"""The families of components. To add one: write its class in a file of its own and name it here."""

from __future__ import annotations

from .multivariate_normal import MultivariateNormal
from .normal import Normal

__all__ = ["MultivariateNormal", "Normal"]
