"""The normal law of a factor model: low rank plus diagonal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE, REAL
from .base import Components, Parameter
from .normal import Normal

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["FactorNormal"]


class FactorNormal(Components):
    r"""Multivariate normal components with a few common factors and independent noise.

    For hundreds of features: a component has D (R + 2) parameters instead of D (D + 3) / 2, and a point costs
    D R operations instead of D^2 / 2. No D x D matrix is formed.

    Parameters
    ----------
    means : array_like of float, (K, D)
        Mean of each component, in the unit of the data.
    loadings : array_like of float, (K, D, R)
        How each feature answers to each of R factors (R at most D), in the unit of the data.
    noise : array_like of float, (K, D) or scalar
        Variance of the independent noise of each feature, in the square of that unit, greater than 0.

    For a `MixtureBatch` all have the leading axes (B, K).

    Attributes
    ----------
    means : ndarray of float64, (K, D)
    loadings : ndarray of float64, (K, D, R)
    noise : ndarray of float64, (K, D)
        The parameters, read-only.

    Raises
    ------
    ValueError
        If a value is not finite, a noise variance is not positive, or shapes do not fit.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    MultivariateNormal : Covariances of any other form.

    Notes
    -----
    Component k is the law of :math:`\mu_k + \Lambda_k z + e` with z standard normal of R dimensions and e normal with
    variances :math:`\psi_k`, independent of each other [1]_:

    .. math:: x \sim N(\mu_k, \Lambda_k \Lambda_k^T + \mathrm{diag}(\psi_k))

    with :math:`\mu` = `means`, :math:`\Lambda` = `loadings` and :math:`\psi` = `noise`. Distances use the identity of
    Woodbury in a form that adds squares only, and the determinant lemma. Samples are drawn as the law is stated, with
    normals by the method of Box and Muller. Loadings that differ by a rotation of the factors are the same law, but
    draw different samples and do not compare equal.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", Springer, 2006, section 12.2.4.

    Examples
    --------
    >>> import fastgen as fg
    >>> import numpy as np
    >>> components = fg.FactorNormal(np.zeros((1, 3)), [[[1.0], [2.0], [0.0]]], 0.5)
    >>> components
    FactorNormal(n_components=1, n_features=3, n_factors=1)
    >>> components.covariance[0]
    array([[1.5, 2. , 0. ],
           [2. , 4.5, 0. ],
           [0. , 0. , 0.5]])
    """

    __slots__ = ("loadings", "means", "noise")

    parameters = (
        Parameter("means", REAL, axes=("D",)),
        Parameter("loadings", REAL, axes=("D", "R")),
        Parameter("noise", POSITIVE, "noise holds variances", axes=("D",)),
    )
    support = "R^D"
    sampler = "Box-Muller, loadings times factors plus noise"
    source = "Bishop 2006, section 12.2.4"

    means: FloatArray
    loadings: FloatArray
    noise: FloatArray

    def __init__(self, means: ArrayLike, loadings: ArrayLike, noise: ArrayLike) -> None:
        self._initialise(means=means, loadings=loadings, noise=noise)

    def _check(self, values: dict[str, FloatArray]) -> None:
        *lead, d, r = values["loadings"].shape
        if not 1 <= r <= d:
            expected = ", ".join(map(str, (*lead, d, "R")))
            raise ValueError(
                f"loadings has shape {values['loadings'].shape}, expected ({expected}) for means of shape "
                f"{values['means'].shape}, with R, the number of factors, from 1 to {d}"
            )

    @property
    def n_factors(self) -> int:
        """Number of factors R."""
        return int(self.loadings.shape[-1])

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K, D)."""
        return self.means

    @property
    def variance(self) -> FloatArray:
        """Variance of each feature in each component, (K, D)."""
        variances: FloatArray = np.square(self.loadings).sum(axis=2) + self.noise
        return variances

    @property
    def covariance(self) -> FloatArray:
        """Covariance matrix of each component, (K, D, D)."""
        dense: FloatArray = self.loadings @ self.loadings.swapaxes(1, 2)
        diagonal = np.arange(self.n_features)
        dense[:, diagonal, diagonal] = self.variance
        return dense

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._sizes()}, n_factors={self.n_factors})"

    def _pooled_covariance(self, weights: FloatArray) -> FloatArray:
        # One product over all factors of all components.
        used = weights > 0
        scaled = self.loadings[used] * np.sqrt(weights[used])[:, None, None]
        wide = scaled.transpose(1, 0, 2).reshape(self.n_features, -1)
        dense: FloatArray = wide @ wide.T
        dense[np.diag_indices(self.n_features)] += weights[used] @ self.noise[used]
        return dense

    def _marginal(self, features: list[int]) -> FactorNormal:
        # The loadings of fewer features than factors are a smaller factor model only after a rotation.
        if len(features) < self.n_factors:
            return self._of(self.means[:, features], _fewest(self.loadings[:, features]), self.noise[:, features])
        return self._of(self.means[:, features], self.loadings[:, features], self.noise[:, features])

    def _marginal_scalar(self, feature: int) -> Normal:
        return Normal(self.means[:, feature], np.sqrt(self.variance[:, feature]))

    def _condition(self, features: list[int], rest: list[int], values: FloatArray) -> FactorNormal:
        # Given the known features the factors are normal, with precision I + B^T B, B the loadings in units of the noise: the
        # rest is a factor model around that. By the singular values of B, as the product would lose the I where noise is low.
        deviation = np.sqrt(self.noise[:, features])
        left, singular, directions = _decomposed(self.loadings[:, features] / deviation[:, :, None])
        length = np.hypot(1.0, singular)
        loadings = self.loadings[:, rest] @ directions.swapaxes(
            1, 2
        )  # on the directions of B, then on those it does not see
        gain = left / deviation[:, :, None] * (singular / length / length)[:, None, :]
        factors = ((values - self.means[:, features])[:, None, :] @ gain)[:, 0]
        known = singular.shape[1]
        means = self.means[:, rest] + (loadings[:, :, :known] @ factors[:, :, None])[:, :, 0]
        spread = loadings
        spread[:, :, :known] /= length[:, None, :]
        if len(rest) < self.n_factors:
            spread = _fewest(spread)
        return self._of(means, spread, self.noise[:, rest])

    def _brought_near(self, exponent: int) -> FactorNormal:
        return self._of(np.ldexp(self.means, -exponent), self.loadings, self.noise)


def _decomposed(matrices: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Singular value decompositions of (K, m, R) matrices, with all R right vectors but no more left ones than values."""
    if matrices.shape[1] <= matrices.shape[2]:
        left, singular, right = np.linalg.svd(matrices)
        return left, singular, right
    basis, triangle = np.linalg.qr(matrices)
    left, singular, right = np.linalg.svd(triangle)
    return basis @ left, singular, right


def _fewest(loadings: FloatArray) -> FloatArray:
    """Loadings of the same covariance with as many factors as features: the factors are rotated."""
    triangle: FloatArray = np.asarray(np.linalg.qr(loadings.swapaxes(1, 2), mode="r"))
    return triangle.swapaxes(1, 2)
