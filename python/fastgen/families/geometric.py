"""The geometric law."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._validate import POSITIVE_SHARE
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Geometric"]


class Geometric(ScalarComponents):
    r"""Geometric components: failures before the first success.

    Parameters
    ----------
    probs : array_like of float, (K,) or scalar
        Probabilities of success, greater than 0 and at most 1.

    Attributes
    ----------
    probs : ndarray of float64, (K,)
        The parameter, read-only.

    Raises
    ------
    ValueError
        If a probability is not greater than 0 and at most 1.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    NegativeBinomial : Failures before several successes.
    Exponential : The continuous law without memory.
    Mixture : Components with weights.

    Notes
    -----
    The mass of component k is

    .. math:: P_k(x) = p_k (1 - p_k)^x, \qquad x = 0, 1, 2, \ldots

    with :math:`p` = `probs` [1]_. As in TensorFlow Probability and PyTorch the failures are counted;
    `scipy.stats.geom` counts the trials, which are one more.

    Points and samples are floats: a point that is not a whole number has mass 0, and samples are float64 or float32
    (which holds whole numbers exactly up to 2**24). `Mixture.prob` is the mass of a point, and there is no gradient.
    Discrete components mix with each other and with `Delta`.

    References
    ----------
    .. [1] N. L. Johnson, A. W. Kemp and S. Kotz, "Univariate Discrete Distributions", 3rd edition, Wiley, 2005,
       chapter 5.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture([0.5, 0.5], fg.Geometric([0.5, 0.1]))
    >>> m.prob([0.0, 1.0, 2.0])
    array([0.3  , 0.17 , 0.103])
    """

    __slots__ = ("probs",)

    parameters = (Parameter("probs", POSITIVE_SHARE),)
    support = "0, 1, 2, ..."
    sampler = "inversion"
    source = "Johnson, Kemp and Kotz 2005, chapter 5"
    scipy = "geom(probs, loc=-1)"

    _measure = "discrete"

    probs: FloatArray

    def __init__(self, probs: ArrayLike) -> None:
        self._initialise(probs=probs)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return (1.0 - self.probs) / self.probs

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        return (1.0 - self.probs) / self.probs / self.probs
