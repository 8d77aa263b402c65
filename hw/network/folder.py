"""A repository in a folder, as it comes on a USB stick: a stranger's, until TUF has seen it."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from edge.errors import FetchError, NotThere
from hw.network.source import CHUNK_BYTES, parts_of
from hw.system.files import READ, parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HINTS: Final = {
    errno.EACCES: "check the permissions of the folder",
    errno.EIO: "the stick is failing, or was pulled out: try another one",
    errno.ELOOP: "links are not followed here: copy the repository itself",
    errno.ENODEV: "the stick was pulled out: put it back",
}


class FolderSource:
    """The files below `root`. Implements Source; `root` may be a link, nothing below it is one."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def fetch(self, name: str, *, offset: int = 0) -> Iterator[bytes]:
        parts = parts_of(name)
        with (
            self._errors(name),
            parent_of(self._root, parts) as folder,
            os.fdopen(os.open(parts[-1], READ, dir_fd=folder), "rb", buffering=0) as file,
        ):
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FetchError(
                    f"{self._root / name}: is not a regular file", hint="copy the repository again"
                )
            file.seek(offset)
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if not os.path.exists(self._root):  # noqa: PTH110  Path.exists raises for what can be no name
                hint = "is the stick in, and mounted?"
                raise FetchError(f"{self._root}: no such folder", hint=hint) from error
            raise NotThere(f"{self._root / name}: no such file") from error
        except OSError as error:
            what = (error.strerror or "error").lower()
            hint = _HINTS.get(error.errno or 0, "is this the folder of a repository?")
            raise FetchError(f"{self._root / name}: cannot be read: {what}", hint=hint) from error
