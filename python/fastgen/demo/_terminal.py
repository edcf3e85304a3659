"""What the demo prints: headings, facts and tables in aligned plain ASCII, at most 100 characters wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["fact", "heading", "say", "table"]

_FACT_WIDTH = 44


def say(text: str = "") -> None:
    """Print a line at once, so that a user sees progress also through a pipe."""
    print(text, flush=True)


def heading(text: str) -> None:
    """Print the title of a part."""
    say(f"\n{text}\n{'-' * len(text)}")


def fact(name: str, value: str, meaning: str = "") -> None:
    """Print one number: what it is, its value, and what it means."""
    say(f"  {name:<{_FACT_WIDTH}} {value:>9}   {meaning}".rstrip())


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: the first column to the left, the others to the right."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    for line in lines:
        right = (cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
        say("  " + "   ".join([line[0].ljust(widths[0]), *right]).rstrip())
