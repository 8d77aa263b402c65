"""What the databases of the venues have in common: durable commits, real deletion, one word for faults."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from edge.errors import StorageFault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_S: Final = 2.0  # the other process writes for milliseconds at a time; somebody waits at the desk


def connect(path: Path) -> sqlite3.Connection:
    """Open or make a database whose commits are on the disk when they return, and whose deletions overwrite.

    Raises StorageFault.
    """
    with faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
        db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)
        try:
            for setting in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
                db.execute(f"PRAGMA {setting}").fetchone()
        except BaseException:
            db.close()
            raise
        return db


def empty_log(db: sqlite3.Connection, path: Path) -> None:
    """Bring everything from the write-ahead log into the file, and leave nothing in the log.

    Until then the log still has what the file has overwritten. Where somebody reads just now, the next call
    does it; where there is nothing to do, it costs nothing. Raises StorageFault.
    """
    with faults(path):
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


@contextmanager
def transaction(db: sqlite3.Connection, path: Path) -> Iterator[None]:
    """All of it or none. Raises StorageFault."""
    with faults(path):
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


@contextmanager
def faults(path: Path) -> Iterator[None]:
    """Whatever goes wrong with a database in this block is a StorageFault that names it."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        what = getattr(error, "sqlite_errorname", None) or getattr(error, "strerror", None) or "failed"
        raise StorageFault(
            f"{path}: {str(what).lower()}", hint="free some space, and check who may write there"
        ) from error
