"""A Strike without a lock, for a desk, a counter or a check before a train."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from edge.errors import DoorLinkFault
from edge.ports import Cause, DoorEvent, DoorEventKind
from hw.door.strike import ProofCheck, capped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.on_record import OnRecord
    from edge.ports import Clock


class NoStrike:
    """A Strike without an output: it reports begin and end of a release, and moves nothing.

    The release lasts as long as at a door, so that its signal stays visible, and staff do not take the next
    holder for the one before.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends_ms: int | None = None
        self._told: deque[DoorEvent] = deque(maxlen=100)  # if no caller reads for minutes, the newest remain
        self._closed = False
        self._proofs = ProofCheck()

    @property
    def released(self) -> bool:
        """Whether a release is in progress."""
        self._run_out()
        return self._ends_ms is not None

    def release(self, for_ms: int, allowed: OnRecord) -> None:
        if self._closed:
            raise DoorLinkFault("the strike is closed", hint="start the device again")
        self._run_out()
        now_ms = self._clock.tick_ms()
        ends_ms = now_ms + capped(for_ms)
        seq = self._proofs.release(allowed)
        if self._ends_ms is None:
            self._told.append(DoorEvent(DoorEventKind.RELEASED, now_ms, Cause.GRANT, seq))
        self._ends_ms = ends_ms

    def relock(self) -> None:
        self._run_out()
        if self._ends_ms is not None:
            self._end(self._clock.tick_ms(), Cause.COMMAND)

    def events(self) -> Sequence[DoorEvent]:
        self._run_out()
        told = tuple(self._told)
        self._told.clear()
        return told

    def close(self) -> None:
        self.relock()
        self._closed = True

    def _run_out(self) -> None:
        if self._ends_ms is not None and self._clock.tick_ms() >= self._ends_ms:
            self._end(self._ends_ms, Cause.TIMEOUT)

    def _end(self, tick_ms: int, cause: Cause) -> None:
        self._told.append(DoorEvent(DoorEventKind.RELOCKED, tick_ms, cause))
        self._ends_ms = None
