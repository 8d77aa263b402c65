"""Limits of every Source: the size of a chunk, and the names that may be fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Sequence

CHUNK_BYTES: Final = 64 * 1024  # the port's own limit
MAX_NAME_CHARS: Final = 512  # the longest name in a repository: a folder, a hash of 64 and a short name
MAX_DEPTH: Final = 8  # a repository has three levels of folders


def parts_of(name: str) -> Sequence[str]:
    """The parts of a relative name that stays inside the source. Raises FetchError."""
    parts = name.split("/")
    if len(name) > MAX_NAME_CHARS or len(parts) > MAX_DEPTH or any(not part.isprintable() for part in parts):
        raise FetchError(f"{name[:40]!a}: is not a file name of a repository")
    if any(part in {"", ".", ".."} for part in parts):
        raise FetchError(f"{name!a}: is not a file name of a repository")
    return parts
