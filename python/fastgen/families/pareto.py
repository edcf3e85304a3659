"""The Pareto law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Pareto"]


class Pareto(ScalarComponents):
    r"""Pareto components: a power of x above a least value.

    Parameters
    ----------
    concentration : array_like of float, (K,) or scalar
        Exponents of the upper tail, greater than 0: the smaller, the heavier.
    scale : array_like of float, (K,) or scalar
        Least values, in the unit of the data, greater than 0.

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
    Exponential : The law of ``log(x / scale)``, of rate `concentration`.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k is

    .. math:: p_k(x) = \frac{\alpha_k m_k^{\alpha_k}}{x^{\alpha_k + 1}}, \qquad x \ge m_k

    with :math:`\alpha` = `concentration` and m = `scale`, and 0 below `scale` [1]_: Pareto's law of the first kind,
    ``scipy.stats.pareto(b=concentration, scale=scale)``. The method ``pareto`` of NumPy's generators draws ``x / scale - 1``.
    PyTorch's ``Pareto(scale, alpha)`` has the parameters in the other order.
    The mean is infinite for concentrations up to 1, the variance for concentrations up to 2.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 1, 2nd edition,
       Wiley, 1994, chapter 20.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture(None, fg.Pareto(2.0, 1.0))
    >>> m.prob([0.5, 1.0, 2.0])
    array([0.  , 2.  , 0.25])
    >>> m.components.mean, m.components.variance
    (array([2.]), array([inf]))
    """

    __slots__ = ("concentration", "scale")

    parameters = (Parameter("concentration", POSITIVE), Parameter("scale", POSITIVE))
    support = "x >= scale"
    sampler = "inversion"
    source = "Johnson, Kotz and Balakrishnan 1994, chapter 20"
    scipy = "pareto(concentration, scale=scale)"

    concentration: FloatArray
    scale: FloatArray

    def __init__(self, concentration: ArrayLike, scale: ArrayLike) -> None:
        self._initialise(concentration=concentration, scale=scale)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,); inf where the concentration is at most 1."""
        a = self.concentration
        ratio: FloatArray = np.divide(a, a - 1.0, out=np.full(len(self), np.inf), where=a > 1.0)
        return self.scale * ratio

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,); inf where the concentration is at most 2."""
        a = self.concentration
        ratio: FloatArray = np.divide(self.scale, a - 1.0, out=np.full(len(self), np.inf), where=a > 2.0)
        factor: FloatArray = np.divide(a, a - 2.0, out=np.ones(len(self)), where=a > 2.0)
        return np.square(ratio) * factor
