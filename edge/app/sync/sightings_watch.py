"""Reads the sightings of the hub, cards seen at several doors, between two passages."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from edge.app.loop.run import IDLE
from edge.errors import InputError, StorageFault
from edge.policy.risk import sightings_file

if TYPE_CHECKING:
    from edge.passage.lane.snapshot import LaneStepResult
    from edge.passage.verifier import StepResult
    from edge.policy.risk.history import RecentPast
    from edge.ports import Files

LOOK_MS: Final = 5_000  # uploads come less often


class SightingsWatch:
    """Hands stored sightings to the risk history of this door; an unreadable file changes nothing."""

    def __init__(self, past: RecentPast, state: Files) -> None:
        self._past, self._state = past, state
        self._due_ms: int | None = None
        self._data = b""

    def see(self, step: StepResult | LaneStepResult) -> None:
        """Read the file if it is due, in the state IDLE only."""
        if step.state != IDLE or (self._due_ms is not None and step.tick_ms < self._due_ms):
            return
        self._due_ms = step.tick_ms + LOOK_MS
        with suppress(StorageFault, InputError):  # there is no file before the first sync
            data = self._state.read(sightings_file.FILE, limit=sightings_file.MAX_SIGHTINGS_BYTES)
            if data != self._data:
                self._past.sightings = sightings_file.decode(data)
                self._data = data
