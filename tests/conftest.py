"""What every test shares: a clean runtime, and fixtures over instruction sets and thread counts."""

from __future__ import annotations

import pytest
from fastgen import _core
from helpers import THREADS


@pytest.fixture(autouse=True)
def _runtime_restored():
    """Leave instruction set and thread count as they were."""
    isa, threads = _core.isa(), _core.get_num_threads()
    yield
    _core.set_isa(isa)
    _core.set_num_threads(threads)


@pytest.fixture(params=_core.available_isas())
def isa(request):
    """Each instruction set that this CPU and build can run, made active."""
    _core.set_isa(request.param)
    return request.param


@pytest.fixture(params=THREADS)
def threads(request):
    """Each of the thread counts that results may not depend on, made active."""
    _core.set_num_threads(request.param)
    return request.param
