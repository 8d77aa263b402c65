"""The venue `door`: a table of objections, the obligations of a visit, and the change of occupancy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge.decision import Deny, Grant, Reason
from edge.errors import Refused
from edge.link.messages import Mode
from edge.policy.obligations import Factor, Obligation, Obligations, StaffNotice, merge
from edge.venues.door.occupancy import OccupancyChange, WaitingPerson
from edge.venues.door.person import person_name
from edge.venues.door.rules import Direction, Passback
from edge.venues.door.visit_facts import DoorContext, VisitFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from edge.decision import Decision
    from edge.policy.obligations import Visit
    from edge.venues.door.occupancy import OccupancyStore
    from edge.venues.door.person import People
    from edge.venues.door.rules import DoorRules

_Rule = tuple[Reason, "Callable[[VisitFacts], bool]"]

# The first rule that objects decides. A door in free access applies fewer rules.
LOCK_DOWN: Final[_Rule] = (
    Reason.SITE_LOCKED,
    lambda f: f.door.is_locked_down and not f.groups & f.rules.lock_down.may_pass,
)
WHO: Final[tuple[_Rule, ...]] = (
    (Reason.PERSON_UNKNOWN, lambda f: f.is_stranger),
    (Reason.VISIT_WINDOW, lambda f: f.person is not None and not f.person.is_due(f.door.now)),
)
FACE: Final[_Rule] = (Reason.FACE_TEMPLATE, lambda f: f.has_other_template)
WHEN: Final[tuple[_Rule, ...]] = (
    (Reason.DOOR_NOT_PERMITTED, lambda f: not f.rules.permits_of(f.groups)),
    (Reason.SCHEDULE_CLOSED, lambda f: not f.is_scheduled),
    (Reason.SCHEDULE_UNATTENDED, lambda f: not f.is_permitted),
)
ROOM: Final[tuple[_Rule, ...]] = (
    (Reason.PERSON_PASSBACK, lambda f: f.door.came_back(f.name)),
    (Reason.SITE_FULL, lambda f: f.is_too_many),
)

USUAL: Final = (*WHO, FACE, LOCK_DOWN, *WHEN, *ROOM)
STANDING_FREE: Final = (FACE, LOCK_DOWN, *ROOM)


def objection(facts: VisitFacts) -> Reason | None:
    """The reason of the first rule that objects to this person's entry, or None."""
    rules = STANDING_FREE if facts.door.is_free else USUAL
    return next((reason for reason, objects in rules if objects(facts)), None)


def mode(door: DoorContext) -> Mode:
    """The mode in which a controller should run this door.

    A controller in lock-down denies every grant. If a group may still pass, or this reader lets people out,
    the controller stays normal, and these rules refuse all others.
    """
    if door.is_locked_down:
        is_passable = door.rules.lock_down.may_pass or door.rules.doorway.direction is Direction.OUT
        return Mode.NORMAL if is_passable else Mode.LOCK_DOWN
    return Mode.FREE_ACCESS if door.is_free else Mode.NORMAL


class DoorVenue:
    """One door of a site. `rules`: the rules in force now; they are replaced whole. `site_key`: 32 bytes."""

    def __init__(
        self, rules: Callable[[], DoorRules], people: People, occupancy: OccupancyStore, *, site_key: bytes
    ) -> None:
        self._rules = rules
        self._people = people
        self._occupancy = occupancy
        self._site_key = site_key

    def evaluate(self, visit: Visit) -> Obligations:
        """The obligations of this visit. Raises Refused, and StorageFault if a store cannot be read."""
        facts = self._facts(visit)
        if facts.comes_in:  # people inside may always go out
            reason = objection(facts)
            if reason is not None:
                raise Refused(reason)
        person = facts.person
        obligations = Obligations(
            required=tuple(_asked(facts)),
            release_ms=facts.rules.assisted_ms if person and person.assisted else None,
            pin=person.pin if person else None,
            notices=_notes(facts),
        )
        return merge((obligations,))  # in the order of the step-ups

    def commit(self, visit: Visit, decision: Decision, seq: int) -> None:  # noqa: ARG002  the journal's own
        """Store that the person came in, went out or waits. Raises StorageFault."""
        facts = self._facts(visit)
        change = None
        match decision:
            case Grant():
                change = _came(facts) if facts.comes_in else _left(facts)
            case Deny(reason=Reason.PERSON_ALONE):
                change = _change(facts, waiting=WaitingPerson(facts.name, facts.door.second))
            case Deny():
                pass
        if change is not None:
            over = DoorContext.at(self._rules(), self._occupancy, visit.passed.at).day
            self._occupancy.write(replace(change, over=over))

    def staff_notices(self, visit: Visit) -> frozenset[StaffNotice]:
        """The notices for staff, such as duress, for a granted and for a denied visit."""
        return _notes(self._facts(visit))

    def mode_at(self, now: datetime) -> Mode:
        """The mode in which a controller should run this door now. Raises StorageFault."""
        return mode(DoorContext.at(self._rules(), self._occupancy, now))

    def _facts(self, visit: Visit) -> VisitFacts:
        name = person_name(visit.card.person, self._site_key)
        person = self._people.find(name)
        door = DoorContext.at(self._rules(), self._occupancy, visit.now)
        return VisitFacts(door, visit.card.face, person.name if person else name, person)


def _asked(facts: VisitFacts) -> Iterator[Obligation]:
    if facts.person is not None and facts.person.no_face:
        yield Obligation(facts.rules.no_face, Reason.FACTOR_ABSENT)
    if facts.is_alone:  # not an objection: the first person must give all else before the wait
        yield Obligation(Factor.COMPANION, Reason.PERSON_ALONE)


def _notes(facts: VisitFacts) -> frozenset[StaffNotice]:
    person = facts.person
    soft = facts.rules.area.passback is Passback.SOFT and facts.comes_in
    told = {
        StaffNotice.DURESS: person is not None and person.duress,
        StaffNotice.NO_FACE: person is not None and person.no_face,
        StaffNotice.ASSISTED: person is not None and person.assisted,
        StaffNotice.FIRST_IN: facts.is_first_in,
        StaffNotice.PASSBACK: soft and facts.door.is_inside(facts.name),
    }
    return frozenset(note for note, holds in told.items() if holds)


def _came(facts: VisitFacts) -> OccupancyChange | None:
    """The entry of this person, and of the person who waited at a door for two."""
    other = facts.companion if facts.wants_two and not facts.door.is_free else None
    came = (facts.name,) if other is None else (facts.name, other)
    counted = facts.rules.area.is_counted
    opened = facts.groups & facts.rules.starters
    if not counted and not opened and other is None:
        return None
    return _change(facts, came=came if counted else (), opened=opened)


def _left(facts: VisitFacts) -> OccupancyChange | None:
    return _change(facts, left=(facts.name,)) if facts.rules.area.is_counted else None


def _change(
    facts: VisitFacts,
    *,
    came: tuple[bytes, ...] = (),
    left: tuple[bytes, ...] = (),
    opened: frozenset[str] = frozenset(),
    waiting: WaitingPerson | None = None,
) -> OccupancyChange:
    door = facts.door
    return OccupancyChange(
        door=facts.rules.doorway.site,
        area=facts.rules.area.name,
        at=door.second,
        day=door.day,
        today=door.local.day,
        came=came,
        left=left,
        opened=opened,
        waiting=waiting,
    )
