"""Opens the database of a site's enrolled people, and finds one person in it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from edge.app.venues.door import site_key
from edge.card.person import Person
from edge.errors import ConfigError, InputError
from edge.venues.door.people_store import PeopleFile
from edge.venues.door.person import person_name

if TYPE_CHECKING:
    from pathlib import Path

    from edge.config import Config
    from edge.venues.door.person import EnrolledPerson


def open_people(config: Config, base: Path) -> PeopleFile:
    """The database of enrolled people. Raises ConfigError if there is none yet, StorageFault."""
    path = base / config.permits.people
    if not path.exists():
        raise ConfigError(
            f"{path}: no person is enrolled yet", hint="enrol people: doorward people import FILE"
        )
    return PeopleFile(path)


def find(config: Config, base: Path, issuer: str, subject: str) -> EnrolledPerson:
    """The enrolled person. Raises InputError if there is none; the error does not repeat the subject."""
    with closing(open_people(config, base)) as people:
        person = people.find(
            person_name(Person(issuer, subject), site_key(base / config.permits.key, may_make=False))
        )
    if person is None:
        raise InputError(
            "no person with this issuer and subject is enrolled",
            hint="copy both from the card: doorward-wallet info",
        )
    return person
