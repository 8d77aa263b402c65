"""Parses metadata of a repository and verifies its signatures and hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, T, Targets
from tuf.api.serialization import DeserializationError

from edge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_METADATA_BYTES: Final = 5_000_000  # the limit of python-tuf's client for one role
_HINT: Final = "restore the repository from a backup: it was damaged or changed"


def parse(path: str, data: bytes, kind: type[T]) -> Metadata[T]:
    """The metadata in a file; its signatures are not verified. Raises InputError."""
    try:
        metadata: Metadata[Any] = Metadata.from_bytes(data)
    except DeserializationError as error:
        raise InputError(f"{path}: not metadata of TUF", hint=_HINT) from error
    if not isinstance(metadata.signed, kind):
        raise InputError(f"{path}: metadata of another role", hint=_HINT)
    return cast("Metadata[T]", metadata)


def require_signed(
    path: str, role: str, metadata: Metadata[Any], delegators: Iterable[Root | Targets]
) -> None:
    """Raises InputError unless enough keys signed that one of the delegators names for the role."""
    if not any(signed_for(role, metadata, delegator) for delegator in delegators):
        raise InputError(f"{path}: not signed by enough keys of {role}", hint=_HINT)


def signed_for(role: str, metadata: Metadata[Any], delegator: Root | Targets) -> bool:
    """Whether enough keys signed that the delegator names for the role."""
    try:
        delegator.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    except (RepositoryError, ValueError):
        return False
    return True


def require_content(path: str, data: bytes, described: Any) -> None:  # noqa: ANN401  MetaFile or TargetFile
    """Raises InputError unless length and hashes are those in `described`."""
    try:
        described.verify_length_and_hashes(data)
    except RepositoryError as error:
        raise InputError(f"{path}: not the file that was published", hint=_HINT) from error
