"""`doorward people check`: what the rules of a site say at some time, for whoever writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.app.venues.door import read_rules
from edge.cli.config import given
from edge.cli.output import emit, harmless
from edge.cli.people.file import find
from edge.cli.verbs import CONFIG, argument, json_lines
from edge.errors import ConfigError, Exit, InputError
from edge.schedule.weekly_schedule import KINDS
from edge.venues.door.explain import member, outlook
from edge.venues.door.occupancy import MemoryOccupancyStore

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from edge.venues.door.explain import Outlook
    from edge.venues.door.person import Person
    from edge.venues.door.rules import DoorRules

MOST: Final = 50  # groups; a week ahead of each takes a quarter of a second
_MODES: Final = ("normal", "lock-down", "free-access")


def run(args: argparse.Namespace) -> int:
    """`people check`."""
    rules = _rules(args)
    people = list(_people(args, rules))
    for number, (at, note) in enumerate(_instants(args.at, rules.calendar.zone)):
        if not args.json and number:
            print()
        _tell(args, rules, at, note, people)
    return Exit.OK


def _rules(args: argparse.Namespace) -> DoorRules:
    if args.site is not None and args.door is not None:
        return read_rules(args.site, args.door)
    config, base = given(args.config)
    if args.site is not None:
        return read_rules(args.site, config.door.site)
    if config.permits.rules is None:
        raise ConfigError("this door goes by no rules", hint="name a file: --site site.toml")
    return read_rules(base / config.permits.rules, args.door or config.door.site)


def _people(args: argparse.Namespace, rules: DoorRules) -> Iterator[tuple[str, Person | None]]:
    """Whom to ask about, and what to call them."""
    if args.person:
        yield " ".join(args.person), find(*given(args.config), *args.person)
        return
    for group in args.group or sorted(rules.permits)[:MOST]:
        if group not in rules.groups:
            raise InputError("there is no such group", hint=f"known: {', '.join(sorted(rules.groups)[:10])}")
        yield group, member(frozenset({group}))
    if not args.group:
        yield "(others)", None


def _instants(text: str | None, zone: tzinfo) -> list[tuple[datetime, str]]:
    """The instants at which a clock on the site's wall shows this: one, two, or the one after a gap."""
    if text is None:
        return [(datetime.now(UTC), "")]
    wrong = InputError("--at is no time", hint="such as 2027-03-28T02:30, at the site")
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise wrong from error
    if not 1970 < told.year < 2100:  # a day more or less has to be there, too
        raise wrong
    if told.tzinfo is not None:
        return [(told.astimezone(UTC), "")]
    first, second = (told.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) != told:
        return [(first, "the clocks skip this time: what follows is after that")]
    if first != second:
        return [(first, "this time comes twice: the first"), (second, "this time comes twice: the second")]
    return [(first, "")]


def _tell(
    args: argparse.Namespace,
    rules: DoorRules,
    at: datetime,
    note: str,
    people: Iterable[tuple[str, Person | None]],
) -> None:
    zone, occupancy = rules.calendar.zone, MemoryOccupancyStore()
    kind = KINDS[rules.calendar.local_time(at).kind]
    told = [(name, outlook(rules, person, at, occupancy)) for name, person in people]
    mode = _MODES[told[0][1].mode]
    if args.json:
        head = {"at": at.isoformat(), "local": _local(at, zone), "day": kind, "note": note or None}
        for name, seen in told:
            until = None if seen.until is None else seen.until.isoformat()
            emit(
                head
                | {"door": rules.doorway.site, "mode": mode, "who": name, "says": _says(seen), "until": until}
            )
        return
    width = max(len(name) for name, _ in (("door", None), *told))
    print(f"{'at':{width}}  {_local(at, zone)}, {at:%Y-%m-%dT%H:%M:%SZ}, {kind}{note and f'; {note}'}")
    print(f"{'door':{width}}  {rules.doorway.site}: {mode}; nobody has come in yet")
    for name, seen in told:
        until = "" if seen.until is None else f"  until {_local(seen.until, zone)}"
        print(harmless(f"{name:{width}}  {_says(seen):20}{until}".rstrip()))


def _says(seen: Outlook) -> str:
    return "passes" if seen.reason is None else seen.reason.value


def _local(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M %z").lower()


ARGUMENTS = (
    CONFIG,
    json_lines(),
    argument("--site", type=Path, help="rules file; left out: that of the configuration"),
    argument("--door", help="which door of the site; left out: that of the configuration"),
    argument("--at", help="a time at the site, such as 2027-03-28T02:30; left out: now"),
    argument("--group", action="append", help="only somebody of this group; may be said again"),
    argument("--person", nargs=2, metavar=("ISSUER", "SUBJECT"), help="only this person"),
)
