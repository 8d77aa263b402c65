"""Compares this device's clock with the holders' phones: an alarm at most, never a time (TIME.md section 5).

An attacker may hold a phone whose clock is wrong on purpose. So no holder moves our clock, and no single one
raises an alarm: the median of several different cards does, and all that it does is call a person.
"""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

HOLDERS: Final = 9  # the last so many cards count, each once
ENOUGH: Final = 5  # of fewer, one person with two phones would be the middle
ALARM: Final = timedelta(seconds=15)  # half of what a code lives: beyond it honest holders are turned away
CALM: Final = timedelta(seconds=10)  # an alarm that is over stays over for a median between the two
HALF_A_CODE: Final = timedelta(seconds=10)  # phones sign every 20 s, so a code is this old on average


class PhoneClockOffset:
    """Median time by which this device's clock is ahead of the phones of the last few holders."""

    def __init__(self) -> None:
        self._offsets: dict[str, timedelta] = {}
        self._alarmed = False

    @property
    def offset(self) -> timedelta | None:
        """The median over different cards; None while there are too few. Positive: our clock is ahead."""
        if len(self._offsets) < ENOUGH:
            return None
        return timedelta(seconds=median(offset.total_seconds() for offset in self._offsets.values()))

    @property
    def alarmed(self) -> bool:
        """Whether a person should look at this clock."""
        return self._alarmed

    def hear(self, pseudonym: str, presented_at: datetime, now: datetime) -> None:
        """Take in when a holder's key signed a code that came `now`."""
        self._offsets.pop(pseudonym, None)
        self._offsets[pseudonym] = now - presented_at - HALF_A_CODE
        if len(self._offsets) > HOLDERS:
            del self._offsets[next(iter(self._offsets))]
        self._alarmed = abs(self.offset or timedelta(0)) > (CALM if self._alarmed else ALARM)

    def forget(self) -> None:
        """Our clock has been set: what was said about it before says nothing about it now."""
        self._offsets.clear()
        self._alarmed = False
