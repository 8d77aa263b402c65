"""Records as a file to take away: JSON Lines, byte for byte as signed, or CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from edge.audit.record import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FORMATS: Final = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}
# One table for every kind of record; what a kind does not say stays empty. No field can begin with =, + or @.
COLUMNS: Final = (
    "seq", "time", "kind", "door", "outcome", "reason", "card", "issuer", "assurance", "similarity_milli",
    "threshold_milli", "model", "clock", "change", "cause", "decision", "part", "version",
)  # fmt: skip


def lines(bodies: Iterable[str], form: str) -> Iterator[str]:
    """The file in parts. `form`: one of FORMATS."""
    if form == "jsonl":
        yield from (f"{body}\n" for body in bodies)
        return
    yield _row(COLUMNS)
    for body in bodies:
        entry = decode(body.encode())
        record = msgspec.to_builtins(entry.record)
        moment = datetime.fromtimestamp(entry.record.time_ms / 1000, UTC)
        said = record | {"seq": entry.seq, "time": moment.isoformat(timespec="milliseconds")}
        yield _row(said.get(column) for column in COLUMNS)


def _row(values: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow("" if value is None else value for value in values)
    return out.getvalue()
