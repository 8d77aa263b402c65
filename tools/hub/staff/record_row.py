"""One record as a row of a device's page, with its card, its path and its messages to staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.audit.record import (
    ClockChange,
    ClockEvent,
    DoorChange,
    Erased,
    Faulted,
    Passage,
    Started,
    Stopped,
    Visited,
)
from edge.policy.staff_messages import staff_messages

if TYPE_CHECKING:
    from edge.audit.record import JournalEntry


def told(entry: JournalEntry) -> dict[str, object]:
    """One record as a row of the table. `code`: the reason code that explains it, if it has one.

    `card`: the pseudonym; `way`: the path of the visit; `notices`: the messages to staff, the most urgent
    first, each with the code that explains it. Nothing is veiled here: only staff have the password.
    """
    record = entry.record
    what, tone, code = "", "", ""
    match record:
        case Passage(reason=None):
            what, tone = "granted", "good"
        case Passage():
            what, tone, code = f"denied: {record.reason}", "worse", str(record.reason)
        case DoorChange():
            what = f"door {record.change.value}" + (f" ({record.cause.value})" if record.cause else "")
            code = f"door.{record.change}"
        case Started():
            what = "started"
        case Stopped():
            what, code = f"stopped ({record.cause.value})", f"stop.{record.cause}"
        case Faulted():
            what, tone, code = f"fault: {record.part.value}", "bad", f"fault.{record.part}"
        case ClockChange():
            what, code = f"clock: {record.event.value}", f"clock.{record.event}"
            tone = "good" if record.event is ClockEvent.TRUSTED else "bad"
        case Erased():
            what = f"erased before record {record.upto:,} ({record.cause.value})"
            code = f"erased.{record.cause}"
    return {
        "seq": entry.seq,
        "time_ms": record.time_ms,
        "door": record.door,
        "what": what,
        "tone": tone,
        "code": code,
        "card": record.card or "" if isinstance(record, Passage) else "",
        "way": record.visit.path.value
        if isinstance(record, Passage) and isinstance(record.visit, Visited)
        else "",
        "notices": [message for message in staff_messages(record) if message.code != code],
    }
