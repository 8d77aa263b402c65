"""Whole parsers of the installed commands, with a subparser for each verb, for man and for shells."""

from __future__ import annotations

import argparse
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import shtab

from edge.__main__ import DOORWARD
from edge.cli.command.parser import add_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.cli.verbs import Verb

TOOLS: Final = ("issuer", "wallet", "authority", "hub")  # those that the wheel installs as doorward-TOOL


def commands() -> Iterator[Verb]:
    """The commands of the wheel under their installed names."""
    yield DOORWARD
    for tool in TOOLS:
        yield replace(import_module(f"tools.{tool}.cli").main.args[0], name=f"doorward-{tool}")


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
