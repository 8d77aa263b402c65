"""Messages to staff in a record: notes about a visit, blocks of a card or person, alarms of door and device.

The service's log, the broker, the hub's page and its webhook take their messages from here, so all agree.

A message is a code of `edge/reasons/`, and never a text of another system. `notice.duress` has a neutral word
on every screen and in the log, because the attacker may stand beside the person who reads them (THREATS.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import msgspec

from edge.audit.record import ClockChange, ClockEvent, DoorChange, Faulted, Passage, StopCause, Stopped
from edge.decision import Reason
from edge.policy.obligations import StaffNotice
from edge.ports import DoorEventKind
from edge.reasons.table import reasons

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.audit.record import AuditRecord

NOTICE: Final = "notice."
DURESS: Final = f"{NOTICE}{StaffNotice.DURESS}"
# A word that reads as "nothing special". Staff know it from their guide; no other message has it.
DURESS_ON_SCREEN: Final = "routine"


class StaffLevel(IntEnum):
    """The urgency of a message to staff; the first is the most urgent."""

    DURESS = 0
    ALARM = 1  # staff should act now: the device asks for a sync at once
    NOTE = 2  # for information: the next regular sync is soon enough


@dataclass(frozen=True, slots=True, order=True)
class StaffMessage:
    """One message; messages sort by urgency. `code`: as `doorward explain` knows it, perhaps with a role."""

    level: StaffLevel
    code: str

    @property
    def word(self) -> str:
        """The word for a screen or the log, where a bystander may read it."""
        return on_screen(self.code)

    @property
    def reason(self) -> str:
        """The code in the table of reasons, without the role of an officer; empty if the table has none."""
        whole = self.code if self.code in reasons() else ".".join(self.code.split(".")[:2])
        return whole if whole in reasons() else ""


@dataclass(frozen=True, slots=True)
class StaffNews:
    """The messages of one record. `seq`: its number; None if it could not be written."""

    seq: int | None
    door: str
    messages: tuple[StaffMessage, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The messages as a screen or the log shows them, the most urgent first."""
        return tuple(message.word for message in self.messages)

    @property
    def is_alarm(self) -> bool:
        """Whether staff should act now."""
        return any(message.level < StaffLevel.NOTE for message in self.messages)


# Denials that say that this card or person is blocked, or that an attack was seen.
_BLOCKS: Final = frozenset(
    {
        Reason.CARD_REVOKED,
        Reason.CARD_SUSPENDED,
        Reason.PATRON_BLOCKED,
        Reason.PERSON_PASSBACK,
        Reason.RISK_LOCKED_OUT,
        Reason.FACE_ATTACK,
        Reason.LANE_SWAPPED,
    }
)
_DOOR_ALARMS: Final = frozenset(
    {
        DoorEventKind.FORCED,
        DoorEventKind.OPEN_TOO_LONG,
        DoorEventKind.REX_STUCK,
        DoorEventKind.TAMPER,
        DoorEventKind.FIRE,
        DoorEventKind.FAULT,
        DoorEventKind.WATCHDOG,
        DoorEventKind.KEY_SET,
        DoorEventKind.EVENTS_LOST,
    }
)
_DOOR_NOTES: Final = frozenset(
    {
        DoorEventKind.ALARM_OVER,
        DoorEventKind.TAMPER_OVER,
        DoorEventKind.FIRE_OVER,
        DoorEventKind.FAULT_OVER,
        DoorEventKind.LOCK_DOWN,
    }
)
_URGENT_NOTICES: Final = frozenset({StaffNotice.PASSBACK, StaffNotice.WRONG_PINS})


def staff_messages(record: AuditRecord) -> tuple[StaffMessage, ...]:
    """The messages to staff in this record, the most urgent first; most records have none."""
    return tuple(sorted(_messages(record)))


def staff_news(seq: int | None, record: AuditRecord) -> StaffNews | None:
    """The messages to staff in this record with its number; None if it has none."""
    messages = staff_messages(record)
    return StaffNews(seq, record.door, messages) if messages else None


def on_screen(code: str) -> str:
    """This code or word of a notice as a screen at the door, a desk's terminal and the log show it."""
    return DURESS_ON_SCREEN if code in {DURESS, StaffNotice.DURESS} else code


def known_codes() -> tuple[str, ...]:
    """Every code that a record can give staff, except roles of officers."""
    notices = (code for code in reasons() if code.startswith(NOTICE))
    faults = (code for code in reasons() if code.startswith("fault."))
    doors = (f"door.{kind}" for kind in _DOOR_ALARMS | _DOOR_NOTES)
    clocks = (f"clock.{event}" for event in ClockEvent)
    return tuple(sorted({*notices, *faults, *doors, *clocks, *map(str, _BLOCKS), f"stop.{StopCause.BUG}"}))


def _messages(record: AuditRecord) -> Iterable[StaffMessage]:
    match record:
        case Passage():
            if record.reason in _BLOCKS:
                yield StaffMessage(StaffLevel.ALARM, str(record.reason))
            if record.visit is not msgspec.UNSET:
                yield from map(_notice, dict.fromkeys(record.visit.notices))
        case DoorChange(change=change) if change in _DOOR_ALARMS:
            yield StaffMessage(StaffLevel.ALARM, f"door.{change}")
        case DoorChange(change=change) if change in _DOOR_NOTES:
            yield StaffMessage(StaffLevel.NOTE, f"door.{change}")
        case Faulted():
            yield StaffMessage(StaffLevel.ALARM, f"fault.{record.part}")
        case ClockChange():
            calm = record.event is ClockEvent.TRUSTED
            yield StaffMessage(StaffLevel.NOTE if calm else StaffLevel.ALARM, f"clock.{record.event}")
        case Stopped(cause=StopCause.BUG):
            yield StaffMessage(StaffLevel.ALARM, f"stop.{record.cause}")


def _notice(word: str) -> StaffMessage:
    code = f"{NOTICE}{word}"
    if code == DURESS:
        return StaffMessage(StaffLevel.DURESS, code)
    return StaffMessage(StaffLevel.ALARM if word in _URGENT_NOTICES else StaffLevel.NOTE, code)
