"""The common jobs: ``nox -s NAME``; ``nox -l`` lists them. `.ci/run` is the whole of what a change must pass."""

from pathlib import Path

import nox

ROOT = Path(__file__).parent

nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
STRICT = {"CMAKE_ARGS": "-DFASTGEN_WERROR=ON"}


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests, against an installed package."""
    session.install(".[test]", env=STRICT)
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff and clang-format; `nox -s lint -- --fix` repairs what they can."""
    session.install(*lint_tools())
    fix = "--fix" in session.posargs
    session.run("ruff", "check", ".", *(["--fix"] if fix else []))
    session.run("ruff", "format", ".", *([] if fix else ["--check"]))
    sources = [
        str(path) for folder in ("src/cpp", "examples", "tests/cpp") for path in sorted(ROOT.glob(f"{folder}/**/*.?pp"))
    ]
    session.run("clang-format", *(["-i"] if fix else ["--dry-run", "-Werror"]), *sources)


@nox.session
def types(session: nox.Session) -> None:
    """Mypy on the package, stubtest on the stub of the compiled core."""
    session.install(".[demo,lint]")
    session.run("mypy", "--strict", "python/fastgen")
    # A stub cannot name pybind11's metaclass; members are still compared.
    allowed = Path(session.create_tmp()) / "allowed"
    allowed.write_text(
        "".join(rf"fastgen\._core\.{name}" + "\n" for name in ("Components", "EMStep", "Mixture", "MixtureBatch"))
    )
    session.chdir(session.create_tmp())
    session.run("python", "-m", "mypy.stubtest", "fastgen._core", "--allowlist", str(allowed))


@nox.session
def bench(session: nox.Session) -> None:
    """The ratios that the project promises; `nox -s bench -- --quick` in a third of the time."""
    session.install(".[test]")
    session.run("python", "benchmarks/ratios.py", *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """The demo, in full."""
    session.install(".[demo]")
    session.run("python", "-m", "fastgen", "demo", *session.posargs)


@nox.session
def core(session: nox.Session) -> None:
    """The C++ core and its example without Python; arguments go to CMake, e.g. -DFASTGEN_SANITIZE=thread."""
    session.install("cmake", "ninja")
    build = session.create_tmp()
    options = ["-DFASTGEN_PYTHON=OFF", "-DFASTGEN_CPP_TESTS=ON", "-DFASTGEN_WERROR=ON", *session.posargs]
    session.run("cmake", "-S", ".", "-B", build, "-G", "Ninja", *options)
    session.run("cmake", "--build", build)
    session.run("ctest", "--test-dir", build, "--output-on-failure")


@nox.session
def wheel(session: nox.Session) -> None:
    """A wheel and a source distribution for this machine, in dist/."""
    session.install("build")
    session.run("python", "-m", "build", *session.posargs)


def lint_tools() -> list[str]:
    """The tools of the `lint` extra, without building the package."""
    return nox.project.load_toml("pyproject.toml")["project"]["optional-dependencies"]["lint"]
