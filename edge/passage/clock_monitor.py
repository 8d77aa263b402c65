"""The time of a device at work: its two clocks through the timekeeper, and what happened to their belief."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.audit.record import ClockEvent

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from edge.ports import Clock
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.time.phone_clock_offset import PhoneClockOffset
    from edge.trust.time.trusted_clock import ClockAnomaly, TrustedClock, TrustedTime


class ClockMonitor:
    """Asks the clocks, and keeps what has to be put on record about them until it is collected."""

    def __init__(
        self,
        clock: Clock,
        keeper: TrustedClock,
        holders: PhoneClockOffset,
        trust: Callable[[], TrustSnapshot],
    ) -> None:
        self._clock = clock
        self._keeper = keeper
        self._holders = holders
        self._trust = trust
        self._latest: TrustSnapshot | None = None
        self._doubt: ClockAnomaly | None = None
        self._alarmed = False
        self._changes: list[tuple[ClockEvent, timedelta | None]] = []

    def at(self, trust: TrustSnapshot) -> TrustedTime:
        """The time to judge by, with this trust."""
        self._latest = trust
        believed = self._keeper.at(self._clock.now(), self._clock.tick_ms(), trust)
        if believed.doubt is not self._doubt:
            self._doubt = believed.doubt
            self._holders.forget()
            event = ClockEvent(believed.doubt.value) if believed.doubt else ClockEvent.TRUSTED
            self._changes.append((event, believed.off if believed.doubt else None))
        return believed

    def now(self) -> datetime:
        """The time to stamp a record with."""
        return self.at(self._latest if self._latest is not None else self._trust()).now

    def changes(self) -> list[tuple[ClockEvent, timedelta | None]]:
        """What is to be put on record since the last call: the event, and how far the clock is off."""
        if self._holders.alarmed and not self._alarmed:
            self._changes.append((ClockEvent.HOLDERS, self._holders.offset))
        self._alarmed = self._holders.alarmed
        changes, self._changes = self._changes, []
        return changes
