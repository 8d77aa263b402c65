"""The page edge/REASONS.md, written from the table of reason codes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from edge.reasons.table import reasons

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD: Final = """\
# Reason codes

A record of the journal holds a code and no free text. This page explains each code. `doorward explain CODE`
prints one row, `doorward explain card` a group, and a hub shows all of them at `/reasons`.

The visitor sees one of five signals: *look here*, *try again*, *wait*, *ask staff*, *welcome*. The visitor
never sees a code, because an attacker would learn from it. So staff do not read a code to a visitor whom they
do not know.

`python tools/manual pages` writes this page from `edge/reasons/denials.toml` and `edge/reasons/records.toml`.
"""


def reasons_page() -> str:
    """The page in Markdown: one table for each group of codes."""
    return "\n".join((_HEAD, *_sections()))


def _sections() -> Iterator[str]:
    for group, members in groupby(reasons().values(), key=lambda row: row.group):
        rows = list(members)
        denies = any(row.signal for row in rows)
        yield f"## {group}\n"
        yield f"| code | meaning |{' visitor sees |' if denies else ''} staff | technician |"
        yield f"|---|---|{'---|' if denies else ''}---|---|"
        for row in rows:
            seen = f" {row.signal or ''} |" if denies else ""
            yield f"| `{row.code}` | {row.meaning} |{seen} {_cell(row.staff)} | {_cell(row.technician)} |"
        yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
