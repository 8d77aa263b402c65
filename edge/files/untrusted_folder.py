"""A folder that another user may write, such as one that a hotel's own system shares with a desk.

Another user can put a link, a pipe, a device node or a hard link into it, and exchange a name between two
calls. So each step goes by a descriptor of the folder and one name in it: no path is resolved twice, no link
is followed, no target of a link is ever written, moved or deleted. Every function raises OSError; the caller
turns it into its own error.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Final

from edge.files.durable import replacing_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_LINKS: Final = 40  # as many as Linux follows on one path
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_STEP: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_ABSENT: Final = (errno.ENOENT, errno.ENAMETOOLONG)  # a name with an ending of ours may be too long to exist
# O_NONBLOCK: a pipe must not wait for a writer; O_NOCTTY: a terminal must not become ours.
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


def open_file(name: str, folder: int) -> BinaryIO:
    """A regular file in an open folder, for reading. Raises OSError for every other kind of file.

    The kind is looked at first, because opening a device node can act on the device, and then once more.
    """
    _expect_regular(os.stat(name, dir_fd=folder, follow_symlinks=False))
    file = os.fdopen(os.open(name, _READ, dir_fd=folder), "rb")
    try:
        _expect_regular(os.fstat(file.fileno()))
    except OSError:
        file.close()
        raise
    return file


def open_inner(name: str, folder: int) -> int:
    """A descriptor of a folder in an open folder; a link is refused."""
    return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)


class UntrustedFolder:
    """One folder that another user may write, by its descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._folder = descriptor

    @classmethod
    @contextmanager
    def open(cls, path: Path, *, mode: int) -> Iterator[UntrustedFolder]:
        """The folder at `path`, until the block ends; made with this mode, under any umask, if it is missing.

        A link on the way must belong to root or to the user of this process: with a link of another user the
        files of the device itself would be taken for those of this folder.
        """
        is_new = not os.path.lexists(path)  # Path has no such function
        if is_new:
            os.makedirs(path)  # noqa: PTH103  beside the line above
        descriptor = _walk(str(path.absolute()))
        try:
            if is_new:
                os.fchmod(descriptor, mode)
            yield cls(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def own(self, name: str, *, mode: int) -> Iterator[UntrustedFolder]:
        """A folder inside that this process owns, made if it is missing, with this mode under any umask.

        It gets the group of the outer folder, as far as this process may give it.
        """
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=self._folder)
        descriptor = open_inner(name, self._folder)
        try:
            status = os.fstat(descriptor)
            if status.st_uid != os.geteuid():
                raise OSError(errno.EPERM, f"{name} belongs to another user")
            group = os.fstat(self._folder).st_gid
            if status.st_gid != group:
                with suppress(PermissionError):
                    os.fchown(descriptor, -1, group)
            if stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:
                os.fchmod(descriptor, mode)
            yield UntrustedFolder(descriptor)
        finally:
            os.close(descriptor)

    def names(self, *, limit: int) -> list[str]:
        """At most `limit` names, sorted; of any kind of file."""
        with os.scandir(self._folder) as entries:
            return sorted(entry.name for entry in islice(entries, limit))

    def status(self, name: str) -> os.stat_result | None:
        """The status of a regular file; None for any other kind, and if there is none."""
        status = self._any_status(name)
        return status if status and stat.S_ISREG(status.st_mode) else None

    def changed_s(self, name: str) -> float | None:
        """The time of the last change of a file of any kind, in seconds since 1970; None if there is none."""
        status = self._any_status(name)
        return status.st_ctime if status else None

    def reader(self, name: str) -> BinaryIO:
        """A regular file that has no other name.

        With a hard link another user can put a file of this device into the folder.
        """
        file = open_file(name, self._folder)
        if os.fstat(file.fileno()).st_nlink != 1:
            file.close()
            raise OSError(errno.EMLINK, "has a second name, a hard link")
        return file

    def write(self, name: str, data: bytes, *, mode: int) -> None:
        """Replace the file or link `name` by a new file with this content, durably."""
        with replacing_in(self._folder, name, mode=mode) as file:
            file.write(data)

    def move(self, name: str, target: UntrustedFolder, new_name: str = "") -> bool:
        """Move a file of any kind, or a link itself; False if there is none."""
        try:
            os.rename(name, new_name or name, src_dir_fd=self._folder, dst_dir_fd=target._folder)
        except OSError as error:
            if error.errno in _ABSENT:
                return False
            raise
        return True

    def remove(self, name: str) -> bool:
        """Delete a file, a link itself, or an empty folder; False if it cannot be deleted or is not there."""
        for delete in (os.unlink, os.rmdir):
            with suppress(OSError):
                delete(name, dir_fd=self._folder)
                return True
        return False

    def flush(self) -> None:
        """Flush the names of this folder to the disk."""
        os.fsync(self._folder)

    def lock(self) -> bool:
        """Hold this folder until it is closed; False if another process holds it."""
        try:
            fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _any_status(self, name: str) -> os.stat_result | None:
        try:
            return os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise


def _expect_regular(status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, "is a link")
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "is not a regular file")


def _walk(path: str) -> int:
    """A descriptor of the folder at an absolute path, one name after the other."""
    left = path.split("/")[::-1]
    here = os.open("/", _STEP)
    links = 0
    try:
        while left:
            part = left.pop()
            if part in {"", "."}:
                continue
            step = os.open(part, _STEP, dir_fd=here)
            status = os.fstat(step)
            if not stat.S_ISLNK(status.st_mode):
                os.close(here)
                here = step
                continue
            try:
                links += 1
                if status.st_uid not in {0, os.geteuid()}:
                    raise OSError(errno.EPERM, f"the link {part} belongs to another user")
                if links > MAX_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                target = os.readlink("", dir_fd=step)  # of the link that was looked at, not of its name
            finally:
                os.close(step)
            left.extend(target.split("/")[::-1])
            if target.startswith("/"):
                os.close(here)
                here = os.open("/", _STEP)
        return os.open(".", _FOLDER, dir_fd=here)
    finally:
        os.close(here)
