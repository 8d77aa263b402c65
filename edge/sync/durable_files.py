"""Files of an update on a disk that may be full: free space, hard links, and copies."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from edge.errors import NoSpace, SyncError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK_BYTES: Final = 1 << 20  # bytes copied at a time: a thousandth of a small board's memory

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Errors of a file system without hard links (FAT, exFAT), or across two file systems.
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EXDEV, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS})


@contextmanager
def storing(where: Path) -> Iterator[None]:
    """Turns every OSError into NoSpace, or into a SyncError with the message of the system."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpace(
                f"{where}: the disk is full", hint="free some space; the current trust stays"
            ) from error
        what = (error.strerror or "error").lower()
        raise SyncError(f"{where}: {what}", hint="check the disk, and the owner of this folder") from error


def need_space(folder: Path, wanted: int, *, reserve: int) -> None:
    """Check that `wanted` bytes fit and `reserve` bytes stay free for the journal. Raises NoSpace."""
    state = os.statvfs(folder)
    free = state.f_bavail * state.f_frsize
    if free < wanted + reserve:
        raise NoSpace(
            f"{folder}: {_mb(free)} free; the update takes {_mb(wanted)}, {_mb(reserve)} have to stay free",
            hint="free some space; the current trust stays",
        )


def _mb(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def share(source: Path, target: Path) -> None:
    """Give a file a second name by a hard link, or copy it if the file system has none."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        copy(source, target)


def copy(source: Path, target: Path) -> None:
    """Copy a file, with all its blocks allocated.

    It is written block by block. A copy that shares its blocks with the original (reflink) would need new
    blocks when it is changed through a mapping, and on a full disk a mapping ends with SIGBUS.
    """
    with source.open("rb") as before, target.open("xb") as after:
        _reserve(after.fileno(), os.fstat(before.fileno()).st_size)
        while block := before.read(BLOCK_BYTES):
            after.write(block)
        after.flush()
        os.fsync(after.fileno())


def zeros(target: Path, size: int) -> None:
    """Create a file of `size` zero bytes, with all its blocks allocated."""
    with target.open("xb") as file:
        _reserve(file.fileno(), size)


def _reserve(handle: int, size: int) -> None:
    if size:  # posix_fallocate refuses a size of 0
        os.posix_fallocate(handle, 0, size)
