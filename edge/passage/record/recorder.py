"""What a verifier writes down: decisions, which must be durable, and everything else, which should."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from edge.errors import StorageFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.audit.journal import Journal
    from edge.audit.record import AuditRecord, ClockEvent, DevicePart, StopCause
    from edge.decision import Decision
    from edge.passage.clock_monitor import ClockMonitor
    from edge.passage.record.record_builder import RecordBuilder
    from edge.ports import DoorEvent


class Recorder:
    """Puts a testimony on record, stamped with the time that is believed. `tick_ms`: that of this moment."""

    def __init__(
        self, journal: Journal, testimony: RecordBuilder, timing: ClockMonitor, tick_ms: Callable[[], int]
    ) -> None:
        self._journal = journal
        self._testimony = testimony
        self._timing = timing
        self._tick_ms = tick_ms
        self._clock_events: list[ClockEvent] = []

    def started(self) -> None:
        """This device is ready. Raises StorageFault: without a journal, no door."""
        self._journal.append(self._testimony.started(self._timing.now(), self._tick_ms()))

    def decided(self, decision: Decision) -> int:
        """The decision of this passage, durable under the seq that is returned. Raises StorageFault."""
        return self._journal.append(self._testimony.passage(decision, self._timing.now(), self._tick_ms()))

    def stopped(self, cause: StopCause) -> None:
        """The program ends."""
        self._note(self._testimony.stopped(cause, self._timing.now(), self._tick_ms()))

    def fault(self, part: DevicePart) -> None:
        """A part of this device failed."""
        self._note(self._testimony.fault(part, self._timing.now(), self._tick_ms()))

    def door(self, event: DoorEvent) -> None:
        """The door did something, or has something to say."""
        self._note(self._testimony.door(event, self._timing.now()))

    def clock(self) -> None:
        """Whatever happened to the belief in the clock since the last time."""
        for event, off in self._timing.changes():
            self._clock_events.append(event)
            self._note(self._testimony.clock(event, off, self._timing.now(), self._tick_ms()))

    def told_of_clock(self) -> tuple[ClockEvent, ...]:
        """What of that was put on record since this was asked last."""
        events, self._clock_events = tuple(self._clock_events), []
        return events

    def _note(self, record: AuditRecord) -> None:
        """Append what is not a decision, or go on without.

        The decision behind it is durable already, and where the disk is full the next passage finds out
        before its strike moves, and is denied there.
        """
        with suppress(StorageFault):
            self._journal.append(record)
