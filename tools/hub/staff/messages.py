"""Messages to staff at the hub: one row for each message of a record, and for each alarm of the hub itself.

A row is stored in the transaction that stores its record, so no message is lost. It is the page's row and the
webhook's outbox at once: a message waits until the receiver has answered, also over a restart of the hub.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, insert, select, update

from edge.audit.record import Passage, Visited
from edge.policy.staff_messages import StaffLevel, StaffMessage, known_codes, staff_messages
from edge.reasons.table import reasons
from tools.hub.schema import devices
from tools.hub.schema import staff_messages as rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, RowMapping, Select

    from edge.audit.record import JournalEntry
    from tools.hub.schema import Database

ROWS: Final = 200  # on the page; the downloads of a device have all its records
# An older message asks for nothing any more; the page still has it.
MAX_AGE: Final = timedelta(days=7)
_ALARM: Final = "alarm."


def note(db: Connection, serial: int, entries: Iterable[JournalEntry], now_ms: int) -> None:
    """Store the messages of these new records. In the caller's transaction."""
    found = [
        _row(serial, message, now_ms) | _facts(entry)
        for entry in entries
        for message in staff_messages(entry.record)
    ]
    if found:
        db.execute(insert(rows), found)


def note_alarm(db: Connection, serial: int, kind: str, now_ms: int) -> None:
    """Store that the hub itself has an alarm about a device. In the caller's transaction."""
    db.execute(insert(rows).values(_row(serial, StaffMessage(StaffLevel.ALARM, f"{_ALARM}{kind}"), now_ms)))


class StaffLog:
    """The stored messages. Every method raises StorageFault."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(
        self, *, level: StaffLevel | None = None, find: str = "", since_ms: int = 0, limit: int = ROWS
    ) -> Sequence[RowMapping]:
        """The last messages, newest first, each with the name of its device.

        `level`: of this urgency only; `find`: a part of the device's name; `since_ms`: received after it.
        """
        query = _with_device().where(
            rows.c.received_ms > since_ms, devices.c.id.contains(find, autoescape=True)
        )
        if level is not None:
            query = query.where(rows.c.level == int(level))
        with self._database.reading() as db:
            return db.execute(query.order_by(rows.c.id.desc()).limit(limit)).mappings().all()

    def waiting(self, now_ms: int, limit: int) -> Sequence[RowMapping]:
        """The messages that the webhook has to send, the most urgent first, then the oldest."""
        query = _with_device().where(_untold(now_ms)).order_by(rows.c.level, rows.c.id).limit(limit)
        with self._database.reading() as db:
            return db.execute(query).mappings().all()

    def told(self, number: int, answer: str, now_ms: int) -> None:
        """Store that this message was sent. `answer`: the receiver's refusal; empty: it took the message."""
        with self._database.writing() as db:
            this = (rows.c.id == number) & rows.c.told_ms.is_(None)
            db.execute(update(rows).where(this).values(told_ms=now_ms, answer=answer))

    def counts(self) -> Mapping[str, int]:
        """The number of all messages by code, also of codes without any; roles of officers count as one."""
        query = select(rows.c.code, func.count()).group_by(rows.c.code)
        alarms = (code for code in reasons() if code.startswith(_ALARM))
        counts = dict.fromkeys((*known_codes(), *alarms), 0)
        with self._database.reading() as db:
            for code, count in db.execute(query):
                known = StaffMessage(StaffLevel.NOTE, code).reason or "other"
                counts[known] = counts.get(known, 0) + count
        return counts

    def waiting_count(self, now_ms: int) -> int:
        """The number of messages that the webhook has to send."""
        with self._database.reading() as db:
            return db.execute(select(func.count()).select_from(rows).where(_untold(now_ms))).scalar_one()


def _row(serial: int, message: StaffMessage, now_ms: int) -> dict[str, object]:
    return {
        "serial": serial,
        "code": message.code,
        "level": int(message.level),
        "time_ms": now_ms,
        "received_ms": now_ms,
        "seq": None,
        "door": None,
        "card": None,
        "outcome": None,
        "reason": None,
        "path": None,
    }


def _facts(entry: JournalEntry) -> dict[str, object]:
    """The facts of a record that staff need: no name, no number of a person."""
    record = entry.record
    facts: dict[str, object] = {"seq": entry.seq, "time_ms": record.time_ms, "door": record.door}
    if isinstance(record, Passage):
        facts |= {
            "card": record.card,
            "outcome": record.outcome.value,
            "reason": record.reason and str(record.reason),
            "path": record.visit.path.value if isinstance(record.visit, Visited) else None,
        }
    return facts


def _with_device() -> Select[Any]:
    return select(rows, devices.c.id.label("device")).join(devices, devices.c.serial == rows.c.serial)


def _untold(now_ms: int) -> ColumnElement[bool]:
    oldest_ms = now_ms - int(MAX_AGE.total_seconds() * 1_000)
    return and_(rows.c.told_ms.is_(None), rows.c.received_ms > oldest_ms)
