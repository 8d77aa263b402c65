"""Finds the files of a repository that no client needs any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuf.api.metadata import Snapshot, T, Targets

from edge.errors import InputError, StorageFault
from tools.issuing.draft import metadata_path, target_path
from tools.issuing.metadata import MAX_METADATA_BYTES, parse
from tools.issuing.roles import ROOT, SNAPSHOT, TIMESTAMP

if TYPE_CHECKING:
    from edge.ports import Files
    from tools.issuing.repository import Repository


def obsolete(repository: Repository, files: Files, *, keep: int) -> list[str]:
    """Metadata and targets that none of the last `keep` publications names, and files never published.

    Roots are kept for ever: a device that was switched off for years verifies all of them.
    """
    newest = repository.metadata[SNAPSHOT].signed.version
    needed = {metadata_path(TIMESTAMP, 0)}
    described: set[str] = set()  # a role that did not change is in many snapshots, and is read once
    for version in range(max(1, newest - keep + 1), newest + 1):
        path = metadata_path(SNAPSHOT, version)
        needed.add(path)
        if snapshot := _read(files, path, Snapshot):
            described |= {
                metadata_path(name.removesuffix(".json"), meta.version)
                for name, meta in snapshot.meta.items()
            }
    for path in described:
        if role := _read(files, path, Targets):
            needed |= {path} | {target_path(target) for target in role.targets.values()}
    return [
        name
        for name in files.names()
        if name.startswith(("metadata/", "targets/"))
        and name not in needed
        and not name.endswith(f".{ROOT}.json")
    ]


def _read(files: Files, path: str, kind: type[T]) -> T | None:
    """The metadata in a file; None for a missing or damaged file, which keeps no other file."""
    try:
        return parse(path, files.read(path, limit=MAX_METADATA_BYTES), kind).signed
    except (StorageFault, InputError):
        return None
