"""Reads a site's rules, `site.toml`, strictly (DOOR_RULES.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.card.claims import within
from edge.errors import ConfigError
from edge.formats.toml_mistakes import forgiving_toml_table
from edge.policy.obligations import Factor
from edge.schedule.calendar import Calendar, parse_holidays
from edge.schedule.weekly_schedule import ALWAYS, NEVER, compiled, minutes, parse_entry
from edge.venues.door.file_checks import checked
from edge.venues.door.rules import Area, DoorRules, Doorway, LockDown, permits
from edge.venues.door.site_plan import SitePlan, WrittenPermit, doors_among
from edge.venues.door.site_tables import ALWAYS_NAME, NEVER_NAME, AreaTable, DoorTable, RulesTables, Zones

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.schedule.calendar import Holidays

MAX_RULES_BYTES: Final = 4 << 20  # 10,000 permits take 0.7 MB, as many schedule entries 0.3


def parse_rules(data: bytes, name: str, *, site: str, zones: Zones) -> DoorRules:
    """The rules of the door `site` in the site's file `name`. Raises ConfigError, which has all mistakes.

    The whole file is checked; only the rules of this door are compiled.
    """
    return _compiled(_tables(data, name, zones), site, zones)


def parse_plan(data: bytes, name: str) -> SitePlan:
    """The doors, areas and permits of the site's file `name`. Raises ConfigError, which has all mistakes."""
    return _plan(_tables(data, name, None))


def _tables(data: bytes, name: str, zones: Zones | None) -> RulesTables:
    if len(data) > MAX_RULES_BYTES:
        size = MAX_RULES_BYTES >> 20
        hint = "name a file of rules, such as site.toml"
        raise ConfigError(f"is larger than {size} MB", file=name, hint=hint)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError("not UTF-8 text", file=name, hint="save the file as UTF-8") from error
    return checked(forgiving_toml_table(text), name, zones)


def _compiled(file: RulesTables, site: str, zones: Zones) -> DoorRules:
    schedules = {ALWAYS_NAME: ALWAYS, NEVER_NAME: NEVER}
    schedules |= {name: compiled(map(parse_entry, texts)) for name, texts in file.schedules.items()}
    here = tuple(p for p in file.permits if within(site, p.doors))
    door = file.doors.get(site, DoorTable())
    zone = zones.find(file.zone)
    assert zone is not None, "the zone was checked"
    return DoorRules(
        version=file.version,
        calendar=Calendar(zone, _holidays(file.holidays)),
        doorway=Doorway(site, door.direction, schedules[door.unlock], door.unlock_after, door.two_people_s),
        area=_area(door.area or site, file.areas),
        permits=permits((group, p.after, schedules[p.schedule]) for p in here for group in p.groups),
        groups=frozenset(file.groups),
        not_enrolled=frozenset(file.not_enrolled),
        lock_down=LockDown(schedules[file.lock_down.schedule], frozenset(file.lock_down.may_pass)),
        no_face=Factor(file.no_face),
        assisted_ms=file.assisted_ms,
    )


def _plan(file: RulesTables) -> SitePlan:
    places = [place for permit in file.permits for place in permit.doors]
    return SitePlan(
        doors_among((*file.doors, *places)),
        tuple(_area(name, file.areas) for name in file.areas),
        tuple(WrittenPermit(frozenset(p.groups), p.doors, p.schedule, p.after) for p in file.permits),
    )


def _holidays(told: Mapping[str, str | tuple[str, ...]]) -> Holidays:
    one_or_more = told.values()
    return parse_holidays([date for one in one_or_more for date in ((one,) if isinstance(one, str) else one)])


def _area(name: str, areas: Mapping[str, AreaTable]) -> Area:
    area = areas.get(name, AreaTable())
    return Area(
        name,
        area.limit,
        area.passback,
        (area.passback_min or 0) * 60,
        None if area.reset == NEVER_NAME else minutes(area.reset),
    )
