"""Birth dates of which a part is unknown: their forms, the possible days, and ages that hold for every day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.card.birth_date import BirthDate

FULL = st.dates(date(1901, 1, 1), date(2100, 1, 1)).map(lambda day: BirthDate(day.year, day.month, day.day))
WHY = r"not a (birth )?date|not the date of a living person|must be in|out of range"
ANY = FULL.flatmap(
    lambda born: st.sampled_from([born, BirthDate(born.year, born.month), BirthDate(born.year)])
)


@given(ANY)
def test_a_birth_date_is_read_as_it_is_written(born: BirthDate) -> None:
    assert BirthDate.parse(str(born)) == born
    assert BirthDate.found_in(f" {born} ") == born
    assert born.prefixes()[-1] == str(born)


@pytest.mark.parametrize(
    "text", ["", "78", "1978-5", "1978-13", "1978-02-30", "1978-05-31T00", "0000", "1978-00", "12.05.1978"]
)
def test_another_form_is_not_a_birth_date(text: str) -> None:
    with pytest.raises(ValueError, match=WHY):
        BirthDate.parse(text)


@given(ANY, st.integers(1, 120), st.dates(date(1990, 1, 1), date(2200, 1, 1)))
def test_an_age_holds_only_for_every_possible_day(born: BirthDate, years: int, on: date) -> None:
    count = (born.last - born.first).days + 1
    days = (born.first + timedelta(n) for n in range(count))
    ages = {BirthDate(day.year, day.month, day.day).is_aged(years, on) for day in days}
    assert born.is_aged(years, on) == (ages.pop() if len(ages) == 1 else None)


AGES = {
    "the day before": ("2008-06-16", "2026-06-15", False),
    "the day": ("2008-06-15", "2026-06-15", True),
    "29 February, on the 28th": ("2008-02-29", "2026-02-28", False),
    "29 February, on 1 March": ("2008-02-29", "2026-03-01", True),
    "the month, at its beginning": ("2008-06", "2026-06-01", None),
    "the month, at its end": ("2008-06", "2026-06-30", True),
    "the year, in it": ("2008", "2026-06-15", None),
    "the year, at its end": ("2008", "2026-12-31", True),
    "the year before": ("2008", "2025-12-31", False),
}


@pytest.mark.parametrize("name", AGES)
def test_an_age_is_in_whole_years(name: str) -> None:
    born, day, adult = AGES[name]
    assert BirthDate.parse(born).is_aged(18, date.fromisoformat(day)) is adult


FOUND = {
    "19900102": "1990-01-02",
    "19900102    000000": "1990-01-02",
    "19900102000000": "1990-01-02",
    "2005-11-15": "2005-11-15",
    "2005-11-15T00:00:00Z": "2005-11-15",
    "2005/11/15": "2005-11-15",
    "2005.11.15": "2005-11-15",
    "2005-11": "2005-11",
    "2005": "2005",
    "20051100": "2005-11",
    "20050000": "2005",
    "15/11/2005": "2005",
    "5.1.2005 0:00:00": "2005",
    "": None,
    "   ": None,
    "00000000": None,
    "0000-00-00": None,
}


@pytest.mark.parametrize("text", FOUND)
def test_a_date_is_found_in_the_text_of_another_system(text: str) -> None:
    found = BirthDate.found_in(text)
    assert (None if found is None else str(found)) == FOUND[text]


@pytest.mark.parametrize(
    "text",
    ["21181091247604", "19850112345678", "00010101", "1900-01-01", "ADULT", "20053111", "1990010", "8"],
)
def test_other_content_is_not_taken_for_a_date(text: str) -> None:
    with pytest.raises(ValueError, match=WHY):
        BirthDate.found_in(text)


@given(st.text(max_size=20))
def test_any_text_is_a_date_or_a_value_error(text: str) -> None:
    try:
        found = BirthDate.found_in(text)
    except ValueError:
        return
    assert found is None or found.first <= found.last


def test_a_birth_date_is_not_in_its_repr() -> None:
    assert "1978" not in repr(BirthDate(1978, 5, 31))
