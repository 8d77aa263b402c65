"""Records the orders of a technician to a door: every movement of a lock is on record before it happens."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edge.app.parts.camera import system_clock
from edge.app.parts.keys import device_seed
from edge.audit.journal import Journal
from edge.audit.record import DevicePart, DoorChange, Faulted, utc_ms
from edge.ports import Cause, DoorEventKind
from edge.version import software_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.config import Config
    from edge.on_record import OnRecord


class StrikeRecord:
    """Writes to the journal of a device, which must not run. Raises StorageFault."""

    def __init__(self, journal: Journal, site: str) -> None:
        self._journal, self._site = journal, site

    def released(self) -> OnRecord:
        """Record a release by command, before the lock moves; its proof."""
        return self._journal.permit(self._order(DoorEventKind.RELEASED))

    def free_access(self) -> OnRecord:
        """Record free access by command, before the lock moves; its proof."""
        return self._journal.permit(self._order(DoorEventKind.FREE_ACCESS))

    def locked(self, change: DoorEventKind) -> None:
        """Record a command that frees no lock: a relock, a lock-down, or the normal mode."""
        self._journal.append(self._order(change))

    def failed(self) -> None:
        """Record that the door did not obey."""
        self._journal.append(Faulted(part=DevicePart.DOOR, **self._stamp()))

    def _order(self, change: DoorEventKind) -> DoorChange:
        return DoorChange(change=change, cause=Cause.COMMAND, **self._stamp())

    def _stamp(self) -> dict[str, Any]:
        clock = system_clock()
        return {
            "time_ms": utc_ms(clock.now()),
            "tick_ms": clock.tick_ms(),
            "door": self._site,
            "version": software_version(),
        }


@contextmanager
def open_strike_record(config: Config, base: Path) -> Iterator[StrikeRecord]:
    """The journal of a stopped device, created if it is missing. Raises StorageFault, ConfigError."""
    seed = device_seed(base / config.device.key)
    with Journal.open(base / config.paths.journal, seed, config.device.id) as journal:
        yield StrikeRecord(journal, config.door.site)
