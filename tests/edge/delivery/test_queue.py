"""The queue of messages: no answer loses one, a missed deadline is an alarm, each host gets its pauses."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from peers.web_server import Web, reply

from edge.delivery.carriers import Delivered, DeliveryRefused, RetryLater, Webhook, deliver
from edge.delivery.queue import MAX_WAIT_S, RETRY, DeliveryQueue, QueuedMessage, QueueLimits
from edge.errors import FetchError, StorageFault
from edge.ports import Answer
from edge.sqlite import connect
from edge.vouched_time import UNVOUCHED, VouchedTime
from hw.network.post_http import HttpPost
from hw.sim.hub import SimHub

KEY = SigningKey(bytes(range(32)))
DAY_MS = 86_400_000
MADE_MS = 1_767_340_800_000


class Shop:
    """A queue in a file, a clock that the test sets, and a host with scripted answers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now_ms = MADE_MS
        self._open()

    def _open(self) -> None:
        self.db = connect(self.path)
        self.queue = DeliveryQueue(self.db, self.path)

    def restart(self) -> None:
        self.db.close()
        self._open()

    def put(
        self, seq: int, *, channel: str = "host", due_ms: int | None = None, body: bytes = b"body"
    ) -> None:
        self.queue.put(QueuedMessage(channel, seq, body, self.now_ms, due_ms))

    def send(self, *answers: Answer | FetchError, channel: str = "host", only_ok: bool = False) -> int:
        self.hub = SimHub(answers)
        webhook = Webhook(self.hub, "hook", "desk-1", KEY, only_ok=only_ok)
        return deliver(self.queue, channel, webhook, now_ms=lambda: self.now_ms, random_unit=lambda: 0.0)

    def give_up(self, limits: QueueLimits | None = None, *, past: VouchedTime | None = None) -> None:
        """Give up what is too old; the time that has passed for certain is the clock's, if not said otherwise."""
        now = VouchedTime(datetime.fromtimestamp(self.now_ms / 1_000, UTC))
        self.queue.give_up("host", limits or QueueLimits(), past or now, self.now_ms)

    def standing(self, channel: str = "host"):
        return self.queue.status(channel, self.now_ms)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path / "queue.db")
    yield shop
    shop.db.close()


def ok(status: int = 200, after_s: float = 0.0) -> Answer:
    return Answer(status, b"", after_s)


def test_waiting_messages_are_sent_in_order_and_deleted(shop: Shop) -> None:
    for seq in (3, 1, 2):
        shop.put(seq, body=f"body {seq}".encode())
    assert shop.send(ok(), ok(202), ok(204)) == 3
    assert [posted.body for posted in shop.hub.posted] == [b"body 1", b"body 2", b"body 3"]
    assert shop.standing().waiting == 0
    assert b"body 1" not in shop.path.read_bytes()


def test_a_message_that_is_added_twice_is_sent_once(shop: Shop) -> None:
    shop.put(1)
    shop.put(1)
    assert shop.send(ok(), ok()) == 1


def test_a_new_journal_with_the_same_numbers_makes_other_messages(shop: Shop) -> None:
    shop.put(1)
    shop.now_ms += 5
    shop.put(1)
    assert shop.send(ok(), ok()) == 2
    assert len({posted.headers["Idempotency-Key"] for posted in shop.hub.posted}) == 2


@pytest.mark.parametrize(
    "answer", [FetchError("no"), ok(500), ok(503), ok(302), ok(401), ok(404), ok(429), ok(408)], ids=str
)
def test_a_message_without_a_final_answer_is_sent_again_later(
    shop: Shop, answer: Answer | FetchError
) -> None:
    shop.put(1)
    assert shop.send(answer) == 0
    assert shop.send(ok()) == 0  # at once is too soon
    shop.now_ms += 60_000
    shop.restart()
    assert shop.send(ok()) == 1


@pytest.mark.parametrize("status", [400, 410, 413, 415, 422])
def test_a_refused_message_does_not_stop_the_next_and_can_be_revived(shop: Shop, status: int) -> None:
    shop.put(1)
    shop.put(2)
    assert shop.send(ok(status), ok()) == 1
    (letter,) = shop.queue.dead("host")
    assert (letter.seq, letter.why) == (1, f"answer {status}")
    assert shop.standing().dead == 1
    assert shop.queue.revive("host") == 1
    assert shop.send(ok()) == 1
    assert shop.queue.dead("host") == ()


