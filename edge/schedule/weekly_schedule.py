"""Weekly schedules in the wall-clock time of a place, compiled to sorted minutes.

An entry belongs to the day on which it begins: "fri 22:00-02:00" is Friday's until two on Saturday, whatever
Saturday is. A holiday is a day of its own kind, so that nothing which is said of Mondays holds on a Monday
that is one. Clocks that are changed need no rule: what a wall clock skips never is, and what it shows twice
is twice.
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
)  # the first seven as date.weekday()
HOLIDAY: Final = KINDS.index("holiday")
_DAILY: Final = "daily"  # holidays, too
# The longest sensible line names seven days one by one; a longer one is not an entry.
_MAX_ENTRY_CHARS: Final = 60
_ENTRY: Final = re.compile(r"([a-z,-]+) +([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00)")

_Hours = TypeVar("_Hours", bound=tuple[tuple[int, ...], ...])


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    """Open on days of these kinds, from minute `start` of the day up to `end`, which may be the next day's.

    0 <= `start` < DAY_MIN; `start` < `end` < 2 * DAY_MIN.
    """

    kinds: frozenset[int]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LocalTime:
    """What calendar and clock on the wall of a place say.

    `day`: proleptic ordinal of the date; `minute` of that day; `kind`, `kind_before`: of this day and the one
    before, as numbers into KINDS.
    """

    day: int
    minute: int
    kind: int
    kind_before: int


@dataclass(frozen=True, slots=True)
class WeeklySchedule:
    """For each kind of day the minutes at which it opens and shuts, in turn, from that day's midnight on."""

    bounds: tuple[tuple[int, ...], ...]

    def since(self, local: LocalTime) -> int | None:
        """The earliest day of which an entry is in force now, as an ordinal; None: nothing is."""
        # An odd number of bounds behind us: the last one opened.
        if bisect_right(self.bounds[local.kind_before], local.minute + DAY_MIN) & 1:
            return local.day - 1
        return local.day if bisect_right(self.bounds[local.kind], local.minute) & 1 else None

    def is_open(self, local: LocalTime) -> bool:
        """Whether any entry is in force now. Data for the rules, not a decision."""
        return self.since(local) is not None


ALWAYS: Final = WeeklySchedule(((0, DAY_MIN),) * len(KINDS))
NEVER: Final = WeeklySchedule(((),) * len(KINDS))


def compiled(entries: Iterable[ScheduleEntry]) -> WeeklySchedule:
    """One schedule of all these; where they overlap it is open once."""
    spans: list[list[tuple[int, int]]] = [[] for _ in KINDS]
    for entry in entries:
        for kind in entry.kinds:
            spans[kind].append((entry.start, entry.end))
    return _schedule([tuple(part) for part in spans], _merged)


def union(schedules: Iterable[WeeklySchedule]) -> WeeklySchedule:
    """Open whenever one of these is."""
    schedules = tuple(schedules)
    if len(schedules) == 1:
        return schedules[0]
    return _schedule(
        [tuple(schedule.bounds[kind] for schedule in schedules) for kind in range(len(KINDS))], _joined
    )


def parse_entry(text: str) -> ScheduleEntry:
    """An entry such as "mon-fri,holiday 08:00-18:00". Raises ValueError that says what is wrong with it."""
    match = _ENTRY.fullmatch(text) if len(text) <= _MAX_ENTRY_CHARS else None
    if match is None:
        raise ValueError('it is not like "mon-fri 08:00-18:00"')
    start, end = minutes(match[2]), minutes(match[3])
    if start == DAY_MIN:
        raise ValueError("a day begins at 00:00")
    if start == end:
        raise ValueError("it ends when it begins; a whole day is 00:00-24:00")
    return ScheduleEntry(_kinds(match[1]), start, end if end > start else end + DAY_MIN)


def minutes(text: str) -> int:
    """Minutes since midnight of "08:30"; "24:00" is the end of the day. Raises ValueError."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is no time of day")
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
                raise ValueError("holiday is no day of the week: write mon-fri,holiday")
            found.update((begin + i) % HOLIDAY for i in range((end - begin) % HOLIDAY + 1))
    return frozenset(found)


def _kind(word: str) -> int:
    try:
        return KINDS.index(word)
    except ValueError:
        raise ValueError(f"{word or 'nothing'} is no day: {', '.join(KINDS)} or {_DAILY}") from None


def _schedule(kinds: list[_Hours], make: Callable[[_Hours], tuple[int, ...]]) -> WeeklySchedule:
    """Kinds of days with the same hours share them, as most do: which takes a third of the time."""
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
