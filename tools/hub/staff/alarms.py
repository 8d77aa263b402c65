"""Alarms of the hub about a device: stores, counts and opens them again, and tells staff."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, insert, select, update

from tools.hub.schema import alarms
from tools.hub.staff.messages import note_alarm

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from tools.hub.intake import Disputed

# Open alarms of one kind, each with a note of 4 kB at most: a device that floods the hub takes 1.2 MB.
MAX_ALARMS: Final = 100


def alarm(db: Connection, serial: int, dispute: Disputed, note: str | None, now_ms: int) -> None:
    """Store one row for each different alarm; a device that retries all night only increases its count.

    Staff get a message about a new alarm, and about one that opens again.
    """
    kind, digest = dispute.dispute.value, sha256(f"{dispute.message}\n{note}".encode()).hexdigest()
    of_kind = (alarms.c.serial == serial) & (alarms.c.kind == kind)
    new = {"serial": serial, "kind": kind, "first_ms": now_ms, "times": 1, "last_ms": now_ms}
    if _again(db, of_kind & (alarms.c.digest == digest), now_ms):
        return
    open_ = select(func.count()).select_from(alarms).where(of_kind, alarms.c.cleared_ms.is_(None))
    if db.execute(open_).scalar_one() < MAX_ALARMS:
        note_alarm(db, serial, kind, now_ms)
        db.execute(insert(alarms).values(**new, digest=digest, detail=dispute.message, note=note))
    elif not _again(db, of_kind & (alarms.c.digest == ""), now_ms):
        detail = f"more than {MAX_ALARMS} different alarms since the last `alarm clear`: counted here"
        db.execute(insert(alarms).values(**new, digest="", detail=detail))


def _again(db: Connection, row: ColumnElement[bool], now_ms: int) -> bool:
    """Count a known alarm, and open it again; its detail and note stay. False: there is no such row."""
    for cleared in db.execute(
        select(alarms.c.serial, alarms.c.kind).where(row, alarms.c.cleared_ms.is_not(None))
    ):
        note_alarm(db, cleared.serial, cleared.kind, now_ms)
    again = {"last_ms": now_ms, "cleared_ms": None, "times": alarms.c.times + 1}
    return db.execute(update(alarms).where(row).values(again)).rowcount > 0
