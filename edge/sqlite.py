"""Connections to SQLite files, transactions, and their errors for a technician."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge.errors import StorageFault
from edge.files.owner import make_empty, make_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

BUSY_S: Final = 2.0  # another process writes for milliseconds; a visitor may be waiting
_AGAIN_S: Final = 0.01
_HEADER_BYTES: Final = 100  # of every SQLite file, sqlite.org/fileformat2.html section 1.3

# Errors of sqlite3 for a damaged file; the second one if its own message quotes damaged bytes.
SQLITE_ERRORS: Final = (sqlite3.Error, UnicodeDecodeError)
HELD: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

_HELD: Final = ("another process holds it", "close the other program that has the file open")
_FAULTS: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full, or the file has reached its size limit", "free some space"),
    sqlite3.SQLITE_READONLY: ("it is read-only", "remount the disk writable, or change the file's owner"),
    sqlite3.SQLITE_BUSY: _HELD,
    sqlite3.SQLITE_LOCKED: _HELD,
    sqlite3.SQLITE_CORRUPT: ("it is damaged", "keep a copy, then restore a backup or remove the file"),
    sqlite3.SQLITE_NOTADB: ("it is not a database", "move the file away, or name another file"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "check that the folder exists and is writable"),
    sqlite3.SQLITE_PERM: ("permission denied", "check the owner and the mode of the file and its folder"),
    sqlite3.SQLITE_IOERR: ("the disk failed", "read `dmesg`; replace a worn SD card"),
}
_NONE: Final[Mapping[int, str]] = MappingProxyType({})


def connect(
    path: Path,
    *,
    busy_s: float = BUSY_S,
    any_thread: bool = False,
    prepare: Callable[[sqlite3.Connection], None] = lambda _: None,
) -> sqlite3.Connection:
    """Open or create a file for its owner only, with durable commits and deletions that overwrite.

    `busy_s`: the time for which a statement waits for another process; `any_thread`: the caller has a lock of
    its own; `prepare`: makes the tables. Raises StorageFault.
    """
    with faults(path):
        make_folder(path.parent)
        if not path.exists():
            make_empty(path)
        db = open_writer(path, busy_s=busy_s, any_thread=any_thread)
        try:
            db.execute("PRAGMA secure_delete = ON").fetchone()
            write_ahead(db)
            prepare(db)
        except BaseException:
            db.close()
            raise
        return db


def make_tables(db: sqlite3.Connection, script: str) -> None:
    """Run the statements of a script, which use `IF NOT EXISTS` for an existing file.

    Raises sqlite3.Error.
    """
    for statement in script.split(";"):
        db.execute(statement)


def open_writer(path: Path, *, busy_s: float, any_thread: bool = False) -> sqlite3.Connection:
    """A connection with durable commits: `synchronous` is FULL, because NORMAL may lose the last ones.

    Raises OSError, sqlite3.Error.
    """
    if path.is_file() and 0 < path.stat().st_size < _HEADER_BYTES:
        error = sqlite3.DatabaseError("SQLite would treat it as a new database and overwrite it")
        error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_NOTADB, "SQLITE_NOTADB"
        raise error
    make_empty(path, mode=0o644)  # the mode that SQLite would give it
    db = sqlite3.connect(path, isolation_level=None, timeout=busy_s, check_same_thread=not any_thread)
    try:
        db.execute("PRAGMA synchronous = FULL")
    except BaseException:
        db.close()
        raise
    return db


def open_reader(path: Path, *, immutable: bool = False) -> sqlite3.Connection:
    """A read-only connection. `immutable`: no other process writes either. Raises sqlite3.Error."""
    uri = f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if immutable else ''}"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def open_draft(path: Path, *, cache_kb: int) -> sqlite3.Connection:
    """A new file, fast but not durable, to be read when it is complete. Raises OSError, sqlite3.Error."""
    make_folder(path.parent)
    path.unlink(missing_ok=True)
    make_empty(path)
    db = sqlite3.connect(path, isolation_level=None)
    for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{cache_kb:d}"):
        db.execute(f"PRAGMA {setting}").fetchone()
    return db


def write_ahead(db: sqlite3.Connection) -> None:
    """Set WAL mode, with one fsync for each commit. Raises sqlite3.Error.

    SQLite does not wait for a lock here, even with a time-out, so this retries if two processes begin
    together.
    """
    (timeout_ms,) = db.execute("PRAGMA busy_timeout").fetchone()
    until = time.monotonic() + timeout_ms / 1_000
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in HELD or time.monotonic() > until:
                raise
            time.sleep(_AGAIN_S)
        else:
            return


def empty_log(db: sqlite3.Connection, path: Path) -> None:
    """Move everything from the write-ahead log into the file, and empty the log.

    Until then the log still holds deleted data. While another process reads, nothing happens, and the next
    call does it. It costs nothing if the log is empty. Raises StorageFault.
    """
    with faults(path):
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """A transaction: committed when the block ends, rolled back on any error or interruption."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        roll_back(db)
        raise


def roll_back(db: sqlite3.Connection) -> None:
    """Roll back an open transaction; errors are suppressed, because the caller reports the first one."""
    with suppress(sqlite3.Error):
        if db.in_transaction:
            db.execute("ROLLBACK")


@contextmanager
def faults(path: Path, *, name: str = "", hints: Mapping[int, str] = _NONE) -> Iterator[None]:
    """Turns every error of the database or the disk in this block into a StorageFault that names the file.

    `name`: such as "journal"; `hints`: better hints for this file, by primary result code.
    """
    try:
        yield
    except SQLITE_ERRORS as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF  # of an extended code
        what, hint = _FAULTS.get(
            code, (f"SQLite error {error_name(error)}", "keep the file, and report this as a bug in doorward")
        )
        raise StorageFault(f"{name} {path}: {what}".lstrip(), hint=hints.get(code, hint)) from error
    except OSError as error:
        what = (error.strerror or "failed").lower()
        hint = "free some space, and check that the folder is writable"
        raise StorageFault(f"{name} {path}: {what}".lstrip(), hint=hint) from error


def error_name(error: Exception) -> str:
    """SQLite's name of an error. Its message is never shown, because it may quote the file."""
    return str(getattr(error, "sqlite_errorname", "SQLITE_CORRUPT"))
