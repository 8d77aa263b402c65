"""The hub stores the messages to staff of each record once, and of each alarm of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from samples.journals import passage
from worlds.staffed_hub import DAY_MS, NOW_MS, StaffedHub, visit

from edge.audit.record import DoorChange
from edge.decision import Reason
from edge.policy.staff_messages import StaffLevel
from edge.ports import DoorEventKind
from tools.hub.schema import Database
from tools.hub.staff.messages import MAX_AGE
from tools.hub.store import HubStore


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[StaffedHub]:
    database = Database(str(tmp_path / "hub.db"))
    database.prepare()
    yield StaffedHub(database, HubStore(database))
    database.close()


def test_a_message_has_the_facts_of_its_record_and_no_person(hub: StaffedHub) -> None:
    hub.send(visit(), visit("duress", reason=Reason.SCHEDULE_CLOSED, seq=1))
    (row,) = hub.log.latest()
    assert {key: value for key, value in row.items() if key not in {"id", "serial", "time_ms"}} == {
        "code": "notice.duress",
        "level": StaffLevel.DURESS,
        "received_ms": NOW_MS,
        "seq": 1,
        "door": "tower-1/lobby",
        "card": "0123456789ab",
        "outcome": "deny",
        "reason": "schedule.closed",
        "path": "face",
        "told_ms": None,
        "answer": "",
        "device": "lobby-1",
    }


def test_a_record_that_is_sent_twice_gives_one_message(hub: StaffedHub) -> None:
    hub.send(visit("passback"))
    hub.records.clear()
    hub.send(visit("passback"))
    assert hub.codes == ["notice.passback"]


def test_door_alarms_and_blocks_are_messages(hub: StaffedHub) -> None:
    forced = DoorChange(time_ms=1, tick_ms=1, door="a", version="0.1.0", change=DoorEventKind.FORCED)
    hub.send(passage(), forced, visit(reason=Reason.PATRON_BLOCKED, seq=2))
    assert hub.codes == ["card.revoked", "door.forced", "patron.blocked"]


def test_an_alarm_of_the_hub_is_one_message_until_it_was_cleared(hub: StaffedHub) -> None:
    hub.dispute()
    hub.dispute()
    assert hub.codes == ["alarm.inconsistent"]
    hub.dispute("another cause")
    assert hub.codes == ["alarm.inconsistent"] * 2
    hub.store.clear_alarms("lobby-1", NOW_MS)
    hub.dispute()
    assert hub.codes == ["alarm.inconsistent"] * 3


def test_duress_waits_before_all_others_and_they_wait_in_order(hub: StaffedHub) -> None:
    hub.send(visit("assisted"), visit("passback", seq=1), visit("duress", seq=2), visit("passback", seq=3))
    waiting = [(row["code"], row["seq"]) for row in hub.log.waiting(NOW_MS, 10)]
    assert waiting == [
        ("notice.duress", 2),
        ("notice.passback", 1),
        ("notice.passback", 3),
        ("notice.assisted", 0),
    ]


def test_a_message_waits_until_it_was_told_or_is_too_old(hub: StaffedHub) -> None:
    hub.send(visit("duress"), visit("passback", seq=1))
    first, _ = hub.log.waiting(NOW_MS, 10)
    hub.log.told(first["id"], "", NOW_MS + 1)
    assert [row["code"] for row in hub.log.waiting(NOW_MS, 10)] == ["notice.passback"]
    assert hub.log.waiting_count(NOW_MS) == 1
    later = NOW_MS + int(MAX_AGE.total_seconds() * 1_000)
    assert hub.log.waiting_count(later - 1) == 1
    assert hub.log.waiting_count(later) == 0
    assert hub.codes == ["notice.duress", "notice.passback"]


def test_every_code_is_counted_from_zero_on(hub: StaffedHub) -> None:
    assert hub.log.counts()["notice.duress"] == hub.log.counts()["alarm.inconsistent"] == 0
    hub.send(visit("officer.chief", "duress"), visit("officer.guard", "word-of-later", seq=1))
    hub.dispute()
    counted = {code: count for code, count in hub.log.counts().items() if count}
    assert counted == {"notice.duress": 1, "notice.officer": 2, "other": 1, "alarm.inconsistent": 1}


def test_the_last_messages_can_be_found_by_level_device_and_time(hub: StaffedHub) -> None:
    hub.send(visit("duress"), visit("passback", seq=1))
    hub.send(visit("duress", seq=2), at_ms=NOW_MS + DAY_MS)
    assert [row["seq"] for row in hub.log.latest(level=StaffLevel.DURESS)] == [2, 0]
    assert [row["seq"] for row in hub.log.latest(level=StaffLevel.DURESS, since_ms=NOW_MS)] == [2]
    assert [row["seq"] for row in hub.log.latest(limit=2)] == [2, 1]
    assert len(hub.log.latest(find="obby")) == 3
    assert hub.log.latest(find="%") == []


def test_the_records_of_a_device_go_with_their_messages(hub: StaffedHub) -> None:
    hub.send(visit("duress"))
    hub.store.remove("lobby-1", NOW_MS, records_too=True)
    assert hub.codes == []


def test_a_database_of_an_earlier_release_gets_the_table(hub: StaffedHub) -> None:
    with hub.database.writing() as db:
        db.exec_driver_sql("DROP TABLE staff_messages")
    hub.database.prepare()
    hub.send(visit("duress"))
    assert hub.codes == ["notice.duress"]
