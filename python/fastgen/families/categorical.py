"""The categorical law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import NON_NEGATIVE, as_parameter, at, first_index, normalised_rows
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Categorical"]


class Categorical(ScalarComponents):
    r"""Categorical components: one of the values 0, 1, ..., C - 1.

    Parameters
    ----------
    probs : array_like of float, (K, C) or (C,), or (B, K, C) for a `MixtureBatch`
        Probability of each category in each component, non-negative. Rows are scaled to sum to 1. One row makes one
        component.

    Attributes
    ----------
    probs : ndarray of float64, (K, C)
        The parameter, read-only, rows summing to 1.

    Raises
    ------
    ValueError
        If a probability is negative or not finite, or all of a row are 0.
    TypeError
        If the parameter does not hold real numbers.

    See Also
    --------
    Bernoulli : Two values.
    Mixture : Components with weights.

    Notes
    -----
    The mass of component k is

    .. math:: P_k(x) = p_{kx}, \qquad x = 0, 1, \ldots, C - 1

    with :math:`p` = `probs`.

    Points and samples are floats: a point that is not a whole number has mass 0, and samples are float64 or float32. `Mixture.prob` is
    the mass of a point, and there is no gradient. Discrete components mix with each other and with `Delta`.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Discrete Multivariate Distributions", Wiley, 1997, chapter 35.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture([0.5, 0.5], fg.Categorical([[0.7, 0.2, 0.1], [0.0, 0.0, 1.0]]))
    >>> m.prob([0.0, 1.0, 2.0]).round(4)
    array([0.35, 0.1 , 0.55])
    >>> m.responsibilities(2.0).round(4)
    array([0.0909, 0.9091])
    """

    __slots__ = ("probs",)

    parameters = (Parameter("probs", NON_NEGATIVE, axes=("C",)),)
    support = "0, 1, ..., C - 1"
    sampler = "inversion"
    source = "Johnson, Kotz and Balakrishnan 1997, chapter 35"

    _measure = "discrete"

    probs: FloatArray

    def __init__(self, probs: ArrayLike) -> None:
        # Checked before the axis is added, so that a message names the element as it was given.
        self._initialise(probs=np.atleast_2d(as_parameter(probs, "probs", NON_NEGATIVE)))

    def _check(self, values: dict[str, FloatArray]) -> None:
        probs = values["probs"]
        empty = probs.max(axis=-1) == 0
        if empty.any():
            raise ValueError(
                f"{at('probs', first_index(empty))} is all 0, expected at least one probability greater than 0"
            )
        values["probs"] = normalised_rows(probs.reshape(-1, probs.shape[-1])).reshape(probs.shape)

    @property
    def mean(self) -> FloatArray:
        """Means of the components as numbers, (K,)."""
        return self.probs @ np.arange(self.probs.shape[1], dtype=np.float64)

    @property
    def variance(self) -> FloatArray:
        """Variances of the components as numbers, (K,)."""
        distance = np.arange(self.probs.shape[1]) - self.mean[:, None]
        return np.asarray(np.sum(self.probs * distance * distance, axis=1))
