"""The range of each field of a record, and the words that a record may hold: a reader of any age knows them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
from msgspec.structs import replace
from samples.journals import passage

from edge.audit import record as r
from edge.audit.record import JournalEntry, TrustAge, Visited, decode, encode
from edge.errors import StorageFault

LATEST_S = 253_402_300_799  # the last second of the year 9999
EXACT = 2**53 - 1  # the largest integer that every JSON reader keeps exactly
RANGES: dict[str, tuple[int, int]] = {
    "time_ms": (0, LATEST_S * 1_000 + 999),
    "tick_ms": (0, EXACT),
    "assurance": (0, 3),
    "similarity_milli": (-1_000, 1_000),
    "threshold_milli": (-1_000, 1_000),
    "trust.issued_s": (0, LATEST_S),
    "trust.age_s": (-(2**40), 2**40),
    "stages_us": (0, 3_600_000_000),
    "visit.waited_ms": (0, EXACT),
    "seq": (0, EXACT),
}
LENGTHS: dict[str, tuple[str, int]] = {  # the text that is repeated, and its longest form
    "door": ("a", 80),
    "version": ("0", 40),
    "fta": ("a", 40),
    "model": ("a", 40),
    "policy": ("a", 40),
    "issuer": ("ab", 32),
    "card": ("0", 12),
}
NUMBERS: dict[str, int] = {  # the most values of a field with several
    "trust": 8,
    "stages_us": 16,
    "visit.risk_signals": 10,
    "visit.required": 8,
    "visit.given": 8,
    "visit.notices": 8,
}
VISIT = Visited(venue="door", path=r.Path.FACE)


def with_value(field: str, value: Any) -> JournalEntry:
    """An entry with this value in one field."""
    entry = JournalEntry(seq=0, record=passage())
    match field.split("."):
        case ["seq"]:
            return replace(entry, seq=value)
        case ["trust", part]:
            age = replace(TrustAge(part="keys", issued_s=0, age_s=0), **{part: value})
            return replace(entry, record=replace(entry.record, trust=(age,)))
        case ["visit", part]:
            return replace(entry, record=replace(entry.record, visit=replace(VISIT, **{part: value})))
    return replace(entry, record=replace(entry.record, **{field: value}))


def is_written(field: str, value: Any) -> bool:
    entry = with_value(field, value)
    try:
        return decode(encode(entry)) == entry
    except StorageFault:
        return False


@pytest.mark.parametrize("field", RANGES)
def test_a_number_has_its_range(field: str) -> None:
    def as_value(number: int) -> object:
        return {"face": number} if field == "stages_us" else number

    least, most = RANGES[field]
    assert is_written(field, as_value(least))
    assert is_written(field, as_value(most))
    assert not is_written(field, as_value(least - 1))
    assert not is_written(field, as_value(most + 1))


@pytest.mark.parametrize("field", LENGTHS)
def test_a_text_has_its_longest_form(field: str) -> None:
    text, most = LENGTHS[field]
    assert is_written(field, text * most)
    assert not is_written(field, text * (most + 1))


@pytest.mark.parametrize("field", NUMBERS)
def test_a_field_of_several_values_has_its_most(field: str) -> None:
    def values(count: int) -> object:
        if field == "trust":
            return (TrustAge(part="keys", issued_s=0, age_s=0),) * count
        if field == "stages_us":
            return {f"s{number}": number for number in range(count)}
        return tuple(f"s{number}" for number in range(count))

    assert is_written(field, values(NUMBERS[field]))
    assert not is_written(field, values(NUMBERS[field] + 1))


WORDS: dict[type[StrEnum], str] = {
    r.Outcome: "grant deny",
    r.ClockTrust: "trusted suspect",
    r.StopCause: "end signal fault bug",
    r.DevicePart: "camera reader model door storage clock trust host program",
    r.ErasureCause: "age space",
    r.ClockEvent: "behind back ahead trusted phones",
    r.Path: "face no-face staff",
}


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_each_word_of_a_record_stays(kind: type[StrEnum]) -> None:
    assert [word.value for word in kind] == WORDS[kind].split()


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_each_word_is_the_name_in_small_letters(kind: type[StrEnum]) -> None:
    assert [word.value for word in kind] == [word.name.lower().replace("_", "-") for word in kind]
