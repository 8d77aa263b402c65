"""Opens folders: small files as a Files port, and the trust folder as a snapshot of the device's trust."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edge.errors import TrustFault

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Buffer

    from edge.ports import Files
    from edge.trust.snapshot import TrustSnapshot
    from hw.system.files import Folder


def open_files(root: Path) -> Files:
    """A folder as a Files port."""
    from hw.system.files import Folder

    return Folder(root)


def open_trust(folder: Path) -> TrustSnapshot:
    """The trust in a folder. Raises TrustFault with the name of the broken file."""
    from edge.trust.folder import load

    return load(trust_files(folder))


def trust_files(folder: Path) -> dict[str, Buffer]:
    """The files of a trust folder by name. Raises TrustFault if there is no folder, StorageFault.

    Large bitmaps are mapped and not read, so that a list of 10^8 cards takes no memory of its own. Models in
    the folder are left out: they are large, and the face engine checks them.
    """
    from edge.trust.folder import MAX_FILE_BYTES, is_bitmap
    from hw.system.files import Folder

    if not os.path.isdir(folder):  # noqa: PTH112  Path.is_dir raises for what can be no name
        raise TrustFault(
            f"{folder}: no such folder", hint="make it: doorward-issuer publish, or doorward sync"
        )
    files = Folder(folder)
    return {
        name: _bitmap(files, name) if is_bitmap(name) else files.read(name, limit=MAX_FILE_BYTES)
        for name in files.names()
        if not name.startswith("models/")
    }


def _bitmap(files: Folder, name: str) -> Buffer:
    """A mapped file; a small one is copied, because a mapped file keeps a descriptor."""
    from edge.trust.folder import MAX_BITMAP_BYTES, READ_BYTES

    view = files.map(name, limit=MAX_BITMAP_BYTES)
    return bytes(view) if len(view) <= READ_BYTES else view
