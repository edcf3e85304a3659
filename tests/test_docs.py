"""Docstrings, their examples, the stub of the compiled module, generated pages."""

from __future__ import annotations

import doctest
import importlib
import importlib.resources
import inspect
import pkgutil
import re
import runpy
import subprocess
import sys

import cases
import fastgen as fg
import numpy as np
import pytest
from helpers import ROOT
from scipy import stats


def law_of(law):
    """One component of three features."""
    return law.construct(**law.parameters(np.random.default_rng(5), 1, 1 if law.scalar else 3))


def modules():
    names = [m.name for m in pkgutil.walk_packages(fg.__path__, "fastgen.")]
    return [
        "fastgen",
        *sorted(n for n in names if not n.startswith(("fastgen._core", "fastgen.demo", "fastgen.__main__"))),
    ]


@pytest.mark.parametrize("name", modules())
def test_examples_in_docstrings(name):
    results = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.failed == 0


def documented():
    """Every public function, class and method: (name, object)."""
    for name in fg.__all__:
        thing = getattr(fg, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            yield name, thing
        if inspect.isclass(thing):
            for member, value in vars(thing).items():
                plain = value.__func__ if isinstance(value, classmethod | staticmethod) else value
                if not member.startswith("_") and (inspect.isfunction(plain) or isinstance(plain, property)):
                    yield f"{name}.{member}", plain


@pytest.mark.parametrize(("name", "thing"), [pytest.param(n, t, id=n) for n, t in documented()])
def test_docstrings(name, thing):
    """A summary on one line; every parameter described; what is returned; an example."""
    text = inspect.getdoc(thing)
    assert text, f"{name} has no docstring"
    assert text.split("\n\n")[0].endswith(".")
    if isinstance(thing, property) or (inspect.isclass(thing) and issubclass(thing, Warning)):
        return
    target = thing.__init__ if inspect.isclass(thing) else thing
    parameters = [p for p in inspect.signature(target).parameters.values() if p.name not in ("self", "cls")]
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    internal = name in ("Components", "FitResult", "FitState")  # users do not construct these
    if named and not internal:
        section = text.split("Parameters\n----------")[1]
        for parameter in named:
            assert re.search(rf"^(\w+, )*{parameter}(, \w+)* :", section, re.MULTILINE), f"{name}: {parameter}"
    if inspect.isfunction(thing) and not internal and inspect.signature(thing).return_annotation not in ("None", None):
        assert "Returns\n-------" in text
    if not name.startswith(("Components.", "FitState.", "FitResult.")):
        assert "Examples\n--------" in text, f"{name} has no example"
        assert ">>> " in text


def test_code_of_the_readme():
    """Every block runs, one after the other."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(blocks) > 3
    names = {}
    for block in blocks:
        exec(block, names)


def test_stubs(tmp_path):
    """The stub of the compiled module says what is there (mypy's stubtest, which imports and compares)."""
    # A stub cannot name pybind11's metaclass. The entries are exact names: members are still compared.
    allowed = tmp_path / "allowed.txt"
    allowed.write_text(
        "\n".join(rf"fastgen\._core\.{name}" for name in ("Components", "EMStep", "Mixture", "MixtureBatch"))
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "fastgen._core", "--allowlist", str(allowed)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_table_of_families():
    """docs/families.md is what the registry says now."""
    page = runpy.run_path(str(ROOT / "docs" / "make_families.py"))
    assert page["FILE"].read_text() == page["text"](), "run python docs/make_families.py"


ONE_LAW_EACH = {type(law_of(law)): law for law in reversed(cases.LAWS)}


@pytest.mark.parametrize("law", [law for cls, law in ONE_LAW_EACH.items() if cls.scipy], ids=lambda law: law.id)
def test_laws_of_scipy(law):
    """What the table says of scipy.stats, and what a component is here, have the same density."""
    components = law_of(law)
    parameters = {p.name: getattr(components, p.name)[0] for p in components.parameters}
    peer = eval(components.scipy, {**vars(stats), "exp": np.exp, **parameters})
    m = fg.Mixture(None, components)
    x = m.sample(20, rng=1)
    # SciPy's Dirichlet and directions take one point at a time.
    expected = [(peer.logpmf if law.discrete else peer.logpdf)(point) for point in x]
    np.testing.assert_allclose(m.log_prob(x), np.reshape(expected, 20), rtol=1e-7, atol=1e-7)


def test_typed_marker():
    assert (importlib.resources.files("fastgen") / "py.typed").is_file()
