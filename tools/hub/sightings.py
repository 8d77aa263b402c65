"""Finds cards that were shown at several doors of late, so that each door can see one card in two hands.

Each device writes its own rows, in the transaction that takes its records; what it is told of the others goes
into the answer (UPLOAD.md section 2). Pseudonyms and names of doors, and nothing older than an hour.
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

KEPT_MS: Final = 3_600_000  # no site asks about more than a day, and a card that flies does so in minutes


def note(db: Connection, serial: int, entries: Iterable[JournalEntry], now_ms: int) -> None:
    """Remember where this device's latest records saw which cards."""
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
    """The cards that were at two doors or more within the hour, the latest of them, each with its doors."""
    fresh = sightings.c.time_ms > now_ms - KEPT_MS
    several = (
        select(sightings.c.card, func.max(sightings.c.time_ms).label("last"))
        .where(fresh)
        .group_by(sightings.c.card)
        .having(func.count(sightings.c.door.distinct()) > 1)
        .order_by(func.max(sightings.c.time_ms).desc())
        .limit(MAX_SIGHTINGS)
        .subquery()
    )
    rows = db.execute(
        select(sightings.c.card, sightings.c.door, sightings.c.time_ms)
        .join(several, several.c.card == sightings.c.card)
        .where(fresh)
        .order_by(several.c.last.desc(), sightings.c.time_ms.desc())
    )
    told: Sightings = {}
    for row in rows:
        told.setdefault(row.card, {}).setdefault(row.door, row.time_ms)
    return told
