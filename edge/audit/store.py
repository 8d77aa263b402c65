"""The journal as an SQLite file: its tables, its settings, its one writer, and what its errors mean.

Specified in JOURNAL.md, section 2.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge.audit.errors import JournalBroken
from edge.errors import InputError, StorageFault
from edge.sqlite import faults, open_writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.audit.checkpoint import SignedTreeHead

APPLICATION_ID = 0x444F4F52  # "DOOR", in bytes 68 to 71 of the file
FORMAT = 2
# Another process may hold the write lock for one statement; somebody waits at the door meanwhile.
BUSY_MS = 250

# Plain statements: sqlite-utils takes 0.3 s to import, and a journal rotates while its door is in use.
_RECORDS = "CREATE TABLE records (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, leaf BLOB NOT NULL) STRICT"
_META = "CREATE TABLE meta (device TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT"
_HEAD = "CREATE TABLE head (id INTEGER PRIMARY KEY, frontier BLOB NOT NULL, note TEXT NOT NULL) STRICT"
_BASE = "CREATE TABLE base (id INTEGER PRIMARY KEY, frontier BLOB NOT NULL, note TEXT NOT NULL) STRICT"

_ALTERED = "keep the file as evidence (`doorward log verify`), start a new one, and ask who had access"
_HELD = "close what has the file open; the device needs it alone"
_HINTS = {
    sqlite3.SQLITE_FULL: "free space, or keep this journal elsewhere and start a new one",
    sqlite3.SQLITE_BUSY: _HELD,
    sqlite3.SQLITE_LOCKED: _HELD,
    sqlite3.SQLITE_CORRUPT: "keep it for `doorward log verify` and start a new one",
    sqlite3.SQLITE_NOTADB: "name another file in paths.journal, or move this away",
}


@contextmanager
def storage_faults(path: Path) -> Iterator[None]:
    """Whatever goes wrong with the database in this block is a StorageFault that names it."""
    try:
        with faults(path, name="journal", hints=_HINTS):
            yield
    except (JournalBroken, InputError) as err:
        raise StorageFault(f"journal {path}: it was altered: {err.message}", hint=_ALTERED) from err


def connect_writer(path: Path, limit_pages: int | None) -> sqlite3.Connection:
    """A connection for the one writer; `write_ahead` follows. Raises OSError, sqlite3.Error."""
    connection = open_writer(path, busy_s=BUSY_MS / 1_000)
    try:
        if limit_pages is not None:
            connection.execute(f"PRAGMA max_page_count = {limit_pages:d}").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def create_tables(db: sqlite3.Connection, device_id: str, key: bytes, base: SignedTreeHead) -> None:
    """The journal that goes on from `base`, in the transaction that the caller holds."""
    for statement in (_RECORDS, _META, _HEAD):
        db.execute(statement)
    db.execute("INSERT INTO meta (device, key) VALUES (?, ?)", (device_id, key))
    db.execute("INSERT INTO head (id, frontier, note) VALUES (0, ?, ?)", (base.peaks, base.note))
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    add_base(db, base)


def add_base(db: sqlite3.Connection, base: SignedTreeHead) -> None:
    """What format 2 has and format 1 had not, in the transaction that the caller holds."""
    db.execute(_BASE)
    db.execute("INSERT INTO base (id, frontier, note) VALUES (0, ?, ?)", (base.peaks, base.note))
    db.execute(f"PRAGMA user_version = {FORMAT}")
