"""The skew normal law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE, REAL
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["SkewNormal"]


class SkewNormal(ScalarComponents):
    r"""Skew normal components on the real line.

    Parameters
    ----------
    loc : array_like of float, (K,) or scalar
        Locations, in the unit of the data; the mean only where `shape` is 0.
    scale : array_like of float, (K,) or scalar
        Scales, in the unit of the data, greater than 0.
    shape : array_like of float, (K,) or scalar
        Shapes: 0 is the normal law, positive ones lean to the right, and large ones are nearly half-normal.

    Attributes
    ----------
    loc, scale, shape : ndarray of float64, (K,)
        The parameters, read-only.

    Raises
    ------
    ValueError
        If a value is not finite, a scale is not positive, or the lengths differ.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    Normal : The case of shape 0.
    HalfNormal : The limit of large shapes.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k, on the whole real line, is

    .. math:: p_k(x) = \frac{2}{\sigma_k} \phi(z) \Phi(\alpha_k z), \qquad z = \frac{x - \mu_k}{\sigma_k}

    with :math:`\mu` = `loc`, :math:`\sigma` = `scale`, :math:`\alpha` = `shape`, and the density :math:`\phi` and distribution
    function :math:`\Phi` of the standard normal law [1]_: ``scipy.stats.skewnorm(a=shape, loc=loc, scale=scale)``. Samples are
    exact, sums of a normal variate and the absolute value of another.

    References
    ----------
    .. [1] A. Azzalini, "A class of distributions which includes the normal ones", Scandinavian Journal of Statistics 12, 1985,
       pages 171-178.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture(None, fg.SkewNormal(0.0, 1.0, [3.0, -3.0]))
    >>> m.log_prob([-1.0, 0.0, 2.0]).round(4)
    array([-1.4189, -0.9189, -2.9189])
    """

    __slots__ = ("loc", "scale", "shape")

    parameters = (Parameter("loc", REAL), Parameter("scale", POSITIVE), Parameter("shape", REAL))
    support = "real line"
    sampler = "transformation"
    source = "Azzalini 1985"
    scipy = "skewnorm(shape, loc, scale)"

    loc: FloatArray
    scale: FloatArray
    shape: FloatArray

    def __init__(self, loc: ArrayLike, scale: ArrayLike, shape: ArrayLike) -> None:
        self._initialise(loc=loc, scale=scale, shape=shape)

    @property
    def _delta(self) -> FloatArray:
        return self.shape / np.hypot(1.0, self.shape)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return np.asarray(self.loc + self.scale * self._delta * np.sqrt(2.0 / np.pi))

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        return np.square(self.scale) * (1.0 - 2.0 / np.pi * np.square(self._delta))
