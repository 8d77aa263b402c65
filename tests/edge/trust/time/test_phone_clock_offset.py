"""Phones of holders raise an alarm together; they never set a clock, and no single phone raises one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.trust import NOW

from edge.trust.time.phone_clock_offset import ENOUGH, HALF_A_CODE, HOLDERS, PhoneClockOffset

S = timedelta(seconds=1)


def heard(*offsets: float, name: str = "{}") -> PhoneClockOffset:
    """The offset after one holder for each of `offsets`, the seconds by which our clock is ahead."""
    phone_offset = PhoneClockOffset()
    for number, offset in enumerate(offsets):
        phone_offset.hear(name.format(number), NOW - HALF_A_CODE - offset * S, NOW)
    return phone_offset


CROWDS = {  # seconds by which we are ahead of each phone, the median, whether it is an alarm
    "no phone": ((), None, False),
    "four, however wrong": ((90, 90, 90, 90), None, False),
    "five that agree": ((0, 1, 2, -1, 0), 0, False),
    "five that agree that we are ahead": ((16, 16, 17, 30, 90), 17, True),
    "five that agree that we are behind": ((-16,) * 5, -16, True),
    "exactly the limit": ((15,) * 5, 15, False),
    "four liars among nine": ((0, 0, 0, 0, 0, 900, 900, 900, 900), 0, False),
    "five liars among nine": ((0, 0, 0, 0, 900, 900, 900, 900, 900), 900, True),
    "only the last nine count": ((900,) * 9 + (0,) * 9, 0, False),
    "the tenth before does not count": ((0,) * 5 + (20,) * 5, 20, True),
}


@pytest.mark.parametrize(("offsets", "median", "alarm"), CROWDS.values(), ids=CROWDS)
def test_the_median_of_several_cards_raises_the_alarm(
    offsets: tuple[float, ...], median: float | None, alarm: bool
) -> None:
    phone_offset = heard(*offsets)
    assert phone_offset.offset == (None if median is None else median * S)
    assert phone_offset.alarmed is alarm


def test_a_card_that_is_shown_often_counts_once() -> None:
    assert heard(*(900,) * 50, name="the same").offset is None


def test_a_card_that_comes_again_is_the_newest() -> None:
    phone_offset = heard(20, 0, 0, 0, 0, 0, 20, 20, 20)
    phone_offset.hear("0", NOW - HALF_A_CODE - 20 * S, NOW)
    phone_offset.hear("new", NOW - HALF_A_CODE - 20 * S, NOW)
    assert phone_offset.offset == 20 * S


def test_a_code_is_ten_seconds_old_in_the_mean() -> None:
    phone_offset = PhoneClockOffset()
    for number in range(ENOUGH):
        phone_offset.hear(str(number), NOW - 10 * S, NOW)
    assert phone_offset.offset == 0 * S


@pytest.mark.parametrize(("offset", "stays"), [(10.5, True), (10, False), (-10.5, True), (-10, False)])
def test_an_alarm_stays_above_ten_seconds(offset: float, *, stays: bool) -> None:
    phone_offset = heard(*(20,) * HOLDERS)
    for number in range(HOLDERS):
        phone_offset.hear(f"later {number}", NOW - HALF_A_CODE - offset * S, NOW)
    assert phone_offset.alarmed is stays


def test_an_alarm_ends_when_the_median_is_well_below_the_limit() -> None:
    phone_offset = heard(*(20,) * HOLDERS)
    for number, offset in enumerate((12,) * HOLDERS):
        phone_offset.hear(f"later {number}", NOW - HALF_A_CODE - offset * S, NOW)
    assert phone_offset.alarmed  # between the two it stays
    for number in range(HOLDERS):
        phone_offset.hear(f"last {number}", NOW - HALF_A_CODE, NOW)
    assert not phone_offset.alarmed


def test_setting_the_clock_clears_the_offsets() -> None:
    phone_offset = heard(*(900,) * 9)
    phone_offset.forget()
    assert (phone_offset.offset, phone_offset.alarmed) == (None, False)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(-1_000, 1_000)), max_size=60))
def test_fewer_than_half_of_the_holders_move_nothing(shown: list[tuple[int, int]]) -> None:
    """The median stays at the offset of the honest cards."""
    phone_offset = PhoneClockOffset()
    for number in range(HOLDERS):
        phone_offset.hear(f"honest {number}", NOW - HALF_A_CODE, NOW)
    for who, offset in shown:
        phone_offset.hear(f"liar {who % (ENOUGH - 1)}", NOW - HALF_A_CODE - offset * S, NOW)
        assert phone_offset.offset == timedelta(0)
