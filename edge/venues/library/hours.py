"""Hours in which staff are at the desk of a library, in its local time and calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.schedule.calendar import Calendar, parse_holidays
from edge.schedule.weekly_schedule import ALWAYS, ScheduleEntry, WeeklySchedule, compiled, parse_entry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime, tzinfo


@dataclass(frozen=True, slots=True)
class StaffedHours:
    """The schedule of the staff, and its calendar."""

    schedule: WeeklySchedule
    calendar: Calendar

    def staffed(self, now: datetime) -> bool:
        """Whether staff are there. `now`: aware."""
        return self.schedule.is_open(self.calendar.local_time(now))

    def today(self, now: datetime) -> date:
        """The date at the library. `now`: aware."""
        return now.astimezone(self.calendar.zone).date()


def staffed_hours(entries: Sequence[str], holidays: Sequence[str], zone: tzinfo) -> StaffedHours:
    """The hours of entries such as "mon-fri 09:00-18:00"; without entries, staff are always there.

    Raises ValueError, which quotes the wrong text.
    """
    schedule = compiled(map(_entry, entries)) if entries else ALWAYS
    return StaffedHours(schedule, Calendar(zone, parse_holidays(holidays)))


def _entry(text: str) -> ScheduleEntry:
    try:
        return parse_entry(text)
    except ValueError as error:
        raise ValueError(f'"{text}": {error}') from None
