"""The tables of storage: the journal's size and age limits, and the paths of the device's files."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from edge.config.sections.base import FilePath, Table


class JournalConfig(Table, frozen=True):
    """The journal: the size of its files, and how long records stay on this device."""

    segment_mb: Annotated[int, Meta(ge=1, le=1_024)] = 64
    """Size in MB above which a journal file is closed and a new one begins."""
    keep_days: Annotated[int, Meta(ge=1, le=3_660)] = 90
    """Days for which closed files are kept; with a hub, at least until the hub has them."""
    spare_mb: Annotated[int, Meta(ge=1, le=100_000)] = 200
    """Free space in MB below which files that the hub has are deleted earlier, the oldest first."""


class PathsConfig(Table, frozen=True):
    """Paths of the device's files, relative to the folder of the configuration file."""

    trust: FilePath = "trust"
    """Folder of issuer keys, status lists and policy."""
    journal: FilePath = "journal.db"
    """The journal: the record of all that the device did."""
    models: FilePath | None = None
    """Folder of the face models; left out: the installed models."""
    state: FilePath = "state"
    """Folder of the device's other data: time, update metadata, and how far records were uploaded."""
