"""Responsibilities of a point so far away that every squared distance overflows and all densities are 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ._validate import FloatArray
    from .mixture import Mixture

__all__ = ["far_responsibilities"]

# Distances are taken in units of 2**256 deviations, then 2**512, ...: an overflowed square comes down to 1e154 or more,
# beside which every log weight and log determinant is less than a rounding. Four units reach all of float64.
_STEP, _STEPS = 256, 4
# Numbers in a table of means by components.
_TABLE = 2**20


def far_responsibilities(mixture: Mixture, point: FloatArray) -> FloatArray:
    """Responsibilities (K,) for a finite point of density 0: the nearest component in its own deviations has all.

    Components that are equally near, to rounding, share by weight and height. Where distances do not tell, as outside of
    supports, the weights stay as they are.
    """
    blocks = mixture._blocks
    for step in range(1, _STEPS + 1):
        stretched = tuple(filter(None, (block._stretched(step * _STEP) for block in blocks)))
        if len(stretched) < len(blocks):
            return mixture.weights
        wide = mixture._make(mixture.weights, stretched)
        nearness = np.where(mixture.weights > 0, wide.component_log_prob(point), -np.inf)
        if nearness.max() > -np.inf:
            break
    else:
        return mixture.weights
    nearest = nearness == nearness.max()
    chosen = np.flatnonzero(nearest)
    means = np.concatenate([block.mean for block in blocks])
    rows = max(1, _TABLE // mixture.n_components)
    parts = [chosen[i : i + rows] for i in range(0, len(chosen), rows)]
    # Log densities at the components' own means: an element of each row.
    height = np.concatenate([mixture.component_log_prob(means[k])[np.arange(len(k)), k] for k in parts])
    shares = np.zeros(mixture.n_components)
    shares[chosen] = mixture.weights[chosen] * np.exp(height - height.max())
    normalised: FloatArray = shares / shares.sum()
    return normalised
