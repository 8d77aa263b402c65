"""The days of a place, by which registrations are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from edge.venues.desk.registration import end_of

DAYS = {
    "an ordinary day": ("Europe/Lisbon", "2026-06-15", "2026-06-15T23:00"),
    "23 hours long": ("Europe/Lisbon", "2026-03-29", "2026-03-29T23:00"),
    "25 hours long": ("Europe/Lisbon", "2026-10-25", "2026-10-26T00:00"),
    "without a midnight at its end": ("Africa/Cairo", "2026-04-23", "2026-04-23T22:00"),
    "the day before a skipped day": ("Pacific/Apia", "2011-12-29", "2011-12-30T10:00"),
}


@pytest.mark.parametrize("name", DAYS)
def test_a_day_ends_in_the_local_time_of_the_place(name: str) -> None:
    zone, day, ends = DAYS[name]
    found = end_of(datetime.fromisoformat(day).date(), ZoneInfo(zone)).astimezone(UTC)
    assert found == datetime.fromisoformat(ends).replace(tzinfo=UTC)
