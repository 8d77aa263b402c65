"""Finds cards that were shown at several doors in the last hour, so that each door can detect a copied card.

Each device writes its own rows, in the transaction that stores its records; the cards that other devices saw
go into the answer (UPLOAD.md section 2). A row has a pseudonym and a door's name, and is an hour old at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, func, insert, select

from edge.audit.record import Passage
from edge.upload.protocol import MAX_SIGHTINGS
from tools.hub.schema import sightings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from edge.audit.record import JournalEntry
    from edge.upload.protocol import Sightings

KEPT_MS: Final = 3_600_000  # a copied card is usually seen at a second door within minutes


def note(db: Connection, serial: int, entries: Iterable[JournalEntry], now_ms: int) -> None:
    """Store the last door and time of each card in this device's latest records."""
    since = now_ms - KEPT_MS
    latest = {
        entry.record.card: (entry.record.door, entry.record.time_ms)
        for entry in entries
        if isinstance(entry.record, Passage) and entry.record.card and since < entry.record.time_ms <= now_ms
    }
    db.execute(delete(sightings).where(sightings.c.serial == serial, sightings.c.time_ms <= since))
    if not latest:
        return
    ours = and_(sightings.c.serial == serial, sightings.c.card.in_(latest))
    db.execute(delete(sightings).where(ours))
    db.execute(
        insert(sightings),
        [
            {"serial": serial, "card": card, "door": door, "time_ms": time_ms}
            for card, (door, time_ms) in latest.items()
        ],
    )


def recent(db: Connection, now_ms: int) -> Sightings:
    """The cards that were at two doors or more within the hour, each with its doors.

    The cards at most doors come first, then the latest: one device that lies about every card adds one door
    to each, and cannot push out a card that is at more doors than those.
    """
    fresh = sightings.c.time_ms > now_ms - KEPT_MS
    doors, last = func.count(sightings.c.door.distinct()), func.max(sightings.c.time_ms)
    several = (
        select(sightings.c.card, doors.label("doors"), last.label("last"))
        .where(fresh)
        .group_by(sightings.c.card)
        .having(doors > 1)
        .order_by(doors.desc(), last.desc())
        .limit(MAX_SIGHTINGS)
        .subquery()
    )
    rows = db.execute(
        select(sightings.c.card, sightings.c.door, sightings.c.time_ms)
        .join(several, several.c.card == sightings.c.card)
        .where(fresh)
        .order_by(several.c.doors.desc(), several.c.last.desc(), sightings.c.time_ms.desc())
    )
    told: Sightings = {}
    for row in rows:
        told.setdefault(row.card, {}).setdefault(row.door, row.time_ms)
    return told
