"""Documents linked to a card: the types that a venue requires, and a document that the holder shows.

`edge.trust.verify` has checked that none is revoked (FORMAT.md section 6, step 9). This module checks that
each is linked and not expired, and that a typed, scanned or disclosed number is the one behind the digest.
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
    """One document of every type in `wanted`, each valid on `today`, the local day of this place.

    Raises Refused(DOCUMENT_MISSING); its detail names the type and the cause.
    """
    return tuple(_good(card, kind, today) for kind in wanted)


def match_document(card: Card, kind: int, number: str, today: date, *, key: bytes) -> Document:
    """The linked document of this type and printed number. `key`: the issuer's key for documents.

    Raises Refused: DOCUMENT_MISSING if no valid document of this type is linked, DOCUMENT_MISMATCH if it has
    another number, or `number` cannot be a document number.
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
    """The linked document whose type and number the holder disclosed; None unless both are disclosed.

    Raises Refused as `match_document` does; an unknown type is a DOCUMENT_MISMATCH.
    """
    told = dict(card.disclosed)
    word, number = told.get(Attribute.DOCUMENT_TYPE), told.get(Attribute.DOCUMENT_NUMBER)
    if word is None or number is None:
        return None
    if word not in BY_WORD:
        raise Refused(Reason.DOCUMENT_MISMATCH, "unknown type of document")
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
