"""Errors that no part of the program expects: a bug, a missing Python package, a file of the system."""

from __future__ import annotations

import os
import re
import sys
import traceback
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli.output import fail
from edge.errors import BugError, EdgeError, Exit, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

DEBUG: Final = "DOORWARD_DEBUG"  # set to 1, it prints the traceback
OURS: Final = ("edge", "hw", "tools")


def report_unexpected(error: Exception, command: str) -> Exit:
    """Print one error and one hint, after the traceback if DOORWARD_DEBUG is set; returns the exit code."""
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    known = _explained(error, command)
    fail(known)
    return known.exit_code


def _explained(error: Exception, command: str) -> EdgeError:
    match error:
        case ModuleNotFoundError(name=str(name)) if name.partition(".")[0] not in OURS:
            return _not_installed(name.partition(".")[0])
        case OSError(filename=str(name), strerror=str(text)):
            return Fault(
                f"{name}: {text.lower()}", hint="check that the path exists and that this user may use it"
            )
    # The text of an exception may hold a name or a key, so it is in the traceback only.
    return BugError(
        f"unexpected {type(error).__name__} in {_place(error)}",
        hint=f"report this bug with the output of {DEBUG}=1 {command} ..., and of {command} --version",
    )


def _not_installed(module: str) -> EdgeError:
    """The error for a module that does not exist here. `extra`: the part of doorward that brings it."""
    wanted = next(
        (
            f"'{ours}[{found[1]}]'" if found[1] else ours
            for ours, line in _requirements()
            if (found := _brings(line, module))
        ),
        module,
    )
    return Fault(f"Python package {module} is not installed", hint=f"install it: pip install {wanted}")


def _brings(requirement: str, module: str) -> re.Match[str] | None:
    """Whether a requirement, such as `paho-mqtt<3; extra == "mqtt"`, names the package of this module."""
    named = re.escape(module).replace("_", "[-_]")
    return re.match(rf"{named}\b(?!.*extra == ['\"]dev)(?:.*extra == ['\"]([\w-]+))?", requirement)


def _requirements() -> Iterator[tuple[str, str]]:
    """The requirements of our distributions that are installed."""
    for ours in ("doorward", "doorward-office"):
        with suppress(PackageNotFoundError):
            yield from ((ours, line) for line in requires(ours) or ())


def _place(error: Exception) -> str:
    """The last line of our own code that ran, as `edge/cli/verbs.py:120`."""
    frames = traceback.extract_tb(error.__traceback__)
    root = Path(__file__).resolve().parents[3]
    for frame in reversed(frames):
        path = Path(frame.filename)
        if path.is_relative_to(root) and path.relative_to(root).parts[0] in OURS:
            return f"{path.relative_to(root).as_posix()}:{frame.lineno}"
    return f"{Path(sys.argv[0]).name}"
