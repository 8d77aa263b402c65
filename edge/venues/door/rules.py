"""The rules of one door, compiled from the site's file (`edge.venues.door.rules_file`)."""

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
    """The direction in which this door's reader lets people pass."""

    IN = "in"
    OUT = "out"


class Passback(StrEnum):
    """The rule for a person who comes in again without going out in between."""

    OFF = "off"
    SOFT = "soft"  # the person passes, and staff are told
    TIMED = "timed"  # the person is refused for some minutes
    HARD = "hard"  # the person is refused until they go out, or the day of the area is over


@dataclass(frozen=True, slots=True)
class Area:
    """The space behind a door; several doors may lead into one.

    `limit`: of people inside; None: any number. `window_s`: of timed passback. `reset_min`: the minute of the
    day at which all people count as gone; None: never.
    """

    name: str
    limit: int | None = None
    passback: Passback = Passback.OFF
    window_s: int = 0
    reset_min: int | None = None

    @property
    def is_counted(self) -> bool:
        """Whether a rule needs the people inside; without need they are not stored."""
        return self.limit is not None or self.passback is not Passback.OFF


@dataclass(frozen=True, slots=True)
class Doorway:
    """One door of the site.

    `unlock`: the schedule of free access; `unlock_after`: the group that must come in before it, or None.
    `companion_s`: the door opens for two people, the second within so many seconds; None: for one.
    """

    site: str
    direction: Direction = Direction.IN
    unlock: WeeklySchedule = NEVER
    unlock_after: str | None = None
    companion_s: int | None = None


@dataclass(frozen=True, slots=True)
class Permit:
    """The times at which a group may pass: in `plain`, and in `after` once its named group has come in."""

    plain: WeeklySchedule = NEVER
    after: tuple[tuple[str, WeeklySchedule], ...] = ()


@dataclass(frozen=True, slots=True)
class LockDown:
    """Lock-down: only groups in `may_pass` pass, in `schedule` and while an operator has switched it on."""

    schedule: WeeklySchedule = NEVER
    may_pass: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DoorRules:
    """All rules of one door.

    `not_enrolled`: the groups of people who are not enrolled; empty: such people do not pass. `permits`: by
    group. `groups`: all groups of the site's file. `no_face`: the factor in place of a face: PIN or staff.
    """

    version: str
    calendar: Calendar
    doorway: Doorway
    area: Area
    permits: Mapping[str, Permit] = field(repr=False)
    groups: frozenset[str]
    no_face: Factor
    not_enrolled: frozenset[str] = frozenset()
    lock_down: LockDown = LockDown()
    assisted_ms: int = 8_000
    starters: frozenset[str] = field(init=False)  # the groups whose entry opens something for others

    def __post_init__(self) -> None:
        named = {group for permit in self.permits.values() for group, _ in permit.after}
        if self.doorway.unlock_after is not None:
            named.add(self.doorway.unlock_after)
        object.__setattr__(self, "starters", frozenset(named))

    def permits_of(self, groups: Iterable[str]) -> tuple[Permit, ...]:
        """The permits of these groups."""
        return tuple(self.permits[group] for group in groups if group in self.permits)


PermitLine = tuple[str, str | None, WeeklySchedule]  # group, the group that must come in first, schedule


def permits(told: Iterable[PermitLine]) -> dict[str, Permit]:
    """One permit for each group, joined from all its lines."""
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
    """Whether this schedule is in force. `came_in`: the last day on which a person of group `after` came in.

    A shift that began yesterday is opened by a person who came in yesterday. A day in the future comes from a
    clock that was wrong then; it opens nothing.
    """
    since = schedule.since(local)
    if since is None or after is None:
        return since is not None
    return came_in is not None and since <= came_in <= local.day
