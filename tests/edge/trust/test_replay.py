from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trust_world import NOW, verified

from edge.decision import Reason
from edge.errors import Fault, Refused
from edge.trust.clock import MAX_WINDOW
from edge.trust.replay import ReplayMemory

S = timedelta(seconds=1)
CARDS = [{"card_id": name} for name in (b"card0001", b"card0002", b"card0003")]


def refusal(memory: ReplayMemory, card, now) -> Reason | None:
    try:
        memory.admit(card, now)
    except Refused as refused:
        return refused.reason
    return None


def test_the_first_showing_is_admitted_and_the_second_refused():
    memory, card = ReplayMemory(), verified()
    assert refusal(memory, card, NOW) is None
    assert refusal(memory, card, NOW + 5 * S) is Reason.CARD_REPLAYED


def test_a_fresh_code_of_the_same_card_is_admitted():
    memory = ReplayMemory()
    assert refusal(memory, verified(NOW), NOW) is None
    assert refusal(memory, verified(NOW + 20 * S), NOW + 20 * S) is None


def test_an_older_code_of_the_same_card_is_refused():
    memory = ReplayMemory()
    assert refusal(memory, verified(NOW), NOW) is None
    assert refusal(memory, verified(NOW - 10 * S), NOW) is Reason.CARD_REPLAYED


def test_another_card_at_the_same_second_is_admitted():
    memory = ReplayMemory()
    for changes in CARDS:
        assert refusal(memory, verified(**changes), NOW) is None


def test_a_code_is_remembered_as_long_as_any_window_could_let_it_pass():
    memory, card = ReplayMemory(), verified()
    memory.admit(card, NOW)
    assert refusal(memory, card, NOW + MAX_WINDOW) is Reason.CARD_REPLAYED


def test_a_clock_that_went_forward_and_back_does_not_open_the_memory():
    memory, card = ReplayMemory(), verified()
    memory.admit(card, NOW)
    memory.admit(verified(NOW + timedelta(hours=1), **CARDS[1]), NOW + timedelta(hours=1))
    assert refusal(memory, card, NOW) is Reason.CLOCK_UNTRUSTED


def test_a_memory_full_of_live_entries_is_a_fault_and_admits_nobody():
    memory = ReplayMemory(max_entries=2)
    first, second, third = (verified(**changes) for changes in CARDS)
    memory.admit(first, NOW)
    memory.admit(second, NOW)
    with pytest.raises(Fault, match="full") as caught:
        memory.admit(third, NOW)
    assert caught.value.hint
    assert refusal(memory, first, NOW) is Reason.CARD_REPLAYED


def test_a_full_memory_still_takes_a_newer_code_of_a_card_it_knows():
    memory = ReplayMemory(max_entries=1)
    memory.admit(verified(NOW), NOW)
    memory.admit(verified(NOW + S), NOW + S)
    assert refusal(memory, verified(NOW), NOW + S) is Reason.CARD_REPLAYED


def test_entries_leave_when_no_window_could_let_them_pass():
    memory = ReplayMemory(max_entries=1)
    memory.admit(verified(NOW), NOW)
    later = NOW + MAX_WINDOW + S
    assert refusal(memory, verified(later, **CARDS[1]), later) is None


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-30, 10), st.integers(0, 40)), max_size=12))
def test_no_code_is_ever_admitted_twice(steps):
    """Whatever is shown in whatever order, as the clock goes on: no (card, time) passes twice."""
    memory, now, admitted = ReplayMemory(), NOW, set()
    for which, offset, passed in steps:
        now += passed * S
        presented_at = now + offset * S
        if refusal(memory, verified(presented_at, **CARDS[which]), now) is None:
            assert (which, presented_at) not in admitted
            admitted.add((which, presented_at))
