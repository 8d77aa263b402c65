"""Erasing of registrations: late at worst, never early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge.venues.desk.registration import end_of, erasable_before

SIGNED = datetime(2026, 6, 1, tzinfo=UTC)
TRUSTED = timedelta(days=45)
CASES = {
    "a clock without evidence against it": ("2026-06-20", False, "2026-06-20"),
    "a suspect clock behind the signed time": (
        "2026-06-01",
        True,
        "2026-06-01",
    ),
    "a board that starts in 2038": ("2038-01-19", False, "2026-07-16"),
    "a suspect clock after the signed time": ("2026-06-03", True, "2026-06-03"),
    "offline for longer than the trusted days": ("2026-09-01", False, "2026-07-16"),
}


@pytest.mark.parametrize("name", CASES)
def test_erasing_uses_the_earliest_possible_time(name: str) -> None:
    now, suspect, before = CASES[name]
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    found = erasable_before(at, suspect=suspect, signed=SIGNED, trusted_for=TRUSTED)
    assert found == datetime.fromisoformat(before).replace(tzinfo=UTC)


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
