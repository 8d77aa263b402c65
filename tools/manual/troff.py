"""Manual pages for `man`, one for each command of the wheel, from its own parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from argparse_manpage.manpage import Manpage

from edge.errors import Exit
from edge.version import software_version
from tools.manual.parsers import whole_parser

if TYPE_CHECKING:
    from edge.cli.verbs import Verb

_EXITS: Final = {
    Exit.OK: "The command did what it was asked for.",
    Exit.REFUSED: "A card was refused, or a check failed.",
    Exit.USAGE: "The command line, an input file or the configuration must change.",
    Exit.DEVICE: "This device cannot do its job.",
    Exit.BUG: "An error of the program itself. Please report it.",
    Exit.INTERRUPTED: "Ctrl-C ended the command.",
}
_ENVIRONMENT: Final = {
    "DOORWARD_DEBUG": "Set to 1, the command prints the traceback of an error of the program itself.",
    "NO_COLOR": "Set to any text, the command prints no colours.",
    "FORCE_COLOR": "Set to any text, the command prints colours into a pipe or a file too.",
}


def manual_page(command: Verb) -> str:
    """The page in troff. SOURCE_DATE_EPOCH, if it is set, gives the date, so that a build can be repeated."""
    page = Manpage(whole_parser(command))
    page.source = f"Doorward {software_version()}"
    page.manual = "Doorward"
    page.description = command.help.rstrip(".")
    page.add_section("exit status", "=", _tagged({str(int(code)): text for code, text in _EXITS.items()}))
    page.add_section("environment", "=", _tagged(_ENVIRONMENT))
    return str(page)


def _tagged(rows: dict[str, str]) -> str:
    return "\n".join(f".TP\n.B {name}\n{text}" for name, text in rows.items())
