"""The Dirichlet law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE, at, first_index
from .base import Components, Parameter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Dirichlet"]


class Dirichlet(Components):
    r"""Dirichlet components: D shares of a whole, which sum to 1.

    Parameters
    ----------
    concentrations : array_like of float, (K, D), or (B, K, D) for a `MixtureBatch`
        Concentration of each share in each component, greater than 0, D at least 2. The means are in proportion to them;
        the larger they are, the nearer the samples are to the means.

    Attributes
    ----------
    concentrations : ndarray of float64, (K, D)
        The parameter, read-only.

    Raises
    ------
    ValueError
        If a concentration is not finite or not positive, or the shape is another.
    TypeError
        If the parameter does not hold real numbers.

    See Also
    --------
    Beta : The law of one of the shares.
    Categorical : What is drawn from such shares.

    Notes
    -----
    The density of component k with respect to the first D - 1 shares is [1]_

    .. math:: p_k(x) = \Gamma\Bigl(\sum_d \alpha_{kd}\Bigr) \prod_d \frac{x_d^{\alpha_{kd} - 1}}{\Gamma(\alpha_{kd})},
        \qquad x_d \ge 0, \quad \sum_d x_d = 1

    with :math:`\alpha` = `concentrations`. It is accurate for every concentration.

    **What is on the simplex.** A point without negative values whose sum is 1 within 1e-5 has the density of
    :math:`x / \sum_d x_d`: so points of float32, or of six decimals, are on the simplex. All others have density 0 and log
    density -inf.

    **At the edges**, where some :math:`x_d = 0`, the log density is +inf if one of these shares has a concentration below 1,
    -inf if one has a concentration above 1 (which decides where both are there), and finite if all have concentration 1.

    **Gradients** are those of :math:`\sum_d (\alpha_d - 1) \log x_d` in the space around the simplex,
    :math:`(\alpha_d - 1) / x_d`; their mean by responsibility for a mixture; NaN off the simplex. For the gradient along the
    simplex subtract the mean: ``g - g.mean(-1, keepdims=True)``.

    Samples are gamma variates, exact by rejection [2]_, over their sum. Of small concentrations many are below the smallest
    double, 1e-308, and are 0. Marginals and conditionals are not offered. A mixture holds no other family beside this one, as
    densities on a simplex and in space have no common scale. float32 points are computed in float64.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Multivariate Distributions", volume 1, second edition,
       Wiley, 2000, chapter 49.
    .. [2] G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM Transactions on Mathematical
       Software 26, 2000, pages 363-372.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture([0.7, 0.3], fg.Dirichlet([[5.0, 3.0, 2.0], [0.5, 0.5, 0.5]]))
    >>> m.log_prob([[0.5, 0.3, 0.2], [0.01, 0.01, 0.98]]).round(4)
    array([1.8292, 1.5734])
    >>> m.mean.round(4)
    array([0.45, 0.31, 0.24])
    """

    __slots__ = ("concentrations",)

    parameters = (Parameter("concentrations", POSITIVE, axes=("D",)),)
    support = "x_d >= 0, sum x_d = 1"
    sampler = "gamma variates over their sum"
    source = "Marsaglia and Tsang 2000"
    scipy = "dirichlet(concentrations)"

    _measure = "simplex"
    _slices = False
    _least_features = 2

    concentrations: FloatArray

    def __init__(self, concentrations: ArrayLike) -> None:
        self._initialise(concentrations=concentrations)

    def _check(self, values: dict[str, FloatArray]) -> None:
        with np.errstate(over="ignore"):
            infinite = np.isinf(values["concentrations"].sum(axis=-1))
        if infinite.any():
            raise ValueError(
                f"{at('concentrations', first_index(infinite))} has an infinite sum, expected a finite one"
            )

    @property
    def _total(self) -> FloatArray:
        """Sums of the concentrations, (K, 1)."""
        total: FloatArray = self.concentrations.sum(axis=-1, keepdims=True)
        return total

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K, D)."""
        return self.concentrations / self._total

    @property
    def variance(self) -> FloatArray:
        """Variance of each share in each component, (K, D)."""
        total = self._total
        # The sum of the others, not a difference, which could cancel.
        others = self.concentrations @ (1.0 - np.eye(self.n_features))
        return self.mean * (others / total) / (total + 1)

    @property
    def covariance(self) -> FloatArray:
        """Covariance matrix of each component, (K, D, D); singular, as the shares sum to 1."""
        scaled = self.mean / np.sqrt(self._total + 1)
        dense = -scaled[:, :, None] * scaled[:, None, :]
        diagonal = np.arange(self.n_features)
        dense[:, diagonal, diagonal] = self.variance
        return dense

    def __repr__(self) -> str:
        with np.printoptions(precision=4, threshold=8, edgeitems=3):
            values = np.array2string(self._total[..., 0], separator=", ")
        return f"{type(self).__name__}({self._sizes()}, sums={values})"

    def _pooled_covariance(self, weights: FloatArray) -> FloatArray:
        used = weights > 0
        return np.tensordot(weights[used], self.covariance[used], 1)
