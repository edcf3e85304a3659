"""The Laplace law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE, REAL
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Laplace"]


class Laplace(ScalarComponents):
    r"""Laplace (double exponential) components on the real line.

    Parameters
    ----------
    loc : array_like of float, (K,) or scalar
        Means and medians, in the unit of the data.
    scale : array_like of float, (K,) or scalar
        Mean absolute deviations, in the unit of the data, greater than 0.

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
    Normal, Logistic : Lighter tails.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k, on the whole real line, is

    .. math:: p_k(x) = \frac{1}{2 b_k} \exp\left(-\frac{|x - \mu_k|}{b_k}\right)

    with :math:`\mu` = `loc` and :math:`b` = `scale` [1]_. Its derivative does not exist at `loc`, where the gradient is
    given as 0.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 2, 2nd edition,
       Wiley, 1995, chapter 24.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture([0.5, 0.5], fg.Laplace([0.0, 4.0], 1.0))
    >>> m.log_prob([0.0, 2.0]).round(4)
    array([-1.3681, -2.6931])
    """

    __slots__ = ("loc", "scale")

    parameters = (Parameter("loc", REAL), Parameter("scale", POSITIVE))
    support = "real line"
    sampler = "inversion"
    source = "Johnson, Kotz and Balakrishnan 1995, chapter 24"
    scipy = "laplace(loc, scale)"

    loc: FloatArray
    scale: FloatArray

    def __init__(self, loc: ArrayLike, scale: ArrayLike) -> None:
        self._initialise(loc=loc, scale=scale)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return self.loc

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        return 2.0 * np.square(self.scale)
