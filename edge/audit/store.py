"""The SQLite file of a journal: tables, settings, the connection of its writer, and its errors.

JOURNAL.md section 2 specifies it.
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
# Another process may hold the write lock for one statement, while a visitor waits at the door.
BUSY_MS = 250

# Plain SQL: sqlite-utils takes 0.3 s to import, and a journal rotates while its door is in use.
_RECORDS = "CREATE TABLE records (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, leaf BLOB NOT NULL) STRICT"
_META = "CREATE TABLE meta (device TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT"
_HEAD = "CREATE TABLE head (id INTEGER PRIMARY KEY, frontier BLOB NOT NULL, note TEXT NOT NULL) STRICT"
_BASE = "CREATE TABLE base (id INTEGER PRIMARY KEY, frontier BLOB NOT NULL, note TEXT NOT NULL) STRICT"

_ALTERED = "keep the file as evidence for `doorward log verify`, and move it away to start a new one"
_HELD = "close the other program that has the file open"
_HINTS = {
    sqlite3.SQLITE_FULL: "free space on the disk, or move this journal to another disk",
    sqlite3.SQLITE_BUSY: _HELD,
    sqlite3.SQLITE_LOCKED: _HELD,
    sqlite3.SQLITE_CORRUPT: "keep the file for `doorward log verify`, and move it away to start a new one",
    sqlite3.SQLITE_NOTADB: "name another file in [paths] journal, or move this one away",
}


@contextmanager
def storage_faults(path: Path) -> Iterator[None]:
    """Turns every error of the database in this block into a StorageFault that names the file."""
    try:
        with faults(path, name="journal", hints=_HINTS):
            yield
    except (JournalBroken, InputError) as err:
        raise StorageFault(f"journal {path}: the file was altered: {err.message}", hint=_ALTERED) from err


def connect_writer(path: Path, limit_pages: int | None) -> sqlite3.Connection:
    """A connection for the only writer; call `write_ahead` next. Raises OSError, sqlite3.Error."""
    connection = open_writer(path, busy_s=BUSY_MS / 1_000)
    try:
        if limit_pages is not None:
            connection.execute(f"PRAGMA max_page_count = {limit_pages:d}").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def create_tables(db: sqlite3.Connection, device_id: str, key: bytes, base: SignedTreeHead) -> None:
    """Create the tables of a file that continues `base`, in the transaction of the caller."""
    for statement in (_RECORDS, _META, _HEAD):
        db.execute(statement)
    db.execute("INSERT INTO meta (device, key) VALUES (?, ?)", (device_id, key))
    db.execute("INSERT INTO head (id, frontier, note) VALUES (0, ?, ?)", (base.peaks, base.note))
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    add_base(db, base)


def add_base(db: sqlite3.Connection, base: SignedTreeHead) -> None:
    """Add the table `base`, which format 1 does not have, in the transaction of the caller."""
    db.execute(_BASE)
    db.execute("INSERT INTO base (id, frontier, note) VALUES (0, ?, ?)", (base.peaks, base.note))
    db.execute(f"PRAGMA user_version = {FORMAT}")
