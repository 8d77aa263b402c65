"""A repository in a folder, as it comes on a USB stick: hostile until TUF has verified it."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from edge.errors import FetchError, NotThere
from edge.files.untrusted_folder import open_file
from hw.network.source import CHUNK_BYTES, parts_of
from hw.system.files import parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HINTS: Final = {
    errno.EACCES: "check the permissions of the folder",
    errno.EINVAL: "copy the repository again",
    errno.EIO: "plug the stick in again, or try another one: it fails, or was pulled out",
    errno.ELOOP: "copy the files of the repository itself: links are not followed here",
    errno.ENODEV: "plug the stick in again",
}


class FolderSource:
    """The files below `root`. Implements Source; `root` may be a link, but links below it are refused."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def fetch(self, name: str, *, offset: int = 0) -> Iterator[bytes]:
        parts = parts_of(name)
        with (
            self._errors(name),
            parent_of(self._root, parts) as folder,
            open_file(parts[-1], folder) as file,
        ):
            file.seek(offset)
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if not os.path.exists(self._root):  # noqa: PTH110  Path.exists raises where the name is invalid
                hint = "plug the stick in, and mount it"
                raise FetchError(f"{self._root}: no such folder", hint=hint) from error
            raise NotThere(f"{self._root / name}: no such file") from error
        except OSError as error:
            what = (error.strerror or "error").lower()
            hint = _HINTS.get(error.errno or 0, "name the folder of a repository")
            raise FetchError(f"{self._root / name}: cannot be read: {what}", hint=hint) from error
