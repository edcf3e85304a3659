"""What every family of components has in common, and the registry of families."""

from __future__ import annotations

import math
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np

from .._core import Components as CoreComponents
from .._frozen import Frozen
from .._habits import missing_attribute
from .._validate import Constraint, as_parameter, read_only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from .._validate import FloatArray, Index

__all__ = ["REGISTRY", "Components", "Parameter", "ScalarComponents", "restore"]

# Name -> class, in the order of definition. Files name families by it.
REGISTRY: dict[str, type[Components]] = {}


class Parameter(NamedTuple):
    """One parameter of a family: its name, what each of its elements must satisfy, and how to mend one that does not.

    `axes` names the axes that the value of one component has: none for a number, D for a row, D and R for a matrix. Axes
    before these are the components', (K,), or the mixtures' and the components', (B, K): that is how a batch is known.
    """

    name: str
    constraint: Constraint
    hint: str = ""
    axes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"{self.name}: {self.constraint.expected}"


def _moment(of_components: Callable[[Any], FloatArray]) -> Callable[[Any], FloatArray]:
    """A moment as a user gets it, from one that families compute for components along one axis."""

    @wraps(of_components)
    def moment(components: Components) -> FloatArray:
        # Beyond the numbers moments are infinite, or 0: that is an answer, not a mishap to warn of.
        with np.errstate(over="ignore", under="ignore"):
            if not components._batch:
                return of_components(components)
            lead = components._lead
            values = of_components(components._take(np.unravel_index(np.arange(math.prod(lead)), lead)))
            return values.reshape(*lead, *values.shape[1:])

    return moment


