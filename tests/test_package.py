"""The package as a whole: names, documentation, files, environment, binaries, import time, memory."""

from __future__ import annotations

import copy
import doctest
import errno
import importlib
import inspect
import json
import os
import pickle
import pkgutil
import re
import runpy
import shutil
import subprocess
import sys
import zipfile

import cases
import fastgen as fg
import numpy as np
import pytest
from fastgen import _core
from fastgen.families.base import REGISTRY
from helpers import ROOT, assert_same_bits, run_python

# Names

DESIGN_NAMES = {
    "Normal",
    "MultivariateNormal",
    "Mixture",
    "Stream",
    "load",
    "fit",
    "set_num_threads",
    "get_num_threads",
    "show_runtime",
    "STREAM_VERSION",
}
DESIGN_MEMBERS = {
    "Mixture": [
        "weights",
        "components",
        "n_components",
        "n_features",
        "mean",
        "covariance",
        "sample",
        "log_prob",
        "prob",
        "component_log_prob",
        "responsibilities",
        "assign",
        "grad_log_prob",
        "cdf",
        "icdf",
        "marginal",
        "condition",
        "save",
    ],
    "MultivariateNormal": ["from_cholesky", "from_precision", "means", "covariances", "covariance_type"],
    "Normal": ["loc", "scale"],
    "Stream": ["spawn"],
    "FitResult": ["mixture", "converged", "n_iter", "log_likelihood", "history", "aic", "bic"],
}
SIGNATURES = {
    "Mixture.sample": "(self, n, *, rng=None, start=0, return_labels=False, out=None, dtype=<class 'numpy.float64'>)",
    "Mixture.log_prob": "(self, x, *, out=None)",
    "fit": "(x, n_components, *, covariance_type='full', sample_weight=None, init='k-means++', n_init=1, max_iter=200, "
    "tol=1e-06, reg_covar=1e-06, rng=None, callback=None, verbose=0)",
    "MultivariateNormal": "(means, covariances, covariance_type='full')",
    "Normal": "(loc, scale)",
    "Mixture": "(weights, components)",
    "Stream.spawn": "(self, n)",
    "Mixture.condition": "(self, features, values)",
}


def public(name):
    found = fg
    for part in name.split("."):
        found = getattr(found, part)
    return found


def test_names_of_the_design():
    assert set(fg.__all__) >= DESIGN_NAMES
    assert len(set(fg.__all__)) == len(fg.__all__)
    for name in fg.__all__:
        assert hasattr(fg, name)
    for name, members in DESIGN_MEMBERS.items():
        for member in members:
            assert hasattr(getattr(fg, name), member), f"{name}.{member}"


def test_tab_completion_shows_public_names():
    assert dir(fg) == sorted(fg.__all__)
    done = run_python("import fastgen; print(*dir(fastgen))")
    assert set(done.stdout.split()) == set(fg.__all__), done.stderr


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_of_the_design(name):
    signature = inspect.signature(public(name))
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    assert str(inspect.Signature(bare)) == SIGNATURES[name]


def test_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+", fg.__version__)
    assert fg.__version__ == _core.version
    assert isinstance(fg.STREAM_VERSION, int)


# Documentation


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
    if not internal and not name.startswith(("Components.", "FitState.", "FitResult.")):
        assert "Examples\n--------" in text, f"{name} has no example"
        assert ">>> " in text


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


def test_typed_marker():
    assert (importlib.resources.files("fastgen") / "py.typed").is_file()


# Saving, pickling, comparing


