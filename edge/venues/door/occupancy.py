"""The occupancy store: the data that a door keeps between passages, only as much as its rules need.

All times are whole seconds since 1970, UTC. A clock that is set back must not lock a holder out for ever: no
rule trusts a time in the future, and a timed rule uses only the distance between two times.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Inside:
    """A person came in at `at`, on the area's day number `day`; on other days the person is not inside."""

    at: int
    day: int


@dataclass(frozen=True, slots=True)
class WaitingPerson:
    """The first of two people, who stood at this door at `at`."""

    person: bytes = field(repr=False)
    at: int


@dataclass(frozen=True, slots=True)
class OccupancyChange:
    """The change by one decided visit; the store applies all of it or nothing.

    `came`, `left`: people, into and out of `area`, on its day number `day`. `opened`: groups whose entry
    opens something today, which has the ordinal `today`. `waiting`: the person who now waits at `door`.
    `over`: the area's days before this one have ended for certain, and people of those days are deleted.
    """

    door: str
    area: str
    at: int
    day: int
    today: int
    came: tuple[bytes, ...] = field(default=(), repr=False)
    left: tuple[bytes, ...] = field(default=(), repr=False)
    opened: frozenset[str] = frozenset()
    waiting: WaitingPerson | None = None
    over: int = 0


class OccupancyStore(Protocol):
    """The occupancy store of a door's rules. Raises StorageFault; only `write` changes it."""

    def inside(self, area: str, person: bytes) -> Inside | None:
        """The time and day at which this person came in; None if the person is not inside."""
        ...

    def count(self, area: str, day: int) -> int:
        """Number of people inside on the area's day."""
        ...

    def opened(self, area: str, group: str) -> int | None:
        """The day on which a person of this group last came in, as an ordinal."""
        ...

    def waiting(self, door: str) -> WaitingPerson | None:
        """The first of two people at this door; None if no person waits."""
        ...

    def is_locked_down(self) -> bool:
        """Whether an operator switched lock-down on."""
        ...

    def write(self, change: OccupancyChange) -> None:
        """Store this durably."""
        ...


class MemoryOccupancyStore:
    """An occupancy store in memory; the reference for the durable one."""

    def __init__(self) -> None:
        self.locked_down = False
        self._inside: dict[tuple[str, bytes], Inside] = {}
        self._opened: dict[tuple[str, str], int] = {}
        self._waiting: dict[str, WaitingPerson] = {}

    def inside(self, area: str, person: bytes) -> Inside | None:
        return self._inside.get((area, person))

    def count(self, area: str, day: int) -> int:
        return sum(where == area and seen.day == day for (where, _), seen in self._inside.items())

    def opened(self, area: str, group: str) -> int | None:
        return self._opened.get((area, group))

    def waiting(self, door: str) -> WaitingPerson | None:
        return self._waiting.get(door)

    def is_locked_down(self) -> bool:
        return self.locked_down

    def write(self, change: OccupancyChange) -> None:
        area = change.area
        over = [key for key, seen in self._inside.items() if key[0] == area and seen.day < change.over]
        for key in (*over, *((area, person) for person in change.left)):
            self._inside.pop(key, None)
        self._inside |= {(area, person): Inside(change.at, change.day) for person in change.came}
        self._opened |= {(area, group): change.today for group in change.opened}
        self._waiting.pop(change.door, None)
        if change.waiting is not None:
            self._waiting[change.door] = change.waiting
