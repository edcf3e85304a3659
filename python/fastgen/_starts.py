"""Where EM starts: k-means++ and a few rounds of k-means, random rows, given means, or a given mixture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core
from ._fit_model import listed
from ._validate import REAL, as_option, as_parameter
from .families.base import ScalarComponents
from .families.multivariate_normal import MultivariateNormal
from .families.normal import Normal
from .mixture import Mixture

if TYPE_CHECKING:
    from ._fit_model import CovarianceType, Data, Model
    from ._validate import FloatArray

__all__ = ["SingularCovarianceError", "as_init", "feature_scale", "starting_mixture"]

# Rounds of k-means after k-means++. More hardly change where EM ends.
_KMEANS_ROUNDS = 10


class SingularCovarianceError(ValueError):
    """A covariance is not positive definite and there is no floor to raise it to."""

    def __init__(self, components: list[int]) -> None:
        super().__init__(
            f"reg_covar is 0 and a covariance is not positive definite, in component {listed(components)}; set "
            "reg_covar > 0, fit fewer components, or drop features that are constant or depend on others"
        )


def as_init(init: Any, model: Model) -> str | FloatArray | Mixture:
    """Check `init`: a name, means (K, D), or a mixture of the model's kind."""
    if isinstance(init, str):
        return as_option(init, "init", ("k-means++", "random"))
    if isinstance(init, Mixture):
        _check_mixture(init, model)
        return init
    means = as_parameter(init, "init", REAL)
    k, d = model.n_components, model.n_features
    expected = (k,) if model.scalar else (k, d)
    if means.shape != expected:
        raise ValueError(
            f"init has shape {means.shape}, expected {expected}: one mean for each of the {k} components; or "
            "'k-means++', 'random' or a Mixture"
        )
    return means.reshape(k, d)


def _check_mixture(init: Mixture, model: Model) -> None:
    family = Normal if model.scalar else MultivariateNormal
    for block in init._blocks:
        if not isinstance(block, family):
            data = "(n,)" if model.scalar else "(n, D)"
            raise TypeError(
                f"init has components of {type(block).__name__}, expected {family.__name__} for data of shape {data}"
            )
    if init.n_features != model.n_features:
        raise ValueError(f"init has {init.n_features} features, expected {model.n_features} as x")
    if init.n_components != model.n_components:
        raise ValueError(f"init has {init.n_components} components, expected n_components={model.n_components}")


def starting_mixture(
    data: Data, model: Model, init: str | FloatArray | Mixture, scale: FloatArray, reg_covar: float, key: int
) -> _core.Mixture:
    """The mixture that EM starts from; `scale` is that of the features, for k-means."""
    if isinstance(init, Mixture):
        return _one_block(init)
    if isinstance(init, str):
        spread = init == "k-means++"
        rows = _core.choose_rows(data.x, data.weight, scale, model.n_components, key, spread)
        means = np.array(data.x[rows], dtype=np.float64, order="C").reshape(-1, model.n_features)
        if spread:
            return _from_clusters(data, model, _kmeans(data, model, means, scale), reg_covar)
        init = means
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
        raise SingularCovarianceError(list(range(model.n_components)))
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


def _kmeans(data: Data, model: Model, means: FloatArray, scale: FloatArray) -> _core.Mixture:
    """Lloyd's iterations from these means."""
    clusters = _clusters(data, model, means, scale)
    for _ in range(_KMEANS_ROUNDS):
        step = clusters.em_step(data.x, data.weight, "diag", 0.0, True)
        moved = np.array(step.means).reshape(means.shape)
        if np.array_equal(moved, means):
            break
        means = moved
        clusters = _clusters(data, model, means, scale)
    return clusters


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
        raise SingularCovarianceError(singular)
    return model.core(step.weights, step.means, factor)
