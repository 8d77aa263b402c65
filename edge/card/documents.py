"""Documents linked to a card, as keyed digests; to make one takes the key and the document.

    ref = first 8 bytes of HMAC-SHA256(key, "doorward document 1" 00, card id, type as 2 bytes, number)

The issuer gives the key to the desks that must check documents. A digest without a key would let an attacker
guess the nine digits of a passport in minutes. The card id is in it: two cards of one person share no digest.
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
_LAYOUT: Final = str.maketrans("", "", " -./")  # characters that group a printed number


class DocumentType(IntEnum):
    """Types of documents; the card holds the number."""

    ID_CARD = 1
    PASSPORT = 2
    TRAVEL_PERMIT = 3
    RESIDENCE_PERMIT = 4
    DRIVING_LICENCE = 5
    VISA = 6

    @property
    def word(self) -> str:
        """The name in configurations, wallets and the attribute `document_type`, such as "id-card"."""
        return self.name.lower().replace("_", "-")


BY_WORD: Final[Mapping[str, DocumentType]] = MappingProxyType({kind.word: kind for kind in DocumentType})


def word_of(kind: int) -> str:
    """The name of a type, or "document-N" for an unknown type N."""
    known = {each.value: each.word for each in DocumentType}
    return known.get(kind, f"document-{kind}")


@dataclass(frozen=True, slots=True)
class DisclosedDocument:
    """A document that its holder disclosed. `expires`: its last valid day."""

    type: int
    number: str = field(repr=False)
    expires: date

    @property
    def expires_day(self) -> int:
        """Days since 1970-01-01."""
        return (self.expires - datetime.fromtimestamp(0, UTC).date()).days


def digest(paper: DisclosedDocument, *, card_id: bytes, key: bytes) -> bytes:
    """The 8 bytes that stand for the number in this card. Raises InputError for an invalid type or number."""
    if not 0 <= paper.type <= n.MAX_DOCUMENT_TYPE:
        raise InputError(
            f"document type: {paper.type} is not from 0 to {n.MAX_DOCUMENT_TYPE}",
            hint="use a name such as passport, or its number",
        )
    number = paper.number.upper().translate(_LAYOUT)
    if not _NUMBER.fullmatch(number):
        raise InputError(
            "document number: not 1 to 32 letters A to Z and digits",
            hint="type the number as it is printed on the document",
        )
    said = _LABEL + card_id + paper.type.to_bytes(2, "big") + number.encode()
    return hmac.digest(key, said, "sha256")[: n.DOCUMENT_REF_BYTES]
