"""`doorward people`: enrolled people of a site, their PINs, the site's rules, and its lock-down."""

from __future__ import annotations

import getpass
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.ask import YES, YES_AT_TERMINAL, agreed
from edge.cli.config import given
from edge.cli.lists.accept_fewer import ACCEPT_FEWER
from edge.cli.output import emit, harmless, tell
from edge.cli.people.file import find, name_of, open_people, open_presence
from edge.cli.people.row import person_row
from edge.cli.verbs import CONFIG, Verb, argument, json_lines, verb
from edge.errors import Exit, InputError
from edge.policy.pin import Pin, verifier

if TYPE_CHECKING:
    import argparse

    from edge.config import Config


def _list(args: argparse.Namespace) -> int:
    with closing(open_people(*given(args.config))) as people:
        for name, same_as, person in people.rows():
            if args.group is None or args.group in person.groups:
                _say(args, {"name": name.hex()[:12]} | person_row(same_as, person))
    return Exit.OK


def _pin(args: argparse.Namespace) -> int:
    config, base = given(args.config)
    name = find(config, base, args.issuer, args.subject).name
    pin = None
    if not args.remove:
        usual = _typed("PIN")
        duress = _typed("duress PIN") if args.duress else None
        if usual == duress:
            raise InputError("both PINs are the same", hint="choose two different PINs")
        shortest = config.permits.pin_digits
        pin = Pin(
            verifier(usual, shortest=shortest),
            None if duress is None else verifier(duress, shortest=shortest),
        )
    with closing(open_people(config, base)) as people:
        people.set_pin(name, pin)
    _say(args, {"pin": "none" if pin is None else "set", "duress_pin": bool(pin and pin.duress)})
    return Exit.OK


def _typed(what: str) -> str:
    """A PIN: typed twice at a terminal, or the next line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    typed = getpass.getpass(f"{what}: ")
    if getpass.getpass("again: ") != typed:
        raise InputError("the second PIN differs from the first", hint="type the same PIN twice")
    return typed


def _export(args: argparse.Namespace) -> int:
    with closing(open_people(*given(args.config))) as people:
        for name, same_as, person in people.rows():
            row = {"name": name.hex()} | person_row(same_as, person, short=False)
            if person.pin is not None:
                row |= {"pin": person.pin.usual.decode(), "duress_pin": _text(person.pin.duress)}
            emit({key: value for key, value in row.items() if _is_told(value)})
    return Exit.OK


def _forgive(args: argparse.Namespace) -> int:
    if args.issuer and not args.subject:
        raise InputError("the subject is missing", hint="doorward people forgive ISSUER SUBJECT")
    config, base = given(args.config)
    name = _who_is_inside(config, base, args) if args.issuer else None
    with closing(open_presence(config, base)) as presence:
        if name is None:
            people, areas = presence.stored()
            plan = (
                f"mark everyone as outside: people {people}, areas {areas}",
                "  passback refuses none of them, and limits count from zero, also if they are still inside",
            )
            if not agreed(plan, "Mark everyone as outside?", yes=args.yes):
                return Exit.REFUSED
        forgiven = presence.forgive(name)
    _say(args, {"forgiven": forgiven})
    return Exit.OK


def _who_is_inside(config: Config, base: Path, args: argparse.Namespace) -> bytes:
    """The keyed name by which a door counts this person, also if they are not enrolled any more."""
    try:
        return find(config, base, args.issuer, args.subject).name
    except InputError:
        name = name_of(config, base, args.issuer, args.subject)
        with closing(open_presence(config, base)) as presence:
            if presence.places_of(name):
                return name
        raise


def _text(verifier: bytes | None) -> str | None:
    return None if verifier is None else verifier.decode()


def _say(args: argparse.Namespace, row: dict[str, object]) -> None:
    told = (f"{key} {_words(value)}" for key, value in row.items() if _is_told(value))
    tell(row, harmless("  ".join(told)), as_json=args.json)


def _is_told(value: object) -> bool:
    """Whether a value is printed; 0 is."""
    return value is not None and value is not False and value != []


def _words(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "yes" if value is True else str(value)


_HERE = (CONFIG, json_lines())
_PERSON = (
    argument("issuer", help="name of the issuer, as in the imported list"),
    argument("subject", help="subject of the card, as in the imported list"),
)
VERBS = (
    verb(
        "import",
        "enrol everyone in a CSV or JSON file, or no person if a line is wrong",
        "edge.cli.people.enrol:run",
        *_HERE,
        argument("file", type=Path, help="CSV with a header line, JSON array, or JSON Lines"),
        argument(
            "--replace",
            action="store_true",
            help="delete everyone who is not in this file; asks first at a terminal",
        ),
        ACCEPT_FEWER,
        YES_AT_TERMINAL,
    ),
    verb("clear", "delete everyone, with their PINs", "edge.cli.people.enrol:clear", *_HERE, YES),
    verb(
        "list",
        "print everyone, by the pseudonyms of this site",
        _list,
        *_HERE,
        argument("--group", help="print only the people of this group"),
    ),
    verb(
        "show",
        "print one person: groups, permits, hours of today, PIN, areas, presence",
        "edge.cli.people.one:show",
        *_HERE,
        *_PERSON,
    ),
    verb(
        "remove",
        "delete one person, with their PIN and duress cards",
        "edge.cli.people.one:remove",
        *_HERE,
        *_PERSON,
    ),
    verb(
        "status",
        "print lock-down, door mode, people inside and people enrolled",
        "edge.cli.people.lock_down:status",
        *_HERE,
    ),
    verb(
        "pin",
        "set a person's PIN: typed twice, or read from standard input",
        _pin,
        *_HERE,
        *_PERSON,
        argument(
            "--duress",
            action="store_true",
            help="also set a second PIN, which opens the door and alerts staff silently",
        ),
        argument("--remove", action="store_true", help="delete this person's PIN"),
    ),
    verb("export", "print everyone as JSON Lines; `import` reads them with the same key", _export, *_HERE),
    Verb(
        "check",
        "print whom the rules let pass at a given time",
        "edge.cli.people.check:run",
        "edge.cli.people.check:ARGUMENTS",
    ),
    verb(
        "forgive",
        "record that a person went out, so that passback does not refuse them; asks first for everyone",
        _forgive,
        *_HERE,
        YES,
        argument("issuer", nargs="?", help="name of the issuer; left out: everyone went out"),
        argument("subject", nargs="?", help="subject of the card"),
    ),
    verb(
        "lock-down",
        "switch the lock-down on or off: only groups in may_pass pass",
        "edge.cli.people.lock_down:switch",
        *_HERE,
        argument("switch", choices=("on", "off"), help="on stays on until off, also over a restart"),
    ),
)