class Components(Frozen):
    """K components of one family: a validated, immutable record of parameters.

    This is the base class of the families and cannot be constructed itself. A family states its parameters as data
    (`parameters`) and supplies `mean`, `variance`, `covariance` and, where they exist, `_marginal` and `_condition`.

    See Also
    --------
    fastgen.Normal, fastgen.MultivariateNormal

    Examples
    --------
    What all families have:

    >>> import fastgen as fg
    >>> components = fg.Gamma([2.0, 8.0], [1.0, 2.0])
    >>> isinstance(components, fg.Components), len(components), components.n_features
    (True, 2, 1)
    >>> components.mean, components.variance
    (array([2., 4.]), array([2., 2.]))
    >>> components[1]
    Gamma(concentration=[8.], rate=[2.])
    """

    __slots__ = ("_batch", "_core")

    #: The parameters, in the order of the constructor.
    parameters: ClassVar[tuple[Parameter, ...]] = ()

    #: Where the density is positive, how samples are drawn, where the law is described, and the law of one component in
    #: scipy.stats, if it has it: for the table of families.
    support: ClassVar[str] = ""
    sampler: ClassVar[str] = ""
    source: ClassVar[str] = ""
    scipy: ClassVar[str] = ""

    # What the density is a density of: "continuous" (length, volume), "discrete" (counts of whole numbers), "atoms", the
    # surface of a "sphere", or a "simplex".
    _measure: ClassVar[str] = "continuous"
    # Whether some of several features, and the rest given those, follow laws that the package has.
    _slices: ClassVar[bool] = True
    # The fewest features that the law has.
    _least_features: ClassVar[int] = 1
    # Whether a point is a number rather than a row of features.
    _scalar: ClassVar[bool] = False
    # Number of mixtures B if every parameter has a leading axis for them (see MixtureBatch), else 0.
    _batch: int
    _core: CoreComponents

    def __new__(cls, *given: Any, **named: Any) -> Self:
        """Refuse to make what is not a family."""
        if not cls.parameters:
            raise TypeError(
                f"{cls.__name__} is what families have in common; construct one of them, such as fastgen.Normal or "
                "fastgen.MultivariateNormal"
            )
        return super().__new__(cls, *given, **named)

    def __init_subclass__(cls) -> None:
        """Register a family; refuse subclasses of one."""
        super().__init_subclass__()
        family = next((base.__name__ for base in cls.__mro__[1:] if REGISTRY.get(base.__name__) is base), None)
        if family is not None:
            # Parts, copies and files are made by the name of the family: they would silently be of another class.
            raise TypeError(
                f"{cls.__name__} cannot be a subclass of the family {family}: components are made anew when they are indexed, "
                f"joined, copied and loaded, and would be plain {family} again; write a function that returns a {family}, or "
                "a class that holds one"
            )
        for name in ("mean", "variance", "covariance"):
            moment = cls.__dict__.get(name)
            if isinstance(moment, property) and moment.fget is not None:
                setattr(cls, name, property(_moment(moment.fget)))
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

    def _make_core(self, lead: tuple[int, ...], *parameters: FloatArray) -> None:
        """Hand parameters, whose first axis is that of all components, to the core; `lead` is (K,) or (B, K)."""
        core = CoreComponents(type(self).__name__, self._variant, parameters)
        self._set(_core=core, _batch=lead[0] if len(lead) == 2 else 0)

    # From what a user gives to a record

    def _initialise(self, **given: ArrayLike) -> None:
        """Check the parameters, broadcast them and hand them to the core."""
        values = self._shaped(given, self.parameters)
        self._check(values)
        self._fill(*values.values())

    @classmethod
    def _shaped(cls, given: Mapping[str, ArrayLike], parameters: Sequence[Parameter]) -> dict[str, FloatArray]:
        """Private copies of these parameters, checked, with the same leading axes (K,) or (B, K); scalars are repeated."""
        values = {p.name: as_parameter(given[p.name], p.name, p.constraint, p.hint) for p in parameters}
        first: Parameter | None = None
        lead: tuple[int, ...] = (1,)
        sizes: dict[str, int] = {}
        # Where a value has axes of its own, only they tell how many components there are: a scalar does not.
        for p in sorted(parameters, key=lambda p: not p.axes):
            value = values[p.name]
            if value.ndim == 0 and all(axis in sizes for axis in p.axes):
                continue
            if first is None:
                cls._check_first(value, p)
                first, lead = p, value.shape[: value.ndim - len(p.axes)]
            elif value.shape[: len(lead)] != lead or not _fits(value.shape[len(lead) :], p.axes, sizes):
                raise ValueError(_mismatch(values, p, first, lead, sizes))
            sizes.update(zip(p.axes, value.shape[len(lead) :], strict=True))
        for p in parameters:
            if values[p.name].ndim == 0:
                values[p.name] = np.full((*lead, *(sizes[axis] for axis in p.axes)), values[p.name])
        return values

    @classmethod
    def _check_first(cls, value: FloatArray, p: Parameter) -> None:
        """Raise ValueError unless the parameter that tells K and D has a shape that does."""
        if not p.axes and value.size == 0:
            raise ValueError(f"{p.name} is empty, expected one value per component")
        least = cls._least_features
        good = value.ndim - len(p.axes) in (1, 2) and 0 not in value.shape
        if good and (not p.axes or value.shape[-1] >= least):
            return
        what = "one row per component" if p.axes else "one value per component, or a scalar"
        limit = f" with {p.axes[-1]} at least {least}" if p.axes else ""
        hint = ""
        if p.axes and value.ndim == 1:
            hint = f"; for one component pass {p.name}[None, :]"
            hint += f", for one feature {p.name}[:, None]" if least == 1 else ""
        raise ValueError(
            f"{p.name} has shape {value.shape}, expected {_layout('K', *p.axes)}{limit}, {what}; "
            f"{_layout('B', 'K', *p.axes)} for a batch of mixtures{hint}"
        )

    def _check(self, values: dict[str, FloatArray]) -> None:
        """Raise ValueError for values that are valid one by one but not together; may put scaled ones in their place."""

    def _fill(self, *values: FloatArray) -> None:
        """Hold valid parameters that nobody else holds, and hand them to the core."""
        self._set(**{p.name: read_only(value) for p, value in zip(self.parameters, values, strict=True)})
        lead = values[0].shape[: values[0].ndim - len(self.parameters[0].axes)]
        self._make_core(lead, *(value.reshape(math.prod(lead), *value.shape[len(lead) :]) for value in values))

    @classmethod
    def _of(cls, *values: FloatArray) -> Self:
        """Components with valid parameters that nobody else holds, without checks."""
        self = cls.__new__(cls)
        self._fill(*map(np.ascontiguousarray, values))
        return self

    # What a user sees

    @property
    def n_components(self) -> int:
        """Number of components K, of each mixture of a batch."""
        return self._core.n_components // (self._batch or 1)

    @property
    def _lead(self) -> tuple[int, ...]:
        """Leading axes of the parameters: (K,), or (B, K) of a batch."""
        return (self._batch, self.n_components) if self._batch else (self.n_components,)

    @property
    def n_features(self) -> int:
        """Number of features D of one point; 1 for scalar families."""
        return self._core.n_features

    # A family computes moments for K components; those of a batch get its leading axes, (B, K) (see `_moment`).

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
            raise missing_attribute(self, name, "make a mixture of it: fastgen.Mixture(None, components).")

    def __len__(self) -> int:
        return self.n_components

    def _sizes(self) -> str:
        """What `repr` says first of laws of several features."""
        batch = f"n_mixtures={self._batch}, " if self._batch else ""
        return f"{batch}n_components={self.n_components}, n_features={self.n_features}"

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

    def _take(self, index: Index) -> Self:
        """The components at these indices, which are those of NumPy: of a batch a number selects a mixture."""
        return self._of(*(getattr(self, parameter.name)[index] for parameter in self.parameters))

    def _join(self, others: Sequence[Self]) -> Self | None:
        """These components followed by those of `others`, or None if one object cannot hold them."""
        each = [[getattr(block, p.name) for block in (self, *others)] for p in self.parameters]
        if any(len({array.shape[1:] for array in arrays}) > 1 for arrays in each):
            return None
        return self._of(*map(np.concatenate, each))

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

    def _brought_near(self, exponent: int) -> Components | None:
        """The same components with means 2**-exponent as far from 0; None if that would not tell which is nearest."""
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

    @property
    def covariance(self) -> FloatArray:
        """Variance of each component, (K,)."""
        return self.variance

    def _pooled_covariance(self, weights: FloatArray) -> FloatArray:
        used = weights > 0
        return np.asarray(np.sum(weights[used] * self.variance[used]))

    def __repr__(self) -> str:
        with np.printoptions(precision=4, threshold=8, edgeitems=3):
            values = ", ".join(
                f"{p.name}={np.array2string(getattr(self, p.name), separator=', ')}" for p in self.parameters
            )
        return f"{type(self).__name__}({values})"


