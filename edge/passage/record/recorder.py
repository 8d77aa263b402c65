"""Writes the records of one door: decisions must be durable, all others should be."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from edge.audit.record import ClockChange, DoorChange, Faulted, Stopped
from edge.decision import Grant
from edge.errors import StorageFault
from edge.policy.staff_messages import staff_news
from edge.ports import Cause, DoorEventKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.audit.journal import Journal
    from edge.audit.record import AuditRecord, ClockEvent, DevicePart, Passage, StopCause
    from edge.decision import Decision
    from edge.on_record import OnRecord
    from edge.passage.clock_monitor import ClockMonitor
    from edge.passage.record.record_builder import RecordBuilder, RecordStamp
    from edge.policy.staff_messages import StaffNews
    from edge.ports import DoorEvent

T = TypeVar("T", "int", "OnRecord")


class Recorder:
    """Appends the records of `builder` to a journal, stamped with the trusted time."""

    def __init__(self, journal: Journal, builder: RecordBuilder, clock_monitor: ClockMonitor) -> None:
        self.builder = builder
        self.last_seq = 0  # of the last record of this door since the program began
        self.fails = False  # the last record of this door was not written
        self._journal = journal
        self._clock_monitor = clock_monitor
        self._clock_events: list[ClockEvent] = []
        self._staff_news: list[StaffNews] = []

    def started(self, tick_ms: int) -> None:
        """Record that this door is ready. Raises StorageFault: a door needs its journal."""
        self._append(self.builder.started(self._clock_monitor.now(), tick_ms))

    def passage(self, decision: Decision, tick_ms: int) -> Passage:
        """The record of this decision as it stands now; `decided` makes it durable."""
        return self.builder.passage(decision, self._clock_monitor.now(), tick_ms)

    def decided(self, decision: Decision, record: Passage) -> tuple[int, OnRecord | None]:
        """Make this decision durable in this record; its seq, and for a grant its proof.

        Raises StorageFault.
        """
        allowed = self._permit(record) if isinstance(decision, Grant) else None
        seq = allowed.seq if allowed else self._append(record)
        self.builder.recorded(decision, seq)
        return seq, allowed

    def free_access(self, tick_ms: int) -> OnRecord:
        """Record that the site's hours order free access, before the lock moves. Raises StorageFault."""
        order = DoorChange(**self._stamp(tick_ms), change=DoorEventKind.FREE_ACCESS, cause=Cause.SCHEDULE)
        return self._permit(order)

    def stopped(self, cause: StopCause, tick_ms: int) -> None:
        """Record that the program ends."""
        self.note(Stopped(**self._stamp(tick_ms), cause=cause))

    def fault(self, part: DevicePart, tick_ms: int) -> None:
        """Record that a part of this door failed."""
        self.note(Faulted(**self._stamp(tick_ms), part=part))

    def door(self, event: DoorEvent) -> None:
        """Record an event of the door."""
        self.note(self.builder.door(event, self._clock_monitor.now()))

    def clock(self, tick_ms: int) -> None:
        """Record each change of trust in the clock since the last call."""
        for event, off in self._clock_monitor.changes():
            self._clock_events.append(event)
            off_s = None if off is None else round(off.total_seconds())
            self.note(ClockChange(**self._stamp(tick_ms), event=event, off_s=off_s))

    def told_of_clock(self) -> tuple[ClockEvent, ...]:
        """The changes of trust in the clock that were recorded since the last call."""
        events, self._clock_events = tuple(self._clock_events), []
        return events

    def told_to_staff(self) -> tuple[StaffNews, ...]:
        """The messages to staff in the records since the last call, also of records that were not written."""
        news, self._staff_news = tuple(self._staff_news), []
        return news

    def note(self, record: AuditRecord) -> None:
        """Append a record that moves no strike; without it if the journal fails.

        Its decision is durable already. If the disk is full, the next passage cannot record its decision, and
        is denied before its strike moves.
        """
        with suppress(StorageFault):
            self._append(record)

    def _stamp(self, tick_ms: int) -> RecordStamp:
        return self.builder.stamp(self._clock_monitor.now(), tick_ms)

    def _append(self, record: AuditRecord) -> int:
        self.last_seq = self._written(record, lambda: self._journal.append(record))
        return self.last_seq

    def _permit(self, record: AuditRecord) -> OnRecord:
        allowed = self._written(record, lambda: self._journal.permit(record))
        self.last_seq = allowed.seq
        return allowed

    def _written(self, record: AuditRecord, write: Callable[[], T]) -> T:
        """The result of `write`. Staff are told of this record, written or not. Raises StorageFault."""
        self.fails = True
        try:
            made = write()
        except StorageFault:
            self._tell(None, record)
            raise
        self.fails = False
        self._tell(made if isinstance(made, int) else made.seq, record)
        return made

    def _tell(self, seq: int | None, record: AuditRecord) -> None:
        if news := staff_news(seq, record):
            self._staff_news.append(news)
