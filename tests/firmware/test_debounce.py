"""The debounce of inputs: each one counts after it was stable for its own time."""

from __future__ import annotations

import pytest
from debounce import Debounce
from hypothesis import given
from hypothesis import strategies as st
from limits import DEBOUNCE_MS

WRAP = 2**30
BITS = range(5)
STARTS = (0, 4_711, WRAP - 1, WRAP - DEBOUNCE_MS // 2)


def played(raws: list[int], now: int = 0, first: int = 0) -> list[int]:
    """The debounced inputs of each millisecond."""
    debounce = Debounce(first, now)
    return [debounce.step(raw, (now + ms) % WRAP) for ms, raw in enumerate(raws, 1)]


@pytest.mark.parametrize("first", [0, 1, 31])
def test_inputs_at_boot_count_at_once(first: int) -> None:
    assert Debounce(first, 0).quiet == first
    assert played([first] * 50, first=first) == [first] * 50


@pytest.mark.parametrize("now", STARTS)
@pytest.mark.parametrize("bit", BITS)
@pytest.mark.parametrize("first", [0, 31])
def test_a_change_counts_after_the_time_and_no_sooner(bit: int, now: int, first: int) -> None:
    changed = first ^ 1 << bit
    believed = played([changed] * 100, now, first)
    assert believed == [first] * DEBOUNCE_MS + [changed] * (100 - DEBOUNCE_MS)


@pytest.mark.parametrize("bounces", [1, 2, 15])
def test_a_bouncing_contact_counts_once_and_after_its_last_bounce(bounces: int) -> None:
    noise = [1, 1, 0, 0] * bounces
    believed = played(noise + [1] * 100)
    assert believed == [0] * (len(noise) + DEBOUNCE_MS) + [1] * (100 - DEBOUNCE_MS)


def test_a_contact_that_never_settles_never_counts() -> None:
    assert set(played([1, 0] * 5_000)) == {0}


@pytest.mark.parametrize("length", [1, DEBOUNCE_MS - 1, DEBOUNCE_MS])
def test_a_pulse_shorter_than_the_time_is_ignored(length: int) -> None:
    assert set(played([1] * length + [0] * 100)) == {0}


def test_a_stuck_input_keeps_its_level() -> None:
    assert played([2] * 10_000)[DEBOUNCE_MS:] == [2] * (10_000 - DEBOUNCE_MS)


@pytest.mark.parametrize("noisy", BITS)
@pytest.mark.parametrize("bit", BITS)
def test_noise_on_one_wire_delays_no_other(bit: int, noisy: int) -> None:
    if bit == noisy:
        return
    raws = [1 << bit | (ms % 2) << noisy for ms in range(100)]
    assert [believed >> bit & 1 for believed in played(raws)] == [0] * DEBOUNCE_MS + [1] * (100 - DEBOUNCE_MS)


def test_samples_that_are_far_apart_must_agree_twice() -> None:
    debounce = Debounce(0, 0)
    assert debounce.step(1, 1_000) == 0
    assert debounce.step(1, 2_000) == 1


def test_an_input_that_does_not_exist_is_ignored() -> None:
    assert set(played([32] * 100)) == {0}


@given(st.lists(st.integers(0, 31), max_size=300), st.sampled_from(STARTS))
def test_each_input_is_independent_of_the_others(raws: list[int], now: int) -> None:
    together = played(raws, now)
    for bit in BITS:
        alone = played([raw & 1 << bit for raw in raws], now)
        assert [believed & 1 << bit for believed in together] == alone
