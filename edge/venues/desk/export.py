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
    "property",
)
# Excel reads a text without this mark in the code page of the machine: "Müller" as "MÃ¼ller".
_MARK: Final = "\ufeff"
# A spreadsheet runs a text that begins with one of these as a formula, in East Asia also one with their wide
# forms (OWASP, "CSV injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def document(opened: OpenedRegistration, name: str) -> dict[str, object]:
    """One registration; a value that was not disclosed or not booked is null. `name`: of the property."""
    stay = opened.booking or {}
    return {
        "seq": opened.seq,
        "at_ms": round(opened.at.timestamp() * 1_000),
        "at": f"{opened.at:%Y-%m-%dT%H:%M:%SZ}",
        "site": opened.site,
        **{key: stay.get(key) for key in _STAY},
        "adult": opened.adult,
        "covers": opened.covers,
        **{each.value: opened.attributes.get(each.value) for each in Attribute},
        "property": name,
    }


def write_csv(file: TextIO, registrations: Iterable[OpenedRegistration], *, name: str) -> None:
    """Write RFC 4180 behind a byte order mark.

    A text that a spreadsheet would run as a formula gets an apostrophe before it. `name`: of the property.
    """
    file.write(_MARK)
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    for opened in registrations:
        writer.writerow({key: _cell(value) for key, value in document(opened, name).items()})


def write_jsonl(file: TextIO, registrations: Iterable[OpenedRegistration], *, name: str) -> None:
    """Write one object a line. `name`: of the property."""
    file.writelines(json.dumps(document(opened, name), ensure_ascii=False) + "\n" for opened in registrations)


def _cell(value: object) -> object:
    is_formula = isinstance(value, str) and (
        value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA)
    )
    return f"'{value}" if is_formula else value