def test_the_pauses_for_an_unreachable_host_grow_and_survive_a_restart(shop: Shop) -> None:
    shop.put(1)
    waits = []
    for _ in range(12):
        shop.send(ok(503))
        asked = len(shop.hub.posted)
        shop.restart()
        before = shop.now_ms
        while not asked or not shop.queue.next("host", shop.now_ms):
            shop.now_ms += 500
            asked = True
        waits.append((shop.now_ms - before) / 1_000)
    assert waits == sorted(waits)
    assert waits[0] == 1.0
    assert waits[-1] == RETRY.longest_s / 2


def test_a_channel_pauses_for_the_time_in_retry_after(shop: Shop) -> None:
    shop.put(1)
    shop.send(ok(429, after_s=1_800))
    shop.now_ms += 1_800_000
    assert shop.send(ok()) == 0
    shop.now_ms += 2_000  # plus the usual first wait
    assert shop.send(ok()) == 1


def test_a_clock_that_was_set_back_ends_the_pause(shop: Shop) -> None:
    shop.put(1)
    shop.send(ok(503))
    shop.now_ms -= 300 * DAY_MS
    assert shop.send(ok()) == 1


def test_one_channel_does_not_wait_for_another(shop: Shop) -> None:
    shop.put(1, channel="away")
    shop.put(1, channel="here")
    shop.send(FetchError("no"), channel="away")
    assert shop.send(ok(), channel="here") == 1
    assert shop.standing("away").waiting == 1


def test_only_200_acknowledges_a_report_to_an_authority(shop: Shop) -> None:
    shop.put(1, due_ms=shop.now_ms + DAY_MS)
    for status in (202, 204):
        assert shop.send(ok(status), only_ok=True) == 0
        shop.now_ms += int(MAX_WAIT_S * 1_000)
    assert shop.send(ok(200), only_ok=True) == 1
    assert shop.queue.waiting("host") == ()


def test_an_overdue_report_is_an_alarm_and_is_never_given_up(shop: Shop) -> None:
    shop.put(1, due_ms=shop.now_ms + DAY_MS)
    shop.now_ms += DAY_MS - 1
    assert shop.standing().overdue == 0
    shop.now_ms += 1
    assert shop.standing().overdue == 1
    shop.now_ms += 400 * DAY_MS
    shop.send(ok(503))
    shop.give_up(QueueLimits(max_bytes=1, max_age=timedelta()))
    shop.now_ms += DAY_MS
    assert shop.send(ok(422)) == 0
    assert shop.standing().overdue == 1  # a refused report is still owed
    shop.queue.revive("host")
    assert shop.send(ok(200)) == 1
    assert shop.standing().overdue == 0


def test_a_report_that_was_handed_over_by_hand_is_done(shop: Shop) -> None:
    for seq in (1, 2):
        shop.put(seq, due_ms=shop.now_ms)
    assert shop.queue.acknowledge("host", [(1, shop.now_ms), (9, 9)], shop.now_ms) == 1
    assert shop.queue.waiting("host") == ((2, shop.now_ms),)


def test_a_message_that_is_too_old_becomes_a_dead_letter(shop: Shop) -> None:
    shop.put(1)
    shop.now_ms += 31 * DAY_MS
    shop.put(2)
    shop.send(ok(503))
    shop.give_up()
    assert [(letter.seq, letter.why) for letter in shop.queue.dead("host")] == [(1, "too old")]
    assert shop.queue.revive("host") == 0  # its body is gone
    shop.now_ms += DAY_MS
    assert shop.send(ok()) == 1


def test_a_clock_that_is_ahead_makes_no_message_too_old(shop: Shop) -> None:
    shop.put(1)
    shop.now_ms += 400 * DAY_MS
    shop.send(ok(503))
    for past in (UNVOUCHED, VouchedTime(datetime.fromtimestamp(MADE_MS / 1_000, UTC) + timedelta(days=30))):
        shop.give_up(past=past)
    assert shop.standing().waiting == 1


