"""Owners of files that root makes: a file belongs to the owner of its folder.

Otherwise the service, which runs as its own user, could not use a file that an administrator made.
"""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

ROOT: Final = 0
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def give(made: int, folder: int) -> None:
    """Give an open file, which this process has just made, to the owner of its open folder."""
    if os.geteuid() != ROOT:
        return
    owner = os.fstat(folder)
    if owner.st_uid != ROOT:
        os.fchown(made, owner.st_uid, owner.st_gid)


def make_inner(name: str, folder: int, *, mode: int = 0o755) -> bool:
    """Make a folder in an open folder, for the owner of that one; False if there is one already."""
    with suppress(FileExistsError):
        os.mkdir(name, mode, dir_fd=folder)
        made = os.open(name, _FOLDER, dir_fd=folder)
        try:
            give(made, folder)
        finally:
            os.close(made)
        return True
    return False


def make_folder(path: Path, *, mode: int = 0o777) -> None:
    """Make a folder and those above it, each for the owner of the folder that holds it. Raises OSError."""
    if path.is_dir():
        return
    if not path.parent.exists():
        make_folder(path.parent, mode=mode)
    above = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        make_inner(path.name, above, mode=mode)
    finally:
        os.close(above)
    if not path.is_dir():
        path.mkdir()  # raises the error of what is in its place


def make_empty(path: Path, *, mode: int = 0o600) -> None:
    """Make an empty file for the owner of its folder; nothing if there is one. Raises OSError."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(FileExistsError):
            made = os.open(path.name, _NEW, mode, dir_fd=folder)
            try:
                give(made, folder)
            finally:
                os.close(made)
    finally:
        os.close(folder)


def other_owner(path: Path) -> str | None:
    """The user, not root, that owns this file or folder, or the nearest folder above it that exists.

    None: this process does not run as root, or root owns it.
    """
    if os.geteuid() != ROOT:
        return None
    for place in (path, *path.absolute().parents):
        with suppress(OSError, ValueError):
            owner = os.stat(place).st_uid  # noqa: PTH116  pathlib raises for what can be no name
            return None if owner == ROOT else user_name(owner)
    return None


def user_name(number: int) -> str:
    """The name of a user of this machine, in the form that sudo takes if it has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"#{number}"
