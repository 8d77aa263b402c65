"""When staff are at the desk: a weekly table in the library's own time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, tzinfo

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = "|".join(DAYS)
_SPAN: Final = re.compile(rf"({_DAY})(?:-({_DAY}))? ([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


class NoSpan(ValueError):
    """A text that does not say when; only ever seen by whoever reads a configuration."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `begin` until before `end` on each of `days` (0 is Monday); `end` None is midnight."""

    days: frozenset[int]
    begin: time
    end: time | None


@dataclass(frozen=True, slots=True)
class StaffedHours:
    """Staffed hours; without any, somebody is always there."""

    spans: tuple[Span, ...]
    zone: tzinfo

    def staffed(self, now: datetime) -> bool:
        """By the clock on the library's wall; the hour that comes twice in autumn counts twice."""
        here = now.astimezone(self.zone)
        clock = here.time()
        return not self.spans or any(
            here.weekday() in span.days and span.begin <= clock and (span.end is None or clock < span.end)
            for span in self.spans
        )


def parse_spans(texts: Iterable[str]) -> tuple[Span, ...]:
    """Spans such as "mon-fri 09:00-18:00". Raises NoSpan."""
    return tuple(map(_span, texts))


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise NoSpan(f'{text!r} says no hours, as "mon-fri 09:00-18:00" does')
    first, last, *clock = found.groups()
    hour, minute, end_hour, end_minute = map(int, clock)
    begin_min, end_min = hour * 60 + minute, end_hour * 60 + end_minute
    if not begin_min < end_min <= 24 * 60:
        raise NoSpan(f"{text!r} ends before it begins; hours over midnight are two spans")
    start = DAYS.index(first)
    length = (DAYS.index(last) - start) % 7 if last else 0  # fri-mon goes over the weekend
    days = frozenset((start + day) % 7 for day in range(length + 1))
    return Span(days, time(hour, minute), None if end_min == 24 * 60 else time(end_hour, end_minute))
