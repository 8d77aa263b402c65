from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.trust import NOW, refusal, verified

from edge.decision import Reason
from edge.errors import Fault
from edge.trust.replay import ReplayMemory
from edge.trust.time.code_window import MAX_WINDOW

S = timedelta(seconds=1)
CARDS = [{"card_id": name} for name in (b"card0001", b"card0002", b"card0003")]


def test_a_code_is_admitted_once_and_then_refused():
    memory, card = ReplayMemory(), verified()
    assert refusal(memory.admit, card, NOW) is None
    assert refusal(memory.admit, card, NOW + 5 * S) is Reason.CARD_REPLAYED


def test_a_fresh_code_of_the_same_card_is_admitted():
    memory = ReplayMemory()
    assert refusal(memory.admit, verified(NOW), NOW) is None
    assert refusal(memory.admit, verified(NOW + 20 * S), NOW + 20 * S) is None


def test_an_older_code_of_the_same_card_is_refused():
    memory = ReplayMemory()
    assert refusal(memory.admit, verified(NOW), NOW) is None
    assert refusal(memory.admit, verified(NOW - 10 * S), NOW) is Reason.CARD_REPLAYED


def test_another_card_at_the_same_second_is_admitted():
    memory = ReplayMemory()
    for changes in CARDS:
        assert refusal(memory.admit, verified(**changes), NOW) is None


def test_a_code_is_remembered_as_long_as_any_window_could_let_it_pass():
    memory, card = ReplayMemory(), verified()
    memory.admit(card, NOW)
    assert refusal(memory.admit, card, NOW + MAX_WINDOW) is Reason.CARD_REPLAYED


def test_a_clock_that_goes_forward_and_back_admits_no_old_code():
    memory, card = ReplayMemory(), verified()
    memory.admit(card, NOW)
    memory.admit(verified(NOW + timedelta(hours=1), **CARDS[1]), NOW + timedelta(hours=1))
    assert refusal(memory.admit, card, NOW) is Reason.CLOCK_UNTRUSTED


def test_a_clock_that_is_corrected_far_back_refuses_new_codes_for_two_minutes_at_most():
    """The clock was a year ahead. Codes of that time no longer count, and codes signed from now on do."""
    memory, ahead = ReplayMemory(), NOW + timedelta(days=365)
    memory.admit(verified(NOW, **CARDS[1]), NOW)
    memory.tidy(ahead)
    memory.tidy(NOW + S)
    assert refusal(memory.admit, verified(NOW, **CARDS[1]), NOW + S) is Reason.CLOCK_UNTRUSTED
    assert refusal(memory.admit, verified(NOW + S), NOW + S) is Reason.CLOCK_UNTRUSTED
    assert refusal(memory.admit, verified(NOW + 3 * S), NOW + 3 * S) is None
    assert refusal(memory.admit, verified(NOW + 3 * S), NOW + 4 * S) is Reason.CARD_REPLAYED


def test_a_card_that_was_shown_under_a_clock_a_year_ahead_is_admitted_after_its_correction():
    memory, ahead = ReplayMemory(), NOW + timedelta(days=20)
    memory.admit(verified(ahead), ahead)
    memory.tidy(NOW)
    assert refusal(memory.admit, verified(NOW + 3 * S), NOW + 3 * S) is None


def test_after_a_correction_far_back_codes_count_from_the_next_second_on():
    memory = ReplayMemory()
    memory.tidy(NOW + timedelta(days=365))
    memory.tidy(NOW)
    assert refusal(memory.admit, verified(NOW), NOW) is Reason.CLOCK_UNTRUSTED
    assert refusal(memory.admit, verified(NOW + S), NOW + S) is None


def test_a_clock_that_is_set_back_by_a_whole_window_admits_codes_of_that_moment():
    memory = ReplayMemory()
    memory.tidy(NOW + MAX_WINDOW)
    assert refusal(memory.admit, verified(NOW), NOW) is None


def test_a_memory_full_of_live_entries_is_a_fault_and_admits_no_card():
    memory = ReplayMemory(max_entries=2)
    first, second, third = (verified(**changes) for changes in CARDS)
    memory.admit(first, NOW)
    memory.admit(second, NOW)
    with pytest.raises(Fault, match="full") as caught:
        memory.admit(third, NOW)
    assert caught.value.hint
    assert refusal(memory.admit, first, NOW) is Reason.CARD_REPLAYED


def test_a_full_memory_still_admits_a_newer_code_of_a_known_card():
    memory = ReplayMemory(max_entries=1)
    memory.admit(verified(NOW), NOW)
    memory.admit(verified(NOW + S), NOW + S)
    assert refusal(memory.admit, verified(NOW), NOW + S) is Reason.CARD_REPLAYED


