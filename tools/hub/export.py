"""Records as a file to download: JSON Lines with the signed bytes, or CSV like `doorward log export`."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from edge.audit.export import COLUMNS, csv_row
from edge.audit.record import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FORMATS: Final = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}


def lines(bodies: Iterable[str], form: str) -> Iterator[str]:
    """The file in parts. `form`: one of FORMATS."""
    if form == "jsonl":
        yield from (f"{body}\n" for body in bodies)
        return
    yield _line(COLUMNS)
    yield from (_line(csv_row(decode(body.encode()))) for body in bodies)


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
