"""The presentation window: the allowed age of a code, plus the drift of the clock (FORMAT.md section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.decision import Reason
from edge.errors import Refused
from edge.trust.time.clock_slack import CLOCK_SLACK, is_ahead

if TYPE_CHECKING:
    from datetime import datetime

TOKEN_LIFE: Final = timedelta(seconds=30)  # the phone signs every 20 s, so its clock may be 10 s behind
MAX_WINDOW: Final = timedelta(seconds=120)  # a screenshot older than two minutes never passes
DRIFT_PPM: Final = 20  # an ordinary crystal, 1.7 s a day


@dataclass(frozen=True, slots=True)
class Window:
    """The limits for the time in a presentation: at most `behind` before `now`, and `ahead` after it."""

    behind: timedelta
    ahead: timedelta


def window(since_sync: timedelta) -> Window:
    """30 s behind and 10 s ahead, each wider by the drift since the clock was last set; 120 s at most."""
    extra = drift(since_sync)
    return Window(TOKEN_LIFE + extra, CLOCK_SLACK + extra)


def drift(since_sync: timedelta) -> timedelta:
    """The drift of an ordinary crystal since the last sync, at most MAX_WINDOW - TOKEN_LIFE."""
    return min(max(since_sync, timedelta(0)) * DRIFT_PPM / 1_000_000, MAX_WINDOW - TOKEN_LIFE)


def check_floor(now: datetime, floor: datetime) -> None:
    """Raises Refused(CLOCK_UNTRUSTED) if a trusted key has signed a time after `now`, beyond CLOCK_SLACK."""
    if is_ahead(floor, now):
        raise Refused(Reason.CLOCK_UNTRUSTED, "the clock is behind a signed time")
