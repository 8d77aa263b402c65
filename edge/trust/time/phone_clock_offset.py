"""Compares this device's clock with the clocks of holders' phones and raises an alarm (TIME.md section 5).

An attacker may hold a phone whose clock is wrong on purpose. So no phone moves our clock, and no single phone
raises an alarm. The median of several different cards does, and the alarm only asks staff to look.
"""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

HOLDERS: Final = 9  # the number of latest cards that count, each once
ENOUGH: Final = 5  # with fewer, two phones of one person could be the median
ALARM: Final = timedelta(seconds=15)  # half the life of a code: beyond it honest holders are refused
CALM: Final = timedelta(seconds=10)  # an alarm ends below this: hysteresis
HALF_A_CODE: Final = timedelta(seconds=10)  # phones sign every 20 s, so this is the mean age of a code


class PhoneClockOffset:
    """Median time by which this device's clock is ahead of the phones of the last few holders."""

    def __init__(self) -> None:
        self._offsets: dict[str, timedelta] = {}
        self._alarmed = False

    @property
    def offset(self) -> timedelta | None:
        """The median over different cards, or None for fewer than ENOUGH. Positive: our clock is ahead."""
        if len(self._offsets) < ENOUGH:
            return None
        return timedelta(seconds=median(offset.total_seconds() for offset in self._offsets.values()))

    @property
    def alarmed(self) -> bool:
        """Whether staff should check this clock."""
        return self._alarmed

    def hear(self, pseudonym: str, presented_at: datetime, now: datetime) -> None:
        """Add a code: signed at `presented_at` by the phone's clock, received at `now` by ours."""
        self._offsets.pop(pseudonym, None)
        self._offsets[pseudonym] = now - presented_at - HALF_A_CODE
        if len(self._offsets) > HOLDERS:
            del self._offsets[next(iter(self._offsets))]
        self._alarmed = abs(self.offset or timedelta(0)) > (CALM if self._alarmed else ALARM)

    def forget(self) -> None:
        """Forget all offsets, because our clock was set."""
        self._offsets.clear()
        self._alarmed = False
