"""Enrolled people in an SQLite file: a visit reads one by keyed name, a command writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from edge.errors import InputError
from edge.formats.list_in_use import check_replacement
from edge.policy.pin import Pin
from edge.sqlite import connect, faults, transaction
from edge.venues.door.person import EnrolledPerson

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from edge.venues.door.enrolment import Enrolment

_TABLE: Final = "people"
_COLUMNS: Final = {
    "name": bytes,
    "same_as": bytes,  # this is the duress card of the person with that keyed name
    "groups": str,
    "valid_from": int,
    "valid_until": int,
    "flags": int,
    "template": bytes,
    "pin": bytes,
    "duress_pin": bytes,
}
_PINS: Final = ("pin", "duress_pin")
_INSERT: Final = f"INSERT INTO {_TABLE} VALUES ({', '.join(f':{column}' for column in _COLUMNS)})"  # noqa: S608  our own words
_FIND: Final = f"SELECT {', '.join(_COLUMNS)} FROM {_TABLE} WHERE name = ?"  # noqa: S608  our own words
_ALL: Final = f"SELECT {', '.join(_COLUMNS)} FROM {_TABLE} ORDER BY name"  # noqa: S608  likewise


# Bits of `flags`; plain numbers, because an IntFlag takes 20 us of every visit.
_ASSISTED: Final = 1
_NO_FACE: Final = 2


class PeopleFile:
    """The port `People` over a file. For one thread at a time; a command may write the file meanwhile."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises StorageFault."""
        self._path = path
        self._db = connect(path, prepare=_make_tables)

    def find(self, name: bytes) -> EnrolledPerson | None:
        with faults(self._path):
            row = self._db.execute(_FIND, (name,)).fetchone()
            if row is None or row[1] is None:
                return None if row is None else _person(row)
            person = self._db.execute(_FIND, (row[1],)).fetchone()
            return None if person is None else _person(person, duress=True)

    def __len__(self) -> int:
        with faults(self._path):
            return int(self._db.execute(f"SELECT count(*) FROM {_TABLE}").fetchone()[0])  # noqa: S608

    def rows(self) -> Iterator[tuple[bytes, bytes | None, EnrolledPerson]]:
        """All entries: keyed name, the person whose duress card it is or None, and the person's data."""
        with faults(self._path):
            for row in self._db.execute(_ALL):
                yield row[0], row[1], _person(row)

    def take(
        self, enrolments: Iterable[Enrolment], *, replace: bool = False, accept_fewer: bool = False
    ) -> int:
        """Enrol these people: all or none; their number.

        A row without a PIN keeps the stored PIN: offices write lists, and PINs are set on the device.

        Args:
            enrolments: the list.
            replace: delete all people who are not in the list.
            accept_fewer: whether an operator agrees that more than half of the people are deleted.

        Raises:
            FewerError: more than half of the people would be deleted.
            InputError: the list is empty, or a duress card belongs to a person who is not enrolled.
            StorageFault: the file cannot be written.
        """
        from sqlite_utils import Database  # takes 0.3 s; a door does not need it

        taken = deleted = 0
        in_use = len(self)
        columns = [f"{column} = excluded.{column}" for column in _COLUMNS if "pin" not in column]
        columns += [f"{column} = coalesce(excluded.{column}, {column})" for column in _PINS]
        upsert = f"{_INSERT} ON CONFLICT (name) DO UPDATE SET {', '.join(columns)}"
        with faults(self._path), transaction(self._db):
            table = Database(self._db, execute_plugins=False).table(_TABLE)
            self._db.execute("CREATE TEMP TABLE taken (name BLOB PRIMARY KEY) WITHOUT ROWID")
            for enrolment in enrolments:
                self._db.execute(upsert, _row(enrolment))
                self._db.execute("INSERT INTO taken VALUES (?)", (enrolment.name,))
                taken += 1
            if replace:
                deleted = self._db.execute(
                    f"DELETE FROM {_TABLE} WHERE name NOT IN (SELECT name FROM taken)"  # noqa: S608
                ).rowcount
            self._db.execute("DROP TABLE taken")
            lost = table.count_where(
                f"same_as IS NOT NULL AND same_as NOT IN (SELECT name FROM {_TABLE} WHERE same_as IS NULL)"  # noqa: S608
            )
            if lost:
                raise InputError(
                    f"{lost} duress cards name a person who is not enrolled",
                    hint="enrol that person in the same list, or before it",
                )
            stay = in_use - deleted
            check_replacement("people", in_use=in_use, stay=stay, usable=taken, accept_fewer=accept_fewer)
        return taken

    def clear(self) -> int:
        """Delete all people and their PINs; their number. Raises StorageFault."""
        with faults(self._path), transaction(self._db):
            return self._db.execute(f"DELETE FROM {_TABLE}").rowcount  # noqa: S608  our own words

    def persons(self) -> int:
        """Number of people, each counted once, whatever duress cards they have. Raises StorageFault."""
        with faults(self._path):
            found = self._db.execute(f"SELECT count(*) FROM {_TABLE} WHERE same_as IS NULL").fetchone()  # noqa: S608
            return int(found[0])

    def gone(self, names: Iterable[bytes]) -> int:
        """Number of entries with other names, which `take` deletes with `replace`. Raises StorageFault."""
        kept = set(names)
        with faults(self._path):
            return sum(row[0] not in kept for row in self._db.execute(f"SELECT name FROM {_TABLE}"))  # noqa: S608

    def remove(self, name: bytes) -> int:
        """Delete this entry, and the duress cards of this person; the number deleted. Raises StorageFault."""
        with faults(self._path), transaction(self._db):
            return self._db.execute(
                f"DELETE FROM {_TABLE} WHERE name = ?1 OR same_as = ?1",  # noqa: S608
                (name,),
            ).rowcount

    def set_pin(self, name: bytes, pin: Pin | None) -> None:
        """Set this person's PIN, or delete it if `pin` is None. Raises StorageFault."""
        values = (None, None) if pin is None else (pin.usual, pin.duress)
        with faults(self._path), transaction(self._db):
            self._db.execute(f"UPDATE {_TABLE} SET pin = ?, duress_pin = ? WHERE name = ?", (*values, name))  # noqa: S608

    def close(self) -> None:
        """Safe to call again."""
        self._db.close()


def _make_tables(db: sqlite3.Connection) -> None:
    if db.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (_TABLE,)).fetchone() is None:
        from sqlite_utils import Database

        with transaction(db):
            Database(db, execute_plugins=False).table(_TABLE).create(
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
        "pin": enrolment.pin,
        "duress_pin": enrolment.duress_pin,
    }


def _person(row: tuple[Any, ...], *, duress: bool = False) -> EnrolledPerson:
    name, _, groups, valid_from, valid_until, flags, template, pin, duress_pin = row
    return EnrolledPerson(
        name,
        frozenset(groups.split()),
        _moment(valid_from),
        _moment(valid_until),
        assisted=bool(flags & _ASSISTED),
        no_face=bool(flags & _NO_FACE),
        duress=duress,
        template=template,
        pin=None if pin is None else Pin(pin, duress_pin),
    )


def _second(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _moment(second: int | None) -> datetime | None:
    return None if second is None else datetime.fromtimestamp(second, UTC)
