"""Verbs of a command, declared in one table, for `doorward NOUN VERB` and `python tools/TOOL VERB`.

A table names each verb with its help, its function and its arguments. From that come the parser, `--help`,
the list of verbs that is printed when none is named, and one contract of errors: a line `error:`, a line
`hint:` and an exit code (`edge.errors.Exit`). Where a table says "package.module:name" in place of an object,
the module is imported when the verb is named: a command pays for the modules of its own verb only.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from edge.cli.output import fail
from edge.errors import EdgeError, Exit, StorageFault, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# `doorward ... --json > FILE` met the end of its disk; what we write ourselves has faults of its own.
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument, in the words of `argparse.ArgumentParser.add_argument`."""

    names: tuple[str, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Arguments of which at most one is given, or exactly one if it is required."""

    arguments: tuple[Argument, ...]
    required: bool


@dataclass(frozen=True, slots=True)
class Verb:
    """A function with its arguments, or the verbs below this one. The topmost is named as in a shell.

    With both, the function is run where the words begin with an option: `python tools/demo --json`.
    `run` takes the parsed arguments and returns an exit code. `about`: text for --help; left out: the
    docstring of the module that `run` names, else `help`. `former`: an old name, which stays a command.
    """

    name: str
    help: str
    run: Callable[[argparse.Namespace], int] | str = ""
    arguments: Sequence[Argument | OneOf] | str = ()
    verbs: Sequence[Verb] | str = ()
    about: str | None = None
    former: str | None = None


def verb(
    name: str,
    text: str,
    run: Callable[[argparse.Namespace], int] | str,
    *arguments: Argument | OneOf,
    about: str | None = None,
) -> Verb:
    """A function and its arguments as a verb; `text` and `about` are its help."""
    return Verb(name, text, run, arguments, about=about)


def argument(*names: str, **options: Any) -> Argument:  # noqa: ANN401  whatever argparse takes
    """An argument of a verb."""
    return Argument(names, options)


def one_of(*arguments: Argument, required: bool = False) -> OneOf:
    """Arguments that exclude each other."""
    return OneOf(arguments, required)


def json_lines(text: str = "one JSON object a line") -> Argument:
    """The option `--json`."""
    return argument("--json", action="store_true", help=text)


# The configuration file, as a command that changes a door, one that only looks, and one of a venue need it.
CONFIG: Final = argument(
    "--config", type=Path, default=Path("door.toml"), help="configuration file; left out: door.toml"
)
CONFIG_OR_DEFAULTS: Final = argument(
    "--config", type=Path, help="configuration file; left out: the defaults, in this folder"
)
CONFIG_REQUIRED: Final = argument("--config", type=Path, required=True, help="configuration file")


def main(command: Verb, argv: Sequence[str] | None = None) -> int:
    """Runs the verb that the words of the command line name; returns its exit code."""
    words = sys.argv[1:] if argv is None else argv
    try:
        code = _run(command, command.name, words)
        print(end="", flush=True)  # and not as the interpreter ends, where no handler is left
    except EdgeError as error:
        fail(error)
        return error.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # `doorward ... | head`: the reader has gone, which is no error
        _drop_output()
        return Exit.OK
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _drop_output()
        fail(StorageFault("standard output cannot be written: the disk is full", hint="free some space"))
        return StorageFault.exit_code
    return code


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors of ours."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}", hint=f"{self.prog} --help")


def _run(verb: Verb, path: str, words: Sequence[str]) -> int:
    """`path`: the words that led here, as the help and the errors repeat them."""
    verbs: Sequence[Verb] = _loaded(verb.verbs)
    if not verbs:
        return _call(verb, path, words)
    names = ", ".join(each.name for each in verbs)
    if not words:
        print(_list(verb, path, verbs))
        raise UsageError(f"{path}: the verb is missing", hint=f"one of {names}")
    first, *rest = words
    if first in ("-h", "--help"):
        print(_list(verb, path, verbs))
        return Exit.OK
    if verb.run and first.startswith("-"):
        return _call(verb, path, words)
    for each in verbs:
        if first in (each.name, each.former):
            return _run(each, f"{path} {first}", rest)
    raise UsageError(f"{path}: {first!r} is no verb of it", hint=f"one of {names}")


def _call(verb: Verb, path: str, words: Sequence[str]) -> int:
    parser = _Parser(
        prog=path, description=_about(verb), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for each in _loaded(verb.arguments):
        if isinstance(each, OneOf):
            group = parser.add_mutually_exclusive_group(required=each.required)
            for option in each.arguments:
                group.add_argument(*option.names, **option.options)
        else:
            parser.add_argument(*each.names, **each.options)
    try:
        args = parser.parse_args(words)
    except SystemExit:  # argparse leaves like this when it has printed the help
        return Exit.OK
    code: int = _loaded(verb.run)(args)
    return code


def _list(verb: Verb, path: str, verbs: Sequence[Verb]) -> str:
    width = max(len(each.name) for each in verbs)
    rows = "\n".join(f"  {each.name:{width}}  {each.help}{_former(each)}" for each in verbs)
    return f"usage: {path} VERB ...\n\n{_about(verb)}\n\n{rows}\n\narguments of a verb: {path} VERB --help"


def _former(verb: Verb) -> str:
    return f" (old name: {verb.former})" if verb.former else ""


def _about(verb: Verb) -> str:
    module = verb.run.partition(":")[0] if isinstance(verb.run, str) else ""
    about = verb.about or (module and importlib.import_module(module).__doc__) or verb.help
    return about.strip()


def _loaded(given: Any) -> Any:  # noqa: ANN401  a function, a table, or the place of one
    if not isinstance(given, str):
        return given
    module, _, name = given.partition(":")
    return getattr(importlib.import_module(module), name)


def _drop_output() -> None:
    """Send what is still in the buffer nowhere, or the interpreter fails over it once more as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
