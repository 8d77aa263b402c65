"""The time by which data may be destroyed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from edge.vouched_time import EARLIEST, UNVOUCHED, VouchedTime

DAY, MS = timedelta(days=1), timedelta(milliseconds=1)
NOW = EARLIEST + 400 * DAY
PAST = VouchedTime(NOW)

MADE = {  # when data was made, and whether it was kept for 90 days
    "just now": (NOW, False),
    "exactly so long ago": (NOW - 90 * DAY, False),
    "a millisecond more": (NOW - 90 * DAY - MS, True),
    "in the future": (NOW + DAY, False),
    "by a clock without a battery": (EARLIEST - MS, False),
    "when the first of our data was made": (EARLIEST, True),
}


@pytest.mark.parametrize(("made", "outlived"), MADE.values(), ids=MADE)
def test_data_is_old_once_it_was_kept_for_so_long(made: datetime, outlived: bool) -> None:
    assert PAST.outlived(made, 90 * DAY) is outlived
    first_ms, end_ms = PAST.made_ms(90 * DAY)
    assert (first_ms <= made.timestamp() * 1_000 < end_ms) is outlived


def test_without_a_witness_nothing_has_passed() -> None:
    assert not UNVOUCHED.outlived(EARLIEST, timedelta())
    assert not UNVOUCHED.outlived(EARLIEST + DAY, timedelta())
