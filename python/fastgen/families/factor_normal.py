"""The normal law of a factor model: low rank plus diagonal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from .._validate import POSITIVE, REAL, as_parameter, read_only
from .base import Components, Parameter, as_means
from .normal import Normal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

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

    parameters = (Parameter("means", REAL), Parameter("loadings", REAL), Parameter("noise", POSITIVE))
    support = "R^D"
    sampler = "Box-Muller, loadings times factors plus noise"
    source = "Bishop 2006, section 12.2.4"

    means: FloatArray
    loadings: FloatArray
    noise: FloatArray

    def __init__(self, means: ArrayLike, loadings: ArrayLike, noise: ArrayLike) -> None:
        means = as_means(means)
        k, d = means.shape
        loadings = as_parameter(loadings, "loadings", REAL)
        if loadings.ndim != 3 or loadings.shape[:2] != (k, d) or not 1 <= loadings.shape[2] <= d:
            raise ValueError(
                f"loadings has shape {loadings.shape}, expected ({k}, {d}, R) for means of shape {means.shape}, with R, "
                f"the number of factors, from 1 to {d}"
            )
        noise = as_parameter(noise, "noise", POSITIVE, "noise holds variances")
        if noise.shape not in ((), (k, d)):
            raise ValueError(f"noise has shape {noise.shape}, expected {(k, d)}, one variance a feature, or a scalar")
        self._fill(means, loadings, np.full((k, d), noise))

    def _fill(self, means: FloatArray, loadings: FloatArray, noise: FloatArray) -> None:
        self._set(means=read_only(means), loadings=read_only(loadings), noise=read_only(noise))
        self._make_core(self.means, self.loadings, self.noise)

    @classmethod
    def _of(cls, means: FloatArray, loadings: FloatArray, noise: FloatArray) -> Self:
        """Valid arrays that nobody else holds, without checks."""
        self = cls.__new__(cls)
        self._fill(*map(np.ascontiguousarray, (means, loadings, noise)))
        return self

    @property
    def n_factors(self) -> int:
        """Number of factors R."""
        return int(self.loadings.shape[2])

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
        k, d, r = self.loadings.shape
        return f"{type(self).__name__}(n_components={k}, n_features={d}, n_factors={r})"

    def _take(self, index: NDArray[np.int64]) -> Self:
        return self._of(self.means[index], self.loadings[index], self.noise[index])

    def _join(self, others: Sequence[Self]) -> Self | None:
        blocks = (self, *others)
        if any(block.n_factors != self.n_factors for block in blocks):
            return None
        return self._of(*(np.concatenate([getattr(b, p.name) for b in blocks]) for p in self.parameters))

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
        # Given the known features the factors are normal, with precision I + B^T B, B the loadings in units of the noise:
        # the rest is a factor model around that.
        deviation = np.sqrt(self.noise[:, features])
        scaled = self.loadings[:, features] / deviation[:, :, None]
        precision = np.eye(self.n_factors) + scaled.swapaxes(1, 2) @ scaled
        surprise = (values - self.means[:, features]) / deviation
        factors = np.linalg.solve(precision, scaled.swapaxes(1, 2) @ surprise[:, :, None])
        inverse = np.linalg.inv(np.linalg.cholesky(precision))  # C^-1 = inverse^T inverse
        loadings = self.loadings[:, rest]
        means = self.means[:, rest] + (loadings @ factors)[:, :, 0]
        spread = loadings @ inverse.swapaxes(1, 2)
        if len(rest) < self.n_factors:
            spread = _fewest(spread)
        return self._of(means, spread, self.noise[:, rest])


def _fewest(loadings: FloatArray) -> FloatArray:
    """Loadings of the same covariance with as many factors as features: the factors are rotated."""
    triangle: FloatArray = np.asarray(np.linalg.qr(loadings.swapaxes(1, 2), mode="r"))
    return triangle.swapaxes(1, 2)
