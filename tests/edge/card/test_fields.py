"""Fields of a decoded value: each has its type and its limits, and all else is refused in our words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from edge.card import fields
from edge.card import numbers as n
from edge.decision import Reason
from edge.errors import Refused

OTHER_TYPES: list[object] = [None, 5, 1.5, True, b"a", [b"a"], {1: 2}, object()]
TEXTS: dict[str, Callable[[object], object]] = {
    "a word": lambda value: fields.word(value, 8, "x"),
    "a text": lambda value: fields.text(value, 8, "x"),
    "a site": lambda value: fields.site(value, "x"),
}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("value", OTHER_TYPES, ids=lambda value: type(value).__name__)
def test_what_is_no_text_is_refused(kind: str, value: object) -> None:
    with pytest.raises(Refused) as caught:
        TEXTS[kind](value)
    assert caught.value.reason is Reason.CARD_MALFORMED


@pytest.mark.parametrize("value", ["a" * n.MAX_SITE_CHARS, "a/b-c/0"])
def test_a_site_has_so_many_letters_at_most(value: str) -> None:
    assert fields.site(value, "x") == value
    with pytest.raises(Refused):
        fields.site("a" * (n.MAX_SITE_CHARS + 1), "x")


def test_a_time_is_from_1970_on() -> None:
    assert fields.time(0, "x") == datetime.fromtimestamp(0, UTC)
    for value in (-1, n.MAX_TIME + 1, True, 1.0):
        with pytest.raises(Refused):
            fields.time(value, "x")


def test_a_constant_has_its_type_too() -> None:
    fields.constant(1, 1, "x")
    for value in (True, 1.0, 2, "1"):
        with pytest.raises(Refused):
            fields.constant(value, 1, "x")
