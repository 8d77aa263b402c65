"""Opens the people of one site for a command: its configuration, its file, one person in it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from edge.app.venues.door import site_key
from edge.errors import ConfigError, InputError
from edge.venues.door.people_store import PeopleFile
from edge.venues.door.person import person_name

if TYPE_CHECKING:
    from pathlib import Path

    from edge.config import Config
    from edge.venues.door.person import Person


def open_people(config: Config, base: Path) -> PeopleFile:
    """The people that are there already. Raises ConfigError where nobody ever was, StorageFault."""
    path = base / config.permits.people
    if not path.exists():
        raise ConfigError(f"{path}: nobody is enrolled yet", hint="doorward people import FILE")
    return PeopleFile(path)


def find(config: Config, base: Path, issuer: str, subject: str) -> Person:
    """Who this is. Raises InputError for nobody; the error does not repeat who was asked for."""
    with closing(open_people(config, base)) as people:
        person = people.find(
            person_name(issuer, subject, site_key(base / config.permits.key, may_make=False))
        )
    if person is None:
        raise InputError(
            "nobody of this issuer and subject is enrolled",
            hint="both are in the card: doorward-wallet info",
        )
    return person
