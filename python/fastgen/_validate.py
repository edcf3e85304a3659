"""The one place that coerces and checks arguments.

Every message has the same four parts: the parameter, the value that is wrong (with its index), what is expected,
and how to mend it. Constraints on parameters are data (`Constraint`), so that a family states them in a table.
"""

from __future__ import annotations

import math
import operator
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import SupportsIndex

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    FloatArray = NDArray[np.float64]
    AnyFloatArray = NDArray[np.float32] | NDArray[np.float64]
    # Some of the features of a mixture, as users name them.
    Features = SupportsIndex | Sequence[SupportsIndex] | NDArray[np.integer[Any]] | NDArray[np.bool_]
    Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]
    # What selects components: their numbers; of a batch one number of a mixture, or those of mixtures and of components.
    Index = int | NDArray[np.int64] | tuple[NDArray[np.int64], ...]

__all__ = [
    "ANGLE",
    "COUNT",
    "NON_NEGATIVE",
    "POSITIVE",
    "POSITIVE_SHARE",
    "PROBABILITY",
    "REAL",
    "REAL_OR_INFINITE",
    "SHAPE",
    "SHARE",
    "Constraint",
    "as_feature_indices",
    "as_float_array",
    "as_float_dtype",
    "as_int",
    "as_number",
    "as_option",
    "as_parameter",
    "as_path",
    "at",
    "check_constraint",
    "check_out",
    "first_index",
    "kind_of",
    "new_array",
    "normalised_rows",
    "normalised_weights",
    "read_only",
    "shown",
]

FLOAT32 = np.dtype(np.float32)
FLOAT64 = np.dtype(np.float64)
# The smallest positive number whose reciprocal is finite: scales below it cannot be divided by.
TINY = float(np.finfo(np.float64).tiny)
EPS = float(np.finfo(np.float64).eps)


# Constraints as data


class Constraint(NamedTuple):
    """What every element of a parameter must satisfy, and how to say so."""

    expected: str
    holds: Callable[[FloatArray], NDArray[np.bool_]]


def _finite(values: FloatArray) -> NDArray[np.bool_]:
    return np.isfinite(values)


def _not_nan(values: FloatArray) -> NDArray[np.bool_]:
    return ~np.isnan(values)


def _angle(values: FloatArray) -> NDArray[np.bool_]:
    return np.abs(values) <= 2**50


def _positive(values: FloatArray) -> NDArray[np.bool_]:
    return (values >= TINY) & np.isfinite(values)


def _shape(values: FloatArray) -> NDArray[np.bool_]:
    return (values >= TINY) & (values <= 1e300)


def _non_negative(values: FloatArray) -> NDArray[np.bool_]:
    return (values >= 0) & np.isfinite(values)


def _count(values: FloatArray) -> NDArray[np.bool_]:
    whole: NDArray[np.bool_] = np.floor(values) == values
    return (values >= 0) & (values <= 2**53) & whole


def _share(values: FloatArray) -> NDArray[np.bool_]:
    zero: NDArray[np.bool_] = values == 0
    return zero | _positive_share(values)


def _positive_share(values: FloatArray) -> NDArray[np.bool_]:
    return (values >= TINY) & (values <= 1)


def _probability(values: FloatArray) -> NDArray[np.bool_]:
    # NaN passes: it is a point without a value, and its answer is NaN.
    return ~((values < 0) | (values > 1))


REAL = Constraint("a finite number", _finite)
ANGLE = Constraint("a finite number (an angle, up to 2**50 in size: rounding leaves none of larger ones)", _angle)
REAL_OR_INFINITE = Constraint("a number or an infinity", _not_nan)
POSITIVE = Constraint("a finite number greater than 0 (at least 2.3e-308)", _positive)
SHAPE = Constraint("a finite number greater than 0 (from 2.3e-308 to 1e300)", _shape)
NON_NEGATIVE = Constraint("a finite number of at least 0", _non_negative)
COUNT = Constraint("a whole number from 0 to 2**53", _count)
SHARE = Constraint("a probability from 0 to 1 (0, or at least 2.3e-308)", _share)
POSITIVE_SHARE = Constraint("a probability greater than 0 (at least 2.3e-308) and at most 1", _positive_share)
PROBABILITY = Constraint("a probability between 0 and 1", _probability)


