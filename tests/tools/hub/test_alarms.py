"""A device cannot move its own last contact, and cannot silence, overwrite or exhaust the alarms about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from nacl.signing import SigningKey
from structlog.testing import CapturingLogger
from worlds.fleet import PASSWORD, SENT_MS, STATUS, History, Hub, Said, serving

from edge.audit.record import ClockTrust
from edge.upload.batch import pack
from edge.upload.protocol import SIGNATURE_HEADER, sign, upload_message
from tools.hub.app import create_app
from tools.hub.intake import Dispute, Disputed
from tools.hub.schema import Database
from tools.hub.staff.alarms import MAX_ALARMS
from tools.hub.store import HubStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.upload.batch import RecordBatch

DAY_MS = 86_400_000
IN_2099_MS = 4_070_908_800_000
SUSPECT = msgspec.structs.replace(STATUS, clock=ClockTrust.SUSPECT)


class Watch:
    """A hub with one device of twenty records, and its clock in the hands of the test."""

    def __init__(self, store: HubStore) -> None:
        self.store = store
        self.hub = Hub("", "")
        self.now_ms = SENT_MS + 60_000
        self.device = History(20, device="door-1", key=SigningKey(bytes(32)))
        store.add(self.device.device, bytes(self.device.key.verify_key), 1)

    def give(self, batch: RecordBatch) -> Said:
        return self.hub.give(batch, device=self.device.device, key=self.device.key)

    @property
    def row(self) -> dict:
        return dict(self.store.histories(self.device.device)[0])

    @property
    def alarms(self) -> list[dict]:
        return [dict(alarm) for alarm in self.store.alarms(self.row["serial"])]

    @property
    def kinds(self) -> list[str]:
        return sorted(alarm["kind"] for alarm in self.alarms if alarm["cleared_ms"] is None)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    database = Database(str(tmp_path / "hub.db"))
    database.prepare()
    watch = Watch(HubStore(database))
    app = create_app(database, password=PASSWORD, log=CapturingLogger(), now_s=lambda: watch.now_ms / 1000)
    with serving(app) as hub:
        watch.hub = hub
        yield watch
    database.close()


@pytest.mark.parametrize("status", [STATUS, SUSPECT], ids=["trusted", "suspect"])
def test_a_batch_that_is_sent_again_after_three_days_is_no_contact(watch: Watch, status: object) -> None:
    batch = watch.device.batch(0, 20, status=status, hub_ms=SENT_MS + 1)
    watch.give(batch)
    heard_ms = watch.row["heard_ms"]
    watch.now_ms += 3 * DAY_MS
    assert watch.give(batch).status == 200
    assert watch.row["heard_ms"] == heard_ms
    assert "silent" in watch.hub.page("devices/door-1")


def test_a_batch_of_the_future_is_an_alarm_and_moves_nothing(watch: Watch) -> None:
    watch.give(watch.device.batch(0, 20))
    before = watch.row
    changed = msgspec.structs.replace(STATUS, free_mb=1)
    assert watch.give(watch.device.batch(20, 20, sent_ms=IN_2099_MS, status=changed)).status == 200
    assert watch.row | {"alarms": 0} == before
    assert watch.kinds == ["clock"]
    assert "26661 days" in watch.alarms[0]["detail"]


def test_records_of_a_device_whose_clock_is_fast_are_kept(watch: Watch) -> None:
    said = watch.give(watch.device.batch(0, 20, sent_ms=IN_2099_MS))
    assert (said.status, watch.row["size"], watch.row["heard_ms"]) == (200, 20, None)


RESTORED = {
    "by the device's own right clock": {"sent_ms": SENT_MS + 50_000},
    "in 1970, after an answer of the hub": {"sent_ms": 1, "hub_ms": SENT_MS + 60_000},
    "in 2099": {"sent_ms": IN_2099_MS},
    "by a clock that is not trusted, after an answer": {
        "sent_ms": 1,
        "hub_ms": SENT_MS + 60_000,
        "status": SUSPECT,
    },
}


@pytest.mark.parametrize("case", RESTORED)
def test_no_clock_of_a_device_silences_the_alarm_about_its_journal(watch: Watch, case: str) -> None:
    watch.give(watch.device.batch(0, 20))
    watch.give(watch.device.batch(20, 20, sent_ms=IN_2099_MS))
    said = watch.give(watch.device.batch(8, 12, over=12, **RESTORED[case]))
    assert (said.status, said.body["error"]) == (422, "inconsistent")
    assert {"clock", "inconsistent"} <= set(watch.kinds)


def test_a_restored_journal_that_lost_its_outbox_is_found_with_its_next_batch(watch: Watch) -> None:
    watch.give(watch.device.batch(0, 20))
    first = watch.give(watch.device.batch(8, 12, over=12, sent_ms=1, hub_ms=0))
    assert first.status == 409  # it may be an old request; the answer tells the device the hub's time
    assert (
        watch.give(watch.device.batch(8, 12, over=12, sent_ms=2, hub_ms=first.body["hub_ms"])).status == 422
    )


def test_each_answer_has_the_time_of_the_hub(watch: Watch) -> None:
    assert watch.give(watch.device.batch(0, 10)).body == {"next": 10, "hub_ms": watch.now_ms}
    assert watch.give(watch.device.batch(15, 20)).body == {"next": 10, "hub_ms": watch.now_ms}


def test_a_batch_of_another_device_is_refused_and_moves_nothing(watch: Watch) -> None:
    other = History(5, device="door-2", key=SigningKey(b"2" * 32))
    watch.store.add("door-2", bytes(other.key.verify_key), 1)
    body = pack(other.batch(0, 5))
    theirs = {SIGNATURE_HEADER: sign(upload_message("door-2", body), other.key)}
    assert watch.hub.send(body, device="door-1", headers=theirs).status == 401
    assert (watch.row["heard_ms"], watch.alarms) == (None, [])


def test_every_note_of_an_alarm_is_kept(watch: Watch) -> None:
    watch.give(watch.device.batch(0, 6, over=6))
    forks = [History(20, 7, since=since, device="door-1", key=watch.device.key) for since in (2, 3, 4)]
    for fork in (*forks, forks[0]):
        assert watch.give(fork.batch(0, 10)).status == 422
    assert {alarm["note"] for alarm in watch.alarms} == {fork.note() for fork in forks}
    assert sorted(alarm["times"] for alarm in watch.alarms) == [1, 1, 2]
    assert watch.give(watch.device.batch(6, 20)).status == 200  # its good conduct clears nothing
    assert len(watch.kinds) == 3


def test_a_flood_of_alarms_is_bounded_and_hides_none_that_came_before(watch: Watch) -> None:
    found, serial = watch.store.find("door-1"), watch.row["serial"]
    for number in range(MAX_ALARMS + 50):
        watch.store.raise_alarm(found, Disputed(Dispute.MALFORMED, f"junk {number}"), number)
    watch.store.raise_alarm(found, Disputed(Dispute.INCONSISTENT, "record 3 differs"), 999)
    alarms = watch.store.alarms(serial)
    assert len(alarms) == MAX_ALARMS + 2
    assert {f"junk {number}" for number in range(MAX_ALARMS)} <= {alarm["detail"] for alarm in alarms}
    (more,) = [alarm for alarm in alarms if not alarm["digest"]]
    assert (more["times"], more["first_ms"], more["last_ms"]) == (50, MAX_ALARMS, MAX_ALARMS + 49)
    assert "inconsistent" in watch.kinds


def test_after_the_operator_cleared_them_there_is_room_for_new_ones(watch: Watch) -> None:
    found = watch.store.find("door-1")
    for number in range(MAX_ALARMS + 1):
        watch.store.raise_alarm(found, Disputed(Dispute.MALFORMED, f"junk {number}"), 1)
    assert watch.store.clear_alarms("door-1", 2) == MAX_ALARMS + 1
    watch.store.raise_alarm(found, Disputed(Dispute.MALFORMED, "later"), 3)
    assert [alarm["detail"] for alarm in watch.alarms if alarm["cleared_ms"] is None] == ["later"]
