"""SQLite files: how they are opened, written and read, and what their errors mean to a technician."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge.errors import StorageFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

BUSY_S: Final = 2.0  # another process writes for milliseconds at a time; a visitor waits meanwhile
_AGAIN_S: Final = 0.01
_HEADER_BYTES: Final = 100  # of every SQLite file, sqlite.org/fileformat2.html section 1.3

# Errors of sqlite3 over a damaged file: the second when its own message quotes the damage.
SQLITE_ERRORS: Final = (sqlite3.Error, UnicodeDecodeError)
HELD: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

_HELD: Final = ("another process holds it", "close what has the file open")
_FAULTS: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full, or the file has reached its size limit", "free some space"),
    sqlite3.SQLITE_READONLY: ("it is read-only", "remount the disk writable, or change the file's owner"),
    sqlite3.SQLITE_BUSY: _HELD,
    sqlite3.SQLITE_LOCKED: _HELD,
    sqlite3.SQLITE_CORRUPT: ("it is damaged", "keep a copy, and put a backup back or remove it"),
    sqlite3.SQLITE_NOTADB: ("it is not a database", "move it away, or name another file"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "check that the folder exists and who may write in it"),
    sqlite3.SQLITE_PERM: ("it may not be opened", "check who may write the file and its folder"),
    sqlite3.SQLITE_IOERR: ("the disk failed", "check `dmesg`; a worn SD card fails like this"),
}
_NONE: Final[Mapping[int, str]] = MappingProxyType({})


def connect(
    path: Path,
    *,
    busy_s: float = BUSY_S,
    any_thread: bool = False,
    prepare: Callable[[sqlite3.Connection], None] = lambda _: None,
) -> sqlite3.Connection:
    """Open or make a file for its owner alone, with durable commits and deletions that overwrite.

    `busy_s`: how long a statement waits for another process; `any_thread`: the caller holds a lock of its
    own; `prepare`: makes the tables. Raises StorageFault.
    """
    with faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
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
    """Run the statements of a script; `IF NOT EXISTS` stands in those of a file that goes on.

    Raises sqlite3.Error.
    """
    for statement in script.split(";"):
        db.execute(statement)


def open_writer(path: Path, *, busy_s: float, any_thread: bool = False) -> sqlite3.Connection:
    """A connection whose commits are on the disk when they return: FULL, for NORMAL may lose the last ones.

    Raises OSError, sqlite3.Error.
    """
    if path.is_file() and 0 < path.stat().st_size < _HEADER_BYTES:
        error = sqlite3.DatabaseError("SQLite would take it for a new database and write over it")
        error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_NOTADB, "SQLITE_NOTADB"
        raise error
    db = sqlite3.connect(path, isolation_level=None, timeout=busy_s, check_same_thread=not any_thread)
    try:
        db.execute("PRAGMA synchronous = FULL")
    except BaseException:
        db.close()
        raise
    return db


def open_reader(path: Path, *, immutable: bool = False) -> sqlite3.Connection:
    """A connection that changes nothing; `immutable`: nor does another process. Raises sqlite3.Error."""
    uri = f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if immutable else ''}"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def open_draft(path: Path, *, cache_kb: int) -> sqlite3.Connection:
    """A new file, fast and not durable: its reader comes once it is whole. Raises OSError, sqlite3.Error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    db = sqlite3.connect(path, isolation_level=None)
    for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{cache_kb:d}"):
        db.execute(f"PRAGMA {setting}").fetchone()
    return db


def write_ahead(db: sqlite3.Connection) -> None:
    """One fsync a commit. Raises sqlite3.Error.

    SQLite waits for no lock here, whatever the time-out, so two processes that begin at once ask again.
    """
    (patience_ms,) = db.execute("PRAGMA busy_timeout").fetchone()
    until = time.monotonic() + patience_ms / 1_000
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
    """Bring everything from the write-ahead log into the file, and leave nothing in the log.

    Until then the log still has what the file has overwritten. While another process reads, the next call
    does it; where there is nothing to do, it costs nothing. Raises StorageFault.
    """
    with faults(path):
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of it or none: committed when the block ends, rolled back whatever interrupts it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        roll_back(db)
        raise


def roll_back(db: sqlite3.Connection) -> None:
    """Leave a transaction if one is open; the error that brought us here is the one to report."""
    with suppress(sqlite3.Error):
        if db.in_transaction:
            db.execute("ROLLBACK")


@contextmanager
def faults(path: Path, *, name: str = "", hints: Mapping[int, str] = _NONE) -> Iterator[None]:
    """Every error of the database or the disk in this block is a StorageFault that names the file.

    `name`: as in "journal"; `hints`: by primary result code, where this file has a better one.
    """
    try:
        yield
    except SQLITE_ERRORS as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF  # of an extended code
        what, hint = _FAULTS.get(code, (f"SQLite says {error_name(error)}", "keep the file, and report this"))
        raise StorageFault(f"{name} {path}: {what}".lstrip(), hint=hints.get(code, hint)) from error
    except OSError as error:
        what = (error.strerror or "failed").lower()
        hint = "free some space, and check who may write there"
        raise StorageFault(f"{name} {path}: {what}".lstrip(), hint=hint) from error


def error_name(error: Exception) -> str:
    """SQLite's name for an error. Its message is never shown: it may quote the file."""
    return str(getattr(error, "sqlite_errorname", "SQLITE_CORRUPT"))
