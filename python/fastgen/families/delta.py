"""Point masses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import REAL
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Delta"]


class Delta(ScalarComponents):
    r"""Point masses: components that are always the same value.

    Parameters
    ----------
    value : array_like of float, (K,) or scalar
        Where the masses are, in the unit of the data.

    Attributes
    ----------
    value : ndarray of float64, (K,)
        The parameter, read-only.

    Raises
    ------
    ValueError
        If a value is not finite.
    TypeError
        If the parameter does not hold real numbers.

    See Also
    --------
    Poisson, Normal : With a point mass at 0, laws that are zero too often.
    Mixture : Components with weights.

    Notes
    -----
    A point mass mixes with every scalar family, discrete or continuous (but not with both at once, which do not mix with each
    other), and so it does in each column of `Product` components, where it may also stand beside a multivariate component.
    A `MixtureBatch` holds components of one family, so point masses only beside each other.

    Among continuous components a density is with respect to length plus a unit mass at each atom (a value whose weight is
    positive). At an atom the log density is the logarithm of its weight, and all continuous components have density 0: a
    point that equals an atom came from it, and its responsibility is 1. Everywhere else the atoms have density 0.
    Likelihoods of data are then comparable between models that have the same atoms. Every column has atoms of its own:
    where a row has one in some column, components that are continuous in that column have density 0 for the whole row.
    `Mixture.cdf` at an atom includes it, `Mixture.icdf` gives the atom for every probability within its jump, and `Mixture.grad_log_prob` is NaN there.

    Among discrete components everything counts, and masses simply add up: a zero of a zero-inflated Poisson law may have
    come from either.

    A float32 point equals an atom if it is the float32 nearest to it.

    References
    ----------
    .. [1] D. Lambert, "Zero-Inflated Poisson Regression, With an Application to Defects in Manufacturing", Technometrics
       34, 1992, pages 1-14.

    Examples
    --------
    Rain: none on 6 days of 10, else a positive amount.

    >>> import fastgen as fg
    >>> m = fg.Mixture([0.6, 0.4], [fg.Delta(0.0), fg.Exponential(0.2)])
    >>> m.prob([0.0, 5.0]).round(4)
    array([0.6   , 0.0294])
    >>> m.responsibilities(0.0)
    array([1., 0.])
    >>> m.cdf([-1.0, 0.0, 5.0]).round(4)
    array([0.    , 0.6   , 0.8528])
    >>> m.icdf([0.3, 0.9]).round(4)
    array([0.    , 6.9315])

    Two kinds of shoppers: one never returns anything, the other does at times.

    >>> m = fg.Mixture(
    ...     [0.7, 0.3],
    ...     [fg.Product([fg.Delta(0.0), fg.Poisson(3.0)]), fg.Product([fg.Poisson(0.5), fg.Poisson(8.0)])],
    ... )
    >>> m.responsibilities([[0.0, 3.0], [1.0, 3.0]]).round(3)
    array([[0.968, 0.032],
           [0.   , 1.   ]])
    """

    __slots__ = ("value",)

    parameters = (Parameter("value", REAL),)
    support = "one value"
    sampler = "none needed"
    source = "Lambert 1992 (zero inflation)"

    _measure = "atoms"

    value: FloatArray

    def __init__(self, value: ArrayLike) -> None:
        self._initialise(value=value)

    @property
    def mean(self) -> FloatArray:
        """The values, (K,)."""
        return self.value

    @property
    def variance(self) -> FloatArray:
        """Zeros, (K,)."""
        return np.zeros_like(self.value)
