"""The exponential law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Exponential"]


class Exponential(ScalarComponents):
    r"""Exponential components on the non-negative half line.

    Parameters
    ----------
    rate : array_like of float, (K,) or scalar
        Rates, in the inverse unit of the data, greater than 0; the means are ``1 / rate``.

    Attributes
    ----------
    rate : ndarray of float64, (K,)
        The parameter, read-only.

    Raises
    ------
    ValueError
        If a rate is not finite or not positive.
    TypeError
        If the parameter does not hold real numbers.

    See Also
    --------
    Gamma, Weibull : Waiting times whose hazard changes.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k is

    .. math:: p_k(x) = \lambda_k \exp(-\lambda_k x), \qquad x \ge 0

    with :math:`\lambda` = `rate`, and 0 for negative x [1]_.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 1, 2nd edition,
       Wiley, 1994, chapter 19.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture([0.5, 0.5], fg.Exponential([1.0, 0.1]))
    >>> m.cdf([0.0, 1.0, 10.0]).round(4)
    array([0.    , 0.3636, 0.816 ])
    """

    __slots__ = ("rate",)

    parameters = (Parameter("rate", POSITIVE),)
    support = "x >= 0"
    sampler = "inversion"
    source = "Johnson, Kotz and Balakrishnan 1994, chapter 19"
    scipy = "expon(scale=1 / rate)"

    rate: FloatArray

    def __init__(self, rate: ArrayLike) -> None:
        self._initialise(rate=rate)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return 1.0 / self.rate

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        return np.square(1.0 / self.rate)
