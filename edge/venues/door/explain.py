"""Explains the rules to their author: the answer to one person at one time, and until when it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.decision import Reason
from edge.keyed_digest import DIGEST_BYTES
from edge.venues.door.person import Person
from edge.venues.door.venue import mode, objection
from edge.venues.door.visit_facts import DoorContext, VisitFacts

if TYPE_CHECKING:
    from datetime import datetime

    from edge.link.messages import Mode
    from edge.venues.door.occupancy import OccupancyStore
    from edge.venues.door.rules import DoorRules

_STEP: Final = timedelta(minutes=1)  # schedules begin and end on whole ones
AHEAD: Final = timedelta(days=8)  # a week repeats; what has not changed by then waits for a holiday
_NOBODY: Final = bytes(DIGEST_BYTES)


@dataclass(frozen=True, slots=True)
class Outlook:
    """The `mode` of the door from a time on, and the `reason` why this person does not pass.

    `until`: when one of the two is another; None: not for a week at least.
    """

    reason: Reason | None
    mode: Mode
    until: datetime | None = None


def member(groups: frozenset[str]) -> Person:
    """Somebody of whom nothing is known but these groups."""
    return Person(_NOBODY, groups)


def outlook(rules: DoorRules, person: Person | None, at: datetime, occupancy: OccupancyStore) -> Outlook:
    """The answer of the rules to this person at this time (aware), given the door's memory.

    `person`: None for one who is not enrolled.
    """
    now = _said(rules, person, at, occupancy)
    later = at.replace(second=0, microsecond=0) + _STEP
    while later < at + AHEAD:
        if _said(rules, person, later, occupancy) != now:
            return Outlook(now.reason, now.mode, later)
        later += _STEP
    return now


def _said(rules: DoorRules, person: Person | None, at: datetime, occupancy: OccupancyStore) -> Outlook:
    door = DoorContext.at(rules, occupancy, at)
    name = _NOBODY if person is None else person.name
    facts = VisitFacts(door, None, name, person)
    alone = Reason.PERSON_ALONE if facts.is_alone else None
    return Outlook(objection(facts) or alone, mode(door))
