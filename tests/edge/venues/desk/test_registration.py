"""When a registration may be erased: late at worst, never early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge.venues.desk.registration import end_of, erasable_before

SIGNED = datetime(2026, 6, 1, tzinfo=UTC)
TRUSTED = timedelta(days=45)
CASES = {
    "a clock that nothing speaks against": ("2026-06-20", False, "2026-06-20"),
    "a clock behind the signed time is suspect, and what is believed is that time": (
        "2026-06-01",
        True,
        "2026-06-01",
    ),
    "a board that starts in 2038": ("2038-01-19", False, "2026-07-16"),
    "a suspect clock counts for what is believed in its place": ("2026-06-03", True, "2026-06-03"),
    "offline for longer than anybody should be": ("2026-09-01", False, "2026-07-16"),
}


@pytest.mark.parametrize("name", CASES)
def test_erasing_goes_by_the_earliest_that_the_time_can_be(name: str) -> None:
    now, suspect, before = CASES[name]
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    found = erasable_before(at, suspect=suspect, signed=SIGNED, trusted_for=TRUSTED)
    assert found == datetime.fromisoformat(before).replace(tzinfo=UTC)


DAYS = {
    "an ordinary day": ("Europe/Lisbon", "2026-06-15", "2026-06-15T23:00"),
    "23 hours long": ("Europe/Lisbon", "2026-03-29", "2026-03-29T23:00"),
    "25 hours long": ("Europe/Lisbon", "2026-10-25", "2026-10-26T00:00"),
    "without a midnight of its own": ("Africa/Cairo", "2026-04-23", "2026-04-23T22:00"),
    "a day that the next one leaves out": ("Pacific/Apia", "2011-12-29", "2011-12-30T10:00"),
}


@pytest.mark.parametrize("name", DAYS)
def test_a_day_ends_by_the_clocks_of_the_place(name: str) -> None:
    zone, day, ends = DAYS[name]
    found = end_of(datetime.fromisoformat(day).date(), ZoneInfo(zone)).astimezone(UTC)
    assert found == datetime.fromisoformat(ends).replace(tzinfo=UTC)
