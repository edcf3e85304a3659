"""Threads, and what the package runs on."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from . import _core
from ._validate import as_int

__all__ = ["get_num_threads", "runtime_info", "set_num_threads", "show_runtime"]


_MOST_THREADS = 1024  # the core's own limit


def set_num_threads(n: int) -> None:
    """Set the number of threads that long calls use.

    Parameters
    ----------
    n : int
        Number of threads, at least 1. Results do not depend on it.

    Raises
    ------
    TypeError
        If `n` is not an integer.
    ValueError
        If `n` is less than 1 or more than 1024.

    See Also
    --------
    get_num_threads : The number in use.

    Notes
    -----
    At import it is taken from the environment variable ``FASTGEN_NUM_THREADS``, else ``OMP_NUM_THREADS`` (the first number
    of a list such as ``4,2``; ignored if that is not a positive number, as the variable belongs to others), else it is the
    number of processors this process may run on. Calls of less than about 100 microseconds stay on the calling
    thread.

    Examples
    --------
    >>> import fastgen as fg
    >>> before = fg.get_num_threads()
    >>> fg.set_num_threads(1)
    >>> fg.get_num_threads()
    1
    >>> fg.set_num_threads(before)
    """
    _core.set_num_threads(as_int(n, "n", minimum=1, maximum=_MOST_THREADS, hint="n is the number of threads"))


def get_num_threads() -> int:
    """Return the number of threads that long calls use.

    Returns
    -------
    int
        Number of threads.

    See Also
    --------
    set_num_threads : Change it.

    Examples
    --------
    >>> import fastgen as fg
    >>> fg.get_num_threads() >= 1
    True
    """
    return _core.get_num_threads()


def runtime_info() -> dict[str, Any]:
    """Return what the package runs on, as a dictionary.

    Returns
    -------
    dict
        Version, compiler, stream version, instruction set in use and available, threads, and the versions of NumPy,
        Python and the platform.

    See Also
    --------
    show_runtime : The same, printed.

    Examples
    --------
    >>> import fastgen as fg
    >>> info = fg.runtime_info()
    >>> info["instruction_set"] in info["instruction_sets_available"]
    True
    """
    # Deferred: it is slow to import and needed only here.
    import platform

    return {
        "fastgen": _core.version,
        "compiler": _core.compiler,
        "stream_version": _core.stream_version,
        "instruction_set": _core.isa(),
        "instruction_sets_available": list(_core.available_isas()),
        "threads": _core.get_num_threads(),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
    }


def show_runtime() -> None:
    """Print version, instruction set in use and available, threads, and the versions of NumPy and Python.

    Include the output in a bug report.

    See Also
    --------
    runtime_info : The same, as a dictionary.

    Examples
    --------
    >>> import fastgen as fg
    >>> fg.show_runtime()  # doctest: +ELLIPSIS
    fastgen                     ...
    """
    for name, value in runtime_info().items():
        text = ", ".join(value) if isinstance(value, list) else value
        print(f"{name.replace('_', ' '):<27} {text}")
