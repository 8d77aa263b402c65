"""Reads a site's rules, `site.toml`, strictly (DOOR_RULES.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeVar

from msgspec import Meta, Struct

from edge.card.claims import within
from edge.errors import ConfigError
from edge.formats.untrusted_text import UnreadableText, toml_table
from edge.nearest import did_you_mean
from edge.policy.obligations import Factor
from edge.schedule.calendar import Calendar, parse_holidays
from edge.schedule.weekly_schedule import ALWAYS, NEVER, WeeklySchedule, compiled, minutes, parse_entry
from edge.venues.door.rules import Area, Direction, DoorRules, Doorway, LockDown, Passback, permits
from edge.venues.door.site_plan import SitePlan, WrittenPermit, doors_among
from edge.venues.door.toml_errors import RulesMistake, converted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import tzinfo

    from edge.schedule.calendar import Holidays
    from edge.schedule.weekly_schedule import ScheduleEntry

MAX_RULES_BYTES: Final = 4 << 20  # 10,000 permits take 0.7 MB, as many schedule entries 0.3
MAX_ENTRIES: Final = 50_000  # five times the largest site that is supported; compiled in a second
MAX_PERMITS: Final = 50_000  # likewise
MAX_NAMED: Final = 10_000  # groups, schedules, doors and areas, each
MAX_HOLIDAYS: Final = 2_000  # twenty a year for a century

_T = TypeVar("_T")
_TOML_HINT: Final = 'write key = "text", key = 3, key = ["a", "b"], or [table] on a line of its own'
_ALWAYS: Final = "always"
_NEVER: Final = "never"
_Name = Annotated[
    str,
    Meta(pattern=r"\A[a-z0-9][a-z0-9_-]*\Z", max_length=40, description="a name of a-z, 0-9, _ and -"),
]
_Place = Annotated[
    str,
    Meta(
        pattern=r"\A[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*\Z",
        max_length=80,
        description="a name of a-z, 0-9 and -, with / between its parts",
    ),
]
_Names = Annotated[tuple[_Name, ...], Meta(max_length=MAX_NAMED)]
_Version = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z",
        max_length=40,
        description="text of A-Z, a-z, 0-9, ., _ and -",
    ),
]
_Entry = Annotated[str, Meta(description='days and hours such as "mon-fri 08:00-18:00"')]
_Text = Annotated[
    str, Meta(max_length=60, description='a day or days such as "2027-02-06" or "12-24..01-02"')
]
_Minute = Annotated[
    str,
    Meta(
        pattern=r"\A(([01][0-9]|2[0-3]):[0-5][0-9]|never)\Z",
        description='a time of day such as "04:00", or "never"',
    ),
]


class _Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class _Permit(_Table, frozen=True):
    groups: Annotated[tuple[_Name, ...], Meta(min_length=1, max_length=MAX_NAMED)]
    doors: Annotated[tuple[_Place, ...], Meta(min_length=1, max_length=MAX_NAMED)]
    schedule: _Name = _ALWAYS
    after: _Name | None = None


class _Door(_Table, frozen=True):
    area: _Place | None = None
    direction: Direction = Direction.IN
    unlock: _Name = _NEVER
    unlock_after: _Name | None = None
    # Two people who come together are seconds apart, never more than five minutes.
    two_people_s: Annotated[int, Meta(ge=5, le=300)] | None = None


class _Area(_Table, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=100_000)] | None = None  # a stadium
    passback: Passback = Passback.OFF
    passback_min: Annotated[int, Meta(ge=1, le=24 * 60)] | None = None  # `reset` is for more than a day
    reset: _Minute = "04:00"


class _LockDown(_Table, frozen=True):
    schedule: _Name = _NEVER
    may_pass: _Names = ()


class _File(_Table, frozen=True):
    version: _Version
    zone: Annotated[str, Meta(min_length=1, max_length=60)]  # the longest of IANA's has 32 characters
    groups: _Names
    not_enrolled: _Names = ()
    holidays: Annotated[dict[_Name, _Text | tuple[_Text, ...]], Meta(max_length=MAX_HOLIDAYS)] = {}
    schedules: Annotated[dict[_Name, tuple[_Entry, ...]], Meta(max_length=MAX_NAMED)] = {}
    permits: Annotated[tuple[_Permit, ...], Meta(max_length=MAX_PERMITS)] = ()
    doors: Annotated[dict[_Place, _Door], Meta(max_length=MAX_NAMED)] = {}
    areas: Annotated[dict[_Place, _Area], Meta(max_length=MAX_NAMED)] = {}
    lock_down: _LockDown = _LockDown()
    no_face: Literal["pin", "staff"] = "staff"
    assisted_ms: Annotated[int, Meta(ge=200, le=10_000)] = 8_000  # policy and controller cap at 10 s


@dataclass(frozen=True, slots=True)
class Zones:
    """The time zones of this machine. `find`: None for an unknown name; `names`: all names."""

    find: Callable[[str], tzinfo | None]
    names: Callable[[], Iterable[str]]


def parse_rules(data: bytes, name: str, *, site: str, zones: Zones) -> DoorRules:
    """The rules of the door `site` in the site's file `name`. Raises ConfigError, which names the key.

    The whole file is checked; only the rules of this door are compiled.
    """
    return _read(data, name, lambda file: _compiled(file, site, zones))


def parse_plan(data: bytes, name: str) -> SitePlan:
    """The doors, areas and permits of the site's file `name`. Raises ConfigError, which names the key."""
    return _read(data, name, _plan)


