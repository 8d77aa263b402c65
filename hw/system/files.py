"""A folder as a Files port: small files, written whole or not at all; large files can be mapped."""

from __future__ import annotations

import errno
import mmap
import os
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Final

from edge.errors import StorageFault
from edge.files.durable import replacing_in
from edge.files.owner import make_folder, make_inner
from edge.files.untrusted_folder import open_file, open_inner

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MAX_NAMES: Final = (
    100_000  # a trust folder may have 65,536 files; a folder with more than 100,000 is the wrong one
)
MAX_DEPTH: Final = 8  # our folders have two levels; a loop of mounts would never end
MAX_NAME_CHARS: Final = 512  # eight levels of usual names

_HINTS: Final = {
    errno.ENOSPC: "free some space: the disk is full",
    errno.EDQUOT: "free some space: the disk quota is used up",
    errno.EFBIG: "raise ulimit -f: this process may not write files so large",
    errno.EROFS: "mount the file system for writing, and check the health of the SD card",
    errno.EACCES: "check the owner and the permissions of the folder",
    errno.EPERM: "check the owner and the permissions of the folder",
    errno.ENOENT: "check the path",
    errno.EEXIST: "check the path: a file is in the place of a folder",
    errno.ENAMETOOLONG: "use a shorter name",
    errno.ENOTDIR: "check the path: a file or a link is in the place of a folder",
    errno.EISDIR: "check the path: a folder is in the place of a file",
    errno.EMFILE: "raise ulimit -n: this process has too many open files",
    errno.ELOOP: "links are not followed here: replace the link by the file itself",
    errno.EINVAL: "remove it",
    errno.EIO: "replace the SD card or disk: it is failing",
}
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@contextmanager
def parent_of(root: Path, parts: Sequence[str], *, create: bool = False) -> Iterator[int]:
    """A descriptor of the folder that holds a file below `root`; no link on the way is followed."""
    folder = os.open(root, _FOLDER)
    try:
        for part in parts[:-1]:
            if create and make_inner(part, folder):
                os.fsync(folder)
            inner = open_inner(part, folder)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)


def _walk(folder: int, below: str, depth: int) -> Iterator[str]:
    """Names of regular files in an open folder and those under it."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            name = f"{below}/{entry.name}" if below else entry.name
            if entry.is_file(follow_symlinks=False):
                yield name
            elif entry.is_dir(follow_symlinks=False) and depth > 1:
                inner = open_inner(entry.name, folder)
                try:
                    yield from _walk(inner, name, depth - 1)
                finally:
                    os.close(inner)


class Folder:
    """Files under `root`, by relative names with `/`. Raises StorageFault, whose message names the file.

    Links below the root are not followed and special files are not read, so that no file of an SD card or a
    USB stick can point outside; `root` itself may be a link. Names that start with a dot are not listed: an
    interrupted `write` may leave such a file.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self) -> Sequence[str]:
        """All regular files, sorted."""
        with self._faults("", "cannot be listed"):
            root = os.open(self.root, _FOLDER)
            try:
                found = list(islice(_walk(root, "", MAX_DEPTH), MAX_NAMES + 1))
            finally:
                os.close(root)
        if len(found) > MAX_NAMES:
            raise self._fault(
                "", f"holds more than {MAX_NAMES} files", "name another folder: this is the wrong one"
            )
        return sorted(found)

    def read(self, name: str, *, limit: int) -> bytes:
        with self._opened(name, "cannot be read") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise self._too_large(name, limit)
        return data

    def map(self, name: str, *, limit: int) -> memoryview:
        """The whole file, mapped read-only: only the pages that are read take memory.

        The view stays valid while a caller holds it, also after `write` has put another file in its place. A
        mapped file that is truncated in place ends this process (SIGBUS).
        """
        with self._opened(name, "cannot be mapped") as file:
            size = os.fstat(file.fileno()).st_size
            if size > limit:
                raise self._too_large(name, limit)
            if not size:
                return memoryview(b"")  # mmap refuses an empty file
            return memoryview(mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ))

    def write(self, name: str, data: bytes, *, secret: bool = False) -> None:
        parts = self._parts(name)
        mode = 0o600 if secret else 0o644
        with self._faults(name, "cannot be written"):
            make_folder(self.root)
            with (
                parent_of(self.root, parts, create=True) as folder,
                replacing_in(folder, parts[-1], mode=mode) as file,
            ):
                file.write(data)

    @contextmanager
    def _opened(self, name: str, what: str) -> Iterator[BinaryIO]:
        """A regular file, open for reading."""
        parts = self._parts(name)
        with (
            self._faults(name, what),
            parent_of(self.root, parts) as folder,
            open_file(parts[-1], folder) as file,
        ):
            yield file

    def _parts(self, name: str) -> Sequence[str]:
        """The parts of a relative name that stays inside the root."""
        parts = name.split("/")
        if len(name) > MAX_NAME_CHARS or len(parts) > MAX_DEPTH or "\0" in name:
            raise self._fault(
                ascii(name[:40]), "is not a file name in this folder", "name it relative to the folder"
            )
        if any(part in {"", ".", ".."} for part in parts):
            raise self._fault(
                ascii(name), "is not a file name in this folder", "name it relative to the folder"
            )
        return parts

    @contextmanager
    def _faults(self, name: str, what: str) -> Iterator[None]:
        """Raise every OSError as a StorageFault with a fitting hint."""
        try:
            yield
        except OSError as error:
            hint = _HINTS.get(error.errno or 0, "")
            raise self._fault(name, f"{what}: {(error.strerror or 'error').lower()}", hint) from error
        except UnicodeError as error:
            raise self._fault(ascii(name), f"{what}: no file system allows this name", "rename it") from error

    def _too_large(self, name: str, limit: int) -> StorageFault:
        return self._fault(name, f"is larger than {limit} bytes", "check the path: this is the wrong file")

    def _fault(self, name: str, what: str, hint: str) -> StorageFault:
        return StorageFault(f"{self.root / name if name else self.root}: {what}", hint=hint)
