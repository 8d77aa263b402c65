"""Opens the files of a site's people: entries, keys, rules and occupancy; finds one person in them."""

from __future__ import annotations

import os
import pwd
from contextlib import closing
from typing import TYPE_CHECKING

from edge.app.venues.door import read_rules, site_key
from edge.card.person import Person
from edge.errors import ConfigError, InputError
from edge.venues.door.occupancy_store import OccupancyFile
from edge.venues.door.people_store import PeopleFile
from edge.venues.door.person import person_name

if TYPE_CHECKING:
    from datetime import datetime, tzinfo
    from pathlib import Path

    from edge.config import Config
    from edge.venues.door.person import EnrolledPerson
    from edge.venues.door.rules import DoorRules


def open_people(config: Config, base: Path) -> PeopleFile:
    """The database of enrolled people. Raises ConfigError if there is none yet, StorageFault."""
    path = base / config.permits.people
    if not path.exists():
        raise ConfigError(
            f"{path}: no person is enrolled yet", hint="enrol people: doorward people import FILE"
        )
    return PeopleFile(path)


def name_of(config: Config, base: Path, issuer: str, subject: str) -> bytes:
    """The keyed name of the holder of this card, enrolled or not. Raises ConfigError."""
    return person_name(Person(issuer, subject), site_key(base / config.permits.key, may_make=False))


def find(config: Config, base: Path, issuer: str, subject: str) -> EnrolledPerson:
    """The enrolled person. Raises InputError if there is none; the error does not repeat the subject."""
    with closing(open_people(config, base)) as people:
        person = people.find(name_of(config, base, issuer, subject))
    if person is None:
        raise stranger()
    return person


def stranger() -> InputError:
    """The error for a card whose holder is not enrolled."""
    return InputError(
        "no person with this issuer and subject is enrolled",
        hint="read both from the card's code: doorward code verify --trust trust CODE",
    )


def rules_of(config: Config, base: Path) -> DoorRules:
    """The rules of the door. Raises ConfigError, also for a door without rules."""
    return read_rules(rules_file(config, base), config.door.site)


def rules_file(config: Config, base: Path) -> Path:
    """The file of the site's rules. Raises ConfigError for a door without rules."""
    if config.permits.rules is None:
        raise ConfigError(
            "[permits] rules is not set: this door has no rules", hint='set [permits] rules = "site.toml"'
        )
    return base / config.permits.rules


def open_presence(config: Config, base: Path) -> OccupancyFile:
    """The occupancy store of the door; made if there is none. Raises ConfigError, StorageFault."""
    rules_file(config, base)
    return OccupancyFile(base / config.permits.presence)


def known_presence(config: Config, base: Path) -> OccupancyFile | None:
    """The occupancy store, for a command that changes nothing; None before the first passage."""
    path = base / config.permits.presence
    return OccupancyFile(path) if path.exists() else None


def operator() -> str:
    """The account of the person who runs this command: with sudo, the one who called it."""
    caller = os.environ.get("SUDO_USER")
    if caller:
        return caller[:64]
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may have no name for its user
        return f"user {os.getuid()}"


def local(at: datetime, zone: tzinfo) -> str:
    """A time on the clocks of the site."""
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M %z").lower()