def _read(data: bytes, name: str, use: Callable[[_File], _T]) -> _T:
    try:
        return use(converted(_table(data), _File))
    except UnreadableText as error:
        line = re.search(r"at line (\d+)", str(error))
        where = f"{name}:{line[1]}" if line else name
        words = str(error).partition(" (at")[0].lower()
        raise ConfigError(f"{where}: {words}", hint=_TOML_HINT) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8 text", hint="save the file as UTF-8") from error
    except RulesMistake as error:
        raise ConfigError(f"{name}: {' '.join(str(error).split())}", hint=error.hint) from error


def _table(data: bytes) -> dict[str, object]:
    if len(data) > MAX_RULES_BYTES:
        size = MAX_RULES_BYTES >> 20
        raise RulesMistake(f"is larger than {size} MB", "name a file of rules, such as site.toml")
    return toml_table(data.decode())


def _compiled(file: _File, site: str, zones: Zones) -> DoorRules:
    groups = frozenset(file.groups)
    schedules = _schedules(file.schedules)
    _check_names(file, groups, schedules)
    _check_passback(file.areas)
    here = tuple(p for p in file.permits if within(site, p.doors))
    door = file.doors.get(site, _Door())
    return DoorRules(
        version=file.version,
        calendar=Calendar(_zone(file.zone, zones), _holidays(file.holidays)),
        doorway=Doorway(site, door.direction, schedules[door.unlock], door.unlock_after, door.two_people_s),
        area=_area(door.area or site, file.areas),
        permits=permits((group, p.after, schedules[p.schedule]) for p in here for group in p.groups),
        groups=groups,
        not_enrolled=frozenset(file.not_enrolled),
        lock_down=LockDown(schedules[file.lock_down.schedule], frozenset(file.lock_down.may_pass)),
        no_face=Factor(file.no_face),
        assisted_ms=file.assisted_ms,
    )


def _plan(file: _File) -> SitePlan:
    places = [place for permit in file.permits for place in permit.doors]
    return SitePlan(
        doors_among((*file.doors, *places)),
        tuple(_area(name, file.areas) for name in file.areas),
        tuple(WrittenPermit(frozenset(p.groups), p.doors, p.schedule, p.after) for p in file.permits),
    )


def _schedules(told: Mapping[str, tuple[str, ...]]) -> dict[str, WeeklySchedule]:
    """All schedules by name, with the two that every site has."""
    if (count := sum(map(len, told.values()))) > MAX_ENTRIES:
        raise RulesMistake(f"schedules: {count} entries, more than {MAX_ENTRIES}", "merge some of them")
    schedules = {_ALWAYS: ALWAYS, _NEVER: NEVER}
    for name, entries in told.items():
        if name in schedules:
            raise RulesMistake(
                f"schedules.{name}: every site has this schedule already", "choose another name"
            )
        schedules[name] = compiled(_entries(name, entries))
    return schedules


