"""The normal law on the real line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE, REAL
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Normal"]


class Normal(ScalarComponents):
    r"""Normal components on the real line.

    Parameters
    ----------
    loc : array_like of float, (K,) or scalar
        Means, in the unit of the data.
    scale : array_like of float, (K,) or scalar
        Standard deviations, in the unit of the data, greater than 0.

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
    MultivariateNormal : The normal law of D features.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k, on the whole real line, is

    .. math:: p_k(x) = \frac{1}{\sigma_k \sqrt{2 \pi}} \exp\left(-\frac{(x - \mu_k)^2}{2 \sigma_k^2}\right)

    with :math:`\mu` = `loc` and :math:`\sigma` = `scale`. Samples are drawn by the method of Box and Muller [1]_.

    References
    ----------
    .. [1] G. E. P. Box and M. E. Muller, "A note on the generation of random normal deviates", Annals of Mathematical
       Statistics 29 (1958), 610-611.

    Examples
    --------
    Three components; the scale is common to all.

    >>> import fastgen as fg
    >>> components = fg.Normal([-2.0, 0.0, 3.0], 0.5)
    >>> components
    Normal(loc=[-2.,  0.,  3.], scale=[0.5, 0.5, 0.5])
    >>> len(components), components[1:]
    (3, Normal(loc=[0., 3.], scale=[0.5, 0.5]))
    """

    __slots__ = ("loc", "scale")

    parameters = (Parameter("loc", REAL), Parameter("scale", POSITIVE))
    support = "real line"
    sampler = "Box-Muller"
    source = "Box and Muller 1958"
    scipy = "norm(loc, scale)"

    loc: FloatArray
    scale: FloatArray

    def __init__(self, loc: ArrayLike, scale: ArrayLike) -> None:
        self._initialise(loc=loc, scale=scale)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return self.loc

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        with np.errstate(over="ignore", under="ignore"):
            return np.square(self.scale)

    @property
    def _deviation(self) -> FloatArray:
        return self.scale

    def _brought_near(self, exponent: int) -> Normal:
        return Normal(np.ldexp(self.loc, -exponent), self.scale)
