"""Student's t law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE, REAL
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["StudentT"]


class StudentT(ScalarComponents):
    r"""Student t components on the real line.

    Parameters
    ----------
    df : array_like of float, (K,) or scalar
        Degrees of freedom, greater than 0: the smaller, the heavier the tails.
    loc : array_like of float, (K,) or scalar
        Medians, in the unit of the data.
    scale : array_like of float, (K,) or scalar
        Scales, in the unit of the data, greater than 0.

    Attributes
    ----------
    df, loc, scale : ndarray of float64, (K,)
        The parameters, read-only.

    Raises
    ------
    ValueError
        If a value is not finite, df or a scale is not positive, or the lengths differ.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    Cauchy : The case of 1 degree of freedom.
    Normal : The limit of many degrees of freedom.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k, on the whole real line, is

    .. math:: p_k(x) = \frac{\Gamma\left(\frac{\nu_k + 1}{2}\right)}{\Gamma\left(\frac{\nu_k}{2}\right) \sqrt{\pi \nu_k} \sigma_k}
       \left(1 + \frac{1}{\nu_k} \left(\frac{x - \mu_k}{\sigma_k}\right)^2\right)^{-\frac{\nu_k + 1}{2}}

    with :math:`\nu` = `df`, :math:`\mu` = `loc` and :math:`\sigma` = `scale` [1]_. The mean exists for more than 1 degree of
    freedom, and is nan otherwise; the variance is infinite from there to 2 degrees, and nan below. Samples are exact, by the
    polar method in its form without rejection [2]_.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 2, 2nd edition,
       Wiley, 1995, chapter 28.
    .. [2] R. W. Bailey, "Polar generation of random variates with the t-distribution", Mathematics of Computation 62, 1994,
       pages 779-781.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture(None, fg.StudentT([3.0, 30.0], 0.0, 1.0))
    >>> m.log_prob([0.0, 10.0]).round(4)
    array([-0.9634, -8.7663])
    """

    __slots__ = ("df", "loc", "scale")

    parameters = (Parameter("df", POSITIVE), Parameter("loc", REAL), Parameter("scale", POSITIVE))
    support = "real line"
    sampler = "polar method"
    source = "Bailey 1994"
    scipy = "t(df, loc, scale)"

    df: FloatArray
    loc: FloatArray
    scale: FloatArray

    def __init__(self, df: ArrayLike, loc: ArrayLike, scale: ArrayLike) -> None:
        self._initialise(df=df, loc=loc, scale=scale)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,); nan where there is at most 1 degree of freedom."""
        return np.where(self.df > 1.0, self.loc, np.nan)

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,); inf above 1 and up to 2 degrees of freedom, nan up to 1."""
        v = self.df
        ratio: FloatArray = np.divide(v, v - 2.0, out=np.where(v > 1.0, np.inf, np.nan), where=v > 2.0)
        return np.square(self.scale) * ratio
