"""Moments of laws without closed ones, by Gauss's rule."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._validate import FloatArray

__all__ = ["mean_and_variance"]


@cache
def _rule() -> tuple[FloatArray, FloatArray]:
    """Nodes and weights; made on first use, as that takes longer than importing the package."""
    nodes, weights = np.polynomial.legendre.leggauss(128)
    return nodes, weights


def mean_and_variance(
    log_density: Callable[[FloatArray], FloatArray],
    pieces: list[tuple[FloatArray, FloatArray, FloatArray]],
    value: Callable[[FloatArray], FloatArray] = np.asarray,
) -> tuple[FloatArray, FloatArray]:
    """Mean and variance, (K,) each, of ``value(t) + shift`` where t has a density in proportion to ``exp(log_density(t))``.

    The pieces ``(low, high, shift)``, of (K,) each, are the intervals where t may be; `log_density` is smooth in them, takes
    and returns (K, N), and is at most about 0.
    """
    nodes, rule = _rule()
    weights, values = [], []
    for low, high, shift in pieces:
        half = 0.5 * (high - low)[..., None]
        t = low[..., None] + half * (1.0 + nodes)
        weights.append(half * rule * np.exp(log_density(t)))
        values.append(value(t) + shift[..., None])
    w, x = np.concatenate(weights, axis=-1), np.concatenate(values, axis=-1)
    # Without length all nodes are one point.
    mass = w.sum(axis=-1, keepdims=True)
    w = np.divide(w, mass, out=np.full_like(w, 1.0 / w.shape[-1]), where=mass > 0.0)
    mean: FloatArray = (w * x).sum(axis=-1)
    variance: FloatArray = (w * np.square(x - mean[..., None])).sum(axis=-1)
    return mean, variance
