"""Counts the people between two doors from light beams; the count is unknown where the beams do not tell it.

A barrier is two light beams a hand apart. A person who walks through breaks the first beam, then both, then
the second alone. The beam that is broken first and the beam that is free last give the direction; a person
who turns back is not counted. Two people who walk chest to back are counted once: that is why a lane also
counts faces, and may have a presence sensor or a mat. A doubtful count is never guessed: a wrong guess would
let a second person through.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from edge.ports import LaneView

# A suitcase stands in the barrier for some seconds; a beam that is broken for longer has failed.
STUCK_MS: Final = 15_000
# Presence sensors are slow: one that contradicts the count for longer than this is right, or it is broken.
# In both cases the count is unknown.
CONTRADICTS_MS: Final = 3_000
MOST: Final = 20  # no lane holds more people: a beam flickers


@dataclass(slots=True)
class Barrier:
    """Two beams across the way, `first` on the outer side. `see` must get every change."""

    _broken: tuple[bool, bool] = (False, False)
    _began_at: int | None = None  # the beam that was broken first: 0 or 1
    _last_alone: int | None = None  # the beam that was the last to be broken alone
    _since_ms: int | None = None

    def see(self, first: bool, second: bool, tick_ms: int) -> int | None:  # noqa: FBT001  two beams
        """Take a change: 1, a person came inwards; -1, went outwards; 0, neither; None, unknown."""
        before, self._broken = self._broken, (first, second)
        if self._broken == before:
            return 0
        if self._broken == (False, False):
            return self._ended()
        if before == (False, False):
            self._since_ms = tick_ms
            self._began_at = None if first and second else int(second)
        if first != second:
            self._last_alone = int(second)
        return 0

    def stuck(self, tick_ms: int) -> bool:
        """Whether a beam has been broken for longer than a person needs to walk through."""
        return self._since_ms is not None and tick_ms - self._since_ms > STUCK_MS

    def _ended(self) -> int | None:
        began, last = self._began_at, self._last_alone
        self._began_at = self._last_alone = self._since_ms = None
        if began is None or last is None:
            return None
        return last - began


@dataclass(slots=True)
class LaneCounter:
    """The number of people between the doors. `present`: from a presence sensor, None without a sensor."""

    present: bool | None = None
    people: int | None = None  # None until staff or a sensor report that the lane is empty
    entry: Barrier = field(default_factory=Barrier)
    exit: Barrier = field(default_factory=Barrier)
    _contradicts_ms: int | None = None

    def at_entry(self, first: bool, second: bool, tick_ms: int) -> None:  # noqa: FBT001
        """Take a change of the beams behind the outer door."""
        self._count(self.entry.see(first, second, tick_ms), 1)

    def at_exit(self, first: bool, second: bool, tick_ms: int) -> None:  # noqa: FBT001
        """Take a change of the beams before the inner door."""
        self._count(self.exit.see(first, second, tick_ms), -1)

    def emptied(self) -> None:
        """Start again at 0: staff have seen that the lane is empty."""
        self.people = 0
        self.entry, self.exit = Barrier(), Barrier()
        self._contradicts_ms = None

    def view(self, *, outer_shut: bool, inner_shut: bool, tick_ms: int) -> LaneView:
        """The state of the lane now."""
        if self.people is None and self.present is False and outer_shut and inner_shut:
            self.people = 0
        self._weigh(tick_ms)
        if self.entry.stuck(tick_ms) or self.exit.stuck(tick_ms):
            self.people = None
        return LaneView(self.people, outer_shut, inner_shut)

    def _count(self, step: int | None, inwards: int) -> None:
        if step is None:
            self.people = None
        elif self.people is not None:
            people = self.people + step * inwards
            self.people = people if 0 <= people <= MOST else None

    def _weigh(self, tick_ms: int) -> None:
        """Compare the presence sensor with the count."""
        if self.people is None or self.present is None or self.present == (self.people > 0):
            self._contradicts_ms = None
        elif self._contradicts_ms is None:
            self._contradicts_ms = tick_ms
        elif tick_ms - self._contradicts_ms > CONTRADICTS_MS:
            self.people = self._contradicts_ms = None
