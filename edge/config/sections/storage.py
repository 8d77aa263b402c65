"""The tables of storage: the files that stay on the device, their places, and how long records stay."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from edge.config.sections.base import FilePath, Table


class JournalConfig(Table, frozen=True):
    """The journal: the size of its files, and how long records stay here."""

    segment_mb: Annotated[int, Meta(ge=1, le=1_024)] = 64
    """A journal file larger than this is closed, and a new one goes on from its signed head."""
    keep_days: Annotated[int, Meta(ge=1, le=3_660)] = 90
    """Closed files are kept this long, and, where there is a hub, until it has them."""
    spare_mb: Annotated[int, Meta(ge=1, le=100_000)] = 200
    """When less is free, acknowledged files go first, the oldest before the others."""


class PathsConfig(Table, frozen=True):
    """Paths of the device's files; relative to the configuration file."""

    trust: FilePath = "trust"
    journal: FilePath = "journal.db"
    models: FilePath | None = None
    state: FilePath = "state"
    """What the device remembers besides: time, update metadata, how far records were sent."""
