"""Files of an update on a disk that may be full: room for them, second names, and copies."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from edge.errors import NoSpace, SyncError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK_BYTES: Final = 1 << 20  # copied at a time: a thousandth of a small board's memory

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# What a file system says that has no hard links (FAT, exFAT), or none across these two places.
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EXDEV, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS})


@contextmanager
def storing(where: Path) -> Iterator[None]:
    """Every OSError as NoSpace, or as a SyncError that says what the disk said."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpace(
                f"{where}: the disk is full", hint="free some space; the trust in force stays"
            ) from error
        what = (error.strerror or "error").lower()
        raise SyncError(f"{where}: {what}", hint="check the disk and the owner of the folder") from error


def need_space(folder: Path, wanted: int, *, reserve: int) -> None:
    """Raises NoSpace unless `wanted` bytes fit and `reserve` are left, which belong to the journal."""
    state = os.statvfs(folder)
    free = state.f_bavail * state.f_frsize
    if free < wanted + reserve:
        raise NoSpace(
            f"{folder}: {_mb(free)} free; the update takes {_mb(wanted)}, and {_mb(reserve)} have to stay",
            hint="free some space; the trust in force stays",
        )


def _mb(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def share(source: Path, target: Path) -> None:
    """The same file under a second name; a copy where the file system has no such thing."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        copy(source, target)


def copy(source: Path, target: Path) -> None:
    """A file of its own with the same bytes, each of which has its place on the disk.

    Written block by block: a copy that shares its blocks with the original (reflink) would need new ones as
    it is changed through a mapping, and a mapping meets a full disk as SIGBUS.
    """
    with source.open("rb") as before, target.open("xb") as after:
        _reserve(after.fileno(), os.fstat(before.fileno()).st_size)
        while block := before.read(BLOCK_BYTES):
            after.write(block)
        after.flush()
        os.fsync(after.fileno())


def zeros(target: Path, size: int) -> None:
    """A new file of `size` zero bytes, each of which has its place on the disk."""
    with target.open("xb") as file:
        _reserve(file.fileno(), size)


def _reserve(handle: int, size: int) -> None:
    if size:  # posix_fallocate refuses to reserve nothing
        os.posix_fallocate(handle, 0, size)
