"""Errors in site.toml, all at once: line, key, the value as it is written, and the allowed values."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from edge.config.allowed import shown
from edge.config.mistakes import MAX_MISTAKES, TableMistake, mistakes_of, without
from edge.config.source import ConfigSource
from edge.errors import ConfigError
from edge.nearest import did_you_mean
from edge.schedule.calendar import parse_holidays
from edge.schedule.weekly_schedule import parse_entry
from edge.venues.door.rules import Passback
from edge.venues.door.site_tables import ALWAYS_NAME, MAX_HOLIDAYS, NEVER_NAME, RulesTables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge.formats.toml_mistakes import ForgivenToml
    from edge.formats.toml_places import TomlPath
    from edge.venues.door.site_tables import Zones

EVERY_SITE_HAS: Final = (ALWAYS_NAME, NEVER_NAME)  # schedules
MAX_ENTRIES: Final = 50_000  # five times the largest site that is supported; compiled in a second
_PAGE: Final = "see DOOR_RULES.md section 2"
# In place of a required key that is missing or wrong, so that the others can be checked.
_STAND_IN: Final = {"version": "0", "zone": "UTC", "groups": []}


class _Fault(NamedTuple):
    """An error about the value at a path; `where` is its name in words, if it is not that of the path."""

    path: TomlPath
    what: str
    hint: str = _PAGE
    where: str | None = None


def checked(toml: ForgivenToml, file: str, zones: Zones | None) -> RulesTables:
    """The tables of a site's rules; without `zones` each key alone. Raises ConfigError with all mistakes."""
    page, table = ConfigSource(toml.text, file), toml.table
    if toml.mistakes:
        errors = [page.wrong(each.message, at=each.line, hint=each.hint) for each in toml.mistakes]
        wrong = islice(mistakes_of(table, RulesTables), MAX_MISTAKES)
        # What seems to be missing may be in a line that cannot be read.
        errors += [_error(_fault_of(each, page), page) for each in wrong if each.kind != "missing"]
        raise ConfigError.joined(sorted(errors, key=lambda error: error.line))
    try:
        rules = msgspec.convert(table, RulesTables)
    except msgspec.ValidationError:
        mistakes = list(islice(mistakes_of(table, RulesTables), MAX_MISTAKES))
    else:
        mistakes = []
    if mistakes:
        # A table without a required key goes as a whole.
        paths = [each.path[:-1] if each.kind == "missing" else each.path for each in mistakes]
        rules = msgspec.convert(_STAND_IN | without(table, [path for path in paths if path]), RulesTables)
    unsure = {each.path[0] for each in mistakes}
    more = _contradictions(rules, table, zones) if zones else iter(())
    more = (each for each in more if each.path[0] not in unsure)
    found = [_error(_fault_of(each, page), page) for each in mistakes]
    found.sort(key=lambda error: error.line)
    found += [_error(each, page) for each in islice(more, MAX_MISTAKES)]
    if found:
        raise ConfigError.joined(found)
    return rules


def _fault_of(mistake: TableMistake, page: ConfigSource) -> _Fault:
    path, key = mistake.path, mistake.path[-1]
    match mistake.kind:
        case "missing":
            return _Fault(path, f"{key} is missing", f"add {key}: {_PAGE}", _words(path[:-1]))
        case "unknown":
            hint = mistake.near or f"delete it, or use one of {mistake.rule}"
            return _Fault(path, f"unknown key {key}", hint, _words(path[:-1]))
        case "name":
            value = shown(mistake.value)
            return _Fault(path, f"{value} is not {mistake.rule}", mistake.near or _PAGE, _words(path[:-1]))
        case "size":
            return _Fault(path, f"{len(mistake.value)} entries, {mistake.rule}")
        case "value":
            value = page.shown(path, mistake.value)
            return _Fault(path, f"{value} is not {mistake.rule}", mistake.near or _PAGE)


def _error(found: _Fault, page: ConfigSource) -> ConfigError:
    where = _words(found.path) if found.where is None else found.where
    message = " ".join(f"{where}: {found.what}".split()) if where else found.what
    path = found.path
    while not (line := page.line_of(path)) and len(path) > 1:  # what is missing lies in a table
        path = path[:-1]
    return page.wrong(message, at=line, hint=found.hint)


