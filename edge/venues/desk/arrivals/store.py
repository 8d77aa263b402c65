"""The expected guests of a property, in a file without names that is replaced as a whole.

The device reads it, and another process makes it. At the next visit the device sees a new file by its inode.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge.errors import StorageFault
from edge.files.durable import flush, rename_durably
from edge.sqlite import faults, make_tables, open_draft, open_reader
from edge.venues.desk.arrivals.arrivals import MAX_MISTAKES, Mistake
from edge.venues.desk.booking import BookedGuest, Expected, expected

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from edge.delivery.sealed_box import Sealer
    from edge.venues.desk.arrivals.arrivals import Item
    from edge.venues.desk.booking import Booking
    from edge.venues.desk.name_digests import Digests

FILE: Final = "arrivals.db"
_NEW: Final = "arrivals.new"
_CACHE_KB: Final = 32 * 1024  # enough for the largest hotel of a city; a board has 512 MB
_TABLES: Final = """
CREATE TABLE bookings (
  id BLOB PRIMARY KEY, arrival INTEGER NOT NULL, departure INTEGER NOT NULL, guests INTEGER NOT NULL,
  minors INTEGER NOT NULL, places BLOB NOT NULL, doubtful INTEGER NOT NULL, line INTEGER NOT NULL,
  box BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE names (digest BLOB NOT NULL, booking BLOB NOT NULL) STRICT
"""
_Places = list[tuple[list[bytes], list[bytes] | bytes | None, bool | None]]
_USABLE: Final = "SELECT count(*) FROM bookings WHERE NOT doubtful"
_COLUMNS: Final = "id, arrival, departure, guests, minors, places, doubtful"


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import. `mistakes`: lines left out, in doubt, or taken without a value.

    `usable`: number of bookings without those in doubt.
    """

    bookings: int
    guests: int
    mistakes: tuple[Mistake, ...]
    usable: int


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay in the list. `box`: reference and names, sealed to the desk's key."""

    booking: Expected
    box: bytes = field(repr=False)


class TooManyMistakesError(Exception):
    """The list has more mistakes than MAX_MISTAKES: it is another kind of file."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("too many mistakes")
        self.mistakes = mistakes


class Build:
    """A new file of arrivals. The old file stays in force until `swap`."""

    def __init__(self, folder: Path, digests: Digests, sealer: Sealer, *, adult_age: int) -> None:
        """Raises StorageFault."""
        self._folder = folder
        self._path = folder / _NEW
        self._digests = digests
        self._sealer = sealer
        self._adult_age = adult_age
        with faults(self._path):
            self._db = open_draft(self._path, cache_kb=_CACHE_KB)
            make_tables(self._db, _TABLES)
            self._db.execute("BEGIN")

    def take(self, items: Iterable[Item]) -> Imported:
        """Add a whole list. Raises StorageFault, TooManyMistakesError, and the errors of reading the list."""
        mistakes: list[Mistake] = []
        remarks: list[Mistake] = []
        bookings = guests = 0
        for item in items:
            if isinstance(item, Mistake):
                (remarks if item.kept else mistakes).append(item)
                del remarks[MAX_MISTAKES:]  # a list may have one in each line, and still be a list
            elif first := self._add(item):
                mistakes.append(Mistake(item.line, f"the same reference as on line {first}"))
            else:
                bookings += 1
                guests += item.guests
            if len(mistakes) > MAX_MISTAKES:
                raise TooManyMistakesError(tuple(mistakes))
        with faults(self._path):
            (usable,) = self._db.execute(_USABLE).fetchone()
        return Imported(bookings, guests, (*mistakes, *remarks), usable)

    def swap(self) -> None:
        """Put this list in force. Raises StorageFault."""
        with faults(self._path):
            # Built once at the end: an index that grows by digests, which are random, is much slower.
            self._db.execute("CREATE INDEX by_name ON names (digest, booking)")
            self._db.execute("COMMIT")
            self._db.close()
            rename_durably(self._path, self._folder / FILE)

    def discard(self) -> None:
        """Delete the new file, if it is not in force. Safe to call again, and after `swap`."""
        self._db.close()
        with suppress(OSError):
            self._path.unlink()

    def _add(self, booking: Booking) -> int:
        """Add a booking: 0, or the line that has the same reference; that booking is then in doubt."""
        kept = expected(booking, self._digests, adult_age=self._adult_age)
        with faults(self._path):
            places = msgspec.msgpack.encode(
                [(sorted(p.names), sorted(p.births), p.minor) for p in kept.places]
            )
            new = self._db.execute(
                "INSERT OR IGNORE INTO bookings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    kept.id,
                    kept.arrival.toordinal(),
                    kept.departure.toordinal(),
                    kept.guests,
                    kept.minors,
                    places,
                    kept.doubtful,
                    booking.line,
                    self._sealer.seal(_plain(booking)),
                ),
            ).rowcount
            if not new:
                self._db.execute("UPDATE bookings SET doubtful = 1 WHERE id = ?", (kept.id,))
                row = self._db.execute("SELECT line FROM bookings WHERE id = ?", (kept.id,)).fetchone()
                return int(row[0])
            self._db.executemany(
                "INSERT INTO names VALUES (?, ?)",
                [(digest, kept.id) for place in kept.places for digest in place.names],
            )
        return 0


class ArrivalsFile:
    """The list in force. Implements Arrivals; without a file, no guest is expected."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._db: sqlite3.Connection | None = None
        self._inode = 0

    def by_reference(self, reference: bytes) -> Expected | None:
        rows = self._rows(f"SELECT {_COLUMNS} FROM bookings WHERE id = ?", (reference,))  # noqa: S608  our own words
        return _expected(rows[0]) if rows else None

    def by_names(self, names: frozenset[bytes]) -> Sequence[Expected]:
        marks = ", ".join("?" * len(names))
        rows = self._rows(
            f"SELECT DISTINCT {_COLUMNS} FROM names JOIN bookings ON id = booking WHERE digest IN ({marks})"  # noqa: S608  likewise
            " ORDER BY id LIMIT 100",  # more than one is ambiguous anyway
            tuple(sorted(names)),
        )
        return tuple(map(_expected, rows))

    def box_of(self, booking: bytes) -> bytes | None:
        """The list's entry for a booking, sealed."""
        rows = self._rows("SELECT box FROM bookings WHERE id = ?", (booking,))
        return bytes(rows[0][0]) if rows else None

    def count(self, *, usable: bool = False) -> int:
        """Number of expected bookings; `usable`: without those in doubt."""
        rows = self._rows(_USABLE if usable else "SELECT count(*) FROM bookings", ())
        return int(rows[0][0]) if rows else 0

    def stays(self, today: date, *, limit: int) -> Iterator[Stay]:
        """Expected stays by arrival; those that are over come last. Raises StorageFault."""
        rows = self._rows(
            f"SELECT {_COLUMNS}, box FROM bookings ORDER BY departure < ?, arrival, id LIMIT ?",  # noqa: S608  our own words
            (today.toordinal(), limit),
        )
        return (Stay(_expected(row[:-1]), bytes(row[-1])) for row in rows)

    def delete(self) -> None:
        """Delete the list: no guest is expected. Raises StorageFault."""
        self.close()
        with faults(self._path):
            self._path.unlink(missing_ok=True)
            if self._path.parent.is_dir():
                flush(self._path.parent)

    def made_at(self) -> float | None:
        """The time of the import, in seconds since 1970; None without a list."""
        try:
            return self._path.stat().st_mtime
        except OSError:
            return None

    def close(self) -> None:
        """Safe to call again."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _rows(self, query: str, values: tuple[object, ...]) -> list[Any]:
        with faults(self._path):
            db = self._current()
            return [] if db is None else db.execute(query, values).fetchall()

    def _current(self) -> sqlite3.Connection | None:
        try:
            inode = self._path.stat().st_ino
        except FileNotFoundError:
            return None
        if self._db is None or inode != self._inode:
            self.close()
            self._db = open_reader(self._path, immutable=True)
            self._inode = inode
        return self._db


def _expected(row: tuple[Any, ...]) -> Expected:
    booking, arrival, departure, guests, minors, places, doubtful = row
    try:
        parsed = msgspec.msgpack.decode(places, type=_Places)
        return Expected(
            booking,
            date.fromordinal(arrival),
            date.fromordinal(departure),
            guests,
            minors,
            tuple(BookedGuest(frozenset(names), _births(births), minor) for names, births, minor in parsed),
            bool(doubtful),
        )
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        raise StorageFault(f"{FILE}: damaged", hint="import the list of arrivals again") from error


def _births(kept: list[bytes] | bytes | None) -> frozenset[bytes]:
    """The digests of a birth date. An earlier version kept only that of a whole day, or None."""
    return frozenset([kept] if isinstance(kept, bytes) else kept or ())


def _plain(booking: Booking) -> bytes:
    """The data of a booking for an export; it is sealed before it is written."""
    return msgspec.json.encode(
        {
            "reference": booking.reference,
            "arrival": booking.arrival.isoformat(),
            "departure": booking.departure.isoformat(),
            "guests": booking.guests,
            "minors": booking.minors,
            "names": [
                {
                    "family_name": guest.family_name,
                    "given_name": guest.given_name,
                    "birth_date": str(guest.birth_date) if guest.birth_date else None,
                }
                for guest in booking.named
            ],
        }
    )
