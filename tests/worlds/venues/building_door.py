"""A building's door for tests: cards, people, rules in TOML, and short calls for visits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from worlds.trust import verified_card

from edge.card.claims import Card as VerifiedCard
from edge.card.claims import TemplateReference
from edge.card.person import Person
from edge.decision import Decision, Deny, Grant, Reason
from edge.errors import Refused
from edge.policy.obligations import Factor, Obligations, StaffNotice, Visit
from edge.venues.door.occupancy import MemoryOccupancyStore, OccupancyStore
from edge.venues.door.person import EnrolledPerson, person_name
from edge.venues.door.rules import DoorRules
from edge.venues.door.rules_file import parse_rules
from edge.venues.door.site_tables import Zones
from edge.venues.door.venue import DoorVenue

SITE = "tower-1/lobby"
SITE_KEY = bytes(range(32))
MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)  # 17:00 in Macau


def card(subject: str | None = "anna", *, moment: datetime = MONDAY, **changes: object) -> VerifiedCard:
    """A plain verified card with a face."""
    face = TemplateReference(100, "mfn1", bytes(64))
    return verified_card(subject, moment=moment, **({"face": face} | changes))


@cache
def find_zone(name: str) -> ZoneInfo | None:
    return ZoneInfo(name) if name in available_timezones() else None


ZONES = Zones(find_zone, available_timezones)


def rules(text: str, *, site: str = SITE, zone: str = "Asia/Macau") -> DoorRules:
    """Rules of a site with three groups; `text`: the rest of its file."""
    head = f'version = "1"\nzone = "{zone}"\ngroups = ["staff", "guards", "visitors"]\n'
    return parse_rules((head + text).encode(), "site.toml", site=site, zones=ZONES)


@dataclass
class Enrolled:
    """People in memory, by the name of their card."""

    by_name: dict[bytes, EnrolledPerson]

    def find(self, name: bytes) -> EnrolledPerson | None:
        return self.by_name.get(name)


@dataclass
class Entrance:
    """One door, its people and its occupancy. The fields of a person: `people={"anna": {"groups": ...}}`."""

    rules: DoorRules
    people: dict[str, dict] = field(default_factory=dict)
    occupancy: OccupancyStore = field(default_factory=MemoryOccupancyStore)

    def __post_init__(self) -> None:
        enrolled = {}
        for subject, told in self.people.items():
            name = person_name(Person("CN-GD", subject), SITE_KEY)
            same = told.get("same_as")
            facts = {key: value for key, value in told.items() if key != "same_as"}
            facts["groups"] = frozenset(facts.get("groups", {"staff"}))
            who = person_name(Person("CN-GD", same), SITE_KEY) if same else name
            enrolled[name] = EnrolledPerson(who, **facts)
        self.enrolled = Enrolled(enrolled)
        self.venue = DoorVenue(lambda: self.rules, self.enrolled, self.occupancy, site_key=SITE_KEY)

    def visit(self, subject: str | None, at: datetime, **changes: object) -> Visit:
        return Visit(card(subject, **changes), SITE, at)

    def asks(self, subject: str | None, at: datetime = MONDAY, **changes: object) -> Obligations | Reason:
        """The obligations or the refusal of a visit; no state changes."""
        try:
            return self.venue.evaluate(self.visit(subject, at, **changes))
        except Refused as refused:
            return refused.reason

    def comes(self, subject: str | None, at: datetime = MONDAY, **changes: object) -> Reason | None:
        """A whole passage of a visitor whose face and factors are right; returns the reason of a refusal, or None."""
        decision = decided(self.asks(subject, at, **changes))
        self.venue.commit(self.visit(subject, at, **changes), decision, 1)
        return decision.reason if isinstance(decision, Deny) else None

    def notes(self, subject: str | None, at: datetime = MONDAY) -> frozenset[StaffNotice]:
        return self.venue.staff_notices(self.visit(subject, at))

    def count(self) -> int:
        """The number of people inside today, by the occupancy store."""
        area = self.rules.area
        day = 0 if area.reset_min is None else self.rules.calendar.day_since(area.reset_min, MONDAY)
        return self.occupancy.count(area.name, day)


def decided(answer: Obligations | Reason) -> Decision:
    """The decision for a visitor with the right face and PIN, but without a companion."""
    if isinstance(answer, Reason):
        return Deny(answer)
    reasons = [asked.reason for asked in answer.required if asked.factor is Factor.COMPANION]
    return Deny(reasons[0]) if reasons else Grant(3_000)


def local(text: str, zone: str, *, fold: int = 0) -> datetime:
    """The UTC instant of a wall-clock time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def name_of(subject: str | None) -> bytes:
    return person_name(card(subject).person, SITE_KEY)


Tell = Callable[..., Entrance]
