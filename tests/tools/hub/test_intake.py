"""What a hub believes. Two histories of one device are never both believed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds.fleet import OTHER_KEY, SENT_MS, History, MemoryHub

from edge.audit.merkle import Frontier
from edge.audit.record import ClockTrust
from edge.upload.batch import DeviceStatus, RecordBatch
from tools.hub.intake import Dispute, Disputed


class Memory(MemoryHub):
    """Nothing changes in it where it disputes a batch."""

    def dispute(self, batch: RecordBatch) -> Disputed:
        before = (self.history, dict(self.bodies))
        with pytest.raises(Disputed) as caught:
            self.give(batch)
        assert (self.history, self.bodies) == before
        return caught.value


TEN = History(10)
LOST = DeviceStatus(software="0.1.0", clock=ClockTrust.SUSPECT)


def with_records(count: int, *, over: int | None = None) -> Memory:
    """A hub that has the first `count` records, under a note over `over` of them."""
    hub = Memory()
    hub.give(TEN.batch(0, count, over=over or count))
    return hub


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10), st.integers(0, 10)), max_size=12))
def test_in_whatever_order_they_come_the_records_are_the_device_s(visits: list[tuple[int, int, int]]) -> None:
    hub = Memory()
    hub.give(TEN.batch(0, 0, over=0))
    for sent_ms, (a, b, c) in enumerate(visits):
        first, end, over = sorted((a, b, c))
        hub.give(TEN.batch(first, end, over=over, sent_ms=sent_ms if over == 10 else 0))
        assert hub.bodies == dict(enumerate(TEN.bodies[: hub.size]))
    hub.give(TEN.batch(min(hub.size, 9), 10))
    assert [hub.bodies[seq] for seq in range(10)] == TEN.bodies


def test_a_batch_that_comes_twice_is_taken_once() -> None:
    hub = with_records(6)
    assert hub.give(TEN.batch(0, 6, over=6)).fresh == ()
    assert hub.give(TEN.batch(2, 6, over=10)).fresh == ()
    assert [entry.seq for _, entry in hub.give(TEN.batch(4, 9)).fresh] == [6, 7, 8]


def test_a_batch_beyond_what_is_here_waits_for_the_others() -> None:
    hub = with_records(3)
    assert hub.give(TEN.batch(5, 10)).fresh == ()
    assert hub.size == 3


FORKS = {
    "one record was changed": History(10, branch=1, since=4).batch(0, 10),
    "the last record was changed": History(6, branch=1, since=5).batch(0, 6),
    "a record before the batch was changed": History(10, branch=1, since=4).batch(6, 10),
    "the note is of another history": replace(TEN.batch(6, 10), note=History(10, branch=1).note()),
    "the proof is of another history": replace(
        TEN.batch(6, 8), proof=History(10, branch=1, since=7).batch(6, 8).proof
    ),
    "the proof is left out": replace(TEN.batch(6, 8), proof=()),
    "an empty batch under another history": History(10, branch=1, since=4).batch(6, 6),
    "two checkpoints of one size": History(6, branch=1, since=4).batch(6, 6, sent_ms=SENT_MS + 100),
    "an older copy was put back": TEN.batch(4, 4, over=4, sent_ms=SENT_MS + 100),
    "an older copy was put back and went on": History(5, branch=1, since=4).batch(
        4, 5, sent_ms=SENT_MS + 100
    ),
}


@pytest.mark.parametrize("case", FORKS)
def test_another_history_is_never_taken(case: str) -> None:
    assert with_records(6).dispute(FORKS[case]).dispute is Dispute.INCONSISTENT


def test_the_hub_says_which_record_differs() -> None:
    dispute = with_records(6).dispute(History(10, branch=1, since=4).batch(2, 10))
    assert dispute.message == "record 4 differs from the one that was sent before"


def test_a_record_that_was_signed_for_and_then_changed_before_it_was_sent_is_found() -> None:
    hub = with_records(3, over=8)  # 3 to 7 are promised
    assert hub.dispute(History(10, branch=1, since=6).batch(3, 10)).message.startswith("a record below 8")


def test_a_promise_is_kept_until_the_tree_has_grown_over_it() -> None:
    hub = with_records(3, over=8)
    other = History(12, branch=1, since=6)
    hub.give(other.batch(3, 5))  # nothing shows yet: these are the same in both
    assert hub.history.promise.size == 8
    hub.dispute(other.batch(5, 12))
    hub.give(TEN.batch(5, 10))
    assert hub.history.promise.size == 10


def test_an_old_request_that_the_network_delivers_late_is_no_lie() -> None:
    hub = with_records(3)
    late = TEN.batch(3, 5, over=5)
    hub.give(TEN.batch(3, 10))
    admitted = hub.give(late)
    assert (admitted.fresh, admitted.heard, hub.size) == ((), False, 10)


SIGNS = {
    "a new record": (TEN.batch(6, 7, sent_ms=0), True),
    "sent later": (TEN.batch(6, 6, over=6, sent_ms=SENT_MS + 7), True),
    "the same again": (TEN.batch(6, 6, over=6), False),
    "an old one again": (TEN.batch(0, 3, over=6, sent_ms=SENT_MS), False),
    "by a clock that nobody believes": (TEN.batch(6, 6, over=6, sent_ms=0, status=LOST), True),
}


@pytest.mark.parametrize("case", SIGNS)
def test_what_counts_as_a_sign_of_life(case: str) -> None:
    batch, heard = SIGNS[case]
    assert with_records(6).give(batch).heard is heard


MALFORMED = {
    "of another device": replace(TEN.batch(0, 3), device="lobby-2"),
    "under another device's note": replace(TEN.batch(0, 3), note=History(10, device="lobby-2").note()),
    "under another key's note": replace(TEN.batch(0, 3), note=History(10, key=OTHER_KEY).note()),
    "under no note": replace(TEN.batch(0, 3), note="trust me"),
    "under a note over fewer records": replace(TEN.batch(0, 3), note=TEN.note(2)),
    "with a record out of place": replace(TEN.batch(0, 3), bodies=tuple(TEN.bodies[1:4])),
    "with something that is no record": replace(TEN.batch(0, 3), bodies=(b"{}",)),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_batch_holds_by_itself(case: str) -> None:
    assert Memory().dispute(MALFORMED[case]).dispute is Dispute.MALFORMED


# -- a hub that comes late ---------------------------------------------------------------------------------


def test_a_hub_that_has_nothing_begins_where_the_device_does() -> None:
    hub = Memory()
    hub.give(TEN.batch(4, 7))
    hub.give(TEN.batch(7, 10))
    assert sorted(hub.bodies) == [4, 5, 6, 7, 8, 9]
    assert hub.history.frontier == TEN.base(10)


def test_the_base_is_believed_only_as_far_as_the_note_proves_it() -> None:
    lie = replace(TEN.batch(4, 7), base=Frontier(4, (bytes(32),)))
    assert Memory().dispute(lie).dispute is Dispute.INCONSISTENT


def test_a_hub_that_has_something_does_not_listen_to_the_base() -> None:
    hub = with_records(6)
    hub.give(replace(TEN.batch(6, 10), base=Frontier(6, (bytes(32), bytes(32)))))
    assert hub.history.frontier == TEN.base(10)


def test_what_lies_before_the_beginning_is_not_taken_later() -> None:
    hub = Memory()
    hub.give(TEN.batch(4, 7))
    assert hub.give(TEN.batch(2, 7)).fresh == ()
    assert sorted(hub.bodies) == [4, 5, 6]
