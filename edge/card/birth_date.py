"""A birth date of which the day, or the day and the month, may be unknown, as on many documents.

A rule over age takes the cautious reading: it holds only if it holds for every possible day.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

FIRST_YEAR: Final = 1901  # the oldest person alive is younger: an earlier date stands for "unknown"
_FORM: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")

# As other systems write it: year first, with the time of day after it or zeros for an unknown part.
_FOUND: Final = tuple(
    map(
        re.compile,
        (
            r"(?P<year>[0-9]{4})(?P<sign>[-/.]?)(?P<month>[0-9]{2})(?P=sign)(?P<day>[0-9]{2})(?![0-9])",
            r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})0{6}\Z",
            r"(?P<year>[0-9]{4})(?:[-/.](?P<month>[0-9]{2}))?\Z",
            r"[0-9]{1,2}(?P<sign>[-/.])[0-9]{1,2}(?P=sign)(?P<year>[0-9]{4})(?![0-9])",
        ),
    )
)


@dataclass(frozen=True, slots=True, repr=False)
class BirthDate:
    """The year of birth, and month and day as far as they are known. A day has a month."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a day that the calendar does not have."""
        if self.month is None and self.day is not None:
            raise ValueError("a day without a month")
        date(
            self.year,
            1 if self.month is None else self.month,
            1 if self.day is None else self.day,
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """A date written as 1978, 1978-05 or 1978-05-31. Raises ValueError."""
        form = _FORM.fullmatch(text)
        if form is None:
            raise ValueError("not a birth date such as 1978-05-31, 1978-05 or 1978")
        year, month, day = form.groups()
        return cls(int(year), int(month) if month else None, int(day) if day else None)

    @classmethod
    def found_in(cls, text: str) -> Self | None:
        """The date in a text of another system; None for blanks and zeros. Raises ValueError.

        Of 05/06/1978 only the year counts: the order of day and month depends on the country.
        """
        text = text.strip()
        if not text.strip("0-/. "):
            return None
        form = next((form for pattern in _FOUND if (form := pattern.match(text))), None)
        if form is None:
            raise ValueError("not a date")
        year, month, day = (int(form.groupdict().get(part) or 0) for part in ("year", "month", "day"))
        if year < FIRST_YEAR:
            raise ValueError("not the date of a living person")
        return cls(year, month or None, (day or None) if month else None)

    @property
    def first(self) -> date:
        """The earliest possible day."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> date:
        """The latest possible day."""
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    def is_aged(self, years: int, on: date) -> bool | None:
        """Whether the person has at least this age; None if that depends on the unknown day."""
        surely, possibly = _age(self.last, on) >= years, _age(self.first, on) >= years
        return surely if surely == possibly else None

    def prefixes(self) -> tuple[str, ...]:
        """The date as it is written, coarse to fine: 1978, 1978-05, 1978-05-31, as far as it is known."""
        parts = str(self).split("-")
        return tuple("-".join(parts[: n + 1]) for n in range(len(parts)))

    def __str__(self) -> str:
        known = [f"{self.year:04}", *(f"{part:02}" for part in (self.month, self.day) if part is not None)]
        return "-".join(known)

    def __repr__(self) -> str:
        return "BirthDate(...)"  # personal data


def _age(born: date, on: date) -> int:
    """Age in whole years. A person born on 29 February has the birthday on 1 March of other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
