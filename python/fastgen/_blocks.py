"""What the components of a mixture are: one family object or several, of points of one kind, that may be mixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from ._frozen import Frozen
from ._validate import NON_NEGATIVE, as_float_array, as_parameter, kind_of, shown
from .families.base import Components
from .families.product import Product

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ._validate import FloatArray

__all__ = ["Weighted", "as_blocks", "as_weights", "have_slope", "joined"]


class Weighted(Frozen):
    """A record made of weights and components, in this order."""

    __slots__ = ()

    def __new__(cls, *given: Any, **named: Any) -> Self:
        """Refuse components in the place of the weights."""
        if given and isinstance(given[0], Components):
            raise TypeError(
                f"weights is of type {type(given[0]).__name__}, expected numbers or None; weights come first, None for equal "
                f"ones: {cls.__name__}(None, components)"
            )
        return super().__new__(cls, *given, **named)


def as_weights(weights: ArrayLike) -> FloatArray:
    """A private copy of the weights that a user gives, checked one by one."""
    if isinstance(weights, str):
        raise TypeError(f"weights is {shown(weights)}, expected a number for each component; None means equal weights")
    values = as_float_array(weights, "weights")
    logits = bool(values.size and values.min() < 0)
    hint = "weights are probabilities, not logits: pass softmax(logits)" if logits else ""
    return as_parameter(values, "weights", NON_NEGATIVE, hint)


def as_blocks(components: Any) -> tuple[Components, ...]:
    """The family objects, checked to be some and to have the same features."""
    blocks = (components,) if isinstance(components, Components) else components
    if isinstance(blocks, (str, bytes, type)) or not hasattr(blocks, "__iter__"):
        raise TypeError(
            f"components is {kind_of(blocks)}, expected a family object such as fastgen.Normal(loc, "
            "scale), or a sequence of them"
        )
    blocks = tuple(blocks)
    if not blocks:
        raise ValueError("components is empty, expected at least one family object")
    for i, block in enumerate(blocks):
        if not isinstance(block, Components):
            hint = ""
            if hasattr(block, "weights") and hasattr(block, "components"):
                hint = (
                    "; to mix mixtures pass np.concatenate([w * m.weights for ...]) as weights and their components, "
                    "[m.components, ...]"
                )
            raise TypeError(
                f"components[{i}] is {kind_of(block)}, expected a family object such as fastgen.Normal(loc, scale){hint}"
            )
    for i, block in enumerate(blocks):
        if block._batch:
            raise ValueError(
                f"components[{i}] is a batch of {block._batch} mixtures: its parameters have shape (B, K), expected (K,), one "
                "value per component; pass it to fastgen.MixtureBatch"
            )
        if block._scalar != blocks[0]._scalar or block.n_features != blocks[0].n_features:
            raise ValueError(
                f"components[{i}], {_kind(block)}, cannot be mixed with components[0], {_kind(blocks[0])}; expected "
                "points of one kind"
            )
    _check_measures(blocks)
    return blocks


_SURFACES = {"sphere": "on a sphere", "simplex": "on a simplex"}


def _check_measures(blocks: tuple[Components, ...]) -> None:
    """Masses and densities have no common scale, nor have densities in spaces of different kinds; point masses go with both."""
    for i, block in enumerate(blocks):
        one, other = blocks[0]._measure, block._measure
        if one != other and not {one, other}.isdisjoint(_SURFACES):
            where = [f"{type(b).__name__} {_SURFACES.get(b._measure, 'in space')}" for b in (block, blocks[0])]
            raise ValueError(
                f"components[{i}], {where[0]}, cannot be mixed with components[0], {where[1]}: their densities have no common "
                "scale; expected laws of one kind"
            )
    # Every column of products is a scalar mixture by itself.
    products = any(isinstance(block, Product) for block in blocks)
    for d in range(blocks[0].n_features if products else 1):
        laws = [block.columns[d] if isinstance(block, Product) else block for block in blocks]
        first = {law._measure: i for i, law in reversed(list(enumerate(laws)))}
        if "discrete" in first and "continuous" in first:
            i, j = sorted((first["discrete"], first["continuous"]))
            found = (f"components[{k}], {laws[k]._measure} {type(laws[k]).__name__}" for k in (j, i))
            raise ValueError(
                f"{f'in column {d}, ' * products}{' cannot be mixed with '.join(found)}: a mass and a density cannot be added. "
                "Give them columns of their own (Product), or put point masses into a continuous mixture (Delta)"
            )


def _kind(block: Components) -> str:
    if block._scalar:
        return f"{type(block).__name__} of scalar points"
    return f"{type(block).__name__} of points with {block.n_features} feature{'s' * (block.n_features != 1)}"


def joined(blocks: tuple[Components, ...]) -> tuple[Components, ...]:
    """Join neighbours that one object can hold: one block of 1,000 components is faster than 1,000 of one."""
    runs: list[list[Components]] = []
    for block in blocks:
        if runs and type(runs[-1][0]) is type(block) and runs[-1][0]._variant == block._variant:
            runs[-1].append(block)
        else:
            runs.append([block])
    result: list[Components] = []
    for run in runs:
        together = run[0]._join(run[1:]) if len(run) > 1 else run[0]
        result.extend(run if together is None else [together])
    return tuple(result)


def have_slope(blocks: tuple[Components, ...]) -> bool:
    """Whether any of the laws, of products those of the columns, has a gradient of the log density."""
    laws = (law for block in blocks for law in (block.columns if isinstance(block, Product) else (block,)))
    return any(law._has_slope() for law in laws)
