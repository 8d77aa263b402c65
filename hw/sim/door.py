"""A simulated door: strike, leaf, closer, contact, and a visitor who walks through.

The state depends only on the injected clock's ticks and on the calls: nothing runs between calls. Each call
first plays all events that were due until now, in order.

The lock is fail-secure: it is locked without current. The coil needs `coil_ms` to free the bolt. A visitor
pushes some time after the release, opens, walks through and lets go; the closer shuts the leaf. The contact
(DPS) breaks and makes at `contact_deg`. The strike relocks when the contact breaks or the time is up.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.errors import DoorLinkFault
from edge.ports import DoorEvent, DoorEventKind
from hw.door.strike import ProofCheck, capped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.on_record import OnRecord
    from edge.ports import Clock


@dataclass(frozen=True, slots=True)
class Leaf:
    """The door leaf. Angles in degrees, 0 is shut; the speeds are constant, which is enough for a drawing."""

    coil_ms: int = 40  # typical pull-in time of a 12 V strike
    contact_deg: float = 2.0  # a reed contact with 20 mm gap on a 900 mm leaf
    open_deg: float = 75.0
    opening_ms: int = 900
    closer_ms: int = 2_500


@dataclass(frozen=True, slots=True)
class Visitor:
    """A visitor who pushes after the release and keeps the leaf open for `dwell_ms`."""

    reaction_ms: int = 600  # from the click of the strike to a hand on the leaf
    dwell_ms: int = 1_200


@dataclass(frozen=True, slots=True)
class Sample:
    """The door at one moment."""

    tick_ms: int
    energised: bool
    angle_deg: float


@dataclass(frozen=True, slots=True)
class _Swing:
    """One opening and closing of the leaf, planned in ticks when it begins."""

    leaf: Leaf
    start_ms: int
    dwell_ms: int
    forced: bool

    @property
    def breaks_ms(self) -> int:
        """The tick at which the contact breaks."""
        return self.start_ms + round(self.leaf.opening_ms * self.leaf.contact_deg / self.leaf.open_deg)

    @property
    def let_go_ms(self) -> int:
        return self.start_ms + self.leaf.opening_ms + self.dwell_ms

    @property
    def makes_ms(self) -> int:
        """The tick at which the contact makes again."""
        return self.let_go_ms + round(self.leaf.closer_ms * (1 - self.leaf.contact_deg / self.leaf.open_deg))

    def angle_deg(self, tick_ms: int) -> float:
        opening = (tick_ms - self.start_ms) / self.leaf.opening_ms
        closing = 1 - (tick_ms - self.let_go_ms) / self.leaf.closer_ms
        return self.leaf.open_deg * max(0.0, min(opening, 1.0, closing))


class SimDoor:
    """A Strike in memory. `history`: every event; `trace`: the state of the door over time."""

    def __init__(self, clock: Clock, *, leaf: Leaf | None = None, visitor: Visitor | None = None) -> None:
        self.visitor = visitor  # None: no visitor pushes
        self.history: list[DoorEvent] = []
        self._clock = clock
        self._leaf = leaf or Leaf()
        self._unread: deque[DoorEvent] = deque()
        self._pulses: list[tuple[int, int | None]] = []  # energised from, until
        self._swings: list[_Swing] = []
        self._deadline_ms: int | None = None  # None: not energised
        self._ready_ms = 0  # the earliest tick at which the visitor pushes
        self._swing: _Swing | None = None  # while the contact is broken, or about to break
        self._is_open = False
        self._is_closed_for_good = False
        self._proofs = ProofCheck()

    @property
    def energised(self) -> bool:
        self._settle()
        return self._deadline_ms is not None

    @property
    def is_open(self) -> bool:
        """Whether the contact is broken."""
        self._settle()
        return self._is_open

    def release(self, for_ms: int, allowed: OnRecord) -> None:
        for_ms = capped(for_ms)
        if self._is_closed_for_good:
            raise DoorLinkFault("the simulated door was closed", hint="open a new one")
        self._proofs.release(allowed)
        self._settle()
        now = self._clock.tick_ms()
        if self._deadline_ms is None:
            self._pulses.append((now, None))
            self._happens(DoorEventKind.RELEASED, now)
        self._deadline_ms = now + for_ms
        self._ready_ms = now + max(self._leaf.coil_ms, self.visitor.reaction_ms if self.visitor else 0)

    def relock(self) -> None:
        self._settle()
        self._relock_at(self._clock.tick_ms())

    def force_open(self, *, dwell_ms: int = 1_000) -> None:
        """Force the shut leaf open, as an attacker with a lever does, now."""
        self._settle()
        if self._swing is None:
            self._start_swing(self._clock.tick_ms(), dwell_ms, forced=self._deadline_ms is None)

    def events(self) -> Sequence[DoorEvent]:
        self._settle()
        fresh = tuple(self._unread)
        self._unread.clear()
        return fresh

    def close(self) -> None:
        self.relock()
        self._is_closed_for_good = True

    def trace(self, start_ms: int, end_ms: int, *, step_ms: int = 20) -> list[Sample]:
        """The states of the door from `start_ms` to `end_ms`, two ticks in the past."""
        self._settle()
        return [self._sample(tick) for tick in range(start_ms, end_ms + 1, step_ms)]

    def _sample(self, tick_ms: int) -> Sample:
        on = any(start <= tick_ms and (end is None or tick_ms < end) for start, end in self._pulses)
        angle = max((swing.angle_deg(tick_ms) for swing in self._swings), default=0.0)
        return Sample(tick_ms, on, angle)

    def _settle(self) -> None:
        """Play the events that were due until now, earliest first."""
        while due := min(self._due(), key=lambda item: item[0], default=None):
            tick_ms, happen = due
            if tick_ms > self._clock.tick_ms():
                return
            happen(tick_ms)

    def _due(self) -> list[tuple[int, Callable[[int], None]]]:
        """The next event of each kind; at one tick the first of the list wins.

        So a visitor who pushes at the tick when the time is up finds the door locked.
        """
        due: list[tuple[int, Callable[[int], None]]] = []
        if self._deadline_ms is not None:
            due.append((self._deadline_ms, self._relock_at))
        if self._swing is not None:
            due.append(
                (self._swing.makes_ms, self._shut) if self._is_open else (self._swing.breaks_ms, self._open)
            )
        elif self._deadline_ms is not None and self.visitor is not None:
            due.append((self._ready_ms, self._push))
        return due

    def _push(self, tick_ms: int) -> None:
        assert self.visitor is not None
        self._start_swing(tick_ms, self.visitor.dwell_ms, forced=False)

    def _start_swing(self, tick_ms: int, dwell_ms: int, *, forced: bool) -> None:
        self._swing = _Swing(self._leaf, tick_ms, dwell_ms, forced)
        self._swings.append(self._swing)

    def _open(self, tick_ms: int) -> None:
        assert self._swing is not None
        self._is_open = True
        self._happens(DoorEventKind.FORCED if self._swing.forced else DoorEventKind.OPENED, tick_ms)
        self._relock_at(tick_ms)

    def _shut(self, tick_ms: int) -> None:
        self._swing = None
        self._is_open = False
        self._ready_ms = max(self._ready_ms, tick_ms)
        self._happens(DoorEventKind.CLOSED, tick_ms)

    def _relock_at(self, tick_ms: int) -> None:
        if self._deadline_ms is None:
            return
        self._deadline_ms = None
        self._pulses[-1] = (self._pulses[-1][0], tick_ms)
        self._happens(DoorEventKind.RELOCKED, tick_ms)

    def _happens(self, kind: DoorEventKind, tick_ms: int) -> None:
        event = DoorEvent(kind, tick_ms)
        self.history.append(event)
        self._unread.append(event)
