"""The time of a running device: two clocks through the trusted clock, and changes of trust in them."""

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
    """Asks the clocks, and keeps the changes of trust in them until they are recorded."""

    def __init__(
        self,
        clock: Clock,
        trusted_clock: TrustedClock,
        phone_offset: PhoneClockOffset,
        trust: Callable[[], TrustSnapshot],
    ) -> None:
        self._clock = clock
        self._trusted_clock = trusted_clock
        self._phone_offset = phone_offset
        self._trust = trust
        self._latest: TrustSnapshot | None = None
        self._anomaly: ClockAnomaly | None = None
        self._alarmed = False
        self._changes: list[tuple[ClockEvent, timedelta | None]] = []

    def at(self, trust: TrustSnapshot) -> TrustedTime:
        """The trusted time, with this trust."""
        self._latest = trust
        trusted_time = self._trusted_clock.at(self._clock.now(), self._clock.tick_ms(), trust)
        if trusted_time.anomaly is not self._anomaly:
            self._anomaly = trusted_time.anomaly
            self._phone_offset.forget()
            event = ClockEvent(trusted_time.anomaly.value) if trusted_time.anomaly else ClockEvent.TRUSTED
            self._changes.append((event, trusted_time.off if trusted_time.anomaly else None))
        return trusted_time

    def agreed(self) -> None:
        """A holder's phone agreed with the clock: a code was granted."""
        self._trusted_clock.agreed()

    def now(self) -> datetime:
        """The time for the stamp of a record."""
        return self.at(self._latest if self._latest is not None else self._trust()).now

    def changes(self) -> list[tuple[ClockEvent, timedelta | None]]:
        """The changes since the last call, for the record: the event, and the error of the clock."""
        if self._phone_offset.alarmed and not self._alarmed:
            self._changes.append((ClockEvent.PHONES, self._phone_offset.offset))
        self._alarmed = self._phone_offset.alarmed
        changes, self._changes = self._changes, []
        return changes
