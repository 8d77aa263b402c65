"""The journal as an SQLite file: its tables, its settings, its one writer, and what its errors mean.

Specified in JOURNAL.md, section 2.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from edge.audit.errors import JournalBroken
from edge.errors import InputError, StorageFault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.audit.checkpoint import SignedTreeHead

APPLICATION_ID = 0x444F4F52  # "DOOR", in bytes 68 to 71 of the file
FORMAT = 2
HEADER_BYTES = 100  # of every SQLite file, sqlite.org/fileformat2.html section 1.3
# Another process may hold the write lock for one statement; somebody waits at the door meanwhile.
BUSY_MS = 250

# Plain statements: sqlite-utils takes 0.3 s to import, and a journal rotates while its door is in use.
_RECORDS = "CREATE TABLE records (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, leaf BLOB NOT NULL) STRICT"
_META = "CREATE TABLE meta (device TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT"
_HEAD = "CREATE TABLE head (id INTEGER PRIMARY KEY, frontier BLOB NOT NULL, note TEXT NOT NULL) STRICT"
_BASE = "CREATE TABLE base (id INTEGER PRIMARY KEY, frontier BLOB NOT NULL, note TEXT NOT NULL) STRICT"

# What sqlite3 raises over a damaged file: the second when its own message quotes the damage.
SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)

_ALTERED = "keep the file as evidence (`doorward log verify`), start a new one, and ask who had access"
_HELD = ("another process holds it", "close what has the file open; the device needs it alone")
_FAULTS = {
    sqlite3.SQLITE_FULL: (
        "the disk is full, or the journal has reached its size limit",
        "free space, or keep this journal elsewhere and start a new one",
    ),
    sqlite3.SQLITE_READONLY: ("it is read-only", "remount the disk writable, or change the file's owner"),
    sqlite3.SQLITE_BUSY: _HELD,
    sqlite3.SQLITE_LOCKED: _HELD,
    sqlite3.SQLITE_CORRUPT: ("it is damaged", "keep it for `doorward log verify` and start a new one"),
    sqlite3.SQLITE_NOTADB: ("it is not a database", "name another file in paths.journal, or move this away"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "check that the folder exists and who may write in it"),
    sqlite3.SQLITE_PERM: ("it may not be opened", "check who may write the file and its folder"),
    sqlite3.SQLITE_IOERR: ("the disk failed", "check `dmesg`; a worn SD card fails like this"),
}


def error_name(error: Exception) -> str:
    """SQLite's name for an error. Its message is never shown: it may quote the file."""
    return str(getattr(error, "sqlite_errorname", "SQLITE_CORRUPT"))


def storage_fault(path: Path, error: Exception) -> StorageFault:
    """What SQLite complains of, in words for a technician."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF  # low byte of an extended code
    unknown = (f"SQLite says {error_name(error)}", "keep the file, start a new one, and report this")
    what, hint = _FAULTS.get(code, unknown)
    return StorageFault(f"journal {path}: {what}", hint=hint)


@contextmanager
def storage_faults(path: Path) -> Iterator[None]:
    """Whatever goes wrong with the database in this block is a StorageFault that names it."""
    try:
        yield
    except SQLITE_ERRORS as err:
        raise storage_fault(path, err) from err
    except (JournalBroken, InputError) as err:
        raise StorageFault(f"journal {path}: it was altered: {err.message}", hint=_ALTERED) from err


def connect_writer(path: Path, limit_pages: int | None) -> sqlite3.Connection:
    """A connection whose commits are on the disk when they return: FULL, for NORMAL may lose the last ones.

    Raises StorageFault, sqlite3.Error.
    """
    if path.is_file() and 0 < path.stat().st_size < HEADER_BYTES:
        # SQLite would take it for a new database and write over it.
        raise StorageFault(f"journal {path}: it is not a database", hint=_FAULTS[sqlite3.SQLITE_NOTADB][1])
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        if limit_pages is not None:
            connection.execute(f"PRAGMA max_page_count = {limit_pages:d}").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def write_ahead(connection: sqlite3.Connection) -> None:
    """One fsync a commit. Not before the file has its tables: SQLite throws the WAL of an empty file away."""
    connection.execute("PRAGMA journal_mode = WAL").fetchone()


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


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of it or none: committed when the block ends, rolled back whatever interrupts it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def roll_back(connection: sqlite3.Connection) -> None:
    """Leave a transaction if one is open; the error that brought us here is the one to report."""
    with suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")
