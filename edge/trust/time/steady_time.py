"""A time that goes on with the monotonic clock alone, so that no setting of the wall clock moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from edge.card import numbers as n

LAST: Final = datetime.fromtimestamp(n.MAX_TIME, UTC)  # the latest time in any of our formats
FIRST: Final = datetime.fromtimestamp(0, UTC)


class SteadyTime:
    """A time that was known once, and the ticks since, at `per_million` millionths of their number.

    A device that has no power counts nothing: the time is then behind true time, and never ahead for that.
    """

    def __init__(self, at: datetime, *, per_million: int) -> None:
        self._at = at
        self._tick_ms: int | None = None  # None: no tick came yet
        self._per_million = per_million

    def now(self, tick_ms: int) -> datetime:
        """The time at this tick."""
        if self._tick_ms is None:
            self._tick_ms = tick_ms
        counted = timedelta(milliseconds=tick_ms - self._tick_ms) * self._per_million / 1_000_000
        return min(self._at + counted, LAST)

    def raise_to(self, at: datetime, tick_ms: int) -> None:
        """Go on from `at`, if that is later."""
        if at > self.now(tick_ms):
            self.set_to(at, tick_ms)

    def set_to(self, at: datetime, tick_ms: int) -> None:
        """Go on from `at`, also if that is earlier."""
        self._at, self._tick_ms = at, tick_ms
