"""What laws share whose density depends on a point by its distance from a centre, in the units of a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from .. import _core
from .._validate import as_option, as_parameter, at, read_only
from .base import Components, as_means
from .covariance import FORMS, symmetric_matrices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from .._validate import FloatArray
    from .covariance import CovarianceForm

__all__ = ["EllipticalComponents"]


class EllipticalComponents(Components):
    """K components with means, matrices of one of four forms, and whatever else a law has for each component.

    The last two parameters of a law are its means and its matrices; those before them have one number a component.
    """

    __slots__ = ("_factor", "_form", "_given", "means")

    means: FloatArray
    _factor: FloatArray
    _given: FloatArray | None  # the matrices as given, or computed from the factor when first asked for
    _form: CovarianceForm

    #: What the law calls its matrices.
    _matrices: ClassVar[str]

    def _initialise(self, means: ArrayLike, matrices: ArrayLike, covariance_type: str, **others: ArrayLike) -> None:
        """Check the parameters, broadcast them and hand them to the core."""
        form = FORMS[as_option(covariance_type, "covariance_type", tuple(FORMS))]
        if np.ndim(means) == 3:
            return self._fill_batch(means, matrices, form, others)
        means = as_means(means)
        k, d = means.shape
        values = self._per_component(others, (k,))
        matrices = form.validated(matrices, k, d, self._matrices)
        self._fill(means, form.factor(matrices, self._matrices), form, matrices, values)
        return None

    @classmethod
    def _per_component(cls, given: Mapping[str, ArrayLike], shape: tuple[int, ...]) -> tuple[FloatArray, ...]:
        """The parameters that have one number a component, checked and of this shape."""
        values = []
        for name, constraint, hint in cls.parameters[:-2]:
            value = as_parameter(given[name], name, constraint, hint)
            if value.shape not in ((), shape):
                raise ValueError(
                    f"{name} has shape {value.shape}, expected {shape}, one value for each row of means, or a scalar"
                )
            values.append(np.full(shape, value))
        return tuple(values)

    def _fill(
        self,
        means: FloatArray,
        factor: FloatArray,
        form: CovarianceForm,
        matrices: FloatArray | None,
        others: Sequence[FloatArray],
    ) -> None:
        self._set(
            means=read_only(means),
            _factor=read_only(factor),
            _form=form,
            _given=None if matrices is None else read_only(matrices),
            **self._named(others),
        )
        self._make_core(self.means, self._factor, *others)

    @classmethod
    def _named(cls, others: Sequence[FloatArray]) -> dict[str, FloatArray]:
        return {p.name: read_only(value) for p, value in zip(cls.parameters[:-2], others, strict=True)}

    def _fill_batch(
        self, means: ArrayLike, matrices: ArrayLike, form: CovarianceForm, others: Mapping[str, ArrayLike]
    ) -> None:
        """Parameters with a leading axis for B mixtures; the core sees B K components."""
        means = as_parameter(means, "means")
        matrices = as_parameter(matrices, self._matrices)
        b, k, d = means.shape
        if form.name == "tied":
            raise ValueError(
                "covariance_type is 'tied', but a batch of mixtures takes 'full', 'diag' or 'spherical'; repeat the "
                f"{'covariance' if self._matrices == 'covariances' else 'matrix'} for each component"
            )
        values = self._per_component(others, (b, k))
        expected = (b, *form.expected_shape(k, d))
        if matrices.shape not in ((), expected):
            raise ValueError(
                f"{self._matrices} has shape {matrices.shape}, expected {expected} for covariance_type={form.name!r} and "
                f"means of shape {(b, k, d)}"
            )
        flat = as_means(means.reshape(b * k, d))
        matrices = form.validated(
            matrices.reshape(-1, *expected[2:]) if matrices.ndim else matrices, b * k, d, self._matrices
        )
        factor = form.factor(matrices, self._matrices)
        self._set(
            means=read_only(means),
            _factor=read_only(factor.reshape(expected)),
            _form=form,
            _given=read_only(matrices.reshape(expected)),
            **self._named(values),
        )
        self._make_core(flat, factor, *(value.ravel() for value in values), batch=b)

    @classmethod
    def _from_factor(
        cls,
        means: FloatArray,
        factor: FloatArray,
        form: CovarianceForm,
        matrices: FloatArray | None = None,
        others: Sequence[FloatArray] = (),
    ) -> Self:
        """Arrays that are known to be valid and that nobody else holds, without checks or copies."""
        self = cls.__new__(cls)
        self._fill(means, factor, form, matrices, others)
        return self

    @classmethod
    def _from_cholesky(cls, means: ArrayLike, cholesky: ArrayLike, **others: ArrayLike) -> Self:
        valid_means = as_means(means)
        values = cls._per_component(others, valid_means.shape[:1])
        factor = _validated_matrices(cholesky, "cholesky", valid_means)
        FORMS["full"].check_factor(factor, *valid_means.shape)
        return cls._from_factor(valid_means, factor, FORMS["full"], None, values)

    @classmethod
    def _from_precision(cls, means: ArrayLike, precisions: ArrayLike, **others: ArrayLike) -> Self:
        valid_means = as_means(means)
        values = cls._per_component(others, valid_means.shape[:1])
        matrices = symmetric_matrices(_validated_matrices(precisions, "precisions", valid_means), "precisions")
        factor, failed = _core.cholesky_from_precision(matrices)
        if failed >= 0:
            smallest = float(np.linalg.eigvalsh(matrices[failed])[0])
            raise ValueError(
                f"{at('precisions', (failed,))} is not positive definite: its smallest eigenvalue is {smallest:.3g}, "
                "expected one greater than 0; add a small multiple of the identity"
            )
        return cls._from_factor(valid_means, factor, FORMS["full"], None, values)

    # What a user sees

    def _all_matrices(self) -> FloatArray:
        """The matrices, shaped by `covariance_type`, read-only."""
        if self._given is None:
            # Two threads may both compute this: they store equal arrays.
            with np.errstate(over="ignore", under="ignore", invalid="ignore"):
                self._set(_given=read_only(self._form.covariances(self._factor)))
        assert self._given is not None
        return self._given

    @property
    def covariance_type(self) -> str:
        """Form of the matrices: "full", "tied", "diag" or "spherical"."""
        return self._form.name

    @property
    def cholesky(self) -> FloatArray:
        """Square roots of the matrices, shaped like them, read-only.

        Lower Cholesky factors for "full" and "tied", square roots of the diagonals for "diag" and "spherical".
        """
        return self._factor

    @property
    def _flat_shape(self) -> tuple[int, int]:
        """(B K, D) of a batch, (K, D) otherwise."""
        return self._core.n_components, self.n_features

    def _flat(self, values: FloatArray) -> FloatArray:
        """Matrices or factors without the axis of a batch."""
        return values.reshape(self._form.expected_shape(*self._flat_shape))

    def _diagonals(self) -> FloatArray:
        """Diagonals of the matrices, shaped like the means."""
        with np.errstate(over="ignore", under="ignore"):
            return self._form.variances(self._flat(self._factor), *self._flat_shape).reshape(self.means.shape)

    def _each_matrix(self) -> FloatArray:
        """The matrix of each component, (K, D, D), whatever the form."""
        each = self._form.per_component(self._flat(self._all_matrices()), *self._flat_shape)
        return each.reshape(*self.means.shape, self.n_features)

    @property
    def _variant(self) -> str:
        return self._form.name

    def __repr__(self) -> str:
        k, d = self.means.shape[-2:]
        batch = f"n_mixtures={self._batch}, " if self._batch else ""
        return f"{type(self).__name__}({batch}n_components={k}, n_features={d}, covariance_type={self._form.name!r})"

    # Other components

    def _others(self) -> tuple[FloatArray, ...]:
        """What the law has for each component besides its mean and its matrix."""
        return tuple(getattr(self, parameter.name) for parameter in self.parameters[:-2])

    def _law(self) -> tuple[FloatArray, ...]:
        return *self._others(), self.means, self._factor

    def _take(self, index: NDArray[np.int64]) -> Self:
        form, given = self._form, self._given
        return self._from_factor(
            self.means[index],
            form.take(self._factor, index),
            form,
            None if given is None else form.take(given, index),
            [value[index] for value in self._others()],
        )

    def _join(self, others: Sequence[Self]) -> Self | None:
        blocks = (self, *others)
        if any(block._form is not self._form for block in blocks):
            return None
        factor = self._form.join([block._factor for block in blocks])
        if factor is None:
            return None
        given = [block._given for block in blocks if block._given is not None]
        matrices = self._form.join(given) if len(given) == len(blocks) else None
        values = [np.concatenate(each) for each in zip(*(block._others() for block in blocks), strict=True)]
        return self._from_factor(np.concatenate([b.means for b in blocks]), factor, self._form, matrices, values)

    def _marginal(self, features: list[int]) -> Self:
        means = np.ascontiguousarray(self.means[:, features])
        return self._from_factor(means, self._form.marginal(self._factor, features), self._form, None, self._others())

    def _stretched(self, exponent: int) -> Self:
        with np.errstate(over="ignore"):
            factor = np.ldexp(self._factor, exponent)
        return self._from_factor(self.means, factor, self._form, None, self._others())

    # Saving

    def _state(self) -> dict[str, FloatArray]:
        state = {p.name: value for p, value in zip(self.parameters[:-2], self._others(), strict=True)}
        state |= {"means": self.means, "factor": self._factor}
        if self._given is not None:
            state[self._matrices] = self._given
        return state

    @classmethod
    def _from_state(cls, variant: str, state: Mapping[str, FloatArray]) -> Self:
        form = FORMS[as_option(variant, "covariance_type", tuple(FORMS))]
        if np.ndim(state["means"]) == 3:
            return cls(**{p.name: state[p.name] for p in cls.parameters}, covariance_type=variant)
        means = as_means(state["means"])
        others = cls._per_component(state, means.shape[:1])
        shape = form.expected_shape(*means.shape)
        arrays = {name: as_parameter(state[name], name) for name in ("factor", cls._matrices) if name in state}
        for name, array in arrays.items():
            if array.shape != shape:
                raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
        factor, matrices = arrays["factor"], arrays.get(cls._matrices)
        form.check_factor(factor, *means.shape)
        if matrices is not None and not form.agrees(factor, matrices):
            raise ValueError(f"{cls._matrices} and factor do not belong together")
        return cls._from_factor(means, factor, form, matrices, others)


def _validated_matrices(value: ArrayLike, name: str, means: FloatArray) -> FloatArray:
    k, d = means.shape
    matrices = as_parameter(value, name)
    if matrices.shape != (k, d, d):
        raise ValueError(f"{name} has shape {matrices.shape}, expected {(k, d, d)} for means of shape {(k, d)}")
    return matrices
