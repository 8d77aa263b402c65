"""Explains the rules to their author: the result for one person at one time, and the time it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.decision import Reason
from edge.keyed_digest import DIGEST_BYTES
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

    `until`: the time at which one of the two changes; None: not within a week.
    """

    reason: Reason | None
    mode: Mode
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
            return Outlook(now.reason, now.mode, later)
        later += _STEP
    return now


def _said(
    rules: DoorRules, person: EnrolledPerson | None, at: datetime, occupancy: OccupancyStore
) -> Outlook:
    door = DoorContext.at(rules, occupancy, at)
    name = _NO_NAME if person is None else person.name
    facts = VisitFacts(door, None, name, person)
    alone = Reason.PERSON_ALONE if facts.is_alone else None
    return Outlook(objection(facts) or alone, mode(door))
