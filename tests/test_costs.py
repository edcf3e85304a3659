"""Import time, and memory."""

from __future__ import annotations

import pytest
from helpers import run_python


def test_import_time(tmp_path):
    """At most 40 ms over import numpy. Processor time of whole imports: the least of nine each, taken in turn, which a
    busy machine lengthens least."""
    code = "import time; t = time.process_time(); import {}; print(time.process_time() - t)"
    # Of byte-compiled sources, as an installed package has them; the first import compiles.
    compiled = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    run_python("import fastgen", env=compiled)
    assert list(tmp_path.rglob("fastgen/mixture*.pyc"))
    times = {"numpy": [], "fastgen": []}
    for _ in range(9):
        for module, found in times.items():
            found.append(float(run_python(code.format(module), env=compiled).stdout))
    assert min(times["fastgen"]) - min(times["numpy"]) <= 0.040


def test_import_is_lean():
    """Nothing slow or optional comes along."""
    code = "import sys, numpy; before = set(sys.modules); import fastgen; print(*sorted(set(sys.modules) - before))"
    loaded = run_python(code).stdout.split()
    assert "fastgen" in loaded
    heavy = {
        "scipy",
        "sklearn",
        "matplotlib",
        "zipfile",
        "json",
        "multiprocessing",
        "concurrent",
        "doctest",
        "asyncio",
        "html",
    }
    assert heavy.isdisjoint(name.split(".")[0] for name in loaded)


MEMORY = """
import resource, sys
import numpy as np
import fastgen as fg
n = 10_000_000
m = {model}
x = np.broadcast_to(np.float64(0.5), (n,)) if m.n_features == 1 else np.broadcast_to(np.full(8, 0.5), (n, 8))
m.{method}(x[:100_000])  # constants, threads and their scratch are there
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
answer = m.{method}(x)
unit = 1 if sys.platform == 'darwin' else 1024
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit - answer.nbytes)
"""


@pytest.mark.parametrize("method", ["log_prob", "assign"])
@pytest.mark.parametrize(
    "model",
    [
        "fg.Mixture(None, fg.Normal(np.arange(5.0), 1.0))",
        "fg.Mixture(None, fg.MultivariateNormal(np.zeros((2, 8)), 1.0, 'diag'))",
    ],
)
def test_memory_of_10_million_points(model, method):
    """The answer and at most 32 MB: no n x K, no n x D, no copy of the points."""
    done = run_python(MEMORY.format(model=model, method=method))
    assert float(done.stdout) <= 32 * 2**20, done.stderr


def test_memory_of_sampling_and_fitting():
    code = """
import resource, sys
import numpy as np
import fastgen as fg
m = fg.Mixture(None, fg.MultivariateNormal(np.arange(32.0).reshape(4, 8), np.stack([np.eye(8)] * 4)))
out = np.ones((1_000_000, 8))
mixed = fg.Mixture(None, [m.components, fg.MultivariateStudentT(3.0, np.ones((2, 8)), 1.0, "spherical")])
for some in (m, mixed):
    some.sample(50_000, rng=1)
fg.fit(out[:20_000] + m.sample(20_000, rng=1), 4, rng=1, max_iter=2, tol=0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
mixed.sample(1_000_000, rng=1, out=out)
m.sample(1_000_000, rng=1, out=out)
fg.fit(out, 4, rng=1, max_iter=2, tol=0)
unit = 1 if sys.platform == 'darwin' else 1024
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit)
"""
    done = run_python(code)
    assert float(done.stdout) <= 32 * 2**20, done.stderr
