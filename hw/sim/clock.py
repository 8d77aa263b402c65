"""A clock that a test or a demo moves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class SimClock:
    """Both clocks of a device, moved by the caller. Only the wall clock, `now`, can jump."""

    def __init__(self, now: datetime, tick_ms: int = 0) -> None:
        assert now.tzinfo is not None
        self._now = now
        self._tick_ms = tick_ms

    def now(self) -> datetime:
        return self._now

    def tick_ms(self) -> int:
        return self._tick_ms

    def advance(self, for_ms: int) -> None:
        """Move both clocks forward by `for_ms`."""
        assert for_ms >= 0
        self._tick_ms += for_ms
        self._now += timedelta(milliseconds=for_ms)

    def jump(self, now: datetime) -> None:
        """Set the wall clock, as a technician or a wrong time server does; ticks do not change."""
        assert now.tzinfo is not None
        self._now = now
