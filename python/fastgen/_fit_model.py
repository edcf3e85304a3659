"""What `fit` works on: the data, and the bridge between the core's arrays and mixtures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

from . import _core
from ._validate import (
    FLOAT32,
    FLOAT64,
    NON_NEGATIVE,
    as_float_array,
    at,
    check_constraint,
    first_index,
    normalised_weights,
)
from .families import MultivariateNormal, Normal
from .families.covariance import FORMS
from .mixture import Mixture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from ._validate import AnyFloatArray, FloatArray

__all__ = ["CovarianceType", "Data", "Model", "Parameters", "Start", "as_data", "listed"]

CovarianceType: TypeAlias = Literal["full", "tied", "diag", "spherical"]
Start: TypeAlias = Literal["k-means++", "random"]


# Largest values whose squares, summed over many features, stay finite, and smallest whose squares have all their digits.
_LARGEST = {FLOAT32: 1e17, FLOAT64: 1e150}
_SMALLEST = {FLOAT32: 1e-17, FLOAT64: 1e-150}
# Largest weights between these are used as they are. The core multiplies in the precision of the data.
_WEIGHTS = {FLOAT32: (1e-3, 1e3), FLOAT64: (1e-50, 1e50)}


class Data(NamedTuple):
    """Finite rows of positive weight."""

    x: AnyFloatArray  # (n,) or (n, D)
    weight: FloatArray | None  # None if all are 1; in multiples of `unit`
    total: float  # sum of the weights, in multiples of `unit`
    unit: float = 1.0

    @property
    def scalar(self) -> bool:
        """Whether a row is a number."""
        return self.x.ndim == 1

    @property
    def n_features(self) -> int:
        """Number of features; 1 for scalar rows."""
        return 1 if self.scalar else self.x.shape[1]


def _largest(points: AnyFloatArray) -> float:
    """The largest absolute value, NaN if there is one; in parts, so that Ctrl-C is heard in between."""
    rows = max(1, 2**24 // max(1, points[:1].size))
    extremes = [part for i in range(0, len(points), rows) for part in _extremes(points[i : i + rows])]
    return float(np.abs(extremes).max())


def _extremes(points: AnyFloatArray) -> tuple[Any, Any]:
    return points.min(), points.max()


def _check_values(points: AnyFloatArray, used: NDArray[np.bool_] | None) -> None:
    """Raise ValueError for values that a fit cannot work with; `used` says which rows of x these are, None for all."""
    # The extremes show any NaN or infinity, without an array of n answers.
    largest = _largest(points)
    if not np.isfinite(largest):
        bad = ~np.isfinite(points)
        index = first_index(bad)
        rows = int(bad.any(axis=-1).sum()) if points.ndim == 2 else int(bad.sum())
        keep = "x[np.isfinite(x).all(axis=1)]" if points.ndim == 2 else "x[np.isfinite(x)]"
        row = index[0] if used is None else int(np.flatnonzero(used)[index[0]])
        raise ValueError(
            f"{at('x', (row, *index[1:]))} is {float(points[index])!r}, expected finite values for a fit; {rows} of "
            f"{len(points)} rows{'' if used is None else ' with positive weight'} have others: drop them with {keep}, give "
            "them a sample_weight of 0, or fill them in first"
        )
    limit = _LARGEST[points.dtype]
    if largest > limit:
        raise ValueError(
            f"x has values up to {largest:g}, expected at most {limit:g} so that squares of {points.dtype} do not "
            "overflow; rescale x, e.g. divide each feature by its standard deviation"
        )
    if 0 < largest < _SMALLEST[points.dtype]:
        raise ValueError(
            f"x has no value beyond {largest:g}, expected some of at least {_SMALLEST[points.dtype]:g} so that squares of "
            f"{points.dtype} do not underflow; rescale x, e.g. divide each feature by its standard deviation"
        )


def as_data(x: ArrayLike, sample_weight: ArrayLike | None) -> Data:
    """Check the arguments of `fit` that hold data."""
    points = as_float_array(x, "x", "drop rows with gaps, or pass {}.filled(np.nan) with a sample_weight of 0 for them")
    if points.ndim not in (1, 2):
        raise ValueError(
            f"x has shape {points.shape}, expected (n,) or (n, D), one row per observation"
            + "; the data come first: fit(x, n_components)" * (points.ndim == 0)
        )
    if points.size == 0:
        raise ValueError(f"x has shape {points.shape}, expected at least one observation and one feature")
    if sample_weight is None:
        _check_values(points, None)
        return Data(points, None, float(len(points)))
    # The caller's own array where it will do: nothing writes to it.
    weight = np.asarray(
        as_float_array(sample_weight, "sample_weight", "pass {}.filled(0)"), dtype=np.float64, order="C"
    )
    check_constraint(weight, "sample_weight", NON_NEGATIVE)
    if weight.shape != points.shape[:1]:
        raise ValueError(f"sample_weight has shape {weight.shape}, expected {points.shape[:1]}, one for each row of x")
    used = weight > 0
    if not used.any():
        raise ValueError("sample_weight is all 0, expected at least one weight greater than 0")
    if used.all():
        _check_values(points, None)
    else:
        # Left out before anything looks at them, not multiplied by 0: the result is the same bits as without these rows,
        # whatever they hold.
        points, weight = points[used], weight[used]
        _check_values(points, used)
    with np.errstate(over="ignore"):
        total = float(weight.sum())
    if not total < np.inf:
        raise ValueError(
            "sample_weight has an infinite sum, expected a finite one; divide the weights by their largest"
        )
    # Only ratios of weights matter. A power of 2 keeps sums of extreme ones, times squares of x, within range and changes
    # no digit of them.
    unit = 1.0
    largest = float(weight.max())
    least, most = _WEIGHTS[points.dtype]
    if not least <= largest <= most:
        exponent = int(np.frexp(largest)[1]) - 1
        weight, unit = np.ldexp(weight, -exponent), math.ldexp(1.0, exponent)
        total = float(weight.sum())
    return Data(points, None if (weight == 1).all() else weight, total, unit)


class Parameters(Protocol):
    """The arrays that describe a mixture in the core's terms; `_core.EMStep` is one."""

    @property
    def weights(self) -> FloatArray: ...
    @property
    def means(self) -> FloatArray: ...
    @property
    def covariances(self) -> FloatArray: ...
    @property
    def factor(self) -> FloatArray: ...


