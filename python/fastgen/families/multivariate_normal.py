"""The multivariate normal law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._validate import REAL
from .base import Parameter
from .elliptical import EllipticalComponents
from .normal import Normal

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["MultivariateNormal"]


class MultivariateNormal(EllipticalComponents):
    r"""Multivariate normal components.

    Parameters
    ----------
    means : array_like of float, (K, D)
        Mean of each component, in the unit of the data.
    covariances : array_like of float
        Covariances, in the square of that unit, shaped by `covariance_type`.
    covariance_type : {"full", "tied", "diag", "spherical"}, default "full"
        What `covariances` holds, as in scikit-learn:

        - "full": a matrix for each component, (K, D, D);
        - "tied": one matrix for all components (in a batch, of all mixtures), (D, D);
        - "diag": the variance of each feature in each component, (K, D) or a scalar;
        - "spherical": one variance for each component, (K,) or a scalar.

        Every form is computed as what it is: "diag" does not pay for "full".

    Attributes
    ----------
    means : ndarray of float64, (K, D)
        Means, read-only.
    covariance_type : str
        The form of the covariances.

    Raises
    ------
    ValueError
        If a value is not finite, shapes do not fit, or a covariance is not symmetric and positive definite.
        Asymmetry of rounding size (1e-8 of the standard deviations) is averaged away.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    MultivariateNormal.from_cholesky : From lower triangular factors: exact, however ill-conditioned.
    MultivariateNormal.from_precision : From inverse covariances.
    Normal : The normal law of one feature.

    Notes
    -----
    The density of component k, for x in :math:`\mathbb{R}^D`, is

    .. math:: p_k(x) = (2 \pi)^{-D/2} |\Sigma_k|^{-1/2} \exp\left(-\tfrac{1}{2} (x - \mu_k)^T \Sigma_k^{-1} (x - \mu_k)
              \right)

    with :math:`\mu` = `means` and :math:`\Sigma` = `covariances` [1]_. Samples are the means plus the lower Cholesky
    factor times standard normals drawn by the method of Box and Muller [2]_.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", Springer, 2006, section 2.3.
    .. [2] G. E. P. Box and M. E. Muller, "A note on the generation of random normal deviates", Annals of Mathematical
       Statistics 29 (1958), 610-611.

    Examples
    --------
    >>> import fastgen as fg
    >>> covariances = [[[1.0, 0.5], [0.5, 1.0]], [[2.0, 0.0], [0.0, 0.5]]]
    >>> components = fg.MultivariateNormal([[0.0, 0.0], [4.0, 1.0]], covariances)
    >>> components
    MultivariateNormal(n_components=2, n_features=2, covariance_type='full')
    >>> components.cholesky[0].round(3)
    array([[1.   , 0.   ],
           [0.5  , 0.866]])
    >>> fg.MultivariateNormal([[0.0, 0.0], [4.0, 1.0]], 1.0, covariance_type="spherical").covariances
    array([1., 1.])
    """

    __slots__ = ()

    parameters = (Parameter("means", REAL, axes=("D",)), Parameter("covariances", REAL, axes=("D", "D")))
    support = "R^D"
    sampler = "Box-Muller, times the Cholesky factor"
    source = "Bishop 2006, section 2.3"
    scipy = "multivariate_normal(means, covariances)"

    _matrices = "covariances"

    def __init__(self, means: ArrayLike, covariances: ArrayLike, covariance_type: str = "full") -> None:
        self._initialise_matrices(means, covariances, covariance_type)

    @classmethod
    def from_cholesky(cls, means: ArrayLike, cholesky: ArrayLike) -> Self:
        """Components from lower Cholesky factors.

        Parameters
        ----------
        means : array_like of float, (K, D), or (B, K, D) for a `MixtureBatch`
            Mean of each component.
        cholesky : array_like of float, (K, D, D), or (B, K, D, D)
            Lower triangular factors L with positive diagonals; the covariances are L L^T. They are used as they
            are, so nothing is lost however ill-conditioned the covariance.

        Returns
        -------
        MultivariateNormal
            Components with covariance_type "full".

        Raises
        ------
        ValueError
            If a factor is not lower triangular with a positive diagonal, or shapes do not fit.
        TypeError
            If a parameter does not hold real numbers.

        Examples
        --------
        >>> import fastgen as fg
        >>> components = fg.MultivariateNormal.from_cholesky([[0.0, 0.0]], [[[2.0, 0.0], [1.0, 3.0]]])
        >>> components.covariances
        array([[[ 4.,  2.],
                [ 2., 10.]]])
        """
        return cls._from_cholesky(means, cholesky)

    @classmethod
    def from_precision(cls, means: ArrayLike, precisions: ArrayLike) -> Self:
        """Components from precisions, the inverses of the covariances.

        Parameters
        ----------
        means : array_like of float, (K, D), or (B, K, D) for a `MixtureBatch`
            Mean of each component.
        precisions : array_like of float, (K, D, D), or (B, K, D, D)
            Symmetric positive definite inverse covariances. They are factored, never inverted.

        Returns
        -------
        MultivariateNormal
            Components with covariance_type "full".

        Raises
        ------
        ValueError
            If a precision is not symmetric and positive definite, or shapes do not fit.
        TypeError
            If a parameter does not hold real numbers.

        Examples
        --------
        >>> import fastgen as fg
        >>> components = fg.MultivariateNormal.from_precision([[0.0, 0.0]], [[[4.0, 0.0], [0.0, 0.25]]])
        >>> components.covariances
        array([[[0.25, 0.  ],
                [0.  , 4.  ]]])
        """
        return cls._from_precision(means, precisions)

    @property
    def covariances(self) -> FloatArray:
        """Covariances, shaped by `covariance_type`, read-only."""
        return self._all_matrices()

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K, D)."""
        return self.means

    @property
    def variance(self) -> FloatArray:
        """Variance of each feature in each component, (K, D)."""
        return self._diagonals()

    @property
    def covariance(self) -> FloatArray:
        """Covariance matrix of each component, (K, D, D), whatever the covariance type."""
        return self._each_matrix()

    @property
    def _deviation(self) -> FloatArray:
        return self._form.deviations(self._factor, *self.means.shape)

    def _pooled_covariance(self, weights: FloatArray) -> FloatArray:
        return self._form.pooled(self.covariances, weights, self.n_features)

    def _marginal_scalar(self, feature: int) -> Normal:
        return Normal(self.means[:, feature], self._deviation[:, feature])

    def _condition(self, features: list[int], rest: list[int], values: FloatArray) -> MultivariateNormal:
        means, factor = self._form.condition(self.means, self._factor, features, rest, values)
        return self._from_factor(means, factor, self._form)
