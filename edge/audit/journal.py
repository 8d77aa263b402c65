"""The journal of one device: append-only, durable before the strike moves, signed at every record.

One append is one SQLite transaction: the record's bytes, its leaf hash, the frontier of the Merkle tree and
a checkpoint signed by the device. So the file is, after every commit and after a power cut at any
instruction, a whole journal with a valid head. `edge.audit.evidence` reads and verifies it.

What it cannot show by itself: that the file was swapped for an older copy of itself. A checkpoint kept
elsewhere shows that (`doorward log verify --checkpoint`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nacl.signing import SigningKey

from edge.audit.checkpoint import Checkpoint, open_checkpoint, origin_of, sign_checkpoint
from edge.audit.errors import JournalBroken
from edge.audit.merkle import Frontier, leaf_hash
from edge.audit.record import Entry, encode
from edge.audit.store import (
    APPLICATION_ID,
    SQLITE_ERRORS,
    connect_writer,
    create_tables,
    lock_writer,
    roll_back,
    storage_fault,
    sync_folder,
    transaction,
)
from edge.errors import InputError, StorageFault

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from edge.audit.record import AuditRecord

__all__ = ["Journal", "JournalBroken"]

_ALTERED = "keep the file as evidence (`doorward log verify`), start a new one, and ask who had access"


class Journal:
    """The one writer of a journal. Use `Journal.open`, then `append`, then `close` (or `with`)."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, lock: int, key: SigningKey, device_id: str
    ) -> None:
        self._path = path
        self._connection = connection
        self._lock = lock
        self._key = key
        self._device_id = device_id
        self._origin = origin_of(device_id)
        self._note = ""
        self._frontier: Frontier | None = None  # None: ask the database, memory may be behind it

    @classmethod
    def open(cls, path: Path, seed: bytes, device_id: str, *, limit_pages: int | None = None) -> Self:
        """Open the journal at `path`, or make a new one, and check its head.

        Args:
            path: the SQLite file; `-wal`, `-shm` and `.lock` files stand beside it.
            seed: Ed25519 seed of the device, 32 bytes.
            device_id: stands in the origin line of every checkpoint.
            limit_pages: most pages of 4 KB that the file may grow to; appends fail beyond.

        Raises:
            StorageFault: it cannot be opened or written, belongs to another device, or was altered.
        """
        lock = lock_writer(path)
        try:
            connection = connect_writer(path, limit_pages)
        except BaseException as err:
            os.close(lock)
            if isinstance(err, SQLITE_ERRORS):
                raise storage_fault(path, err) from err
            raise
        journal = cls(path, connection, lock, SigningKey(seed), device_id)
        try:
            journal._begin()
        except BaseException:
            journal.close()
            raise
        return journal

    @property
    def size(self) -> int:
        """How many records there are."""
        return self._head().size

    @property
    def note(self) -> str:
        """The signed checkpoint over all of them, to be kept elsewhere."""
        self._head()
        return self._note

    def append(self, record: AuditRecord) -> int:
        """Write one record; it is on the disk when this returns its seq.

        Raises:
            StorageFault: it is not recorded. A later append may succeed; this record stays unwritten.
        """
        head = self._head()
        body = encode(Entry(seq=head.size, record=record))
        leaf = leaf_hash(body)
        grown = head.append(leaf)
        note = sign_checkpoint(Checkpoint(self._origin, grown.size, grown.root), self._key)
        # Until the commit has returned, nobody knows what the file holds: not even after Ctrl-C.
        self._frontier = None
        try:
            with transaction(self._connection) as db:
                db.execute("INSERT INTO records (seq, body, leaf) VALUES (?, ?, ?)", (head.size, body, leaf))
                db.execute("UPDATE head SET frontier = ?, note = ? WHERE id = 0", (grown.to_bytes(), note))
        except SQLITE_ERRORS as err:
            raise storage_fault(self._path, err) from err
        self._frontier, self._note = grown, note
        return head.size

    def close(self) -> None:
        """Fold the WAL into the file and let another process write. Safe to call again."""
        try:
            self._connection.close()
        except SQLITE_ERRORS as err:
            raise storage_fault(self._path, err) from err
        finally:
            if self._lock >= 0:
                os.close(self._lock)
                self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self) -> None:
        try:
            if not self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                self._create()
            (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        except SQLITE_ERRORS as err:
            raise storage_fault(self._path, err) from err
        if application != APPLICATION_ID:
            raise StorageFault(
                f"journal {self._path}: it is a database of something else",
                hint="name another file in paths.journal",
            )
        self._head()

    def _create(self) -> None:
        empty = Frontier()
        note = sign_checkpoint(Checkpoint(self._origin, empty.size, empty.root), self._key)
        with transaction(self._connection) as db:
            create_tables(db, self._device_id, bytes(self._key.verify_key), note)
        # So that a copy of the file without its -wal is at least an empty journal.
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        sync_folder(self._path.parent)

    def _head(self) -> Frontier:
        """The tree so far; read from the database, and checked, whenever memory may be behind it."""
        if self._frontier is None:
            try:
                self._frontier, self._note = self._load()
            except SQLITE_ERRORS as err:
                raise storage_fault(self._path, err) from err
            except (JournalBroken, InputError) as err:
                raise StorageFault(
                    f"journal {self._path}: it was altered: {err.message}", hint=_ALTERED
                ) from err
        return self._frontier

    def _load(self) -> tuple[Frontier, str]:
        roll_back(self._connection)
        meta = self._connection.execute("SELECT device, key FROM meta").fetchall()
        if meta != [(self._device_id, bytes(self._key.verify_key))]:
            raise StorageFault(
                f"journal {self._path}: it belongs to another device or key",
                hint="each device writes its own journal: name another file in paths.journal",
            )
        row = self._connection.execute("SELECT frontier, note FROM head WHERE id = 0").fetchone()
        if row is None:
            raise JournalBroken("head is missing")
        peaks, note = row
        checkpoint = open_checkpoint(note.encode(), origin=self._origin, key=self._key.verify_key)
        frontier = Frontier.from_bytes(checkpoint.size, peaks)
        if frontier.root != checkpoint.root:
            raise JournalBroken("frontier and checkpoint disagree")
        # The last seq only: counting would read the whole file at every start; `verify` does that.
        (last,) = self._connection.execute("SELECT max(seq) FROM records").fetchone()
        if last != (frontier.size - 1 if frontier.size else None):
            raise JournalBroken("records were added or removed")
        return frontier, note