def _entries(name: str, texts: tuple[str, ...]) -> Iterator[ScheduleEntry]:
    for text in texts:
        try:
            yield parse_entry(text)
        except ValueError as error:
            raise RulesMistake(
                f'schedules.{name}: "{text[:60]}": {error}', "see DOOR_RULES.md section 2"
            ) from None


def _holidays(told: Mapping[str, str | tuple[str, ...]]) -> Holidays:
    dates: list[str] = []
    for name, one_or_more in told.items():
        texts = (one_or_more,) if isinstance(one_or_more, str) else one_or_more
        try:
            parse_holidays(texts)
        except ValueError as error:
            raise RulesMistake(f"holidays.{name}: {error}", "see DOOR_RULES.md section 2") from None
        dates += texts
    if len(dates) > MAX_HOLIDAYS:
        raise RulesMistake(
            f"holidays: {len(dates)} days, more than {MAX_HOLIDAYS}", "use ranges such as 12-24..01-02"
        )
    return parse_holidays(dates)


def _zone(name: str, zones: Zones) -> tzinfo:
    found = zones.find(name)
    if found is None:
        hint = did_you_mean(name, zones.names()) or "use an IANA name such as Asia/Macau"
        raise RulesMistake(f'zone: "{name}" is not a time zone', hint)
    return found


def _area(name: str, areas: Mapping[str, _Area]) -> Area:
    area = areas.get(name, _Area())
    return Area(
        name,
        area.limit,
        area.passback,
        (area.passback_min or 0) * 60,
        None if area.reset == _NEVER else minutes(area.reset),
    )


def _check_names(file: _File, groups: frozenset[str], schedules: Mapping[str, WeeklySchedule]) -> None:
    """Raise if a group, schedule or area is named but not defined: a typing error must not open a door."""
    for key, names in _named_groups(file):
        for name in names:
            if name not in groups:
                raise RulesMistake(
                    f'{key}: there is no group "{name}"', did_you_mean(name, groups) or "add it to groups"
                )
    for key, name in _named_schedules(file):
        if name not in schedules:
            hint = did_you_mean(name, schedules) or "add it to [schedules]"
            raise RulesMistake(f'{key}: there is no schedule "{name}"', hint)
    for site, door in file.doors.items():
        if door.area is not None and door.area not in file.areas:
            hint = did_you_mean(door.area, file.areas) or f"add [areas.{door.area}]"
            raise RulesMistake(f'doors.{site}.area: there is no area "{door.area}"', hint)


def _named_groups(file: _File) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "not_enrolled", file.not_enrolled
    yield "lock_down.may_pass", file.lock_down.may_pass
    for number, permit in enumerate(file.permits):
        yield f"permits[{number}].groups", permit.groups
        if permit.after is not None:
            yield f"permits[{number}].after", (permit.after,)
    for site, door in file.doors.items():
        if door.unlock_after is not None:
            yield f"doors.{site}.unlock_after", (door.unlock_after,)


def _named_schedules(file: _File) -> Iterator[tuple[str, str]]:
    yield "lock_down.schedule", file.lock_down.schedule
    for number, permit in enumerate(file.permits):
        yield f"permits[{number}].schedule", permit.schedule
    for site, door in file.doors.items():
        yield f"doors.{site}.unlock", door.unlock


def _check_passback(areas: Mapping[str, _Area]) -> None:
    for name, area in areas.items():
        if area.passback is Passback.TIMED and area.passback_min is None:
            raise RulesMistake(
                f'areas.{name}: passback = "timed" needs passback_min', "set it, such as to 10"
            )
        if area.passback is not Passback.TIMED and area.passback_min is not None:
            raise RulesMistake(
                f'areas.{name}.passback_min: passback = "{area.passback}" does not use it',
                'delete it, or set passback = "timed"',
            )
