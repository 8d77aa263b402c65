"""Reads the state of a hub's devices: last contact, age of lists, open alarms, and counts of each state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, func, not_, or_, select

from edge.upload.protocol import MAX_SKEW_S
from tools.hub.schema import Database, alarms, devices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import RowMapping

HOUR_S: Final = 3_600
ROWS: Final = 500  # on one page; an operator finds the others by name
NEVER: Final = "never"


@dataclass(frozen=True, slots=True)
class AgeScale:
    """Words for an age: `good` up to `good_s`, then `worse` up to `worse_s`, then `bad`."""

    good: str
    good_s: int
    worse: str
    worse_s: int
    bad: str

    def state(self, age_s: float | None) -> str:
        """One of the four words; `never` for None."""
        if age_s is None:
            return NEVER
        if -MAX_SKEW_S <= age_s <= self.good_s:
            return self.good
        return self.worse if self.good_s < age_s <= self.worse_s else self.bad

    def conditions(self, moment_s: ColumnElement[Any], now_s: int) -> Mapping[str, ColumnElement[bool]]:
        """The condition of each word on a column of seconds since 1970."""
        good = and_(moment_s >= now_s - self.good_s, moment_s <= now_s + MAX_SKEW_S)
        worse = and_(moment_s >= now_s - self.worse_s, moment_s < now_s - self.good_s)
        return {
            self.good: good,
            self.worse: worse,
            self.bad: and_(moment_s.is_not(None), not_(or_(good, worse))),
            NEVER: moment_s.is_(None),
        }


@dataclass(frozen=True, slots=True)
class AgeScales:
    """Scales for contact and lists. The defaults suit a sync every 15 minutes and lists signed daily."""

    contact: AgeScale = AgeScale("in touch", HOUR_S, "late", 24 * HOUR_S, "silent")
    lists: AgeScale = AgeScale("fresh", 24 * HOUR_S, "ageing", 168 * HOUR_S, "stale")


class Fleet:
    """Queries about all registered devices."""

    def __init__(self, database: Database, scales: AgeScales) -> None:
        self._database = database
        self.scales = scales

    def counts(self, now_s: int) -> Mapping[str, Mapping[str, int]]:
        """The numbers of devices in each state of contact, lists and alarms."""
        asked = {
            "contact": self.scales.contact.conditions(devices.c.heard_ms / 1000, now_s),
            "lists": self.scales.lists.conditions(devices.c.lists_issued_s, now_s),
            "alarms": {"open": open_alarms() > 0, "none": open_alarms() == 0},
        }
        columns = [
            func.count().filter(condition).label(f"{of} {state}")
            for of, states in asked.items()
            for state, condition in states.items()
        ]
        query = select(*columns).select_from(devices).where(devices.c.removed_ms.is_(None))
        with self._database.reading() as db:
            row = db.execute(query).mappings().one()
        return {of: {state: row[f"{of} {state}"] for state in states} for of, states in asked.items()}

    def rows(self, *, sort: str, find: str = "", limit: int = ROWS) -> Sequence[RowMapping]:
        """Registered devices with the number of open `alarms`; devices with alarms first.

        `sort`: "contact" and "lists" put the oldest first, "name" sorts by name. `find`: a part of the name.
        """
        order = {
            "contact": devices.c.heard_ms.asc().nulls_first(),
            "lists": devices.c.lists_issued_s.asc().nulls_first(),
        }.get(sort)
        count = open_alarms().label("alarms")
        query = (
            select(devices, count)
            .where(devices.c.removed_ms.is_(None), devices.c.id.contains(find, autoescape=True))
            .order_by((open_alarms() > 0).desc(), *([] if order is None else [order]), devices.c.id)
            .limit(limit)
        )
        with self._database.reading() as db:
            return db.execute(query).mappings().all()


def open_alarms() -> ColumnElement[int]:
    """The number of open alarms of a row of `devices`, which no operator has cleared."""
    return (
        select(func.count())
        .select_from(alarms)
        .where(alarms.c.serial == devices.c.serial, alarms.c.cleared_ms.is_(None))
        .correlate(devices)
        .scalar_subquery()
    )
