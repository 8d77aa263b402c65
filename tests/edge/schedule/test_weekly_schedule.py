"""Schedules in local time: open and closed minutes, the day of an entry, holidays and summer time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.venues.building_door import local

from edge.schedule.calendar import Calendar, Holidays, parse_holidays
from edge.schedule.weekly_schedule import (
    DAY_MIN,
    HOLIDAY,
    KINDS,
    ScheduleEntry,
    WeeklySchedule,
    compiled,
    minutes,
    parse_entry,
    union,
)

ZONES = (
    "UTC",
    "Asia/Macau",
    "Europe/Lisbon",
    "America/New_York",
    "Australia/Lord_Howe",  # summer time of half an hour
    "Asia/Kathmandu",  # 5:45
    "Asia/Kolkata",  # 5:30
    "America/St_Johns",  # -3:30, changes its clocks
    "America/Santiago",  # changes them at midnight
    "Pacific/Apia",  # +13
)


def week(*texts: str) -> WeeklySchedule:
    return compiled(map(parse_entry, texts))


def is_open(schedule: WeeklySchedule, zone: str, at: datetime, *holidays: str) -> bool:
    return schedule.is_open(Calendar(ZoneInfo(zone), parse_holidays(holidays)).local_time(at))


WRITTEN = {  # 2027-03-01 is a Monday
    "before its start": ("mon-fri 08:00-18:00", "2027-03-01T07:59:59", False),
    "from its first minute": ("mon-fri 08:00-18:00", "2027-03-01T08:00:00", True),
    "until its last second": ("mon-fri 08:00-18:00", "2027-03-01T17:59:59", True),
    "not at its end": ("mon-fri 08:00-18:00", "2027-03-01T18:00:00", False),
    "not on another day": ("mon-fri 08:00-18:00", "2027-03-06T09:00:00", False),
    "a list of days": ("mon,wed,sun 08:00-18:00", "2027-03-03T09:00:00", True),
    "a range across the weekend": ("sat-mon 08:00-18:00", "2027-03-01T09:00:00", True),
    "a range across the weekend, the day after": ("sat-mon 08:00-18:00", "2027-03-02T09:00:00", False),
    "every day": ("daily 00:00-24:00", "2027-03-07T23:59:59", True),
    "past midnight, the evening": ("fri 22:00-02:00", "2027-03-05T22:00:00", True),
    "past midnight, the morning after": ("fri 22:00-02:00", "2027-03-06T01:59:59", True),
    "past midnight, its end": ("fri 22:00-02:00", "2027-03-06T02:00:00", False),
    "past midnight, not the morning of its own day": ("fri 22:00-02:00", "2027-03-05T01:00:00", False),
    "sunday's night continues on monday": ("sun 22:00-02:00", "2027-03-01T01:00:00", True),
    "until midnight, written as 00:00": ("mon 22:00-00:00", "2027-03-01T23:59:59", True),
    "until midnight, and no further": ("mon 22:00-00:00", "2027-03-02T00:00:00", False),
    "a night and a day": ("mon 08:00-07:59", "2027-03-02T07:58:00", True),
    "on a holiday no entry of monday counts": ("mon 08:00-18:00", "2027-03-08T09:00:00", False),
    "on a holiday the entries of holidays count": ("holiday 08:00-18:00", "2027-03-08T09:00:00", True),
    "daily includes holidays": ("daily 08:00-18:00", "2027-03-08T09:00:00", True),
    "a night that began before the holiday continues": ("sun 22:00-02:00", "2027-03-08T01:00:00", True),
    "a night that begins on the holiday belongs to it": ("mon 22:00-02:00", "2027-03-09T01:00:00", False),
    "a holiday's night continues on a working day": ("holiday 22:00-02:00", "2027-03-09T01:00:00", True),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_an_entry_is_open_at_these_times(name: str) -> None:
    text, at, expected = WRITTEN[name]
    assert is_open(week(text), "Asia/Macau", local(at, "Asia/Macau"), "2027-03-08") is expected


# A past year, which later tz data does not change. Lisbon: 2023-03-26 01:00 becomes 02:00, 2023-10-29 02:00
# becomes 01:00. Lord Howe: half an hour, at 02:00.
CHANGED = {
    "an hour that clocks skip does not occur": (
        "Europe/Lisbon",
        "01:00-02:00",
        "2023-03-26T00:59:59Z",
        False,
    ),
    "nor after it": ("Europe/Lisbon", "01:00-02:00", "2023-03-26T01:00:00Z", False),
    "a start in the gap counts after it": ("Europe/Lisbon", "01:30-05:00", "2023-03-26T01:00:00Z", True),
    "an end in the gap counts at it": ("Europe/Lisbon", "00:00-01:30", "2023-03-26T01:00:00Z", False),
    "open until the gap": ("Europe/Lisbon", "00:00-01:30", "2023-03-26T00:59:59Z", True),
    "an hour that comes twice, first": ("Europe/Lisbon", "01:00-02:00", "2023-10-29T00:30:00Z", True),
    "an hour that comes twice, again": ("Europe/Lisbon", "01:00-02:00", "2023-10-29T01:30:00Z", True),
    "an end in the repeated hour, open again": (
        "Europe/Lisbon",
        "00:00-01:30",
        "2023-10-29T01:15:00Z",
        True,
    ),
    "an end in the repeated hour, closed again": (
        "Europe/Lisbon",
        "00:00-01:30",
        "2023-10-29T01:30:00Z",
        False,
    ),
    "half an hour skipped": ("Australia/Lord_Howe", "02:00-02:30", "2023-09-30T15:30:00Z", False),
    "after a gap of half an hour": ("Australia/Lord_Howe", "02:15-03:00", "2023-09-30T15:30:00Z", True),
    "half an hour comes twice, first": ("Australia/Lord_Howe", "01:30-02:00", "2023-04-01T14:45:00Z", True),
    "half an hour comes twice, again": ("Australia/Lord_Howe", "01:30-02:00", "2023-04-01T15:15:00Z", True),
    "an offset of 5:45": ("Asia/Kathmandu", "08:00-09:00", "2027-03-01T02:15:00Z", True),
    "an offset of 5:45, a minute before": (
        "Asia/Kathmandu",
        "08:00-09:00",
        "2027-03-01T02:14:59Z",
        False,
    ),
    "midnight skipped": ("America/Santiago", "00:00-01:00", "2023-09-03T04:30:00Z", False),
    "a day that begins at one": ("America/Santiago", "00:00-02:00", "2023-09-03T04:00:00Z", True),
}


@pytest.mark.parametrize("name", CHANGED)
def test_entries_follow_local_clocks_that_change(name: str) -> None:
    zone, hours, at, expected = CHANGED[name]
    assert is_open(week(f"daily {hours}"), zone, datetime.fromisoformat(at)) is expected


WRONG = (
    "",
    "mon",
    "mon 8:00-18:00",
    "mon 08:00 - 18:00",
    "mon 08:00-25:00",
    "mon 08:60-18:00",
    "mon 24:00-08:00",
    "mon 08:00-08:00",
    "mon 08:00-24:01",
    "mon, tue 08:00-18:00",
    "mon,,tue 08:00-18:00",
    "mon- 08:00-18:00",
    "mon-tue-wed 08:00-18:00",
    "holiday-mon 08:00-18:00",
    "monday 08:00-18:00",
    "daily-fri 08:00-18:00",
    "mon 0٨:00-18:00",  # an Arabic digit
    "mon," * 20 + "mon 08:00-18:00",
)


@pytest.mark.parametrize("text", WRONG)
def test_a_malformed_entry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\A(?!invalid literal)"):
        parse_entry(text)


@given(st.text(max_size=80))
def test_fuzz_any_text_is_an_entry_or_a_value_error(text: str) -> None:
    try:
        entry = parse_entry(text)
    except ValueError:
        return
    assert 0 <= entry.start < DAY_MIN
    assert entry.start < entry.end < 2 * DAY_MIN


HOLIDAYS = {
    "a date": ("2027-02-06", "2027-02-06", True),
    "a date in another year": ("2027-02-06", "2028-02-06", False),
    "a range, its first day": ("2027-02-06..2027-02-09", "2027-02-06", True),
    "a range, its last day": ("2027-02-06..2027-02-09", "2027-02-09", True),
    "a range, the day after": ("2027-02-06..2027-02-09", "2027-02-10", False),
    "every year": ("05-01", "2031-05-01", True),
    "every year across the new year, before": ("12-24..01-02", "2029-12-31", True),
    "every year across the new year, after": ("12-24..01-02", "2029-01-02", True),
    "every year across the new year, outside": ("12-24..01-02", "2029-01-03", False),
    "the leap day": ("02-28..03-01", "2028-02-29", True),
    "the leap day in a range across the new year": ("12-31..02-29", "2028-02-29", True),
}


@pytest.mark.parametrize("name", HOLIDAYS)
def test_holidays(name: str) -> None:
    text, day, expected = HOLIDAYS[name]
    assert (date.fromisoformat(day) in parse_holidays([text])) is expected


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "2027-02-30", "02-30", "13-01", "2027-2-6", "2027-02-06..02-09", "02-06..2027-02-09",
     "2027-02-09..2027-02-06", "2027-01-01..2028-01-02", "2027-02-06...2027-02-09", "02-29..02-28", "0000-01-01"],
)  # fmt: skip
def test_a_malformed_holiday_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ValueError, match=r'\A"'):
        parse_holidays([text])


def test_minutes_of_the_day() -> None:
    assert [minutes(text) for text in ("00:00", "09:05", "23:59", "24:00")] == [0, 545, 1439, 1440]


entries = st.builds(
    "{} {:02}:{:02}-{:02}:{:02}".format,
    st.sampled_from((*KINDS, "mon-fri", "sat,holiday", "daily", "fri-mon")),
    st.integers(0, 23),
    st.sampled_from((0, 1, 29, 30, 59)),
    st.integers(0, 23),
    st.sampled_from((0, 15, 30, 58)),
).filter(lambda text: text[-11:-6] != text[-5:])


def _naive(entries: list[ScheduleEntry], zone: ZoneInfo, holidays: Holidays, at: datetime) -> bool:
    """A slow reference: whether any entry is open at this minute."""
    shown = at.astimezone(zone)
    for entry in entries:
        for back in (0, 1):
            day = shown.date() - timedelta(days=back)
            kind = HOLIDAY if day in holidays else day.weekday()
            if (
                kind in entry.kinds
                and entry.start <= shown.hour * 60 + shown.minute + back * DAY_MIN < entry.end
            ):
                return True
    return False


@given(
    texts=st.lists(entries, max_size=8),
    zone=st.sampled_from(ZONES),
    begins=st.integers(0, 4 * 365 * DAY_MIN),
    holidays=st.lists(st.integers(-1, 8), max_size=3),
)
def test_a_week_agrees_with_the_slow_reference(
    texts: list[str], zone: str, begins: int, holidays: list[int]
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=begins)
    off = Holidays(frozenset((start.date() + timedelta(days=i)).toordinal() for i in holidays))
    calendar, schedule = Calendar(ZoneInfo(zone), off), week(*texts)
    read = [parse_entry(text) for text in texts]
    for minute in range(0, 8 * DAY_MIN, 131):  # a prime, so that every minute of the hour occurs
        at = start + timedelta(minutes=minute)
        assert schedule.is_open(calendar.local_time(at)) is _naive(read, calendar.zone, off, at)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "about", ["2027-03-28", "2027-10-31", "2027-04-04", "2027-10-03", "2027-09-05", "2027-03-14"]
)
def test_every_five_minutes_around_a_clock_change_agree_with_the_slow_reference(
    zone: str, about: str
) -> None:
    texts = ["daily 00:00-01:30", "sun 02:15-03:05", "sat 23:10-00:20", "mon 01:30-02:00"]
    calendar, schedule = Calendar(ZoneInfo(zone)), week(*texts)
    read = [parse_entry(text) for text in texts]
    begins = datetime.fromisoformat(f"{about}T00:00Z") - timedelta(hours=20)
    for minute in range(0, 48 * 60, 5):
        at = begins + timedelta(minutes=minute)
        assert schedule.is_open(calendar.local_time(at)) is _naive(read, calendar.zone, Holidays(), at)


@given(st.lists(entries, max_size=6), st.lists(entries, max_size=6), st.integers(0, 7), st.integers(0, 1439))
def test_a_union_is_open_when_either_is(first: list[str], second: list[str], day: int, minute: int) -> None:
    calendar = Calendar(ZoneInfo("UTC"))
    local_time = calendar.local_time(datetime(2027, 3, 1, tzinfo=UTC) + timedelta(days=day, minutes=minute))
    both = union([week(*first), week(*second)])
    assert both == week(*first, *second)
    assert both.is_open(local_time) == (week(*first).is_open(local_time) or week(*second).is_open(local_time))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("reset", [0, 90, 150])
def test_the_day_of_an_area_never_goes_back_and_comes_every_day(zone: str, reset: int) -> None:
    calendar = Calendar(ZoneInfo(zone))
    begins = datetime(2027, 1, 1, tzinfo=UTC)
    days = [calendar.day_since(reset, begins + timedelta(minutes=30 * i)) for i in range(48 * 365)]
    assert all(after - before in (0, 1) for before, after in pairwise(days))
    assert days[-1] - days[0] in (364, 365)
