"""Weekly schedules in the local time of a place, compiled to sorted minutes.

An entry belongs to the day on which it begins: "fri 22:00-02:00" belongs to Friday until two on Saturday,
even if Saturday is a holiday. A holiday is a kind of day of its own: entries for Monday do not count on a
Monday that is a holiday. Summer time needs no rule: a minute that local clocks skip does not occur, and one
that they show twice counts twice.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DAY_MIN: Final = 24 * 60
KINDS: Final = (
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "holiday",
)  # the first seven in the order of date.weekday()
HOLIDAY: Final = KINDS.index("holiday")
_DAILY: Final = "daily"  # includes holidays
# The longest useful entry names seven days one by one; a longer text is not an entry.
_MAX_ENTRY_CHARS: Final = 60
_ENTRY: Final = re.compile(r"([a-z,-]+) +([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00)")

_Hours = TypeVar("_Hours", bound=tuple[tuple[int, ...], ...])


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    """Open on days of these kinds, from minute `start` of the day to `end`, perhaps on the next day.

    0 <= `start` < DAY_MIN; `start` < `end` < 2 * DAY_MIN.
    """

    kinds: frozenset[int]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LocalTime:
    """The local time and kind of day of a place.

    `day`: proleptic ordinal of the date; `minute` of that day; `kind`, `kind_before`: of this day and the one
    before, as indexes into KINDS.
    """

    day: int
    minute: int
    kind: int
    kind_before: int


@dataclass(frozen=True, slots=True)
class WeeklySchedule:
    """For each kind of day the minutes, from its midnight on, at which it opens and closes in turn."""

    bounds: tuple[tuple[int, ...], ...]

    def since(self, local: LocalTime) -> int | None:
        """The earliest day with an entry that is open now, as an ordinal; None if none is open."""
        # An odd number of bounds in the past: the last one opened.
        if bisect_right(self.bounds[local.kind_before], local.minute + DAY_MIN) & 1:
            return local.day - 1
        return local.day if bisect_right(self.bounds[local.kind], local.minute) & 1 else None

    def is_open(self, local: LocalTime) -> bool:
        """Whether any entry is open now. The rules decide what follows."""
        return self.since(local) is not None


ALWAYS: Final = WeeklySchedule(((0, DAY_MIN),) * len(KINDS))
NEVER: Final = WeeklySchedule(((),) * len(KINDS))


def compiled(entries: Iterable[ScheduleEntry]) -> WeeklySchedule:
    """One schedule of all entries; overlapping entries are merged."""
    spans: list[list[tuple[int, int]]] = [[] for _ in KINDS]
    for entry in entries:
        for kind in entry.kinds:
            spans[kind].append((entry.start, entry.end))
    return _schedule([tuple(part) for part in spans], _merged)


def union(schedules: Iterable[WeeklySchedule]) -> WeeklySchedule:
    """A schedule that is open if any of these is."""
    schedules = tuple(schedules)
    if len(schedules) == 1:
        return schedules[0]
    return _schedule(
        [tuple(schedule.bounds[kind] for schedule in schedules) for kind in range(len(KINDS))], _joined
    )


def parse_entry(text: str) -> ScheduleEntry:
    """An entry such as "mon-fri,holiday 08:00-18:00". Raises ValueError, which says what is wrong."""
    match = _ENTRY.fullmatch(text) if len(text) <= _MAX_ENTRY_CHARS else None
    if match is None:
        raise ValueError('not an entry such as "mon-fri 08:00-18:00"')
    start, end = minutes(match[2]), minutes(match[3])
    if start == DAY_MIN:
        raise ValueError("a start of 24:00 is not allowed, write 00:00")
    if start == end:
        raise ValueError("start and end are equal; a whole day is 00:00-24:00")
    return ScheduleEntry(_kinds(match[1]), start, end if end > start else end + DAY_MIN)


def minutes(text: str) -> int:
    """Minutes since midnight of "08:30"; "24:00" is the end of the day. Raises ValueError."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is not a time from 00:00 to 24:00")
    return int(match[1] or match[3]) * 60 + int(match[2] or match[4])


def _kinds(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if part == _DAILY:
            found.update(range(len(KINDS)))
        elif not dash:
            found.add(_kind(first))
        else:
            begin, end = _kind(first), _kind(last)
            if HOLIDAY in (begin, end):
                raise ValueError("holiday is not allowed in a range of days, write mon-fri,holiday")
            found.update((begin + i) % HOLIDAY for i in range((end - begin) % HOLIDAY + 1))
    return frozenset(found)


def _kind(word: str) -> int:
    try:
        return KINDS.index(word)
    except ValueError:
        raise ValueError(f'"{word}" is not one of {", ".join(KINDS)}, {_DAILY}') from None


def _schedule(kinds: list[_Hours], make: Callable[[_Hours], tuple[int, ...]]) -> WeeklySchedule:
    """A schedule in which kinds of days with equal hours share them, which takes a third of the time."""
    made: dict[_Hours, tuple[int, ...]] = {}
    for hours in kinds:
        if hours not in made:
            made[hours] = make(hours)
    return WeeklySchedule(tuple(made[hours] for hours in kinds))


def _joined(bounds: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return _merged(span for b in bounds for span in zip(b[::2], b[1::2], strict=True))


def _merged(spans: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    bounds: list[int] = []
    for start, end in sorted(spans):
        if not bounds or start > bounds[-1]:
            bounds += (start, end)
        elif end > bounds[-1]:
            bounds[-1] = end
    return tuple(bounds)
