"""Documents that a venue requires, and the document that a holder shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.trust import refusal, verified

from edge.card.attributes import Attribute
from edge.card.claims import Document
from edge.card.documents import DisclosedDocument, DocumentType, digest
from edge.decision import Reason
from edge.errors import Refused
from edge.request.documents import check_documents, match_disclosed, match_document

KEY, CARD_ID = b"k" * 32, b"card0001"
TODAY = date(2026, 6, 15)
ID, PASSPORT, PERMIT, VISA = (
    DocumentType.ID_CARD,
    DocumentType.PASSPORT,
    DocumentType.TRAVEL_PERMIT,
    DocumentType.VISA,
)


def linked(kind: int, number: str, last: date, index: int = 5) -> Document:
    paper = DisclosedDocument(kind, number, last)
    return Document(kind, digest(paper, card_id=CARD_ID, key=KEY), paper.expires_day, index)


CARD = verified(
    card_id=CARD_ID,
    documents=(
        linked(ID, "G1234567", TODAY),
        linked(PERMIT, "C99887766", date(2026, 6, 14)),
        linked(PERMIT, "C99887767", date(2031, 1, 1)),
        linked(VISA, "V1", date(2026, 6, 14)),
    ),
)

WANTED = {
    "nothing": ((), ""),
    "one, on its last day": ((ID,), ""),
    "both": ((ID, PERMIT), ""),
    "one that is not linked": ((ID, PASSPORT), "passport: none is linked to this card"),
    "one that expired yesterday": ((VISA,), "visa: expired"),
    "an unknown type": ((9_999,), "document-9999: none is linked to this card"),
}


@pytest.mark.parametrize(("wanted", "missing"), WANTED.values(), ids=WANTED)
def test_a_venue_requires_several_documents(wanted, missing):
    if not missing:
        assert [document.type for document in check_documents(CARD, wanted, TODAY)] == list(wanted)
        return
    with pytest.raises(Refused) as refused:
        check_documents(CARD, wanted, TODAY)
    assert (refused.value.reason, refused.value.detail) == (Reason.DOCUMENT_MISSING, missing)


def test_the_document_that_expires_last_counts():
    (permit,) = check_documents(CARD, [PERMIT], TODAY)
    assert permit.expires_day == DisclosedDocument(PERMIT, "", date(2031, 1, 1)).expires_day


HELD = {
    "the one that is linked": (ID, "G1234567", None),
    "as it is printed, in groups": (ID, "g 123-4567", None),
    "another number": (ID, "G1234568", Reason.DOCUMENT_MISMATCH),
    "the number of another document": (ID, "C99887767", Reason.DOCUMENT_MISMATCH),
    "a character that no number has": (ID, "G1234567!", Reason.DOCUMENT_MISMATCH),
    "nothing": (ID, "", Reason.DOCUMENT_MISMATCH),
    "the second of its type": (PERMIT, "C99887767", None),
    "the first of its type, which has expired": (PERMIT, "C99887766", Reason.DOCUMENT_MISSING),
    "one of a type that is not linked": (PASSPORT, "G1234567", Reason.DOCUMENT_MISSING),
}


def detail(action) -> str:
    try:
        action()
    except Refused as refused:
        return refused.detail
    return ""


@pytest.mark.parametrize(("kind", "number", "reason"), HELD.values(), ids=HELD)
def test_a_shown_document_is_the_one_behind_the_digest(kind, number, reason):
    assert refusal(lambda: match_document(CARD, kind, number, TODAY, key=KEY)) is reason


@given(st.text(max_size=40))
def test_fuzz_no_other_number_matches_and_none_is_quoted(number):
    told = detail(lambda: match_document(CARD, ID, number, TODAY, key=KEY))
    same = number.upper().translate(str.maketrans("", "", " -./")) == "G1234567"
    assert (told == "") is same
    assert told in {
        "",
        "id-card: not a document number",
        "id-card: not the document that is linked to this card",
    }


def test_no_number_matches_without_the_issuers_key():
    assert (
        refusal(lambda: match_document(CARD, ID, "G1234567", TODAY, key=b"x" * 32))
        is Reason.DOCUMENT_MISMATCH
    )


def disclosing(**told: str):
    return replace(CARD, disclosed=tuple((Attribute(name), value) for name, value in told.items()))


TOLD = {
    "type and number of a linked one": ({"document_type": "id-card", "document_number": "G1234567"}, None),
    "another number": ({"document_type": "id-card", "document_number": "G7654321"}, Reason.DOCUMENT_MISMATCH),
    "an unknown type": (
        {"document_type": "library-card", "document_number": "G1234567"},
        Reason.DOCUMENT_MISMATCH,
    ),
    "a type that is not linked": (
        {"document_type": "passport", "document_number": "G1234567"},
        Reason.DOCUMENT_MISSING,
    ),
}


@pytest.mark.parametrize(("told", "reason"), TOLD.values(), ids=TOLD)
def test_a_disclosed_document_is_a_linked_document(told, reason):
    assert refusal(lambda: match_disclosed(disclosing(**told), TODAY, key=KEY)) is reason


def test_a_number_without_a_type_or_a_type_without_a_number_is_not_compared():
    assert match_disclosed(disclosing(document_number="G1234567"), TODAY, key=KEY) is None
    assert match_disclosed(disclosing(document_type="id-card"), TODAY, key=KEY) is None
