"""Many mixtures at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from ._blocks import Weighted, as_weights
from ._core import MixtureBatch as CoreMixtureBatch
from ._habits import closed, missing_attribute, unknown_keywords
from ._moments import mixture_covariance, mixture_mean
from ._validate import (
    as_float_array,
    as_int,
    at,
    check_out,
    first_index,
    kind_of,
    new_array,
    normalised_rows,
    read_only,
    samples_array,
)
from .families.base import Components
from .stream import stream_key, stream_part

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal, Never, SupportsIndex

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from ._validate import FloatArray
    from .mixture import Mixture
    from .stream import Seed

__all__ = ["MixtureBatch"]


class MixtureBatch(Weighted):
    r"""B mixtures of K components each, drawn from and scored in one call.

    For particle filters, the output of mixture density networks and other code that has a mixture for every row of its data:
    no loop over mixtures in Python, the same promises as `Mixture`. There are no gradients with respect to parameters: training
    is up to the framework of the network. `mixture` gives a single one, for all else.

    Parameters
    ----------
    weights : array_like of float, (B, K), or None
        Weight of each component of each mixture: non-negative and finite, not all 0 in a row. Every row is scaled to sum
        to 1. None gives all components of a mixture the same weight.
    components : family object
        One family, any, whose parameters have the leading axes (B, K) instead of (K,): ``Normal(loc, scale)`` with ``loc``
        (B, K), ``Categorical(probs)`` with ``probs`` (B, K, C), ``MultivariateNormal(means, covariances)`` with ``means``
        (B, K, D) and covariances (B, K, D, D) "full", (B, K, D) "diag", (B, K) "spherical" or (D, D) "tied", a `Product` of
        columns (B, K). Scalars are for all. Or a family object with B K components, mixture by mixture: component k of
        mixture b is the one with number ``b * K + k``. `weights` then says what B and K are.

    Attributes
    ----------
    weights : ndarray of float64, (B, K)
        Weights, read-only; every row sums to 1.
    components : Components
        The family object.

    Raises
    ------
    ValueError
        If shapes do not fit, or weights are negative, not finite, or all 0 in a row.
    TypeError
        If `components` is something else.

    See Also
    --------
    Mixture : One mixture, with everything that it can do.

    Notes
    -----
    The length of a batch is B. All mixtures have components of one family, as many in each: give what is missing the
    weight 0. Laws of several families in one mixture need a `Mixture` for each.

    Everything is computed in float64, also where `Mixture` has kernels for float32; float32 points and samples are converted
    some rows at a time.

    Examples
    --------
    Two mixtures of two normals:

    >>> import fastgen as fg
    >>> batch = fg.MixtureBatch([[0.5, 0.5], [0.9, 0.1]], fg.Normal([[0.0, 4.0], [1.0, 2.0]], [[1.0, 1.0], [0.5, 3.0]]))
    >>> batch.log_prob([0.0, 1.0]).round(4)
    array([-1.6118, -0.3138])
    >>> batch.sample(3, rng=7).shape
    (2, 3)
    >>> batch.mixture(1).log_prob(1.0).round(4)
    np.float64(-0.3138)
    """

    __slots__ = ("_core", "components", "weights")

    weights: FloatArray
    components: Components
    _core: CoreMixtureBatch

    def __init__(self, weights: ArrayLike | None, components: Components) -> None:
        if not isinstance(components, Components):
            raise TypeError(
                f"components is {kind_of(components)}, expected a family object such as "
                "fastgen.Normal(loc, scale) with parameters of shape (B, K)" + _how_to_join(components)
            )
        shape = components._batch, components.n_components
        if weights is None:
            if not components._batch:
                raise ValueError(
                    f"weights is None, but components, {type(components).__name__}, has no axis for the mixtures; pass "
                    "weights of shape (B, K), or parameters with the leading axes (B, K); for one mixture use fastgen.Mixture"
                )
            values = np.full(shape, 1.0 / shape[1])
        else:
            values = as_weights(weights)
            if components._batch and values.shape != shape:
                raise ValueError(
                    f"weights has shape {values.shape}, expected {shape}: one weight for each component of each mixture"
                )
            if not components._batch and (values.ndim != 2 or values.size != len(components)):
                raise ValueError(
                    f"weights has shape {values.shape}, expected (B, K) with B K = {len(components)}, the number of "
                    "components; every mixture has components of its own"
                )
            empty = np.asarray(values.max(axis=1) == 0)
            if empty.any():
                raise ValueError(
                    f"{at('weights', first_index(empty))} is all 0, expected at least one weight greater than 0"
                )
            values = normalised_rows(values, quick=True)
        core = CoreMixtureBatch(len(values), values.ravel(), components._core)
        self._set(weights=read_only(values), components=components, _core=core)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Say where the methods of a single mixture are."""
            raise missing_attribute(self, name, "take one mixture: batch.mixture(b).")

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def n_mixtures(self) -> int:
        """Number of mixtures B."""
        return len(self.weights)

    @property
    def n_components(self) -> int:
        """Number of components K of each mixture."""
        return int(self.weights.shape[1])

    @property
    def n_features(self) -> int:
        """Number of features D of a point; 1 for scalar families."""
        return self.components.n_features

    @property
    def mean(self) -> FloatArray:
        r"""Mean of each mixture, :math:`\sum_k w_k \mu_k`: (B, D), or (B,) for scalar families."""
        return mixture_mean(self.weights, self._means())

    @property
    def covariance(self) -> FloatArray:
        r"""Covariance of each mixture: (B, D, D), or the variance (B,) for scalar families.

        The covariance within the components plus that of their means, as in `Mixture`. The matrices of all components are
        formed: K times the memory of the answer and more.
        """
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            each = self._by_mixture(self.components.covariance)
            share = self.weights.reshape(*self.weights.shape, *[1] * (each.ndim - 2))
            within: FloatArray = np.multiply(share, each, out=np.zeros(each.shape), where=share > 0).sum(axis=1)
        return mixture_covariance(self.weights, self._means(), within)

    def _by_mixture(self, values: FloatArray) -> FloatArray:
        """Moments of the components with the leading axes (B, K)."""
        return values.reshape(*self.weights.shape, *values.shape[1 + (self.components._batch > 0) :])

    def _means(self) -> FloatArray:
        """Means of the components, (B, K) or (B, K, D)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self._by_mixture(self.components.mean)

    def mixture(self, b: SupportsIndex) -> Mixture:
        """One mixture of the batch, with everything that `Mixture` can do.

        Parameters
        ----------
        b : int
            Which one; negative ones count from the end.

        Returns
        -------
        Mixture
            Mixture b. Its samples are other ones than those of the batch.

        Raises
        ------
        IndexError
            If there is no such mixture.
        TypeError
            If `b` is not an integer.

        Examples
        --------
        >>> import fastgen as fg
        >>> fg.MixtureBatch(None, fg.Normal([[0.0, 4.0], [1.0, 2.0]], 1.0)).mixture(0).mean
        np.float64(2.0)
        """
        from .mixture import Mixture

        index = as_int(b, "b")
        if not -self.n_mixtures <= index < self.n_mixtures:
            raise IndexError(f"b is {index}, expected an index of one of the {self.n_mixtures} mixtures")
        return Mixture(self.weights[index], self._part(index % self.n_mixtures))

    def _part(self, b: int) -> Components:
        """The components of mixture b."""
        if self.components._batch:
            return self.components._take(b)
        return self.components[b * self.n_components : (b + 1) * self.n_components]

    @overload
    def sample(
        self,
        n_per: SupportsIndex = 1,
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
        n_per: SupportsIndex = 1,
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
        n_per: SupportsIndex = 1,
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
        n_per: SupportsIndex = 1,
        *,
        rng: Seed = None,
        start: SupportsIndex = 0,
        return_labels: bool = False,
        out: NDArray[Any] | None = None,
        dtype: DTypeLike = np.float64,
        **unknown: Never,
    ) -> Any:
        """Draw samples from every mixture.

        Parameters
        ----------
        n_per : int, default 1
            Number of samples of each mixture, at least 0.
        rng : None, int, sequence of int, SeedSequence, BitGenerator, Generator or Stream, optional
            Where the randomness comes from; see `Stream`.
        start : int, default 0
            Index of the first sample: ``sample(k, rng=7, start=i)`` equals ``sample(i + k, rng=7)[:, i:]`` bit for bit.
        return_labels : bool, default False
            Whether to return also the component that each sample came from.
        out : ndarray, optional
            Array to write the samples to: C-contiguous, float64 or float32, of the shape of the result.
        dtype : {np.float64, np.float32}, default np.float64
            Type of the samples; the default yields to the type of `out`. They are drawn in float64; float32 ones are those,
            rounded, but not past an end of the support.

        Returns
        -------
        samples : ndarray, (B, n_per) for scalar families, (B, n_per, D) otherwise
            The samples, independent of each other; `out` if it was given.
        labels : ndarray of int64, (B, n_per)
            Index of the component of each sample, from 0 to K - 1. Only if `return_labels` is true.

        Raises
        ------
        TypeError
            If an argument has a wrong type, `out` among them.
        ValueError
            If `n_per` or `start` is negative or reaches beyond the end of the stream (2**64 samples of all mixtures), or
            `out` does not fit.
        MemoryError
            If the samples do not fit into memory.

        Examples
        --------
        >>> import fastgen as fg
        >>> batch = fg.MixtureBatch(None, fg.Normal([[0.0, 4.0], [1.0, 2.0]], 1.0))
        >>> batch.sample(3, rng=7).shape
        (2, 3)
        """
        if unknown:
            raise unknown_keywords(MixtureBatch.sample, unknown)
        n, start = stream_part(n_per, start, "n_per", self.n_mixtures)
        samples = samples_array(out, (self.n_mixtures, n, *self._row), dtype)
        labels = new_array((self.n_mixtures, n), np.int64, "an array of labels") if return_labels else None
        # The key comes last: a Generator must not be advanced by a call that fails.
        self._core.sample(stream_key(rng), start, samples, labels)
        return samples if labels is None else (samples, labels)

    @property
    def _row(self) -> tuple[int, ...]:
        """Shape of one point."""
        return () if self.components._scalar else (self.n_features,)

    def log_prob(self, x: ArrayLike, *, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Natural logarithm of the density of each mixture at its own points, in nats.

        Parameters
        ----------
        x : array_like of float
            One point for each mixture, (B,) or (B, D), or n points for each, (B, n) or (B, n, D).
        out : ndarray, optional
            Array to write the answer to: C-contiguous, of the shape and type of the result, not overlapping `x`.

        Returns
        -------
        ndarray, (B,) or (B, n)
            Log densities, computed in float64; float32 points give float32. NaN in a column of a `Product` is a value that
            was not observed, and is integrated out. A float32 point equals the atom of a `Delta` if it is the float32
            nearest to it. `out` if it was given.

        Raises
        ------
        ValueError
            If `x` has a wrong shape, or `out` does not fit.
        TypeError
            If `x` does not hold real numbers.

        Examples
        --------
        >>> import fastgen as fg
        >>> batch = fg.MixtureBatch(None, fg.Normal([[0.0, 4.0], [1.0, 2.0]], 1.0))
        >>> batch.log_prob([[0.0, 2.0, 4.0], [1.0, 1.5, 2.0]]).round(4)
        array([[-1.6118, -2.9189, -1.6118],
               [-1.138 , -1.0439, -1.138 ]])
        """
        return self._evaluate(self._core.log_prob, x, out)

    def prob(self, x: ArrayLike) -> NDArray[Any]:
        """Density of each mixture at its own points.

        Parameters
        ----------
        x : array_like of float
            One point for each mixture, (B,) or (B, D), or n points for each, (B, n) or (B, n, D).

        Returns
        -------
        ndarray, (B,) or (B, n)
            Densities, in the inverse unit of the data (to the power D); 0 where they are too small for the type: use
            `log_prob` far from the components.

        Raises
        ------
        ValueError
            If `x` has a wrong shape.
        TypeError
            If `x` does not hold real numbers.

        Examples
        --------
        >>> import fastgen as fg
        >>> batch = fg.MixtureBatch(None, fg.Normal([[0.0, 4.0], [1.0, 2.0]], 1.0))
        >>> batch.prob([0.0, 1.0]).round(4)
        array([0.1995, 0.3205])
        """
        return self._evaluate(self._core.prob, x)

    def _evaluate(
        self, kernel: Callable[[Any, Any], None], x: ArrayLike, out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Coerce points, run a kernel over them and return the answer."""
        points = as_float_array(x, "x")
        row = self._row
        lead = points.shape[: points.ndim - len(row)]
        if points.shape[len(lead) :] != row or len(lead) not in (1, 2) or lead[0] != self.n_mixtures:
            one = ", ".join(map(str, (self.n_mixtures, *row)))
            many = ", ".join(map(str, (self.n_mixtures, "n", *row)))
            comma = "" if row else ","
            hint = ""
            if points.shape[1:2] == (self.n_mixtures,) and points.shape[2:] == row:
                hint = "; did you mean x.swapaxes(0, 1)?"
            elif points.shape[len(lead) :] == row and len(lead) < 2:
                hint = f"; for the same points in every mixture pass np.broadcast_to(x, {(self.n_mixtures, *points.shape)})"
            raise ValueError(
                f"x has shape {points.shape}, expected ({one}{comma}) or ({many}) for {self.n_mixtures} mixtures{hint}"
            )
        if out is None:
            answer = new_array(lead, points.dtype, "an answer", "; pass fewer points at a time")
        else:
            answer = check_out(out, lead, points.dtype, points)
        kernel(points if len(lead) == 2 else points[:, None], answer)
        return answer

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MixtureBatch):
            return NotImplemented
        return np.array_equal(self.weights, other.weights) and self.components == other.components

    def __hash__(self) -> int:
        return hash(((self.weights + 0.0).tobytes(), self.components))

    def __reduce__(self) -> tuple[Any, ...]:
        return MixtureBatch._restore, (np.array(self.weights), self.components)

    @classmethod
    def _restore(cls, weights: FloatArray, components: Components) -> MixtureBatch:
        # As they are: scaling them again might change a bit.
        self = cls.__new__(cls)
        core = CoreMixtureBatch(len(weights), weights.ravel(), components._core)
        self._set(weights=read_only(weights), components=components, _core=core)
        return self

    def __repr__(self) -> str:
        from ._text import batch_text

        return batch_text(self)

    def _repr_html_(self) -> str:
        from ._text import batch_html

        return batch_html(self)


def _how_to_join(components: Any) -> str:
    """What to do instead of passing several family objects."""
    if not isinstance(components, (list, tuple)) or not any(isinstance(c, Components) for c in components):
        return ""
    names = sorted({type(c).__name__ for c in components})
    if len(names) == 1:
        return "; join the parameters along K in one object, or make a fastgen.Mixture for each row"
    return f"; a batch has one family, not {' and '.join(names)}: make a fastgen.Mixture for each row"
