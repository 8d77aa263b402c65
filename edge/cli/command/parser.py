"""Parses the words after a verb with argparse, and makes errors with hints of what it raises."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

from edge.cli.command.complaints import complaint, meaning, placeholder, quoted, surplus, title
from edge.cli.command.table import OneOf
from edge.errors import EdgeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.cli.command.table import Argument


class VerbParser(argparse.ArgumentParser):
    """A parser that raises every error and prints none."""

    def error(self, message: str) -> NoReturn:
        raise argparse.ArgumentError(None, message)


def make_parser(path: str, about: str, arguments: Sequence[Argument | OneOf]) -> VerbParser:
    """The parser of one verb. `path`: the words up to the verb, for usage and errors."""
    parser = VerbParser(
        prog=path,
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        exit_on_error=False,
    )
    add_arguments(parser, path, arguments)
    return parser


def add_arguments(
    parser: argparse.ArgumentParser, path: str, arguments: Sequence[Argument | OneOf]
) -> list[tuple[Argument, argparse.Action]]:
    """Add the arguments of a verb to its parser; returns each with what argparse made of it."""
    added = []
    for each in arguments:
        if isinstance(each, OneOf):
            group = parser.add_mutually_exclusive_group(required=each.required)
            added += [(one, group.add_argument(*one.names, **_options(path, one))) for one in each.arguments]
        else:
            added.append((each, parser.add_argument(*each.names, **_options(path, each))))
    return added


def parse(
    path: str, about: str, arguments: Sequence[Argument | OneOf], words: Sequence[str]
) -> argparse.Namespace | None:
    """The values of the arguments; None if the words ask for the help, which it prints. Raises UsageError."""
    parser = make_parser(path, about, arguments)
    try:
        args, rest = parser.parse_known_args(words)
    except SystemExit:  # argparse has printed the help
        return None
    except argparse.ArgumentError as error:
        raise complaint(path, arguments, words, error.argument_name, error.message) from error
    if rest:
        raise surplus(path, arguments, words, rest)
    return args


def _options(path: str, argument: Argument) -> dict[str, Any]:
    """The options for argparse: a value that cannot be converted is an error of ours."""
    options = dict(argument.options)
    if not argument.names[0].startswith("-") and not {"metavar", "choices"} & options.keys():
        options["metavar"] = placeholder(argument)
    if "type" in options:
        options["type"] = _typed(path, argument, options["type"])
    return options


def _typed(path: str, argument: Argument, convert: Callable[[str], object]) -> Callable[[str], object]:
    kinds = {int: "a whole number", float: "a number"}

    def typed(text: str) -> object:
        where = f"{path}: {title(argument)}"
        try:
            return convert(text)
        except EdgeError as error:
            raise UsageError(f"{where}: {error.message}", hint=error.hint) from error
        except argparse.ArgumentTypeError as error:
            message = f"{where}: {error}"
        except (TypeError, ValueError):
            kind = kinds.get(convert, "a value of this argument")  # type: ignore[call-overload]
            message = f"{where}: {quoted(text)} is not {kind}"
        raise UsageError(message, hint=f"write {meaning(argument)}")

    return typed