def _words(path: TomlPath) -> str:
    """A path as errors write it, such as `permits[0].groups`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _contradictions(rules: RulesTables, table: dict[str, Any], zones: Zones) -> Iterator[_Fault]:
    """Errors of values that are right alone. A name that a wrong table has counts as defined."""
    if zones.find(rules.zone) is None:
        hint = did_you_mean(rules.zone, zones.names()) or "use an IANA name such as Asia/Macau"
        yield _Fault(("zone",), f'"{rules.zone}" is not a time zone', hint)
    yield from _of_schedules(rules.schedules)
    yield from _of_holidays(rules.holidays)
    yield from _of_groups(rules, _names(table, "groups"))
    yield from _of_times_and_areas(rules, table)
    yield from _of_passback(rules)


def _names(table: dict[str, Any], key: str) -> set[str]:
    """The names that a list or a table of the file has, right or wrong."""
    held = table.get(key, ())
    return {str(name) for name in held} if isinstance(held, list | dict) else set()


def _of_schedules(told: Mapping[str, tuple[str, ...]]) -> Iterator[_Fault]:
    if (count := sum(map(len, told.values()))) > MAX_ENTRIES:
        yield _Fault(("schedules",), f"{count} entries, more than {MAX_ENTRIES}", "merge some of them")
        return
    for name, entries in told.items():
        if name in EVERY_SITE_HAS:
            yield _Fault(("schedules", name), "every site has this schedule already", "choose another name")
        for number, text in enumerate(entries):
            try:
                parse_entry(text)
            except ValueError as error:
                path = ("schedules", name, number)
                yield _Fault(path, f'"{text[:60]}": {error}', where=f"schedules.{name}")


def _of_holidays(told: Mapping[str, str | tuple[str, ...]]) -> Iterator[_Fault]:
    count = 0
    for name, one_or_more in told.items():
        texts = (one_or_more,) if isinstance(one_or_more, str) else one_or_more
        count += len(texts)
        for number, text in enumerate(texts):
            try:
                parse_holidays((text,))
            except ValueError as error:
                yield _Fault(("holidays", name, number), str(error), where=f"holidays.{name}")
    if count > MAX_HOLIDAYS:
        hint = "use ranges such as 12-24..01-02"
        yield _Fault(("holidays",), f"{count} days, more than {MAX_HOLIDAYS}", hint)


def _of_groups(rules: RulesTables, groups: set[str]) -> Iterator[_Fault]:
    """Groups that are named but not defined: a typing error must not open a door."""
    for path, name in _named_groups(rules):
        if name not in groups:
            hint = did_you_mean(name, groups) or "add it to groups"
            yield _Fault(path, f'there is no group "{name}"', hint)


def _named_groups(rules: RulesTables) -> Iterator[tuple[TomlPath, str]]:
    yield from ((("not_enrolled",), name) for name in rules.not_enrolled)
    yield from ((("lock_down", "may_pass"), name) for name in rules.lock_down.may_pass)
    for number, permit in enumerate(rules.permits):
        yield from ((("permits", number, "groups"), name) for name in permit.groups)
        if permit.after is not None:
            yield ("permits", number, "after"), permit.after
    for site, door in rules.doors.items():
        if door.unlock_after is not None:
            yield ("doors", site, "unlock_after"), door.unlock_after


def _of_times_and_areas(rules: RulesTables, table: dict[str, Any]) -> Iterator[_Fault]:
    """Schedules and areas that are named but not defined."""
    schedules = _names(table, "schedules") | set(EVERY_SITE_HAS)
    areas = _names(table, "areas")
    for path, name in _named_schedules(rules):
        if name not in schedules:
            hint = did_you_mean(name, schedules) or "add it to [schedules]"
            yield _Fault(path, f'there is no schedule "{name}"', hint)
    for site, door in rules.doors.items():
        if door.area is not None and door.area not in areas:
            hint = did_you_mean(door.area, areas) or f"add [areas.{door.area}]"
            yield _Fault(("doors", site, "area"), f'there is no area "{door.area}"', hint)


def _named_schedules(rules: RulesTables) -> Iterator[tuple[TomlPath, str]]:
    yield ("lock_down", "schedule"), rules.lock_down.schedule
    for number, permit in enumerate(rules.permits):
        yield ("permits", number, "schedule"), permit.schedule
    for site, door in rules.doors.items():
        yield ("doors", site, "unlock"), door.unlock


def _of_passback(rules: RulesTables) -> Iterator[_Fault]:
    for name, area in rules.areas.items():
        if area.passback is Passback.TIMED and area.passback_min is None:
            where = f"areas.{name}"
            yield _Fault(
                ("areas", name, "passback"),
                'passback = "timed" needs passback_min',
                "set it, such as to 10",
                where,
            )
        if area.passback is not Passback.TIMED and area.passback_min is not None:
            yield _Fault(
                ("areas", name, "passback_min"),
                f'passback = "{area.passback}" does not use it',
                'delete it, or set passback = "timed"',
            )
