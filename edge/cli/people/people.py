"""`doorward people`: who is enrolled at this site, what its rules say of them, and its lock-down."""

from __future__ import annotations

import getpass
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.config import given
from edge.cli.output import emit, harmless, tell
from edge.cli.people.file import find, open_people
from edge.cli.verbs import CONFIG, Verb, argument, json_lines, verb
from edge.errors import ConfigError, Exit, InputError
from edge.policy.pin import Pin, verifier
from edge.venues.door.occupancy_store import OccupancyFile, Switch

if TYPE_CHECKING:
    import argparse

    from edge.config import Config
    from edge.venues.door.person import Person


def _list(args: argparse.Namespace) -> int:
    with closing(open_people(*given(args.config))) as people:
        for name, same_as, person in people.rows():
            if args.group is None or args.group in person.groups:
                _say(args, {"name": name.hex()[:12]} | _row(same_as, person))
    return Exit.OK


def _show(args: argparse.Namespace) -> int:
    config, base = given(args.config)
    person = find(config, base, args.issuer, args.subject)
    _say(args, {"name": person.name.hex()[:12]} | _row(person.name if person.duress else None, person))
    return Exit.OK


def _pin(args: argparse.Namespace) -> int:
    config, base = given(args.config)
    name = find(config, base, args.issuer, args.subject).name
    pin = None
    if not args.remove:
        usual = _typed("PIN")
        duress = _typed("PIN for being forced") if args.duress else None
        if usual == duress:
            raise InputError("both PINs are the same", hint="staff could not tell one from the other")
        pin = Pin(verifier(usual), None if duress is None else verifier(duress))
    with closing(open_people(config, base)) as people:
        people.set_pin(name, pin)
    _say(args, {"pin": "none" if pin is None else "set", "duress_pin": bool(pin and pin.duress)})
    return Exit.OK


def _typed(what: str) -> str:
    """A PIN that is typed twice at a terminal, or is the next line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    typed = getpass.getpass(f"{what}: ")
    if getpass.getpass("again: ") != typed:
        raise InputError("these are two PINs", hint="type the same one twice")
    return typed


def _export(args: argparse.Namespace) -> int:
    with closing(open_people(*given(args.config))) as people:
        for name, same_as, person in people.rows():
            row = {"name": name.hex()} | _row(same_as, person, short=False)
            if person.pin is not None:
                row |= {"pin": person.pin.usual.decode(), "duress_pin": _text(person.pin.duress)}
            emit({key: value for key, value in row.items() if _is_told(value)})
    return Exit.OK


def _forgive(args: argparse.Namespace) -> int:
    if args.issuer and not args.subject:
        raise InputError("a subject goes with an issuer", hint="doorward people forgive ISSUER SUBJECT")
    config, base = given(args.config)
    name = find(config, base, args.issuer, args.subject).name if args.issuer else None
    with closing(_presence(config, base)) as presence:
        forgiven = presence.forgive(name)
    _say(args, {"forgiven": forgiven})
    return Exit.OK


def _lock_down(args: argparse.Namespace) -> int:
    with closing(_presence(*given(args.config))) as presence:
        is_on = args.switch == "on"
        presence.switch(Switch.LOCK_DOWN, int(datetime.now(UTC).timestamp()) if is_on else None)
    _say(args, {"lock-down": args.switch})
    return Exit.OK


def _presence(config: Config, base: Path) -> OccupancyFile:
    """What the door remembers. Raises ConfigError where no rules would read it, StorageFault."""
    if config.permits.rules is None:
        raise ConfigError("this door goes by no rules", hint='[permits] rules = "site.toml"')
    return OccupancyFile(base / config.permits.presence)


def _row(same_as: bytes | None, person: Person, *, short: bool = True) -> dict[str, object]:
    return {
        "groups": sorted(person.groups),
        "valid_from": iso(person.valid_from),
        "valid_until": iso(person.valid_until),
        "assisted": person.assisted,
        "no_face": person.no_face,
        "duress_of": same_as and same_as.hex()[: 12 if short else None],
        "template": person.template and person.template.hex()[: 12 if short else None],
        "pin": person.pin is not None,
    }


def _text(verifier: bytes | None) -> str | None:
    return None if verifier is None else verifier.decode()


def iso(moment: datetime | None) -> str | None:
    """As `import` reads it."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _say(args: argparse.Namespace, row: dict[str, object]) -> None:
    told = (f"{key} {_words(value)}" for key, value in row.items() if _is_told(value))
    tell(row, harmless("  ".join(told)), as_json=args.json)


def _is_told(value: object) -> bool:
    """Whether there is anything to say; 0 is."""
    return value is not None and value is not False and value != []


def _words(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "yes" if value is True else str(value)


_HERE = (CONFIG, json_lines())
_PERSON = (argument("issuer"), argument("subject"))
VERBS = (
    verb(
        "import",
        "enrol everybody in a CSV or JSON file, or nobody",
        "edge.cli.people.enrol:run",
        *_HERE,
        argument("file", type=Path, help="CSV with a head line, JSON array, or JSON Lines"),
        argument("--replace", action="store_true", help="delete everyone who is not in this file"),
    ),
    verb(
        "list",
        "everybody, by the names that this site keeps",
        _list,
        *_HERE,
        argument("--group", help="only who belongs to this group"),
    ),
    verb("show", "what is said of one person", _show, *_HERE, *_PERSON),
    verb(
        "pin",
        "give one person a PIN, typed twice; or from standard input",
        _pin,
        *_HERE,
        *_PERSON,
        argument("--duress", action="store_true", help="and a second one, which tells staff silently"),
        argument("--remove", action="store_true", help="delete this person's PIN"),
    ),
    verb("export", "everybody as JSON Lines, which `import` takes with the same key", _export, *_HERE),
    Verb(
        "check",
        "what the rules say at some time",
        "edge.cli.people.check:run",
        "edge.cli.people.check:ARGUMENTS",
    ),
    verb(
        "forgive",
        "take somebody to have gone out",
        _forgive,
        *_HERE,
        argument("issuer", nargs="?", help="left out: everybody has"),
        argument("subject", nargs="?"),
    ),
    verb(
        "lock-down",
        "let nobody pass but who may, until it is switched off",
        _lock_down,
        *_HERE,
        argument("switch", choices=("on", "off")),
    ),
)
