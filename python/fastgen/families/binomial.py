"""The binomial law."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._validate import COUNT, SHARE
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Binomial"]


class Binomial(ScalarComponents):
    r"""Binomial components: successes in n independent trials.

    Parameters
    ----------
    n : array_like of float, (K,) or scalar
        Numbers of trials, whole, from 0 to 2**53.
    probs : array_like of float, (K,) or scalar
        Probabilities of success, from 0 to 1.

    Attributes
    ----------
    n, probs : ndarray of float64, (K,)
        The parameters, read-only.

    Raises
    ------
    ValueError
        If a number of trials is not whole, a probability is not between 0 and 1, or the lengths differ.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    Bernoulli : One trial.
    Poisson : The limit of many trials and rare successes.
    NegativeBinomial : Trials until a number of successes.
    Mixture : Components with weights.

    Notes
    -----
    The mass of component k is

    .. math:: P_k(x) = \binom{n_k}{x} p_k^x (1 - p_k)^{n_k - x}, \qquad x = 0, 1, \ldots, n_k

    with :math:`p` = `probs` [1]_, computed in a form that keeps its digits for any n [2]_. Samples are drawn by
    inversion where the rarer outcome is expected fewer than 10 times, else by transformed rejection [3]_.

    Points and samples are floats: a point that is not a whole number has mass 0, and samples are float64 or float32
    (which holds whole numbers exactly up to 2**24). `Mixture.prob` is the mass of a point, and there is no gradient.
    Discrete components mix with each other and with `Delta`.

    References
    ----------
    .. [1] N. L. Johnson, A. W. Kemp and S. Kotz, "Univariate Discrete Distributions", 3rd edition, Wiley, 2005,
       chapter 3.
    .. [2] C. Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000.
    .. [3] W. Hoermann, "The Generation of Binomial Random Variates", Journal of Statistical Computation and Simulation 46,
       1993, pages 101-110.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture([0.5, 0.5], fg.Binomial(10, [0.2, 0.7]))
    >>> m.prob([0.0, 2.0, 7.0]).round(4)
    array([0.0537, 0.1517, 0.1338])
    >>> m.icdf(0.5)
    np.float64(4.0)
    """

    __slots__ = ("n", "probs")

    parameters = (Parameter("n", COUNT), Parameter("probs", SHARE))
    support = "0, 1, ..., n"
    sampler = "inversion, or transformed rejection (BTRS)"
    source = "Johnson, Kemp and Kotz 2005, chapter 3"
    scipy = "binom(n, probs)"

    _measure = "discrete"

    n: FloatArray
    probs: FloatArray

    def __init__(self, n: ArrayLike, probs: ArrayLike) -> None:
        self._initialise(n=n, probs=probs)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return self.n * self.probs

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        return self.n * self.probs * (1.0 - self.probs)
