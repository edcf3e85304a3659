"""Responsibilities of a point so far away that every squared distance overflows and all densities are 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .batch import MixtureBatch

if TYPE_CHECKING:
    from ._validate import FloatArray
    from .mixture import Mixture

__all__ = ["far_responsibilities"]

# Distances are taken in units of 2**256 deviations, then 2**512, ...: an overflowed square comes down to 1e154 or more,
# beside which every log weight and log determinant is less than a rounding. Four units reach all of float64.
_STEP, _STEPS = 256, 4


def far_responsibilities(mixture: Mixture, point: FloatArray) -> FloatArray:
    """Responsibilities (K,) for a finite point of density 0: the nearest component in its own deviations has all.

    Components that are equally near, to rounding, share by weight and height. Where distances do not tell, as outside of
    supports, the weights stay as they are.
    """
    blocks = mixture._blocks
    for exponent in range(_STEP, _STEP * _STEPS + 1, _STEP):
        brought_near = tuple(filter(None, (block._brought_near(exponent) for block in blocks)))
        if len(brought_near) < len(blocks):
            return mixture.weights
        near = mixture._make(mixture.weights, brought_near).component_log_prob(np.ldexp(point, -exponent))
        nearness = np.where(mixture.weights > 0, near, -np.inf)
        if nearness.max() > -np.inf:
            break
    else:
        return mixture.weights
    # Each component at its own mean, as a mixture of its own.
    heights = [MixtureBatch(np.ones((len(block), 1)), block).log_prob(block.mean) for block in blocks]
    nearest = nearness == nearness.max()
    height = np.where(nearest, np.concatenate(heights), -np.inf)
    shares = mixture.weights * np.exp(height - height.max())
    normalised: FloatArray = shares / shares.sum()
    return normalised
