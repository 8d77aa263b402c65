"""The issuer's register: the card behind each bit of the status list, its standing and the office's label.

It is an SQLite database, so that a command reads only the rows that it needs. A label is the office's own
note of the holder; it is in no card and in no published file.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge.errors import InputError
from edge.trust.status.status import bitmap_bytes
from tools.issuing import card_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

# An index goes to the next card only when no device can accept the old card any more: a clock that lost
# power falls back to its floor, which is as old as the last list of the device.
REST: Final = timedelta(days=30)
MAX_CAPACITY: Final = (
    100_000_000  # two bitmaps of 12.5 MB, made in memory; a larger country has an issuer in every region
)
# A list that is 99 % full gives a free index within a thousand random ones in all but 4 of 10^5 enrolments.
TRIES: Final = 1_000
_TRIES_EACH: Final = 20  # besides, for each index: a list 95 % full needs so many
_COLUMNS: Final = "idx, card_id, part, standing, issued_at, expires, box, subject, label, pseudonym"
_ALL: Final = f"SELECT {_COLUMNS} FROM cards"  # noqa: S608  our own words
_PUT: Final = f"INSERT OR REPLACE INTO cards ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  likewise


class CardStanding(StrEnum):
    """The standing of a card with its issuer."""

    GOOD = "good"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class IndexUse(StrEnum):
    """The use of an index: the card, or one document linked to it."""

    CARD = "card"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """One index of the status list. `expires`: of the card, aware UTC; `box`: id of its sealed template.

    `subject`: the pseudonym of the holder in the card; `label`: the office's note of its holder; `pseudonym`:
    of the card, in logs. Empty: none.
    """

    index: int
    card_id: bytes = field(repr=False)
    part: IndexUse
    issued_at: datetime
    expires: datetime
    standing: CardStanding = CardStanding.GOOD
    box: bytes = field(default=b"", repr=False)
    subject: str = field(default="", repr=False)
    label: str = field(default="", repr=False)
    pseudonym: str = field(default="", repr=False)

    def check_change(self, standing: CardStanding) -> None:
        """Raises InputError if this standing cannot follow: revoked is final."""
        if self.standing is CardStanding.REVOKED and standing is not CardStanding.REVOKED:
            raise InputError("this card is revoked, which is final", hint="enrol the holder again")


@dataclass(frozen=True, slots=True)
class Edition:
    """The last manifest of a list: its serial, and both hashes of its bitmaps. Serial 0: there was none."""

    serial: int = 0
    hashes: bytes = b""


class Register:
    """The issuer's side of a status list of `capacity` indexes.

    `db`: a connection whose tables `card_table.prepare` has made, in a transaction of the caller; left out: a
    register in memory.
    """

    def __init__(
        self,
        capacity: int,
        entries: Iterable[RegisterEntry] = (),
        *,
        db: sqlite3.Connection | None = None,
    ) -> None:
        if not 1 <= capacity <= MAX_CAPACITY:
            raise InputError(
                f"a list of {capacity} cards, not 1 to {MAX_CAPACITY}", hint="choose another capacity"
            )
        self.capacity = capacity
        self._db = db or _in_memory()
        self.add(*entries)

    def __iter__(self) -> Iterator[RegisterEntry]:
        return map(_entry, self._db.execute(f"{_ALL} ORDER BY idx"))

    def page(self, after: int, count: int) -> list[RegisterEntry]:
        """The entries with the next `count` indexes in use after this one."""
        rows = self._db.execute(f"{_ALL} WHERE idx > ? ORDER BY idx LIMIT ?", (after, count))
        return list(map(_entry, rows))

    def allocate(self, count: int, *, now: datetime, randbelow: Callable[[int], int]) -> tuple[int, ...]:
        """Random free indexes; a random index does not show the time of issue.

        It looks random indexes up, one row each. Only a list that is nearly full is read whole. Raises
        InputError when the list has fewer free ones.
        """
        held_after = int((now - REST).timestamp())
        found: dict[int, None] = {}
        for _ in range(TRIES + _TRIES_EACH * count):
            if len(found) == count:
                return tuple(found)
            index = randbelow(self.capacity)
            row = self._db.execute("SELECT expires FROM cards WHERE idx = ?", (index,)).fetchone()
            if row is None or row[0] <= held_after:
                found[index] = None
        free = self._free(held_after, found)
        self._require(count, self.capacity - len(found) - len(free))
        while len(found) < count:
            place = randbelow(len(free))
            found[int(free[place])] = None
            free[place] = free[-1]
            free = free[:-1]
        return tuple(found)

    def require(self, count: int, *, now: datetime) -> None:
        """Raises InputError when the list has fewer free indexes. It reads the whole list, for a batch."""
        held_after = int((now - REST).timestamp())
        (held,) = self._db.execute("SELECT count(*) FROM cards WHERE expires > ?", (held_after,)).fetchone()
        self._require(count, held)

    def _require(self, count: int, held: int) -> None:
        if self.capacity - held < count:
            raise InputError(
                f"{held} of {self.capacity} indexes are in use, and {count} more are needed",
                hint="start another list, with more capacity and another URI",
            )

    def add(self, *entries: RegisterEntry) -> None:
        """Adds entries; each replaces the expired entry of its index."""
        assert all(0 <= entry.index < self.capacity for entry in entries), "allocate gave this index"
        self._db.executemany(_PUT, map(_row, sorted(entries, key=lambda entry: entry.index)))

    def find(self, card_id: bytes) -> RegisterEntry:
        """The entry of a card itself, not of its documents. Raises InputError."""
        row = self._db.execute(
            f"{_ALL} WHERE card_id = ? AND part = ?", (card_id.hex(), IndexUse.CARD.value)
        ).fetchone()
        if row is None:
            raise InputError(
                "no card in the register has this id", hint="list the ids with: doorward-issuer list"
            )
        return _entry(row)

    def named(self, text: str) -> list[RegisterEntry]:
        """The cards whose id or whose pseudonym is this text; two cards may have one pseudonym."""
        rows = self._db.execute(
            f"{_ALL} WHERE (card_id = ?1 OR pseudonym = ?1) AND part = ?2", (text, IndexUse.CARD.value)
        )
        return list(map(_entry, rows))

    def documents(self, card_id: bytes) -> int:
        """Number of documents that are linked to a card."""
        (count,) = self._db.execute(
            "SELECT count(*) FROM cards WHERE card_id = ? AND part = ?",
            (card_id.hex(), IndexUse.DOCUMENT.value),
        ).fetchone()
        return int(count)

    def label(self, card_id: bytes, label: str) -> RegisterEntry:
        """Changes the label of a card, or deletes it if `label` is empty. Raises InputError."""
        changed = replace(self.find(card_id), label=label)
        self.add(changed)
        return changed

    def stand(self, index: int, standing: CardStanding) -> RegisterEntry:
        """Changes the standing of an index, and returns its entry. Raises InputError; revoked is final."""
        row = self._db.execute(f"{_ALL} WHERE idx = ?", (index,)).fetchone()
        if row is None:
            raise InputError(
                f"no card has the index {index}", hint="list the indexes with: doorward-issuer list"
            )
        entry = _entry(row)
        entry.check_change(standing)
        changed = replace(entry, standing=standing)
        self.add(changed)
        return changed

    def boxes(self, now: datetime) -> frozenset[bytes]:
        """Ids of the sealed templates that a site needs: of cards neither revoked nor expired."""
        rows = self._db.execute(
            "SELECT box FROM cards WHERE box <> '' AND expires > ? AND standing <> ?",
            (int(now.timestamp()), CardStanding.REVOKED.value),
        )
        return frozenset(bytes.fromhex(box) for (box,) in rows)

    @property
    def edition(self) -> Edition:
        """The last manifest of the list."""
        row = self._db.execute("SELECT serial, hashes FROM edition WHERE id = 1").fetchone()
        return Edition(row[0], bytes.fromhex(row[1])) if row else Edition()

    def serial_of(self, hashes: bytes) -> int:
        """The serial for bitmaps with these hashes: one more than the last, or the last if they are equal."""
        last = self.edition
        if hashes == last.hashes:
            return last.serial
        self._db.execute(
            "INSERT OR REPLACE INTO edition (id, serial, hashes) VALUES (1, ?, ?)",
            (last.serial + 1, hashes.hex()),
        )
        return last.serial + 1

    def bitmap(self, standing: CardStanding) -> bytes:
        """One bit per index, least significant first, set for this standing; ceil(capacity / 8) bytes."""
        assert standing is not CardStanding.GOOD, "the index holds the others only"
        bits = bytearray(bitmap_bytes(self.capacity))
        for (index,) in self._db.execute(
            "SELECT idx FROM cards WHERE standing = ? AND standing <> 'good'", (standing.value,)
        ):
            bits[index // 8] |= 1 << index % 8
        return bytes(bits)

    def _free(self, held_after: int, found: Iterable[int]) -> NDArray[np.intp]:
        """All indexes that are neither held nor found, in order."""
        free = np.ones(self.capacity, np.bool_)
        for (index,) in self._db.execute("SELECT idx FROM cards WHERE expires > ?", (held_after,)):
            free[index] = False
        for index in found:
            free[index] = False
        return np.flatnonzero(free)


def _in_memory() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    card_table.prepare(db, b"")
    return db


def _row(entry: RegisterEntry) -> tuple[object, ...]:
    """An entry as a row. Of the holder it has the pseudonym, and the label that the office chose to write."""
    return (
        entry.index,
        entry.card_id.hex(),
        entry.part.value,
        entry.standing.value,
        int(entry.issued_at.timestamp()),
        int(entry.expires.timestamp()),
        entry.box.hex(),
        entry.subject,
        entry.label,
        entry.pseudonym,
    )


def _entry(row: tuple[Any, ...]) -> RegisterEntry:
    index, card_id, part, standing, issued_at, expires, box, subject, label, pseudonym = row
    return RegisterEntry(
        index,
        bytes.fromhex(card_id),
        IndexUse(part),
        datetime.fromtimestamp(issued_at, UTC),
        datetime.fromtimestamp(expires, UTC),
        CardStanding(standing),
        bytes.fromhex(box),
        subject or "",  # of a card older than labels
        label or "",
        pseudonym or "",
    )
