"""The webhook sends each message to staff until the receiver has answered, duress first."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.signing import SigningKey, VerifyKey
from structlog.testing import CapturingLogger
from worlds.staffed_hub import NOW_MS, StaffedHub, visit

from edge.decision import Reason
from edge.delivery.carriers import SIGNATURE_HEADER, Webhook, signed_message
from edge.errors import FetchError, InputError, StorageFault
from edge.ports import Answer
from hw.sim.hub import SimHub
from tools.hub.schema import Database
from tools.hub.staff.messages import StaffLog
from tools.hub.staff.webhook import StaffWebhook, webhook_address
from tools.hub.store import HubStore

KEY = SigningKey(b"h" * 32)
TAKEN = Answer(204, b"")


class Receiver(SimHub):
    """A receiver that answers by a script, and then takes everything."""

    def __init__(self, *script: Answer | FetchError) -> None:
        super().__init__(script, otherwise=lambda _: TAKEN)

    @property
    def codes(self) -> list[str]:
        return [json.loads(request.body)["code"] for request in self.posted]


class Desk:
    """A hub whose webhook has a clock in the hands of the test."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.hub = StaffedHub(database, HubStore(database))
        self.now_ms = NOW_MS
        self.log = CapturingLogger()

    def webhook(self, receiver: Receiver) -> StaffWebhook:
        """A new webhook, as after a restart of the hub."""
        return StaffWebhook(
            StaffLog(self.database),
            Webhook(receiver, "in", "hub", KEY),
            self.log,  # type: ignore[arg-type]
            now_ms=lambda: self.now_ms,
            random_unit=lambda: 1.0,
        )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    database = Database(str(tmp_path / "hub.db"))
    database.prepare()
    yield Desk(database)
    database.close()


def test_a_message_is_signed_json_with_the_meaning_of_its_code(desk: Desk) -> None:
    receiver = Receiver()
    desk.hub.send(visit("duress", reason=Reason.SCHEDULE_CLOSED))
    assert desk.webhook(receiver).work() == 1
    (request,) = receiver.posted
    said = json.loads(request.body)
    assert {key: value for key, value in said.items() if key not in {"text", "meaning", "staff"}} == {
        "code": "notice.duress",
        "level": "duress",
        "device": "lobby-1",
        "door": "tower-1/lobby",
        "record": 0,
        "time": "2026-01-02T08:00:00.000Z",
        "received": "2026-01-02T08:01:00.000Z",
        "outcome": "deny",
        "reason": "schedule.closed",
        "path": "face",
        "card": "0123456789ab",
    }
    assert said["text"] == f"tower-1/lobby: notice.duress. {said['meaning']}"
    assert "rules for duress" in said["staff"]
    mark = request.headers["Idempotency-Key"].strip('"')
    signature = b64decode(request.headers[SIGNATURE_HEADER].removeprefix("ed25519="))
    VerifyKey(bytes(KEY.verify_key)).verify(signed_message("staff", mark, request.body), signature)


def test_duress_is_sent_first_and_each_message_once(desk: Desk) -> None:
    receiver = Receiver()
    desk.hub.send(visit("assisted"), visit("passback", seq=1), visit("duress", seq=2))
    webhook = desk.webhook(receiver)
    assert (webhook.work(), webhook.work()) == (3, 0)
    assert receiver.codes == ["notice.duress", "notice.passback", "notice.assisted"]


def test_an_unreachable_receiver_gets_every_message_after_a_restart_of_the_hub(desk: Desk) -> None:
    desk.hub.send(visit("duress"), visit("passback", seq=1))
    away = Receiver(FetchError("no answer"))
    assert desk.webhook(away).work() == 0
    back = Receiver()
    assert desk.webhook(back).work() == 2
    assert back.posted[0].headers["Idempotency-Key"] == away.posted[0].headers["Idempotency-Key"]


def test_a_receiver_that_does_not_answer_is_asked_again_after_a_growing_pause(desk: Desk) -> None:
    receiver = Receiver(FetchError("no answer"), Answer(503, b""))
    desk.hub.send(visit("duress"))
    webhook = desk.webhook(receiver)
    tries = []
    for second in range(10):
        desk.now_ms = NOW_MS + second * 1_000
        before = len(receiver.posted)
        webhook.work()
        if len(receiver.posted) > before:
            tries.append(second)
    assert tries == [0, 2, 6]
    assert desk.hub.log.waiting_count(NOW_MS) == 0


def test_a_clock_that_was_set_back_does_not_stop_the_webhook(desk: Desk) -> None:
    receiver = Receiver(FetchError("no answer"))
    desk.hub.send(visit("duress"))
    webhook = desk.webhook(receiver)
    webhook.work()
    desk.now_ms = NOW_MS - 86_400_000
    assert webhook.work() == 1


def test_a_refused_message_stops_no_other_and_its_answer_is_kept(desk: Desk) -> None:
    receiver = Receiver(Answer(400, b""))
    desk.hub.send(visit("duress"), visit("passback", seq=1))
    assert desk.webhook(receiver).work() == 1
    assert [row["answer"] for row in desk.hub.log.latest()] == ["", "answer 400"]
    assert desk.webhook(receiver).work() == 0


def test_a_database_that_does_not_answer_is_logged_and_ends_nothing(desk: Desk) -> None:
    webhook = desk.webhook(Receiver())
    with desk.database.writing() as db:
        db.exec_driver_sql("DROP TABLE staff_messages")
    assert webhook.work() == 0
    assert [call.kwargs["error"][:8] for call in desk.log.calls] == ["database"]


def test_nothing_personal_and_no_message_is_in_the_log_of_the_hub(desk: Desk) -> None:
    desk.hub.send(visit("duress"))
    desk.webhook(Receiver(Answer(400, b""))).work()
    assert [call.kwargs for call in desk.log.calls] == [{"message": 1, "refused": "answer 400"}]


def test_an_address_may_be_in_a_file_because_other_users_can_read_a_command_line(tmp_path: Path) -> None:
    file = tmp_path / "webhook.url"
    file.write_text("https://chat.example/hooks/secret\n")
    assert webhook_address(str(file)) == "https://chat.example/hooks/secret"
    assert webhook_address("http://127.0.0.1:1/x") == "http://127.0.0.1:1/x"
    assert webhook_address(None) is None


@pytest.mark.parametrize("text", ["ftp://chat.example/secret", "https://", "https://chat.example/?secret"])
def test_another_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InputError, match="--webhook: not an address") as caught:
        webhook_address(text)
    assert "secret" not in caught.value.message


def test_a_missing_file_with_the_address_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageFault, match=r"webhook\.url"):
        webhook_address(str(tmp_path / "webhook.url"))


def test_an_alarm_of_the_hub_itself_is_sent_without_a_record(desk: Desk) -> None:
    receiver = Receiver()
    desk.hub.dispute()
    desk.webhook(receiver).work()
    (request,) = receiver.posted
    said = json.loads(request.body)
    assert (said["code"], said["record"], said["door"]) == ("alarm.inconsistent", None, None)
    assert said["text"].startswith("lobby-1: alarm.inconsistent. ")
