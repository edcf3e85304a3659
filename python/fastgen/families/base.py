"""What every family of components has in common, and the registry of families."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np

from .._core import Components as CoreComponents
from .._frozen import Frozen
from .._validate import Constraint, as_parameter, read_only

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from .._validate import FloatArray

__all__ = ["REGISTRY", "Components", "Parameter", "ScalarComponents", "as_means", "restore", "row_hint"]

# Name -> class, in the order of definition. Files name families by it.
REGISTRY: dict[str, type[Components]] = {}


class Parameter(NamedTuple):
    """One parameter of a family: its name, what each of its elements must satisfy, and how to mend one that does not."""

    name: str
    constraint: Constraint
    hint: str = ""


class Components(Frozen):
    """K components of one family: a validated, immutable record of parameters.

    This is the base class of the families and cannot be constructed itself. A family states its parameters as data
    (`parameters`) and supplies `mean`, `covariance`, `_take` and, where they exist, `_marginal` and `_condition`.

    See Also
    --------
    fastgen.Normal, fastgen.MultivariateNormal
    """

    __slots__ = ("_batch", "_core")

    #: The parameters, in the order of the constructor.
    parameters: ClassVar[tuple[Parameter, ...]] = ()

    #: Where the density is positive, how samples are drawn, and where the law is described: for the table of families.
    support: ClassVar[str] = ""
    sampler: ClassVar[str] = ""
    source: ClassVar[str] = ""

    # What the density is a density of: "continuous" (length, volume), "discrete" (counts of whole numbers), "atoms", the
    # surface of a "sphere", or a "simplex".
    _measure: ClassVar[str] = "continuous"
    # Whether some of several features, and the rest given those, follow laws that the package has.
    _slices: ClassVar[bool] = True
    # Whether a point is a number rather than a row of features.
    _scalar: ClassVar[bool] = False
    # Number of mixtures B if every parameter has a leading axis for them (see MixtureBatch), else 0.
    _batch: int
    _core: CoreComponents

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self:
        """Refuse to make what is not a family."""
        if not cls.parameters:
            raise TypeError(
                f"{cls.__name__} is what families have in common; construct one of them, such as fastgen.Normal or "
                "fastgen.MultivariateNormal"
            )
        return super().__new__(cls)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        family = next((base.__name__ for base in cls.__mro__[1:] if REGISTRY.get(base.__name__) is base), None)
        if family is not None:
            # Parts, copies and files are made by the name of the family: they would silently be of another class.
            raise TypeError(
                f"{cls.__name__} cannot be a subclass of the family {family}: components are made anew when they are indexed, "
                f"joined, copied and loaded, and would be plain {family} again; write a function that returns a {family}, or "
                "a class that holds one"
            )
        # Moments beyond the numbers are infinite, or 0: that is an answer, not a mishap to warn of.
        for name in ("mean", "variance", "covariance"):
            moment = cls.__dict__.get(name)
            if isinstance(moment, property) and moment.fget is not None:
                setattr(cls, name, property(np.errstate(over="ignore", under="ignore")(moment.fget)))
        if cls.parameters:
            REGISTRY[cls.__name__] = cls

    # What the core needs

    @classmethod
    def _has_slope(cls) -> bool:
        """Whether log densities have a gradient."""
        return cls._measure not in ("discrete", "atoms")

    @property
    def _variant(self) -> str:
        """The form of the parameters within the family; empty where there is only one."""
        return ""

    def _make_core(self, *parameters: FloatArray, batch: int = 0) -> None:
        self._set(_core=CoreComponents(type(self).__name__, self._variant, parameters), _batch=batch)

    # What a user sees

    @property
    def n_components(self) -> int:
        """Number of components K, of each mixture of a batch."""
        return self._core.n_components // (self._batch or 1)

    @property
    def n_features(self) -> int:
        """Number of features D of one point; 1 for scalar families."""
        return self._core.n_features

    @property
    def mean(self) -> FloatArray:
        """Mean of each component, (K,) for scalar families and (K, D) otherwise."""
        raise NotImplementedError

    @property
    def variance(self) -> FloatArray:
        """Variance of each feature in each component, (K,) for scalar families and (K, D) otherwise."""
        raise NotImplementedError

    @property
    def covariance(self) -> FloatArray:
        """Covariance of each component, (K, D, D); the variance (K,) for scalar families."""
        raise NotImplementedError

    @property
    def _deviation(self) -> FloatArray:
        """Standard deviations, shaped like `variance`; families that hold them say so, as squares may overflow."""
        return np.sqrt(self.variance)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Say where the methods of a mixture are, which one expects here who comes from other libraries."""
            from ..mixture import Mixture

            hint = ""
            if not name.startswith("_") and hasattr(Mixture, name):
                hint = f"; make a mixture of it: fastgen.Mixture(None, components).{name}"
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}", name=name, obj=self)

    def __len__(self) -> int:
        return self.n_components

    def __getitem__(self, index: int | slice | Sequence[int] | NDArray[Any]) -> Self:
        if self._batch:
            raise TypeError(f"components of a batch of {self._batch} mixtures are not indexed; index its parameters")
        chosen = np.arange(len(self))[index]
        if chosen.ndim > 1:
            raise IndexError(f"components are indexed along one axis, got an index of shape {chosen.shape}")
        if chosen.size == 0:
            raise IndexError(f"the index {index!r} selects none of the {len(self)} components, expected at least one")
        return self._take(np.atleast_1d(chosen))

    def __iter__(self) -> Iterator[Self]:
        return (self[k] for k in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        mine, theirs = self._law(), other._law()
        return self._variant == other._variant and all(map(np.array_equal, mine, theirs))

    def __hash__(self) -> int:
        # Adding 0 turns -0.0, which equals 0.0, into the same bytes.
        return hash((type(self), self._variant, *((value + 0.0).tobytes() for value in self._law())))

    def __reduce__(self) -> tuple[Any, ...]:
        return restore, (type(self).__name__, self._variant, self._state())

    # What a family supplies

    def _law(self) -> tuple[FloatArray, ...]:
        """The arrays that determine the law: two objects with equal ones are equal."""
        return tuple(getattr(self, parameter.name) for parameter in self.parameters)

    def _take(self, index: NDArray[np.int64]) -> Self:
        """The components at these indices."""
        raise NotImplementedError

    def _join(self, others: Sequence[Self]) -> Self | None:
        """These components followed by those of `others`, or None if one object cannot hold them."""
        return None

    def _pooled_covariance(self, weights: FloatArray) -> FloatArray:
        """Weighted sum of the components' covariances, without (K, D, D) temporaries where possible."""
        raise NotImplementedError

    def _marginal(self, features: list[int]) -> Components:
        """The law of these features, multivariate even if there is only one."""
        raise TypeError(f"{type(self).__name__} has one feature and no marginals")

    def _marginal_scalar(self, feature: int) -> Components:
        """The law of one feature, as a scalar family."""
        raise TypeError(f"{type(self).__name__} has one feature and no marginals")

    def _condition(self, features: list[int], rest: list[int], values: FloatArray) -> Components:
        """The law of the features `rest` given that `features` have these values."""
        raise TypeError(f"{type(self).__name__} has one feature; nothing is left after conditioning on it")

    def _stretched(self, exponent: int) -> Components | None:
        """The same components with spreads 2**exponent as large; None if that would not tell which is nearest."""
        return None

    # Saving: arrays that restore the same bits

    def _state(self) -> dict[str, FloatArray]:
        """Arrays from which `_from_state` makes an equal object, bit for bit."""
        return {parameter.name: getattr(self, parameter.name) for parameter in self.parameters}

    @classmethod
    def _from_state(cls, variant: str, state: Mapping[str, FloatArray]) -> Self:
        """The object with this state; raises ValueError, TypeError or KeyError if it is not a valid one."""
        return cls(**{parameter.name: state[parameter.name] for parameter in cls.parameters})


class ScalarComponents(Components):
    """K components of a family on the real line; every parameter has shape (K,), or (B, K) for a batch of mixtures."""

    __slots__ = ()

    _scalar = True

    def _initialise(self, **given: ArrayLike) -> None:
        """Check the parameters, broadcast them to a common length and hand them to the core."""
        values = {p.name: as_parameter(given[p.name], p.name, p.constraint, p.hint) for p in self.parameters}
        for name, value in values.items():
            if value.ndim > 2:
                raise ValueError(
                    f"{name} has shape {value.shape}, expected (K,), one value per component, or a scalar; (B, K) for a "
                    "batch of mixtures"
                )
            if value.size == 0:
                raise ValueError(f"{name} is empty, expected one value per component")
        shapes = {name: value.shape for name, value in values.items() if value.ndim}
        if len(set(shapes.values())) > 1:
            found = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            raise ValueError(f"parameters have different shapes: {found}; expected one shape, (K,), or scalars")
        shape = next(iter(shapes.values()), (1,))
        arrays = {name: read_only(np.full(shape, value)) for name, value in values.items()}
        self._check(arrays)
        self._set(**arrays)
        self._make_core(*map(np.ravel, self._law()), batch=shape[0] if len(shape) == 2 else 0)

    def _check(self, values: Mapping[str, FloatArray]) -> None:
        """Raise ValueError for values, (K,) each, that are valid one by one but not together."""

    @property
    def covariance(self) -> FloatArray:
        """Variance of each component, (K,)."""
        return self.variance

    def _take(self, index: NDArray[np.int64]) -> Self:
        return type(self)(**{p.name: getattr(self, p.name)[index] for p in self.parameters})

    def _join(self, others: Sequence[Self]) -> Self | None:
        blocks = (self, *others)
        return type(self)(**{p.name: np.concatenate([getattr(b, p.name) for b in blocks]) for p in self.parameters})

    def _pooled_covariance(self, weights: FloatArray) -> FloatArray:
        used = weights > 0
        return np.asarray(np.sum(weights[used] * self.variance[used]))

    def __repr__(self) -> str:
        with np.printoptions(precision=4, threshold=8, edgeitems=3):
            values = ", ".join(
                f"{p.name}={np.array2string(getattr(self, p.name), separator=', ')}" for p in self.parameters
            )
        return f"{type(self).__name__}({values})"


def row_hint(values: FloatArray, name: str) -> str:
    """How to make rows, one for each component, of an array with another number of axes."""
    if values.ndim == 1:
        return f"; for one component pass {name}[None, :]"
    return "; components of a MixtureBatch go in one row, (B * K, D)" if values.ndim == 3 else ""


def as_means(means: ArrayLike) -> FloatArray:
    """Return means (K, D), checked."""
    values = as_parameter(means, "means")
    if values.ndim != 2:
        hint = row_hint(values, "means") + (", for one feature means[:, None]" if values.ndim == 1 else "")
        raise ValueError(f"means has shape {values.shape}, expected (K, D), one row per component{hint}")
    if 0 in values.shape:
        raise ValueError(f"means has shape {values.shape}, expected at least one component and one feature")
    return values


def restore(family: str, variant: str, state: Mapping[str, FloatArray]) -> Components:
    """Rebuild components from what `Components._state` gave."""
    try:
        cls = REGISTRY[family]
    except KeyError:
        raise ValueError(f"family {family!r} is unknown, expected one of {', '.join(REGISTRY)}") from None
    return cls._from_state(variant, state)
