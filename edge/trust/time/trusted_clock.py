"""Finds the time, as far as this device can know it offline (TIME.md sections 2 to 4).

The wall clock is trusted as long as nothing speaks against it: a time that a trusted key has signed, a time
that this device stored itself, or the monotonic clock that counts beside it. Once something does, the clock
is suspect: time goes on from the best that is known, at the pace of the monotonic clock, and codes step up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge.card import numbers as n
from edge.trust.time.code_window import MAX_WINDOW, TOKEN_LIFE, drift

if TYPE_CHECKING:
    from edge.trust.snapshot import TrustSnapshot

# Two leap seconds, or what an ordinary time service still sets in one step; beyond it somebody set the clock.
STEP_SLACK: Final = timedelta(seconds=2)
# As much as the window of codes is ever widened by: what a crystal is off after 52 days alone.
SMALL_STEP: Final = MAX_WINDOW - TOKEN_LIFE
# Lists are signed once a day, and one day may be missed: what is further ahead of a new word, it refutes.
AGREES: Final = timedelta(hours=48)
LAST: Final = datetime.fromtimestamp(n.MAX_TIME, UTC)  # no time in any of our formats is later
FIRST: Final = datetime.fromtimestamp(0, UTC)
ZERO: Final = timedelta(0)


class ClockAnomaly(StrEnum):
    """The evidence against the wall clock."""

    BEHIND = "behind"  # it is before a signed time, or before what this device stored
    BACK = "back"  # it was set back while we watched
    AHEAD = "ahead"  # it was set forward while we watched, or is past all times that there are


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """The time to judge by. With a `anomaly` it is not the wall clock's, and true time may be later.

    `since_sync`: how long the clock has run on its own. `off`: how far the wall clock is from `now`.
    """

    now: datetime
    anomaly: ClockAnomaly | None = None
    since_sync: timedelta = ZERO
    off: timedelta = ZERO

    @property
    def suspect(self) -> bool:
        return self.anomaly is not None


@dataclass(frozen=True, slots=True)
class ClockMemory:
    """The memory that outlives a power cut, in `clock.json`.

    `time`: the latest believed; `signed`: the latest signed time seen then; `synced`: the last network.
    """

    time: datetime
    signed: datetime
    synced: datetime | None = None


class TrustedClock:
    """Turns two clocks and what was signed into one time. The state of one run; `memory` is what to store.

    It belongs to the passage's single thread; `memory` may be read from any.
    """

    def __init__(self, memory: ClockMemory | None = None, *, built: datetime = FIRST) -> None:
        """`memory`: of the last run, if there is one. `built`: when the image was made, if that is known."""
        self._stored = memory.time if memory else None
        self._signed = max(built, memory.signed) if memory else built
        self._synced = memory.synced if memory else None
        self._line: tuple[datetime, int] | None = None  # a time, and the tick at which it was the best we had
        self._anchored = False  # whether it came from a wall clock that we believed
        self._highest = FIRST
        self._anomaly: ClockAnomaly | None = None
        self._heard = False  # a sync since the doubt began
        self.memory = memory or ClockMemory(FIRST, built)

    @property
    def anomaly(self) -> ClockAnomaly | None:
        """The evidence against the wall clock at the moment."""
        return self._anomaly

    def at(self, wall: datetime, tick_ms: int, trust: TrustSnapshot) -> TrustedTime:
        """The time to judge by, given the wall clock (aware UTC), the steady clock and the trust of now."""
        news = self._listen(trust)
        floor = max(self._signed, self._stored or FIRST)
        reckoned = self._reckon(tick_ms)
        anomaly = self._objection(wall, reckoned, floor)
        self._heard = news if self._anomaly is None else self._heard or news
        if anomaly is not None and self._heard and self._settled(anomaly, wall, reckoned):
            anomaly, self._stored, self._anchored = None, None, False
        self._anomaly = anomaly
        if anomaly is None:
            now = self._highest = wall
            if not self._anchored or news:
                self._line, self._anchored = (wall, tick_ms), True
        else:
            now = max(floor, reckoned or floor)
            if reckoned is None or reckoned < floor:
                self._line = (floor, tick_ms)
        self.memory = ClockMemory(now, self._signed, self._synced)
        return TrustedTime(now, anomaly, self._since_sync(now), wall - now)

    def _listen(self, trust: TrustSnapshot) -> bool:
        """Take in what was signed, and whether there was a sync since the last call or the last run."""
        news = trust.floor > self._signed or (trust.synced_at is not None and trust.synced_at != self._synced)
        self._signed = max(self._signed, trust.floor)
        self._synced = trust.synced_at or self._synced
        return news

    def _reckon(self, tick_ms: int) -> datetime | None:
        """Where the steady clock says that the wall clock should be; None before the first call."""
        if self._line is None:
            return None
        at, tick = self._line
        return min(at + timedelta(milliseconds=tick_ms - tick), LAST)

    def _objection(self, wall: datetime, reckoned: datetime | None, floor: datetime) -> ClockAnomaly | None:
        if wall < floor:
            return ClockAnomaly.BEHIND
        if wall > LAST:
            return ClockAnomaly.AHEAD
        if reckoned is None or not self._anchored:
            return None
        allowed = STEP_SLACK + drift(self._since_sync(reckoned))
        if wall < reckoned - allowed:
            return ClockAnomaly.BACK
        return ClockAnomaly.AHEAD if wall > reckoned + allowed else None

    def _settled(self, anomaly: ClockAnomaly, wall: datetime, reckoned: datetime | None) -> bool:
        """Whether a sync since the doubt began speaks for the wall clock and against our own reckoning.

        The wall clock has to agree with what is signed. One that was ahead then may stay. One that is behind
        our own word may stay where that word is refuted, where it has caught up with the last time that we
        believed, or where the step is small.
        """
        if not self._signed <= wall <= self._signed + AGREES:
            return False
        if anomaly is ClockAnomaly.AHEAD:
            return True
        own = max(self._stored or FIRST, reckoned if self._anchored and reckoned else FIRST)
        caught_up = self._anchored and wall >= self._highest
        return own > self._signed + AGREES or caught_up or own - wall <= SMALL_STEP

    def _since_sync(self, now: datetime) -> timedelta:
        """Since a network was there; for a device that never saw one, since anybody signed anything."""
        return max(now - (self._synced or self._signed), ZERO)
