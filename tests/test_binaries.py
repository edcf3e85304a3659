"""Symbols of the compiled module."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from fastgen import _core
from helpers import ROOT

FLAGS = {"baseline": ["-DFASTGEN_VECTOR_BYTES=0"]}
if "avx2" in _core.available_isas():
    FLAGS["avx2"] = ["-DFASTGEN_VECTOR_BYTES=32", "-march=x86-64-v3"]
elif "neon" in _core.available_isas():
    FLAGS["neon"] = ["-DFASTGEN_VECTOR_BYTES=16"]


MACOS = sys.platform == "darwin"


def symbols_of(file, *options):
    """(kind, name) of the symbols in a binary, as nm gives them; without the underscore that macOS puts before names."""
    done = subprocess.run(["nm", *options, str(file)], capture_output=True, text=True, check=True)
    pairs = [line.split()[-2:] for line in done.stdout.splitlines() if line.split()]
    return [(kind, name.removeprefix("_") if MACOS else name) for kind, name in pairs]


@pytest.mark.parametrize("isa", FLAGS)
def test_kernel_objects_share_nothing(isa, tmp_path):
    """Code compiled for one instruction set must not be merged by the linker into another's: no global symbol without
    its name, nothing weak (W, V), unique (u) or common. Nothing is inlined, so that what an optimiser hides shows too."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    assert compiler
    assert shutil.which("nm")
    sources = [str(ROOT / f"src/cpp/kernels/{name}.cpp") for name in ("table", "laws", "math")]
    flags = "-std=c++20 -O0 -DFASTGEN_NO_INLINE -fPIC -fvisibility=hidden -fvisibility-inlines-hidden -ffp-contract=off"
    command = [compiler, *flags.split(), f"-DFASTGEN_ISA={isa}", *FLAGS[isa], "-c"]
    compilers = [subprocess.Popen([*command, source], cwd=tmp_path) for source in sources]
    assert [process.wait(timeout=300) for process in compilers] == [0, 0, 0]
    kinds = [pair for target in sorted(tmp_path.glob("*.o")) for pair in symbols_of(target)]
    assert len(kinds) > 10
    weak = [name for kind, name in kinds if kind in "WVwvuC"]
    assert weak == []
    shown = {name for kind, name in kinds if kind.isupper() and kind != "U"}
    assert f"fastgen_kernel_table_{isa}" in shown
    # What else one file offers to another carries the name of its instruction set.
    inside = f"_ZN7fastgen{len(isa)}{isa}"
    assert all(name.startswith(inside) for name in shown - {f"fastgen_kernel_table_{isa}"}), shown
    # What they need from outside is C only: nothing of the C++ library, no exception, no allocation.
    needed = {name for kind, name in kinds if kind == "U"} - shown
    assert all(not name.startswith("_Z") for name in needed), needed


def test_module_exports_only_its_entry():
    symbols = symbols_of(_core.__file__, *(["-gU"] if MACOS else ["-D", "--defined-only"]))
    # Weak symbols of the C++ library are left, compiled for every CPU.
    assert [name for kind, name in symbols if kind in "TDBR"] == ["PyInit__core"]
    assert not [name for _, name in symbols if any(isa in name for isa in ("avx", "neon", "emulated"))]
