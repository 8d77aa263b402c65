"""The occupancy store in an SQLite file: it survives a restart, and two doors of one board may share it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from edge.sqlite import connect, faults, transaction
from edge.venues.door.occupancy import Inside, WaitingPerson

if TYPE_CHECKING:
    from pathlib import Path

    from edge.venues.door.occupancy import OccupancyChange

_TABLES: Final[dict[str, tuple[dict[str, type], tuple[str, ...]]]] = {
    "inside": ({"area": str, "person": bytes, "at": int, "day": int}, ("area", "person")),
    # Number of rows in `inside`, updated at each passage: to count 100,000 rows would take too long there.
    "areas": ({"area": str, "day": int, "count": int}, ("area",)),
    "opened": ({"area": str, "team": str, "day": int}, ("area", "team")),
    "waiting": ({"door": str, "person": bytes, "at": int}, ("door",)),
    "switches": ({"switch": str, "since": int, "by": str}, ("switch",)),
}
# Without it each passage reads everyone inside, to delete those of a day that is over: 55 ms for 500,000.
_BY_DAY: Final = "CREATE INDEX IF NOT EXISTS inside_by_day ON inside (area, day)"


class Switch(StrEnum):
    """A state that lasts until it is switched off."""

    LOCK_DOWN = "lock-down"
    CONTROLLER = "controller"  # the door's controller was put into lock-down by these rules


@dataclass(frozen=True, slots=True)
class SwitchedOn:
    """A switch is on since this second. `by`: the account of the operator; None: not known."""

    since: int
    by: str | None


class OccupancyFile:
    """An `OccupancyStore` in a file. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises StorageFault."""
        self._path = path
        self._db = connect(path, prepare=_make_tables)

    def inside(self, area: str, person: bytes) -> Inside | None:
        row = self._row("SELECT at, day FROM inside WHERE area = ? AND person = ?", area, person)
        return None if row is None else Inside(*row)

    def count(self, area: str, day: int) -> int:
        row = self._row("SELECT count FROM areas WHERE area = ? AND day = ?", area, day)
        if row is None:  # before the first passage of that day
            row = self._row("SELECT count(*) FROM inside WHERE area = ? AND day = ?", area, day)
        return int(row[0]) if row else 0

    def opened(self, area: str, group: str) -> int | None:
        row = self._row("SELECT day FROM opened WHERE area = ? AND team = ?", area, group)
        return None if row is None else int(row[0])

    def waiting(self, door: str) -> WaitingPerson | None:
        row = self._row("SELECT person, at FROM waiting WHERE door = ?", door)
        return None if row is None else WaitingPerson(*row)

    def is_locked_down(self) -> bool:
        return self.is_on(Switch.LOCK_DOWN)

    def write(self, change: OccupancyChange) -> None:
        db, area, day = self._db, change.area, change.day
        with faults(self._path), transaction(db):
            db.execute("DELETE FROM inside WHERE area = ? AND day < ?", (area, change.over))
            gone = [(area, person, day) for person in (*change.left, *change.came)]
            left = sum(
                db.execute("DELETE FROM inside WHERE area = ? AND person = ? AND day = ?", row).rowcount
                for row in gone
            )
            db.executemany("DELETE FROM inside WHERE area = ? AND person = ?", (row[:2] for row in gone))
            came = [(area, person, change.at, day) for person in change.came]
            db.executemany("INSERT INTO inside (area, person, at, day) VALUES (?, ?, ?, ?)", came)
            # People are counted at the first passage of a day, also of a day that a wrong clock had left.
            db.execute(
                "INSERT INTO areas (area, day, count) VALUES (?1, ?2, ?3) ON CONFLICT (area) DO UPDATE"
                " SET count = CASE day WHEN ?2 THEN count + ?3 ELSE"
                " (SELECT count(*) FROM inside WHERE area = ?1 AND day = ?2) END, day = ?2",
                (area, day, len(came) - left),
            )
            opened = [(area, group, change.today) for group in change.opened]
            db.executemany("INSERT OR REPLACE INTO opened (area, team, day) VALUES (?, ?, ?)", opened)
            db.execute("DELETE FROM waiting WHERE door = ?", (change.door,))
            if change.waiting is not None:
                row = (change.door, change.waiting.person, change.waiting.at)
                db.execute("INSERT INTO waiting (door, person, at) VALUES (?, ?, ?)", row)

    # -- used by commands of operators ------------------------------------------------------------

    def is_on(self, switch: Switch) -> bool:
        """Whether the switch is on. Raises StorageFault."""
        return self._row("SELECT 1 FROM switches WHERE switch = ?", switch.value) is not None

    def switched_on(self, switch: Switch) -> SwitchedOn | None:
        """The time at which the switch was switched on, and the operator; None: it is off."""
        row = self._row('SELECT since, "by" FROM switches WHERE switch = ?', switch.value)
        return None if row is None else SwitchedOn(*row)

    def switch(self, switch: Switch, since: int | None, *, by: str | None = None) -> None:
        """Switch it on since this second, or off if `since` is None. Raises StorageFault.

        A switch that is on keeps its time and its operator.
        """
        with faults(self._path), transaction(self._db):
            if since is None:
                self._db.execute("DELETE FROM switches WHERE switch = ?", (switch.value,))
            else:
                self._db.execute(
                    'INSERT OR IGNORE INTO switches (switch, since, "by") VALUES (?, ?, ?)',
                    (switch.value, since, by),
                )

    def places_of(self, person: bytes) -> list[tuple[str, Inside]]:
        """The areas in which this person is stored, also of a day that is over. Raises StorageFault."""
        with faults(self._path):
            rows = self._db.execute(
                "SELECT area, at, day FROM inside WHERE person = ? ORDER BY area", (person,)
            ).fetchall()
        return [(area, Inside(at, day)) for area, at, day in rows]

    def stored(self) -> tuple[int, int]:
        """Number of stored people, and of their areas, also of days that are over. Raises StorageFault."""
        people, areas = self._row("SELECT count(*), count(DISTINCT area) FROM inside") or (0, 0)
        return people, areas

    def forgive(self, person: bytes | None = None) -> int:
        """Remove this person, or all people, from every area; their number. Raises StorageFault."""
        db = self._db
        with faults(self._path), transaction(db):
            forgiven = db.execute("DELETE FROM inside WHERE ?1 IS NULL OR person = ?1", (person,)).rowcount
            db.execute(
                "UPDATE areas SET count ="
                " (SELECT count(*) FROM inside WHERE inside.area = areas.area AND inside.day = areas.day)"
            )
        return forgiven

    def close(self) -> None:
        """Safe to call again."""
        self._db.close()

    def _row(self, question: str, *values: object) -> tuple[Any, ...] | None:
        try:
            row: tuple[Any, ...] | None = self._db.execute(question, values).fetchone()
        except sqlite3.Error:
            with faults(self._path):  # not around the query: a visit makes five, and a context takes 5 us
                raise
        return row


def _has_operators(db: sqlite3.Connection) -> bool:
    return any(column[1] == "by" for column in db.execute("PRAGMA table_info(switches)"))


def _has_index(db: sqlite3.Connection) -> bool:
    return any(index[1] == "inside_by_day" for index in db.execute("PRAGMA index_list(inside)"))


def _make_tables(db: sqlite3.Connection) -> None:
    known = db.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").fetchone()
    if known == (len(_TABLES),):
        if not (_has_operators(db) and _has_index(db)):  # a file of an earlier version
            with transaction(db):
                if not _has_operators(db):  # another process may have been first
                    db.execute('ALTER TABLE switches ADD COLUMN "by" TEXT')
                db.execute(_BY_DAY)
        return
    from sqlite_utils import Database  # 0.3 s, at the first start only

    with transaction(db):
        tables = Database(db, execute_plugins=False)
        for name, (columns, pk) in _TABLES.items():
            required = [column for column in columns if column != "by"]
            tables.table(name).create(columns, pk=pk, not_null=required, if_not_exists=True, strict=True)
        db.execute(_BY_DAY)
