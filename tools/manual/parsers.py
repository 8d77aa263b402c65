"""Whole parsers of the installed commands, with a subparser for each verb, for man and for shells."""

from __future__ import annotations

import argparse
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import shtab

from edge.__main__ import DOORWARD
from edge.cli.command.parser import add_arguments

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from edge.cli.verbs import Verb


def commands(tools: Sequence[str], names: Collection[str] = ()) -> Iterator[Verb]:
    """`doorward` and the tools under their installed names. `names`: these alone; if empty, all of them."""
    for command in (DOORWARD, *map(_installed, tools)):
        if not names or command.name in names:
            yield command


def _installed(tool: str) -> Verb:
    """The command of a tool, as an installed one names itself."""
    verb: Verb = import_module(f"tools.{tool}.cli").main.args[0]
    name = f"doorward-{tool}"
    return replace(verb, name=name, about=verb.load_about().replace(f"python tools/{tool}", name))


def whole_parser(command: Verb) -> argparse.ArgumentParser:
    """The parser of a command with all its verbs; imports the modules of all of them."""
    parser = argparse.ArgumentParser(
        command.name, description=command.load_about(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-V", "--version", action="store_true", help="print the version")
    _add(parser, command, command.name)
    return parser


def _add(parser: argparse.ArgumentParser, node: Verb, path: str) -> None:
    verbs = node.load_verbs()
    if not verbs:
        for argument, action in add_arguments(parser, path, node.load_arguments()):
            if argument.options.get("type") is Path:
                is_folder = "DIR" in str(argument.options.get("metavar"))
                action.complete = shtab.DIRECTORY if is_folder else shtab.FILE  # type: ignore[attr-defined]
        return
    below = parser.add_subparsers(metavar="VERB", title="verbs")
    for each in verbs:
        _add(
            below.add_parser(
                each.name,
                help=each.help,
                description=each.load_about(),
                formatter_class=argparse.RawDescriptionHelpFormatter,
            ),
            each,
            f"{path} {each.name}",
        )
