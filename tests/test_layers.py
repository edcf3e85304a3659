"""The layers of the C++ core: no folder includes from one above it."""

from __future__ import annotations

import re

import pytest
from helpers import ROOT

CPP = ROOT / "src" / "cpp"
# Each folder, and where its files may include from besides. core and bindings are compiled once, the others once for each
# instruction set.
MAY_INCLUDE = {
    "include": set(),
    "core": {"include"},
    "vector": set(),
    "parts": {"core", "vector"},
    "families": {"core", "vector", "parts"},
    "kernels": {"core", "vector", "parts", "families"},
    "bindings": {"include", "core"},
}
GENERATED = {"isas.hpp"}


def folder(file):
    return file.relative_to(CPP).parts[0]


def included(file):
    """The files of this repository that a source includes, found as the compiler finds them."""
    for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', file.read_text(), flags=re.MULTILINE):
        if name in GENERATED:
            continue
        places = [(place / name).resolve() for place in (file.parent, CPP / "core", CPP / "include")]
        found = [place for place in places if place.is_file()]
        assert found, f"{file.relative_to(CPP)} includes {name}, which is nowhere"
        yield found[0]


def sources(name):
    return sorted(path for path in (CPP / name).rglob("*") if path.suffix in {".hpp", ".cpp"})


def test_every_folder_has_its_place():
    assert {path.name for path in CPP.iterdir() if path.is_dir()} == set(MAY_INCLUDE)


@pytest.mark.parametrize("name", MAY_INCLUDE)
def test_no_folder_includes_from_above(name):
    assert sources(name)
    upwards = [
        f"{file.relative_to(CPP)} includes {other.relative_to(CPP)}"
        for file in sources(name)
        for other in included(file)
        if folder(other) != name and folder(other) not in MAY_INCLUDE[name]
    ]
    assert upwards == []


def test_no_header_includes_itself():
    """Cycles of headers would compile, as each is read once, and then depend on which is read first."""
    edges = {file: set(included(file)) for name in MAY_INCLUDE for file in sources(name)}
    while leaves := [file for file, others in edges.items() if not others & edges.keys()]:
        for file in leaves:
            del edges[file]
    assert sorted(str(file.relative_to(CPP)) for file in edges) == []
