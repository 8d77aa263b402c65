"""`doorward people show` and `remove`: the entry of one person, and all that the rules say of them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from edge.app.venues.door import read_plan, read_rules
from edge.card.claims import within
from edge.cli.config import given
from edge.cli.output import emit, harmless, tell
from edge.cli.people.file import (
    find,
    known_presence,
    local,
    name_of,
    open_people,
    rules_file,
    rules_of,
    stranger,
)
from edge.cli.people.row import person_row
from edge.errors import Exit
from edge.venues.door.explain import hours, outlook
from edge.venues.door.occupancy import MemoryOccupancyStore
from edge.venues.door.rules import Direction

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from datetime import tzinfo
    from pathlib import Path

    from edge.config import Config
    from edge.venues.door.explain import Outlook
    from edge.venues.door.occupancy_store import OccupancyFile
    from edge.venues.door.person import EnrolledPerson
    from edge.venues.door.rules import DoorRules
    from edge.venues.door.site_plan import SitePlan, WrittenPermit

DOORS: Final = 20  # of a site; the hours of one take 50 ms on a small board


@dataclass(frozen=True, slots=True)
class _Today:
    """One door today. `hours`: local; `early`: those that hold before a group named in `after` came in."""

    door: str
    area: str
    hours: list[tuple[str, str]]
    early: list[tuple[str, str]]
    with_another: bool
    is_out: bool

    def words(self) -> str:
        """The hours of this door, in words."""
        if self.is_out:
            return "always: this reader lets people out"
        if not self.hours:
            return "not today"
        text = ", ".join(f"{begin}-{end}" for begin, end in self.hours)
        if self.early != self.hours:
            early = ", ".join(f"{begin}-{end}" for begin, end in self.early)
            text += f"; before the group in `after` came in: {early or 'not'}"
        return text + ("; only with a second person" if self.with_another else "")


def show(args: argparse.Namespace) -> int:
    """Print the entry of one person: groups, permits, hours of today, PIN, areas, presence."""
    config, base = given(args.config)
    person = find(config, base, args.issuer, args.subject)
    row = {"name": person.name.hex()[:12]} | person_row(person.name if person.duress else None, person)
    if config.permits.rules is None:
        note: dict[str, object] = {"rules": None}
        lines = [*_entry(row, person, None), ("permits", "not used: [permits] rules is not set")]
    else:
        rules, plan = rules_of(config, base), read_plan(rules_file(config, base))
        presence = known_presence(config, base)
        try:
            note, lines = _by_rules(_Site(config, base, rules, plan), person, presence)
        finally:
            if presence is not None:
                presence.close()
        lines = [*_entry(row, person, rules), *lines]
    if args.json:
        emit(row | note)
    else:
        print(*(harmless(f"{key:10} {value}") for key, value in lines), sep="\n")
    return Exit.OK


def remove(args: argparse.Namespace) -> int:
    """Delete one person, with their PIN and duress cards."""
    config, base = given(args.config)
    name = name_of(config, base, args.issuer, args.subject)
    with closing(open_people(config, base)) as people:
        removed = people.remove(name)
        left = people.persons()
    if not removed:
        raise stranger()
    row: dict[str, object] = {"removed": 1, "duress_cards": removed - 1, "enrolled": left}
    cards = f"; duress cards deleted: {removed - 1}" if removed > 1 else ""
    lines = [f"removed   1{cards}", f"enrolled  {left}"]
    if config.permits.rules is not None:
        strangers = sorted(rules_of(config, base).not_enrolled)
        if strangers:
            row["not_enrolled"] = strangers
            lines.append(f"the card still passes as not_enrolled: {', '.join(strangers)}")
    lines.append("delete the line in your list too: the next import enrols this person again")
    tell(row, *map(harmless, lines), as_json=args.json)
    return Exit.OK


@dataclass(frozen=True, slots=True)
class _Site:
    config: Config
    base: Path
    rules: DoorRules
    plan: SitePlan

    @property
    def zone(self) -> tzinfo:
        return self.rules.calendar.zone

    def doors(self, permits: tuple[WrittenPermit, ...]) -> list[str]:
        """This door, then the doors of the file that a permit names."""
        here = self.config.door.site
        others = (door for door in self.plan.doors if door != here)
        return [here, *(door for door in others if any(within(door, p.places) for p in permits))]

    def today(self, door: str, person: EnrolledPerson, now: datetime) -> _Today:
        rules = read_rules(rules_file(self.config, self.base), door)
        day = now.astimezone(self.zone).date()
        begin, end = (
            datetime.combine(day + timedelta(days=later), time(), self.zone).astimezone(UTC)
            for later in (0, 1)
        )
        spans, early = (
            [
                (self._clock(a), self._clock(b, is_end=True))
                for a, b in hours(rules, person, begin, end, first_came=came)
            ]
            for came in (True, False)
        )
        return _Today(
            door,
            rules.area.name,
            spans,
            early,
            rules.doorway.companion_s is not None,
            rules.doorway.direction is Direction.OUT,
        )

    def _clock(self, at: datetime, *, is_end: bool = False) -> str:
        text = at.astimezone(self.zone).strftime("%H:%M")
        return "24:00" if is_end and text == "00:00" else text


def _by_rules(
    site: _Site, person: EnrolledPerson, presence: OccupancyFile | None
) -> tuple[dict[str, object], list[tuple[str, str]]]:
    """The part of the rules: permits, this day, this moment, areas and presence."""
    now = datetime.now(UTC)
    permits = site.plan.permits_of(person.groups)
    doors = site.doors(permits)
    days = [site.today(door, person, now) for door in doors[:DOORS]]
    seen = outlook(site.rules, person, now, presence or MemoryOccupancyStore())
    inside = [] if presence is None else list(_inside(site, presence, person, now))
    areas = sorted(
        {day.area for day in days if day.hours or any(within(day.door, p.places) for p in permits)}
    )
    note: dict[str, object] = {
        "permits": [
            {
                "groups": sorted(p.groups & person.groups),
                "doors": list(p.places),
                "schedule": p.schedule,
                "after": p.after,
            }
            for p in permits
        ],
        "today": [{"door": day.door, "area": day.area, "hours": day.hours} for day in days],
        "more_doors": max(0, len(doors) - DOORS),
        "now": _says(seen),
        "until": None if seen.until is None else seen.until.isoformat(),
        "areas": areas,
        "inside": [{"area": area, "since": since} for area, since in inside],
    }
    until = "" if seen.until is None else f" until {local(seen.until, site.zone)}"
    lines = [("permits", _permit(permit, person)) for permit in permits] or [("permits", "none")]
    lines += [("today", f"{day.door}: {day.words()}") for day in days]
    if len(doors) > DOORS:
        lines.append(("today", f"and {len(doors) - DOORS} more doors"))
    lines.append(("now", f"{doors[0]}: {_says(seen)}{until}"))
    lines.append(("areas", ", ".join(areas) or "none"))
    lines += [("inside", f"{area} since {since}") for area, since in inside] or [("inside", "no area")]
    return note, lines


def _inside(
    site: _Site, presence: OccupancyFile, person: EnrolledPerson, now: datetime
) -> Iterator[tuple[str, str]]:
    """The areas in which this person is inside on the area's day, and since when."""
    resets = {area.name: area.reset_min for area in site.plan.areas} | {
        site.rules.area.name: site.rules.area.reset_min
    }
    for area, seen in presence.places_of(person.name):
        reset = resets.get(area)
        day = 0 if reset is None else site.rules.calendar.day_since(reset, now)
        if area in resets and seen.day == day:
            yield area, local(datetime.fromtimestamp(seen.at, UTC), site.zone)


