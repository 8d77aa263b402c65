"""Messages to staff in a record: their order, their codes, and the neutral word for duress."""

from __future__ import annotations

import msgspec
import pytest
from samples.journals import passage

from edge.audit.record import (
    AuditRecord,
    ClockChange,
    ClockEvent,
    DevicePart,
    DoorChange,
    Faulted,
    Outcome,
    Path,
    Started,
    StopCause,
    Stopped,
    Visited,
)
from edge.decision import Reason
from edge.policy.obligations import StaffNotice
from edge.policy.staff_messages import (
    DURESS_ON_SCREEN,
    StaffLevel,
    StaffMessage,
    known_codes,
    on_screen,
    staff_messages,
    staff_news,
)
from edge.ports import DoorEventKind
from edge.reasons.table import reasons

STAMP = {"time_ms": 1, "tick_ms": 1, "door": "tower-1/lobby", "version": "0.1.0"}


def visit(*notices: str, reason: Reason | None = None) -> AuditRecord:
    return msgspec.structs.replace(
        passage(),
        outcome=Outcome.DENY if reason else Outcome.GRANT,
        reason=reason,
        visit=Visited(venue="door", path=Path.FACE, notices=notices),
    )


@pytest.mark.parametrize(
    ("record", "codes"),
    [
        (visit(), []),
        (visit("assisted", "duress", "passback"), ["notice.duress", "notice.passback", "notice.assisted"]),
        (visit("duress", reason=Reason.SCHEDULE_CLOSED), ["notice.duress"]),
        (visit(reason=Reason.PATRON_BLOCKED), ["patron.blocked"]),
        (visit("duress", reason=Reason.CARD_REVOKED), ["notice.duress", "card.revoked"]),
        (visit(reason=Reason.FACE_NO_MATCH), []),
        (visit("officer.chief", "emptied"), ["notice.emptied", "notice.officer.chief"]),
        (passage(), ["card.revoked"]),
        (DoorChange(**STAMP, change=DoorEventKind.FORCED), ["door.forced"]),
        (DoorChange(**STAMP, change=DoorEventKind.ALARM_OVER), ["door.alarm-over"]),
        (DoorChange(**STAMP, change=DoorEventKind.OPENED), []),
        (Faulted(**STAMP, part=DevicePart.CAMERA), ["fault.camera"]),
        (ClockChange(**STAMP, event=ClockEvent.BACK), ["clock.back"]),
        (Stopped(**STAMP, cause=StopCause.BUG), ["stop.bug"]),
        (Stopped(**STAMP, cause=StopCause.SIGNAL), []),
        (Started(**STAMP), []),
    ],
)
def test_a_record_tells_staff_its_notes_blocks_and_alarms_duress_first(
    record: AuditRecord, codes: list[str]
) -> None:
    assert [message.code for message in staff_messages(record)] == codes


def test_duress_has_a_word_of_its_own_that_says_nothing() -> None:
    news = staff_news(7, visit("duress", "passback"))
    assert news is not None
    assert news.words == (DURESS_ON_SCREEN, "notice.passback")
    assert on_screen(StaffNotice.DURESS.value) == DURESS_ON_SCREEN
    others = [code for code in known_codes() if code != "notice.duress"]
    assert [on_screen(code) for code in others] == others
    assert not any(word in DURESS_ON_SCREEN for word in ("duress", "threat", "alarm", "police", "panic"))
    assert DURESS_ON_SCREEN not in {code.rpartition(".")[2] for code in others}


def test_every_notice_of_a_venue_is_told() -> None:
    for notice in StaffNotice:
        assert staff_messages(visit(notice.value)), notice


def test_every_code_is_explained() -> None:
    assert set(known_codes()) <= set(reasons())
    assert StaffMessage(StaffLevel.NOTE, "notice.officer.chief").reason == "notice.officer"
    assert StaffMessage(StaffLevel.NOTE, "notice.later").reason == ""  # a word of a later release


@pytest.mark.parametrize(
    ("notices", "alarms"), [(("duress",), True), (("passback",), True), (("assisted",), False)]
)
def test_an_alarm_is_told_apart_from_a_note(notices: tuple[str, ...], alarms: bool) -> None:
    news = staff_news(1, visit(*notices))
    assert news is not None
    assert news.is_alarm is alarms
