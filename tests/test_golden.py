"""Golden bits: what STREAM_VERSION stands for.

If this fails, drawn bits have changed: either undo that, or raise STREAM_VERSION, say so in the changelog, and
regenerate golden.json with

    python tests/test_golden.py
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import cases
import fastgen as fg
import numpy as np
import pytest

FILE = Path(__file__).parent / "data" / "golden.json"
# Rounded to binary fractions, so that the parameters do not depend on NumPy's random numbers or its Cholesky.
SEED, START, ROWS, MANY = 12345, 3, 2, 5000
DTYPES = {"float64": np.float64, "float32": np.float32}


def golden_mixture(case):
    """The case's mixture with parameters that are written down here, not drawn."""
    blocks = []
    for law, k in case.parts:
        if law.golden:
            blocks.append(law.construct(**law.golden(k)))
            continue
        shape = {name: np.shape(value) for name, value in law.parameters(np.random.default_rng(0), k, case.d).items()}
        (location, place), (spread, form) = shape.items()
        parameters = {location: _ramp(place) - 2.0}
        if len(form) >= 2 and form[-1] == form[-2] == case.d and (len(form) == 3 or law.id == "tied"):
            # "diag" with K = D has the shape of a matrix too; these are matrices.
            parameters[spread] = _matrices(form, triangular=spread == "cholesky")
        else:
            parameters[spread] = 0.5 + _ramp(form) / 4
        blocks.append(law.construct(**parameters))
    return fg.Mixture(1.0 + np.arange(case.k) % 5, blocks)


def _ramp(shape):
    return np.arange(np.prod(shape, dtype=int)).reshape(shape) % 11 * 0.75


def _matrices(shape, *, triangular):
    lower = np.tril(_ramp(shape) / 8) + np.eye(shape[-1])
    return lower if triangular else lower @ lower.swapaxes(-1, -2)


def fingerprint(case, dtype):
    """The first draws in hexadecimal, to look at, and a digest of many."""
    m = golden_mixture(case)
    x, labels = m.sample(MANY, rng=SEED, start=START, dtype=dtype, return_labels=True)
    shown = [float(v).hex() for v in x[:ROWS].ravel()]
    digest = hashlib.sha256(x.astype(x.dtype.newbyteorder("<")).tobytes() + labels.astype("<i8").tobytes())
    return {"first": shown, "labels": labels[:10].tolist(), "digest": digest.hexdigest()[:32]}


def test_stream_version():
    assert json.loads(FILE.read_text())["STREAM_VERSION"] == fg.STREAM_VERSION


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", cases.GOLDEN_CASES, ids=repr)
def test_golden(case, dtype, isa):
    expected = json.loads(FILE.read_text())[f"{case!r} {dtype}"]
    assert fingerprint(case, DTYPES[dtype]) == expected


if __name__ == "__main__":
    content = {"STREAM_VERSION": fg.STREAM_VERSION}
    content |= {
        f"{case!r} {name}": fingerprint(case, dtype) for case in cases.GOLDEN_CASES for name, dtype in DTYPES.items()
    }
    FILE.write_text(json.dumps(content, indent=1) + "\n")
    sys.stdout.write(f"wrote {FILE}\n")
