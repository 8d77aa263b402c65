"""Keeps a device's memory of time across power cuts: `clock.json` of its state folder, and the last record.

The journal's last record is durable before anything else happens. A power cut therefore costs no more than
the seconds since that record, and no passage waits for a second fsync.
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
from edge.trust.time.trusted_clock import LAST, ClockMemory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.audit.journal import Journal
    from edge.passage.lane.snapshot import LaneStepResult
    from edge.passage.verifier import StepResult
    from edge.ports import Files
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.time.trusted_clock import TrustedClock

LOOK_EVERY_S: Final = 1.0  # at what was signed meanwhile, which is stored at once
SAVE_EVERY_S: Final = 60.0  # half a million writes a year of 4 kB: a card is made for a thousand times that


def remembered(files: Files, journal: Journal, trust: TrustSnapshot) -> ClockMemory | None:
    """Memory of time from when this device was last on; None at its first start. Raises StorageFault.

    Whichever is later counts, the file or the last record. A file that is not there, or damaged, is no reason
    to keep a door shut: then the journal speaks alone, and nothing but a newer word of others refutes it.
    """
    memory = stored(files)
    last_ms = journal.last_ms()
    if last_ms is None:
        return memory
    last = min(datetime.fromtimestamp(last_ms / 1_000, UTC), LAST)
    if memory is None:
        return ClockMemory(last, trust.floor, trust.synced_at)
    return replace(memory, time=max(memory.time, last))


def stored(files: Files) -> ClockMemory | None:
    """The memory of time in the file; None where it is not there, or damaged."""
    with suppress(StorageFault, ClockFault):
        return clock_file.parse(files.read(clock_file.NAME, limit=clock_file.MAX_CLOCK_BYTES))
    return None


class ClockStore:
    """Writes a trusted clock's memory to its file."""

    def __init__(self, files: Files, trusted_clock: TrustedClock) -> None:
        self._files = files
        self._trusted_clock = trusted_clock
        self._saved: ClockMemory | None = None

    def save_if_due(self) -> bool:
        """Write what is to be written now, if anything is. A full disk is the journal's to report."""
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
        """Write it each minute, when others spoke, and at the end."""
        try:
            with repeating("clock", LOOK_EVERY_S, self.save_if_due):
                yield
        finally:
            self._save(self._trusted_clock.memory)


def log_clock(step: StepResult | LaneStepResult) -> None:
    """One log line for each event of this clock's trust: the operator should look at it."""
    for event in step.clock:
        log_line("clock", level="warning", state=event.value)
