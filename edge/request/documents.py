"""Documents linked to a card: the types a venue wants together, and the one that somebody holds in a hand.

That none of them is revoked has been checked with the card (FORMAT.md section 6, step 9). Here: that they are
there and not over; and that a number which is typed, scanned or disclosed is the number behind the digest.
"""

from __future__ import annotations

import hmac
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge.card.attributes import Attribute
from edge.card.documents import BY_WORD, DisclosedDocument, digest, word_of
from edge.decision import Reason
from edge.errors import InputError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.card.claims import Card, Document

_FIRST_DAY: Final = datetime.fromtimestamp(0, UTC).date()


def check_documents(card: Card, wanted: Iterable[int], today: date) -> tuple[Document, ...]:
    """One document of every type in `wanted`, each good on `today`, the day at this place.

    Raises Refused(DOCUMENT_MISSING), whose detail says which and why.
    """
    return tuple(_good(card, kind, today) for kind in wanted)


def match_document(card: Card, kind: int, number: str, today: date, *, key: bytes) -> Document:
    """The linked document of this type and number, as it is printed. `key`: the issuer's for documents.

    Raises Refused: DOCUMENT_MISSING where no good one of this type is linked, DOCUMENT_MISMATCH where it has
    another number, or what was typed can be none.
    """
    _good(card, kind, today)
    try:
        ref = digest(DisclosedDocument(kind, number, today), card_id=card.card_id, key=key)
    except InputError as error:
        raise Refused(Reason.DOCUMENT_MISMATCH, f"{word_of(kind)}: not a document number") from error
    for document in _linked(card, kind):
        if hmac.compare_digest(document.ref, ref):
            if not _lasts(document, today):
                raise Refused(Reason.DOCUMENT_MISSING, f"{word_of(kind)}: expired")
            return document
    raise Refused(Reason.DOCUMENT_MISMATCH, f"{word_of(kind)}: not the document that is linked to this card")


def match_disclosed(card: Card, today: date, *, key: bytes) -> Document | None:
    """The linked document whose type and number the holder disclosed; None where not both were.

    Raises Refused as `match_document` does; a type that nobody knows is a DOCUMENT_MISMATCH, too.
    """
    told = dict(card.disclosed)
    word, number = told.get(Attribute.DOCUMENT_TYPE), told.get(Attribute.DOCUMENT_NUMBER)
    if word is None or number is None:
        return None
    if word not in BY_WORD:
        raise Refused(Reason.DOCUMENT_MISMATCH, "a type of document that nobody here knows")
    return match_document(card, BY_WORD[word], number, today, key=key)


def _good(card: Card, kind: int, today: date) -> Document:
    linked = _linked(card, kind)
    if not linked:
        raise Refused(Reason.DOCUMENT_MISSING, f"{word_of(kind)}: none is linked to this card")
    good = [document for document in linked if _lasts(document, today)]
    if not good:
        raise Refused(Reason.DOCUMENT_MISSING, f"{word_of(kind)}: expired")
    return max(good, key=lambda document: document.expires_day)


def _linked(card: Card, kind: int) -> list[Document]:
    return [document for document in card.documents if document.type == kind]


def _lasts(document: Document, today: date) -> bool:
    return _FIRST_DAY + timedelta(days=document.expires_day) >= today