def first_index(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    """Index of the first true element of a mask that has one."""
    return tuple(int(i) for i in np.unravel_index(int(mask.argmax()), mask.shape))


def at(name: str, index: Sequence[int]) -> str:
    """The name of an element as a user would write it: ``scale[3]``, ``x[0, 2]``, ``scale`` for a scalar."""
    return f"{name}[{', '.join(str(i) for i in index)}]" if index else name


def check_constraint(values: Any, name: str, constraint: Constraint, hint: str = "") -> None:
    """Raise ValueError naming the first element that breaks the constraint."""
    good = constraint.holds(values)
    if not good.all():
        index = first_index(~good)
        found = f"{at(name, index)} is {float(values[index])!r}"
        raise ValueError(f"{found}, expected {constraint.expected}{'; ' if hint else ''}{hint}")


# Arrays

_WHY_NOT_NUMBERS = {
    "c": "complex numbers; pass {name}.real if the imaginary parts carry nothing",
    "U": "text; convert it first, e.g. np.asarray({name}, dtype=float)",
    "S": "bytes; convert them first, e.g. np.asarray({name}, dtype=float)",
    "T": "text; convert it first, e.g. np.asarray({name}, dtype=float)",
    "M": "dates; convert them to a number first, e.g. days since the first one",
    "m": "time differences; divide them by a unit first, e.g. {name} / np.timedelta64(1, 's')",
    "V": "records; pass a plain array of numbers, e.g. one field at a time",
    "O": "Python objects; pass a rectangular array of numbers, e.g. np.asarray({name}, dtype=float), with NaN for what is "
    "missing",
}


_UNMASK = "pass {}.filled(np.nan), or only what is not masked"


def as_float_array(value: ArrayLike, name: str, unmask: str = _UNMASK) -> AnyFloatArray:
    """Return native, aligned float32 or float64 with any strides; copies only if that is needed.

    float32 stays float32; every other real type becomes float64. `unmask` says what to do with masked values.
    """
    if type(value) is np.ndarray and (value.dtype == FLOAT64 or value.dtype == FLOAT32) and _is_regular(value):
        return value
    # numpy.ma is not imported for the test: every masked array is an ndarray with a mask.
    if isinstance(value, np.ndarray) and np.any(getattr(value, "mask", False)):
        raise TypeError(f"{name} is a masked array, whose mask would be lost; {unmask.format(name)}")
    if value is None:
        raise TypeError(f"{name} is None, expected numbers")
    try:
        array = np.asarray(value)
    except Exception as error:
        raise ValueError(
            f"{name} cannot be made into an array ({' '.join(str(error).split())}); pass a rectangular array of numbers"
        ) from error
    kind = array.dtype.kind
    if kind == "O" and _are_numbers(array, name):  # as of data frames whose columns differ in type
        return array.astype(np.float64)
    if kind not in "fiub":
        texts = (index for index, value in np.ndenumerate(array) if isinstance(value, str)) if kind == "O" else ()
        for index in texts:
            raise TypeError(
                f"{at(name, index)} is {shown(array[index])}, expected a number; encode categories as 0, 1, ... first"
            )
        why = _WHY_NOT_NUMBERS.get(kind, f"values of type {array.dtype}; pass real numbers")
        found = f" (got {type(value).__name__})" if kind == "O" and array.ndim == 0 else ""
        raise TypeError(f"{name} holds {why.format(name=name)}{found}")
    # Byte-swapped float32 is still float32.
    dtype: np.dtype[Any] = FLOAT32 if kind == "f" and array.dtype.itemsize == 4 else FLOAT64
    with np.errstate(over="ignore", under="ignore"):  # a longdouble beyond float64 is infinite there, and that is all
        converted: NDArray[Any] = array.astype(dtype, copy=False)
    return converted if _is_regular(converted) else converted.copy()


def _are_numbers(array: NDArray[Any], name: str) -> bool:
    """Whether an array of objects holds nothing but numbers that float64 has."""
    if not array.size or not all(isinstance(value, (int, float, np.number, np.bool_)) for value in array.flat):
        return False
    for index, value in np.ndenumerate(array):
        if isinstance(value, (complex, np.complexfloating)):
            return False
        if isinstance(value, int) and abs(value) >= 2**1024:
            raise ValueError(
                f"{at(name, index)} is an integer of {value.bit_length()} bits, expected numbers within the range of float64, up "
                f"to 1.8e308; rescale {name} before, e.g. divide by a common unit"
            )
    return True


def _is_regular(array: NDArray[Any]) -> bool:
    # An axis of length 1 counts as aligned whatever its stride, but the core counts strides in elements.
    return array.flags.aligned and not any(stride % array.itemsize for stride in array.strides)


def as_parameter(value: ArrayLike, name: str, constraint: Constraint = REAL, hint: str = "") -> FloatArray:
    """Return a private C-contiguous float64 copy of a parameter, checked element by element."""
    array = np.array(as_float_array(value, name, "pass numbers for all of it"), dtype=np.float64, order="C")
    check_constraint(array, name, constraint, hint)
    return array


def read_only(array: FloatArray) -> FloatArray:
    """Mark an array that belongs to an immutable object; returns it."""
    array.flags.writeable = False
    return array


def new_array(shape: tuple[int, ...], dtype: DTypeLike, what: str, hint: str = "") -> NDArray[Any]:
    """Return an uninitialised array, or raise a MemoryError that says what was asked for."""
    try:
        return np.empty(shape, dtype)
    except (MemoryError, ValueError, OverflowError):
        need, unit = math.prod(shape) * np.dtype(dtype).itemsize / 2**20, "MiB"
        if need >= 2**10:
            need, unit = need / 2**10, "GiB"
        raise MemoryError(
            f"{what} of shape {shape} would need {need:,.1f} {unit}, more than this process can get{hint}"
        ) from None


def check_out(out: Any, shape: tuple[int, ...], dtype: np.dtype[Any], x: NDArray[Any] | None) -> NDArray[Any]:
    """Return `out` after checking that a kernel can write a whole answer into it and nothing else."""
    if not isinstance(out, np.ndarray):
        found = type(out).__name__
        raise TypeError(f"out is of type {found}, expected a NumPy array of shape {shape} and type {dtype}")
    if out.shape != shape:
        raise ValueError(f"out has shape {out.shape}, expected {shape}")
    if out.dtype != dtype:
        raise TypeError(f"out has type {out.dtype}, expected {dtype}; the answer is never cast")
    if not (out.flags.c_contiguous and out.flags.aligned):
        raise ValueError("out is not C-contiguous and aligned; pass a new array, e.g. np.empty(shape), or a row block")
    if not out.flags.writeable:
        raise ValueError("out is read-only; pass an array that may be written to")
    if x is not None and np.may_share_memory(out, x):
        raise ValueError("out overlaps the input in memory, which would be overwritten while read; pass a new array")
    return out


def samples_array(out: Any, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return the array that samples go to: `out`, or a new one. The default np.float64 yields to the type of `out`."""
    float_type = as_float_dtype(dtype)
    if out is None:
        return new_array(shape, float_type, "an array of samples", "; draw in pieces, with start=")
    given = out.dtype if isinstance(out, np.ndarray) else None
    if dtype is np.float64 and given == FLOAT32:
        float_type = FLOAT32
    elif given is not None and given != float_type and given in (FLOAT32, FLOAT64):
        raise TypeError(
            f"out has type {given}, but dtype is {float_type}; leave dtype out, or pass an array of that type"
        )
    return check_out(out, shape, float_type, None)


# Numbers and options


def shown(value: Any) -> str:
    """A value as it appears in a message: its repr in one line, cut where it gets long."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # Python writes out no integer of thousands of digits
        return f"an integer of {value.bit_length()} bits" if isinstance(value, int) else f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."


def kind_of(value: Any) -> str:
    """What a value is that should have been something else."""
    return f"the class {value.__name__}" if isinstance(value, type) else f"of type {type(value).__name__}"


def as_int(
    value: Any, name: str, minimum: int | None = None, maximum: int | None = None, hint: str = "", limit: str = ""
) -> int:
    """Return a Python int from anything that is an integer (bool is not).

    `hint` says what the number is, `limit` why it has a maximum.
    """
    tail = f"; {hint}" if hint else ""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {value!r}, expected an integer{tail}")
    try:
        number = operator.index(value)
    except TypeError:
        mend = "; wrap it in int() if it is a whole number" if isinstance(value, (float, np.floating)) else tail
        raise TypeError(f"{name} is {shown(value)} of type {type(value).__name__}, expected an integer{mend}") from None
    if minimum is not None and number < minimum:
        raise ValueError(f"{name} is {shown(number)}, expected at least {minimum}{tail}")
    if maximum is not None and number > maximum:
        raise ValueError(f"{name} is {shown(number)}, expected at most {maximum}{f'; {limit}' if limit else tail}")
    return number


def as_number(value: Any, name: str, minimum: float) -> float:
    """Return a finite Python float of at least `minimum`."""
    if isinstance(value, (bool, np.bool_, str, bytes)) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} is {shown(value)} of type {type(value).__name__}, expected a number")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {shown(value)}, expected one number") from None
    except OverflowError:
        raise ValueError(f"{name} is {shown(value)}, expected a number within the range of float64") from None
    if not math.isfinite(number) or number < minimum:
        raise ValueError(f"{name} is {number!r}, expected a finite number of at least {minimum:g}")
    return number


