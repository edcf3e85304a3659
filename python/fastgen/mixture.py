"""The mixture: weights and components, sampled and scored by the core."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from ._blocks import Weighted, as_blocks, as_weights, have_slope, joined
from ._core import Mixture as CoreMixture
from ._far import far_responsibilities
from ._habits import Elsewhere, closed, unknown_keywords
from ._moments import mixture_covariance, mixture_mean
from ._validate import (
    PROBABILITY,
    REAL,
    as_feature_indices,
    as_float_array,
    as_parameter,
    check_constraint,
    check_out,
    new_array,
    normalised_weights,
    read_only,
    samples_array,
)
from .stream import STREAM_LENGTH, stream_key, stream_part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Literal, Never, SupportsIndex

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from ._validate import Features, FloatArray, Path
    from .families.base import Components
    from .stream import Seed

__all__ = ["Mixture"]

# Calls for at most this many samples take the short way; above it the time to check arguments no longer counts.
_SHORT = 4096
# And for at most so many numbers, for which there is memory.
_SHORT_NUMBERS = 2**20
# And that begin before this sample, so that none is beyond the end of the stream.
_SHORT_BEFORE = STREAM_LENGTH - _SHORT


class Mixture(Elsewhere, Weighted):
    r"""A mixture of distributions.

    Parameters
    ----------
    weights : array_like of float, (K,), or None
        Weight of each component: non-negative and finite, not all 0. They are scaled to sum to 1. None gives all
        components the same weight. A component of weight 0 is never drawn and never contributes.
    components : Components, or a sequence of them
        One family object with K components, or several with K components in all. Neighbours in a sequence that one
        family object can hold are joined into one.

    Attributes
    ----------
    weights : ndarray of float64, (K,)
        Weights, read-only, summing to 1.
    components : Components or tuple of Components
        The family object, or a tuple of them if there are several.

    Raises
    ------
    ValueError
        If weights are negative, not finite, all 0, or not one per component; or components differ in features.
    TypeError
        If `components` holds something else.

    See Also
    --------
    fit : Learn a mixture from data.
    load : Read a mixture from a file.

    Notes
    -----
    The density at a point x is

    .. math:: p(x) = \sum_k w_k \, p_k(x), \qquad w_k \ge 0, \quad \sum_k w_k = 1

    [1]_. Log densities are natural logarithms (nats), computed with the largest term taken out of the sum: those of normal
    components are finite up to about 1e154 standard deviations (1e19 in float32) from the nearest. A mixture is immutable: threads may share it, and it can be
    pickled, copied, compared and used as a dictionary key.

    Discrete components (`Poisson`, ...) have masses instead of densities: "density" then means the mass of a point. They
    cannot be mixed with continuous ones. `Delta`, a point mass, mixes with both: see there what that does to densities. Each
    column of `Product` components follows these rules by itself.
    `VonMises` mixes with laws of the line, but its density repeats itself every :math:`2 \pi`: the density of such a mixture
    is one on an interval of that length, such as that of its samples, from :math:`-\pi` to :math:`\pi`, and not on the line.
    Families on a surface (`VonMisesFisher`, `Dirichlet`) have densities with respect to that and mix with their like only.

    Every method that takes points has the same rules. A scalar family takes points of any shape and returns an answer
    for each; a multivariate one takes (..., D). A single point gives a NumPy scalar. float32 gives float32,
    computed in float32 for the normal families (`Normal`, `MultivariateNormal`, `FactorNormal`) and `MultivariateStudentT`,
    and in float64 and rounded for the others, or where a parameter is out of the range of float32; all other real types
    are taken as float64. Where float32 computes, the parameters are float32 too: a mean of 1e4 is then known to 5e-4,
    which shows if the scale is not much more; pass float64 points in such a case. Points with a NaN have NaN as their
    answer; in mixtures of `Product` a NaN is a value that was not observed. Answers are the same bits for every number of threads and every instruction set.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", Springer, 2006, chapter 9.

    Examples
    --------
    >>> import fastgen as fg
    >>> m = fg.Mixture([0.3, 0.7], fg.Normal([-2.0, 1.0], [0.5, 1.0]))
    >>> m.sample(5, rng=7).shape
    (5,)
    >>> float(m.log_prob(0.3).round(6))
    -1.520586
    >>> m.responsibilities([-2.0, 1.0]).round(3)
    array([[0.987, 0.013],
           [0.   , 1.   ]])
    """

    __slots__ = ("__weakref__", "_blocks", "_core", "_log_prob_point", "_sample_new", "_scalar", "_short", "weights")

    weights: FloatArray
    _blocks: tuple[Components, ...]
    _core: CoreMixture
    _scalar: bool
    _short: int
    _log_prob_point: Callable[[object], Any]
    _sample_new: Callable[[int, int, int], FloatArray]

    def __init__(self, weights: ArrayLike | None, components: Components | Sequence[Components]) -> None:
        blocks = as_blocks(components)
        k = sum(len(block) for block in blocks)
        if weights is None:
            values = np.full(k, 1.0 / k)
        else:
            values = as_weights(weights)
            if values.shape != (k,):
                rows = [p.name for block in blocks for p in block.parameters[:1] if p.axes] if k == 1 else []
                raise ValueError(
                    f"weights has shape {values.shape}, expected {(k,)}: one weight for each of the {k} components"
                    + (f"; a row of {rows[0]} is one component" if rows else "")
                )
        self._fill(normalised_weights(values), joined(blocks))

    def _fill(self, weights: FloatArray, blocks: tuple[Components, ...]) -> None:
        core = CoreMixture(weights, [block._core for block in blocks])
        self._set(
            weights=read_only(weights),
            _blocks=blocks,
            _core=core,
            _scalar=core.scalar,
            _short=min(_SHORT, _SHORT_NUMBERS // core.n_features),
            # Bound once: looking a method up costs as much as a short call.
            _log_prob_point=core.log_prob_point,
            _sample_new=core.sample_new,
        )

    @classmethod
    def _make(cls, weights: FloatArray, blocks: tuple[Components, ...]) -> Mixture:
        """A mixture of valid parts with exactly these weights, which nobody else may write to."""
        self = cls.__new__(cls)
        self._fill(weights, blocks)
        return self

    # What it is

    @property
    def components(self) -> Any:
        """The family object, or a tuple of them if there are several."""
        # Any, not a union: nearly every mixture has one, and its parameters should be at hand.
        return self._blocks[0] if len(self._blocks) == 1 else self._blocks

    @property
    def n_components(self) -> int:
        """Number of components K."""
        return self._core.n_components

    @property
    def n_features(self) -> int:
        """Number of features D of a point; 1 for scalar families."""
        return self._core.n_features

    @property
    def mean(self) -> Any:
        r"""Mean of the mixture, :math:`\sum_k w_k \mu_k`: (D,), or a scalar for scalar families."""
        return mixture_mean(self.weights, self._means())[()]

    @property
    def covariance(self) -> Any:
        r"""Covariance of the mixture: (D, D), or the variance for scalar families.

        The covariance within the components plus that of their means,
        :math:`\sum_k w_k (\Sigma_k + (\mu_k - \mu)(\mu_k - \mu)^T)`.
        """
        # Infinite variances are an answer, not a mishap.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            parts = zip(self._blocks, self._split_weights(), strict=True)
            within = np.asarray(sum(block._pooled_covariance(part) for block, part in parts))
        return mixture_covariance(self.weights, self._means(), within)[()]

    def _means(self) -> FloatArray:
        """Means of the components, (K,) or (K, D)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.concatenate([block.mean for block in self._blocks])

    def _split_weights(self) -> list[FloatArray]:
        """The weights of each block of components."""
        ends = np.cumsum([len(block) for block in self._blocks])[:-1]
        return np.split(self.weights, ends)

    # Drawing

    @overload
    def sample(
        self,
        n: SupportsIndex,
        *,
        rng: Seed = None,
        start: SupportsIndex = 0,
        return_labels: Literal[False] = False,
        out: NDArray[Any] | None = None,
        dtype: DTypeLike = np.float64,
    ) -> NDArray[Any]: ...

    @overload
    def sample(
        self,
        n: SupportsIndex,
        *,
        rng: Seed = None,
        start: SupportsIndex = 0,
        return_labels: Literal[True],
        out: NDArray[Any] | None = None,
        dtype: DTypeLike = np.float64,
    ) -> tuple[NDArray[Any], NDArray[np.int64]]: ...

    @overload
    def sample(
        self,
        n: SupportsIndex,
        *,
        rng: Seed = None,
        start: SupportsIndex = 0,
        return_labels: bool,
        out: NDArray[Any] | None = None,
        dtype: DTypeLike = np.float64,
    ) -> NDArray[Any] | tuple[NDArray[Any], NDArray[np.int64]]: ...

    @closed
    def sample(
        self,
        n: SupportsIndex,
        *,
        rng: Seed = None,
        start: SupportsIndex = 0,
        return_labels: bool = False,
        out: NDArray[Any] | None = None,
        dtype: DTypeLike = np.float64,
        **unknown: Never,
    ) -> Any:
        """Draw samples, in random order.

        Parameters
        ----------
        n : int
            Number of samples, at least 0.
        rng : None, int, sequence of int, SeedSequence, BitGenerator, Generator or Stream, optional
            Where the randomness comes from; see `Stream`. An int or SeedSequence names one stream, so the same value
            gives the same samples, and of other mixtures samples that depend on these; streams from ``Stream(7).spawn(2)`` are
            independent. A Generator is advanced. None takes a fresh stream each time.
        start : int, default 0
            Index of the first sample in the stream. Sample i depends only on the mixture, the stream and i, so
            ``sample(k, rng=7, start=i)`` equals ``sample(i + k, rng=7)[i:]`` bit for bit and takes the time of k
            samples.
        return_labels : bool, default False
            Whether to return also the component that each sample came from.
        out : ndarray, optional
            Array to write the samples to: C-contiguous, float64 or float32, of the shape of the result.
        dtype : {np.float64, np.float32}, default np.float64
            Type of the samples; the default yields to the type of `out`. Of the normal families and `MultivariateStudentT`
            float32 samples are drawn in float32: they are other numbers than the float64 ones of the same stream. Of other
            families they are those, rounded, but not past an end of the support.

        Returns
        -------
        samples : ndarray, (n,) for scalar families, (n, D) otherwise
            The samples; `out` if it was given.
        labels : ndarray of int64, (n,)
            Index of the component of each sample. Only if `return_labels` is true.

        Raises
        ------
        TypeError
            If an argument has a wrong type, `out` among them.
        ValueError
            If `n` or `start` is negative or reaches beyond the end of the stream (2**64), or `out` does not fit.
        MemoryError
            If the samples do not fit into memory.

        Notes
        -----
        The component is drawn first, then one sample from that component alone. The bits are the same whatever the
        number of threads, the instruction set, and the pieces in which a stream is read. A sample beyond the largest number is
        inf, as of very heavy tails (`StudentT` with 0.01 degrees of freedom, `Pareto`) or of 1e39 in float32 (but see
        `InverseGamma`); it is never NaN.

        Examples
        --------
        >>> import fastgen as fg
        >>> import numpy as np
        >>> m = fg.Mixture([0.3, 0.7], fg.Normal([-2.0, 1.0], [0.5, 1.0]))
        >>> x, labels = m.sample(1000, rng=7, return_labels=True)
        >>> x.shape, labels.shape
        ((1000,), (1000,))
        >>> np.array_equal(m.sample(10, rng=7), x[:10])
        True
        """
        if (
            type(n) is int
            and 0 <= n <= self._short
            and out is None
            and not return_labels
            and dtype is np.float64
            and type(start) is int
            and 0 <= start < _SHORT_BEFORE
            and not unknown
        ):
            return self._sample_new(stream_key(rng), start, n)

        if unknown:
            raise unknown_keywords(Mixture.sample, unknown)
        n, start = stream_part(n, start)
        shape = (n,) if self._scalar else (n, self.n_features)
        samples = samples_array(out, shape, dtype)
        labels = new_array((n,), np.int64, "an array of labels") if return_labels else None
        # The key comes last: a Generator must not be advanced by a call that fails.
        self._core.sample(stream_key(rng), start, samples, labels)
        return samples if labels is None else (samples, labels)

    # Scoring

    def log_prob(self, x: ArrayLike, *, out: NDArray[Any] | None = None) -> Any:
        """Natural logarithm of the density, in nats.

        Parameters
        ----------
        x : array_like of float, (n,) or any shape for scalar families, (n, D) or (..., D) otherwise
            Points.
        out : ndarray, optional
            Array to write the answer to: C-contiguous, of the shape and type of the result, not overlapping `x`.

        Returns
        -------
        ndarray or NumPy scalar
            Log density of each point, (n,); a scalar for one point. -inf where the density is 0 (for normal
            components only if a point is so far away that its squared distance overflows).

        Raises
        ------
        ValueError
            If `x` has a wrong shape, or `out` does not fit.
        TypeError
            If `x` does not hold real numbers.

        Examples
        --------
        >>> import fastgen as fg
        >>> m = fg.Mixture(None, fg.MultivariateNormal([[0.0, 0.0], [3.0, 3.0]], 1.0, "spherical"))
        >>> m.log_prob([[0.0, 0.0], [1.5, 1.5], [10.0, 10.0]]).round(3)
        array([ -2.531,  -4.088, -51.531])
        """
        if out is None:
            value = self._log_prob_point(x)
            if value is not None:
                return value
        return self._evaluate(self._core.log_prob, x, out=out)

    def prob(self, x: ArrayLike) -> Any:
        """Density.

        Parameters
        ----------
        x : array_like of float, (n,) or any shape for scalar families, (n, D) or (..., D) otherwise
            Points.

        Returns
        -------
        ndarray or NumPy scalar
            Density of each point, in the inverse unit of the data (to the power D); 0 where it is too small for the
            type: use `log_prob` far from the components.

        Raises
        ------
        ValueError
            If `x` has a wrong shape.
        TypeError
            If `x` does not hold real numbers.

        Examples
        --------
        >>> import fastgen as fg
        >>> fg.Mixture(None, fg.Normal(0.0, [1.0, 2.0])).prob([0.0, 1.0]).round(4)
        array([0.2992, 0.209 ])
        """
        return self._evaluate(self._core.prob, x)

    def component_log_prob(self, x: ArrayLike) -> Any:
        """Log density of each component, without the weights, in nats.

        Parameters
        ----------
        x : array_like of float, (n,) or any shape for scalar families, (n, D) or (..., D) otherwise
            Points.

        Returns
        -------
        ndarray, (n, K)
            Log density of each point under each component; (K,) for one point. That of a component of weight 0 is
            given too.

        Raises
        ------
        ValueError
            If `x` has a wrong shape.
        TypeError
            If `x` does not hold real numbers.

        Examples
        --------
        >>> import fastgen as fg
        >>> fg.Mixture([0.9, 0.1], fg.Normal(0.0, [1.0, 2.0])).component_log_prob(1.0).round(4)
        array([-1.4189, -1.7371])
        """
        return self._evaluate(self._core.component_log_prob, x, (self.n_components,))

    def responsibilities(self, x: ArrayLike) -> Any:
        r"""Posterior probability of each component given a point.

        Parameters
        ----------
        x : array_like of float, (n,) or any shape for scalar families, (n, D) or (..., D) otherwise
            Points.

        Returns
        -------
        ndarray, (n, K)
            Probability that each point came from each component; every row sums to 1. (K,) for one point. A point
            so far away that the squares of its distances overflow, and with them `log_prob` to -inf, has the weights
            as its responsibilities: beyond 1e154 standard deviations, or 1e19 in float32 (pass it as float64 then). So has
            a point outside of all supports. Components whose density is infinite at a point share it equally.

        Raises
        ------
        ValueError
            If `x` has a wrong shape.
        TypeError
            If `x` does not hold real numbers.

        Notes
        -----
        By Bayes' rule,

        .. math:: r_k(x) = \frac{w_k \, p_k(x)}{\sum_j w_j \, p_j(x)}

        Examples
        --------
        >>> import fastgen as fg
        >>> m = fg.Mixture(None, fg.Normal([0.0, 3.0], 1.0))
        >>> m.responsibilities([0.0, 1.5, 4.0]).round(3)
        array([[0.989, 0.011],
               [0.5  , 0.5  ],
               [0.001, 0.999]])
        """
        return self._evaluate(self._core.responsibilities, x, (self.n_components,))

    def assign(self, x: ArrayLike) -> Any:
        """Most responsible component.

        Parameters
        ----------
        x : array_like of float, (n,) or any shape for scalar families, (n, D) or (..., D) otherwise
            Points.

        Returns
        -------
        ndarray of int64, (n,)
            Index of the component with the largest responsibility for each point, the first of them if there are
            several; -1 for a point with a NaN. A scalar for one point. For a point where `log_prob` is -inf it is the
            component of largest weight (see `responsibilities`).

        Raises
        ------
        ValueError
            If `x` has a wrong shape.
        TypeError
            If `x` does not hold real numbers.

        Examples
        --------
        >>> import fastgen as fg
        >>> fg.Mixture(None, fg.Normal([0.0, 3.0], 1.0)).assign([0.0, 1.4, 1.6, 4.0])
        array([0, 0, 1, 1])
        """
        return self._evaluate(self._core.assign, x, dtype=np.dtype(np.int64))

    def grad_log_prob(self, x: ArrayLike) -> Any:
        r"""Gradient of the log density with respect to the point (the score function).

        Parameters
        ----------
        x : array_like of float, (n,) or any shape for scalar families, (n, D) or (..., D) otherwise
            Points.

        Returns
        -------
        ndarray or NumPy scalar
            Gradient at each point, of the shape of `x`, in nats per unit of the data. NaN at a point mass, in its feature
            alone, and in every feature of a point with an infinite coordinate: there is no slope at infinity.

        Raises
        ------
        ValueError
            If `x` has a wrong shape, or the mixture has no continuous component.
        TypeError
            If `x` does not hold real numbers.

        Notes
        -----
        .. math:: \nabla \log p(x) = \sum_k r_k(x) \, \nabla \log p_k(x)

        with the responsibilities :math:`r_k` (the weights, where `log_prob` is -inf); for normal components
        :math:`\nabla \log p_k(x) = \Sigma_k^{-1} (\mu_k - x)`.

        Examples
        --------
        >>> import fastgen as fg
        >>> fg.Mixture(None, fg.Normal([0.0, 3.0], 1.0)).grad_log_prob([0.0, 1.5]).round(4)
        array([0.033, 0.   ])
        """
        if not have_slope(self._blocks):
            raise ValueError(
                f"grad_log_prob needs continuous components, {type(self._blocks[0]).__name__} has masses at single points "
                "and no slope between them; compare log_prob of neighbouring points instead"
            )
        return self._evaluate(self._core.grad_log_prob, x, () if self._scalar else (self.n_features,))

    def cdf(self, x: ArrayLike) -> Any:
        """Cumulative distribution function, for scalar mixtures.

        Parameters
        ----------
        x : array_like of float, any shape
            Points.

        Returns
        -------
        ndarray or NumPy scalar
            Probability of a value of at most each point, of the shape of `x`.

        Raises
        ------
        ValueError
            If the mixture has several features.
        TypeError
            If `x` does not hold real numbers.

        See Also
        --------
        Mixture.icdf : The inverse.

        Examples
        --------
        >>> import fastgen as fg
        >>> fg.Mixture(None, fg.Normal([0.0, 3.0], 1.0)).cdf([0.0, 1.5, 3.0]).round(4)
        array([0.2507, 0.5   , 0.7493])
        """
        self._require_scalar("cdf")
        return self._evaluate(self._core.cdf, x)

    def icdf(self, q: ArrayLike) -> Any:
        """Inverse of the cumulative distribution function (quantiles), for scalar mixtures.

        Parameters
        ----------
        q : array_like of float, any shape
            Probabilities, from 0 to 1.

        Returns
        -------
        ndarray or NumPy scalar
            Quantile of each probability, of the shape of `q`: the least value that is not exceeded with at least this
            probability.

        Raises
        ------
        ValueError
            If a probability is not between 0 and 1, or the mixture has several features.
        TypeError
            If `q` does not hold real numbers.

        See Also
        --------
        Mixture.cdf : The inverse.

        Examples
        --------
        >>> import fastgen as fg
        >>> fg.Mixture(None, fg.Normal([0.0, 3.0], 1.0)).icdf([0.05, 0.5, 0.95]).round(4)
        array([-1.2816,  1.5   ,  4.2816])
        """
        self._require_scalar("icdf")
        probabilities = as_float_array(q, "q")
        check_constraint(probabilities, "q", PROBABILITY)
        return self._evaluate(self._core.icdf, probabilities, name="q")

    def _require_scalar(self, method: str) -> None:
        if not self._scalar:
            found = f"{self.n_features} features"
            hint = f"; take one of them first: marginal(feature).{method}(...)"
            if self.n_features == 1:
                found, hint = "one feature in vector form", f"; use marginal(0).{method}(...)"
            if not all(block._slices for block in self._blocks):
                hint = ""
            raise ValueError(f"{method} needs a mixture of scalar components, this one has {found}{hint}")

    def _evaluate(
        self,
        kernel: Callable[[Any, Any], None],
        x: ArrayLike,
        per_point: tuple[int, ...] = (),
        *,
        dtype: np.dtype[Any] | None = None,
        out: NDArray[Any] | None = None,
        name: str = "x",
    ) -> Any:
        """Coerce points, run a kernel over them and shape the answer; `per_point` is the shape of one answer."""
        points = as_float_array(x, name)
        row: tuple[int, ...] = () if self._scalar else (self.n_features,)
        lead = points.shape[: points.ndim - len(row)]
        if points.shape[len(lead) :] != row:
            raise ValueError(_shape_message(name, points.shape, self.n_features))
        n = math.prod(lead)
        result_type = dtype or points.dtype
        if out is None:
            result = new_array((*lead, *per_point), result_type, "an answer", "; pass fewer points at a time")
        else:
            result = check_out(out, (*lead, *per_point), result_type, points)
        if n:
            kernel(points.reshape(n, *row), result.reshape(n, *per_point))
        return result[()] if out is None else out

    # Other mixtures

    def marginal(self, features: Features) -> Mixture:
        """Mixture over some of the features.

        Parameters
        ----------
        features : int, sequence of int, or boolean mask (D,)
            Features to keep, in the order wanted; negative ones count from the end. A mask marks those to keep.

        Returns
        -------
        Mixture
            With an int, a mixture of scalar components (`Normal`, `StudentT`, ...), which has `cdf` and `icdf`. With a
            sequence, a multivariate mixture over these features, even if there is only one, with the same covariance type.

        Raises
        ------
        ValueError
            If a feature is out of range or named twice, none is named, or the mixture is scalar or on a surface.
        TypeError
            If `features` holds neither integers nor booleans.

        See Also
        --------
        Mixture.condition : Features given the values of others.

        Examples
        --------
        >>> import fastgen as fg
        >>> m = fg.Mixture(None, fg.MultivariateNormal([[0.0, 1.0], [3.0, 4.0]], [[1.0, 4.0], [1.0, 9.0]], "diag"))
        >>> m.marginal(1).components
        Normal(loc=[1., 4.], scale=[2., 3.])
        >>> m.marginal([1, 0]).mean
        array([2.5, 1.5])
        """
        self._require_features("marginal")
        single, chosen = as_feature_indices(features, self.n_features)
        if single:
            blocks = tuple(block._marginal_scalar(chosen[0]) for block in self._blocks)
        else:
            blocks = tuple(block._marginal(chosen) for block in self._blocks)
        return self._make(self.weights, blocks)

    def condition(self, features: Features, values: ArrayLike) -> Mixture:
        r"""Mixture over the other features, given the values of these.

        Parameters
        ----------
        features : int, sequence of int, or boolean mask (D,)
            Features whose values are known; negative ones count from the end. At least one feature must remain. With a mask, a
            row with gaps is completed by ``known = ~np.isnan(row)`` and ``m.condition(known, row[known])``.
        values : float or array_like of float, (m,)
            Their values, in the same order; a scalar for an int.

        Returns
        -------
        Mixture
            Multivariate mixture over the remaining features in their order, with the same covariance type. Take
            ``.marginal(0)`` of it for a scalar mixture if one feature remains.

        Raises
        ------
        ValueError
            If a feature is out of range or named twice, all or none are named, a value is not finite, or the mixture
            is scalar or on a surface.
        TypeError
            If `features` holds neither integers nor booleans or `values` not real numbers.

        See Also
        --------
        Mixture.marginal : Features whatever the others are.

        Notes
        -----
        With b the known features and a the others, component k becomes normal with [1]_

        .. math::
            \mu_{a|b} = \mu_a + \Sigma_{ab} \Sigma_{bb}^{-1} (x_b - \mu_b), \qquad
            \Sigma_{a|b} = \Sigma_{aa} - \Sigma_{ab} \Sigma_{bb}^{-1} \Sigma_{ba}

        and its weight becomes its responsibility for :math:`x_b` in the marginal over b, however far the values are from
        every component. The work is done on Cholesky factors: no covariance is inverted. `FactorNormal` stays a factor
        model; `MultivariateStudentT` gains a degree of freedom for each known feature, and its scale matrix is the above times
        :math:`(\nu + q) / (\nu + m)`, where q is the squared distance of the m known values; the columns of a `Product` do not depend on each other within a component, so that only the weights learn.
        Values that no component can have leave the weights as they are.

        References
        ----------
        .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", Springer, 2006, section 2.3.1.

        Examples
        --------
        >>> import fastgen as fg
        >>> m = fg.Mixture(None, fg.MultivariateNormal([[0.0, 0.0]], [[[1.0, 0.8], [0.8, 1.0]]]))
        >>> given = m.condition(0, 2.0)
        >>> given.mean.round(6), given.covariance.round(6)
        (array([1.6]), array([[0.36]]))
        """
        self._require_features("condition")
        single, chosen = as_feature_indices(features, self.n_features)
        rest = sorted(set(range(self.n_features)).difference(chosen))
        if not rest:
            raise ValueError(f"features names all {self.n_features} features, expected at least one to remain")
        known = np.asarray(as_float_array(values, "values"), dtype=np.float64)
        if single and known.ndim == 0:
            known = known.reshape(1)
        if known.shape != (len(chosen),):
            whole = known.shape == (self.n_features,)
            raise ValueError(
                f"values has shape {known.shape}, expected {(len(chosen),)}: one value for each of the {len(chosen)} "
                f"features{'; of a whole row pass row[features]' * whole}"
            )
        known = as_parameter(known, "values", REAL, "leave features without a value out of `features`")
        known_part = self.marginal(chosen)
        weights = known_part.responsibilities(known)
        if known_part.log_prob(known) == -np.inf:
            weights = far_responsibilities(known_part, known)
        blocks = tuple(block._condition(chosen, rest, known) for block in self._blocks)
        return self._make(normalised_weights(weights), blocks)

    def _require_features(self, method: str) -> None:
        if self._scalar:
            raise ValueError(f"{method} needs a mixture over several features, this one is scalar and has only one")
        for block in self._blocks:
            if not block._slices:
                raise ValueError(
                    f"{method} is not offered for {type(block).__name__}: what it would give is of no family; expected a "
                    "mixture of other families. Samples of some features are those columns of `sample`"
                )

    # Keeping

    def save(self, path: Path) -> None:
        """Write the mixture to a file that `load` reads back to the same bits.

        Parameters
        ----------
        path : str or path-like
            File to write, exactly this name; replaced if it exists. It appears whole or not at all.

        Raises
        ------
        OSError
            If the file cannot be written.

        See Also
        --------
        load : Read the file.

        Notes
        -----
        The file is a zip archive of a JSON header and the parameters as little-endian ``.npy`` arrays: `numpy.load`
        opens it too, on any platform. It contains no pickle.

        Examples
        --------
        >>> import os, tempfile
        >>> import fastgen as fg
        >>> m = fg.Mixture([0.3, 0.7], fg.Normal([-2.0, 1.0], [0.5, 1.0]))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     m.save(os.path.join(folder, "model.fastgen"))
        ...     fg.load(os.path.join(folder, "model.fastgen")) == m
        True
        """
        from ._io import save_mixture

        save_mixture(self, path)

    def __reduce__(self) -> tuple[Any, ...]:
        return Mixture._make_private, (self.weights, self._blocks)

    @classmethod
    def _make_private(cls, weights: FloatArray, blocks: tuple[Components, ...]) -> Mixture:
        # An unpickled array is writeable and may be shared with the object it was pickled in.
        return cls._make(np.array(weights), blocks)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mixture):
            return NotImplemented
        return np.array_equal(self.weights, other.weights) and self._blocks == other._blocks

    def __hash__(self) -> int:
        return hash(((self.weights + 0.0).tobytes(), self._blocks))

    def __repr__(self) -> str:
        from ._text import mixture_text

        return mixture_text(self)

    def _repr_html_(self) -> str:
        from ._text import mixture_html

        return mixture_html(self)


def _shape_message(name: str, shape: tuple[int, ...], d: int) -> str:
    expected = f"expected (..., {d}) for a mixture over {d} feature{'s' * (d > 1)}"
    if d == 1:
        hint = f": one feature in vector form; pass np.asarray({name})[..., None], or use marginal(0)"
    elif len(shape) >= 2 and shape[0] == d:
        hint = f"; did you mean {name}.T?"
    else:
        hint = ""
    return f"{name} has shape {shape}, {expected}{hint}"
