"""Attributes that a holder may disclose; the card holds them as salted digests only (FORMAT.md section 3.4).

The issuer signs the digests; salts and values stay in the wallet, and a presentation carries those that the
holder chose. The card alone does not even tell their number: some digests are of nothing.
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

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Attribute(StrEnum):
    """Everything that may be disclosed; the numbers in codes are in `numbers.py`."""

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

_DATES: Final = frozenset({Attribute.BIRTH_DATE, Attribute.EXPIRY})
_FORMS: Final = MappingProxyType(  # what a machine compares has one spelling; the rest is for people
    {
        Attribute.BIRTH_DATE: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        Attribute.EXPIRY: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        Attribute.NATIONALITY: re.compile(r"[A-Z]{3}"),
        Attribute.DOCUMENT_TYPE: re.compile(r"[a-z]+(-[a-z]+)*"),
        Attribute.DOCUMENT_NUMBER: re.compile(r"[A-Z0-9]{1,32}"),
        Attribute.BOOKING: re.compile(r"[!-~]{1,64}"),
        Attribute.PATRON: re.compile(r"[!-~]{1,64}"),
    }
)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One attribute with its salt, as the wallet keeps it and a presentation carries it."""

    salt: bytes = field(repr=False)  # 16 random bytes: without them a birth date is guessed in a second
    value: str = field(repr=False)
    attribute: Attribute

    def digest(self) -> bytes:
        """The digest that stands for it in the card, 16 bytes."""
        return digest(self.salt, self.value, NUMBERS[self.attribute])


def digest(salt: bytes, value: str, number: int) -> bytes:
    """The first 16 bytes of the digest that SD-CWT makes of a redacted claim.

    Half of SHA-256 is enough: to open a digest as something else takes 2^128 tries, and only the issuer, who
    could sign anything, could prepare two values for one digest.
    """
    salted = cbor.encode([salt, value, number])
    return hashlib.sha256(cbor.encode(salted)).digest()[: n.DIGEST_BYTES]


def check_value(attribute: Attribute, value: object) -> str:
    """A value as FORMAT.md section 3.4 wants it. Raises Refused(CARD_MALFORMED), which never quotes it."""
    said = fields.text(value, n.MAX_VALUE_BYTES, attribute)
    form = _FORMS.get(attribute)
    if form is not None and not form.fullmatch(said):
        raise cbor.malformed(f"{attribute}: not of its form")
    if attribute in _DATES:
        _check_date(attribute, said)
    return said


def check_opened(disclosures: Iterable[Disclosure], digests: tuple[bytes, ...]) -> None:
    """Raises Refused(CARD_MALFORMED) unless the issuer signed a digest of each of these."""
    for disclosure in disclosures:
        if disclosure.digest() not in digests:
            raise cbor.malformed(f"{disclosure.attribute}: not what the issuer signed")


def _check_date(attribute: Attribute, value: str) -> None:
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise cbor.malformed(f"{attribute}: not a day of the calendar") from error
