"""Where EM starts: k-means++ and a few rounds of k-means, random rows, given means, or a given mixture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core
from ._fit_model import listed
from ._fit_result import FitResult
from ._validate import REAL, as_option, as_parameter
from .families.base import Components, ScalarComponents
from .families.multivariate_normal import MultivariateNormal
from .families.normal import Normal
from .mixture import Mixture

if TYPE_CHECKING:
    from ._fit_model import CovarianceType, Data, Model
    from ._validate import FloatArray

__all__ = ["SingularCovarianceError", "as_init", "feature_scale", "singular_covariance", "starting_mixture"]

# The first start: k-means++ is tried this often, with a few rounds of k-means each; the tightest clusters go on to more rounds.
# One try in ten ends with two centres in one cluster and none in another, which EM does not mend. What is tightest is often
# the same, so further starts (`n_init`) are one try each with one round.
_KMEANS_TRIES = 4
_TRIAL_ROUNDS = 2
_KMEANS_ROUNDS = 10
_FURTHER_ROUNDS = 1
_KEY_STEP = 0x9E3779B97F4A7C15  # odd, so that the keys of the tries differ


class SingularCovarianceError(ValueError):
    """A covariance is not positive definite, and no floor could mend it."""


def singular_covariance(components: list[int], reg_covar: float) -> SingularCovarianceError:
    """The error for these components."""
    if reg_covar == 0.0:
        remedy = "set reg_covar > 0, fit fewer components, or drop features that are constant or depend on others"
    else:
        remedy = "its rounding errors exceed reg_covar: start nearer to the data, or rescale the features"
    return SingularCovarianceError(
        f"a covariance is not positive definite with reg_covar={reg_covar:g} (component {listed(components)}); {remedy}"
    )


_INIT = "'k-means++', 'random', means (K, D) or a Mixture"


def as_init(init: Any, model: Model, dtype: np.dtype[Any]) -> str | FloatArray | Mixture:
    """Check `init`: a name, means (K, D), or a mixture of the model's kind, for data of this type."""
    if isinstance(init, str):
        return as_option(init, "init", ("k-means++", "random"))
    if isinstance(init, Mixture):
        _check_mixture(init, model)
        for block in init._blocks:
            _check_range(block.mean, "a mean of init", dtype)
        return init
    if isinstance(init, Components):
        raise TypeError(f"init is of type {type(init).__name__}, expected {_INIT}; make it a Mixture(weights, init)")
    if isinstance(init, FitResult):
        raise TypeError(f"init is of type FitResult, expected {_INIT}; pass its mixture, init=result.mixture")
    if init is None:
        raise TypeError(f"init is None, expected {_INIT}")
    means = as_parameter(init, "init", REAL)
    _check_range(means, "init", dtype)
    k, d = model.n_components, model.n_features
    expected = (k,) if model.scalar else (k, d)
    if means.shape != expected:
        raise ValueError(
            f"init has shape {means.shape}, expected {expected}: one mean for each of the {k} components; or "
            "'k-means++', 'random' or a Mixture"
        )
    return means.reshape(k, d)


def _check_range(means: FloatArray, name: str, dtype: np.dtype[Any]) -> None:
    largest = float(np.abs(means).max(initial=0.0))
    if largest > float(np.finfo(dtype).max):
        raise ValueError(f"{name} is {largest:g} in size, expected numbers within the range of {dtype}, the type of x")


def _check_mixture(init: Mixture, model: Model) -> None:
    family = Normal if model.scalar else MultivariateNormal
    for block in init._blocks:
        if not isinstance(block, family):
            data = "(n,)" if model.scalar else "(n, D)"
            raise TypeError(
                f"init has components of {type(block).__name__}, expected {family.__name__} for data of shape {data}"
            )
    if init.n_features != model.n_features:
        raise ValueError(f"init has {init.n_features} features, expected {model.n_features}, as x has")
    if init.n_components != model.n_components:
        raise ValueError(f"init has {init.n_components} components, expected n_components={model.n_components}")


def starting_mixture(
    data: Data,
    model: Model,
    init: str | FloatArray | Mixture,
    scale: FloatArray,
    reg_covar: float,
    key: int,
    start: int,
) -> _core.Mixture:
    """The mixture that EM starts from, as start number `start`; `scale` is that of the features, for k-means."""
    if isinstance(init, Mixture):
        return _one_block(init)
    if isinstance(init, str):
        if init == "k-means++":
            clusters = (
                _other_clusters(data, model, scale, key, start) if start else _best_clusters(data, model, scale, key)
            )
            return _from_clusters(data, model, clusters, reg_covar)
        init = _rows(data, model, np.ones(model.n_features), key, spread=False)
    return _around(data, model, init, reg_covar)


def _one_block(init: Mixture) -> _core.Mixture:
    """The core's mixture; several blocks are first written as one with a full covariance each."""
    if len(init._blocks) == 1:
        return init._core
    means = np.concatenate([block.mean for block in init._blocks])
    covariances = np.concatenate([block.covariance for block in init._blocks])
    if isinstance(init._blocks[0], ScalarComponents):
        return Mixture(init.weights, Normal(means, np.sqrt(covariances)))._core
    return Mixture(init.weights, MultivariateNormal(means, covariances))._core


