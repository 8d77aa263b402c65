"""Attributes that a holder may disclose; the card holds salted digests of them (FORMAT.md section 3.4).

The issuer signs the digests. Salts and values stay in the wallet, and a presentation carries those that the
holder chose. The card does not reveal how many attributes there are: some digests are decoys.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge.card import cbor, fields
from edge.card import numbers as n
from edge.card.birth_date import BirthDate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Attribute(StrEnum):
    """Names of the attributes; their numbers in codes are in `numbers.py`."""

    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    BIRTH_DATE = "birth_date"
    NATIONALITY = "nationality"
    DOCUMENT_TYPE = "document_type"
    DOCUMENT_NUMBER = "document_number"
    DOCUMENT_ISSUER = "document_issuer"
    EXPIRY = "expiry"
    ADDRESS = "address"
    BOOKING = "booking"
    PATRON = "patron"


NUMBERS: Final[Mapping[Attribute, int]] = MappingProxyType(
    {
        Attribute.FAMILY_NAME: n.ATTRIBUTE_FAMILY_NAME,
        Attribute.GIVEN_NAME: n.ATTRIBUTE_GIVEN_NAME,
        Attribute.BIRTH_DATE: n.ATTRIBUTE_BIRTH_DATE,
        Attribute.NATIONALITY: n.ATTRIBUTE_NATIONALITY,
        Attribute.DOCUMENT_TYPE: n.ATTRIBUTE_DOCUMENT_TYPE,
        Attribute.DOCUMENT_NUMBER: n.ATTRIBUTE_DOCUMENT_NUMBER,
        Attribute.DOCUMENT_ISSUER: n.ATTRIBUTE_DOCUMENT_ISSUER,
        Attribute.EXPIRY: n.ATTRIBUTE_EXPIRY,
        Attribute.ADDRESS: n.ATTRIBUTE_ADDRESS,
        Attribute.BOOKING: n.ATTRIBUTE_BOOKING,
        Attribute.PATRON: n.ATTRIBUTE_PATRON,
    }
)
BY_NUMBER: Final[Mapping[int, Attribute]] = MappingProxyType({number: a for a, number in NUMBERS.items()})

_DATES: Final[Mapping[Attribute, Callable[[str], object]]] = MappingProxyType(
    {Attribute.BIRTH_DATE: BirthDate.parse, Attribute.EXPIRY: date.fromisoformat}
)
_FORMS: Final = (
    MappingProxyType(  # one spelling for values that machines compare; other values are for people
        {
            Attribute.BIRTH_DATE: re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"),
            Attribute.EXPIRY: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
            Attribute.NATIONALITY: re.compile(r"[A-Z]{3}"),
            Attribute.DOCUMENT_TYPE: re.compile(r"[a-z]+(-[a-z]+)*"),
            Attribute.DOCUMENT_NUMBER: re.compile(r"[A-Z0-9]{1,32}"),
            Attribute.BOOKING: re.compile(r"[!-~]{1,64}"),
            Attribute.PATRON: re.compile(r"[!-~]{1,64}"),
        }
    )
)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One attribute with its salt, in the wallet or in a presentation."""

    salt: bytes = field(repr=False)  # 16 random bytes: an unsalted birth date is guessed in a second
    value: str = field(repr=False)
    attribute: Attribute

    def digest(self) -> bytes:
        """The 16 bytes that stand for this attribute in the card."""
        return digest(self.salt, self.value, NUMBERS[self.attribute])


def digest(salt: bytes, value: str, number: int) -> bytes:
    """The first 16 bytes of the digest that SD-CWT makes of a redacted claim.

    Half of SHA-256 is enough: to find another value for a digest takes 2^128 tries. Only the issuer, who can
    sign any value, could prepare two values for one digest.
    """
    salted = cbor.encode([salt, value, number])
    return hashlib.sha256(cbor.encode(salted)).digest()[: n.DIGEST_BYTES]


def check_value(attribute: Attribute, value: object) -> str:
    """Check a value against FORMAT.md section 3.4. Raises Refused(CARD_MALFORMED), which never quotes it."""
    said = fields.text(value, n.MAX_VALUE_BYTES, attribute)
    form = _FORMS.get(attribute)
    if form is not None and not form.fullmatch(said):
        raise cbor.malformed(f"{attribute}: not in the form of FORMAT.md section 3.4")
    if attribute in _DATES:
        _check_date(attribute, said)
    return said


def check_opened(disclosures: Iterable[Disclosure], digests: tuple[bytes, ...]) -> None:
    """Check that the card holds a digest of each disclosure. Raises Refused(CARD_MALFORMED)."""
    for disclosure in disclosures:
        if disclosure.digest() not in digests:
            raise cbor.malformed(f"{disclosure.attribute}: no digest of it is in the card")


def _check_date(attribute: Attribute, value: str) -> None:
    try:
        _DATES[attribute](value)
    except ValueError as error:
        raise cbor.malformed(f"{attribute}: not a date of the calendar") from error
