"""The half-normal law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["HalfNormal"]


class HalfNormal(ScalarComponents):
    r"""Half-normal components on the non-negative half line: sizes of normal errors.

    Parameters
    ----------
    scale : array_like of float, (K,) or scalar
        Standard deviations of the normal laws that are folded at 0, in the unit of the data, greater than 0.

    Attributes
    ----------
    scale : ndarray of float64, (K,)
        The parameter, read-only.

    Raises
    ------
    ValueError
        If a scale is not finite or not positive.
    TypeError
        If the parameter does not hold real numbers.

    See Also
    --------
    Normal : The law of the signed errors.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k is

    .. math:: p_k(x) = \sqrt{\frac{2}{\pi}} \frac{1}{\sigma_k} \exp\left(-\frac{x^2}{2 \sigma_k^2}\right), \qquad x \ge 0

    with :math:`\sigma` = `scale`, and 0 for negative x [1]_. Samples are the absolute values of those of ``Normal(0, scale)``
    with the same seed, drawn by the method of Box and Muller [2]_.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 1, 2nd edition,
       Wiley, 1994, chapter 13.
    .. [2] G. E. P. Box and M. E. Muller, "A note on the generation of random normal deviates", Annals of Mathematical
       Statistics 29 (1958), 610-611.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture(None, fg.HalfNormal(2.0))
    >>> m.prob([-1.0, 0.0, 2.0]).round(4)
    array([0.    , 0.3989, 0.242 ])
    """

    __slots__ = ("scale",)

    parameters = (Parameter("scale", POSITIVE),)
    support = "x >= 0"
    sampler = "Box-Muller"
    source = "Johnson, Kotz and Balakrishnan 1994, chapter 13; Box and Muller 1958"
    scipy = "halfnorm(scale=scale)"

    scale: FloatArray

    def __init__(self, scale: ArrayLike) -> None:
        self._initialise(scale=scale)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return np.asarray((2.0 / np.pi) ** 0.5 * self.scale)

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        return (1.0 - 2.0 / np.pi) * np.square(self.scale)
