"""Documents linked to a card: their types, their last day, and the digest that stands for a number."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from edge.card import numbers as n
from edge.card.documents import BY_WORD, DisclosedDocument, DocumentType, digest, word_of
from edge.errors import InputError

PASSPORT = DisclosedDocument(DocumentType.PASSPORT, "K1234567", date(2031, 5, 4))
CARD, KEY = b"card0001", b"k" * 32


def test_the_numbers_of_types_never_change() -> None:
    """Cards in use hold them."""
    assert {word: kind.value for word, kind in BY_WORD.items()} == {
        "id-card": 1,
        "passport": 2,
        "travel-permit": 3,
        "residence-permit": 4,
        "driving-licence": 5,
        "visa": 6,
    }


def test_an_unknown_type_has_its_number_for_a_name() -> None:
    assert [word_of(kind) for kind in (0, 1, 6, 7)] == ["document-0", "id-card", "visa", "document-7"]


def test_the_digest_of_a_document_never_changes() -> None:
    assert digest(PASSPORT, card_id=CARD, key=KEY).hex() == "479d0a0b5458061f"


def test_each_number_type_card_and_key_has_its_own_digest() -> None:
    made = {
        digest(PASSPORT, card_id=CARD, key=KEY),
        digest(replace(PASSPORT, number="K1234568"), card_id=CARD, key=KEY),
        digest(replace(PASSPORT, type=DocumentType.VISA), card_id=CARD, key=KEY),
        digest(PASSPORT, card_id=b"card0002", key=KEY),
        digest(PASSPORT, card_id=CARD, key=b"l" * 32),
    }
    assert len(made) == 5
    assert {len(each) for each in made} == {n.DOCUMENT_REF_BYTES}


@pytest.mark.parametrize("number", ["k1234567", "K-123 4567", "K.123/4567"])
def test_the_spelling_of_a_number_does_not_matter(number: str) -> None:
    same = digest(replace(PASSPORT, number=number), card_id=CARD, key=KEY)
    assert same == digest(PASSPORT, card_id=CARD, key=KEY)


@pytest.mark.parametrize("number", ["", "-", "A" * 33, "K1234567\N{LATIN SMALL LETTER O WITH STROKE}", "K_1"])
def test_what_is_no_number_of_a_document_is_refused(number: str) -> None:
    with pytest.raises(InputError, match="document number"):
        digest(replace(PASSPORT, number=number), card_id=CARD, key=KEY)


@pytest.mark.parametrize("kind", [-1, n.MAX_DOCUMENT_TYPE + 1])
def test_a_type_is_a_number_of_16_bits(kind: int) -> None:
    for good in (0, n.MAX_DOCUMENT_TYPE):
        assert digest(replace(PASSPORT, type=good), card_id=CARD, key=KEY)
    with pytest.raises(InputError, match="document type"):
        digest(replace(PASSPORT, type=kind), card_id=CARD, key=KEY)


@pytest.mark.parametrize(
    ("day", "count"), [(date(1970, 1, 1), 0), (date(1970, 1, 2), 1), (date(2000, 1, 1), 10_957)]
)
def test_days_count_from_1970(day: date, count: int) -> None:
    assert replace(PASSPORT, expires=day).expires_day == count
