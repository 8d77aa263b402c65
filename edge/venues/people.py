"""Everybody who is enrolled, in an SQLite file: read by name when somebody comes, written by a command."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from edge.errors import InputError
from edge.venue.door.person import Person
from edge.venues.sqlite import connect, faults, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from edge.venue.door.enrolment import Enrolment

_TABLE: Final = "people"
_COLUMNS: Final = {
    "name": bytes,
    "same_as": bytes,  # this card is for being forced, and belongs to the person of that name
    "groups": str,
    "valid_from": int,
    "valid_until": int,
    "flags": int,
    "template": bytes,
}
_FIND: Final = f"SELECT {', '.join(_COLUMNS)} FROM {_TABLE} WHERE name = ?"  # noqa: S608  our own words
_ALL: Final = f"SELECT {', '.join(_COLUMNS)} FROM {_TABLE} ORDER BY name"  # noqa: S608  likewise
_BATCH: Final = 1_000


# Bits of `flags`; plain numbers, for an IntFlag takes 20 us of every visit.
_ASSISTED: Final = 1
_NO_FACE: Final = 2


class PeopleFile:
    """The port `People` over a file. For one thread at a time; a command may write it meanwhile."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it. Raises StorageFault."""
        self._path = path
        self._db = connect(path)
        try:
            self._begin()
        except BaseException:
            self._db.close()
            raise

    def find(self, name: bytes) -> Person | None:
        with faults(self._path):
            row = self._db.execute(_FIND, (name,)).fetchone()
            if row is None or row[1] is None:
                return None if row is None else _person(row)
            person = self._db.execute(_FIND, (row[1],)).fetchone()
            return None if person is None else _person(person, duress=True)

    def __len__(self) -> int:
        with faults(self._path):
            return int(self._db.execute(f"SELECT count(*) FROM {_TABLE}").fetchone()[0])  # noqa: S608

    def rows(self) -> Iterator[tuple[bytes, bytes | None, Person]]:
        """Everybody: name, the person whose card for being forced this is, and what is said of him."""
        with faults(self._path):
            for row in self._db.execute(_ALL):
                yield row[0], row[1], _person(row)

    def take(self, enrolments: Iterable[Enrolment], *, replace: bool = False) -> int:
        """Enrol these, and keep or `replace` everybody else: all of it or nothing. How many were taken.

        Raises:
            InputError: a card for being forced belongs to nobody.
            StorageFault: the file cannot be written.
        """
        from sqlite_utils import Database  # noqa: PLC0415  0.3 s, which a door does without

        taken = 0
        with transaction(self._db, self._path):
            if replace:
                self._db.execute(f"DELETE FROM {_TABLE}")  # noqa: S608
            table = Database(self._db, execute_plugins=False).table(_TABLE)
            insert = f"INSERT OR REPLACE INTO {_TABLE} VALUES ({', '.join(f':{c}' for c in _COLUMNS)})"  # noqa: S608
            for enrolment in enrolments:
                self._db.execute(insert, _row(enrolment))
                taken += 1
            lost = table.count_where(
                f"same_as IS NOT NULL AND same_as NOT IN (SELECT name FROM {_TABLE} WHERE same_as IS NULL)"  # noqa: S608
            )
            if lost:
                raise InputError(
                    f"cards for being forced that belong to nobody who is enrolled: {lost}",
                    hint="duress_of is the subject of a person in the same file, or enrolled before",
                )
        return taken

    def close(self) -> None:
        """Safe to call again."""
        self._db.close()

    def _begin(self) -> None:
        with faults(self._path):
            known = self._db.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (_TABLE,)).fetchone()
            if known is None:
                from sqlite_utils import Database  # noqa: PLC0415  likewise

                with transaction(self._db, self._path):
                    Database(self._db, execute_plugins=False).table(_TABLE).create(
                        _COLUMNS, pk="name", not_null=("groups", "flags"), if_not_exists=True, strict=True
                    )


def _row(enrolment: Enrolment) -> dict[str, Any]:
    flags = (_ASSISTED if enrolment.assisted else 0) | (_NO_FACE if enrolment.no_face else 0)
    return {
        "name": enrolment.name,
        "same_as": enrolment.same_as,
        "groups": " ".join(sorted(enrolment.groups)),
        "valid_from": _second(enrolment.valid_from),
        "valid_until": _second(enrolment.valid_until),
        "flags": flags,
        "template": enrolment.template,
    }


def _person(row: tuple[Any, ...], *, duress: bool = False) -> Person:
    name, _, groups, valid_from, valid_until, flags, template = row
    return Person(
        name,
        frozenset(groups.split()),
        _moment(valid_from),
        _moment(valid_until),
        assisted=bool(flags & _ASSISTED),
        no_face=bool(flags & _NO_FACE),
        duress=duress,
        template=template,
    )


def _second(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _moment(second: int | None) -> datetime | None:
    return None if second is None else datetime.fromtimestamp(second, UTC)
