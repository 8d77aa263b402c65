"""Opens an untrusted SQLite file for reading, even while a device writes it.

A clean file is opened as immutable. A file with a `-wal` (after a power cut, or from an SD card of a running
device) is copied to a temporary folder first, where SQLite merges the WAL into it. A file that a device is
writing is read in place, as SQLite allows.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from edge.audit.checkpoint import MAX_OWN_NOTE_BYTES
from edge.audit.errors import JournalBroken
from edge.audit.record import MAX_RECORD_BYTES
from edge.audit.segments import has_writer, reading_beside
from edge.audit.store import APPLICATION_ID, FORMAT
from edge.errors import InputError, StorageFault
from edge.sqlite import HELD, SQLITE_ERRORS, error_name, open_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PASSING = HELD | {sqlite3.SQLITE_PROTOCOL}
_MAGIC = b"SQLite format 3\0"


@contextmanager
def connect_reader(path: Path) -> Iterator[sqlite3.Connection]:
    """The database at `path`, checked to be a journal. Raises InputError, JournalBroken."""
    with ExitStack() as stack:
        if has_writer(path):
            yield stack.enter_context(connect_beside(path))
        else:
            _expect_sqlite(path)
            file = _unwritten(path, stack)
            yield _connect(path, lambda: open_reader(file, immutable=file is path), stack)


@contextmanager
def connect_beside(path: Path) -> Iterator[sqlite3.Connection]:
    """The journal at `path`, read while its device may write it. Raises InputError, JournalBroken."""
    with ExitStack() as stack:
        stack.enter_context(reading_beside(path))
        _expect_sqlite(path)
        yield _connect(path, lambda: open_reader(path), stack)


@contextmanager
def damage() -> Iterator[None]:
    """Turns SQLite errors in this block into JournalBroken, or StorageFault while a writer holds the file."""
    try:
        yield
    except SQLITE_ERRORS as err:
        if getattr(err, "sqlite_errorcode", 0) & 0xFF in _PASSING:
            raise StorageFault(
                f"the journal is locked by its writer ({error_name(err)})", hint="run the command again"
            ) from err
        raise JournalBroken(f"the database is damaged ({error_name(err)})") from err


def _expect_sqlite(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as err:
        raise InputError(
            f"{path}: {(err.strerror or 'cannot be read').lower()}", hint="name the file of a journal"
        ) from err
    if magic != _MAGIC:
        raise InputError(f"{path}: not a journal", hint="name the SQLite file of [paths] journal")


def _unwritten(path: Path, stack: ExitStack) -> Path:
    """The file itself if it has no WAL, else a copy of the file and its WAL."""
    wal = path.with_name(path.name + "-wal")
    if not wal.exists() or wal.stat().st_size == 0:
        return path
    try:
        copy = Path(stack.enter_context(TemporaryDirectory(prefix="doorward-"))) / "journal.db"
        shutil.copyfile(path, copy)
        shutil.copyfile(wal, copy.with_name("journal.db-wal"))
    except OSError as err:
        raise InputError(
            f"{path}: cannot be copied to a temporary folder: {(err.strerror or 'failed').lower()}",
            hint="free space for temporary files, or set TMPDIR to another folder",
        ) from err
    return copy


def _connect(path: Path, open_it: Callable[[], sqlite3.Connection], stack: ExitStack) -> sqlite3.Connection:
    with damage():
        connection = open_it()
        stack.callback(connection.close)
        _harden(connection)
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise InputError(f"{path}: not a journal, but another database", hint="name the file of a journal")
    if not 1 <= version <= FORMAT:
        raise InputError(
            f"{path}: a journal of format {version}, not 1 to {FORMAT}",
            hint="use the release of doorward that wrote it",
        )
    return connection


def _harden(connection: sqlite3.Connection) -> None:
    connection.text_factory = bytes
    # Larger than any cell that we write, so that a hostile file cannot make SQLite allocate a gigabyte.
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 16 * max(MAX_RECORD_BYTES, MAX_OWN_NOTE_BYTES))
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("BEGIN")  # one snapshot of head and records while a device writes
