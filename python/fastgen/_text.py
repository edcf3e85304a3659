"""Mixtures and fits as a person reads them, in text and in HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._fit_result import FitResult
    from ._validate import FloatArray
    from .batch import MixtureBatch
    from .families.base import Components
    from .mixture import Mixture

__all__ = ["batch_html", "batch_text", "fit_html", "fit_text", "mixture_html", "mixture_text"]

_MAX_ROWS = 8
_MAX_FEATURES = 4
_HEADER = ("", "weight", "mean", "standard deviation", "family")


def _number(value: float) -> str:
    return f"{value:.4g}"


def _vector(values: Sequence[float]) -> str:
    """One number, or the first few of several."""
    shown = [_number(value) for value in np.atleast_1d(values)[: _MAX_FEATURES + 1]]
    if len(shown) > _MAX_FEATURES:
        shown[_MAX_FEATURES - 1 :] = ["..."]
    return ", ".join(shown)


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'s' * (n != 1)}"


def _block_rows(block: Components, weights: FloatArray, first: int, most: int) -> list[tuple[str, ...]]:
    """Up to so many components of one family, one row each; `first` is the number of the first."""
    # Only what is shown is computed: a block may hold thousands of components.
    part = block[:most]
    # Where a moment is beyond the numbers it is shown as inf.
    with np.errstate(all="ignore"):
        moments = zip(part.mean, part._deviation, strict=True)
    name = " ".join(filter(None, (type(block).__name__, block._variant)))
    return [
        (str(first + k), _number(weights[first + k]), _vector(mean), _vector(deviation), name)
        for k, (mean, deviation) in enumerate(moments)
    ]


class _Table(NamedTuple):
    """A table as it is shown: the first few rows of so many."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    n_rows: int

    @property
    def more(self) -> str:
        hidden = self.n_rows - len(self.rows)
        return f"... and {hidden:,} more" if hidden > 0 else ""

    def text(self) -> str:
        table = [self.header, *self.rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table]
        more = [self.more] if self.more else []
        return "\n".join([self.title, *(f"  {line}".rstrip() for line in [*lines, *more])])

    def html(self) -> str:
        # Deferred: only notebooks come here.
        from html import escape

        def cells(row: Sequence[str], tag: str) -> str:
            return "<tr>" + "".join(f'<{tag} style="text-align:left">{escape(cell)}</{tag}>' for cell in row) + "</tr>"

        last = cells(("", self.more, *[""] * (len(self.header) - 2)), "td")
        foot = f"<tfoot>{last}</tfoot>" if self.more else ""
        return (
            f"<table><caption>{escape(self.title)}</caption><thead>{cells(self.header, 'th')}</thead>"
            f"<tbody>{''.join(cells(row, 'td') for row in self.rows)}</tbody>{foot}</table>"
        )


def _mixture_table(mixture: Mixture) -> _Table:
    rows: list[tuple[str, ...]] = []
    for block in mixture._blocks:
        if len(rows) < _MAX_ROWS:
            rows += _block_rows(block, mixture.weights, len(rows), _MAX_ROWS - len(rows))
    title = f"Mixture of {_count(mixture.n_components, 'component')}, {_count(mixture.n_features, 'feature')}"
    return _Table(title, _HEADER, rows, mixture.n_components)


def _batch_table(batch: MixtureBatch) -> _Table:
    """The components of the first mixtures, one row each."""
    b, k = batch.weights.shape
    rows: list[tuple[str, ...]] = []
    for i in range(min(b, _MAX_ROWS)):
        if len(rows) < _MAX_ROWS:
            part = _block_rows(batch._part(i), batch.weights[i], 0, _MAX_ROWS - len(rows))
            rows += [(str(i), *row) for row in part]
    title = f"MixtureBatch of {_count(b, 'mixture')} of {_count(k, 'component')}, {_count(batch.n_features, 'feature')}"
    return _Table(title, ("mixture", "component", *_HEADER[1:]), rows, b * k)


def mixture_text(mixture: Mixture) -> str:
    """The mixture as a table of plain text."""
    return _mixture_table(mixture).text()


def mixture_html(mixture: Mixture) -> str:
    """The mixture as an HTML table."""
    return _mixture_table(mixture).html()


def batch_text(batch: MixtureBatch) -> str:
    """The batch as a table of plain text."""
    return _batch_table(batch).text()


def batch_html(batch: MixtureBatch) -> str:
    """The batch as an HTML table."""
    return _batch_table(batch).html()


def _fit_summary(result: FitResult) -> list[tuple[str, str]]:
    """The facts of a fit, as names and values."""
    if result.converged:
        outcome = "converged"
    else:
        outcome = "stopped by the callback" if result.stopped_by_callback else "not converged"
    facts = [
        ("outcome", f"{outcome} after {result.n_iter} iteration{'s' * (result.n_iter != 1)}"),
        ("log-likelihood", f"{result.log_likelihood:.3f} nats (mean {result.history[-1]:.6g})"),
        ("observations", f"{result.n_observations:g}"),
        ("parameters", str(result.n_parameters)),
        ("AIC, BIC", f"{result.aic:.3f}, {result.bic:.3f}"),
    ]
    if len(result.start_log_likelihoods) > 1:
        facts.append(("starts", f"{len(result.start_log_likelihoods)}, the best kept"))
    for name, components in (("empty", result.empty_components), ("at the floor", result.floored_components)):
        if components:
            facts.append((f"components {name}", ", ".join(map(str, components))))
    return facts


def fit_text(result: FitResult) -> str:
    """The fit as plain text."""
    facts = _fit_summary(result)
    width = max(len(name) for name, _ in facts)
    return "\n".join(["FitResult", *(f"  {name.ljust(width)}  {value}" for name, value in facts), repr(result.mixture)])


def fit_html(result: FitResult) -> str:
    """The fit as HTML tables."""
    from html import escape

    rows = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(value)}</td></tr>'
        for name, value in _fit_summary(result)
    )
    return f"<table><caption>FitResult</caption><tbody>{rows}</tbody></table>{mixture_html(result.mixture)}"
