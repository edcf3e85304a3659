"""The Weibull law."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Weibull"]

# Riemann's zeta function at 2, 3, ..., 11.
_ZETA = np.array([
    1.6449340668482264, 1.2020569031595942, 1.0823232337111382, 1.0369277551433699, 1.0173430619844491,
    1.0083492773819228, 1.0040773561979443, 1.0020083928260822, 1.0009945751278181, 1.0004941886041195,
])  # fmt: skip


def _log_gamma(x: FloatArray) -> FloatArray:
    # Of more than 1e305 it is beyond the numbers, which math.lgamma calls an error.
    return np.array([math.lgamma(v) if v < 1e305 else math.inf for v in x])


class Weibull(ScalarComponents):
    r"""Weibull components on the non-negative half line.

    Parameters
    ----------
    concentration : array_like of float, (K,) or scalar
        Shapes, greater than 0: below 1 the hazard falls with time, above 1 it rises.
    scale : array_like of float, (K,) or scalar
        Scales, in the unit of the data, greater than 0; a share of 1 - 1 / e lies below.

    Attributes
    ----------
    concentration, scale : ndarray of float64, (K,)
        The parameters, read-only.

    Raises
    ------
    ValueError
        If a value is not finite or not positive, or the lengths differ.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    Exponential : The case of concentration 1, with ``rate = 1 / scale``.
    Gumbel : The law of the negative logarithm.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k is

    .. math:: p_k(x) = \frac{c_k}{\lambda_k} \left(\frac{x}{\lambda_k}\right)^{c_k - 1}
       \exp\left(-\left(\frac{x}{\lambda_k}\right)^{c_k}\right), \qquad x \ge 0

    with c = `concentration` and :math:`\lambda` = `scale`, and 0 for negative x [1]_. At 0 it is infinite for concentrations
    below 1 and 0 for those above. PyTorch's ``Weibull(scale, concentration)`` has the parameters in the other order.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 1, 2nd edition,
       Wiley, 1994, chapter 21.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture(None, fg.Weibull([0.5, 2.0], 1.0))
    >>> m.log_prob([0.0, 1.0]).round(4)
    array([    inf, -0.7769])
    """

    __slots__ = ("concentration", "scale")

    parameters = (Parameter("concentration", POSITIVE), Parameter("scale", POSITIVE))
    support = "x >= 0"
    sampler = "inversion"
    source = "Johnson, Kotz and Balakrishnan 1994, chapter 21"
    scipy = "weibull_min(concentration, scale=scale)"

    concentration: FloatArray
    scale: FloatArray

    def __init__(self, concentration: ArrayLike, scale: ArrayLike) -> None:
        self._initialise(concentration=concentration, scale=scale)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return self.scale * np.exp(_log_gamma(1.0 + 1.0 / self.concentration))

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        t = 1.0 / self.concentration
        first, second = _log_gamma(1.0 + t), _log_gamma(1.0 + 2.0 * t)
        # log(E x^2 / (E x)^2), by its power series in t where the difference would cancel.
        n = np.arange(2, 2 + len(_ZETA))
        series = np.power(-np.minimum(t, 1 / 64)[:, None], n) @ ((np.exp2(n) - 2.0) / n * _ZETA)
        ratio = np.sqrt(np.expm1(np.where(t < 1 / 64, series, second - 2.0 * np.minimum(first, 1e300))))
        ratio = np.where(t < 1e-8, np.pi / np.sqrt(6.0) * t, ratio)
        return np.square(self.scale * np.exp(first) * ratio)
