"""The families of components. To add one: write its class in a file of its own and name it here."""

from __future__ import annotations

from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .categorical import Categorical
from .cauchy import Cauchy
from .delta import Delta
from .dirichlet import Dirichlet
from .exponential import Exponential
from .factor_normal import FactorNormal
from .gamma import Gamma
from .geometric import Geometric
from .gumbel import Gumbel
from .half_normal import HalfNormal
from .inverse_gamma import InverseGamma
from .laplace import Laplace
from .log_normal import LogNormal
from .logistic import Logistic
from .multivariate_normal import MultivariateNormal
from .multivariate_student_t import MultivariateStudentT
from .negative_binomial import NegativeBinomial
from .normal import Normal
from .pareto import Pareto
from .poisson import Poisson
from .product import Product
from .skew_normal import SkewNormal
from .student_t import StudentT
from .truncated_normal import TruncatedNormal
from .uniform import Uniform
from .von_mises import VonMises
from .von_mises_fisher import VonMisesFisher
from .weibull import Weibull

__all__ = [
    "Bernoulli",
    "Beta",
    "Binomial",
    "Categorical",
    "Cauchy",
    "Delta",
    "Dirichlet",
    "Exponential",
    "FactorNormal",
    "Gamma",
    "Geometric",
    "Gumbel",
    "HalfNormal",
    "InverseGamma",
    "Laplace",
    "LogNormal",
    "Logistic",
    "MultivariateNormal",
    "MultivariateStudentT",
    "NegativeBinomial",
    "Normal",
    "Pareto",
    "Poisson",
    "Product",
    "SkewNormal",
    "StudentT",
    "TruncatedNormal",
    "Uniform",
    "VonMises",
    "VonMisesFisher",
    "Weibull",
]
