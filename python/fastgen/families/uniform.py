"""The uniform law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import REAL, TINY, at, first_index
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Uniform"]


class Uniform(ScalarComponents):
    r"""Uniform components on intervals of the real line.

    Parameters
    ----------
    low : array_like of float, (K,) or scalar
        Lower ends, in the unit of the data.
    high : array_like of float, (K,) or scalar
        Upper ends, in the unit of the data, greater than `low`.

    Attributes
    ----------
    low, high : ndarray of float64, (K,)
        The parameters, read-only.

    Raises
    ------
    ValueError
        If a value is not finite, an interval is empty or too long to have a length, or the lengths of the arrays differ.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    Mixture : Components with weights; a wide uniform one is the usual background of outliers.

    Notes
    -----
    The density of component k is

    .. math:: p_k(x) = \frac{1}{b_k - a_k}, \qquad a_k \le x \le b_k

    with a = `low` and b = `high`, and 0 outside [1]_. Both ends belong to the interval; the gradient there is that of the
    inside, 0. Samples lie in the closed interval.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 2, 2nd edition,
       Wiley, 1995, chapter 26.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture([0.5, 0.5], fg.Uniform([0.0, 1.0], [2.0, 5.0]))
    >>> m.prob([-1.0, 0.0, 1.5, 5.0])
    array([0.   , 0.25 , 0.375, 0.125])
    """

    __slots__ = ("high", "low")

    parameters = (Parameter("low", REAL), Parameter("high", REAL))
    support = "low <= x <= high"
    sampler = "inversion"
    source = "Johnson, Kotz and Balakrishnan 1995, chapter 26"
    scipy = "uniform(low, high - low)"

    low: FloatArray
    high: FloatArray

    def __init__(self, low: ArrayLike, high: ArrayLike) -> None:
        self._initialise(low=low, high=high)

    def _check(self, values: Mapping[str, FloatArray]) -> None:
        low, high = values["low"], values["high"]
        with np.errstate(over="ignore"):
            width = high - low
        bad = ~((width >= TINY) & np.isfinite(width))
        if bad.any():
            k = first_index(bad)
            expected = "high greater than low" if width[k] < TINY else "high - low of at most 1.8e308"
            raise ValueError(
                f"{at('low', k)} is {float(low[k])!r} and {at('high', k)} is {float(high[k])!r}, expected {expected}"
                + ("; exchange them" if width[k] < 0 else "")
            )

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return 0.5 * self.low + 0.5 * self.high

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        return np.square(self.high - self.low) / 12.0
