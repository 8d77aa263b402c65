"""A simulated lane: two doors, and people who walk through them, follow each other, and turn back.

As with SimDoor nothing runs between calls: each call first plays all events that were due. A person goes
through a door some time after its leaf has opened, if it is still open then; a second person follows close
behind. The outer leaf always opens by its handle from the lane, and the inner leaf from the inside, also
while they are locked; a person in the lane may then slip through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.ports import DoorEventKind, LaneView
from hw.sim.door import SimDoor, Visitor

if TYPE_CHECKING:
    from edge.ports import Clock

_STEP_MS: Final = 700  # from the opening of the leaf to a step through it
_BEHIND_MS: Final = 600  # from one person to the next behind
_OPENS: Final = (DoorEventKind.OPENED, DoorEventKind.FORCED)


class LaneDoor(SimDoor):
    """A door with a handle on one side, which opens it also while it is locked."""

    def leave(self, *, dwell_ms: int = 1_000) -> None:
        """Open it by its handle, now, if it is shut."""
        if not self.is_open:
            self._start_swing(self._clock.tick_ms(), dwell_ms, forced=False)


@dataclass(frozen=True, slots=True)
class _Step:
    """A person who will go through a door at `due_ms`."""

    due_ms: int
    who: str
    door: SimDoor
    inwards: bool  # towards the inside


class SimLane:
    """LaneSensors in memory. `inside`: the people in the lane; `gone`, `back`: those who left, by door.

    `blind`: a sensor has failed. `presence`: there is a presence sensor, so that an empty lane is known to be
    empty after a power cut. `always`: the person who enters where `approach` named none.
    """

    def __init__(self, clock: Clock, *, presence: bool = True, always: str | None = None) -> None:
        self.outer, self.inner = (LaneDoor(clock, visitor=Visitor()) for _ in range(2))
        self.inside: list[str] = []
        self.gone: list[str] = []
        self.back: list[str] = []
        self.blind = False
        self.stays = False  # True: the people in the lane do not walk on
        self._clock = clock
        self._presence = presence
        self._always = [always] if always else []
        self._waiting: list[str] = []
        self._steps: list[_Step] = []
        self._heard: dict[int, int] = {id(self.outer): 0, id(self.inner): 0}
        self._counted: int | None = None

    def approach(self, *who: str) -> None:
        """Put these people before the outer door; they enter when it opens, one behind the other."""
        self._waiting = list(who)

    def turn_back(self) -> None:
        """Let all people in the lane leave by the handle of the outer door."""
        self._settle()
        self.outer.leave()
        self._line_up(self.inside, self.outer, self._clock.tick_ms(), inwards=False)

    def one_leaves(self, who: str) -> None:
        """Let one person leave the lane by the handle of the outer door."""
        self._settle()
        self.outer.leave()
        self._line_up([who], self.outer, self._clock.tick_ms(), inwards=False)

    def come_from_inside(self, who: str) -> None:
        """Let a person open the inner door from the inside and step into the lane."""
        self._settle()
        self.inner.leave()
        self._line_up([who], self.inner, self._clock.tick_ms(), inwards=False)

    def hold(self, door: SimDoor, for_ms: int) -> None:
        """Let the next person at this door hold it open for `for_ms`."""
        door.visitor = Visitor(dwell_ms=for_ms)

    def power_cut(self) -> None:
        """Make the sensors lose their count."""
        self._settle()
        self._counted = None

    def view(self) -> LaneView:
        self._settle()
        if self._counted is None and self._presence and not self.inside:
            self._counted = 0
        people = None if self.blind else self._counted
        return LaneView(people, not self.outer.is_open, not self.inner.is_open)

    def emptied(self) -> None:
        self._settle()
        self._counted = 0

    def close(self) -> None:
        self.outer.close()
        self.inner.close()

    def _settle(self) -> None:
        for door in (self.outer, self.inner):
            door.trace(0, -1)  # plays the events that were due there
            news = door.history[self._heard[id(door)] :]
            self._heard[id(door)] += len(news)
            for event in news:
                if event.kind in _OPENS:
                    self._opened(door, event.tick_ms)
        now = self._clock.tick_ms()
        due = sorted((step for step in self._steps if step.due_ms <= now), key=lambda step: step.due_ms)
        self._steps = [step for step in self._steps if step.due_ms > now]
        for step in due:
            self._walk(step)

    def _opened(self, door: SimDoor, tick_ms: int) -> None:
        if door is self.outer:
            waiting, self._waiting = self._waiting or self._always, []
            self._line_up(waiting, door, tick_ms, inwards=True)
        elif not self.stays:
            leaving = {step.who for step in self._steps}
            self._line_up([who for who in self.inside if who not in leaving], door, tick_ms, inwards=True)

    def _line_up(self, people: list[str], door: SimDoor, tick_ms: int, *, inwards: bool) -> None:
        for place, who in enumerate(people):
            due = tick_ms + _STEP_MS + place * _BEHIND_MS
            self._steps.append(_Step(due, who, door, inwards))

    def _walk(self, step: _Step) -> None:
        if not _open_at(step.door, step.due_ms):
            return  # the leaf has shut before they were through
        if step.door is self.outer:
            self._move(step.who, self.back, enters=step.inwards)
        else:
            self._move(step.who, self.gone, enters=not step.inwards)

    def _move(self, who: str, out: list[str], *, enters: bool) -> None:
        if enters:
            self.inside.append(who)
        elif who in self.inside:
            self.inside.remove(who)
            out.append(who)
        else:
            return
        if self._counted is not None:
            self._counted = max(0, self._counted + (1 if enters else -1))


def _open_at(door: SimDoor, tick_ms: int) -> bool:
    """Whether the leaf stood open at this moment of the past."""
    is_open = False
    for event in door.history:
        if event.tick_ms <= tick_ms and event.kind in (*_OPENS, DoorEventKind.CLOSED):
            is_open = event.kind is not DoorEventKind.CLOSED
    return is_open
