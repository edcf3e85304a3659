"""The categorical law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._validate import NON_NEGATIVE, as_parameter, at, first_index, normalised_rows, read_only
from .base import Parameter, ScalarComponents

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from numpy.typing import ArrayLike

    from .._validate import FloatArray

__all__ = ["Categorical"]


class Categorical(ScalarComponents):
    r"""Categorical components: one of the values 0, 1, ..., C - 1.

    Parameters
    ----------
    probs : array_like of float, (K, C) or (C,)
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

    parameters = (Parameter("probs", NON_NEGATIVE),)
    support = "0, 1, ..., C - 1"
    sampler = "inversion"
    source = "Johnson, Kotz and Balakrishnan 1997, chapter 35"

    _measure = "discrete"

    probs: FloatArray

    def __init__(self, probs: ArrayLike) -> None:
        values = np.atleast_1d(as_parameter(probs, "probs", NON_NEGATIVE))
        if values.ndim > 2 or values.size == 0:
            hint = "; components of a MixtureBatch go in one row, (B * K, C)" if values.ndim == 3 else ""
            raise ValueError(
                f"probs has shape {values.shape}, expected (K, C): a row of C probabilities per component{hint}"
            )
        rows = np.atleast_2d(values)
        empty = rows.max(axis=1) == 0
        if empty.any():
            raise ValueError(
                f"{at('probs', first_index(empty))} is all 0, expected at least one probability greater than 0"
            )
        self._set(probs=read_only(normalised_rows(rows)))
        self._make_core(self.probs)

    @property
    def mean(self) -> FloatArray:
        """Means of the components as numbers, (K,)."""
        return self.probs @ np.arange(self.probs.shape[1], dtype=np.float64)

    @property
    def variance(self) -> FloatArray:
        """Variances of the components as numbers, (K,)."""
        distance = np.arange(self.probs.shape[1]) - self.mean[:, None]
        return np.asarray(np.sum(self.probs * distance * distance, axis=1))

    def _join(self, others: Sequence[Self]) -> Self | None:
        same = all(other.probs.shape[1] == self.probs.shape[1] for other in others)
        return super()._join(others) if same else None
