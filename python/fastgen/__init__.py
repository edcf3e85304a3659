"""Mixture models: learn a distribution from data, draw from it, score with it; fast, and the same bits everywhere.

Learn with `fit`, or state a `Mixture` of components of any family (`fastgen.families`); draw with `Mixture.sample`, score
with `Mixture.log_prob` and its relatives. `Stream` is a random-access stream of random numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Never

from . import families
from ._core import stream_version as STREAM_VERSION
from ._core import version as __version__
from ._fit import fit
from ._fit_result import ConvergenceWarning, DegenerateWarning, FitResult, FitState, FitWarning
from ._habits import missing_name
from ._io import load
from ._runtime import get_num_threads, runtime_info, set_num_threads, show_runtime
from .batch import MixtureBatch
from .families import *  # noqa: F403 - the list of families is kept in one place
from .families.base import Components
from .mixture import Mixture
from .stream import Stream

__all__ = [
    "STREAM_VERSION",
    "Components",
    "ConvergenceWarning",
    "DegenerateWarning",
    "FitResult",
    "FitState",
    "FitWarning",
    "Mixture",
    "MixtureBatch",
    "Stream",
    "__version__",
    "fit",
    "get_num_threads",
    "load",
    "runtime_info",
    "set_num_threads",
    "show_runtime",
]
__all__ += families.__all__


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Never:
        raise missing_name(name)


def __dir__() -> list[str]:
    """The public names alone: what tab completion offers."""
    return sorted(__all__)
