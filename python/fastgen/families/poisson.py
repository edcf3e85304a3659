"""The Poisson law."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._validate import POSITIVE
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Poisson"]


class Poisson(ScalarComponents):
    r"""Poisson components: numbers of rare events.

    Parameters
    ----------
    rate : array_like of float, (K,) or scalar
        Expected numbers of events, greater than 0: means and variances.

    Attributes
    ----------
    rate : ndarray of float64, (K,)
        The parameter, read-only.

    Raises
    ------
    ValueError
        If a rate is not finite or not positive.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    NegativeBinomial : Counts that vary more than their mean.
    Binomial : Counts with an upper end.
    Delta : With it, counts that are zero too often.
    Mixture : Components with weights.

    Notes
    -----
    The mass of component k is

    .. math:: P_k(x) = \frac{\lambda_k^x e^{-\lambda_k}}{x!}, \qquad x = 0, 1, 2, \ldots

    with :math:`\lambda` = `rate` [1]_, computed in a form that keeps its digits for any rate [2]_. Samples are drawn
    by inversion for rates below 10, else by transformed rejection [3]_.

    Points and samples are floats: a point that is not a whole number has mass 0, and samples are float64 or float32
    (which holds whole numbers exactly up to 2**24). `Mixture.prob` is the mass of a point, and there is no gradient.
    Discrete components mix with each other and with `Delta`.

    References
    ----------
    .. [1] N. L. Johnson, A. W. Kemp and S. Kotz, "Univariate Discrete Distributions", 3rd edition, Wiley, 2005,
       chapter 4.
    .. [2] C. Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000.
    .. [3] W. Hoermann, "The transformed rejection method for generating Poisson random variables", Insurance: Mathematics and
       Economics 12, 1993, pages 39-45.

    Examples
    --------
    Counts with an excess of zeros:

    >>> import fastgen as fg
    >>> m = fg.Mixture([0.2, 0.8], [fg.Delta(0.0), fg.Poisson(3.0)])
    >>> m.prob([0.0, 1.0, 2.0]).round(4)
    array([0.2398, 0.1195, 0.1792])
    >>> m.responsibilities(0.0).round(4)
    array([0.8339, 0.1661])
    """

    __slots__ = ("rate",)

    parameters = (Parameter("rate", POSITIVE),)
    support = "0, 1, 2, ..."
    sampler = "inversion, or transformed rejection (PTRS)"
    source = "Johnson, Kemp and Kotz 2005, chapter 4"
    scipy = "poisson(rate)"

    _measure = "discrete"

    rate: FloatArray

    def __init__(self, rate: ArrayLike) -> None:
        self._initialise(rate=rate)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return self.rate

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        return self.rate