def test_a_message_of_a_clock_without_a_battery_has_no_age(shop: Shop) -> None:
    shop.now_ms = 1_000_000
    shop.put(1)
    shop.send(ok(503))
    shop.now_ms = MADE_MS
    shop.give_up()
    assert shop.standing().waiting == 1


def test_what_can_be_delivered_is_not_too_old(shop: Shop) -> None:
    """A desk was alone for a season; now its host is back, and takes one message after the other."""
    for seq in (1, 2):
        shop.put(seq)
    shop.now_ms += 90 * DAY_MS
    shop.give_up(QueueLimits(while_away=True))
    assert shop.send(ok()) == 1
    shop.send(ok(503))
    shop.give_up(QueueLimits(while_away=True))
    assert [letter.seq for letter in shop.queue.dead("host")] == [2]


def test_a_result_of_yesterday_is_too_old_also_if_it_can_be_delivered(shop: Shop) -> None:
    shop.put(1)
    shop.now_ms += 31 * DAY_MS
    shop.give_up()
    assert shop.send(ok()) == 0


def test_the_oldest_messages_are_given_up_when_too_many_wait(shop: Shop) -> None:
    for seq in range(5):
        shop.put(seq, body=bytes(100))
    shop.give_up(QueueLimits(max_bytes=250), past=UNVOUCHED)
    assert [letter.seq for letter in shop.queue.dead("host")] == [0, 1, 2]
    assert shop.send(ok(), ok()) == 2


def test_a_file_that_is_not_a_database_is_a_storage_fault(tmp_path: Path) -> None:
    path = tmp_path / "queue.db"
    path.write_bytes(b"not a database, and long enough for its header" * 10)
    with pytest.raises(StorageFault, match=r"queue\.db"):
        connect(path)


# -- a real web server ---------------------------------------------------------------------------------------


def test_what_is_not_given_up_is_kept_at_any_size_and_age(shop: Shop) -> None:
    for seq in range(3):
        assert shop.queue.next_seq("host") == seq + 1
        shop.put(seq + 1)
    shop.now_ms += 900 * DAY_MS
    assert shop.send(ok(422), FetchError("no")) == 0
    assert [(message.seq, is_refused) for message, is_refused in shop.queue.kept("host")] == [
        (1, True),
        (2, False),
        (3, False),
    ]
    made = datetime.fromtimestamp(MADE_MS / 1_000, UTC)
    for days, left in ((30, 3), (31, 2), (900, 2)):
        shop.queue.expire("host", VouchedTime(made + timedelta(days=days)), timedelta(days=30))
        assert len(shop.queue.waiting("host")) == left
    assert shop.queue.waiting("host") == ((2, MADE_MS), (3, MADE_MS))


def test_a_host_can_verify_the_sender_of_a_message(web: Web) -> None:
    web.answers["hooks/desk"] = lambda handler: reply(handler, 201, b"")
    webhook = Webhook(HttpPost(web.url), "hooks/desk", "desk-1", KEY)
    assert webhook.send(QueuedMessage("desk", 12, b'{"v":1}', 1_781_000_000_000)) == Delivered()
    ((path, headers),) = web.asked
    assert (path, headers["Idempotency-Key"]) == ("hooks/desk", '"desk-1-12-1781000000000"')
    signature = b64decode(headers["Doorward-Signature"].removeprefix("ed25519="))
    digest = hashlib.sha256(web.bodies[0]).hexdigest()
    message = f"doorward/delivery/v1\ndesk\ndesk-1-12-1781000000000\n{digest}\n".encode()
    KEY.verify_key.verify(message, signature)


def test_a_message_is_sent_again_after_a_broken_connection(web: Web) -> None:
    def hang_up(handler: object) -> None:
        handler.close_connection = True

    web.answers["hook"] = hang_up
    webhook = Webhook(HttpPost(web.url), "hook", "desk-1", KEY)
    assert webhook.send(QueuedMessage("desk", 1, b"{}", 1)) == RetryLater("no answer")


def test_a_refusal_is_kept_by_its_status_without_its_text(web: Web) -> None:
    web.answers["hook"] = lambda handler: reply(handler, 422, b"Erika Mustermann is not allowed")
    webhook = Webhook(HttpPost(web.url), "hook", "desk-1", KEY)
    assert webhook.send(QueuedMessage("desk", 1, b"{}", 1)) == DeliveryRefused("answer 422")