def _layout(*axes: int | str) -> str:
    """A shape as it is written."""
    return f"({', '.join(map(str, axes))}{',' * (len(axes) == 1)})"


def _fits(shape: tuple[int, ...], axes: tuple[str, ...], sizes: Mapping[str, int]) -> bool:
    """Whether the value of one component has its axes, those with known sizes of that size."""
    return len(shape) == len(axes) and all(sizes.get(a, n) == n for a, n in zip(axes, shape, strict=True))


def _mismatch(
    values: Mapping[str, FloatArray], p: Parameter, first: Parameter, lead: tuple[int, ...], sizes: Mapping[str, int]
) -> str:
    """How the shape of a parameter differs from what the first one asks for."""
    if not first.axes:
        found = ", ".join(f"{name} {value.shape}" for name, value in values.items() if value.ndim)
        return f"parameters have different shapes: {found}; expected one shape, (K,) or (B, K), or scalars"
    expected = _layout(*lead, *(sizes.get(axis, axis) for axis in p.axes))
    scalar = ", or a scalar" if all(axis in sizes for axis in p.axes) else ""
    return (
        f"{p.name} has shape {values[p.name].shape}, expected {expected} for {first.name} of shape "
        f"{values[first.name].shape}{scalar}"
    )


def restore(family: str, variant: str, state: Mapping[str, FloatArray]) -> Components:
    """Rebuild components from what `Components._state` gave."""
    try:
        cls = REGISTRY[family]
    except KeyError:
        raise ValueError(f"family {family!r} is unknown, expected one of {', '.join(REGISTRY)}") from None
    return cls._from_state(variant, state)
