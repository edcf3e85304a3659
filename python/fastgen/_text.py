"""Mixtures and fits as a person reads them, in text and in HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._fit_result import FitResult
    from .mixture import Mixture

__all__ = ["fit_html", "fit_text", "mixture_html", "mixture_text"]

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


def _title(mixture: Mixture) -> str:
    k, d = mixture.n_components, mixture.n_features
    return f"Mixture of {k} component{'s' * (k != 1)}, {d} feature{'s' * (d != 1)}"


def _rows(mixture: Mixture) -> list[tuple[str, ...]]:
    """The first few components, one row each."""
    rows: list[tuple[str, ...]] = []
    for block in mixture._blocks:
        # Only what is shown is computed: a block may hold thousands of components.
        part = block[: _MAX_ROWS - len(rows)]
        # Where a moment is beyond the numbers it is shown as inf.
        with np.errstate(all="ignore"):
            means, deviations = part.mean, part._deviation
        name = " ".join(filter(None, (type(block).__name__, block._variant)))
        for mean, deviation in zip(means, deviations, strict=True):
            k = len(rows)
            rows.append((str(k), _number(mixture.weights[k]), _vector(mean), _vector(deviation), name))
        if len(rows) == _MAX_ROWS:
            break
    return rows


def _more(mixture: Mixture) -> str:
    hidden = mixture.n_components - _MAX_ROWS
    return f"... and {hidden:,} more" if hidden > 0 else ""


def mixture_text(mixture: Mixture) -> str:
    """The mixture as a table of plain text."""
    table = [_HEADER, *_rows(mixture)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    more = [f"  {_more(mixture)}"] if _more(mixture) else []
    return "\n".join([_title(mixture), *(f"  {line}" for line in lines), *more])


def mixture_html(mixture: Mixture) -> str:
    """The mixture as an HTML table."""
    # Deferred: only notebooks come here.
    from html import escape

    def cells(row: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f'<{tag} style="text-align:left">{escape(cell)}</{tag}>' for cell in row) + "</tr>"

    more = _more(mixture)
    foot = f"<tfoot>{cells(('', more, '', '', ''), 'td')}</tfoot>" if more else ""
    return (
        f"<table><caption>{escape(_title(mixture))}</caption><thead>{cells(_HEADER, 'th')}</thead>"
        f"<tbody>{''.join(cells(row, 'td') for row in _rows(mixture))}</tbody>{foot}</table>"
    )


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
