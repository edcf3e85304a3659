"""The von Mises law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import ANGLE, NON_NEGATIVE
from ._quadrature import mean_and_variance
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["VonMises"]


class VonMises(ScalarComponents):
    r"""Von Mises components: angles, in radians.

    Parameters
    ----------
    loc : array_like of float, (K,) or scalar
        Mean directions, in radians; numbers up to 2**50 in size, of which only the angle counts.
    concentration : array_like of float, (K,) or scalar
        Concentrations, at least 0, which is the uniform law; about one over the variance when large.

    Attributes
    ----------
    loc, concentration : ndarray of float64, (K,)
        The parameters, read-only.

    Raises
    ------
    ValueError
        If a value is not finite, a concentration is negative, or the lengths differ.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    Normal : The limit of large concentrations.
    VonMisesFisher : The same law of points on a circle, and on spheres.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k is

    .. math:: p_k(x) = \frac{\exp(\kappa_k \cos(x - \mu_k))}{2 \pi I_0(\kappa_k)}

    with :math:`\mu` = `loc` and :math:`\kappa` = `concentration` [1]_. It has the period :math:`2 \pi` and may be asked for any
    x; over one period it integrates to 1. Samples are angles between :math:`-\pi` and :math:`\pi`, and the distribution
    function, its inverse, the mean and the variance are those of these numbers: the distribution function is 0 up to
    :math:`-\pi` and 1 from :math:`\pi` on, and the mean is `loc` only where `loc` is 0 or the law narrow. SciPy's ``vonmises``
    draws from the same interval, but its distribution function counts from ``loc - pi`` and goes on beyond 1. Samples are
    exact, by rejection from the wrapped Cauchy law [2]_ at every concentration.

    Because the density repeats itself and the distribution function does not, the two agree on :math:`[-\pi, \pi]` alone. In a
    mixture with laws of the line, such as `Normal`, `Mixture.log_prob` adds the periodic density at every x: that is a density
    on one period, not on the line, and what the other laws have beyond :math:`\pm \pi` is compared with further turns of this
    one. `Mixture.sample`, `Mixture.cdf` and `Mixture.icdf` are right for the mixture of the numbers that are drawn. Mix
    `VonMises` with its like, or with laws that lie within the period.

    References
    ----------
    .. [1] K. V. Mardia and P. E. Jupp, "Directional Statistics", Wiley, 2000, section 3.5.4.
    .. [2] D. J. Best and N. I. Fisher, "Efficient simulation of the von Mises distribution", Applied Statistics 28, 1979,
       pages 152-157.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture([0.7, 0.3], fg.VonMises([0.0, 3.0], [2.0, 8.0]))
    >>> m.log_prob([0.0, 6.0]).round(4)
    array([-1.0185, -1.0982])
    """

    __slots__ = ("concentration", "loc")

    parameters = (Parameter("loc", ANGLE), Parameter("concentration", NON_NEGATIVE))
    support = "-pi <= x <= pi"
    sampler = "rejection"
    source = "Best and Fisher 1979"
    scipy = "vonmises(concentration, loc)"

    loc: FloatArray
    concentration: FloatArray

    def __init__(self, loc: ArrayLike, concentration: ArrayLike) -> None:
        self._initialise(loc=loc, concentration=concentration)

    def _moments(self) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of the numbers in [-pi, pi]."""
        kappa = self.concentration[..., None]
        center = np.arctan2(np.sin(self.loc), np.cos(self.loc))
        turn = np.where(center < 0, 1.0, -1.0) * 2.0 * np.pi
        # Angles t from the mean direction, as far as the density counts, in two parts: those beyond the cut come a turn later.
        far = 2.0 * np.arcsin(np.sqrt(20.0 / np.maximum(self.concentration, 20.0)))
        cut = np.clip(np.where(center < 0, -np.pi - center, np.pi - center), -far, far)
        early, late = (np.where(center < 0, turn, 0.0), np.where(center < 0, 0.0, turn))
        mean, variance = mean_and_variance(
            lambda t: kappa * (-2.0 * np.square(np.sin(0.5 * t))), [(-far, cut, early), (cut, far, late)]
        )
        return center + mean, variance

    @property
    def mean(self) -> FloatArray:
        """Means of the components as numbers in [-pi, pi], (K,); not the mean directions, which are `loc`."""
        return self._moments()[0]

    @property
    def variance(self) -> FloatArray:
        """Variances of the components as numbers in [-pi, pi], (K,)."""
        return self._moments()[1]
