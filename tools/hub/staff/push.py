"""The JSON of one message to staff, as the webhook sends it: codes and pseudonyms, no personal data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from edge.audit.export import utc
from edge.policy.staff_messages import StaffLevel, StaffMessage
from edge.reasons.table import reasons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import RowMapping

_WORDS: Final[Mapping[StaffLevel, Literal["duress", "alarm", "note"]]] = {
    StaffLevel.DURESS: "duress",
    StaffLevel.ALARM: "alarm",
    StaffLevel.NOTE: "note",
}


class StaffPush(msgspec.Struct, frozen=True, kw_only=True):
    """One message to staff, as the receiver gets it.

    `code`: its reason code, perhaps with the role of an officer; `level`: duress, alarm or note. `text`: one
    line for a chat. `record`: its number in the journal of the device; null for an alarm of the hub itself.
    `time`: by the device's clock; `received`: by the hub's; both UTC. `card`: the pseudonym of the card.
    `meaning`, `staff`: what the code means, and what staff do.
    """

    code: str
    level: Literal["duress", "alarm", "note"]
    text: str
    device: str
    door: str | None
    record: int | None
    time: str
    received: str
    outcome: str | None
    reason: str | None
    path: str | None
    card: str | None
    meaning: str
    staff: str


def push(row: RowMapping) -> StaffPush:
    """A stored message as the receiver gets it."""
    level = StaffLevel(row["level"])
    explained = reasons().get(StaffMessage(level, row["code"]).reason)
    meaning = explained.meaning if explained else ""
    return StaffPush(
        code=row["code"],
        level=_WORDS[level],
        text=f"{row['door'] or row['device']}: {row['code']}. {meaning}".strip(),
        device=row["device"],
        door=row["door"],
        record=row["seq"],
        time=utc(row["time_ms"]),
        received=utc(row["received_ms"]),
        outcome=row["outcome"],
        reason=row["reason"],
        path=row["path"],
        card=row["card"],
        meaning=meaning,
        staff=explained.staff if explained else "",
    )
