"""The negative binomial law."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._validate import POSITIVE, POSITIVE_SHARE
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["NegativeBinomial"]


class NegativeBinomial(ScalarComponents):
    r"""Negative binomial components: failures before a number of successes.

    Parameters
    ----------
    concentration : array_like of float, (K,) or scalar
        Numbers of successes, not necessarily whole, greater than 0.
    probs : array_like of float, (K,) or scalar
        Probabilities of success, greater than 0 and at most 1.

    Attributes
    ----------
    concentration, probs : ndarray of float64, (K,)
        The parameters, read-only.

    Raises
    ------
    ValueError
        If a concentration is not finite or not positive, a probability is not greater than 0 and at most 1, or the
        lengths differ.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    Geometric : One success.
    Poisson : The limit of large concentrations.
    Mixture : Components with weights.

    Notes
    -----
    The mass of component k is

    .. math::
        P_k(x) = \frac{\Gamma(x + r_k)}{\Gamma(r_k) \, x!} p_k^{r_k} (1 - p_k)^x, \qquad x = 0, 1, 2, \ldots

    with :math:`r` = `concentration` and :math:`p` = `probs` [1]_, computed in a form that keeps its digits for any r
    [2]_. This is ``scipy.stats.nbinom(r, p)``. PyTorch and TensorFlow Probability count successes before failures:
    their ``probs`` is 1 - p. With a mean m, p is r / (r + m). Samples are Poisson variates whose rate is a gamma
    variate [3]_.

    Points and samples are floats: a point that is not a whole number has mass 0, and samples are float64 or float32
    (which holds whole numbers exactly up to 2**24). `Mixture.prob` is the mass of a point, and there is no gradient.
    Discrete components mix with each other and with `Delta`.

    References
    ----------
    .. [1] N. L. Johnson, A. W. Kemp and S. Kotz, "Univariate Discrete Distributions", 3rd edition, Wiley, 2005,
       chapter 5.
    .. [2] C. Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000.
    .. [3] G. Marsaglia and W. W. Tsang, "A Simple Method for Generating Gamma Variables", ACM Transactions on Mathematical
       Software 26, 2000, pages 363-372.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture([0.5, 0.5], fg.NegativeBinomial([1.0, 2.5], 0.5))
    >>> m.prob([0.0, 1.0, 2.0]).round(4)
    array([0.3384, 0.2355, 0.1592])
    """

    __slots__ = ("concentration", "probs")

    parameters = (Parameter("concentration", POSITIVE), Parameter("probs", POSITIVE_SHARE))
    support = "0, 1, 2, ..."
    sampler = "Poisson of a gamma variate (Marsaglia and Tsang)"
    source = "Johnson, Kemp and Kotz 2005, chapter 5"
    scipy = "nbinom(concentration, probs)"

    _measure = "discrete"

    concentration: FloatArray
    probs: FloatArray

    def __init__(self, concentration: ArrayLike, probs: ArrayLike) -> None:
        self._initialise(concentration=concentration, probs=probs)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return self.concentration * (1.0 - self.probs) / self.probs

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        return self.mean / self.probs
