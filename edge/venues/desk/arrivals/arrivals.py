"""Reads lists of arrivals: CSV with a line for each guest, or JSON with an object for each booking.

DESK.md section 2 has the columns. A line that cannot be used becomes a `Mistake`, which quotes nothing of it,
and reading goes on; a text that is not a list of arrivals is an InputError.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from edge.card.birth_date import BirthDate
from edge.formats.csv_rows import csv_table
from edge.venues.desk.arrivals.json_stream import objects
from edge.venues.desk.booking import (
    MAX_GUESTS,
    MAX_NAME_CHARS,
    MAX_REFERENCE_CHARS,
    MAX_STAY_DAYS,
    Booking,
    Named,
)
from edge.venues.desk.name_digests import reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_FILE_BYTES: Final = (
    256 * 1024 * 1024
)  # twice a year of the largest hotel, 7,351 rooms, at 50 bytes a guest
MAX_LINE_CHARS: Final = 64 * 1024  # a hundred times the longest sensible booking
MAX_MISTAKES: Final = 100  # with more of them it is another kind of file
REQUIRED: Final = ("reference", "arrival", "departure")
COLUMNS: Final = (*REQUIRED, "guests", "minors", "family_name", "given_name", "birth_date")
_BIRTH_UNREAD: Final = (
    "birth_date is not a date such as 1978-05-31, 1978-05 or 1978; the booking counts without it"
)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that was left out, or puts its booking in doubt, and the reason.

    `kept`: the line counts, without a value that a list may leave out.
    """

    line: int
    reason: str
    kept: bool = False

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


Item = Booking | Mistake


def read_csv(lines: Iterable[str]) -> Iterator[Item]:
    """The bookings in the lines of a CSV text; those of one booking stand together. Raises InputError."""
    open_: Booking | None = None
    for row in csv_table(lines, columns=COLUMNS, required=(REQUIRED,), limit=MAX_LINE_CHARS, others=True):
        if not any(row.cells.values()) and not row.wrong:
            continue  # spreadsheets write rows of delimiters below a list
        if row.wrong:
            yield Mistake(row.line, row.wrong)
            continue
        try:
            booking = _booking(row.cells, row.line)
        except _WrongError as wrong:
            yield Mistake(row.line, wrong.reason)
            continue
        if open_ is None or reference(open_.reference) != reference(booking.reference):
            if open_ is not None:
                yield from _whole(open_)
            open_ = booking
            continue
        open_, mistake = _joined(open_, booking)
        if mistake:
            yield mistake
    if open_ is not None:
        yield from _whole(open_)


def read_json(chunks: Iterable[str]) -> Iterator[Item]:
    """The bookings in a JSON text: one array of objects, or one object a line. Raises InputError."""
    for line, value in objects(chunks, limit=MAX_LINE_CHARS):
        try:
            booking = _booking(value, line)
            named = tuple(_named(guest) for guest in _guests(value))
        except _WrongError as wrong:
            yield Mistake(line, wrong.reason)
            continue
        twice = len(set(named)) < len(named)
        if twice:
            yield Mistake(line, "the same guest twice")
        yield from _whole(replace(booking, named=tuple(dict.fromkeys(named))))


class _WrongError(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _booking(row: Mapping[str, object], line: int) -> Booking:
    """The booking in one line or object, with its guest. Raises _WrongError."""
    name = _text(row, "reference", MAX_REFERENCE_CHARS)
    if not reference(name):
        raise _WrongError("no reference")
    arrival, departure = _day(row, "arrival"), _day(row, "departure")
    if arrival is None or departure is None:
        raise _WrongError(f"no {'arrival' if arrival is None else 'departure'}")
    if not timedelta(0) <= departure - arrival <= timedelta(days=MAX_STAY_DAYS):
        raise _WrongError(f"departure is before arrival, or more than {MAX_STAY_DAYS} days after it")
    guests = _number(row, "guests", 1)
    minors = _number(row, "minors", 0)
    if not (1 <= guests <= MAX_GUESTS and minors <= guests):
        raise _WrongError(f"guests is not 1 to {MAX_GUESTS}, or minors is more than guests")
    named = (_named(row),) if _text(row, "family_name", MAX_NAME_CHARS) else ()
    return Booking(
        reference=name,
        arrival=arrival,
        departure=departure,
        guests=guests,
        minors=minors,
        named=named,
        line=line,
    )


def _guests(value: Mapping[str, object]) -> list[Mapping[str, object]]:
    guests = value.get("names", [])
    if not isinstance(guests, list) or not all(isinstance(guest, dict) for guest in guests):
        raise _WrongError("names is not a list of objects")
    return guests


def _named(row: Mapping[str, object]) -> Named:
    family = _text(row, "family_name", MAX_NAME_CHARS)
    if not family:
        raise _WrongError("no family_name")
    given = _text(row, "given_name", MAX_NAME_CHARS)
    try:
        return Named(family, given, BirthDate.found_in(str(row.get("birth_date") or "")))
    except ValueError:
        return Named(family, given, birth_unread=True)


def _text(row: Mapping[str, object], key: str, limit: int) -> str:
    value = row.get(key)
    if value is None:
        return ""
    bare = value.strip() if isinstance(value, str) else None
    if bare is None or len(bare) > limit or not _is_text(bare):
        raise _WrongError(f"{key} is not text of at most {limit} characters")
    return bare


def _is_text(value: str) -> bool:
    """Whether UTF-8 has the text: JSON can spell half of a pair of surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(row: Mapping[str, object], key: str, default: int) -> int:
    value = row.get(key)
    if value is None or value == "":
        return default
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 9:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise _WrongError(f"{key} is not a whole number from 0")


def _day(row: Mapping[str, object], key: str) -> date | None:
    text = _text(row, key, 10)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _WrongError(f"{key} is not a day such as 2026-01-31") from error


def _joined(first: Booking, more: Booking) -> tuple[Booking, Mistake | None]:
    """A booking with one more of its lines, and the mistake in that line, if there is one."""
    said = (first.arrival, first.departure)
    if said != (more.arrival, more.departure):
        return replace(_counted(first), doubtful=True), Mistake(
            more.line, f"other days than on line {first.line}: the booking is in doubt"
        )
    if not more.named:
        return first, Mistake(more.line, f"the same booking as on line {first.line}, without a guest")
    if more.named[0] in first.named:
        return first, Mistake(more.line, "the same guest twice")
    if len(first.named) > MAX_GUESTS:
        return first, None  # one mistake is enough, and a booking must not grow with the file
    guests, minors = max(first.guests, more.guests), max(first.minors, more.minors)
    return replace(first, guests=guests, minors=minors, named=(*first.named, *more.named)), None


def _whole(booking: Booking) -> Iterator[Item]:
    """A booking with all its lines."""
    if len(booking.named) > MAX_GUESTS:
        yield Mistake(booking.line, f"more than {MAX_GUESTS} guests")
        return
    if any(guest.birth_unread for guest in booking.named):
        yield Mistake(booking.line, _BIRTH_UNREAD, kept=True)
    yield _counted(booking)


def _counted(booking: Booking) -> Booking:
    """The booking with at least as many guests as it names."""
    return replace(booking, guests=max(booking.guests, len(booking.named)))
