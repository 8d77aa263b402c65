"""The journal as an outbox: the records that a hub has not acknowledged.

The cursor is one row for each hub in `outbox.db`: the seq to send next, the first seq that is not
acknowledged, and the peaks of the tree before `next`, so that a new process need not read the journal first.
If this file is lost, no record is lost: sending begins again at 0, and the hub answers with its position.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.audit.errors import JournalBroken
from edge.audit.merkle import Frontier, leaf_hash
from edge.errors import SyncError
from edge.sqlite import BUSY_S, faults, make_tables, open_reader, open_writer, transaction
from edge.upload.batch import MAX_RECORDS, ProvenRecords
from edge.upload.journal_reader import Growth, open_journal_reader

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from edge.upload.journal_reader import JournalReader

FILE = "outbox.db"
_REMOVE = "remove this file: the hub knows which records it has"
_HINTS = {sqlite3.SQLITE_CORRUPT: _REMOVE, sqlite3.SQLITE_NOTADB: _REMOVE}
_TABLES = """
CREATE TABLE IF NOT EXISTS hubs (
  hub TEXT PRIMARY KEY, next INTEGER, acknowledged INTEGER, peaks BLOB
) STRICT;
CREATE TABLE IF NOT EXISTS answers (hub TEXT PRIMARY KEY, hub_ms INTEGER) STRICT
"""


class HistoryDiffers(SyncError):
    """A hub has records of this device that the device does not have: one of the two was replaced."""


@dataclass(frozen=True, slots=True)
class Unsent(ProvenRecords):
    """Records that a hub does not have. `note` is the device's newest signed checkpoint, over `size` records.

    `missing`: the number of unsent records that were removed before this hub was configured.
    """

    size: int
    missing: int = 0

    @property
    def more(self) -> bool:
        """Whether there are more records to send."""
        return self.next < self.size


@dataclass(frozen=True, slots=True)
class _Cursor:
    next: int = 0
    acknowledged: int = 0
    peaks: bytes | None = None  # None: unknown, read them from the journal


class Outbox:
    """The unsent records of one hub. For one process at a time, independent of the device's own."""

    def __init__(self, journal: Path, state: Path, hub: str) -> None:
        """Open or create `state`/outbox.db. `hub`: its URL. Raises StorageFault."""
        self._journal = journal
        self._path = state / FILE
        self._hub = hub
        self._growth = Growth()
        self._size = 0
        self._trees: dict[int, Frontier] = {}
        with faults(self._path, hints=_HINTS):
            state.mkdir(parents=True, exist_ok=True)
            self._db = open_writer(self._path, busy_s=BUSY_S)
            try:
                make_tables(self._db, _TABLES)
            except BaseException:
                self._db.close()
                raise

    @property
    def next(self) -> int:
        """The seq to send next."""
        return self._cursor().next

    @property
    def acknowledged(self) -> int:
        """The first seq that the hub has not acknowledged; it never decreases."""
        return self._cursor().acknowledged

    @property
    def hub_ms(self) -> int:
        """The hub's clock in its newest answer; 0: none is known."""
        with faults(self._path, hints=_HINTS):
            row = self._db.execute("SELECT hub_ms FROM answers WHERE hub = ?", (self._hub,)).fetchone()
        return int(row[0]) if row else 0

    def answered(self, hub_ms: int) -> None:
        """Store the hub's clock in its newest answer, for the next batch. Raises StorageFault."""
        with faults(self._path, hints=_HINTS), transaction(self._db):
            self._db.execute(
                "INSERT OR REPLACE INTO answers (hub, hub_ms) VALUES (?, ?)", (self._hub, hub_ms)
            )

    def unsent(self, *, limit: int = MAX_RECORDS) -> Unsent:
        """At most `limit` proven records from `next` on. The cursor does not move.

        Raises:
            StorageFault: there is no journal yet, or the disk fails.
            JournalBroken: the records do not match the device's own note. They must not be sent.
            HistoryDiffers: `next` is beyond the journal.
        """
        cursor = self._cursor()
        with open_journal_reader(self._journal) as reader:
            self._expect_written(cursor.next, reader.size)
            start = max(cursor.next, reader.first)
            missing = start - cursor.next
            if cursor.peaks is not None and not missing:
                try:
                    return self._proven(reader, Frontier.from_bytes(start, cursor.peaks), limit)
                except JournalBroken:
                    pass  # cursor or journal is wrong; the journal alone decides
            return self._proven(reader, reader.tree_before(start), limit, missing)

    def acknowledge(self, upto: int) -> None:
        """Store that the hub has all records before `upto` (its answer 200). It never goes back.

        Raises StorageFault, JournalBroken, HistoryDiffers.
        """
        self._check(upto)
        with faults(self._path, hints=_HINTS), transaction(self._db):
            cursor = self._cursor()
            self._write(max(upto, cursor.next), max(upto, cursor.acknowledged), cursor)

    def resume(self, at: int) -> None:
        """Move the cursor to record `at` in any direction (answer 409). It acknowledges nothing.

        Raises StorageFault, JournalBroken, HistoryDiffers.
        """
        self._check(at)
        with faults(self._path, hints=_HINTS), transaction(self._db):
            cursor = self._cursor()
            self._write(at, cursor.acknowledged, cursor)

    def close(self) -> None:
        """Close the database. Safe to call again."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _proven(self, reader: JournalReader, base: Frontier, limit: int, missing: int = 0) -> Unsent:
        bodies = tuple(reader.bodies(base.size, min(base.size + limit, reader.size)))
        tree = base
        for body in bodies:
            tree = tree.append(leaf_hash(body))
        proof = self._growth.proof(tree, reader)
        self._trees = {base.size: base, tree.size: tree}
        return Unsent(base, bodies, reader.head.note, proof, reader.size, missing)

    def _check(self, seq: int) -> None:
        if seq > self._size:
            with open_journal_reader(self._journal) as reader:
                self._expect_written(seq, reader.size)

    def _expect_written(self, seq: int, size: int) -> None:
        self._size = size
        if seq > size:
            raise HistoryDiffers(
                f"{self._hub} was sent {seq} records, but the journal of this device has {size}",
                hint=f"put the journal back; if it was replaced on purpose, remove {self._path}",
            )

    def _cursor(self) -> _Cursor:
        with faults(self._path, hints=_HINTS):
            row = self._db.execute(
                "SELECT next, acknowledged, peaks FROM hubs WHERE hub = ?", (self._hub,)
            ).fetchone()
        return _Cursor(*row) if row else _Cursor()

    def _write(self, at: int, acknowledged: int, before: _Cursor) -> None:
        tree = self._trees.get(at)
        peaks = tree.to_bytes() if tree else before.peaks if at == before.next else None
        row = (self._hub, at, acknowledged, peaks)
        self._db.execute(
            "INSERT OR REPLACE INTO hubs (hub, next, acknowledged, peaks) VALUES (?, ?, ?, ?)", row
        )


def acknowledged(state: Path, hub: str) -> int:
    """The first seq that this hub has not acknowledged, for retention; 0 if nothing is known.

    A hub that went back to an earlier record has lost the records after it.
    """
    try:
        with closing(open_reader(state / FILE)) as db:
            row = db.execute("SELECT min(next, acknowledged) FROM hubs WHERE hub = ?", (hub,)).fetchone()
    except sqlite3.Error:
        return 0
    return int(row[0]) if row else 0