def _overall(data: Data, model: Model, covariance_type: CovarianceType, reg_covar: float) -> _core.EMStep:
    """Mean and covariance of all the data, by one component.

    The first pass finds the mean, about the first row; the second takes the covariance about that mean, which is
    accurate whatever the offset.
    """
    one = np.ones(1)
    mean = np.array(data.x[:1], dtype=np.float64).reshape(1, -1)
    unit = np.ones((1, model.n_features))
    forms: tuple[CovarianceType, ...] = ("diag", covariance_type)
    for form in forms:
        step = model.core(one, mean, unit, "diag").em_step(data.x, data.weight, form, reg_covar, False)
        mean = np.array(step.means).reshape(1, -1)
    return step


def feature_scale(data: Data, model: Model) -> FloatArray:
    """Standard deviation of each feature, 1 for a constant one."""
    variance = np.array(_overall(data, model, "diag", 0.0).covariances).reshape(-1)
    return np.sqrt(np.where(variance > 0, variance, 1.0))


def _around(data: Data, model: Model, means: FloatArray, reg_covar: float) -> _core.Mixture:
    """Components of equal weight at these means, each with the covariance of all the data."""
    step = _overall(data, model, model.covariance_type, reg_covar)
    if step.singular:
        raise singular_covariance(list(range(model.n_components)), reg_covar)
    k = model.n_components
    return model.core(np.full(k, 1.0 / k), means, _repeated(step.factor, model))


def _repeated(factor: FloatArray, model: Model) -> FloatArray:
    """The factor of one component for all of them."""
    if model.covariance_type == "tied":
        return factor
    return np.repeat(factor.reshape(1, *factor.shape[1:]), model.n_components, axis=0)


def _clusters(data: Data, model: Model, means: FloatArray, scale: FloatArray) -> _core.Mixture:
    """A mixture whose most responsible component is the nearest mean, in units of the features' scale."""
    k = model.n_components
    return model.core(np.full(k, 1.0 / k), means, np.tile(scale, (k, 1))[:, 0 if model.scalar else slice(None)], "diag")


def _rows(data: Data, model: Model, scale: FloatArray, key: int, *, spread: bool) -> FloatArray:
    """Rows of the data as means, (K, D)."""
    rows = _core.choose_rows(data.x, data.weight, scale, model.n_components, key, spread)
    return np.array(data.x[rows], dtype=np.float64, order="C").reshape(-1, model.n_features)


def _best_clusters(data: Data, model: Model, scale: FloatArray, key: int) -> _core.Mixture:
    """k-means from the best of several k-means++ starts."""
    best: FloatArray | None = None
    highest = -np.inf
    for i in range(_KMEANS_TRIES if model.n_components > 1 else 1):
        means = _rows(data, model, scale, (key + i * _KEY_STEP) % 2**64, spread=True)
        means, tightness = _kmeans(data, model, means, scale, _TRIAL_ROUNDS)
        if best is None or tightness > highest:
            best, highest = means, tightness
    assert best is not None
    return _clusters(data, model, _kmeans(data, model, best, scale, _KMEANS_ROUNDS)[0], scale)


def _other_clusters(data: Data, model: Model, scale: FloatArray, key: int, start: int) -> _core.Mixture:
    """Clusters of a further start: every second one is measured in one unit for all features.

    Which unit finds the better optimum is not known beforehand: features in their own are right where units differ, in one
    where they are places, say, and one direction is longer than another.
    """
    if start % 2 == 0:
        scale = np.full_like(scale, scale.max())
    means = _rows(data, model, scale, key, spread=True)
    return _clusters(data, model, _kmeans(data, model, means, scale, _FURTHER_ROUNDS)[0], scale)


def _kmeans(data: Data, model: Model, means: FloatArray, scale: FloatArray, rounds: int) -> tuple[FloatArray, float]:
    """Lloyd's iterations from these means; also how tight the clusters were at the last one (more is tighter)."""
    tightness = -np.inf
    for _ in range(rounds):
        step = _clusters(data, model, means, scale).em_step(data.x, data.weight, "diag", 0.0, True)
        moved = np.array(step.means).reshape(means.shape)
        tightness = step.log_likelihood
        if np.array_equal(moved, means):
            break
        means = moved
    return means, tightness


def _from_clusters(data: Data, model: Model, clusters: _core.Mixture, reg_covar: float) -> _core.Mixture:
    """The mixture that describes each cluster by its own weight, mean and covariance.

    A cluster with too few rows for a covariance of its own gets that of all the data: as a point mass it would keep
    the rows it has and never recover.
    """
    step = clusters.em_step(data.x, data.weight, model.covariance_type, reg_covar, True)
    factor = np.array(step.factor)
    singular = list(step.singular)
    needed = model.n_features if model.covariance_type == "full" else 1
    if model.covariance_type != "tied":
        rows = step.weights * len(data.x)
        poor = [k for k in sorted({*step.floored, *singular}) if rows[k] < needed + 0.5]
        if poor:
            overall = _overall(data, model, model.covariance_type, reg_covar)
            if not overall.singular:
                factor.reshape(model.n_components, -1)[poor] = overall.factor.reshape(1, -1)
                singular = [k for k in singular if k not in poor]
    if singular:
        raise singular_covariance(singular, reg_covar)
    return model.core(step.weights, step.means, factor)
