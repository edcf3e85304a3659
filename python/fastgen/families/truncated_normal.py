"""The truncated normal law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import POSITIVE, REAL, REAL_OR_INFINITE, at, first_index
from ._quadrature import mean_and_variance
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["TruncatedNormal"]

# How many scales the interval may be away from loc: beyond, densities would leave the numbers.
_FARTHEST = 1e300


class TruncatedNormal(ScalarComponents):
    r"""Normal components truncated to intervals.

    Parameters
    ----------
    loc : array_like of float, (K,) or scalar
        Means before truncation, in the unit of the data.
    scale : array_like of float, (K,) or scalar
        Standard deviations before truncation, in the unit of the data, greater than 0.
    low : array_like of float, (K,) or scalar
        Lower ends, in the unit of the data; -inf for none.
    high : array_like of float, (K,) or scalar
        Upper ends, in the unit of the data, greater than `low`; inf for none.

    Attributes
    ----------
    loc, scale, low, high : ndarray of float64, (K,)
        The parameters, read-only.

    Raises
    ------
    ValueError
        If `loc` or a scale is not finite, a scale is not positive, an end is nan, an interval is empty or farther
        than 1e300 scales from `loc`, or the lengths differ.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    Normal : Without ends.
    HalfNormal : Truncated at its mean.
    Mixture : Components with weights.

    Notes
    -----
    The density of component k is

    .. math:: p_k(x) = \frac{\phi\left(\frac{x - \mu_k}{\sigma_k}\right)}{\sigma_k \left(\Phi\left(\frac{b_k - \mu_k}{\sigma_k}\right)
       - \Phi\left(\frac{a_k - \mu_k}{\sigma_k}\right)\right)}, \qquad a_k \le x \le b_k

    with :math:`\mu` = `loc`, :math:`\sigma` = `scale`, a = `low`, b = `high`, and 0 outside [1]_. The ends are those of x, as in
    TensorFlow Probability; those of ``scipy.stats.truncnorm`` are ``(low - loc) / scale`` and ``(high - loc) / scale``. The
    interval may lie any number of standard deviations from `loc`. Both ends belong to it, and the gradient there is that of
    the inside. Samples are exact, by inversion.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 1, 2nd edition,
       Wiley, 1994, chapter 13.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture(None, fg.TruncatedNormal(0.0, 1.0, [0.0, 40.0], [1.0, 41.0]))
    >>> m.log_prob([0.5, 1.5, 40.01]).round(4)
    array([-0.6622,    -inf,  2.5963])
    """

    __slots__ = ("high", "loc", "low", "scale")

    parameters = (
        Parameter("loc", REAL),
        Parameter("scale", POSITIVE),
        Parameter("low", REAL_OR_INFINITE),
        Parameter("high", REAL_OR_INFINITE),
    )
    support = "low <= x <= high"
    sampler = "inversion"
    source = "Johnson, Kotz and Balakrishnan 1994, chapter 13"
    scipy = "truncnorm((low - loc) / scale, (high - loc) / scale, loc, scale)"

    loc: FloatArray
    scale: FloatArray
    low: FloatArray
    high: FloatArray

    def __init__(self, loc: ArrayLike, scale: ArrayLike, low: ArrayLike, high: ArrayLike) -> None:
        self._initialise(loc=loc, scale=scale, low=low, high=high)

    def _check(self, values: Mapping[str, FloatArray]) -> None:
        low, high = values["low"], values["high"]
        bad = ~((low < high) & (low < np.inf) & (high > -np.inf))
        if bad.any():
            k = first_index(bad)
            raise ValueError(
                f"{at('low', k)} is {float(low[k])!r} and {at('high', k)} is {float(high[k])!r}, expected high greater than low"
                + ("; exchange them" if low[k] > high[k] else "")
            )
        loc, scale = values["loc"], values["scale"]
        nearest = np.clip(loc, low, high)
        with np.errstate(over="ignore"):
            distance = np.abs(0.5 * nearest - 0.5 * loc) / (0.5 * scale)
        far = distance > _FARTHEST
        if far.any():
            k = first_index(far)
            end = "low" if low[k] > loc[k] else "high"
            raise ValueError(
                f"{at(end, k)} is {float(nearest[k])!r}, more than {_FARTHEST:g} times {at('scale', k)}, {float(scale[k])!r}, "
                f"from {at('loc', k)}, {float(loc[k])!r}; expected less: so far out all numbers drawn are that end, "
                f"fastgen.Delta({float(nearest[k])!r})"
            )

    def _moments(self) -> tuple[FloatArray, FloatArray]:
        # From the end nearest to the mean, or the mean itself, as far as the density counts. By halves, whose differences are
        # finite.
        anchor = np.clip(self.loc, self.low, self.high)
        reach = (0.5 * anchor - 0.5 * self.loc) / (0.5 * self.scale)
        far = 80.0 / (np.abs(reach) + np.hypot(reach, np.sqrt(80.0)))

        def ends(unit: FloatArray) -> tuple[FloatArray, FloatArray]:
            most = far * (self.scale / unit)
            below, above = ((0.5 * end - 0.5 * anchor) / (0.5 * unit) for end in (self.low, self.high))
            return np.maximum(-most, below), np.minimum(most, above)

        # In units of the scale, or of their length, where that is so short that its square would leave the numbers.
        low, high = ends(self.scale)
        from_low, to_high = ends(np.ones_like(self.scale))
        length = np.maximum(to_high - from_low, np.finfo(np.float64).tiny)
        unit = np.where(high - low < 1e-140, length, self.scale)
        low, high = ends(unit)
        z, slope, zero = (unit / self.scale)[..., None], reach[..., None], np.zeros_like(unit)
        mean, variance = mean_and_variance(
            lambda t: -t * z * (0.5 * t * z + slope), [(low, zero, zero), (zero, high, zero)]
        )
        return anchor + unit * mean, np.square(unit * np.sqrt(variance))

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K,)."""
        return self._moments()[0]

    @property
    def variance(self) -> FloatArray:
        """Variances of the components, (K,)."""
        return self._moments()[1]
