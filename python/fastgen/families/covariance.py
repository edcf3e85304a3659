"""The four forms of a set of K covariances, and what one can do with each.

Families with means and covariances keep a *factor* (a square root) of the covariances, because that is what the
kernels use and what survives rounding: lower Cholesky factors for "full" and "tied", standard deviations for "diag"
and "spherical". A factor has the shape of the covariances it belongs to. What a family calls its matrices, in the messages,
is `name`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .. import _core
from .._validate import POSITIVE, as_parameter, at, check_constraint, first_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from .._validate import FloatArray, Index

__all__ = ["FORMS", "CovarianceForm", "element_of", "row_lengths", "symmetric_matrices"]

# Asymmetry below this, relative to sqrt(a_ii a_jj), is rounding of the caller's and averaged away.
ASYMMETRY = 1e-8


class CovarianceForm:
    """One covariance type. All methods are stateless; `shape` is that of the means, (K, D), or (B, K, D) in a batch."""

    name: ClassVar[str]

    def expected_shape(self, *shape: int) -> tuple[int, ...]:
        """Shape of the covariances and of their factor."""
        raise NotImplementedError

    def validated(self, covariances: ArrayLike, name: str, *shape: int) -> FloatArray:
        """A private copy of the right shape, with scalars broadcast where they have a meaning."""
        values = as_parameter(covariances, name)
        expected = self.expected_shape(*shape)
        if values.ndim == 0 and self.name in ("diag", "spherical"):
            values = np.full(expected, values)
        if values.shape != expected:
            raise ValueError(
                f"{name} has shape {values.shape}, expected {expected} for covariance_type={self.name!r} and "
                f"means of shape {shape}{self._shape_hint(values.shape, *shape)}"
            )
        return values

    def _shape_hint(self, found: tuple[int, ...], *shape: int) -> str:
        if not found:
            return "; one variance for all belongs to covariance_type='spherical'"
        for form in FORMS.values():
            if form is not self and found == form.expected_shape(*shape):
                return f"; this shape belongs to covariance_type={form.name!r}"
        return ""

    def factor(self, covariances: FloatArray, name: str) -> FloatArray:
        """The factor of validated covariances; raises ValueError if one is not positive definite."""
        raise NotImplementedError

    def covariances(self, factor: FloatArray) -> FloatArray:
        """The covariances with this factor."""
        raise NotImplementedError

    def check_factor(self, factor: FloatArray) -> None:
        """Raise ValueError unless this is a factor as `factor` gives it."""
        raise NotImplementedError

    def agrees(self, factor: FloatArray, covariances: FloatArray) -> bool:
        """Whether the variances of the two are the same to about single precision."""
        raise NotImplementedError

    def per_component(self, values: FloatArray, *shape: int) -> FloatArray:
        """Covariances as (K, D, D) matrices."""
        raise NotImplementedError

    def variances(self, factor: FloatArray, *shape: int) -> FloatArray:
        """Variance of each feature in each component, (K, D)."""
        raise NotImplementedError

    def deviations(self, factor: FloatArray, *shape: int) -> FloatArray:
        """Standard deviation of each feature in each component, (K, D), also where the variance overflows."""
        raise NotImplementedError

    def pooled(self, covariances: FloatArray, weights: FloatArray, d: int) -> FloatArray:
        """Weighted sum of the covariances, (D, D)."""
        raise NotImplementedError

    def take(self, values: FloatArray, index: Index) -> FloatArray:
        """Covariances or factor of the components at these indices."""
        return values[index]

    def join(self, values: Sequence[FloatArray]) -> FloatArray | None:
        """Covariances or factors of several sets as one, or None if they do not fit into one."""
        return np.concatenate(values)

    def marginal(self, factor: FloatArray, features: list[int]) -> FloatArray:
        """Factor of the covariances of these features."""
        raise NotImplementedError

    def condition(
        self, means: FloatArray, factor: FloatArray, features: list[int], rest: list[int], values: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Means and factor of the features `rest` given the values of `features`."""
        raise NotImplementedError

    def distances(self, factor: FloatArray, differences: FloatArray) -> FloatArray:
        """Lengths (K,) of differences (K, D) in units of the factor, also where their squares overflow."""
        raise NotImplementedError

    def scaled(self, factor: FloatArray, scale: FloatArray) -> tuple[CovarianceForm, FloatArray]:
        """Factor of every component times a scale (K,) of its own, and its form."""
        return self, factor * scale.reshape(-1, *[1] * (factor.ndim - 1))

    def n_parameters(self, k: int, d: int) -> int:
        """Number of free parameters in the covariances."""
        raise NotImplementedError


