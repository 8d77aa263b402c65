"""Errors of a command line, each with a hint for its case, from argparse's message and the arguments."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Final

from edge.cli.command.table import OneOf
from edge.errors import UsageError
from edge.nearest import alternatives, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge.cli.command.table import Argument

_MOST_CHARS: Final = 60  # of a word that an error repeats
_FEW: Final = 4  # choices that a hint repeats
_NUMBER: Final = re.compile(r"-\d*\.?\d+")

# argparse gives an error as one text; these are its forms in Python 3.11 to 3.14.
_NO_VALUE: Final = re.compile(r"expected .* arguments?")
_CHOICE: Final = re.compile(r"invalid choice: (.*) \(choose from .*\)", re.DOTALL)
_EXCLUDES: Final = re.compile(r"not allowed with argument (.*)")
_ONE_OF: Final = re.compile(r"one of the arguments (.*) is required")
_MISSING: Final = re.compile(r"the following arguments are required: (.*)")
_AMBIGUOUS: Final = re.compile(r"ambiguous option: (.*) could match (.*)")
_TAKES_NONE: Final = re.compile(r"ignored explicit argument (.*)", re.DOTALL)


def complaint(
    path: str, arguments: Sequence[Argument | OneOf], words: Sequence[str], name: str | None, message: str
) -> UsageError:
    """The error for one of argparse. `name`: its name for the argument; a mistyped option comes first."""
    known = {_argparse_name(each): each for each in _flat(arguments)}
    about = known.get(name or "")
    if unknown := unknown_option(path, arguments, words):
        return unknown
    if found := _MISSING.fullmatch(message):
        missing = [known[each] for each in found[1].split(", ") if each in known]
        names = " and ".join(map(title, missing))
        return UsageError(
            f"{path}: {names} {'is' if len(missing) == 1 else 'are'} missing",
            hint="; ".join(
                (
                    f"write {shape(path, arguments)}",
                    *(f"{spelt(each)}: {_help(each)}" for each in missing if _help(each)),
                )
            ),
        )
    if found := _ONE_OF.fullmatch(message):
        group = [known[each] for each in found[1].split() if each in known]
        return UsageError(
            f"{path}: one of {', '.join(map(title, group))} is missing",
            hint=f"write {alternatives(map(meaning, group))}",
        )
    if found := _AMBIGUOUS.fullmatch(message):
        return UsageError(
            f"{path}: {found[1]} is the beginning of several options",
            hint=f"write {alternatives(found[2].split(', '))}",
        )
    if about is not None and (error := _of_value(path, about, message)):
        return error
    where = f"{path}: {title(about)}" if about is not None else path
    return UsageError(f"{where}: {message}", hint=f"write {shape(path, arguments)}")


def _of_value(path: str, about: Argument, message: str) -> UsageError | None:
    """The error of the value of one argument."""
    where = f"{path}: {title(about)}"
    if _NO_VALUE.fullmatch(message):
        return UsageError(f"{where} has no value", hint=f"write {meaning(about)}")
    if found := _CHOICE.fullmatch(message):
        choices = [str(each) for each in about.options["choices"]]
        near = nearest(found[1].strip("'\""), choices) or choices
        option = f"{title(about)} " if is_option(about) else ""
        return UsageError(
            f"{where}: {found[1][:_MOST_CHARS]} is not one of {', '.join(choices)}",
            hint=f"write {alternatives(f'{option}{each}' for each in near[:_FEW])}",
        )
    if found := _EXCLUDES.fullmatch(message):
        return UsageError(
            f"{path}: {title(about)} and {found[1]} exclude each other",
            hint=f"leave out {title(about)} or {found[1]}",
        )
    if found := _TAKES_NONE.fullmatch(message):
        return UsageError(
            f"{where} takes no value, and {found[1][:_MOST_CHARS]} is written", hint=f"write {title(about)}"
        )
    return None


def unknown_option(
    path: str, arguments: Sequence[Argument | OneOf], words: Sequence[str]
) -> UsageError | None:
    """The error for the first option that this verb does not know, with the nearest ones as its hint."""
    options = {name: each for each in _flat(arguments) for name in each.names if is_option(each)}
    known = (*options, *(_negated(each) for each in options.values() if _negated(each)), "--help")
    for word in words:
        if word == "--":
            break
        name = word.partition("=")[0]
        if len(name) < 2 or name[0] != "-" or " " in name or _NUMBER.fullmatch(name):
            continue
        if any(
            each.startswith(name) or (name[1] != "-" and name.startswith(each)) for each in (*known, "-h")
        ):
            continue
        near = nearest(name, known[:-1]) or nearest(name, known[-1:])
        shown = [meaning(options[each]) if each in options else each for each in near]
        if near:
            hint = f"write {alternatives(shown)}"
        elif options:
            hint = f"use one of {', '.join(options)}"
        else:
            hint = f"leave it out: {path} has no options"
        return UsageError(f"{path}: unknown option {name[:_MOST_CHARS]}", hint=hint)
    return None


def surplus(
    path: str, arguments: Sequence[Argument | OneOf], words: Sequence[str], rest: Sequence[str]
) -> UsageError:
    """The error for words that remain: an option that is not known, or one argument too many."""
    if unknown := unknown_option(path, arguments, words):
        return unknown
    word = next((each for each in rest if each != "--"), "--")
    near = nearest(f"--{word}", (name for each in _flat(arguments) for name in each.names if is_option(each)))
    return UsageError(
        f"{path}: {quoted(word)} is one argument too many",
        hint=f"write {alternatives(near)}" if near else f"write {shape(path, arguments)}",
    )


def shape(path: str, arguments: Sequence[Argument | OneOf]) -> str:
    """The shortest command line of a verb: what must be written, and whether there are options."""
    needed = [each for each in arguments if _is_needed(each)]
    parts = [
        f"({' | '.join(map(spelt, each.arguments))})" if isinstance(each, OneOf) else spelt(each)
        for each in sorted(needed, key=lambda each: not isinstance(each, OneOf) and not is_option(each))
    ]
    return " ".join((path, *parts, *(["[options]"] if len(needed) < len(arguments) else [])))


def _is_needed(each: Argument | OneOf) -> bool:
    if isinstance(each, OneOf):
        return each.required
    if is_option(each):
        return bool(each.options.get("required"))
    return each.options.get("nargs") not in ("?", "*")


def is_option(argument: Argument) -> bool:
    """Whether this is written with its name, and not by its place."""
    return argument.names[0].startswith("-")


def title(argument: Argument) -> str:
    """The name of an argument in an error: `--last`, or `PATH`."""
    return argument.names[-1] if is_option(argument) else placeholder(argument)


def placeholder(argument: Argument) -> str:
    """The word that stands for the value in usage and hints; empty for an option that takes none."""
    options = argument.options
    if options.get("action", "store") not in ("store", "append", "extend"):
        return ""
    metavar = options.get("metavar")
    if isinstance(metavar, tuple):
        return " ".join(metavar)
    if metavar is not None:
        return str(metavar)
    name = argument.names[-1].lstrip("-")
    if "choices" in options and not is_option(argument):
        return name  # argparse's own name for it
    return name.replace("-", "_").upper() if is_option(argument) else name.upper()


def spelt(argument: Argument) -> str:
    """An argument as it is written: `--last N`, or `PATH`."""
    value = placeholder(argument)
    if not is_option(argument):
        return value
    return f"{argument.names[-1]} {value}".strip()


def meaning(argument: Argument) -> str:
    """An argument as it is written, with its help: `--last N (only the last N)`."""
    text = _help(argument)
    return f"{spelt(argument)} ({text})" if text else spelt(argument)


def quoted(text: str) -> str:
    """A word of the command line in an error, cut where it is long."""
    return repr(text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]}...")


def _argparse_name(argument: Argument) -> str:
    """The name by which an error of argparse names this argument."""
    if not is_option(argument):
        return title(argument)
    return "/".join((*argument.names, *filter(None, [_negated(argument)])))


def _negated(argument: Argument) -> str:
    """The option `--no-x` of an option `--x` that argparse makes two of; else nothing."""
    double = argument.options.get("action") is argparse.BooleanOptionalAction
    return f"--no-{argument.names[-1][2:]}" if double else ""


def _help(argument: Argument) -> str:
    return str(argument.options.get("help") or "").replace("%%", "%")


def _flat(arguments: Sequence[Argument | OneOf]) -> Iterator[Argument]:
    for each in arguments:
        yield from each.arguments if isinstance(each, OneOf) else (each,)
