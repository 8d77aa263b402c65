"""Records as rows for other programs: one JSON object, or one line of CSV with fixed columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from edge.audit.record import JournalEntry

# JOURNAL.md section 6. The order never changes; a new column goes to the end.
COLUMNS: Final = (
    "seq",
    "time",
    "kind",
    "door",
    "outcome",
    "reason",
    "card",
    "issuer",
    "assurance",
    "similarity_milli",
    "threshold_milli",
    "fta",
    "model",
    "policy",
    "clock",
    "trust",
    "stages_us",
    "change",
    "cause",
    "decision",
    "part",
    "event",
    "off_s",
    "version",
    "time_ms",
    "tick_ms",
    "number",
    "controller_ms",
    "visit",
    "upto",
    "vouched_s",
    "foreign",
    "mended",
)
_COLUMNS: Final = frozenset(COLUMNS)
# Characters with which a spreadsheet begins a formula (OWASP, "CSV Injection"). No field of a record begins
# with one today; if a later one does, its cell stays text.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def row_of(entry: JournalEntry) -> dict[str, object]:
    """A record with its seq and its time as text; a missing value is null or absent."""
    record = msgspec.to_builtins(entry.record)
    return {"seq": entry.seq, "time": utc(entry.record.time_ms), **record}


def json_line(entry: JournalEntry) -> str:
    """A record as one JSON object in ASCII, without a line break."""
    return _json.encode(row_of(entry)).decode("ascii")


def csv_row(entry: JournalEntry) -> list[str]:
    """The cells of a record for COLUMNS; a missing value is empty."""
    row = row_of(entry)
    assert row.keys() <= _COLUMNS
    return [cell(row.get(column)) for column in COLUMNS]


def cell(value: object) -> str:
    """One value as the text of a cell; lists and maps as JSON, in the order of the record."""
    match value:
        case None:
            return ""
        case int():
            return str(value)
        case str():
            return f"'{value}" if value.startswith(_FORMULA) else value
        case _:
            return _json.encode(value).decode("ascii")


def utc(time_ms: int) -> str:
    """Time in RFC 3339, to the millisecond."""
    whole = datetime.fromtimestamp(time_ms // 1000, UTC)
    return f"{whole.isoformat()[:19]}.{time_ms % 1000:03}Z"


_json = msgspec.json.Encoder()  # three times as fast as `json`; every field of a record is ASCII
