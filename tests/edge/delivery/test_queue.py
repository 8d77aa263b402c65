"""The queue that goes out: nothing is lost by any answer, nothing is owed in silence, nobody is hammered."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from peers.web_server import Web, reply

from edge.delivery.carriers import Delivered, DeliveryRefused, RetryLater, Webhook, deliver
from edge.delivery.queue import KEEP_ALL, MAX_WAIT_S, RETRY, DeliveryQueue, QueuedMessage, QueueLimits
from edge.errors import FetchError, StorageFault
from edge.ports import Answer
from edge.sqlite import connect
from hw.network.post_http import HttpPost
from hw.sim.hub import SimHub

KEY = SigningKey(bytes(range(32)))
DAY_MS = 86_400_000


class Shop:
    """A queue in a file, a clock that is pushed, and a host that answers as it is told."""

    def __init__(self, path: Path, limits: QueueLimits | None = None) -> None:
        self.path, self.limits = path, limits
        self.now_ms = 1_000_000
        self._open()

    def _open(self) -> None:
        self.db = connect(self.path)
        self.queue = DeliveryQueue(self.db, self.path, self.limits)

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

    def standing(self, channel: str = "host"):
        return self.queue.status(channel, self.now_ms)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path / "queue.db")
    yield shop
    shop.db.close()


def ok(status: int = 200, after_s: float = 0.0) -> Answer:
    return Answer(status, b"", after_s)


def test_what_waits_goes_out_in_order_and_is_forgotten(shop: Shop) -> None:
    for seq in (3, 1, 2):
        shop.put(seq, body=f"body {seq}".encode())
    assert shop.send(ok(), ok(202), ok(204)) == 3
    assert [posted.body for posted in shop.hub.posted] == [b"body 1", b"body 2", b"body 3"]
    assert shop.standing().waiting == 0
    assert b"body 1" not in shop.path.read_bytes()


def test_the_same_message_twice_is_one(shop: Shop) -> None:
    shop.put(1)
    shop.put(1)
    assert shop.send(ok(), ok()) == 1


def test_a_journal_that_began_anew_has_messages_of_its_own(shop: Shop) -> None:
    shop.put(1)
    shop.now_ms += 5
    shop.put(1)
    assert shop.send(ok(), ok()) == 2
    assert len({posted.headers["Idempotency-Key"] for posted in shop.hub.posted}) == 2


@pytest.mark.parametrize(
    "answer", [FetchError("no"), ok(500), ok(503), ok(302), ok(401), ok(404), ok(429), ok(408)], ids=str
)
def test_what_another_try_may_mend_is_tried_again_later(shop: Shop, answer: Answer | FetchError) -> None:
    shop.put(1)
    assert shop.send(answer) == 0
    assert shop.send(ok()) == 0  # at once is too soon
    shop.now_ms += 60_000
    shop.restart()
    assert shop.send(ok()) == 1


@pytest.mark.parametrize("status", [400, 410, 413, 415, 422])
def test_what_a_host_will_never_take_holds_up_nobody_and_can_be_revived(shop: Shop, status: int) -> None:
    shop.put(1)
    shop.put(2)
    assert shop.send(ok(status), ok()) == 1
    (letter,) = shop.queue.dead("host")
    assert (letter.seq, letter.why) == (1, f"answer {status}")
    assert shop.standing().dead == 1
    assert shop.queue.revive("host") == 1
    assert shop.send(ok()) == 1
    assert shop.queue.dead("host") == ()


def test_a_host_that_is_away_is_asked_ever_more_rarely_and_survives_a_restart(shop: Shop) -> None:
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


def test_a_host_is_left_alone_for_as_long_as_it_asks(shop: Shop) -> None:
    shop.put(1)
    shop.send(ok(429, after_s=1_800))
    shop.now_ms += 1_800_000
    assert shop.send(ok()) == 0
    shop.now_ms += 2_000  # the usual first wait comes on top
    assert shop.send(ok()) == 1


def test_a_clock_that_was_set_back_silences_nobody(shop: Shop) -> None:
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


def test_an_authority_has_a_report_only_when_it_says_200(shop: Shop) -> None:
    shop.put(1, due_ms=shop.now_ms + DAY_MS)
    for status in (202, 204):
        assert shop.send(ok(status), only_ok=True) == 0
        shop.now_ms += int(MAX_WAIT_S * 1_000)
    assert shop.send(ok(200), only_ok=True) == 1
    assert shop.queue.waiting("host") == ()


def test_a_report_that_is_late_is_an_alarm_and_is_never_given_up(shop: Shop) -> None:
    shop.limits = QueueLimits(max_bytes=1, max_age_ms=1)
    shop.restart()
    shop.put(1, due_ms=shop.now_ms + DAY_MS)
    shop.now_ms += DAY_MS - 1
    assert shop.standing().overdue == 0
    shop.now_ms += 1
    assert shop.standing().overdue == 1
    shop.now_ms += 400 * DAY_MS
    assert shop.send(ok(422)) == 0
    assert shop.standing().overdue == 1  # refused is not reported
    shop.queue.revive("host")
    assert shop.send(ok(200)) == 1
    assert shop.standing().overdue == 0


def test_a_report_that_was_handed_over_by_hand_is_done(shop: Shop) -> None:
    for seq in (1, 2):
        shop.put(seq, due_ms=shop.now_ms)
    assert shop.queue.acknowledge("host", [(1, shop.now_ms), (9, 9)], shop.now_ms) == 1
    assert shop.queue.waiting("host") == ((2, shop.now_ms),)


def test_what_is_too_old_is_given_up_and_told(shop: Shop) -> None:
    shop.put(1)
    shop.now_ms += 31 * DAY_MS
    shop.put(2)
    assert shop.send(ok()) == 1
    assert [(letter.seq, letter.why) for letter in shop.queue.dead("host")] == [(1, "too old")]
    assert shop.queue.revive("host") == 0  # its body is gone


def test_where_too_much_waits_the_oldest_is_given_up(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "small.db", QueueLimits(max_bytes=250))
    for seq in range(5):
        shop.put(seq, body=bytes(100))
    assert shop.send(ok(), ok()) == 2
    assert [letter.seq for letter in shop.queue.dead("host")] == [0, 1, 2]
    shop.db.close()


def test_a_database_that_is_none_is_a_storage_fault(tmp_path: Path) -> None:
    path = tmp_path / "queue.db"
    path.write_bytes(b"not a database, and long enough for its header" * 10)
    with pytest.raises(StorageFault, match=r"queue\.db"):
        connect(path)


# -- a real web server ---------------------------------------------------------------------------------------


def test_what_may_never_be_lost_is_kept_whatever_its_size_and_age(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "all.db", KEEP_ALL)
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
    shop.queue.expire("host", shop.now_ms)
    assert shop.queue.waiting("host") == ((2, 1_000_000), (3, 1_000_000))


def test_a_host_can_check_who_sent_what(web: Web) -> None:
    web.answers["hooks/desk"] = lambda handler: reply(handler, 201, b"")
    webhook = Webhook(HttpPost(web.url), "hooks/desk", "desk-1", KEY)
    assert webhook.send(QueuedMessage("desk", 12, b'{"v":1}', 1_781_000_000_000)) == Delivered()
    ((path, headers),) = web.asked
    assert (path, headers["Idempotency-Key"]) == ("hooks/desk", '"desk-1-12-1781000000000"')
    signature = b64decode(headers["Doorward-Signature"].removeprefix("ed25519="))
    digest = hashlib.sha256(web.bodies[0]).hexdigest()
    message = f"doorward/delivery/v1\ndesk\ndesk-1-12-1781000000000\n{digest}\n".encode()
    KEY.verify_key.verify(message, signature)


def test_a_host_that_hangs_up_is_tried_later(web: Web) -> None:
    def hang_up(handler: object) -> None:
        handler.close_connection = True

    web.answers["hook"] = hang_up
    webhook = Webhook(HttpPost(web.url), "hook", "desk-1", KEY)
    assert webhook.send(QueuedMessage("desk", 1, b"{}", 1)) == RetryLater("no answer")


def test_a_refusal_is_told_by_its_number_and_not_by_its_words(web: Web) -> None:
    web.answers["hook"] = lambda handler: reply(handler, 422, b"Erika Mustermann is not allowed")
    webhook = Webhook(HttpPost(web.url), "hook", "desk-1", KEY)
    assert webhook.send(QueuedMessage("desk", 1, b"{}", 1)) == DeliveryRefused("answer 422")