def _permit(permit: WrittenPermit, person: EnrolledPerson) -> str:
    after = "" if permit.after is None else f", after {permit.after} came in"
    groups = ", ".join(sorted(permit.groups & person.groups))
    return f"{', '.join(permit.places)}: {permit.schedule}{after} ({groups})"


def _entry(
    row: dict[str, object], person: EnrolledPerson, rules: DoorRules | None
) -> Iterator[tuple[str, str]]:
    """The lines of the entry itself."""
    zone = UTC if rules is None else rules.calendar.zone
    yield "name", str(row["name"])
    yield "groups", ", ".join(sorted(person.groups)) or "none"
    begin = "" if person.valid_from is None else f"from {local(person.valid_from, zone)}"
    end = "" if person.valid_until is None else f"until {local(person.valid_until, zone)}"
    yield "valid", " ".join(filter(None, (begin, end))) or "always"
    instead = "" if rules is None else f": {rules.no_face.value} in its place"
    yield "face", f"not compared{instead}" if person.no_face else "compared"
    yield "pin", "no" if person.pin is None else "yes, and a duress PIN" if person.pin.duress else "yes"
    if person.assisted:
        yield "assisted", "yes: the door stays unlocked longer"
    if person.template is not None:
        yield "template", str(row["template"])
    if person.duress:
        yield "duress_of", str(row["duress_of"])


def _says(seen: Outlook) -> str:
    return "passes" if seen.reason is None else seen.reason.value
