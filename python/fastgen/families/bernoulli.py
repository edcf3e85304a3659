"""The Bernoulli law."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._validate import SHARE
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Bernoulli"]


class Bernoulli(ScalarComponents):
    r"""Bernoulli components: 1 with a probability, else 0.

    Parameters
    ----------
    probs : array_like of float, (K,) or scalar
        Probabilities of 1, from 0 to 1.

    Attributes
    ----------
    probs : ndarray of float64, (K,)
        The parameter, read-only.

    Raises
    ------
    ValueError
        If a probability is not between 0 and 1.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    Binomial : The number of ones in n trials.
    Categorical : More than two values.
    Mixture : Components with weights.

    Notes
    -----
    The mass of component k is

    .. math:: P_k(1) = p_k, \qquad P_k(0) = 1 - p_k

    with :math:`p` = `probs` [1]_. A probability of 0 or 1 makes a constant.

    Points and samples are floats: a point that is not a whole number has mass 0, and samples are float64 or float32
    (which holds whole numbers exactly up to 2**24). `Mixture.prob` is the mass of a point, and there is no gradient.
    Discrete components mix with each other and with `Delta`.

    References
    ----------
    .. [1] N. L. Johnson, A. W. Kemp and S. Kotz, "Univariate Discrete Distributions", 3rd edition, Wiley, 2005,
       chapter 3.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture([0.5, 0.5], fg.Bernoulli([0.1, 0.9]))
    >>> m.prob([0.0, 1.0, 0.5])
    array([0.5, 0.5, 0. ])
    """

    __slots__ = ("probs",)

    parameters = (Parameter("probs", SHARE),)
    support = "0, 1"
    sampler = "inversion"
    source = "Johnson, Kemp and Kotz 2005, chapter 3"
    scipy = "bernoulli(probs)"

    _measure = "discrete"

    probs: FloatArray

    def __init__(self, probs: ArrayLike) -> None:
        self._initialise(probs=probs)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return self.probs

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        return self.probs * (1.0 - self.probs)
