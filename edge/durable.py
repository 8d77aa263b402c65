"""Durable writes: after a power cut a file is the old one or the new one, never a part of it.

The bytes reach the disk first, under a hidden name, then the name does. Every function raises OSError; the
caller says in its own error what could not be written.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# ext4 takes 255 bytes: a dot, 56 characters of up to 4 bytes, a dot and 8 digits are 234.
_NAME_CHARS: Final = 56


def write_durably(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put `data` in the place of `path`, with this mode whatever the umask. Its folder must be there."""
    with replacing(path, mode=mode) as file:
        file.write(data)


@contextmanager
def replacing(path: Path, *, mode: int) -> Iterator[BinaryIO]:
    """Give a file to write to, which takes the place of `path` if the block ends well, and goes otherwise."""
    folder = os.open(path.parent, _FOLDER)
    try:
        with replacing_in(folder, path.name, mode=mode) as file:
            yield file
    finally:
        os.close(folder)


@contextmanager
def replacing_in(folder: int, name: str, *, mode: int) -> Iterator[BinaryIO]:
    """Do as `replacing`, for a name in an open folder, so that no link on the way there can be swapped."""
    part = f".{name[:_NAME_CHARS]}.{secrets.token_hex(4)}"
    try:
        with os.fdopen(os.open(part, _CREATE, mode, dir_fd=folder), "wb") as file:
            os.fchmod(file.fileno(), mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(part, dir_fd=folder)
        raise
    os.fsync(folder)


def rename_durably(source: Path, target: Path) -> None:
    """Rename a finished file within one file system."""
    flush(source)
    source.replace(target)
    flush(target.parent)


def flush(path: Path) -> None:
    """Have the disk keep the content of a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
