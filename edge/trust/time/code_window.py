"""The presentation window: how far a clock that nothing corrects is of use (FORMAT.md section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.decision import Reason
from edge.errors import Refused

if TYPE_CHECKING:
    from datetime import datetime

TOKEN_LIFE: Final = timedelta(seconds=30)  # the phone signs again every 20 s: 10 s are left for its clock
MAX_WINDOW: Final = timedelta(
    seconds=120
)  # a screenshot older than two minutes never passes, whatever the drift
PHONE_AHEAD: Final = timedelta(seconds=10)  # the same 10 s for a phone whose clock is fast
DRIFT_PPM: Final = 20  # an ordinary crystal, 1.7 s a day


@dataclass(frozen=True, slots=True)
class Window:
    """The limits for the time in a presentation: how far `behind` and `ahead` of `now` it may lie."""

    behind: timedelta
    ahead: timedelta


def window(since_sync: timedelta) -> Window:
    """30 s behind and 10 s ahead, each wider by the drift since the clock was last set; 120 s at most."""
    extra = drift(since_sync)
    return Window(TOKEN_LIFE + extra, PHONE_AHEAD + extra)


def drift(since_sync: timedelta) -> timedelta:
    """The most that an ordinary crystal may be off by now; at most what the window has room for."""
    return min(max(since_sync, timedelta(0)) * DRIFT_PPM / 1_000_000, MAX_WINDOW - TOKEN_LIFE)


def check_floor(now: datetime, floor: datetime) -> None:
    """Raises Refused(CLOCK_UNTRUSTED) for a `now` before a time that somebody trusted has signed."""
    if now < floor:
        raise Refused(Reason.CLOCK_UNTRUSTED, "the clock is behind signed time")
