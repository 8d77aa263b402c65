"""Runs the syncs of a device from its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.app.clock_store import stored
from edge.app.parts.camera import system_clock
from edge.app.parts.network import open_folder_source, open_web_source
from edge.app.parts.trust_folder import open_files, open_trust
from edge.errors import ConfigError, StorageFault, SyncError
from edge.sync.generation import read_generation
from edge.sync.synchronise import DeviceTrust, UpdateSource, synchronise
from edge.trust.time.steady_time import FIRST
from edge.trust.time.trusted_clock import TrustedClock

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from edge.config import Config
    from edge.sync.download import DownloadProgress
    from edge.sync.report import Report
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.time.trusted_clock import ClockMemory, TrustedTime

MAX_ROOT_BYTES = 128_000  # a root with six keys has 2.5 kB


@dataclass(frozen=True, slots=True)
class Updates:
    """Source and target of trust, for the device of one configuration."""

    config: Config
    base: Path

    @property
    def device_trust(self) -> DeviceTrust:
        """This device's part of a repository, and its folders."""
        config = self.config
        return DeviceTrust(
            trust=self.base / config.paths.trust,
            state=self.state,
            site=config.door.site,
            load=open_trust,
            models=config.sync.models,
            max_bytes=config.sync.max_mb * 1_000_000,
        )

    @property
    def state(self) -> Path:
        """The folder of the device's update state."""
        return self.base / self.config.paths.state

    @property
    def synced_at(self) -> datetime | None:
        """The time of the last sync with a repository; None: unknown, or there was none."""
        generation = read_generation(self.base / self.config.paths.trust)
        return generation.synced_at if generation else None

    @property
    def is_first(self) -> bool:
        """Whether the device has no trust yet."""
        trust = self.base / self.config.paths.trust
        return not trust.exists()

    def run(self, folder: Path | None = None, *, progress: DownloadProgress | None = None) -> Report:
        """One sync, from the folder of an operator or from [sync] url. Raises SyncError, ConfigError."""
        if folder is not None:
            source, origin = open_folder_source(folder), str(folder)
        elif self.config.sync.url is not None:
            source, origin = open_web_source(self.config.sync.url), self.config.sync.url
        else:
            raise ConfigError(
                "[sync] url is not set", hint="set it, or sync from a folder: doorward sync --from DIR"
            )
        update_source = UpdateSource(
            source=source, origin=origin, root=self._root(), now=self._now(), floor=self._floor()
        )
        return synchronise(self.device_trust, update_source, progress=progress)

    def begin(self) -> Report | None:
        """Take the trust of the image, if the device has no trust yet. Raises SyncError."""
        baked = self.config.sync.baked
        if baked is None or not self.is_first:
            return None
        folder = self.base / baked
        source = UpdateSource(
            source=open_folder_source(folder),
            origin=str(folder),
            root=self._root(),
            now=self._now(),
            baked=True,
        )
        return synchronise(self.device_trust, source)

    def time(self, trust: TrustSnapshot) -> TrustedTime:
        """The trusted time at which a device with this trust would start."""
        clock = system_clock()
        return TrustedClock(self._memory()).at(clock.now(), clock.tick_ms(), trust)

    def _root(self) -> bytes | None:
        """The first root metadata, copied by an operator; None: the device has a later root already."""
        file = self.base / self.config.sync.root
        if not file.exists():
            if any((self.state / "tuf" / "root_history").glob("*.root.json")):
                return None
            raise SyncError(
                f"{file}: no such file",
                hint="copy the repository's first root to this path: metadata/1.root.json",
            )
        try:
            return open_files(file.parent).read(file.name, limit=MAX_ROOT_BYTES)
        except StorageFault as fault:
            raise SyncError(fault.message, hint=fault.hint) from fault

    def _now(self) -> datetime:
        return system_clock().now()

    def _floor(self) -> datetime:
        """The latest signed time that the running device has seen; its own clock may be wrong."""
        memory = self._memory()
        return memory.signed if memory else FIRST

    def _memory(self) -> ClockMemory | None:
        """The memory of time that the running device stored."""
        return stored(open_files(self.state))
