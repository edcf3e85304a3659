"""The gamma law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE, SHAPE
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Gamma"]


class Gamma(ScalarComponents):
    r"""Gamma components on the positive half line.

    Parameters
    ----------
    concentration : array_like of float, (K,) or scalar
        Shapes, greater than 0: below 1 the density is infinite at 0.
    rate : array_like of float, (K,) or scalar
        Rates, in one over the unit of the data, greater than 0.

    Attributes
    ----------
    concentration, rate : ndarray of float64, (K,)
        The parameters, read-only.

    Raises
    ------
    ValueError
        If a value is not finite or not positive, or the lengths differ.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    Exponential : The case of concentration 1.
    InverseGamma : The law of one over the value.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k is

    .. math:: p_k(x) = \frac{r_k^{a_k}}{\Gamma(a_k)} x^{a_k - 1} e^{-r_k x}, \qquad x > 0

    with a = `concentration` and r = `rate`, and 0 for negative x [1]_: ``scipy.stats.gamma(a=concentration, scale=1 / rate)``.
    At 0 it is infinite for concentrations below 1, `rate` for 1 and 0 above. Samples are exact, by rejection [2]_. Of a
    concentration near 0 much of the mass lies below the smallest number: such samples are 0.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 1, 2nd edition,
       Wiley, 1994, chapter 17.
    .. [2] G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM Transactions on Mathematical
       Software 26, 2000, pages 363-372.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture(None, fg.Gamma([1.0, 3.0], 2.0))
    >>> m.log_prob([0.0, 1.0]).round(4)
    array([ 0.    , -0.9014])
    """

    __slots__ = ("concentration", "rate")

    parameters = (Parameter("concentration", SHAPE), Parameter("rate", POSITIVE))
    support = "x >= 0"
    sampler = "rejection"
    source = "Marsaglia and Tsang 2000"
    scipy = "gamma(concentration, scale=1 / rate)"

    concentration: FloatArray
    rate: FloatArray

    def __init__(self, concentration: ArrayLike, rate: ArrayLike) -> None:
        self._initialise(concentration=concentration, rate=rate)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return self.concentration / self.rate

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        return np.square(np.sqrt(self.concentration) / self.rate)
