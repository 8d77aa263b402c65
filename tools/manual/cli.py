"""Writes manual pages, completion for shells, and the pages of this repository that come from tables.

    python tools/manual man build/share/man/man1    # doorward.1, doorward-issuer.1, ...
    python tools/manual completion build/share      # for bash, zsh and fish
    python tools/manual pages                       # edge/REASONS.md, tools/hub/openapi.json

The first two need the packages of doorward[dev], at build time only.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli import verbs
from edge.cli.verbs import Verb, argument, verb
from edge.errors import Exit

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

# The tools that are installed as doorward-TOOL, beside doorward itself.
TOOLS: Final = ("issuer", "wallet", "authority", "hub")
ROOT: Final = Path(__file__).resolve().parents[2]
# Where a shell looks for the completion of a command below share/.
_PLACES: Final = {
    "bash": "bash-completion/completions/{}",
    "zsh": "zsh/site-functions/_{}",
    "fish": "fish/vendor_completions.d/{}.fish",
}


def man(args: argparse.Namespace) -> int:
    """Writes the manual page of each command."""
    from tools.manual.parsers import commands
    from tools.manual.troff import manual_page

    _write({args.folder / f"{each.name}.1": manual_page(each) for each in commands(TOOLS, args.only)})
    return Exit.OK


def completion(args: argparse.Namespace) -> int:
    """Writes the completion of each command for each shell."""
    import shtab

    from tools.manual.parsers import commands, whole_parser

    _write(
        {
            args.folder / place.format(each.name): shtab.complete(whole_parser(each), shell)
            for each in commands(TOOLS, args.only)
            for shell, place in _PLACES.items()
        }
    )
    return Exit.OK


def pages(_: argparse.Namespace) -> int:
    """Writes the pages of this repository that come from tables."""
    _write({ROOT / name: text for name, text in page_texts().items()})
    return Exit.OK


def page_texts() -> Mapping[str, str]:
    """The text of each page by its name in this repository."""
    from tools.manual.interface import interface_text
    from tools.manual.reasons import reasons_page

    return {"edge/REASONS.md": reasons_page(), "tools/hub/openapi.json": interface_text()}


def _write(texts: Mapping[Path, str]) -> None:
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        print(path)


_ONLY: Final = argument(
    "--only",
    action="append",
    default=[],
    choices=("doorward", *(f"doorward-{tool}" for tool in TOOLS)),
    help="write this command alone; may be given several times",
)
MANUAL = Verb(
    "python tools/manual",
    "write manual pages, completion for shells, and pages from tables",
    verbs=(
        verb(
            "man",
            "write the manual page of each command, for man",
            man,
            argument("folder", type=Path, metavar="DIR", help="the folder for the pages, such as man1"),
            _ONLY,
        ),
        verb(
            "completion",
            "write the completion of each command for bash, zsh and fish",
            completion,
            argument("folder", type=Path, metavar="DIR", help="the folder that becomes share/"),
            _ONLY,
        ),
        verb("pages", "write the pages of this repository that come from tables", pages),
    ),
    about=__doc__,
)
main = partial(verbs.main, MANUAL)
