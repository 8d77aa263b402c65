"""A person is a subject together with the issuer that wrote it, wherever two are compared."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.card.claims import Card
from edge.card.person import Person
from edge.keyed_digest import DigestDomain

KEY = bytes(32)
words = st.text(max_size=12)
people = st.builds(Person, issuer=words, subject=words | st.binary(max_size=12))


@given(people, people)
def test_two_digests_are_equal_only_of_the_same_person(one: Person, other: Person) -> None:
    same = one.digest(KEY, DigestDomain.PERSON) == other.digest(KEY, DigestDomain.PERSON)
    assert same == (one == other)


NOT_THE_SAME = {
    "the same subject of another issuer": (Person("a", "u-1001"), Person("b", "u-1001")),
    "letters that move from the issuer to the subject": (Person("ab", "c"), Person("a", "bc")),
    "a subject that is another card's id": (Person("a", b"card0001"), Person("a", "card0001")),
    "an issuer in other letters": (Person("Gym", "u-1001"), Person("gym", "u-1001")),
}


@pytest.mark.parametrize(("one", "other"), NOT_THE_SAME.values(), ids=NOT_THE_SAME)
def test_these_are_two_people(one: Person, other: Person) -> None:
    assert one != other
    assert one.digest(KEY, DigestDomain.PERSON) != other.digest(KEY, DigestDomain.PERSON)


def test_no_repr_shows_the_subject() -> None:
    assert "u-1001" not in repr(Person("gym", "u-1001"))


def test_a_verified_card_has_no_subject_that_a_rule_could_compare_alone() -> None:
    assert "person" in Card.__slots__
    assert not hasattr(Card, "subject")


def test_a_person_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Person("gym", "u-1001").issuer = "university"  # type: ignore[misc]
    assert replace(Person("gym", "u-1001"), issuer="university") == Person("university", "u-1001")