# Matrices: "full" and "tied"


class _Matrices(CovarianceForm):
    """What "full" and "tied" share: matrices along the last two axes."""

    def factor(self, covariances: FloatArray, name: str) -> FloatArray:
        stack = covariances.reshape(-1, *covariances.shape[-2:])
        factor, failed = _core.cholesky(stack)
        if failed >= 0:
            raise ValueError(
                f"{at(name, element_of(covariances, failed))} is not positive definite: its smallest eigenvalue is "
                f"{float(np.linalg.eigvalsh(stack[failed])[0]):.3g}, expected one greater than 0; add a small "
                "multiple of the identity, drop features that depend on others, or use covariance_type='diag'"
            )
        return factor.reshape(covariances.shape)

    def covariances(self, factor: FloatArray) -> FloatArray:
        product = factor @ factor.swapaxes(-1, -2)
        return 0.5 * (product + product.swapaxes(-1, -2))

    def check_factor(self, factor: FloatArray) -> None:
        upper = np.triu(np.ones(factor.shape[-2:], dtype=bool), 1) & (factor != 0)
        if upper.any():
            index = first_index(upper)
            raise ValueError(
                f"{at('cholesky', index)} is {float(factor[index])!r} above the diagonal, expected lower triangular "
                "factors; pass np.tril(cholesky), or cholesky.swapaxes(-1, -2) if they are upper factors"
            )
        diagonal = np.diagonal(factor, axis1=-2, axis2=-1)
        bad = ~POSITIVE.holds(diagonal)
        if bad.any():
            *outer, i = first_index(bad)
            raise ValueError(
                f"{at('cholesky', (*outer, i, i))} is {float(diagonal[(*outer, i)])!r}, expected "
                f"{POSITIVE.expected} on the diagonal; a negative one becomes positive when its column changes sign"
            )

    def agrees(self, factor: FloatArray, covariances: FloatArray) -> bool:
        variances = np.diagonal(covariances, axis1=-2, axis2=-1)
        return np.allclose(_row_norms(factor), variances, rtol=1e-6, atol=0)

    def marginal(self, factor: FloatArray, features: list[int]) -> FloatArray:
        return _factor_of_rows(factor, features)

    def condition(
        self, means: FloatArray, factor: FloatArray, features: list[int], rest: list[int], values: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        # With the given features first, the trailing block of the factor is the factor of what remains.
        m, order = len(features), features + rest
        ordered = _factor_of_rows(factor, order)
        each = ordered.reshape(-1, *ordered.shape[-2:])
        shifted = _core.condition_means(np.ascontiguousarray(means[:, order]), each, values)
        return shifted, np.ascontiguousarray(ordered[..., m:, m:])

    def distances(self, factor: FloatArray, differences: FloatArray) -> FloatArray:
        # Forward substitution, elementwise over the components: the bits do not depend on a BLAS.
        solved = np.empty_like(differences)
        for i in range(differences.shape[1]):
            before = (factor[..., i, :i] * solved[:, :i]).sum(axis=1)
            solved[:, i] = (differences[:, i] - before) / factor[..., i, i]
        return row_lengths(solved)


class _Full(_Matrices):
    name = "full"

    def expected_shape(self, *shape: int) -> tuple[int, ...]:
        return (*shape, shape[-1])

    def validated(self, covariances: ArrayLike, name: str, *shape: int) -> FloatArray:
        return symmetric_matrices(super().validated(covariances, name, *shape), name)

    def per_component(self, values: FloatArray, *shape: int) -> FloatArray:
        return values

    def variances(self, factor: FloatArray, *shape: int) -> FloatArray:
        return _row_norms(factor)

    def deviations(self, factor: FloatArray, *shape: int) -> FloatArray:
        return row_lengths(factor)

    def pooled(self, covariances: FloatArray, weights: FloatArray, d: int) -> FloatArray:
        # A product of (K) with (K, D * D): one pass, no (K, D, D) temporary.
        pooled: FloatArray = weights @ covariances.reshape(len(weights), -1)
        return pooled.reshape(d, d)

    def n_parameters(self, k: int, d: int) -> int:
        return k * d * (d + 1) // 2


class _Tied(_Matrices):
    name = "tied"

    def expected_shape(self, *shape: int) -> tuple[int, ...]:
        return (shape[-1], shape[-1])

    def validated(self, covariances: ArrayLike, name: str, *shape: int) -> FloatArray:
        return symmetric_matrices(super().validated(covariances, name, *shape), name)

    def _shape_hint(self, found: tuple[int, ...], *shape: int) -> str:
        if len(shape) == 3 and found == (shape[0], shape[-1], shape[-1]):
            return "; the matrix is that of all mixtures: with one for each repeat it for each component, with 'full'"
        return super()._shape_hint(found, *shape)

    def per_component(self, values: FloatArray, *shape: int) -> FloatArray:
        return np.broadcast_to(values, (*shape, shape[-1]))

    def variances(self, factor: FloatArray, *shape: int) -> FloatArray:
        return np.broadcast_to(_row_norms(factor), shape)

    def deviations(self, factor: FloatArray, *shape: int) -> FloatArray:
        return np.broadcast_to(row_lengths(factor), shape)

    def pooled(self, covariances: FloatArray, weights: FloatArray, d: int) -> FloatArray:
        return covariances * float(weights.sum())

    def take(self, values: FloatArray, index: Index) -> FloatArray:
        return values

    def join(self, values: Sequence[FloatArray]) -> FloatArray | None:
        return values[0] if all(np.array_equal(values[0], other) for other in values[1:]) else None

    def scaled(self, factor: FloatArray, scale: FloatArray) -> tuple[CovarianceForm, FloatArray]:
        return FORMS["full"], factor * scale[:, None, None]

    def n_parameters(self, k: int, d: int) -> int:
        return d * (d + 1) // 2


# Independent features: "diag" and "spherical"


class _Independent(CovarianceForm):
    """What "diag" and "spherical" share: the factor is an elementwise square root."""

    def validated(self, covariances: ArrayLike, name: str, *shape: int) -> FloatArray:
        values = super().validated(covariances, name, *shape)
        check_constraint(
            values, name, POSITIVE, f"each is a {'variance' if name == 'covariances' else 'squared scale'}"
        )
        return values

    def factor(self, covariances: FloatArray, name: str) -> FloatArray:
        return np.sqrt(covariances)

    def covariances(self, factor: FloatArray) -> FloatArray:
        return np.square(factor)

    def check_factor(self, factor: FloatArray) -> None:
        check_constraint(factor, "factor", POSITIVE, "each is a standard deviation")

    def agrees(self, factor: FloatArray, covariances: FloatArray) -> bool:
        return np.allclose(np.square(factor), covariances, rtol=1e-6, atol=0)

    def condition(
        self, means: FloatArray, factor: FloatArray, features: list[int], rest: list[int], values: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        # Independent features say nothing about each other.
        return np.ascontiguousarray(means[:, rest]), self.marginal(factor, rest)

    def distances(self, factor: FloatArray, differences: FloatArray) -> FloatArray:
        return row_lengths(differences / factor.reshape(len(differences), -1))


class _Diag(_Independent):
    name = "diag"

    def expected_shape(self, *shape: int) -> tuple[int, ...]:
        return shape

    def per_component(self, values: FloatArray, *shape: int) -> FloatArray:
        return values[..., None] * np.eye(shape[-1])

    def variances(self, factor: FloatArray, *shape: int) -> FloatArray:
        return np.square(factor)

    def deviations(self, factor: FloatArray, *shape: int) -> FloatArray:
        return factor

    def pooled(self, covariances: FloatArray, weights: FloatArray, d: int) -> FloatArray:
        return np.diag(weights @ covariances)

    def marginal(self, factor: FloatArray, features: list[int]) -> FloatArray:
        return np.ascontiguousarray(factor[:, features])

    def n_parameters(self, k: int, d: int) -> int:
        return k * d


class _Spherical(_Independent):
    name = "spherical"

    def expected_shape(self, *shape: int) -> tuple[int, ...]:
        return shape[:-1]

    def per_component(self, values: FloatArray, *shape: int) -> FloatArray:
        return np.where(np.eye(shape[-1]) > 0, values[..., None, None], 0.0)  # the value may be infinite

    def variances(self, factor: FloatArray, *shape: int) -> FloatArray:
        return np.broadcast_to(np.square(factor)[..., None], shape)

    def deviations(self, factor: FloatArray, *shape: int) -> FloatArray:
        return np.broadcast_to(factor[..., None], shape)

    def pooled(self, covariances: FloatArray, weights: FloatArray, d: int) -> FloatArray:
        return np.diag(np.full(d, weights @ covariances))

    def marginal(self, factor: FloatArray, features: list[int]) -> FloatArray:
        return factor

    def n_parameters(self, k: int, d: int) -> int:
        return k


FORMS: dict[str, CovarianceForm] = {form.name: form for form in (_Full(), _Tied(), _Diag(), _Spherical())}


def element_of(matrices: FloatArray, number: int) -> tuple[int, ...]:
    """Index of a matrix in an array of them, from its place in their order; empty if there is only one."""
    return tuple(int(i) for i in np.unravel_index(number, matrices.shape[:-2]))


def symmetric_matrices(values: FloatArray, name: str) -> FloatArray:
    """Check matrices (..., D, D) for a positive diagonal and symmetry; average away asymmetry of rounding size."""
    diagonal = np.diagonal(values, axis1=-2, axis2=-1)
    bad = ~POSITIVE.holds(diagonal)
    if bad.any():
        *outer, i = first_index(bad)
        value = float(diagonal[(*outer, i)])
        hint = "" if value < 0 else "; drop features that do not vary"
        raise ValueError(f"{at(name, (*outer, i, i))} is {value!r}, expected {POSITIVE.expected} on the diagonal{hint}")
    transposed = values.swapaxes(-1, -2)
    if np.array_equal(values, transposed):
        return values
    root = np.sqrt(diagonal)
    with np.errstate(over="ignore"):
        difference = np.abs(values - transposed) / root[..., :, None] / root[..., None, :]
    worst = tuple(int(i) for i in np.unravel_index(int(difference.argmax()), difference.shape))
    if difference[worst] > ASYMMETRY:
        *outer, i, j = worst
        raise ValueError(
            f"{at(name, outer)} is not symmetric: element [{i}, {j}] is {float(values[worst])!r} but [{j}, {i}] is "
            f"{float(transposed[worst])!r}; pass (a + a.T) / 2 if the difference is rounding"
        )
    return 0.5 * values + 0.5 * transposed


def _row_norms(factor: FloatArray) -> FloatArray:
    """Squared lengths of the rows of factors: the variances."""
    squares: FloatArray = np.square(factor).sum(axis=-1)
    return squares


def row_lengths(factor: FloatArray) -> FloatArray:
    """Lengths of rows; of a factor's, the standard deviations. Scaled by powers of 2, so that squares do not overflow."""
    _, exponent = np.frexp(np.abs(factor).max(axis=-1))
    scaled = np.ldexp(factor, -exponent[..., None])
    lengths: FloatArray = np.ldexp(np.sqrt(_row_norms(scaled)), exponent)
    return lengths


def _factor_of_rows(factor: FloatArray, rows: list[int]) -> FloatArray:
    """Lower factor of A A^T, where A is `factor` (..., D, D) with these rows, by Householder reflections.

    The covariance is never formed, so an ill-conditioned one loses no digits and always has a factor. Only
    elementwise operations and sums along one axis are used: the bits do not depend on a BLAS.
    """
    m = len(rows)
    if rows == list(range(m)):
        return np.ascontiguousarray(factor[..., :m, :m])
    work = factor[..., rows, :].reshape(-1, m, factor.shape[-1])
    for i in range(m):
        row = work[:, i, i:]
        largest = np.abs(row).max(axis=1, keepdims=True)
        vector = row / largest
        norm = np.sqrt(np.square(vector).sum(axis=1))
        # Reflect the row onto -sign(first) * norm * e_1: the sum below has no cancellation.
        first = vector[:, 0].copy()
        image = np.where(first > 0, -norm, norm)
        vector[:, 0] = first - image
        scale = 1.0 / (norm * (norm + np.abs(first)))
        below = work[:, i + 1 :, i:]
        along = (below * vector[:, None, :]).sum(axis=2) * scale[:, None]
        below -= along[:, :, None] * vector[:, None, :]
        work[:, i, i] = image * largest[:, 0]
        work[:, i, i + 1 :] = 0.0
    lower = work[:, :, :m]
    lower = lower * np.where(np.diagonal(lower, axis1=1, axis2=2) < 0, -1.0, 1.0)[:, None, :]
    return np.ascontiguousarray(lower).reshape(*factor.shape[:-2], m, m)
