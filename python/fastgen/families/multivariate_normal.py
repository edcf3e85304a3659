"""The multivariate normal law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from .. import _core
from .._validate import REAL, as_option, as_parameter, at, read_only
from .base import Components, Parameter, as_means
from .covariance import FORMS, symmetric_matrices
from .normal import Normal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from .._validate import FloatArray
    from .covariance import CovarianceForm

__all__ = ["MultivariateNormal"]


class MultivariateNormal(Components):
    r"""Multivariate normal components.

    Parameters
    ----------
    means : array_like of float, (K, D)
        Mean of each component, in the unit of the data.
    covariances : array_like of float
        Covariances, in the square of that unit, shaped by `covariance_type`.
    covariance_type : {"full", "tied", "diag", "spherical"}, default "full"
        What `covariances` holds, as in scikit-learn:

        - "full": a matrix for each component, (K, D, D);
        - "tied": one matrix for all components, (D, D);
        - "diag": the variance of each feature in each component, (K, D) or a scalar;
        - "spherical": one variance for each component, (K,) or a scalar.

        Every form is computed as what it is: "diag" does not pay for "full".

    Attributes
    ----------
    means : ndarray of float64, (K, D)
        Means, read-only.
    covariance_type : str
        The form of the covariances.

    Raises
    ------
    ValueError
        If a value is not finite, shapes do not fit, or a covariance is not symmetric and positive definite.
        Asymmetry of rounding size (1e-8 of the standard deviations) is averaged away.
    TypeError
        If a parameter does not hold real numbers.

    See Also
    --------
    MultivariateNormal.from_cholesky : From lower triangular factors: exact, however ill-conditioned.
    MultivariateNormal.from_precision : From inverse covariances.
    Normal : The normal law of one feature.

    Notes
    -----
    The density of component k, for x in :math:`\mathbb{R}^D`, is

    .. math:: p_k(x) = (2 \pi)^{-D/2} |\Sigma_k|^{-1/2} \exp\left(-\tfrac{1}{2} (x - \mu_k)^T \Sigma_k^{-1} (x - \mu_k)
              \right)

    with :math:`\mu` = `means` and :math:`\Sigma` = `covariances` [1]_. Samples are the means plus the lower Cholesky
    factor times standard normals drawn by the method of Box and Muller [2]_.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", Springer, 2006, section 2.3.
    .. [2] G. E. P. Box and M. E. Muller, "A note on the generation of random normal deviates", Annals of Mathematical
       Statistics 29 (1958), 610-611.

    Examples
    --------
    >>> import fastgen as fg
    >>> covariances = [[[1.0, 0.5], [0.5, 1.0]], [[2.0, 0.0], [0.0, 0.5]]]
    >>> components = fg.MultivariateNormal([[0.0, 0.0], [4.0, 1.0]], covariances)
    >>> components
    MultivariateNormal(n_components=2, n_features=2, covariance_type='full')
    >>> components.cholesky[0].round(3)
    array([[1.   , 0.   ],
           [0.5  , 0.866]])
    >>> fg.MultivariateNormal([[0.0, 0.0], [4.0, 1.0]], 1.0, covariance_type="spherical").covariances
    array([1., 1.])
    """

    __slots__ = ("_covariances", "_factor", "_form", "means")

    parameters = (Parameter("means", REAL), Parameter("covariances", REAL))
    support = "R^D"
    sampler = "Box-Muller, times the Cholesky factor"
    source = "Bishop 2006, section 2.3"

    means: FloatArray
    _factor: FloatArray
    _covariances: FloatArray | None  # as given, or computed from the factor when first asked for
    _form: CovarianceForm

    def __init__(self, means: ArrayLike, covariances: ArrayLike, covariance_type: str = "full") -> None:
        form = FORMS[as_option(covariance_type, "covariance_type", tuple(FORMS))]
        if np.ndim(means) == 3:
            return self._fill_batch(means, covariances, form)
        means = as_means(means)
        covariances = form.validated(covariances, *means.shape)
        self._fill(means, form.factor(covariances), form, covariances)
        return None

    def _fill(
        self, means: FloatArray, factor: FloatArray, form: CovarianceForm, covariances: FloatArray | None
    ) -> None:
        self._set(
            means=read_only(means),
            _factor=read_only(factor),
            _form=form,
            _covariances=None if covariances is None else read_only(covariances),
        )
        self._make_core(self.means, self._factor)

    def _fill_batch(self, means: ArrayLike, covariances: ArrayLike, form: CovarianceForm) -> None:
        """Parameters with a leading axis for B mixtures; the core sees B K components."""
        means = as_parameter(means, "means", REAL)
        covariances = as_parameter(covariances, "covariances", REAL)
        b, k, d = means.shape
        if form.name == "tied":
            raise ValueError(
                "covariance_type is 'tied', but a batch of mixtures takes 'full', 'diag' or 'spherical'; repeat the "
                "covariance for each component"
            )
        expected = (b, *form.expected_shape(k, d))
        if covariances.shape not in ((), expected):
            raise ValueError(
                f"covariances has shape {covariances.shape}, expected {expected} for covariance_type={form.name!r} and "
                f"means of shape {(b, k, d)}"
            )
        flat = as_means(means.reshape(b * k, d))
        covariances = form.validated(
            covariances.reshape(-1, *expected[2:]) if covariances.ndim else covariances, b * k, d
        )
        factor = form.factor(covariances)
        self._set(
            means=read_only(means),
            _factor=read_only(factor.reshape(expected)),
            _form=form,
            _covariances=read_only(covariances.reshape(expected)),
        )
        self._make_core(flat, factor, batch=b)

    @classmethod
    def _from_factor(
        cls, means: FloatArray, factor: FloatArray, form: CovarianceForm, covariances: FloatArray | None = None
    ) -> Self:
        """Arrays that are known to be valid and that nobody else holds, without checks or copies."""
        self = cls.__new__(cls)
        self._fill(means, factor, form, covariances)
        return self

    @classmethod
    def from_cholesky(cls, means: ArrayLike, cholesky: ArrayLike) -> Self:
        """Components from lower Cholesky factors.

        Parameters
        ----------
        means : array_like of float, (K, D)
            Mean of each component.
        cholesky : array_like of float, (K, D, D)
            Lower triangular factors L with positive diagonals; the covariances are L L^T. They are used as they
            are, so nothing is lost however ill-conditioned the covariance.

        Returns
        -------
        MultivariateNormal
            Components with covariance_type "full".

        Raises
        ------
        ValueError
            If a factor is not lower triangular with a positive diagonal, or shapes do not fit.
        TypeError
            If a parameter does not hold real numbers.

        Examples
        --------
        >>> import fastgen as fg
        >>> components = fg.MultivariateNormal.from_cholesky([[0.0, 0.0]], [[[2.0, 0.0], [1.0, 3.0]]])
        >>> components.covariances
        array([[[ 4.,  2.],
                [ 2., 10.]]])
        """
        valid_means = as_means(means)
        factor = _validated_matrices(cholesky, "cholesky", valid_means)
        FORMS["full"].check_factor(factor, *valid_means.shape)
        return cls._from_factor(valid_means, factor, FORMS["full"])

    @classmethod
    def from_precision(cls, means: ArrayLike, precisions: ArrayLike) -> Self:
        """Components from precisions, the inverses of the covariances.

        Parameters
        ----------
        means : array_like of float, (K, D)
            Mean of each component.
        precisions : array_like of float, (K, D, D)
            Symmetric positive definite inverse covariances. They are factored, never inverted.

        Returns
        -------
        MultivariateNormal
            Components with covariance_type "full".

        Raises
        ------
        ValueError
            If a precision is not symmetric and positive definite, or shapes do not fit.
        TypeError
            If a parameter does not hold real numbers.

        Examples
        --------
        >>> import fastgen as fg
        >>> components = fg.MultivariateNormal.from_precision([[0.0, 0.0]], [[[4.0, 0.0], [0.0, 0.25]]])
        >>> components.covariances
        array([[[0.25, 0.  ],
                [0.  , 4.  ]]])
        """
        valid_means = as_means(means)
        matrices = symmetric_matrices(_validated_matrices(precisions, "precisions", valid_means), "precisions")
        factor, failed = _core.cholesky_from_precision(matrices)
        if failed >= 0:
            smallest = float(np.linalg.eigvalsh(matrices[failed])[0])
            raise ValueError(
                f"{at('precisions', (failed,))} is not positive definite: its smallest eigenvalue is {smallest:.3g}, "
                "expected one greater than 0; add a small multiple of the identity"
            )
        return cls._from_factor(valid_means, factor, FORMS["full"])

    @property
    def covariance_type(self) -> str:
        """Form of the covariances: "full", "tied", "diag" or "spherical"."""
        return self._form.name

    @property
    def covariances(self) -> FloatArray:
        """Covariances, shaped by `covariance_type`, read-only."""
        if self._covariances is None:
            # Two threads may both compute this: they store equal arrays.
            with np.errstate(over="ignore", under="ignore", invalid="ignore"):
                self._set(_covariances=read_only(self._form.covariances(self._factor)))
        assert self._covariances is not None
        return self._covariances

    @property
    def cholesky(self) -> FloatArray:
        """Square roots of the covariances, shaped like them, read-only.

        Lower Cholesky factors for "full" and "tied", standard deviations for "diag" and "spherical".
        """
        return self._factor

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K, D)."""
        return self.means

    @property
    def variance(self) -> FloatArray:
        """Variance of each feature in each component, (K, D)."""
        with np.errstate(over="ignore", under="ignore"):
            if self._batch:
                variances = self._form.variances(self._factor.reshape(-1, *self._factor.shape[2:]), *self._flat_shape)
                return variances.reshape(self.means.shape)
            return self._form.variances(self._factor, *self.means.shape)

    @property
    def _deviation(self) -> FloatArray:
        return self._form.deviations(self._factor, *self.means.shape)

    @property
    def _flat_shape(self) -> tuple[int, int]:
        """(B K, D) of a batch, (K, D) otherwise."""
        return self._core.n_components, self.n_features

    @property
    def covariance(self) -> FloatArray:
        """Covariance matrix of each component, (K, D, D), whatever the covariance type."""
        if self._batch:
            flat = self._form.per_component(self.covariances.reshape(-1, *self._factor.shape[2:]), *self._flat_shape)
            return flat.reshape(*self.means.shape, self.n_features)
        return self._form.per_component(self.covariances, *self.means.shape)

    @property
    def _variant(self) -> str:
        return self._form.name

    def __repr__(self) -> str:
        k, d = self.means.shape[-2:]
        batch = f"n_mixtures={self._batch}, " if self._batch else ""
        return f"{type(self).__name__}({batch}n_components={k}, n_features={d}, covariance_type={self._form.name!r})"

    def _law(self) -> tuple[FloatArray, ...]:
        return self.means, self._factor

    def _take(self, index: NDArray[np.int64]) -> Self:
        form, given = self._form, self._covariances
        return self._from_factor(
            self.means[index],
            form.take(self._factor, index),
            form,
            None if given is None else form.take(given, index),
        )

    def _join(self, others: Sequence[Self]) -> Self | None:
        blocks = (self, *others)
        if any(block._form is not self._form for block in blocks):
            return None
        factor = self._form.join([block._factor for block in blocks])
        if factor is None:
            return None
        given = [block._covariances for block in blocks if block._covariances is not None]
        covariances = self._form.join(given) if len(given) == len(blocks) else None
        return self._from_factor(np.concatenate([block.means for block in blocks]), factor, self._form, covariances)

    def _pooled_covariance(self, weights: FloatArray) -> FloatArray:
        return self._form.pooled(self.covariances, weights, self.n_features)

    def _marginal(self, features: list[int]) -> MultivariateNormal:
        means = np.ascontiguousarray(self.means[:, features])
        return self._from_factor(means, self._form.marginal(self._factor, features), self._form)

    def _marginal_scalar(self, feature: int) -> Normal:
        return Normal(self.means[:, feature], self._deviation[:, feature])

    def _condition(self, features: list[int], rest: list[int], values: FloatArray) -> MultivariateNormal:
        means, factor = self._form.condition(self.means, self._factor, features, rest, values)
        return self._from_factor(means, factor, self._form)

    def _stretched(self, exponent: int) -> MultivariateNormal:
        with np.errstate(over="ignore"):
            return self._from_factor(self.means, np.ldexp(self._factor, exponent), self._form)

    def _state(self) -> dict[str, FloatArray]:
        state = {"means": self.means, "factor": self._factor}
        if self._covariances is not None:
            state["covariances"] = self._covariances
        return state

    @classmethod
    def _from_state(cls, variant: str, state: Mapping[str, FloatArray]) -> Self:
        form = FORMS[as_option(variant, "covariance_type", tuple(FORMS))]
        if np.ndim(state["means"]) == 3:
            return cls(state["means"], state["covariances"], variant)
        means = as_means(state["means"])
        shape = form.expected_shape(*means.shape)
        arrays = {name: as_parameter(state[name], name) for name in ("factor", "covariances") if name in state}
        for name, array in arrays.items():
            if array.shape != shape:
                raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
        factor, covariances = arrays["factor"], arrays.get("covariances")
        form.check_factor(factor, *means.shape)
        if covariances is not None and not form.agrees(factor, covariances):
            raise ValueError("covariances and factor do not belong together")
        return cls._from_factor(means, factor, form, covariances)


def _validated_matrices(value: ArrayLike, name: str, means: FloatArray) -> FloatArray:
    k, d = means.shape
    matrices = as_parameter(value, name)
    if matrices.shape != (k, d, d):
        raise ValueError(f"{name} has shape {matrices.shape}, expected {(k, d, d)} for means of shape {(k, d)}")
    return matrices
