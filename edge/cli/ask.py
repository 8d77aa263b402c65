"""Asks the operator before a command deletes data or changes it for many people.

Plan and question go to standard error, so that `--json` stays clean.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from edge.cli.output import harmless
from edge.cli.verbs import argument
from edge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

YES: Final = argument(
    "--yes", action="store_true", help="do it without asking; required if standard input is no terminal"
)
YES_AT_TERMINAL: Final = argument("--yes", action="store_true", help="do it without asking at a terminal")


def agreed(plan: Iterable[str], question: str, *, yes: bool) -> bool:
    """Whether the operator agrees to this plan; `yes`: the command line says so, and nothing is printed.

    Ask only while no file is locked: an operator may take minutes. Raises UsageError without a terminal.
    """
    if yes:
        return True
    for line in plan:
        print(harmless(line), file=sys.stderr)
    if not sys.stdin.isatty():
        raise UsageError(
            "nothing was changed: the command asks first, and standard input is no terminal",
            hint="add --yes to do it without a question",
        )
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() in {"y", "yes"}:
        return True
    print("nothing was changed", file=sys.stderr)
    return False


def agreed_at_terminal(plan: Iterable[str], question: str, *, yes: bool) -> bool:
    """Like `agreed`; without a terminal the words of the command line are the consent of a script."""
    return not sys.stdin.isatty() or agreed(plan, question, yes=yes)