def as_option(value: Any, name: str, options: Sequence[str]) -> str:
    """Return `value` if it is one of the options."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {shown(value)} of type {type(value).__name__}, expected one of {_listed(options)}")
    if value not in options:
        raise ValueError(f"{name} is {shown(value)}, expected one of {_listed(options)}")
    return value


def _listed(options: Sequence[str]) -> str:
    return ", ".join(repr(option) for option in options)


def as_path(value: Any) -> str:
    """Return a path as a string."""
    try:
        path = os.fsdecode(value)
    except TypeError:
        raise TypeError(
            f"path is {shown(value)} of type {type(value).__name__}, expected a str or os.PathLike"
        ) from None
    if "\0" in path:
        raise ValueError(f"path is {shown(path)}, expected one without null characters, which no file name has")
    return path


def as_float_dtype(value: DTypeLike) -> np.dtype[Any]:
    """Return the dtype object of float32 or float64, the two types that samples come in."""
    try:
        dtype = np.dtype(value)
    except TypeError:
        raise TypeError(f"dtype is {shown(value)}, expected np.float64 or np.float32") from None
    if dtype != FLOAT64 and dtype != FLOAT32:
        raise TypeError(f"dtype is {dtype}, expected np.float64 or np.float32; convert the samples afterwards")
    return dtype


def as_feature_indices(features: Any, n_features: int) -> tuple[bool, list[int]]:
    """Return whether `features` is one int, and the distinct indices in 0 .. n_features - 1 that it names."""
    if isinstance(features, (str, bytes)):
        raise TypeError(f"features is {features!r}, expected an int or a sequence of ints")
    features = _marked(features, n_features)
    if getattr(features, "ndim", None) == 0 or not hasattr(features, "__len__"):
        single, given = True, [features]
    else:
        single, given = False, list(features)
    if not given:
        raise ValueError("features is empty, expected at least one feature")
    seen: dict[int, int] = {}
    for position, feature in enumerate(given):
        name = "features" if single else f"features[{position}]"
        index = as_int(feature, name, hint="features is an int or a sequence of ints")
        if not -n_features <= index < n_features:
            raise ValueError(
                f"{name} is {index}, expected an index from {-n_features} to {n_features - 1}: the mixture has "
                f"{n_features} features"
            )
        index %= n_features
        if index in seen:
            hint = "; for a mask pass booleans" if len(given) == n_features and max(seen) <= 1 else ""
            raise ValueError(f"{name} names feature {index} again; expected distinct features{hint}")
        seen[index] = position
    return single, list(seen)


def _marked(features: Any, n_features: int) -> Any:
    """The indices that a boolean mask marks; anything else as it is."""
    if isinstance(features, (list, tuple)) and features and all(isinstance(f, (bool, np.bool_)) for f in features):
        features = np.array(features)
    if not isinstance(features, np.ndarray) or features.dtype != bool or features.ndim == 0:
        return features
    if features.shape != (n_features,):
        raise ValueError(
            f"features is a boolean mask of shape {features.shape}, expected {(n_features,)}: one value for each feature"
        )
    return np.flatnonzero(features)


def normalised_weights(weights: FloatArray) -> FloatArray:
    """Scale non-negative weights to sum to 1, in a way that does not change weights that already do.

    Dividing by the exactly rounded sum leaves a sum within about one rounding of 1. Weights that close are kept as
    they are, so normalising twice, or saving and loading, gives the same bits.
    """
    try:
        total = math.fsum(weights.tolist())
    except OverflowError:
        weights = weights / weights.max()
        total = math.fsum(weights.tolist())
    if total <= 0:
        raise ValueError("weights are all 0, expected at least one greater than 0")
    return weights if abs(total - 1) <= 4 * EPS else weights / total


def normalised_rows(rows: FloatArray, *, quick: bool = False) -> FloatArray:
    """Every row as `normalised_weights` has it, of rows that are not all 0.

    With `quick`, for very many short rows, sums are rounded at every step instead of once at the end.
    """
    largest = rows.max(axis=1, keepdims=True)
    huge = largest > np.finfo(np.float64).max / rows.shape[1]  # the sum could overflow
    if huge.any():
        rows = np.where(huge, rows / largest, rows)
    if quick:
        total, roundings = rows.sum(axis=1, keepdims=True), rows.shape[1]
    else:
        total, roundings = np.array([math.fsum(row) for row in rows.tolist()])[:, None], 0
    return np.where(np.abs(total - 1) <= (roundings + 4) * EPS, rows, rows / total)
