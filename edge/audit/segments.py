"""The files of one journal: where each stands, what it is called, and who may touch it.

journal.db                 the segment that is being written
journal.000000000000.db    a closed one, by the seq of its first record; never written again
journal.db.lock            held by the one writer for as long as it lives
journal.db.readers         shared by those who read beside it, so that it rotates when nobody does
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from edge.errors import StorageFault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Names sort like numbers up to 10**12 records: a record a second for 31,000 years.
_DIGITS = 12
# Somebody may be asking `has_writer` in the very moment in which a device starts.
_LOCK_TRIES, _LOCK_PAUSE_S = 5, 0.01
_LOCK_FLAGS, _LOCK_MODE = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640


def closed_path(journal: Path, first: int) -> Path:
    """What the segment that begins at record `first` is called once it is closed."""
    return journal.with_name(f"{journal.stem}.{first:0{_DIGITS}}{journal.suffix}")


def closed_segments(journal: Path) -> tuple[tuple[int, Path], ...]:
    """First seq and path of every closed segment beside `journal`, oldest first. Raises StorageFault."""
    name = re.compile(rf"{re.escape(journal.stem)}\.(\d{{{_DIGITS},}}){re.escape(journal.suffix)}", re.ASCII)
    try:
        found = [(name.fullmatch(path.name), path) for path in journal.parent.iterdir()]
    except OSError as err:
        raise _folder_fault(journal, err) from err
    return tuple(sorted((int(match[1]), path) for match, path in found if match))


def journal_files(journal: Path) -> tuple[Path, ...]:
    """A journal with the closed segments beside it, oldest first. Raises StorageFault.

    A power cut may leave the newest without its tables yet, or without its name.
    """
    closed = tuple(path for _, path in closed_segments(journal))
    return (*closed, journal) if not closed or has_content(journal) else closed


def has_content(path: Path) -> bool:
    """Whether there is a file with as much as one byte."""
    return path.is_file() and path.stat().st_size > 0


def lock_writer(path: Path) -> int:
    """Be the one writer of this journal until the returned descriptor is closed, or the process dies.

    The lock sits on a file of its own: closing any descriptor of a database drops SQLite's own locks.

    Raises:
        StorageFault: another process writes this journal, or the folder cannot be written.
    """
    try:
        os.close(os.open(_readers_path(path), _LOCK_FLAGS, _LOCK_MODE))  # there before the first reader
        descriptor = os.open(_lock_path(path), _LOCK_FLAGS, _LOCK_MODE)
    except OSError as err:
        raise _folder_fault(path, err) from err
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(_LOCK_PAUSE_S)
        else:
            return descriptor
    os.close(descriptor)
    raise StorageFault(
        f"journal {path}: another process is writing it",
        hint="stop the other `doorward run`: systemctl status doorward",
    )


def has_writer(path: Path) -> bool:
    """Whether a device is writing this journal at this moment, on this machine."""
    try:
        descriptor = os.open(_lock_path(path), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def reading_beside(path: Path) -> Iterator[None]:
    """Read a journal that a device may be writing: it does not rotate meanwhile.

    Without this a reader could open the old file by its name and then, by the same name, the WAL of the new
    one. Waits for a rotation that has begun, some 10 ms. Writes nothing.
    """
    with ExitStack() as stack:
        with suppress(OSError):  # a copy has no such lock, and needs none
            descriptor = os.open(_readers_path(path), os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Whether nobody reads this journal; where that is so, nobody begins to before the block ends."""
    with ExitStack() as stack:
        nobody = False
        with suppress(OSError):
            descriptor = os.open(_readers_path(path), _LOCK_FLAGS, _LOCK_MODE)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            nobody = True
        yield nobody


def _folder_fault(path: Path, error: OSError) -> StorageFault:
    return StorageFault(
        f"journal {path}: {(error.strerror or 'its folder cannot be used').lower()}",
        hint="check that the folder exists, that it can be written, and that the disk has room",
    )


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _readers_path(path: Path) -> Path:
    return path.with_name(path.name + ".readers")
