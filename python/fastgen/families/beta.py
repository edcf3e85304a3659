"""The beta law."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._validate import POSITIVE
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Beta"]


class Beta(ScalarComponents):
    r"""Beta components on the unit interval.

    Parameters
    ----------
    concentration1 : array_like of float, (K,) or scalar
        Shapes at the end 0, greater than 0: the larger, the nearer to 1. SciPy's ``a``.
    concentration0 : array_like of float, (K,) or scalar
        Shapes at the end 1, greater than 0: the larger, the nearer to 0. SciPy's ``b``.

    Attributes
    ----------
    concentration1, concentration0 : ndarray of float64, (K,)
        The parameters, read-only.

    Raises
    ------
    ValueError
        If a value is not finite or not positive, or the lengths differ.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    Gamma : The law of G in G / (G + H).
    Uniform : The case of both concentrations 1.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k is

    .. math:: p_k(x) = \frac{\Gamma(a_k + b_k)}{\Gamma(a_k) \Gamma(b_k)} x^{a_k - 1} (1 - x)^{b_k - 1}, \qquad 0 < x < 1

    with a = `concentration1` and b = `concentration0`, and 0 outside [1]_. At 0 it is infinite for a below 1, b for a = 1 and 0
    above, and likewise at 1. Samples are exact, from two gamma variates by rejection [2]_; of concentrations near 0 many are
    at an end, as the numbers between are too few to hold their mass.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 2, 2nd edition,
       Wiley, 1995, chapter 25.
    .. [2] G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM Transactions on Mathematical
       Software 26, 2000, pages 363-372.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture(None, fg.Beta([0.5, 2.0], 2.0))
    >>> m.prob([-1.0, 0.0, 0.5, 1.0]).round(4)
    array([0.    ,    inf, 1.0152, 0.    ])
    """

    __slots__ = ("concentration0", "concentration1")

    parameters = (Parameter("concentration1", POSITIVE), Parameter("concentration0", POSITIVE))
    support = "0 <= x <= 1"
    sampler = "rejection"
    source = "Marsaglia and Tsang 2000"
    scipy = "beta(concentration1, concentration0)"

    concentration1: FloatArray
    concentration0: FloatArray

    def __init__(self, concentration1: ArrayLike, concentration0: ArrayLike) -> None:
        self._initialise(concentration1=concentration1, concentration0=concentration0)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return self._shares()[0]

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        a, b = self._shares()
        return a * b / (self.concentration1 + self.concentration0 + 1.0)

    def _shares(self) -> tuple[FloatArray, FloatArray]:
        """Shares of the two concentrations in their sum, which may be infinite where they are not."""
        a, b = 0.5 * self.concentration1, 0.5 * self.concentration0
        return a / (a + b), b / (a + b)
