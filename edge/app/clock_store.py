"""Keeps a device's memory of time over power cuts: `clock.json` of its state folder, and the last grant.

The record of a grant is durable before the strike moves, and a holder's phone agreed with its time. A power
cut therefore loses only the time since that record, and no passage waits for a second fsync.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from edge.app.repeating import repeating
from edge.errors import ClockFault, StorageFault
from edge.log import log_line
from edge.trust.time import clock_file
from edge.trust.time.steady_time import LAST
from edge.trust.time.trusted_clock import ClockMemory
from edge.vouched_time import UNVOUCHED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.audit.journal import Journal
    from edge.passage.lane.snapshot import LaneStepResult
    from edge.passage.verifier import StepResult
    from edge.ports import Files
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.time.trusted_clock import TrustedClock
    from edge.vouched_time import VouchedTime

LOOK_EVERY_S: Final = 1.0  # for a new signed time, which is stored at once
SAVE_EVERY_S: Final = 60.0  # half a million writes of 4 kB a year: a flash card endures a thousand times that
LOOK_BACK: Final = 1_024  # records in which the last grant is looked for: 200 passages


def remembered(files: Files, journal: Journal, trust: TrustSnapshot) -> ClockMemory | None:
    """The memory of time from the last run of this device; None at its first start. Raises StorageFault.

    The later of the file and the last grant counts. No other record does: a start with a clock that is ahead
    writes records too, and no phone agrees with them. A missing or damaged file does not keep the door shut:
    then the last grant counts alone, until a newer signed time contradicts it.
    """
    memory = stored(files)
    last_ms = journal.last_grant_ms(LOOK_BACK)
    if last_ms is None:
        return memory
    last = min(datetime.fromtimestamp(last_ms / 1_000, UTC), LAST)
    if memory is None:
        return ClockMemory(last, trust.floor, trust.synced_at)
    return replace(memory, time=max(memory.time, last))


def stored(files: Files) -> ClockMemory | None:
    """The memory of time in the file; None if it is missing or damaged."""
    with suppress(StorageFault, ClockFault):
        return clock_file.parse(files.read(clock_file.NAME, limit=clock_file.MAX_CLOCK_BYTES))
    return None


def passed(files: Files, wall: datetime) -> VouchedTime:
    """The time by which data may be destroyed, as the running device stored it within the last minute.

    For processes and threads beside the passage.
    """
    memory = stored(files)
    return memory.passed(wall) if memory else UNVOUCHED


def not_before(files: Files, wall: datetime) -> datetime:
    """The wall clock, or the latest time that the running device knows, if it is later.

    For deadlines: a clock that is set back silences no alarm.
    """
    memory = stored(files)
    return max(wall, memory.time, memory.signed) if memory else wall


class ClockStore:
    """Writes a trusted clock's memory to its file."""

    def __init__(self, files: Files, trusted_clock: TrustedClock) -> None:
        self._files = files
        self._trusted_clock = trusted_clock
        self._saved: ClockMemory | None = None

    def save_if_due(self) -> bool:
        """Write the memory if it is due; returns whether it was written. The journal reports a full disk."""
        memory, saved = self._trusted_clock.memory, self._saved
        if saved is not None and (memory.signed, memory.synced) == (saved.signed, saved.synced):
            passed = (memory.time - saved.time).total_seconds()
            if 0 <= passed < SAVE_EVERY_S:
                return False
        return self._save(memory)

    def _save(self, memory: ClockMemory) -> bool:
        with suppress(StorageFault):
            self._files.write(clock_file.NAME, clock_file.encode(memory))
            self._saved = memory
            return True
        return False

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Write the memory at the beginning, each minute, at once for a new signed time, and at the end."""
        self._save(self._trusted_clock.memory)
        try:
            with repeating("clock", LOOK_EVERY_S, self.save_if_due):
                yield
        finally:
            self._save(self._trusted_clock.memory)


def log_clock(step: StepResult | LaneStepResult) -> None:
    """Write one log line for each event of the clock monitor: an operator should see it."""
    for event in step.clock:
        log_line("clock", level="warning", state=event.value)
