"""Trusted clocks whose wall clock and steady clock a test sets."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from worlds.trust import DAY, NOW, TRUST

from edge.trust.snapshot import TrustSnapshot
from edge.trust.time.trusted_clock import ClockMemory, TrustedClock, TrustedTime

S, HOUR = timedelta(seconds=1), timedelta(hours=1)
SIGNED = TRUST.floor  # an hour before NOW
YEAR = 365 * DAY


def trust(*, signed: datetime = SIGNED, synced: datetime | None = None) -> TrustSnapshot:
    return replace(TRUST, floor=signed, synced_at=synced)


def at(
    trusted_clock: TrustedClock, wall: datetime, seconds: float, snapshot: TrustSnapshot | None = None
) -> TrustedTime:
    """The trusted time when the wall clock shows `wall`, `seconds` after the start."""
    return trusted_clock.at(wall, round(seconds * 1_000), snapshot or trust())


def running(*, for_s: int = 0, memory: ClockMemory | None = None) -> TrustedClock:
    """A trusted clock that trusted the wall clock at NOW, and `for_s` seconds later."""
    trusted_clock = TrustedClock(memory)
    for second in {0, for_s}:
        assert at(trusted_clock, NOW + second * S, second).anomaly is None
    return trusted_clock
