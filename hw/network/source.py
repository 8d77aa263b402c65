"""Limits of every Source: the size of a chunk, and the names that may be fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Sequence

CHUNK_BYTES: Final = 64 * 1024  # the port's own limit
MAX_NAME_CHARS: Final = 512  # the longest of a repository is a folder, a hash of 64 and a short name
MAX_DEPTH: Final = 8  # a repository is three deep


def parts_of(name: str) -> Sequence[str]:
    """The steps of a relative name that cannot leave the source. Raises FetchError."""
    parts = name.split("/")
    if len(name) > MAX_NAME_CHARS or len(parts) > MAX_DEPTH or any(not part.isprintable() for part in parts):
        raise FetchError(f"{name[:40]!a}: is no name of a file in a repository")
    if any(part in {"", ".", ".."} for part in parts):
        raise FetchError(f"{name!a}: is no name of a file in a repository")
    return parts
