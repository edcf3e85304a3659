"""Means and covariances of mixtures, from those of their components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ._validate import FloatArray

__all__ = ["mixture_covariance", "mixture_mean"]


def mixture_mean(weights: FloatArray, means: FloatArray) -> FloatArray:
    """Means (..., D) or (...) of mixtures with weights (..., K), from those of their components, (..., K, D) or (..., K)."""
    axis = weights.ndim - 1
    share, means = _of_those_used(weights, means)
    # About the mean of the heaviest component: an offset common to all costs no digits, nor does one that is far away and
    # light. Halves cannot overflow.
    halves = 0.5 * means
    heaviest = share.argmax(axis=axis, keepdims=True)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        centre = np.take_along_axis(halves, heaviest, axis)
        about: FloatArray = 2 * (centre.squeeze(axis) + (share * (halves - centre)).sum(axis=axis))
        plain = (share * means).sum(axis=axis)  # infinite or nan, as the components say
    return np.where(np.isfinite(means).all(axis=axis), about, plain)


def mixture_covariance(weights: FloatArray, means: FloatArray, within: FloatArray) -> FloatArray:
    """Covariances (..., D, D) or variances (...) of mixtures, from the weighted sums of those of their components."""
    axis = weights.ndim - 1
    share, means = _of_those_used(weights, means)
    scalar = means.ndim == weights.ndim
    # Above 1e154 variances are infinite; that is an answer, not a mishap.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        mean = np.expand_dims(mixture_mean(weights, means), axis)
        root = np.sqrt(share) * (means - mean)
        between = np.square(root).sum(axis=axis) if scalar else root.swapaxes(-1, -2) @ root
        # Where a mean is infinite or nan the variances within are too.
        finite = np.asarray(np.isfinite(means).all(axis=tuple(range(axis, means.ndim))))
        return np.where(finite[..., None, None] if not scalar else finite, between + within, within)


def _of_those_used(weights: FloatArray, means: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weights with as many axes as the means, and means of 0 where there is no weight: 0 times a huge mean must stay 0."""
    share = weights.reshape(*weights.shape, *[1] * (means.ndim - weights.ndim))
    return share, np.where(share > 0, means, 0.0)
