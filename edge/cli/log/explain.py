"""`doorward explain`: the meaning of a reason code, what the visitor sees, and what staff do."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Final

from edge.cli.command.complaints import quoted
from edge.cli.output import emit
from edge.cli.verbs import argument, json_lines
from edge.errors import Exit, UsageError
from edge.nearest import alternatives, nearest
from edge.reasons.table import find, reasons

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from edge.reasons.table import ExplainedReason

WIDTH: Final = 100


def run(args: argparse.Namespace) -> int:
    """Print one reason, those of a group, or all of them."""
    rows = find(args.reason) if args.reason else list(reasons().values())
    if not rows:
        raise unknown_reason(args.reason, command="doorward explain", where="doorward explain: ")
    if args.json:
        for row in rows:
            emit(asdict(row))
    elif len(rows) == 1:
        print(explained(rows[0]))
    else:
        print(listed(rows))
    return Exit.OK


def unknown_reason(word: str, *, command: str, where: str = "") -> UsageError:
    """The error about a word that is no reason code. `command` takes a code."""
    codes = reasons()
    names = {*codes, *(row.prefix for row in codes.values())}
    near = nearest(word, names) or nearest(word.replace(" ", "."), names)
    written = alternatives(f"{command} {each}" for each in near) if near else ""
    return UsageError(
        f"{where}{quoted(word)} is not a reason code",
        hint=f"write {written}" if near else "read the list of all codes: doorward explain",
    )


def explained(row: ExplainedReason) -> str:
    """One reason, on several lines."""
    seen = f'"{row.signal}", and not the reason' if row.signal else "nothing of it"
    parts = (
        ("meaning", row.meaning),
        ("visitor sees", seen),
        ("staff", row.staff),
        ("technician", row.technician),
    )
    lines = [row.code]
    for name, text in parts:
        if text:
            lines.append(
                textwrap.fill(text, WIDTH, initial_indent=f"  {name:13} ", subsequent_indent=" " * 16)
            )
    return "\n".join(lines)


def listed(rows: Sequence[ExplainedReason]) -> str:
    """Several reasons, a line for each, under the titles of their groups."""
    width = max(len(row.code) for row in rows)
    lines: list[str] = []
    for group, members in groupby(rows, key=lambda row: row.group):
        lines += [
            *([""] if lines else []),
            f"{group}:",
            *(f"  {row.code:{width}}  {row.meaning}" for row in members),
        ]
    return "\n".join((*lines, "", "what to do: doorward explain CODE"))


ARGUMENTS = (
    argument(
        "reason",
        nargs="?",
        help="a code such as card.revoked, or a group such as card; left out: all codes",
    ),
    json_lines(),
)
