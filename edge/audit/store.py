"""The journal as an SQLite file: its tables, its settings, its one writer, and what its errors mean.

records  seq, body (canonical bytes), leaf (RFC 6962 hash of body)
head     one row: the frontier of the tree and the signed checkpoint
meta     one row: device id and public key
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from edge.errors import StorageFault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APPLICATION_ID = 0x444F4F52  # "DOOR", in bytes 68 to 71 of the file
FORMAT = 1
HEADER_BYTES = 100  # of every SQLite file, sqlite.org/fileformat2.html section 1.3
# Another process may hold the write lock for one statement; somebody waits at the door meanwhile.
BUSY_MS = 250

# What sqlite3 raises over a damaged file: the second when its own message quotes the damage.
SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)

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


def connect_writer(path: Path, limit_pages: int | None) -> sqlite3.Connection:
    """A connection whose commits are on the disk when they return: WAL with NORMAL may lose the last ones.

    Raises StorageFault, sqlite3.Error.
    """
    if path.is_file() and 0 < path.stat().st_size < HEADER_BYTES:
        # SQLite would take it for a new database and write over it.
        raise StorageFault(f"journal {path}: it is not a database", hint=_FAULTS[sqlite3.SQLITE_NOTADB][1])
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = FULL")
        if limit_pages is not None:
            connection.execute(f"PRAGMA max_page_count = {limit_pages:d}").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def create_tables(connection: sqlite3.Connection, device_id: str, key: bytes, note: str) -> None:
    """The empty journal, in the transaction that the caller holds."""
    from sqlite_utils import Database  # noqa: PLC0415  0.3 s, which only the first start of a device pays

    db = Database(connection, execute_plugins=False)
    db.table("records").create(
        {"seq": int, "body": bytes, "leaf": bytes}, pk="seq", not_null={"body", "leaf"}, strict=True
    )
    db.table("meta").create({"device": str, "key": bytes}, pk="device", not_null={"key"}, strict=True)
    db.table("head").create(
        {"id": int, "frontier": bytes, "note": str}, pk="id", not_null={"frontier", "note"}, strict=True
    )
    db.table("meta").insert({"device": device_id, "key": key})
    db.table("head").insert({"id": 0, "frontier": b"", "note": note})
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")


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


def lock_writer(path: Path) -> int:
    """Be the one writer of this journal until the returned descriptor is closed, or the process dies.

    The lock sits on a file of its own: closing any descriptor of a database drops SQLite's own locks.

    Raises:
        StorageFault: another process writes this journal, or the folder cannot be written.
    """
    try:
        descriptor = os.open(lock_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as err:
        raise StorageFault(
            f"journal {path}: {(err.strerror or 'cannot be locked').lower()}",
            hint="check that the folder exists, that it can be written, and that the disk has room",
        ) from err
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as err:
        os.close(descriptor)
        raise StorageFault(
            f"journal {path}: another process is writing it",
            hint="stop the other `doorward run`: systemctl status doorward",
        ) from err
    return descriptor


def has_writer(path: Path) -> bool:
    """Whether a device is writing this journal at this moment, on this machine."""
    try:
        descriptor = os.open(lock_path(path), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def lock_path(path: Path) -> Path:
    """Where the writer's lock of this journal stands."""
    return path.with_name(path.name + ".lock")


def sync_folder(folder: Path) -> None:
    """Make a new file's name durable; SQLite does so for its WAL, not for the database itself."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
