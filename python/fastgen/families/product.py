"""Independent columns: mixed-type tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .._core import Components as CoreComponents
from .._validate import REAL, kind_of
from .base import Components, Parameter, ScalarComponents, restore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._validate import FloatArray, Index

__all__ = ["Product"]


class Product(Components):
    r"""Independent columns, each with a scalar family of its own: numbers, counts and categories in one table.

    With several components this is the latent class model: within a class the columns know nothing of each other, and
    all dependence between them comes from not knowing the class.

    Parameters
    ----------
    columns : sequence of scalar families
        The law of each column, all with the same number of components K: component k of the product takes component k
        of every column. Discrete and continuous columns may stand side by side. For a `MixtureBatch` the parameters of all
        have the shape (B, K).

    Attributes
    ----------
    columns : tuple of Components
        The laws of the D columns.

    Raises
    ------
    ValueError
        If there is no column, or the numbers of components differ.
    TypeError
        If a column is not a scalar family.

    See Also
    --------
    MultivariateNormal : Columns that depend on each other within a component.
    Delta : Columns that are 0 too often.

    Notes
    -----
    The density of component k is the product of those of its columns [1]_,

    .. math:: p_k(x) = \prod_d p_{kd}(x_d)

    with respect to length in continuous columns and to counts in discrete ones. **A NaN in a column means that its value
    was not observed**: it is integrated out, so that `Mixture.log_prob` gives the density of what was observed, and
    `Mixture.responsibilities` what that says about the class. A row of NaN alone has log density 0. (In a mixture of a
    product with another family a NaN makes the answer NaN, as everywhere else.) float32 rows are computed in float64.
    Column d of a sample is drawn by the sampler of its family, from a stream of its own.

    Components of different families in a column go into one `Mixture` as several products. Each column then follows the rules
    of a scalar mixture: discrete or continuous laws, with point masses (`Delta`) beside either.

    References
    ----------
    .. [1] P. F. Lazarsfeld and N. W. Henry, "Latent Structure Analysis", Houghton Mifflin, 1968.

    Examples
    --------
    Two kinds of customers: waiting times and amounts.

    >>> import fastgen as fg
    >>> import numpy as np
    >>> table = fg.Product([fg.Exponential([1.0, 0.1]), fg.Normal([20.0, 50.0], 5.0)])
    >>> m = fg.Mixture([0.7, 0.3], table)
    >>> m.responsibilities([[9.0, np.nan], [9.0, 25.0]]).round(3)
    array([[0.007, 0.993],
           [0.999, 0.001]])
    >>> m.marginal(0)
    Mixture of 2 components, 1 feature
         weight  mean  standard deviation  family
      0  0.7     1     1                   Exponential
      1  0.3     10    10                  Exponential
    """

    __slots__ = ("columns",)

    parameters = (Parameter("columns", REAL),)
    support = "that of the columns"
    sampler = "each column's own"
    source = "Lazarsfeld and Henry 1968"

    columns: tuple[ScalarComponents, ...]

    def __init__(self, columns: Iterable[Any]) -> None:
        if isinstance(columns, Components) or not hasattr(columns, "__iter__"):
            raise TypeError(f"columns is {kind_of(columns)}, expected a sequence of scalar families, one a column")
        columns = tuple(columns)
        if not columns:
            raise ValueError("columns is empty, expected at least one scalar family")
        for d, column in enumerate(columns):
            if not isinstance(column, ScalarComponents):
                raise TypeError(
                    f"columns[{d}] is {kind_of(column)}, expected a scalar family such as fastgen.Normal(loc, scale)"
                )
            if column._batch != columns[0]._batch:
                raise ValueError(
                    f"columns[{d}] has parameters of shape {column._lead}, but columns[0] of {columns[0]._lead}; expected "
                    "the same in every column, (K,), or (B, K) for a batch of mixtures"
                )
            if len(column) != len(columns[0]):
                raise ValueError(
                    f"columns[{d}] has {len(column)} component{'s' * (len(column) > 1)}, but columns[0] has {len(columns[0])}; "
                    "expected the same number in every column"
                )
        core = CoreComponents.product([column._core for column in columns])
        self._set(columns=columns, _core=core, _batch=columns[0]._batch)

    @property
    def mean(self) -> FloatArray:
        """Means of the components, (K, D)."""
        return np.stack([column.mean for column in self.columns], axis=1)

    @property
    def variance(self) -> FloatArray:
        """Variance of each column in each component, (K, D)."""
        return np.stack([column.variance for column in self.columns], axis=1)

    @property
    def covariance(self) -> FloatArray:
        """Covariance of each component, (K, D, D): diagonal."""
        dense = np.zeros((self.n_components, self.n_features, self.n_features))
        diagonal = np.arange(self.n_features)
        dense[:, diagonal, diagonal] = self.variance
        return dense

    def __repr__(self) -> str:
        return f"{type(self).__name__}([{', '.join(map(repr, self.columns))}])"

    def __eq__(self, other: object) -> bool:
        return self.columns == other.columns if isinstance(other, Product) else NotImplemented

    def __hash__(self) -> int:
        return hash((Product, self.columns))

    def _take(self, index: Index) -> Self:
        return type(self)([column._take(index) for column in self.columns])

    def _join(self, others: Sequence[Self]) -> Self | None:
        columns = []
        for together in zip(self.columns, *(other.columns for other in others), strict=True):
            if len({(type(column), column._variant) for column in together}) > 1:
                return None
            joined = together[0]._join(together[1:])
            if joined is None:
                return None
            columns.append(joined)
        return type(self)(columns)

    def _pooled_covariance(self, weights: FloatArray) -> FloatArray:
        used = weights > 0
        return np.diag(weights[used] @ self.variance[used])

    def _marginal(self, features: list[int]) -> Product:
        return Product([self.columns[d] for d in features])

    def _marginal_scalar(self, feature: int) -> Components:
        return self.columns[feature]

    def _condition(self, features: list[int], rest: list[int], values: FloatArray) -> Product:
        # Independent within a component: only the weights learn from what is known.
        return self._marginal(rest)

    def _brought_near(self, exponent: int) -> Product | None:
        columns = [column._brought_near(exponent) for column in self.columns]
        return None if None in columns else Product(columns)

    # Saving: each array under the number of its column; the variant names the families.

    @property
    def _variant(self) -> str:
        return ",".join(type(column).__name__ for column in self.columns)

    def _state(self) -> dict[str, FloatArray]:
        return {f"{d}.{name}": a for d, column in enumerate(self.columns) for name, a in column._state().items()}

    @classmethod
    def _from_state(cls, variant: str, state: Mapping[str, FloatArray]) -> Self:
        parts: list[dict[str, Any]] = [{} for _ in variant.split(",")]
        for key, array in state.items():
            d, _, name = key.partition(".")
            parts[int(d)][name] = array
        return cls([restore(family, "", part) for family, part in zip(variant.split(","), parts, strict=True)])
