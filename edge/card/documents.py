"""Documents linked to a card: a keyed digest that only who holds key and document can make again.

    ref = first 8 bytes of HMAC-SHA256(key, "doorward document 1" 00, card id, type as 2 bytes, number)

The key belongs to the issuer and goes to the desks that must check documents: without it, nine digits of a
passport would be guessed in minutes. With the card's id in it, two cards of one person share no digest.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge.card import numbers as n
from edge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

KEY_BYTES: Final = 32
_LABEL: Final = b"doorward document 1\0"
_NUMBER: Final = re.compile(r"[A-Z0-9]{1,32}")  # the longest number in ICAO 9303 has 22 characters
_LAYOUT: Final = str.maketrans("", "", " -./")  # how people group the characters of a number


class DocumentType(IntEnum):
    """Kinds of documents; the numbers are in the card."""

    ID_CARD = 1
    PASSPORT = 2
    TRAVEL_PERMIT = 3
    RESIDENCE_PERMIT = 4
    DRIVING_LICENCE = 5
    VISA = 6

    @property
    def word(self) -> str:
        """As configurations, wallets and the attribute `document_type` spell it: "id-card"."""
        return self.name.lower().replace("_", "-")


BY_WORD: Final[Mapping[str, DocumentType]] = MappingProxyType({kind.word: kind for kind in DocumentType})


def word_of(kind: int) -> str:
    """The word for a type, known or not."""
    known = {each.value: each.word for each in DocumentType}
    return known.get(kind, f"document-{kind}")


@dataclass(frozen=True, slots=True)
class DisclosedDocument:
    """A document as its holder shows it. `expires`: its last valid day."""

    type: int
    number: str = field(repr=False)
    expires: date

    @property
    def expires_day(self) -> int:
        """Days since 1970-01-01."""
        return (self.expires - datetime.fromtimestamp(0, UTC).date()).days


def digest(paper: DisclosedDocument, *, card_id: bytes, key: bytes) -> bytes:
    """The 8 bytes that stand for the number in this card. Raises InputError for what is no number."""
    if not 0 <= paper.type <= n.MAX_DOCUMENT_TYPE:
        raise InputError("not a document type", hint=f"0 to {n.MAX_DOCUMENT_TYPE}")
    number = paper.number.upper().translate(_LAYOUT)
    if not _NUMBER.fullmatch(number):
        raise InputError("not a document number", hint="up to 32 letters A to Z and digits, as printed")
    said = _LABEL + card_id + paper.type.to_bytes(2, "big") + number.encode()
    return hmac.digest(key, said, "sha256")[: n.DOCUMENT_REF_BYTES]
