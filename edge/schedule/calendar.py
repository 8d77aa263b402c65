"""The calendar of a place: its time zone, its holidays, and the kind of each day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from edge.schedule.weekly_schedule import HOLIDAY, LocalTime

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

_MAX_RANGE_DAYS: Final = 366  # a longer range is a typing error in a year
_A_LEAP_YEAR: Final = 2024  # a year with every day of the calendar
_WHEN: Final = re.compile(r"([0-9]{4}-)?([0-9]{2}-[0-9]{2})(?:\.\.([0-9]{4}-)?([0-9]{2}-[0-9]{2}))?")


@dataclass(frozen=True, slots=True)
class Holidays:
    """Holidays of a place. `dated`: ordinals of dates; `yearly`: (month, day)."""

    dated: frozenset[int] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()

    def __contains__(self, day: date) -> bool:
        return day.toordinal() in self.dated or (day.month, day.day) in self.yearly


@dataclass(frozen=True, slots=True)
class Calendar:
    """The time zone and the holidays of one place."""

    zone: tzinfo
    holidays: Holidays = Holidays()

    def local_time(self, now: datetime) -> LocalTime:
        """The local time at this instant. `now`: aware."""
        local = now.astimezone(self.zone)
        today = local.date()
        return LocalTime(
            day=today.toordinal(),
            minute=local.hour * 60 + local.minute,
            kind=self._kind(today),
            kind_before=self._kind(today - timedelta(days=1)),
        )

    def day_since(self, minute: int, now: datetime) -> int:
        """The ordinal of the last day whose `minute` (below DAY_MIN) has come, at its first occurrence.

        It never goes back while time goes on, not even in the hour that clocks show twice.
        """
        today = now.astimezone(self.zone).date()
        begins = datetime.combine(today, time(minute // 60, minute % 60), self.zone).astimezone(UTC)
        return today.toordinal() - (now < begins)

    def _kind(self, day: date) -> int:
        return HOLIDAY if day in self.holidays else day.weekday()


def parse_holidays(texts: Iterable[str]) -> Holidays:
    """Dates and ranges: "2027-02-06", "2027-02-06..2027-02-09", yearly "05-01", "12-24..01-02".

    Raises ValueError, which names the wrong one.
    """
    dated: set[int] = set()
    yearly: set[tuple[int, int]] = set()
    for text in texts:
        try:
            first, last, is_dated = _range(text)
        except ValueError as error:
            raise ValueError(f'"{text}": {error}') from None
        days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
        if is_dated:
            dated.update(day.toordinal() for day in days)
        else:
            yearly.update((day.month, day.day) for day in days)
    return Holidays(frozenset(dated), frozenset(yearly))


def _range(text: str) -> tuple[date, date, bool]:
    """First and last day, and whether they have a year."""
    match = _WHEN.fullmatch(text)
    if match is None:
        raise ValueError('not a date or range such as "2027-02-06", "05-01" or "12-24..01-02"')
    year, day, last_year, last_day = match.groups()
    if last_day is not None and (year is None) != (last_year is None):
        raise ValueError("one end has a year, and the other has none")
    first = _date(f"{year or f'{_A_LEAP_YEAR}-'}{day}")
    if last_day is None:
        return first, first, year is not None
    last = _date(f"{last_year or f'{_A_LEAP_YEAR}-'}{last_day}")
    if last < first and year is None:  # across the new year
        first = first.replace(year=_A_LEAP_YEAR - 1)
    if last < first:
        raise ValueError("the last day is before the first")
    if (last - first).days >= _MAX_RANGE_DAYS:
        raise ValueError("longer than a year")
    return first, last, year is not None


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("not a day of the calendar") from None
