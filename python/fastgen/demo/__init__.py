"""``python -m fastgen demo``: learn, draw, score and decide on real data, with numbers and pictures.

Each part is a module of its own and reads like code of a user: `normals` (scalar draws), `digits` (learning handwritten
digits), `drawing`, `scoring`, `classifying` and `completing` (what the learned digits are good for), and `speed`.
"""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import fastgen as fg

if TYPE_CHECKING:
    import os

__all__ = ["main"]

# Asked for here, so that a user without them gets the command to type instead of a traceback out of the middle.
for _module, _project in (("matplotlib", "matplotlib"), ("sklearn", "scikit-learn")):
    if find_spec(_module) is None:
        raise ModuleNotFoundError(
            f"The demo needs {_project}, which is not installed: pip install scikit-learn matplotlib", name=_module
        )


def main(output: str | os.PathLike[str] | None = None, short: bool = False) -> None:
    """Run the demo: numbers on the terminal, pictures in a folder.

    Parameters
    ----------
    output : path-like, optional
        Folder for the pictures, made if it does not exist; by default ``fastgen-demo`` in the current folder.
    short : bool, default False
        Whether to do every step on less data, for automatic tests.

    Raises
    ------
    SystemExit
        If the pictures cannot be written to the folder.

    Notes
    -----
    Everything but the timings is the same in every run.
    """
    from . import classifying, completing, digits, drawing, normals, scoring, speed
    from ._pictures import Pictures
    from ._terminal import heading, say

    begin = time.perf_counter()
    folder = Path("fastgen-demo" if output is None else output)
    try:
        pictures = Pictures(folder)
    except OSError as error:
        raise SystemExit(f"The folder for the pictures, {folder}, cannot be made: {error.strerror}") from error

    runtime = fg.runtime_info()
    say(f"fastgen {fg.__version__}, threads: {runtime['threads']}, instruction set: {runtime['instruction_set']}")

    heading("1. Draw from a distribution that you state")
    normals.run(pictures)

    heading("2. Learn handwritten digits")
    learned = digits.run(short=short)
    heading("3. Draw new digits: like the real ones, but not copies")
    drawing.run(learned, pictures)
    heading("4. Score digits: which are unusual?")
    scoring.run(learned, pictures)
    heading("5. Tell digits apart, by Bayes' rule")
    classifying.run(learned, pictures)
    heading("6. Complete digits of which half is hidden")
    completing.run(learned, pictures)

    heading("7. Speed, beside the same in NumPy")
    speed.run(pictures, short=short)

    say()
    say(f"Done in {time.perf_counter() - begin:.0f} s. The pictures are in {pictures.folder.resolve()}:")
    for name, content in pictures.saved:
        say(f"  {name:<24} {content}")
