"""Comparison of names by digests, and the difference of each kind of digest from the others."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.card.person import Person
from edge.venues.desk.name_digests import Digests, reference, spellings

KEY = bytes(range(32))
SAME = {
    "case": ("García", "Ana", "GARCIA", "ANA"),
    "ñ as ICAO transliterates it": ("Muñoz", "Ana", "Munoz", "Ana"),
    "å": ("Åberg", "Ana", "Aaberg", "Ana"),
    "å without its ring": ("Åberg", "Ana", "Aberg", "Ana"),
    "ø": ("Sørensen", "Ana", "Soerensen", "Ana"),
    "ł": ("Wałęsa", "Ana", "Walesa", "Ana"),
    "đ": ("Đorđević", "Ana", "Dordevic", "Ana"),
    "dotless i": ("Y\u0131lmaz", "Ana", "Yilmaz", "Ana"),
    "Vietnamese": ("Nguyễn", "Thị Hoa", "Nguyen", "Thi Hoa"),
    "more given names": ("Silva", "Maria Inês Dos Santos", "Silva", "Maria"),
    "a double given name": ("Silva", "Jean-Pierre", "Silva", "Jean Pierre"),
    "particles together or apart": ("de la Cruz", "Ana", "Delacruz", "Ana"),
    "a decomposed accent": ("Jose\u0301", "Ana", "Jos\u00e9", "Ana"),
}
OTHERS = {
    "another family": ("Silva", "Ana", "Silvar", "Ana"),
    "another given name": ("Silva", "Ana", "Silva", "Anna"),
    "names swapped": ("Ana", "Silva", "Silva", "Ana"),
    "no given name": ("Silva", "", "Silva", "Ana"),
    "ö is not u": ("Möller", "Ana", "Muller", "Ana"),
    "Cyrillic and Latin that look alike": ("Ра", "Ana", "Pa", "Ana"),  # noqa: RUF001  the test is about them
}


@pytest.mark.parametrize("name", SAME)
def test_two_spellings_of_one_name_match(name: str) -> None:
    a, b, c, d = SAME[name]
    assert Digests(KEY).names(a, b) & Digests(KEY).names(c, d)


@pytest.mark.parametrize("name", OTHERS)
def test_two_names_do_not_match(name: str) -> None:
    a, b, c, d = OTHERS[name]
    assert not Digests(KEY).names(a, b) & Digests(KEY).names(c, d)


@given(st.text(max_size=30), st.text(max_size=30))
def test_every_name_has_one_or_two_spellings(family: str, given_name: str) -> None:
    assert 1 <= len(spellings(family, given_name)) <= 2


def test_only_letters_and_digits_of_a_reference_count() -> None:
    assert reference(" ab-12 / 3 ") == reference("AB123")
    assert reference("AB124") != reference("AB123")


def test_digests_differ_by_kind_and_by_key() -> None:
    one, other = Digests(KEY), Digests(bytes(32))
    text = "2026-01-02"
    kinds = {
        one.reference(text),
        one.person(Person("x", text)),
        one.birth(date.fromisoformat(text)),
    } | one.names(text, "")
    assert len(kinds) == 4
    assert one.reference(text) != other.reference(text)
    assert "00010203" not in repr(one)
