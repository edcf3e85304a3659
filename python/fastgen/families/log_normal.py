"""The log-normal law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE, REAL
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["LogNormal"]


class LogNormal(ScalarComponents):
    r"""Log-normal components on the positive half line: their logarithms are normal.

    Parameters
    ----------
    loc : array_like of float, (K,) or scalar
        Means of the logarithm of the data; the medians are ``exp(loc)``.
    scale : array_like of float, (K,) or scalar
        Standard deviations of the logarithm of the data, greater than 0.

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
    Normal : The law of the logarithms.
    Weibull, HalfNormal : Lighter tails.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k is

    .. math:: p_k(x) = \frac{1}{x \sigma_k \sqrt{2 \pi}} \exp\left(-\frac{(\log x - \mu_k)^2}{2 \sigma_k^2}\right),
       \qquad x > 0

    with :math:`\mu` = `loc` and :math:`\sigma` = `scale`, and 0 elsewhere [1]_. `loc` and `scale` are those of the underlying
    normal law, not of x: ``scipy.stats.lognorm`` calls them ``s = scale`` and ``scale = exp(loc)``, and leaves its own ``loc``
    at 0. Samples are the exponentials of those of ``Normal(loc, scale)`` with the same seed, drawn by the method of Box and
    Muller [2]_.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 1, 2nd edition,
       Wiley, 1994, chapter 14.
    .. [2] G. E. P. Box and M. E. Muller, "A note on the generation of random normal deviates", Annals of Mathematical
       Statistics 29 (1958), 610-611.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture(None, fg.LogNormal(0.0, 0.5))
    >>> m.icdf([0.025, 0.5, 0.975]).round(4)
    array([0.3753, 1.    , 2.6644])
    """

    __slots__ = ("loc", "scale")

    parameters = (Parameter("loc", REAL), Parameter("scale", POSITIVE))
    support = "x > 0"
    sampler = "Box-Muller"
    source = "Johnson, Kotz and Balakrishnan 1994, chapter 14; Box and Muller 1958"
    scipy = "lognorm(scale, scale=exp(loc))"

    loc: FloatArray
    scale: FloatArray

    def __init__(self, loc: ArrayLike, scale: ArrayLike) -> None:
        self._initialise(loc=loc, scale=scale)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,); inf where they exceed the largest number."""
        return np.exp(self.loc + 0.5 * np.square(self.scale))

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,); inf where they exceed the largest number."""
        square = np.square(self.scale)
        # The standard deviation in units of the mean, whose root is finite where the product is; where the scale is large, the
        # variance is one number, of whose factors one could be infinite and the other 0.
        ratio = np.where(self.scale < 1e-10, self.scale, np.sqrt(np.expm1(np.minimum(square, 100.0))))
        root = np.exp(0.5 * (self.loc + 0.5 * square))
        return np.where(square < 100.0, np.square(ratio * root * root), np.exp(2.0 * (self.loc + square)))
