"""``python -m fastgen demo`` shows what the package does, ``python -m fastgen info`` what it runs on."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from . import __version__, show_runtime

if TYPE_CHECKING:
    from collections.abc import Sequence


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fastgen", description=__doc__.replace("`", ""))
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="{demo,info}")
    demo = commands.add_parser(
        "demo",
        help="learn, draw and score on real data, with pictures; under a minute",
        description="Learn, draw, score and decide on real data, the handwritten digits that come with scikit-learn; nothing "
        "is downloaded. Takes under a minute and needs scikit-learn and matplotlib.",
    )
    demo.add_argument("--short", action="store_true", help="a shorter form for automatic tests")
    demo.add_argument("--output", metavar="DIR", help="folder for the pictures (default: fastgen-demo)")
    what = "version, instruction sets and threads"
    commands.add_parser("info", help=what, description=f"Show {what}: what a report of a problem should say.")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    if options.command == "info":
        show_runtime()
        return 0
    try:
        demo = import_module("fastgen.demo")
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("fastgen"):
            raise
        print(error, file=sys.stderr)
        return 1
    return int(demo.main(short=options.short, output=options.output) or 0)


def _run() -> int:
    """`main` for a terminal: where nobody reads on, as behind ``| head``, the output ends without a word."""
    try:
        try:
            return main()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer goes nowhere, or Python would fail at it again on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(_run())
