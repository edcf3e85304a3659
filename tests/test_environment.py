"""The command line, and environment variables."""

from __future__ import annotations

import os
import subprocess
import sys

import fastgen as fg
import numpy as np
import pytest
from fastgen import _core
from fastgen.__main__ import main
from helpers import run_python


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


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "{demo,info}"),
        (["demo", "--help"], "needs scikit-learn and matplotlib"),
        (["demo", "--help"], "(default: fastgen-demo)"),
        (["info", "--help"], "Show version"),
    ],
)
def test_command_line_explains_itself(capsys, arguments, expected):
    if arguments:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
    else:
        assert main([]) == 0
    assert expected in " ".join(capsys.readouterr().out.split())


def test_demo_without_its_packages():
    """The command to type, which does not need the distribution to be on an index."""
    done = run_python(
        "import importlib.util as u; find = u.find_spec; u.find_spec = lambda name: None if name == 'sklearn' else find(name)\n"
        "from fastgen.__main__ import main; raise SystemExit(main(['demo']))"
    )
    assert done.returncode == 1, done.stderr
    assert "pip install scikit-learn matplotlib" in done.stderr


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
