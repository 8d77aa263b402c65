"""Names and locks of the files of one journal.

journal.db                 the current segment
journal.000000000000.db    a closed segment, named by the seq of its first record; never written again
journal.db.lock            the lock of the writer
journal.db.readers         the shared lock of readers; the journal rotates only without them
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from edge.errors import StorageFault
from edge.files.owner import make_empty

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Names sort like numbers up to 10**12 records, one a second for 31,000 years.
_DIGITS = 12
# Another process may call `has_writer` at the moment at which a device starts.
_LOCK_TRIES, _LOCK_PAUSE_S = 5, 0.01
_LOCK_FLAGS, _LOCK_MODE = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640


def closed_path(journal: Path, first: int) -> Path:
    """The name of the closed segment that begins at record `first`."""
    return journal.with_name(f"{journal.stem}.{first:0{_DIGITS}}{journal.suffix}")


def closed_segments(journal: Path) -> tuple[tuple[int, Path], ...]:
    """First seq and path of every closed segment of `journal`, oldest first. Raises StorageFault."""
    name = re.compile(rf"{re.escape(journal.stem)}\.(\d{{{_DIGITS},}}){re.escape(journal.suffix)}", re.ASCII)
    try:
        found = [(name.fullmatch(path.name), path) for path in journal.parent.iterdir()]
    except OSError as err:
        raise _folder_fault(journal, err) from err
    return tuple(sorted((int(match[1]), path) for match, path in found if match))


def journal_files(journal: Path) -> tuple[Path, ...]:
    """All files of a journal, oldest first. Raises StorageFault.

    After a power cut the current file may be empty or missing.
    """
    closed = tuple(path for _, path in closed_segments(journal))
    return (*closed, journal) if not closed or has_content(journal) else closed


def has_content(path: Path) -> bool:
    """Whether there is a file with at least one byte."""
    return path.is_file() and path.stat().st_size > 0


def lock_writer(path: Path) -> int:
    """Take the writer's lock of this journal until the returned descriptor is closed or the process ends.

    The lock has a file of its own, because closing any descriptor of a database drops SQLite's locks on it.

    Raises:
        StorageFault: another process writes this journal, or the folder is not writable.
    """
    try:
        make_empty(_readers_path(path), mode=_LOCK_MODE)  # before the first reader
        make_empty(_lock_path(path), mode=_LOCK_MODE)
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
    """Whether a process on this machine has the writer's lock of this journal."""
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
    """Hold the readers' lock, so that a device that writes the journal does not rotate it meanwhile.

    Without it a reader could open the old file and then, by the same name, the WAL of the new file. It waits
    for a rotation that has begun, about 10 ms. It writes nothing.
    """
    with ExitStack() as stack:
        with suppress(OSError):  # a copy has no lock file, and needs none
            descriptor = os.open(_readers_path(path), os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Yield whether there are no readers of this journal; if so, none can begin before the block ends."""
    with ExitStack() as stack:
        without_readers = False
        with suppress(OSError):
            descriptor = os.open(_readers_path(path), _LOCK_FLAGS, _LOCK_MODE)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            without_readers = True
        yield without_readers


def _folder_fault(path: Path, error: OSError) -> StorageFault:
    return StorageFault(
        f"journal {path}: {(error.strerror or 'its folder cannot be used').lower()}",
        hint="check that the folder exists, that doorward can write there, and that the disk has free space",
    )


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _readers_path(path: Path) -> Path:
    return path.with_name(path.name + ".readers")
