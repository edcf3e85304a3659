"""Small tools that several test files share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(__file__).resolve().parent / "data"

# Thread counts that no result may depend on: one, the usual, and numbers that divide nothing.
THREADS = (1, 2, 3, 7)


def mixed_cell(d):
    """Samples in a cell of a mixture of several families: mixed_cell in src/cpp/kernels/sample_mixed.hpp."""
    return min(max(32768 // d // 128 * 128, 128), 8192)


class Bad(NamedTuple):
    """Parameters that must be refused, and how the message must read (a regular expression)."""

    id: str
    construct: Callable[[], object]
    error: type[Exception]
    message: str


def bits(array):
    """The array as unsigned integers of its element size: equal exactly if every bit is, NaN and -0 included."""
    array = np.ascontiguousarray(array)
    return array.view(f"u{array.dtype.itemsize}")


def assert_same_bits(actual, expected, what=""):
    """Fail unless type, shape and every bit agree; says where the first difference is."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype, what
    assert actual.shape == expected.shape, what
    differs = bits(actual) != bits(expected)
    if differs.any():
        index = tuple(int(i) for i in np.argwhere(differs)[0])
        message = f"{what}: {int(differs.sum())} of {differs.size} differ, first at {index}: "
        raise AssertionError(message + f"{actual[index]!r} instead of {expected[index]!r}")


def run_python(code, *, env=None, timeout=60):
    """Run code in a fresh interpreter that finds the same fastgen, and return the finished process."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("FASTGEN_")}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment | (env or {}),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