class Model(NamedTuple):
    """The kind of mixture that is fitted."""

    scalar: bool
    n_components: int
    n_features: int
    covariance_type: CovarianceType

    def core(self, weights: FloatArray, means: FloatArray, factor: FloatArray, variant: str = "") -> _core.Mixture:
        """The core's mixture of these parameters; `variant` is the form of the factor if not the model's own."""
        if self.scalar:
            components = _core.Components("Normal", "", [means.reshape(-1), _scales(factor, len(weights))])
        else:
            variant = variant or self.covariance_type
            components = _core.Components("MultivariateNormal", variant, [means, factor])
        return _core.Mixture(weights, [components])

    def mixture(self, parameters: Parameters) -> Mixture:
        """The public mixture of these parameters, with copies of its own."""
        weights = normalised_weights(np.array(parameters.weights))
        means, factor = np.array(parameters.means), np.array(parameters.factor)
        if self.scalar:
            return Mixture._make(weights, (Normal(means.reshape(-1), _scales(factor, len(weights))),))
        form = FORMS[self.covariance_type]
        block = MultivariateNormal._from_factor(means, factor, form, np.array(parameters.covariances))
        return Mixture._make(weights, (block,))

    def n_parameters(self) -> int:
        """Number of free parameters: weights, means and covariances."""
        k, d = self.n_components, self.n_features
        return k - 1 + k * d + FORMS[self.covariance_type].n_parameters(k, d)


def _scales(factor: FloatArray, k: int) -> FloatArray:
    """Standard deviations (K,) from a factor for one feature, whatever its form."""
    return np.full(k, factor.reshape(-1))


def listed(components: Sequence[Any]) -> str:
    """Component numbers for a message: all of a few, the first of many."""
    shown = ", ".join(str(int(k)) for k in components[:8])
    return f"{shown}, ... ({len(components)} in all)" if len(components) > 8 else shown
