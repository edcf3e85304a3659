"""The inverse gamma law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE, SHAPE
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["InverseGamma"]


class InverseGamma(ScalarComponents):
    r"""Inverse gamma components on the positive half line: laws of one over a gamma variate.

    Parameters
    ----------
    concentration : array_like of float, (K,) or scalar
        Shapes, greater than 0: moments exist below that order.
    scale : array_like of float, (K,) or scalar
        Scales, in the unit of the data, greater than 0.

    Attributes
    ----------
    concentration, scale : ndarray of float64, (K,)
        The parameters, read-only.

    Raises
    ------
    ValueError
        If a value is not finite or not positive, or the lengths differ.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    Gamma : The law of ``scale / x``, of rate 1.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k is

    .. math:: p_k(x) = \frac{b_k^{a_k}}{\Gamma(a_k)} x^{-a_k - 1} e^{-b_k / x}, \qquad x > 0

    with a = `concentration` and b = `scale`, and 0 for x up to 0 [1]_: ``scipy.stats.invgamma(a=concentration,
    scale=scale)``, where the scale is that of x as here; it is the rate of the gamma law of ``1 / x``. The mean is infinite for
    concentrations up to 1, the variance for concentrations up to 2. Samples are exact, by rejection [2]_; those beyond the
    largest number, of concentrations near 0, are that number.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 1, 2nd edition,
       Wiley, 1994, chapter 17.
    .. [2] G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM Transactions on Mathematical
       Software 26, 2000, pages 363-372.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture(None, fg.InverseGamma([1.0, 3.0], 2.0))
    >>> m.log_prob([0.0, 1.0]).round(4)
    array([   -inf, -0.9014])
    """

    __slots__ = ("concentration", "scale")

    parameters = (Parameter("concentration", SHAPE), Parameter("scale", POSITIVE))
    support = "x > 0"
    sampler = "rejection"
    source = "Marsaglia and Tsang 2000"
    scipy = "invgamma(concentration, scale=scale)"

    concentration: FloatArray
    scale: FloatArray

    def __init__(self, concentration: ArrayLike, scale: ArrayLike) -> None:
        self._initialise(concentration=concentration, scale=scale)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,); inf where the concentration is at most 1."""
        a = self.concentration
        mean: FloatArray = np.divide(self.scale, a - 1.0, out=np.full_like(a, np.inf), where=a > 1.0)
        return mean

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,); inf where the concentration is at most 2."""
        a = self.concentration
        mean: FloatArray = np.divide(self.scale, a - 1.0, out=np.full_like(a, np.inf), where=a > 2.0)
        factor: FloatArray = np.divide(1.0, a - 2.0, out=np.ones_like(a), where=a > 2.0)
        return np.square(mean) * factor