def test_entries_are_dropped_when_no_window_could_let_them_pass():
    memory = ReplayMemory(max_entries=1)
    memory.admit(verified(NOW), NOW)
    later = NOW + MAX_WINDOW + S
    assert refusal(memory.admit, verified(later, **CARDS[1]), later) is None


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-30, 10), st.integers(0, 40)), max_size=12))
def test_no_code_is_ever_admitted_twice(steps):
    """Codes come in any order while the clock goes on: no (card, time) passes twice."""
    memory, now, admitted = ReplayMemory(), NOW, set()
    for which, offset, passed in steps:
        now += passed * S
        presented_at = now + offset * S
        if refusal(memory.admit, verified(presented_at, **CARDS[which]), now) is None:
            assert (which, presented_at) not in admitted
            admitted.add((which, presented_at))


# -- over a restart ----------------------------------------------------------------------------------------

AHEAD = 10 * S


def recalled(*decided, now=NOW, max_entries: int = 8) -> ReplayMemory:
    memory = ReplayMemory(max_entries=max_entries)
    memory.restore(decided, ahead=AHEAD, now=now)
    return memory


def test_a_code_decided_before_the_start_is_a_replay_after_it():
    card = verified(NOW)
    memory = recalled((card.pseudonym, NOW), now=NOW + 5 * S)
    assert refusal(memory.admit, card, NOW + 5 * S) is Reason.CARD_REPLAYED


def test_a_phone_that_is_fast_gains_nothing_by_a_restart():
    """The phone's code has a time ten seconds after its decision; the record has only the time of the decision."""
    card = verified(NOW + AHEAD, now=NOW)
    memory = recalled((card.pseudonym, NOW), now=NOW + S)
    assert refusal(memory.admit, card, NOW + S) is Reason.CARD_REPLAYED


def test_the_holder_waits_ten_seconds_after_a_restart_and_others_do_not():
    memory = recalled((verified().pseudonym, NOW), now=NOW)
    assert refusal(memory.admit, verified(NOW + AHEAD), NOW + AHEAD) is Reason.CARD_REPLAYED
    assert refusal(memory.admit, verified(NOW + AHEAD + S), NOW + AHEAD + S) is None
    assert refusal(memory.admit, verified(NOW, **CARDS[1]), NOW + AHEAD) is None


def test_a_record_from_a_clock_that_was_ahead_locks_no_holder_out():
    memory = recalled((verified().pseudonym, NOW + timedelta(days=365)), now=NOW)
    assert refusal(memory.admit, verified(NOW + AHEAD + S), NOW + AHEAD + S) is None


@pytest.mark.parametrize("back_s", [1, 20, 60, 119])
def test_a_clock_that_is_set_back_a_little_over_a_restart_lets_no_code_pass_again(back_s: int):
    """The code was refused, so its time was not stored; within its window it is shown again."""
    card, now = verified(NOW - 5 * S, now=NOW), NOW - back_s * S
    memory = recalled((card.pseudonym, NOW), now=now)
    assert refusal(memory.admit, card, now) is Reason.CARD_REPLAYED


def test_a_record_a_whole_window_ahead_may_be_true_and_counts_as_it_is():
    memory = recalled((verified().pseudonym, NOW + MAX_WINDOW), now=NOW)
    later = NOW + MAX_WINDOW
    assert refusal(memory.admit, verified(later), later) is Reason.CARD_REPLAYED


def test_the_latest_record_of_a_card_counts_in_any_order_of_records():
    """Records are out of order if the clock was corrected between two of them."""
    name = verified().pseudonym
    memory = recalled((name, NOW), (name, NOW - 60 * S), now=NOW)
    assert refusal(memory.admit, verified(NOW + 5 * S), NOW + 5 * S) is Reason.CARD_REPLAYED


def test_of_too_many_records_the_newest_are_remembered():
    names = [verified(**changes).pseudonym for changes in CARDS]
    memory = recalled(*((name, NOW) for name in names), max_entries=2)
    assert len(memory) == 2
    assert refusal(memory.admit, verified(NOW, **CARDS[2]), NOW) is Reason.CARD_REPLAYED


def test_a_record_older_than_every_window_is_not_restored():
    assert len(recalled((verified().pseudonym, NOW), now=NOW + MAX_WINDOW + AHEAD + S)) == 0


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(-30, 10), st.integers(0, 40), st.booleans()), max_size=12
    )
)
def test_no_code_is_admitted_twice_however_often_the_device_is_restarted(steps):
    """Each admission is recorded a moment later; a restart knows the records alone."""
    memory, now, admitted, records = ReplayMemory(), NOW, set(), []
    for which, offset, passed, restart in steps:
        now += passed * S
        if restart:
            memory = recalled(*records, now=now)
        card = verified(now + offset * S, now=now, **CARDS[which])
        if refusal(memory.admit, card, now) is None:
            assert (which, card.presented_at) not in admitted
            admitted.add((which, card.presented_at))
            records.append((card.pseudonym, now))
