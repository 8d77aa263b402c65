"""`doorward people check`: prints whom the rules of a site let pass at a given time, group by group."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.app.venues.door import read_rules
from edge.cli.config import given
from edge.cli.output import emit, harmless
from edge.cli.people.file import find, known_presence, local
from edge.cli.people.lock_down import MODES, lock_down_state
from edge.cli.verbs import CONFIG, argument, json_lines
from edge.errors import ConfigError, Exit, InputError
from edge.schedule.weekly_schedule import KINDS
from edge.venues.door.explain import member, outlook
from edge.venues.door.occupancy import MemoryOccupancyStore

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from edge.cli.people.lock_down import LockDownState
    from edge.venues.door.explain import Outlook
    from edge.venues.door.person import EnrolledPerson
    from edge.venues.door.rules import DoorRules

MOST: Final = 50  # groups; to look a week ahead takes a quarter of a second for each


def run(args: argparse.Namespace) -> int:
    """Print the answer of the rules for each group, or for one person."""
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
    config, base = given(args.config, only_reads=True)
    if args.site is not None:
        return read_rules(args.site, config.door.site)
    if config.permits.rules is None:
        raise ConfigError(
            "[permits] rules is not set: this door has no rules", hint="name a file: --site site.toml"
        )
    return read_rules(base / config.permits.rules, args.door or config.door.site)


def _people(args: argparse.Namespace, rules: DoorRules) -> Iterator[tuple[str, EnrolledPerson | None]]:
    """The people to ask about, each with a name for the output."""
    if args.person:
        yield " ".join(args.person), find(*given(args.config), *args.person)
        return
    for group in args.group or sorted(rules.permits)[:MOST]:
        if group not in rules.groups:
            raise InputError(
                f"--group: {group!r} is not a group of this site",
                hint=f"choose from {', '.join(sorted(rules.groups)[:10])}",
            )
        yield group, member(frozenset({group}))
    if not args.group:
        yield "(others)", None


def _instants(text: str | None, zone: tzinfo) -> list[tuple[datetime, str]]:
    """The instants at which the site's clocks show this time: one, two, or the one after a skipped hour."""
    if text is None:
        return [(datetime.now(UTC), "")]
    wrong = InputError(f"--at: {text!r} is not a time", hint="give a local time such as 2027-03-28T02:30")
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise wrong from error
    if not 1970 < told.year < 2100:  # the days next to it have to exist too
        raise wrong
    if told.tzinfo is not None:
        return [(told.astimezone(UTC), "")]
    first, second = (told.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) != told:
        return [(first, "the clocks skip this time; shown is the time after the change")]
    if first != second:
        return [
            (first, "this time occurs twice; this is the first"),
            (second, "this time occurs twice; this is the second"),
        ]
    return [(first, "")]


def _tell(
    args: argparse.Namespace,
    rules: DoorRules,
    at: datetime,
    note: str,
    people: Iterable[tuple[str, EnrolledPerson | None]],
) -> None:
    zone, occupancy = rules.calendar.zone, MemoryOccupancyStore()
    state = _lock_down(args, rules, at)
    # A switch that is on now says nothing of another time.
    occupancy.locked_down = args.lock_down or (args.at is None and state.switched is not None)
    kind = KINDS[rules.calendar.local_time(at).kind]
    told = [(name, outlook(rules, person, at, occupancy)) for name, person in people]
    mode = "lock-down" if told[0][1].locked_down else MODES[told[0][1].mode]
    if args.json:
        head = {
            "at": at.isoformat(),
            "local": local(at, zone),
            "day": kind,
            "note": note or None,
            "lock_down": state.row(),
        }
        for name, seen in told:
            until = None if seen.until is None else seen.until.isoformat()
            emit(
                head
                | {"door": rules.doorway.site, "mode": mode, "who": name, "says": _says(seen), "until": until}
            )
        return
    width = max(len(name) for name, _ in (("lock-down", None), *told))
    print(f"{'at':{width}}  {local(at, zone)}, {at:%Y-%m-%dT%H:%M:%SZ}, {kind}{note and f'; {note}'}")
    print(f"{'door':{width}}  {rules.doorway.site}: {mode}; with no person inside")
    print(harmless(f"{'lock-down':{width}}  {_lock_down_words(args, state)}"))
    for name, seen in told:
        until = "" if seen.until is None else f"  until {local(seen.until, zone)}"
        print(harmless(f"{name:{width}}  {_says(seen):20}{until}".rstrip()))


def _lock_down(args: argparse.Namespace, rules: DoorRules, at: datetime) -> LockDownState:
    """Lock-down at this time, by the hours; and its switch now, for the rules of this device."""
    if args.site is not None:
        return lock_down_state(rules, None, at)
    presence = known_presence(*given(args.config))
    try:
        return lock_down_state(rules, presence, at)
    finally:
        if presence is not None:
            presence.close()


def _lock_down_words(args: argparse.Namespace, state: LockDownState) -> str:
    """The lock-down that is shown, and its effect."""
    effect = state.effect()
    if args.lock_down:
        return f"shown as if it were on: {effect}"
    if state.switched is not None and args.at is not None:
        return f"{state.words()}, and shown as if it were off at this time; if it is on, {effect}"
    return f"{state.words()}: {effect}" if state.is_on else f"off; if it is on, {effect}"


def _says(seen: Outlook) -> str:
    return "passes" if seen.reason is None else seen.reason.value


ARGUMENTS = (
    CONFIG,
    json_lines(),
    argument("--site", type=Path, help="file with the rules; left out: [permits] rules"),
    argument("--door", help="name of the door; left out: [door] site"),
    argument("--at", help="local time of the site, such as 2027-03-28T02:30; left out: now"),
    argument("--group", action="append", help="print only this group; can be given more than once"),
    argument("--lock-down", action="store_true", help="print the answers as if lock-down were on"),
    argument("--person", nargs=2, metavar=("ISSUER", "SUBJECT"), help="print only this person"),
)
