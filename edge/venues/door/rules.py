"""The rules of one door, compiled from its site's file (`edge.venues.door.rules_file`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from edge.schedule.weekly_schedule import NEVER, WeeklySchedule, union

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edge.policy.obligations import Factor
    from edge.schedule.calendar import Calendar
    from edge.schedule.weekly_schedule import LocalTime


class Direction(StrEnum):
    """Which way this door's reader lets people go."""

    IN = "in"
    OUT = "out"


class Passback(StrEnum):
    """What happens to somebody who comes in and did not go out since he came in last."""

    OFF = "off"
    SOFT = "soft"  # comes in, and staff are told
    TIMED = "timed"  # is refused for some minutes
    HARD = "hard"  # is refused until he went out, or the day of the area is over


@dataclass(frozen=True, slots=True)
class Area:
    """The space behind a door; several doors may lead into one.

    `limit`: of people inside; None: any number. `window_s`: of timed passback. `reset_min`: the minute of the
    day at which everybody is taken to have left; None: never.
    """

    name: str
    limit: int | None = None
    passback: Passback = Passback.OFF
    window_s: int = 0
    reset_min: int | None = None

    @property
    def is_counted(self) -> bool:
        """Whether it has to be known who is inside; where it has not, nobody writes it down."""
        return self.limit is not None or self.passback is not Passback.OFF


@dataclass(frozen=True, slots=True)
class Doorway:
    """One door of the site.

    `unlock`: when it stands free; `unlock_after`: the group that has to come first on that day, or None.
    `companion_s`: this door wants two people, the second within so many seconds; None: one is enough.
    """

    site: str
    direction: Direction = Direction.IN
    unlock: WeeklySchedule = NEVER
    unlock_after: str | None = None
    companion_s: int | None = None


@dataclass(frozen=True, slots=True)
class Permit:
    """When a group may pass: at any time of `plain`; of `after`, once somebody of the named group has."""

    plain: WeeklySchedule = NEVER
    after: tuple[tuple[str, WeeklySchedule], ...] = ()


@dataclass(frozen=True, slots=True)
class LockDown:
    """Nobody passes but `may_pass`: in the times of `schedule`, and while somebody has switched it on."""

    schedule: WeeklySchedule = NEVER
    may_pass: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DoorRules:
    """Everything that one door goes by.

    `everybody`: the groups of whoever is not enrolled; empty: such a person does not pass. `permits`: by
    group. `groups`: all that the site's file names. `no_face`: what is asked of a person who passes without a
    face: a PIN, or staff.
    """

    version: str
    calendar: Calendar
    doorway: Doorway
    area: Area
    permits: Mapping[str, Permit] = field(repr=False)
    groups: frozenset[str]
    no_face: Factor
    everybody: frozenset[str] = frozenset()
    lock_down: LockDown = LockDown()
    assisted_ms: int = 8_000
    starters: frozenset[str] = field(init=False)  # the groups whose coming opens something for others

    def __post_init__(self) -> None:
        named = {group for permit in self.permits.values() for group, _ in permit.after}
        if self.doorway.unlock_after is not None:
            named.add(self.doorway.unlock_after)
        object.__setattr__(self, "starters", frozenset(named))

    def permits_of(self, groups: Iterable[str]) -> tuple[Permit, ...]:
        """Those of these groups that have any."""
        return tuple(self.permits[group] for group in groups if group in self.permits)


PermitLine = tuple[str, str | None, WeeklySchedule]  # group, the group that has to come first, when


def permits(told: Iterable[PermitLine]) -> dict[str, Permit]:
    """One permit for each group, of all that is said about it."""
    by_group: dict[str, dict[str | None, list[WeeklySchedule]]] = {}
    for group, after, schedule in told:
        by_group.setdefault(group, {}).setdefault(after, []).append(schedule)
    return {
        group: Permit(
            plain=union(schedules.get(None, (NEVER,))),
            after=tuple((after, union(parts)) for after, parts in schedules.items() if after is not None),
        )
        for group, schedules in by_group.items()
    }


def in_force(schedule: WeeklySchedule, local: LocalTime, came_in: int | None, *, after: str | None) -> bool:
    """Whether this schedule is, given the last day on which somebody of group `after` came in.

    A shift that began yesterday is opened by whoever came yesterday. A day that is still to come was put down
    by a clock that has been set right since, and opens nothing.
    """
    since = schedule.since(local)
    if since is None or after is None:
        return since is not None
    return came_in is not None and since <= came_in <= local.day
