"""The multivariate Student t law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from .._validate import POSITIVE, REAL
from .base import Parameter
from .covariance import row_lengths
from .elliptical import EllipticalComponents
from .student_t import StudentT

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["MultivariateStudentT"]


class MultivariateStudentT(EllipticalComponents):
    r"""Multivariate Student t components: elliptical, with tails that fall off as a power.

    Parameters
    ----------
    df : array_like of float, (K,) or scalar
        Degrees of freedom of each component, greater than 0: the smaller, the heavier the tails.
    means : array_like of float, (K, D)
        Centre of each component, in the unit of the data: its mean where `df` exceeds 1.
    shapes : array_like of float
        Scale matrices, in the square of that unit, shaped by `covariance_type`. They are not the covariances, which are
        df / (df - 2) times as large where `df` exceeds 2.
    covariance_type : {"full", "tied", "diag", "spherical"}, default "full"
        What `shapes` holds, as for `MultivariateNormal`:

        - "full": a matrix for each component, (K, D, D);
        - "tied": one matrix for all components (in a batch, of all mixtures), (D, D);
        - "diag": the squared scale of each feature in each component, (K, D) or a scalar;
        - "spherical": one squared scale for each component, (K,) or a scalar.

        Features are uncorrelated in the last two, but never independent: all of them share one radius.

    Attributes
    ----------
    df : ndarray of float64, (K,)
        Degrees of freedom, read-only.
    means : ndarray of float64, (K, D)
        Centres, read-only.
    covariance_type : str
        The form of the scale matrices.

    Raises
    ------
    ValueError
        If a value is not finite, df is not positive, shapes do not fit, or a matrix is not symmetric and positive definite.
        Asymmetry of rounding size (1e-8 of the scales) is averaged away.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    MultivariateStudentT.from_cholesky : From lower triangular factors: exact, however ill-conditioned.
    MultivariateStudentT.from_precision : From inverse scale matrices.
    StudentT : The law of one feature.
    MultivariateNormal : The limit of many degrees of freedom.

    Notes
    -----
    The density of component k, for x in :math:`\mathbb{R}^D`, is

    .. math:: p_k(x) = \frac{\Gamma\left(\frac{\nu_k + D}{2}\right)}{\Gamma\left(\frac{\nu_k}{2}\right)
              (\pi \nu_k)^{D/2} |\Sigma_k|^{1/2}}
              \left(1 + \frac{(x - \mu_k)^T \Sigma_k^{-1} (x - \mu_k)}{\nu_k}\right)^{-\frac{\nu_k + D}{2}}

    with :math:`\nu` = `df`, :math:`\mu` = `means` and :math:`\Sigma` = `shapes` [1]_. Log densities are finite and exact for
    every finite point, however far. The mean exists for more than 1 degree of freedom, and is nan otherwise. For 1 to 2
    degrees the variances are infinite and the other covariances undefined, which gives nan; up to 1 degree all are nan.

    Samples are :math:`\mu + L z \sqrt{\nu / c}` with :math:`L` the lower Cholesky factor, z standard normal (Box and Muller)
    and c chi-square with :math:`\nu` degrees of freedom, twice a gamma variate by rejection [2]_: exact. Radii beyond 1e289
    (float32: 1e30) scales, which occur at fewer than 0.1 degrees of freedom, stop there.

    A marginal has the same `df`. Given m of the features, the others have `df` + m degrees of freedom, means as in the
    normal law, and scales that grow with the distance of the given values; the conditional of a "tied" law is "full".

    References
    ----------
    .. [1] S. Kotz and S. Nadarajah, "Multivariate t Distributions and Their Applications", Cambridge University Press, 2004,
       chapter 1.
    .. [2] G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM Transactions on Mathematical
       Software 26, 2000, pages 363-372.

    Examples
    --------
    >>> import fastgen as fg
    >>> shapes = [[[1.0, 0.5], [0.5, 1.0]], [[2.0, 0.0], [0.0, 0.5]]]
    >>> components = fg.MultivariateStudentT([3.0, 30.0], [[0.0, 0.0], [4.0, 1.0]], shapes)
    >>> components
    MultivariateStudentT(n_components=2, n_features=2, covariance_type='full')
    >>> components.covariance[0]
    array([[3. , 1.5],
           [1.5, 3. ]])
    >>> m = fg.Mixture(None, components)
    >>> m.log_prob([[0.0, 0.0], [1e6, 1e200]]).round(4)
    array([   -2.3785, -2302.945 ])
    >>> m.condition(0, 100.0).components.df
    array([ 4., 31.])
    """

    __slots__ = ("df",)

    parameters = (
        Parameter("df", POSITIVE),
        Parameter("means", REAL, axes=("D",)),
        Parameter("shapes", REAL, axes=("D", "D")),
    )
    support = "R^D"
    sampler = "Box-Muller, times the Cholesky factor and a gamma variate (Marsaglia-Tsang) to the power -1/2"
    source = "Kotz and Nadarajah 2004, chapter 1"
    scipy = "multivariate_t(means, shapes, df)"

    _matrices = "shapes"

    df: FloatArray

    def __init__(self, df: ArrayLike, means: ArrayLike, shapes: ArrayLike, covariance_type: str = "full") -> None:
        self._initialise_matrices(means, shapes, covariance_type, df=df)

    @classmethod
    def from_cholesky(cls, df: ArrayLike, means: ArrayLike, cholesky: ArrayLike) -> Self:
        """Components from lower Cholesky factors.

        Parameters
        ----------
        df : array_like of float, (K,) or scalar, or (B, K)
            Degrees of freedom of each component.
        means : array_like of float, (K, D), or (B, K, D) for a `MixtureBatch`
            Centre of each component.
        cholesky : array_like of float, (K, D, D), or (B, K, D, D)
            Lower triangular factors L with positive diagonals; the scale matrices are L L^T. They are used as they are.

        Returns
        -------
        MultivariateStudentT
            Components with covariance_type "full".

        Raises
        ------
        ValueError
            If a factor is not lower triangular with a positive diagonal, df is not positive, or shapes do not fit.
        TypeError
            If a parameter does not hold real numbers.

        Examples
        --------
        >>> import fastgen as fg
        >>> components = fg.MultivariateStudentT.from_cholesky(5.0, [[0.0, 0.0]], [[[2.0, 0.0], [1.0, 3.0]]])
        >>> components.shapes
        array([[[ 4.,  2.],
                [ 2., 10.]]])
        """
        return cls._from_cholesky(means, cholesky, df=df)

    @classmethod
    def from_precision(cls, df: ArrayLike, means: ArrayLike, precisions: ArrayLike) -> Self:
        """Components from the inverses of the scale matrices.

        Parameters
        ----------
        df : array_like of float, (K,) or scalar, or (B, K)
            Degrees of freedom of each component.
        means : array_like of float, (K, D), or (B, K, D) for a `MixtureBatch`
            Centre of each component.
        precisions : array_like of float, (K, D, D), or (B, K, D, D)
            Symmetric positive definite inverse scale matrices. They are factored, never inverted.

        Returns
        -------
        MultivariateStudentT
            Components with covariance_type "full".

        Raises
        ------
        ValueError
            If a precision is not symmetric and positive definite, df is not positive, or shapes do not fit.
        TypeError
            If a parameter does not hold real numbers.

        Examples
        --------
        >>> import fastgen as fg
        >>> components = fg.MultivariateStudentT.from_precision(5.0, [[0.0, 0.0]], [[[4.0, 0.0], [0.0, 0.25]]])
        >>> components.shapes
        array([[[0.25, 0.  ],
                [0.  , 4.  ]]])
        """
        return cls._from_precision(means, precisions, df=df)

    @property
    def shapes(self) -> FloatArray:
        """Scale matrices, shaped by `covariance_type`, read-only."""
        return self._all_matrices()

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K, D); nan where there is at most 1 degree of freedom."""
        return np.where(self.df[..., None] > 1.0, self.means, np.nan)

    @property
    def _inflation(self) -> FloatArray:
        """Covariances in units of the scale matrices, (K,): of one feature inf from 1 to 2 degrees of freedom, then nan."""
        v = self.df
        ratio: FloatArray = np.divide(v, v - 2.0, out=np.where(v > 1.0, np.inf, np.nan), where=v > 2.0)
        return ratio

    @property
    def variance(self) -> FloatArray:
        """Variance of each feature in each component, (K, D); inf above 1 and up to 2 degrees of freedom, nan up to 1."""
        return self._diagonals() * self._inflation[..., None]

    @property
    def covariance(self) -> FloatArray:
        """Covariance matrix of each component, (K, D, D), whatever the covariance type.

        From 1 to 2 degrees of freedom the variances are inf and the other elements, which do not exist, nan; up to 1
        degree all are nan.
        """
        ratio = np.where(self.df > 2.0, self._inflation, np.nan)
        with np.errstate(over="ignore", under="ignore"):
            matrices = self._each_matrix() * ratio[..., None, None]
        diagonal = np.arange(self.n_features)
        matrices[..., diagonal, diagonal] = self.variance
        return matrices

    @property
    def _deviation(self) -> FloatArray:
        return self._form.deviations(self._factor, *self.means.shape) * np.sqrt(self._inflation)[:, None]

    def _pooled_covariance(self, weights: FloatArray) -> FloatArray:
        used = weights > 0
        if (self.df[used] > 2.0).all():
            share = np.where(used, weights, 0.0)
            share[used] *= self._inflation[used]
            return self._form.pooled(self.shapes, share, self.n_features)
        pooled = np.full((self.n_features, self.n_features), np.nan)
        np.fill_diagonal(pooled, self._inflation[used].sum())
        return pooled

    def _marginal_scalar(self, feature: int) -> StudentT:
        scale = self._form.deviations(self._factor, *self.means.shape)[:, feature]
        return StudentT(self.df, self.means[:, feature], scale)

    def _condition(self, features: list[int], rest: list[int], values: FloatArray) -> MultivariateStudentT:
        # With q the squared distance of the given values, the scale matrices of the normal law times (df + q) / (df + m).
        means, factor = self._form.condition(self.means, self._factor, features, rest, values)
        distance = self._form.distances(self._form.marginal(self._factor, features), values - self.means[:, features])
        df = self.df + len(features)
        spread = row_lengths(np.stack([np.sqrt(self.df), distance], axis=1)) / np.sqrt(df)
        form, scaled = self._form.scaled(factor, spread)
        return self._from_factor(means, scaled, form, None, [df])
