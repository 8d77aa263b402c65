"""Finds the best time that this device can know offline (TIME.md sections 2 to 4, and 6).

The wall clock is trusted until it contradicts a time that a trusted key has signed, a time that this device
stored, or the monotonic clock. Then the wall clock is suspect: time goes on from the best known time, at the
rate of the monotonic clock, and the site's policy decides about codes. Data is destroyed by VouchedTime only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge.trust.time.clock_slack import CLOCK_SLACK, is_ahead
from edge.trust.time.code_window import DRIFT_PPM, MAX_WINDOW, TOKEN_LIFE, drift
from edge.trust.time.steady_time import FIRST, LAST, SteadyTime
from edge.vouched_time import UNVOUCHED, VouchedTime

if TYPE_CHECKING:
    from edge.trust.snapshot import TrustSnapshot

# Two leap seconds, or the largest single step of a time service; a larger step was made by hand.
STEP_SLACK: Final = timedelta(seconds=2)
# The most by which the window of codes is ever widened: the drift of a crystal in 52 days.
SMALL_STEP: Final = MAX_WINDOW - TOKEN_LIFE
# Lists are signed once a day, and one may be missed: a time further ahead of new signed data is refuted.
AGREES: Final = timedelta(hours=48)
# A time service can make the kernel count 11 ms for 10 (adjtimex: `tick` up to 11,000 us); so of each count
# 10/11 are certain. The drift of the crystal is a hundredth of the difference.
CERTAIN: Final = 909_090
OWN: Final = 1_000_000 - DRIFT_PPM  # of the count that wall clock and monotonic clock share
ZERO: Final = timedelta(0)


class ClockAnomaly(StrEnum):
    """The evidence against the wall clock."""

    BEHIND = "behind"  # it is before a signed or a stored time, by more than CLOCK_SLACK
    BACK = "back"  # it was set back while the program ran
    AHEAD = "ahead"  # it was set forward while the program ran, or is after 2100


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """The time to judge by. With an `anomaly` it is not the wall clock's, and true time may be later.

    Without one it is the wall clock's, or the floor if that is after it by at most CLOCK_SLACK.
    `since_sync`: the time that the clock has run without a correction. `off`: the wall clock minus `now`.
    `vouched`: the time by which data may be destroyed; with an anomaly no data may be.
    """

    now: datetime
    anomaly: ClockAnomaly | None = None
    since_sync: timedelta = ZERO
    off: timedelta = ZERO
    vouched: VouchedTime = UNVOUCHED

    @property
    def suspect(self) -> bool:
        return self.anomaly is not None


@dataclass(frozen=True, slots=True)
class ClockMemory:
    """The times that outlive a power cut, in `clock.json`.

    `time`: our own time, counted from a signed time or from a grant, not from the wall clock alone; `signed`:
    the latest signed time seen then; `synced`: the last sync over a network that brought a newer signed time;
    `vouched`: the time that had passed for certain.
    """

    time: datetime
    signed: datetime
    synced: datetime | None = None
    vouched: datetime = FIRST

    def passed(self, wall: datetime) -> VouchedTime:
        """The time by which data may be destroyed, at this wall clock.

        Two witnesses: neither a key that signs a time in the future nor the wall clock destroys data alone.
        """
        return UNVOUCHED if wall < self.signed else VouchedTime(min(self.vouched, wall))


class TrustedClock:
    """Makes one time of the wall clock, the monotonic clock and the signed times. `memory` is to be stored.

    Only the passage's thread may call it; any thread may read `memory`.
    """

    def __init__(self, memory: ClockMemory | None = None, *, built: datetime = FIRST) -> None:
        """`memory`: of the last run, if there is one. `built`: the time of the image, if it is known."""
        self._stored = memory.time if memory else None
        self._signed = max(built, memory.signed) if memory else built
        self._synced = memory.synced if memory else None
        self._line: tuple[datetime, int] | None = None  # a time, and the tick at which it held
        self._anchored = False  # whether it came from a trusted wall clock
        self._confirmed = False  # whether a newer signed time or a holder's phone agreed with that clock
        self._highest = FIRST
        self._anomaly: ClockAnomaly | None = None
        self._heard = False  # a sync since the anomaly began
        self.memory = memory or ClockMemory(FIRST, built)
        self._own = SteadyTime(self.memory.time, per_million=OWN)
        self._certain = SteadyTime(self.memory.vouched, per_million=CERTAIN)
        self._vouched = UNVOUCHED
        self._now = self.memory.time
        self._tick_ms: int | None = None  # at which the wall clock was trusted last

    @property
    def anomaly(self) -> ClockAnomaly | None:
        """The evidence against the wall clock at the moment."""
        return self._anomaly

    @property
    def vouched(self) -> VouchedTime:
        """The time by which data may be destroyed, at the last call of `at`."""
        return self._vouched

    @property
    def now(self) -> datetime:
        """The trusted time at the last call of `at`."""
        return self._now

    def at(self, wall: datetime, tick_ms: int, trust: TrustSnapshot) -> TrustedTime:
        """The time to judge by, from the wall clock (aware UTC), the monotonic clock and the trust."""
        news = self._listen(trust)
        self._certain.raise_to(trust.vouched_from, tick_ms)
        self._own.raise_to(self._signed, tick_ms)
        floor = self._floor(tick_ms)
        reckoned = self._reckon(tick_ms)
        anomaly = self._objection(wall, reckoned, floor)
        self._heard = news if self._anomaly is None else self._heard or news
        if anomaly is not None and self._heard and self._settled(anomaly, wall, reckoned):
            anomaly, self._stored, self._anchored = None, None, False
            if self._own.now(tick_ms) > wall:
                self._own.set_to(self._signed, tick_ms)
            floor = self._floor(tick_ms)
        self._confirmed |= anomaly is None and self._heard and wall <= self._signed + AGREES
        self._anomaly = anomaly
        if anomaly is None:
            self._highest = wall
            now = max(wall, floor)  # within CLOCK_SLACK; the floor is the better time
            self._tick_ms = tick_ms
            if news or not (self._anchored and self._confirmed):
                self._line, self._anchored = (wall, tick_ms), True
        else:
            now = max(floor, reckoned or floor)
            if reckoned is None or reckoned < floor:
                self._line = (floor, tick_ms)
        self.memory = ClockMemory(
            self._own.now(tick_ms), self._signed, self._synced, self._certain.now(tick_ms)
        )
        self._vouched = UNVOUCHED if anomaly else self.memory.passed(wall)
        self._now = now
        return TrustedTime(now, anomaly, self._since_sync(now), wall - now, self._vouched)

    def agreed(self) -> None:
        """Count on from the wall clock: a granted code, by a holder's own phone, has its time."""
        if self._anomaly is None and self._tick_ms is not None:
            self._own.raise_to(self._highest, self._tick_ms)
            self._confirmed = True

    def _floor(self, tick_ms: int) -> datetime:
        """The earliest time that it can be now."""
        floor = max(self._signed, self._stored or FIRST)
        if self._confirmed:
            return floor
        # no step is noticed then; but what was counted has passed
        return max(floor, self._own.now(tick_ms) - STEP_SLACK)

    def _listen(self, trust: TrustSnapshot) -> bool:
        """Read the signed times of the trust. Returns whether there was a sync since the last call or run."""
        news = trust.floor > self._signed or (trust.synced_at is not None and trust.synced_at != self._synced)
        self._signed = max(self._signed, trust.floor)
        self._synced = trust.synced_at or self._synced
        return news

    def _reckon(self, tick_ms: int) -> datetime | None:
        """The wall time that follows from the monotonic clock; None before the first call."""
        if self._line is None:
            return None
        at, tick = self._line
        return min(at + timedelta(milliseconds=tick_ms - tick), LAST)

    def _objection(self, wall: datetime, reckoned: datetime | None, floor: datetime) -> ClockAnomaly | None:
        if is_ahead(floor, wall):
            return ClockAnomaly.BEHIND
        if wall > LAST:
            return ClockAnomaly.AHEAD
        if reckoned is None or not (self._anchored and self._confirmed):
            return None
        allowed = STEP_SLACK + drift(self._since_sync(reckoned))
        if wall < reckoned - allowed:
            return ClockAnomaly.BACK
        return ClockAnomaly.AHEAD if wall > reckoned + allowed else None

    def _settled(self, anomaly: ClockAnomaly, wall: datetime, reckoned: datetime | None) -> bool:
        """Whether a sync since the anomaly began confirms the wall clock against our own reckoning.

        The wall clock has to agree with the signed times. If it was ahead, that is enough. If it is behind
        our own time, that time must be refuted, or the wall clock must have caught up with the last trusted
        time, or the step must be small.
        """
        if not self._signed - CLOCK_SLACK <= wall <= self._signed + AGREES:
            return False
        if anomaly is ClockAnomaly.AHEAD:
            return True
        own = max(self._stored or FIRST, reckoned if self._anchored and reckoned else FIRST)
        caught_up = self._anchored and wall >= self._highest
        return own > self._signed + AGREES or caught_up or own - wall <= SMALL_STEP

    def _since_sync(self, now: datetime) -> timedelta:
        """The time since the last sync over a network or, if there was none, since the latest signed time."""
        return max(now - (self._synced or self._signed), ZERO)
