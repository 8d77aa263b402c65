"""The current file of a journal, which the device writes: an SQLite database and its verified head."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from edge.audit.errors import JournalBroken
from edge.audit.merkle import Frontier
from edge.audit.record import decode
from edge.audit.store import (
    APPLICATION_ID,
    BUSY_MS,
    FORMAT,
    add_base,
    connect_writer,
    create_tables,
    storage_faults,
)
from edge.errors import StorageFault
from edge.files.durable import flush
from edge.sqlite import HELD, roll_back, transaction, write_ahead

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

    from edge.audit.checkpoint import SignedTreeHead, Signer
    from edge.audit.record import JournalEntry


class Segment:
    """An open file of the journal. Every failure is a StorageFault that names it."""

    def __init__(self, path: Path, connection: sqlite3.Connection, signer: Signer) -> None:
        self._path = path
        self._connection = connection
        self._signer = signer
        self._head: SignedTreeHead | None = (
            None  # None: read it from the database, which may be ahead of memory
        )
        self._first_ms: int | None = None

    @classmethod
    def open(
        cls, path: Path, signer: Signer, *, limit_pages: int | None, base: Callable[[], SignedTreeHead]
    ) -> Self:
        """Open the file at `path`, or begin it from `base`, and verify its head. Raises StorageFault."""
        with storage_faults(path):
            segment = cls(path, connect_writer(path, limit_pages), signer)
        try:
            with storage_faults(path):
                segment._begin(base)
            segment.head()
        except BaseException:
            segment.close()
            raise
        return segment

    def head(self) -> SignedTreeHead:
        """The current tree; read from the database and verified if the database may be ahead of memory."""
        if self._head is None:
            with storage_faults(self._path):
                self._head = self._load()
        return self._head

    def base(self) -> SignedTreeHead:
        """The verified tree that this file continues."""
        with storage_faults(self._path):
            return self._signed("base")

    def append(self, body: bytes, leaf: bytes) -> None:
        """Write one record with the new head, durably."""
        head = self.head()
        grown = self._signer.sign(head.frontier.append(leaf))
        # Until the commit returns, the content of the file is unknown; Ctrl-C may interrupt it.
        self._head = None
        with storage_faults(self._path), transaction(self._connection) as db:
            db.execute("INSERT INTO records (seq, body, leaf) VALUES (?, ?, ?)", (head.size, body, leaf))
            db.execute("UPDATE head SET frontier = ?, note = ? WHERE id = 0", (grown.peaks, grown.note))
        self._head = grown

    def size_bytes(self) -> int:
        """The size of the file with its WAL, in bytes."""
        with storage_faults(self._path):
            (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
            (page_bytes,) = self._connection.execute("PRAGMA page_size").fetchone()
        return int(pages) * int(page_bytes)

    def last(self, count: int) -> list[JournalEntry]:
        """The last few records, newest first."""
        with storage_faults(self._path):
            rows = self._connection.execute("SELECT body FROM records ORDER BY seq DESC LIMIT ?", (count,))
            return [decode(body) for (body,) in rows]

    def first_ms(self) -> int | None:
        """The time of the first record in this file, UTC ms; None if there is none."""
        if self._first_ms is None:
            with storage_faults(self._path):
                row = self._connection.execute("SELECT body FROM records ORDER BY seq LIMIT 1").fetchone()
                self._first_ms = decode(row[0]).record.time_ms if row else None
        return self._first_ms

    def fold(self) -> bool:
        """Merge the WAL into the file and leave WAL mode; False while another process has the file open."""
        with storage_faults(self._path):
            self._connection.execute("PRAGMA busy_timeout = 0")
            try:
                (mode,) = self._connection.execute("PRAGMA journal_mode = DELETE").fetchone()
            except sqlite3.OperationalError as err:
                if err.sqlite_errorcode & 0xFF not in HELD:
                    raise
                return False
            finally:
                self._connection.execute(f"PRAGMA busy_timeout = {BUSY_MS:d}")
        return bool(mode == "delete")

    def close(self) -> None:
        """Merge the WAL into the file and close it. Safe to call again."""
        with storage_faults(self._path):
            self._connection.close()

    def _begin(self, base: Callable[[], SignedTreeHead]) -> None:
        db = self._connection
        if not db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            with transaction(db):
                create_tables(db, self._signer.device, self._signer.public, base())
            flush(self._path.parent)
        (application,) = db.execute("PRAGMA application_id").fetchone()
        if application != APPLICATION_ID:
            raise StorageFault(
                f"journal {self._path}: the file is another database",
                hint="name another file in [paths] journal",
            )
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version == 1:  # a single file, which begins at record 0
            with transaction(db):
                add_base(db, self._signer.sign(Frontier()))
        elif version != FORMAT:
            raise StorageFault(
                f"journal {self._path}: the file has format {version}, not {FORMAT}",
                hint="use the release of doorward that wrote it",
            )
        write_ahead(db)  # only after the tables exist: SQLite discards the WAL of an empty file

    def _load(self) -> SignedTreeHead:
        roll_back(self._connection)
        meta = self._connection.execute("SELECT device, key FROM meta").fetchall()
        if meta != [(self._signer.device, self._signer.public)]:
            raise StorageFault(
                f"journal {self._path}: the file belongs to another device or key",
                hint="name another file in [paths] journal: each device needs its own journal",
            )
        head, base = self._signed("head"), self._signed("base")
        # The last seq only: a count would read the whole file at every start; `verify` does that.
        (last,) = self._connection.execute("SELECT max(seq) FROM records").fetchone()
        if last != (head.size - 1 if head.size > base.size else None):
            raise JournalBroken("records were added or removed")
        return head

    def _signed(self, table: str) -> SignedTreeHead:
        row = self._connection.execute(f"SELECT frontier, note FROM {table} WHERE id = 0").fetchone()  # noqa: S608  one of two names
        if row is None:
            raise JournalBroken(f"{table} is missing")
        peaks, note = row
        return self._signer.check(note.encode(), peaks)
