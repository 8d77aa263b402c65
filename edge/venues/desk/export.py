"""Writes registrations as CSV for spreadsheets, and as JSON Lines for other programs."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Final

from edge.card.attributes import Attribute

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from edge.venues.desk.register_store import OpenedRegistration

_STAY: Final = ("reference", "arrival", "departure", "guests", "minors")
COLUMNS: Final = (
    "seq",
    "at_ms",
    "at",
    "site",
    *_STAY,
    "adult",
    "covers",
    *(name.value for name in Attribute),
)
# A spreadsheet runs a text that begins with one of these as a formula (OWASP, "CSV injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def document(opened: OpenedRegistration) -> dict[str, object]:
    """One registration; a value that was not disclosed or not booked is null."""
    stay = opened.booking or {}
    return {
        "seq": opened.seq,
        "at_ms": round(opened.at.timestamp() * 1_000),
        "at": f"{opened.at:%Y-%m-%dT%H:%M:%SZ}",
        "site": opened.site,
        **{key: stay.get(key) for key in _STAY},
        "adult": opened.adult,
        "covers": opened.covers,
        **{name.value: opened.attributes.get(name.value) for name in Attribute},
    }


def write_csv(file: TextIO, registrations: Iterable[OpenedRegistration]) -> None:
    """Write RFC 4180; a text that a spreadsheet would run as a formula gets an apostrophe before it."""
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    for opened in registrations:
        writer.writerow({key: _cell(value) for key, value in document(opened).items()})


def write_jsonl(file: TextIO, registrations: Iterable[OpenedRegistration]) -> None:
    """Write one object a line."""
    file.writelines(json.dumps(document(opened), ensure_ascii=False) + "\n" for opened in registrations)


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
