"""The uploader: its reaction to every answer of a hub, and to a missing answer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.journals import DEVICE, open_journal, passage, write_journal
from worlds.fleet import KEY, STATUS, MemoryHub

from edge.audit.journal import SegmentLimits
from edge.errors import EdgeError, FetchError
from edge.ports import Answer
from edge.upload.batch import unpack
from edge.upload.client import HubRefuses, Sender, Uploaded, upload
from edge.upload.outbox import HistoryDiffers, Outbox
from edge.upload.protocol import CONTENT_TYPE
from edge.vouched_time import UNVOUCHED
from hw.sim.hub import Posted, SimHub

HUB = "https://hub.example"
SENDER = Sender(device=DEVICE, key=KEY, status=STATUS, now_ms=lambda: 1_767_340_900_000)
LOST = FetchError("no answer")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return write_journal(tmp_path / "journal.db", 25)


@pytest.fixture
def outbox(journal: Path, tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(journal, tmp_path / "state", HUB) as outbox:
        yield outbox


@pytest.fixture
def hub() -> MemoryHub:
    return MemoryHub()


def batches(sim: SimHub) -> list[tuple[int, int]]:
    """`first` and `next` of every sent batch."""
    return [(unpack(posted.body).first, unpack(posted.body).next) for posted in sim.posted]


def then_lost(hub: MemoryHub) -> Callable[[Posted], Answer]:
    """The hub stores the batch, but its answer is lost."""

    def step(request: Posted) -> Answer:
        hub.answer(request)
        raise LOST

    return step


def test_every_record_is_sent_once_and_acknowledged(outbox: Outbox, hub: MemoryHub, journal: Path) -> None:
    sim = SimHub(otherwise=hub.answer)
    assert upload(outbox, sim, SENDER) == Uploaded(count=25, next=25, left=0)
    assert (outbox.next, outbox.acknowledged, len(hub.bodies)) == (25, 25, 25)
    assert sim.posted[0].path == "v1/devices/lobby-1/records"
    assert sim.posted[0].headers["Content-Type"] == CONTENT_TYPE
    with open_journal(journal) as device:
        device.append(passage(25))
    assert upload(outbox, sim, SENDER).count == 1
    assert batches(sim) == [(0, 25), (25, 26)]


def test_without_records_a_heartbeat_is_sent(outbox: Outbox, hub: MemoryHub) -> None:
    sim = SimHub(otherwise=hub.answer)
    upload(outbox, sim, SENDER)
    assert upload(outbox, sim, SENDER) == Uploaded(count=0, next=25, left=0)
    assert batches(sim) == [(0, 25), (25, 25)]


def test_a_batch_names_the_hub_s_newest_answer(outbox: Outbox) -> None:
    sim = SimHub([Answer(409, b'{"next":20,"hub_ms":7}'), Answer(200, b'{"next":25,"hub_ms":9}')])
    upload(outbox, sim, SENDER)
    with pytest.raises(FetchError):
        upload(outbox, sim, SENDER)
    assert [unpack(request.body).hub_ms for request in sim.posted] == [0, 7, 9]


def test_the_first_answer_of_a_hub_is_named_at_once(outbox: Outbox) -> None:
    sim = SimHub([Answer(200, b'{"next":25,"hub_ms":7}')] * 3)
    assert upload(outbox, sim, SENDER).count == 25
    upload(outbox, sim, SENDER)
    assert [unpack(request.body).hub_ms for request in sim.posted] == [0, 7, 7]


def test_the_time_of_a_hub_that_is_ahead_is_kept_so_that_the_hub_learns_of_the_loss(outbox: Outbox) -> None:
    with pytest.raises(HistoryDiffers):
        upload(outbox, SimHub([Answer(409, b'{"next":26,"hub_ms":7}')]), SENDER)
    assert outbox.hub_ms == 7


def test_a_lost_answer_loses_no_record(outbox: Outbox, hub: MemoryHub) -> None:
    sim = SimHub([then_lost(hub)], otherwise=hub.answer)
    with pytest.raises(FetchError):
        upload(outbox, sim, SENDER)
    assert (outbox.acknowledged, hub.size) == (0, 25)
    assert upload(outbox, sim, SENDER).next == 25
    assert sorted(hub.bodies) == list(range(25))


NO_USE = {
    "not there": LOST,
    "an error of the server": Answer(500, b""),
    "busy": Answer(503, b"busy", after_s=90.0),
    "too many requests": Answer(429, b"", after_s=90.0),
    "a redirect": Answer(302, b""),
    "an undefined status": Answer(204, b""),
    "a login page": Answer(200, b"<html>Welcome to the hotel</html>"),
    "nothing": Answer(200, b""),
    "a wrong number": Answer(200, b'{"next":26}'),
    "less than was sent": Answer(200, b'{"next":24}'),
    "a 409 to the same record": Answer(409, b'{"next":25}'),
    "a 409 without a record": Answer(409, b"{}"),
    "a 422 of another server": Answer(422, b"Unprocessable"),
}


@pytest.mark.parametrize("case", NO_USE)
def test_an_invalid_answer_ends_the_run_and_changes_nothing(outbox: Outbox, case: str) -> None:
    sim = SimHub([NO_USE[case]])
    with pytest.raises(FetchError) as caught:
        upload(outbox, sim, SENDER)
    assert (outbox.next, outbox.acknowledged, len(sim.posted)) == (0, 0, 1)
    assert caught.value.after_s == (90.0 if case in {"busy", "too many requests"} else 0.0)


REFUSALS = {
    "an unknown device": (Answer(403, b'{"error":"unknown","detail":"add it"}'), HubRefuses, "does not know"),
    "a wrong key": (Answer(401, b'{"error":"signature"}'), HubRefuses, "rejects"),
    "a proxy that wants a certificate": (Answer(403, b"<html>"), HubRefuses, "rejects"),
    "an older hub": (Answer(422, b'{"error":"malformed","detail":"v"}'), HubRefuses, "cannot read"),
    "another history": (
        Answer(422, b'{"error":"inconsistent","detail":"record 4"}'),
        HistoryDiffers,
        "another history .* record 4",
    ),
    "a hub that is ahead of the journal": (Answer(409, b'{"next":26}'), HistoryDiffers, "26"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_an_error_and_changes_nothing(outbox: Outbox, case: str) -> None:
    answer, error, message = REFUSALS[case]
    with pytest.raises(error, match=message):
        upload(outbox, SimHub([answer]), SENDER)
    assert (outbox.next, outbox.acknowledged) == (0, 0)


def test_a_device_continues_after_the_records_of_a_hub_that_is_ahead(
    outbox: Outbox, hub: MemoryHub, journal: Path, tmp_path: Path
) -> None:
    upload(outbox, SimHub(otherwise=hub.answer), SENDER)
    with open_journal(journal) as device:
        device.append(passage(25))
    with Outbox(journal, tmp_path / "a new card", HUB) as forgetful:
        sim = SimHub(otherwise=hub.answer)
        forgetful.unsent()
        assert upload(forgetful, sim, SENDER).next == 26
        assert (forgetful.acknowledged, hub.size) == (26, 26)


def test_a_hub_that_lost_records_gets_them_again(outbox: Outbox, hub: MemoryHub, journal: Path) -> None:
    upload(outbox, SimHub(otherwise=hub.answer), SENDER)
    backup = copy.deepcopy(hub)
    for tick in (25, 26):
        with open_journal(journal) as device:
            device.append(passage(tick))
        upload(outbox, SimHub(otherwise=hub.answer), SENDER)
    sim = SimHub(otherwise=backup.answer)
    assert upload(outbox, sim, SENDER) == Uploaded(count=2, next=27, left=0)
    assert batches(sim) == [(27, 27), (25, 27)]
    assert backup == hub


def without_its_beginning(journal: Path, records: int) -> None:
    """A journal whose first closed file was removed by retention, with more records since."""
    with open_journal(journal) as device:
        closed = device.rotate_if_due(SegmentLimits(size_bytes=1), UNVOUCHED)
        for tick in range(25, 25 + records):
            device.append(passage(tick))
    closed.unlink()


def test_a_new_hub_begins_at_the_oldest_kept_record(outbox: Outbox, hub: MemoryHub, journal: Path) -> None:
    without_its_beginning(journal, 5)
    assert upload(outbox, SimHub(otherwise=hub.answer), SENDER) == Uploaded(count=5, next=30, left=0)
    assert sorted(hub.bodies) == [25, 26, 27, 28, 29]


def test_a_hub_that_wants_removed_records_is_an_error(outbox: Outbox, hub: MemoryHub, journal: Path) -> None:
    upload(outbox, SimHub(otherwise=hub.answer), SENDER)
    without_its_beginning(journal, 5)
    sim = SimHub(otherwise=lambda _: Answer(409, b'{"next":12}'))
    with pytest.raises(HistoryDiffers, match="wants record 12, but the oldest record here is 25"):
        upload(outbox, sim, SENDER)
    assert len(sim.posted) == 1


def test_a_hub_that_keeps_moving_the_cursor_is_an_error(outbox: Outbox) -> None:
    sim = SimHub([Answer(409, b'{"next":%d}' % n) for n in (5, 9, 5, 9, 5)])
    with pytest.raises(FetchError, match="invalid answer"):
        upload(outbox, sim, SENDER)
    assert len(sim.posted) == 4


def test_batches_are_halved_for_a_proxy_with_a_limit(outbox: Outbox, hub: MemoryHub) -> None:
    def narrow(request: Posted) -> Answer:
        return Answer(413, b"") if len(unpack(request.body).bodies) > 8 else hub.answer(request)

    sim = SimHub(otherwise=narrow)
    assert upload(outbox, sim, SENDER).next == 25
    assert batches(sim) == [(0, 25), (0, 12), (0, 6), (6, 12), (12, 18), (18, 24), (24, 25)]


def test_a_single_record_that_is_too_large_is_an_error(outbox: Outbox) -> None:
    with pytest.raises(HubRefuses, match="record 0 alone"):
        upload(outbox, SimHub(otherwise=lambda _: Answer(413, b"")), SENDER)
    assert outbox.acknowledged == 0


def test_a_run_ends_after_its_batches_with_the_number_of_unsent_records(
    outbox: Outbox, hub: MemoryHub
) -> None:
    def narrow(request: Posted) -> Answer:
        return Answer(413, b"") if len(unpack(request.body).bodies) > 6 else hub.answer(request)

    assert upload(outbox, SimHub(otherwise=narrow), SENDER, batches=4) == Uploaded(12, 12, 13)


def test_progress_is_reported(outbox: Outbox, hub: MemoryHub) -> None:
    told: list[tuple[int, int]] = []
    upload(outbox, SimHub(otherwise=hub.answer), SENDER, watch=lambda *at: told.append(at))
    assert told == [(25, 25)]


ANSWERS = st.sampled_from(["take", "lose", "refuse", "garble", "twice", "behind", "halve"])


@settings(max_examples=40)
@given(st.lists(ANSWERS, max_size=12), st.lists(st.integers(0, 6), max_size=6))
def test_after_any_answers_the_hub_has_every_record_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], growth: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("device")
    hub = MemoryHub()

    def answer(request: Posted) -> Answer:
        match steps.pop() if steps else "take":
            case "lose":
                return then_lost(hub)(request)
            case "refuse":
                return Answer(500, b"")
            case "garble":
                hub.answer(request)
                return Answer(200, b"gar")
            case "twice":
                hub.answer(request)
            case "behind":
                return Answer(409, b'{"next":0}')
            case "halve":
                return Answer(413, b"")
        return hub.answer(request)

    tick = 0
    for records in [*growth, 3]:
        with open_journal(folder / "journal.db") as device:
            for _ in range(records):
                device.append(passage(tick))
                tick += 1
        with Outbox(folder / "journal.db", folder, HUB) as outbox:
            with suppress(EdgeError):
                upload(outbox, SimHub(otherwise=answer), SENDER)
            assert outbox.acknowledged <= hub.size
    with Outbox(folder / "journal.db", folder, HUB) as outbox:
        steps.clear()
        assert upload(outbox, SimHub(otherwise=hub.answer), SENDER).next == tick
    assert sorted(hub.bodies) == list(range(tick))
