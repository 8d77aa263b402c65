"""Writes files whole or not at all, and hashes them."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import StorageFault
from edge.files.durable import write_durably
from edge.files.owner import make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes; "" for a file that is missing or cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


@contextmanager
def storage(target: Path) -> Iterator[None]:
    """Raise an OSError as a StorageFault that names the place."""
    try:
        yield
    except OSError as err:
        reason = err.strerror or str(err)
        raise StorageFault(
            f"cannot write {target}: {reason.lower()}", hint="free some space, or check who owns the folder"
        ) from err


def write(path: Path, content: bytes) -> None:
    """Write the whole file or nothing, also when power fails. Raises StorageFault."""
    with storage(path):
        make_folder(path.parent)
        write_durably(path, content)


@contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """A temporary folder on the file system of `parent`, removed at the end. Raises StorageFault."""
    with storage(parent):
        make_folder(parent)
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=".partial-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def need_space(folder: Path, megabytes: int) -> None:
    """Raise StorageFault if the file system of `folder` has less than `megabytes` MB free."""
    with storage(folder):
        make_folder(folder)
        free = shutil.disk_usage(folder).free // 1_000_000
    if free < megabytes:
        raise StorageFault(
            f"{folder} needs about {megabytes} MB free, and has {free} MB",
            hint="free some space, then: doorward models fetch",
        )
