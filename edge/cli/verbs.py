"""Verbs of a command, declared in one table, for `doorward NOUN VERB` and for each tool.

A table names each verb with its help, its function and its arguments. The parser, `--help`, lists of verbs,
manual pages and shell completion are made of it. Errors have one form: a line `error:`, a line `hint:` and an
exit code (`edge.errors.Exit`). A table may say "package.module:name" in place of an object: that module is
imported when its verb is named, so a command imports the modules of its own verb only.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli.command.table import Argument, OneOf, Verb, argument, one_of, verb
from edge.cli.output import fail
from edge.errors import EdgeError, Exit, StorageFault, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Standard output ends on a full disk: `doorward ... --json > FILE`. Our own files have faults of their own.
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_HELP: Final = ("-h", "--help")
__all__ = [
    "CONFIG",
    "CONFIG_OR_DEFAULTS",
    "CONFIG_REQUIRED",
    "Argument",
    "OneOf",
    "Verb",
    "argument",
    "json_lines",
    "main",
    "one_of",
    "verb",
]


def json_lines(text: str = "one JSON object a line") -> Argument:
    """The option `--json`."""
    return argument("--json", action="store_true", help=text)


# The option --config: for a command that changes a door, for one that only reads, and for one of a venue.
CONFIG: Final = argument(
    "--config", type=Path, default=Path("door.toml"), help="configuration file; left out: door.toml"
)
CONFIG_OR_DEFAULTS: Final = argument(
    "--config", type=Path, help="configuration file; left out: the defaults, in this folder"
)
CONFIG_REQUIRED: Final = argument("--config", type=Path, required=True, help="configuration file")


def main(command: Verb, argv: Sequence[str] | None = None) -> int:
    """Runs the verb that the command line names; returns its exit code."""
    words = sys.argv[1:] if argv is None else argv
    try:
        code = _run_command(command, words)
        print(end="", flush=True)  # here, because no handler is left when the interpreter ends
    except EdgeError as error:
        fail(error)
        return error.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # `doorward ... | head`: the reader has ended, which is no error
        _drop_output()
        return Exit.OK
    except Exception as error:  # noqa: BLE001  a bug, or a part of the system that is missing
        if isinstance(error, OSError) and error.errno in _FULL:
            _drop_output()
            fail(StorageFault("standard output cannot be written: the disk is full", hint="free some space"))
            return StorageFault.exit_code
        from edge.cli.command.unexpected import report_unexpected

        return report_unexpected(error, command.name)
    return code


def _run_command(command: Verb, words: Sequence[str]) -> int:
    """The words that only the topmost verb knows: none, `help` and `--version`."""
    match words:
        case ["--version" | "-V"]:
            from edge.version import software_version

            print(f"{command.name} {software_version()}")
            return Exit.OK
        case [] if command.load_verbs():
            return _run(command, command.name, ["--help"])
        case ["help", *rest]:
            return _run(command, command.name, [*rest, "--help"])
    return _run(command, command.name, words)


def _run(node: Verb, path: str, words: Sequence[str]) -> int:
    """Run the verb of these words. `path`: the words before them, as help and errors repeat them."""
    verbs = node.load_verbs()
    if not verbs:
        return _call(node, path, words)
    from edge.cli.command import listing

    if not words:
        print(listing.page(node, path, verbs))
        raise UsageError(f"{path}: the verb is missing", hint=listing.hint_of_all(verbs))
    first, *rest = words
    if first in _HELP:
        print(listing.page(node, path, verbs))
        return Exit.OK
    if node.run and first.startswith("-"):
        return _call(node, path, words)
    for each in verbs:
        if first in (each.name, each.former):
            return _run(each, f"{path} {first}", rest)
    raise listing.unknown_verb(first, path, verbs)


def _call(node: Verb, path: str, words: Sequence[str]) -> int:
    from edge.cli.command.parser import parse

    args = parse(path, node.load_about(), node.load_arguments(), words)
    if args is None:  # the help is printed
        return Exit.OK
    return node.load_run()(args)


def _drop_output() -> None:
    """Send the rest of the output nowhere: the interpreter would fail over it again when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
