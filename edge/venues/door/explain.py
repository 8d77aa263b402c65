"""Explains the rules to their author: the result for one person at one time, and the time it changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.decision import Reason
from edge.keyed_digest import DIGEST_BYTES
from edge.venues.door.occupancy import MemoryOccupancyStore, OccupancyChange
from edge.venues.door.person import EnrolledPerson
from edge.venues.door.venue import mode, objection
from edge.venues.door.visit_facts import DoorContext, VisitFacts

if TYPE_CHECKING:
    from datetime import datetime

    from edge.link.messages import Mode
    from edge.venues.door.occupancy import OccupancyStore
    from edge.venues.door.rules import DoorRules

_STEP: Final = timedelta(minutes=1)  # schedules begin and end on whole minutes
AHEAD: Final = timedelta(days=8)  # a week repeats; after that only a holiday brings a change
_NO_NAME: Final = bytes(DIGEST_BYTES)


@dataclass(frozen=True, slots=True)
class Outlook:
    """The `mode` of the door from a time on, and the `reason` of a refusal; None if the person passes.

    `locked_down`: whether lock-down holds; the controller's `mode` is normal if a group may still pass.
    `until`: the time at which one of these changes; None: not within a week.
    """

    reason: Reason | None
    mode: Mode
    locked_down: bool = False
    until: datetime | None = None


def member(groups: frozenset[str]) -> EnrolledPerson:
    """A person in these groups, without other data."""
    return EnrolledPerson(_NO_NAME, groups)


def outlook(
    rules: DoorRules, person: EnrolledPerson | None, at: datetime, occupancy: OccupancyStore
) -> Outlook:
    """The result of the rules for this person at this time (aware), with the door's occupancy store.

    `person`: None for a person who is not enrolled.
    """
    now = _said(rules, person, at, occupancy)
    later = at.replace(second=0, microsecond=0) + _STEP
    while later < at + AHEAD:
        if _said(rules, person, later, occupancy) != now:
            return replace(now, until=later)
        later += _STEP
    return now


def hours(
    rules: DoorRules, person: EnrolledPerson, begin: datetime, end: datetime, *, first_came: bool = True
) -> list[tuple[datetime, datetime]]:
    """The times from `begin` to `end` (aware) at which this person may come in, to the minute.

    Counted are validity, permits, hours and the hours of lock-down. Not counted are people inside, an
    operator's lock-down, and a second person. `first_came`: whether a group named in `after` has come in.
    """
    occupancy = MemoryOccupancyStore()
    spans: list[tuple[datetime, datetime]] = []
    at = begin
    while at < end:
        door = DoorContext.at(rules, occupancy, at)
        if first_came:
            day = door.local.day
            occupancy.write(
                OccupancyChange("", rules.area.name, 0, door.day, today=day, opened=rules.starters)
            )
        if _refusal(_facts(door, person)) is None:
            last = min(at + _STEP, end)
            spans[-1:] = [(spans[-1][0], last)] if spans and spans[-1][1] == at else [*spans[-1:], (at, last)]
        at += _STEP
    return spans


def _facts(door: DoorContext, person: EnrolledPerson | None) -> VisitFacts:
    """A visit with the card of this person: its template is the enrolled one."""
    if person is None:
        return VisitFacts(door, None, _NO_NAME, None)
    return VisitFacts(door, None, person.name, replace(person, template=None))


def _refusal(facts: VisitFacts) -> Reason | None:
    """The reason of a refusal; people inside may always go out."""
    return objection(facts) if facts.comes_in else None


def _said(
    rules: DoorRules, person: EnrolledPerson | None, at: datetime, occupancy: OccupancyStore
) -> Outlook:
    door = DoorContext.at(rules, occupancy, at)
    facts = _facts(door, person)
    alone = Reason.PERSON_ALONE if facts.is_alone else None
    return Outlook(_refusal(facts) or alone, mode(door), door.is_locked_down)
