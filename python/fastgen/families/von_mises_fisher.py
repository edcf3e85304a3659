"""The von Mises-Fisher law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import _core
from .._validate import NON_NEGATIVE, REAL, at, first_index
from ._quadrature import mean_and_variance
from .base import Components, Parameter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["VonMisesFisher"]

# How far from 1 a length may be; the core has the same for points.
_TOLERANCE = 1e-5
# From here on squares of concentrations overflow, and the law is that of its limit.
_LARGE = 1e150


class VonMisesFisher(Components):
    r"""Von Mises-Fisher components: directions, as points on the unit sphere in D dimensions.

    Parameters
    ----------
    mean_directions : array_like of float, (K, D)
        Mean direction of each component, D at least 2: vectors of length 1 within 1e-5, which are scaled to that length.
    concentrations : array_like of float, (K,) or scalar
        Concentrations, at least 0, which is the uniform law; about one over the variance of each coordinate across the
        mean direction when large.

    For a `MixtureBatch` both have the leading axes (B, K).

    Attributes
    ----------
    mean_directions : ndarray of float64, (K, D)
    concentrations : ndarray of float64, (K,)
        The parameters, read-only.

    Raises
    ------
    ValueError
        If a value is not finite, a direction is not of length 1, a concentration is negative, or shapes do not fit.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    VonMises : The same law on the circle, of angles.

    Notes
    -----
    The density of component k with respect to the surface of the sphere (length for D = 2, area for D = 3) is [1]_

    .. math:: p_k(x) = \frac{\kappa_k^{D/2 - 1}}{(2 \pi)^{D/2} I_{D/2 - 1}(\kappa_k)} \exp(\kappa_k \, \mu_k^T x),
        \qquad |x| = 1

    with :math:`\mu` = `mean_directions` and :math:`\kappa` = `concentrations`. It is accurate for every concentration.

    **What is on the sphere.** A point whose length is 1 within 1e-5 has the density of its direction :math:`x / |x|`: so
    points of float32, or of six decimals, are on the sphere. All others have density 0 and log density -inf.

    **Gradients** are those of :math:`\kappa \mu^T x` in the space around the sphere: :math:`\kappa_k \mu_k` for one
    component, their mean by responsibility for a mixture; NaN off the sphere. For the gradient along the sphere subtract
    what points away from it: ``g - (g * x).sum(-1, keepdims=True) * x``.

    Samples are exact: by inversion for D = 3, else by rejection [2]_ [3]_, in terms of :math:`1 - \mu^T x`, so that large
    concentrations cost no digits. Marginals and conditionals are laws of another kind and not offered. A mixture holds no
    other family beside this one, as densities on a sphere and in space have no common scale. float32 points are computed in
    float64.

    References
    ----------
    .. [1] K. V. Mardia and P. E. Jupp, "Directional Statistics", Wiley, 2000, section 9.3.2.
    .. [2] G. Ulrich, "Computer generation of distributions on the m-sphere", Applied Statistics 33, 1984, pages 158-163.
    .. [3] A. T. A. Wood, "Simulation of the von Mises Fisher distribution", Communications in Statistics: Simulation and
       Computation 23, 1994, pages 157-164.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture([0.7, 0.3], fg.VonMisesFisher([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], [10.0, 2.0]))
    >>> m.log_prob([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]).round(4)
    array([ 0.1198, -4.3264])
    >>> m.sample(2, rng=7).shape
    (2, 3)
    """

    __slots__ = ("concentrations", "mean_directions")

    parameters = (Parameter("mean_directions", REAL, axes=("D",)), Parameter("concentrations", NON_NEGATIVE))
    support = "the unit sphere in R^D"
    sampler = "rejection; inversion for D = 3"
    source = "Ulrich 1984, Wood 1994"
    scipy = "vonmises_fisher(mean_directions, concentrations)"

    _measure = "sphere"
    _slices = False
    _least_features = 2

    mean_directions: FloatArray
    concentrations: FloatArray

    def __init__(self, mean_directions: ArrayLike, concentrations: ArrayLike) -> None:
        self._initialise(mean_directions=mean_directions, concentrations=concentrations)

    def _check(self, values: dict[str, FloatArray]) -> None:
        directions = values["mean_directions"]
        with np.errstate(over="ignore"):
            length = np.sqrt(np.square(directions).sum(axis=-1))
        off = ~(np.abs(length - 1) <= _TOLERANCE)
        if off.any():
            index = first_index(off)
            hint = "; divide it by its length" if 0 < length[index] < np.inf else ""
            raise ValueError(
                f"{at('mean_directions', index)} has length {float(length[index]):.6g}, expected 1 within {_TOLERANCE:g}{hint}"
            )
        # Directions that have length 1 to rounding stay as they are, so that saving and loading gives the same bits.
        room = directions.shape[-1] * np.finfo(np.float64).eps
        inexact = np.abs(length - 1) > room
        directions[inexact] /= length[inexact, None]

    @property
    def _mean_cosine(self) -> FloatArray:
        """Mean of the cosine of the angle to the mean direction, (K,): the length of the mean."""
        order = np.full(self.n_components, 0.5 * self.n_features - 1.0)
        return _core.apply_math("bessel_ratio", order, np.minimum(self.concentrations, _LARGE))

    def _spread(self) -> tuple[FloatArray, FloatArray]:
        """Variance along the mean direction and across it, (K,) each."""
        kappa, power = np.minimum(self.concentrations, _LARGE)[:, None], self.n_features - 2
        # The angle to the mean direction has the density exp(kappa cos) sin^power. Its mode, and about it as far as it counts.
        scale = power + np.hypot(power, 2 * kappa)
        with np.errstate(divide="ignore", invalid="ignore"):
            sine = np.sqrt(2 * power / scale) if power else np.zeros_like(kappa)
            cosine = 2 * kappa / scale if power else np.ones_like(kappa)
            mode = np.arctan2(sine, cosine)
            width = 20.0 / np.sqrt(kappa * cosine + (power / np.square(sine) if power else 0.0))
        ends = np.maximum(mode - width, 0.0), mode, np.minimum(mode + width, np.pi)
        low, middle, high = (end[:, 0] for end in ends)

        def log_density(angle: FloatArray) -> FloatArray:
            turned: FloatArray = -2 * kappa * np.sin(0.5 * (angle - mode)) * np.sin(0.5 * (angle + mode))
            return turned + power * (np.log(np.sin(angle)) - np.log(sine)) if power else turned

        none = np.zeros_like(middle)
        _, along = mean_and_variance(
            log_density,
            [(low, middle, none), (middle, high, none)],
            lambda angle: 2 * np.square(np.sin(0.5 * angle)),
        )
        exact = np.maximum(self.concentrations, _LARGE)
        # A quotient of numbers below 1e-308 would have few digits; long before, it is 1 / D.
        safe = np.maximum(self.concentrations, 1e-9)
        across = np.where(self.concentrations > 1e-9, self._mean_cosine / safe, 1.0 / self.n_features)
        return along * np.square(_LARGE / exact), across

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K, D): the mean directions, shortened."""
        return self.mean_directions * self._mean_cosine[:, None]

    @property
    def variance(self) -> FloatArray:
        """Variance of each coordinate in each component, (K, D)."""
        along, across = self._spread()
        square: FloatArray = np.square(self.mean_directions)
        return along[:, None] * square + across[:, None] * (1 - square)

    @property
    def covariance(self) -> FloatArray:
        """Covariance matrix of each component, (K, D, D)."""
        along, across = self._spread()
        outer = self.mean_directions[:, :, None] * self.mean_directions[:, None, :]
        return along[:, None, None] * outer + across[:, None, None] * (np.eye(self.n_features) - outer)

    def __repr__(self) -> str:
        with np.printoptions(precision=4, threshold=8, edgeitems=3):
            values = np.array2string(self.concentrations, separator=", ")
        return f"{type(self).__name__}({self._sizes()}, concentrations={values})"

    def _pooled_covariance(self, weights: FloatArray) -> FloatArray:
        used = weights > 0
        return np.tensordot(weights[used], self.covariance[used], 1)
