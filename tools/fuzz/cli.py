"""Fuzzes the parsers of bytes from outside by coverage: `tools/fuzz run`, over atheris and libFuzzer.

Each target must return or raise one of our own errors, whatever its input. Seeds are the test vectors and the
corpus of earlier runs. A finding is written as a file, ends its target's time, and belongs into a test.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli import verbs
from edge.cli.values import count
from edge.cli.verbs import argument, verb
from edge.errors import EdgeError, Exit, UsageError

if TYPE_CHECKING:
    import argparse

FOLDER: Final = Path(__file__).resolve().parents[2] / "build" / "fuzz"
WORKER: Final = Path(__file__).with_name("worker.py")


def run(args: argparse.Namespace) -> int:
    """Fuzz the targets. Exit code 1 if one has a finding."""
    names = _names(args.only)
    if importlib.util.find_spec("atheris") is None:
        raise UsageError(
            "atheris is not installed", hint="run: .venv/bin/pip install '.[fuzz]' (Python 3.11 to 3.13)"
        )
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(f"{len(names)} targets, {args.seconds} s each; logs and findings: {FOLDER}", flush=True)
    command = [sys.executable, str(WORKER), str(FOLDER), str(args.seconds), *names]
    return Exit.REFUSED if subprocess.run(command, check=False).returncode else Exit.OK


def show(args: argparse.Namespace) -> int:
    """Print the targets."""
    print(*_names(args.only), sep="\n")
    return Exit.OK


def again(args: argparse.Namespace) -> int:
    """Run one input through its target, without atheris."""
    from tools.fuzz.targets import TARGETS

    [*found] = (name for name in TARGETS if name == args.target)
    if not found:
        raise UsageError(f"there is no target {args.target}", hint="see them: python tools/fuzz list")
    try:
        TARGETS[args.target](args.file.read_bytes())
    except EdgeError as error:
        print(f"refused: {type(error).__name__}: {error.message}")
    else:
        print("accepted")
    return Exit.OK


def _names(pattern: str) -> list[str]:
    from tools.fuzz.targets import TARGETS

    names = [name for name in TARGETS if re.search(pattern, name)]
    if not names:
        raise UsageError(f"no target matches {pattern}", hint="see them: python tools/fuzz list")
    return names


ONLY = argument("--only", default="", metavar="REGEX", help="only the targets that match this expression")
RUN = (ONLY, argument("--seconds", type=count, default=30, metavar="N", help="time of each target"))
FUZZ = verbs.Verb(
    "python tools/fuzz",
    "fuzz the parsers of bytes from outside by coverage",
    run,
    RUN,
    (
        verb("run", "fuzz the targets, one after the other", run, *RUN, about=__doc__),
        verb("list", "print the targets", show, ONLY),
        verb(
            "again",
            "run an input that was found through its target",
            again,
            argument("target", help="name of the target"),
            argument("file", type=Path, help="the input"),
        ),
    ),
    about=__doc__,
)
main = partial(verbs.main, FUZZ)
