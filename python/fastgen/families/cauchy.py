"""The Cauchy law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE, REAL
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Cauchy"]


class Cauchy(ScalarComponents):
    r"""Cauchy components on the real line: tails so heavy that there is no mean.

    Parameters
    ----------
    loc : array_like of float, (K,) or scalar
        Medians, in the unit of the data.
    scale : array_like of float, (K,) or scalar
        Half the distances between the quartiles, in the unit of the data, greater than 0.

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
    Laplace, Normal : Lighter tails.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k, on the whole real line, is

    .. math:: p_k(x) = \frac{1}{\pi s_k (1 + z^2)}, \qquad z = \frac{x - \mu_k}{s_k}

    with :math:`\mu` = `loc` and :math:`s` = `scale` [1]_. It has neither mean nor variance: both are nan.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 1, 2nd edition,
       Wiley, 1994, chapter 16.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture(None, fg.Cauchy(0.0, 1.0))
    >>> m.cdf([-1.0, 0.0, 1.0]).round(4)
    array([0.25, 0.5 , 0.75])
    """

    __slots__ = ("loc", "scale")

    parameters = (Parameter("loc", REAL), Parameter("scale", POSITIVE))
    support = "real line"
    sampler = "inversion"
    source = "Johnson, Kotz and Balakrishnan 1994, chapter 16"
    scipy = "cauchy(loc, scale)"

    loc: FloatArray
    scale: FloatArray

    def __init__(self, loc: ArrayLike, scale: ArrayLike) -> None:
        self._initialise(loc=loc, scale=scale)

    @property
    def mean(self) -> FloatArray:
        """NaN, (K,): there is no mean."""
        return np.full(len(self), np.nan)

    @property
    def variance(self) -> FloatArray:
        """NaN, (K,): there is no variance."""
        return np.full(len(self), np.nan)
