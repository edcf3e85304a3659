"""What laws share whose density depends on a point by its distance from a centre, in the units of a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from .. import _core
from .._validate import as_option, as_parameter, at, read_only
from .base import Components
from .covariance import FORMS, element_of, symmetric_matrices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from .._validate import FloatArray, Index
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

    def _initialise_matrices(
        self, means: ArrayLike, matrices: ArrayLike, covariance_type: str, **others: ArrayLike
    ) -> None:
        """Check the parameters, broadcast them and hand them to the core."""
        form = FORMS[as_option(covariance_type, "covariance_type", tuple(FORMS))]
        centres, values = self._centres({"means": means, **others})
        checked = form.validated(matrices, self._matrices, *centres.shape)
        self._fill_factor(centres, form.factor(checked, self._matrices), form, checked, values)

    @classmethod
    def _centres(cls, given: Mapping[str, ArrayLike]) -> tuple[FloatArray, list[FloatArray]]:
        """The means and the parameters with one number a component, checked; the matrices have forms of their own."""
        *others, means = cls._shaped(given, cls.parameters[:-1]).values()
        return means, others

    def _fill_factor(
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
            **{p.name: read_only(value) for p, value in zip(self.parameters[:-2], others, strict=True)},
        )
        flat = means.reshape(-1, means.shape[-1])
        self._make_core(
            means.shape[:-1],
            flat,
            factor.reshape(form.expected_shape(*flat.shape)),
            *(value.ravel() for value in others),
        )

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
        self._fill_factor(means, factor, form, matrices, others)
        return self

    @classmethod
    def _from_cholesky(cls, means: ArrayLike, cholesky: ArrayLike, **others: ArrayLike) -> Self:
        centres, values = cls._centres({"means": means, **others})
        factor = _validated_matrices(cholesky, "cholesky", centres)
        FORMS["full"].check_factor(factor)
        return cls._from_factor(centres, factor, FORMS["full"], None, values)

    @classmethod
    def _from_precision(cls, means: ArrayLike, precisions: ArrayLike, **others: ArrayLike) -> Self:
        centres, values = cls._centres({"means": means, **others})
        matrices = symmetric_matrices(_validated_matrices(precisions, "precisions", centres), "precisions")
        stack = matrices.reshape(-1, *matrices.shape[-2:])
        factor, failed = _core.cholesky_from_precision(stack)
        if failed >= 0:
            smallest = float(np.linalg.eigvalsh(stack[failed])[0])
            raise ValueError(
                f"{at('precisions', element_of(matrices, failed))} is not positive definite: its smallest eigenvalue is "
                f"{smallest:.3g}, expected one greater than 0; add a small multiple of the identity"
            )
        return cls._from_factor(centres, factor.reshape(matrices.shape), FORMS["full"], None, values)

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

    def _diagonals(self) -> FloatArray:
        """Diagonals of the matrices, shaped like the means."""
        with np.errstate(over="ignore", under="ignore"):
            return self._form.variances(self._factor, *self.means.shape)

    def _each_matrix(self) -> FloatArray:
        """The matrix of each component, (K, D, D), whatever the form."""
        return self._form.per_component(self._all_matrices(), *self.means.shape)

    @property
    def _variant(self) -> str:
        return self._form.name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._sizes()}, covariance_type={self._form.name!r})"

    # Other components

    def _others(self) -> tuple[FloatArray, ...]:
        """What the law has for each component besides its mean and its matrix."""
        return tuple(getattr(self, parameter.name) for parameter in self.parameters[:-2])

    def _law(self) -> tuple[FloatArray, ...]:
        return *self._others(), self.means, self._factor

    def _take(self, index: Index) -> Self:
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

    def _brought_near(self, exponent: int) -> Self:
        return self._from_factor(np.ldexp(self.means, -exponent), self._factor, self._form, None, self._others())

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
        means, others = cls._centres(state)
        shape = form.expected_shape(*means.shape)
        arrays = {name: as_parameter(state[name], name) for name in ("factor", cls._matrices) if name in state}
        for name, array in arrays.items():
            if array.shape != shape:
                raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
        factor, matrices = arrays["factor"], arrays.get(cls._matrices)
        form.check_factor(factor)
        if matrices is not None and not form.agrees(factor, matrices):
            raise ValueError(f"{cls._matrices} and factor do not belong together")
        return cls._from_factor(means, factor, form, matrices, others)


def _validated_matrices(value: ArrayLike, name: str, means: FloatArray) -> FloatArray:
    expected = FORMS["full"].expected_shape(*means.shape)
    matrices = as_parameter(value, name)
    if matrices.shape != expected:
        raise ValueError(f"{name} has shape {matrices.shape}, expected {expected} for means of shape {means.shape}")
    return matrices
