"""The check of batches in a hub: it never accepts two histories of one device."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds.fleet import OTHER_KEY, SENT_MS, STATUS, History, MemoryHub

from edge.audit.merkle import Frontier
from edge.audit.record import ClockTrust
from edge.upload.batch import DeviceStatus, RecordBatch
from tools.hub.intake import Dispute, Disputed


class Memory(MemoryHub):
    """A hub in memory. `dispute` checks that a disputed batch changes nothing."""

    def dispute(self, batch: RecordBatch) -> Disputed:
        before = (self.history, dict(self.bodies))
        with pytest.raises(Disputed) as caught:
            self.give(batch)
        assert (self.history, self.bodies) == before
        return caught.value


TEN = History(10)
LOST = DeviceStatus(software="0.1.0", clock=ClockTrust.SUSPECT)


def with_records(count: int, *, over: int | None = None) -> Memory:
    """A hub with the first `count` records, and a note over `over` records."""
    hub = Memory()
    hub.give(TEN.batch(0, count, over=over or count))
    return hub


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10), st.integers(0, 10)), max_size=12))
def test_batches_in_any_order_give_the_records_of_the_device(visits: list[tuple[int, int, int]]) -> None:
    hub = Memory()
    hub.give(TEN.batch(0, 0, over=0))
    for sent_ms, (a, b, c) in enumerate(visits):
        first, end, over = sorted((a, b, c))
        hub.give(TEN.batch(first, end, over=over, sent_ms=sent_ms if over == 10 else 0))
        assert hub.bodies == dict(enumerate(TEN.bodies[: hub.size]))
    hub.give(TEN.batch(min(hub.size, 9), 10))
    assert [hub.bodies[seq] for seq in range(10)] == TEN.bodies


def test_a_repeated_batch_is_stored_once() -> None:
    hub = with_records(6)
    assert hub.give(TEN.batch(0, 6, over=6)).fresh == ()
    assert hub.give(TEN.batch(2, 6, over=10)).fresh == ()
    assert [entry.seq for _, entry in hub.give(TEN.batch(4, 9)).fresh] == [6, 7, 8]


def test_a_batch_beyond_the_stored_records_must_wait() -> None:
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
    "an older copy was restored": TEN.batch(4, 4, over=4, sent_ms=SENT_MS + 100),
    "an older copy was restored, with a clock of 1970": TEN.batch(
        4, 4, over=4, sent_ms=0, hub_ms=SENT_MS + 60_000
    ),
    "an older copy was restored, with a clock of 2099": TEN.batch(4, 4, over=4, sent_ms=4_070_908_800_000),
    "an older copy was restored and continued": History(5, branch=1, since=4).batch(
        4, 5, sent_ms=SENT_MS + 100
    ),
}


@pytest.mark.parametrize("case", FORKS)
def test_another_history_is_never_accepted(case: str) -> None:
    assert with_records(6).dispute(FORKS[case]).dispute is Dispute.INCONSISTENT


def test_the_hub_names_the_record_that_differs() -> None:
    dispute = with_records(6).dispute(History(10, branch=1, since=4).batch(2, 10))
    assert dispute.message == "record 4 differs from the one that was sent before"


def test_a_record_that_is_changed_after_its_note_and_before_sending_is_found() -> None:
    hub = with_records(3, over=8)  # the note covers records 3 to 7, which are not stored yet
    assert hub.dispute(History(10, branch=1, since=6).batch(3, 10)).message.startswith("a record below 8")


def test_a_note_is_kept_until_all_its_records_are_stored() -> None:
    hub = with_records(3, over=8)
    other = History(12, branch=1, since=6)
    hub.give(other.batch(3, 5))  # no difference yet: these records are the same in both histories
    assert hub.history.promise.size == 8
    hub.dispute(other.batch(5, 12))
    hub.give(TEN.batch(5, 10))
    assert hub.history.promise.size == 10


def test_an_old_request_that_arrives_late_is_not_a_dispute() -> None:
    hub = with_records(3)
    late = TEN.batch(3, 5, over=5)
    hub.give(TEN.batch(3, 10))
    admitted = hub.give(late)
    assert (admitted.fresh, admitted.heard, hub.size) == ((), False, 10)


SIGNS = {
    "a new record that names no answer": (TEN.batch(6, 7, sent_ms=0), False),
    "an answer of the hub": (TEN.batch(6, 6, over=6, sent_ms=0, hub_ms=SENT_MS + 100), True),
    "sent later": (TEN.batch(6, 6, over=6, sent_ms=SENT_MS + 7), True),
    "a repeated one": (TEN.batch(6, 6, over=6), False),
    "an old one again": (TEN.batch(0, 3, over=6, sent_ms=SENT_MS), False),
    "with a clock that is suspect": (TEN.batch(6, 6, over=6, sent_ms=SENT_MS + 7, status=LOST), False),
    "an answer, with a clock that is suspect": (
        TEN.batch(6, 6, over=6, sent_ms=0, hub_ms=SENT_MS + 100, status=LOST),
        True,
    ),
    "an answer of before": (TEN.batch(6, 6, over=6, sent_ms=0, hub_ms=SENT_MS), False),
    "in 1970": (TEN.batch(6, 6, over=6, sent_ms=1), False),
    "in 2099": (TEN.batch(6, 6, over=6, sent_ms=4_070_908_800_000), False),
    "an answer of 2099": (TEN.batch(6, 6, over=6, hub_ms=4_070_908_800_000), False),
    "with lists of 2099": (
        TEN.batch(
            6,
            6,
            over=6,
            sent_ms=SENT_MS + 7,
            status=msgspec.structs.replace(STATUS, lists_issued_s=4_070_908_800),
        ),
        False,
    ),
}


def test_two_batches_in_swapped_order_show_the_later_time() -> None:
    hub = with_records(6)
    later = TEN.batch(6, 6, over=6, sent_ms=SENT_MS + 9, hub_ms=SENT_MS + 8)
    assert hub.give(later).heard
    assert not hub.give(TEN.batch(6, 6, over=6, sent_ms=SENT_MS + 7)).heard
    assert (hub.history.heard_ms, hub.history.sent_ms) == (SENT_MS + 9, SENT_MS + 9)


def test_a_batch_that_was_held_back_shows_the_time_at_which_it_was_signed() -> None:
    hub = with_records(6)
    hub.now_ms += 3 * 86_400_000
    assert hub.give(TEN.batch(6, 10, sent_ms=SENT_MS + 900)).heard
    assert hub.history.heard_ms == SENT_MS + 900


@pytest.mark.parametrize("case", SIGNS)
def test_the_last_contact_is_renewed_by_a_newer_request(case: str) -> None:
    batch, heard = SIGNS[case]
    assert with_records(6).give(batch).heard is heard


MALFORMED = {
    "of another device": replace(TEN.batch(0, 3), device="lobby-2"),
    "under another device's note": replace(TEN.batch(0, 3), note=History(10, device="lobby-2").note()),
    "under another key's note": replace(TEN.batch(0, 3), note=History(10, key=OTHER_KEY).note()),
    "under no note": replace(TEN.batch(0, 3), note="trust me"),
    "under a note over fewer records": replace(TEN.batch(0, 3), note=TEN.note(2)),
    "with a record out of place": replace(TEN.batch(0, 3), bodies=tuple(TEN.bodies[1:4])),
    "with bytes that are not a record": replace(TEN.batch(0, 3), bodies=(b"{}",)),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_batch_must_be_consistent_in_itself(case: str) -> None:
    assert Memory().dispute(MALFORMED[case]).dispute is Dispute.MALFORMED


# -- a hub that is added later -----------------------------------------------------------------------------


def test_an_empty_hub_starts_at_the_first_record_of_the_device() -> None:
    hub = Memory()
    hub.give(TEN.batch(4, 7))
    hub.give(TEN.batch(7, 10))
    assert sorted(hub.bodies) == [4, 5, 6, 7, 8, 9]
    assert hub.history.frontier == TEN.base(10)


def test_the_base_must_be_proved_by_the_note() -> None:
    lie = replace(TEN.batch(4, 7), base=Frontier(4, (bytes(32),)))
    assert Memory().dispute(lie).dispute is Dispute.INCONSISTENT


def test_a_hub_with_records_ignores_the_base() -> None:
    hub = with_records(6)
    hub.give(replace(TEN.batch(6, 10), base=Frontier(6, (bytes(32), bytes(32)))))
    assert hub.history.frontier == TEN.base(10)


def test_records_before_the_first_one_are_not_accepted_later() -> None:
    hub = Memory()
    hub.give(TEN.batch(4, 7))
    assert hub.give(TEN.batch(2, 7)).fresh == ()
    assert sorted(hub.bodies) == [4, 5, 6]