@pytest.mark.parametrize("case", cases.SMALL_CASES, ids=repr)
def test_round_trips(case, tmp_path):
    """Saved and loaded, pickled, copied: equal, and the same bits from every method and every seed."""
    m = case.mixture()
    path = tmp_path / "a model.with dots"
    m.save(path)
    x = case.points(50)
    results = [fg.load(path), fg.load(str(path)), copy.copy(m), copy.deepcopy(m)]
    results += [pickle.loads(pickle.dumps(m, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)]
    for other in results:
        assert other == m
        assert hash(other) == hash(m)
        assert repr(other) == repr(m)
        assert_same_bits(other.weights, m.weights)
        for method in ("log_prob", "responsibilities", "assign" if case.discrete else "grad_log_prob"):
            assert_same_bits(getattr(other, method)(x), getattr(m, method)(x))
        assert_same_bits(other.sample(100, rng=1), m.sample(100, rng=1))
        with pytest.raises(ValueError, match="read-only"):
            other.weights[0] = 1
    assert m != case_with_other_weights(m)
    # Marginals and conditionals have factors that no constructor made.
    if not (case.scalar or case.surface):
        part = m.condition([1], [0.5])
        part.save(path)  # replaces
        assert fg.load(path) == part
        assert_same_bits(fg.load(path).sample(20, rng=1), part.sample(20, rng=1))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def case_with_other_weights(m):
    return fg.Mixture(m.weights[::-1] + 0.01 * np.arange(len(m.weights)), m.components)


def test_saved_file_is_plain(tmp_path):
    """Readable without fastgen, with no pickle in it; equal mixtures make equal files."""
    m = cases.SMALL_CASES[1].mixture()
    m.save(tmp_path / "a")
    m.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with zipfile.ZipFile(tmp_path / "a") as archive:
        header = json.loads(archive.read("fastgen.json"))
    assert header["n_components"] == 3
    with np.load(tmp_path / "a", allow_pickle=False) as arrays:
        assert_same_bits(arrays["weights"], m.weights)


DAMAGES = {
    "empty": lambda data: b"",
    "text": lambda data: b"this is no model",
    "cut off": lambda data: data[: len(data) // 2],
    "one byte": lambda data: flipped(data, 0.25),
    "another byte": lambda data: flipped(data, 0.5),
}


def flipped(data, where):
    i = int(len(data) * where)
    return data[:i] + bytes([data[i] ^ 0xFF]) + data[i + 1 :]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_files(damage, tmp_path):
    cases.SMALL_CASES[1].mixture().save(tmp_path / "model")
    (tmp_path / "model").write_bytes(DAMAGES[damage]((tmp_path / "model").read_bytes()))
    with pytest.raises(ValueError, match=r"model' is not a mixture saved by fastgen, or is damaged: .*; save it again"):
        fg.load(tmp_path / "model")


def rewritten(path, change):
    """The archive with members changed by change(name, bytes) (None drops one)."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            new = change(name, data)
            if new is not None:
                archive.writestr(name, new)


def array_bytes(values):
    from io import BytesIO

    stream = BytesIO()
    np.save(stream, np.asarray(values))
    return stream.getvalue()


FORGERIES = {
    "weights negative": ("weights.npy", lambda _: array_bytes([1.5, -0.25, -0.25])),
    "weights too few": ("weights.npy", lambda _: array_bytes([0.5, 0.5])),
    "weights do not sum to 1": ("weights.npy", lambda _: array_bytes([0.5, 0.5, 0.5])),
    "weights missing": ("weights.npy", lambda _: None),
    "objects": ("weights.npy", lambda _: pickled_array()),
    "nan": ("components.0.means.npy", lambda _: array_bytes(np.full((3, 3), np.nan))),
    "shape": ("components.0.means.npy", lambda _: array_bytes(np.zeros((3, 2)))),
    "factor": ("components.0.factor.npy", lambda _: array_bytes(-np.stack([np.eye(3)] * 3))),
    "family": ("fastgen.json", lambda b: b.replace(b'"MultivariateNormal"', b'"Levy"')),
    "variant": ("fastgen.json", lambda b: b.replace(b'"full"', b'"round"')),
    "header": ("fastgen.json", lambda b: b"[]"),
    "n_components": ("fastgen.json", lambda b: b.replace(b'"n_components": 3', b'"n_components": 4')),
    "n_features": ("fastgen.json", lambda b: b.replace(b'"n_features": 3', b'"n_features": 3.0')),
    "n_features missing": ("fastgen.json", lambda b: b.replace(b'"n_features"', b'"n_feature"')),
    "another format": ("fastgen.json", lambda b: b.replace(b"fastgen mixture", b"something else")),
}


def pickled_array():
    from io import BytesIO

    stream = BytesIO()
    np.save(stream, np.array([print, None, {}], object), allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_files(forgery, tmp_path):
    """What is read is checked like a constructor's arguments; nothing in a file can run."""
    target, change = FORGERIES[forgery]
    path = tmp_path / "model"
    cases.SMALL_CASES[1].mixture().save(path)
    rewritten(path, lambda name, data: change(data) if name == target else data)
    with pytest.raises(ValueError, match="model'"):
        fg.load(path)


def test_cut_files(tmp_path):
    """Bytes missing from anywhere: the one error, or the same mixture where they carried nothing."""
    path, rng = tmp_path / "m", np.random.default_rng(1)
    for case in cases.SMALL_CASES[:3]:
        m = case.mixture()
        m.save(path)
        whole = path.read_bytes()
        for begin, end in np.sort(rng.integers(len(whole), size=(200, 2)), axis=1).tolist():
            path.write_bytes(whole[:begin] + whole[end:])
            try:
                assert fg.load(path) == m
            except ValueError as error:
                assert "is not a mixture saved by fastgen, or is damaged" in str(error)  # noqa: PT017


def test_newer_format(tmp_path):
    path = tmp_path / "model"
    cases.SMALL_CASES[1].mixture().save(path)
    rewritten(path, lambda name, data: data.replace(b'"format_version": 1', b'"format_version": 99'))
    with pytest.raises(ValueError, match=r"format version 99.*upgrade"):
        fg.load(path)


def test_save_is_whole_or_nothing(tmp_path, monkeypatch):
    """A failure while writing leaves the old file as it was, and no other."""
    path = tmp_path / "model"
    old, new = cases.SMALL_CASES[0].mixture(), cases.SMALL_CASES[1].mixture()
    old.save(path)

    def fail(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", fail)
    with pytest.raises(OSError, match=r"No space left on device.*model"):
        new.save(path)
    monkeypatch.undo()
    assert fg.load(path) == old
    assert len(list(tmp_path.iterdir())) == 1


def test_results_are_not_made_by_hand():
    with pytest.raises(TypeError, match=r"FitResult is what fastgen\.fit returns"):
        fg.FitResult()
    with pytest.raises(TypeError, match=r"FitResult is what fastgen\.fit returns"):
        fg.FitResult(mixture=None)


@pytest.mark.parametrize("family", [fg.Normal, fg.MultivariateNormal, fg.Product])
def test_families_are_not_subclassed(family):
    """A copy or a part would be of the family itself; nor may a class of that name take the place of the family."""
    for name in ("Mine", family.__name__):
        with pytest.raises(TypeError, match=rf"{name} cannot be a subclass of the family {family.__name__}: .*write a"):
            type(name, (family,), {})
    assert REGISTRY[family.__name__] is family
    assert set(REGISTRY) == set(fg.families.__all__)


def test_results_and_streams_pickle():
    r = fg.fit(np.arange(20.0), 1)
    again = pickle.loads(pickle.dumps(r))
    assert again.mixture == r.mixture
    assert_same_bits(again.history, r.history)
    assert (again.aic, again.n_iter, again.converged) == (r.aic, r.n_iter, r.converged)
    assert again == r
    states = []
    fg.fit(np.arange(20.0), 1, callback=states.append)
    assert pickle.loads(pickle.dumps(states[0])).mixture == states[0].mixture
    for stream in (fg.Stream(7), fg.Stream([1, 2]), fg.Stream(7).spawn(2)[1], fg.Stream()):
        assert pickle.loads(pickle.dumps(stream)) == stream
        assert copy.deepcopy(stream).key == stream.key


@pytest.mark.parametrize("size", [1e-300, 1e160, 1e300])
def test_extreme_parameters_are_shown(size):
    """Standard deviations whose squares overflow, or vanish, appear as they are, without a warning of NumPy's."""
    laws = [
        fg.Normal([size, -size], [size, size]),
        fg.MultivariateNormal.from_cholesky([[size, 0.0]], [[[0.6 * size, 0.0], [0.8 * size, 0.6 * size]]]),
        fg.MultivariateNormal([[size, 0.0]], [[1.0, 1.0]], "diag")._stretched(int(np.log2(size))),
    ]
    for law in laws:
        m = fg.Mixture(None, law)
        assert f"{0.6 * size:.4g}" in repr(m) or f"{size:.4g}" in repr(m)
        variance = m.covariance if m.n_features == 1 else m.covariance[0, 0]
        assert variance == np.inf if size > 1 else variance < 1e-290
        assert np.isfinite(m.mean).all()
    marginal = fg.Mixture(None, laws[1]).marginal(1)
    np.testing.assert_allclose(marginal.components.scale, size, rtol=1e-15)


@pytest.mark.parametrize(
    "law",
    [
        fg.Exponential(1e-300),
        fg.Gamma(1e200, 1e-200),
        fg.InverseGamma(1e10, 1e300),
        fg.Laplace(0.0, 1e300),
        fg.Geometric(1e-300),
        fg.LogNormal(0.0, 1e10),
        fg.Pareto(1e10, 1e300),
        fg.Weibull(2.3e-308, 1.0),
        fg.Weibull(1e-300, 1.0),
    ],
    ids=repr,
)
def test_infinite_moments_are_shown(law):
    """Moments beyond the numbers are inf, and no text or moment of a mixture warns or fails for that."""
    m = fg.Mixture(None, law)
    assert "inf" in repr(m) or "nan" in repr(m)
    assert "<table" in m._repr_html_()
    assert not np.isfinite(m.mean) or not np.isfinite(m.covariance)


def test_reprs():
    for case in cases.SMALL_CASES:
        text = repr(case.mixture())
        assert f"{case.k} component" in text
        assert max(map(len, text.splitlines())) < 120
        html = case.mixture()._repr_html_()
        assert html.count("<table") == html.count("</table>") == 1
    assert "and 32 more" in repr(cases.case((cases.NORMAL, 40)).mixture())
    assert repr(fg.Stream(7)) == "Stream(7)"


# Environment


def test_show_runtime(capsys):
    fg.show_runtime()
    text = capsys.readouterr().out
    for expected in (fg.__version__, _core.isa(), *_core.available_isas(), np.__version__, "threads", "stream version"):
        assert str(expected) in text
    assert fg.runtime_info()["threads"] == fg.get_num_threads()


def test_command_line():
    done = subprocess.run([sys.executable, "-m", "fastgen", "info"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert fg.__version__ in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
@pytest.mark.parametrize("arguments", ["info", "--help"])
def test_command_line_behind_a_closed_pipe(arguments):
    """``| head -1`` may close the pipe before all is written: no traceback."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "fastgen", arguments], stdout=pipe, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.stderr == ""
    assert done.returncode in (0, 1)  # of --help it is argparse that notices, and ends well


@pytest.mark.parametrize("name", _core.available_isas())
def test_environment_forces_an_instruction_set(name):
    done = run_python("from fastgen import _core; print(_core.isa())", env={"FASTGEN_ISA": name})
    assert done.stdout.strip() == name, done.stderr


def test_best_instruction_set_is_first():
    done = run_python("from fastgen import _core; print(_core.isa(), _core.available_isas()[-1])")
    assert done.stdout.split() == [_core.available_isas()[0], "baseline"], done.stderr


@pytest.mark.parametrize("value", ["sse9", "AVX2 ", "neon" if "avx2" in _core.available_isas() else "avx512"])
def test_environment_with_a_bad_instruction_set(value):
    done = run_python("import fastgen", env={"FASTGEN_ISA": value})
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert f"FASTGEN_ISA is '{value}'" in last
    assert "baseline" in last  # what is expected instead


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"FASTGEN_NUM_THREADS": "3"}, "3"),
        ({"OMP_NUM_THREADS": "5"}, "5"),
        ({"FASTGEN_NUM_THREADS": "3", "OMP_NUM_THREADS": "5"}, "3"),
        ({"FASTGEN_NUM_THREADS": "3", "OMP_NUM_THREADS": "x"}, "3"),
        ({"OMP_NUM_THREADS": "5,2"}, "5"),
        ({"OMP_NUM_THREADS": " 5 , 2,1"}, "5"),
        ({"OMP_NUM_THREADS": "99999999999999999999"}, "1024"),
    ],
)
def test_environment_sets_threads(env, expected):
    base = {"OMP_NUM_THREADS": "", "FASTGEN_NUM_THREADS": ""}
    done = run_python("import fastgen; print(fastgen.get_num_threads())", env=base | env)
    assert done.stdout.strip() == expected, done.stderr


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", ",4", "4x"])
def test_variables_of_others_are_no_errors(value):
    """OMP_NUM_THREADS is not ours to check: what is no positive number is as if it were not set."""
    code = "import fastgen; print(fastgen.get_num_threads())"
    found, usual = (run_python(code, env={"OMP_NUM_THREADS": v, "FASTGEN_NUM_THREADS": ""}) for v in (value, ""))
    assert found.returncode == 0, found.stderr
    assert found.stdout == usual.stdout


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "4,2", "99999999999999999999"])
def test_environment_with_bad_threads(value):
    done = run_python("import fastgen; fastgen.get_num_threads()", env={"FASTGEN_NUM_THREADS": value})
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert f"FASTGEN_NUM_THREADS is '{value}'" in last
    assert "expected" in last


def test_set_isa():
    with pytest.raises(ValueError, match=r"'sse9'.*baseline"):
        _core.set_isa("sse9")


def test_numbers_of_threads():
    for n in (1, 2, 1024, np.int64(3)):
        fg.set_num_threads(n)
        assert fg.get_num_threads() == n


# Binaries

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


# Costs


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
m.sample(50_000, rng=1)
fg.fit(out[:20_000] + m.sample(20_000, rng=1), 4, rng=1, max_iter=2, tol=0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
m.sample(1_000_000, rng=1, out=out)
fg.fit(out, 4, rng=1, max_iter=2, tol=0)
unit = 1 if sys.platform == 'darwin' else 1024
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit)
"""
    done = run_python(code)
    assert float(done.stdout) <= 32 * 2**20, done.stderr
