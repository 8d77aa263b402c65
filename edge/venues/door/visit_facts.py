"""One visit to one door, with all facts that the rules need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.card.claims import SealedReference
from edge.venues.door.rules import Direction, Passback, in_force

if TYPE_CHECKING:
    from datetime import datetime

    from edge.card.claims import FaceReference
    from edge.schedule.weekly_schedule import LocalTime, WeeklySchedule
    from edge.venues.door.occupancy import OccupancyStore
    from edge.venues.door.person import EnrolledPerson
    from edge.venues.door.rules import DoorRules


@dataclass(frozen=True, slots=True)
class DoorContext:
    """A door at one moment: its rules, its occupancy store, and its local time.

    `now`: aware UTC. `day`: the area's day number; a new day begins at the area's reset.
    """

    rules: DoorRules
    occupancy: OccupancyStore = field(repr=False)
    now: datetime
    local: LocalTime
    day: int

    @classmethod
    def at(cls, rules: DoorRules, occupancy: OccupancyStore, now: datetime) -> DoorContext:
        """The context of this door at this time."""
        reset_min = rules.area.reset_min
        day = 0 if reset_min is None else rules.calendar.day_since(reset_min, now)
        return cls(rules, occupancy, now, rules.calendar.local_time(now), day)

    @property
    def second(self) -> int:
        """The time `now` in whole seconds since 1970, as the occupancy store keeps it."""
        return int(self.now.timestamp())

    @property
    def is_locked_down(self) -> bool:
        """Whether lock-down holds, by schedule or by switch."""
        return self.rules.lock_down.schedule.is_open(self.local) or self.occupancy.is_locked_down()

    @property
    def is_free(self) -> bool:
        """Whether the door is in free access: a verified card is enough."""
        doorway = self.rules.doorway
        return self.holds(doorway.unlock, doorway.unlock_after) and not self.is_locked_down

    def holds(self, schedule: WeeklySchedule, after: str | None) -> bool:
        """Whether this schedule is in force, and a person of group `after` has come in first."""
        came_in = None if after is None else self.occupancy.opened(self.rules.area.name, after)
        return in_force(schedule, self.local, came_in, after=after)

    def is_inside(self, person: bytes) -> bool:
        """Whether this person came in on the area's day and did not go out."""
        seen = self.occupancy.inside(self.rules.area.name, person)
        return seen is not None and seen.day == self.day

    def came_back(self, person: bytes) -> bool:
        """Whether passback objects. For a time in the future, only its distance to now counts."""
        area = self.rules.area
        match area.passback:
            case Passback.HARD:
                return self.is_inside(person)
            case Passback.TIMED:
                seen = self.occupancy.inside(area.name, person)
                return seen is not None and abs(self.second - seen.at) < area.window_s
            case _:
                return False


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """One visit. `name`: the holder's keyed name; `person`: None if the holder is not enrolled.

    `face`: the card's reference to a face, if there is one.
    """

    door: DoorContext
    face: FaceReference | None = field(repr=False)
    name: bytes = field(repr=False)
    person: EnrolledPerson | None

    @property
    def rules(self) -> DoorRules:
        """The rules of this door."""
        return self.door.rules

    @property
    def groups(self) -> frozenset[str]:
        """The groups of this holder here."""
        return self.rules.not_enrolled if self.person is None else self.person.groups

    @property
    def is_stranger(self) -> bool:
        """Whether the holder must be enrolled, and is not.

        A door for two needs enrolled people: a holder with two cards would otherwise count as two people.
        """
        return self.person is None and (not self.rules.not_enrolled or self.wants_two)

    @property
    def wants_two(self) -> bool:
        """Whether this door opens for two people only."""
        return self.rules.doorway.companion_s is not None

    @property
    def comes_in(self) -> bool:
        """Whether this reader lets people in."""
        return self.rules.doorway.direction is Direction.IN

    @property
    def has_other_template(self) -> bool:
        """Whether the card points to another template than the enrolled one."""
        if self.person is None or self.person.template is None:
            return False
        return not isinstance(self.face, SealedReference) or self.face.hash != self.person.template

    @property
    def is_scheduled(self) -> bool:
        """Whether a schedule of these groups is open, without regard to the group that must come in first."""
        local, permits = self.door.local, self.rules.permits_of(self.groups)
        return any(
            schedule.is_open(local)
            for permit in permits
            for schedule in (permit.plain, *(w for _, w in permit.after))
        )

    @property
    def is_permitted(self) -> bool:
        """Whether a permit is in force, and the group that must come in first has come in."""
        return any(
            self.door.holds(permit.plain, None)
            or any(
                group in self.groups or self.door.holds(schedule, group)
                for group, schedule in permit.after
                if schedule.is_open(self.door.local)
            )
            for permit in self.rules.permits_of(self.groups)
        )

    @property
    def companion(self) -> bytes | None:
        """The person who waits here as the first of two; None if there is none in time."""
        waits, within_s = self.door.occupancy.waiting(self.rules.doorway.site), self.rules.doorway.companion_s
        if waits is None or within_s is None or waits.person == self.name:
            return None
        late = abs(self.door.second - waits.at) > within_s
        return None if late or self.door.came_back(waits.person) else waits.person

    @property
    def is_alone(self) -> bool:
        """Whether a second person must come before the door opens."""
        return self.comes_in and self.wants_two and not self.door.is_free and self.companion is None

    @property
    def is_too_many(self) -> bool:
        """Whether the area has no room for this person, and at a door for two for both people."""
        area = self.rules.area
        if area.limit is None:
            return False
        coming = [self.name] if not self.wants_two or self.door.is_free else [self.name, self.companion]
        inside = self.door.occupancy.count(area.name, self.door.day)
        if inside + len(coming) <= area.limit:
            return False
        more = sum(person is None or not self.door.is_inside(person) for person in coming)
        return more > 0 and inside + more > area.limit

    @property
    def is_first_in(self) -> bool:
        """Whether this entry is the first today that opens something for others."""
        if not self.comes_in:
            return False
        occupancy, area, today = self.door.occupancy, self.rules.area.name, self.door.local.day
        return any(occupancy.opened(area, group) != today for group in self.groups & self.rules.starters)
