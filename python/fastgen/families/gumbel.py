"""The Gumbel law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE, REAL
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Gumbel"]


class Gumbel(ScalarComponents):
    r"""Gumbel components on the real line: the law of the largest of many values.

    Parameters
    ----------
    loc : array_like of float, (K,) or scalar
        Modes, in the unit of the data.
    scale : array_like of float, (K,) or scalar
        Scales, in the unit of the data, greater than 0; the standard deviations are ``pi / sqrt(6)`` of them.

    Attributes
    ----------
    loc, scale : ndarray of float64, (K,)
        The parameters, read-only.

    Raises
    ------
    ValueError
        If a value is not finite, a scale is not positive, or the lengths differ.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    Weibull : The law of smallest values; the negative logarithm of a Weibull variate is a Gumbel one.
    Logistic : The law of the difference of two Gumbel variates.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k, on the whole real line, is

    .. math:: p_k(x) = \frac{1}{\beta_k} \exp\left(-z - e^{-z}\right), \qquad z = \frac{x - \mu_k}{\beta_k}

    with :math:`\mu` = `loc` and :math:`\beta` = `scale` [1]_: the form for maxima, ``scipy.stats.gumbel_r``. For minima, negate
    the data and `loc`.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 2, 2nd edition,
       Wiley, 1995, chapter 22.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture(None, fg.Gumbel(0.0, 1.0))
    >>> m.log_prob([-1.0, 0.0, 2.0]).round(4)
    array([-1.7183, -1.    , -2.1353])
    """

    __slots__ = ("loc", "scale")

    parameters = (Parameter("loc", REAL), Parameter("scale", POSITIVE))
    support = "real line"
    sampler = "inversion"
    source = "Johnson, Kotz and Balakrishnan 1995, chapter 22"
    scipy = "gumbel_r(loc, scale)"

    loc: FloatArray
    scale: FloatArray

    def __init__(self, loc: ArrayLike, scale: ArrayLike) -> None:
        self._initialise(loc=loc, scale=scale)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return self.loc + np.euler_gamma * self.scale

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        return np.pi**2 / 6.0 * np.square(self.scale)
