"""The content of a card, in two types: `SignedCard` is not verified yet, `Card` has passed every check.

Bytes that identify a person or a phone are not in `repr`, so that no log holds them by accident.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from edge.card.attributes import Attribute, Disclosure
    from edge.card.cose import Sign1
    from edge.card.person import Person

_PSEUDONYM_LABEL = b"doorward card pseudonym 1\0"


class Freshness(StrEnum):
    """The age of the status list behind a card, by the site's budgets (`edge.trust.time.freshness`)."""

    FRESH = "fresh"
    AGEING = "ageing"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class TemplateReference:
    """A face template inside the card. `data` is in `format`, and only the network `model` can compare it."""

    format: int
    model: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedReference:
    """A template that the site keeps sealed: 16 bytes of its SHA-256, and the 16-byte key that opens it."""

    hash: bytes = field(repr=False)
    key: bytes = field(repr=False)


FaceReference = TemplateReference | SealedReference


@dataclass(frozen=True, slots=True)
class StatusPointer:
    """The bit `index` of the status list at `uri`, where the issuer publishes the card's status."""

    uri: str
    index: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """A document linked to the card: a keyed digest of its number, never the number."""

    type: int
    ref: bytes = field(repr=False)
    expires_day: int  # last valid day, in days since 1970-01-01
    index: int = field(repr=False)  # its own bit in the card's status list


@dataclass(frozen=True, slots=True, kw_only=True)
class CardContent:
    """The content that claims and card share (FORMAT.md section 3). Times are aware UTC, in whole seconds."""

    issuer: str
    issued_at: datetime
    not_before: datetime  # equal to `issued_at` if the card has no nbf
    expires: datetime
    card_id: bytes = field(repr=False)
    holder_key: bytes = field(repr=False)
    status: StatusPointer
    face: FaceReference | None = None
    documents: tuple[Document, ...] = ()
    scope: tuple[str, ...] = ()  # sites and doors; empty: all of the issuer's own scope
    assurance: int = 0  # 0..3, the issuer's check of the face at enrolment
    redacted: tuple[bytes, ...] = field(default=(), repr=False)  # digests of attributes and decoys, sorted

    def covers(self, site: str) -> bool:
        """Whether the scope names `site` or a site that contains it. The policy decides what follows."""
        return not self.scope or within(site, self.scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims(CardContent):
    """The content that an issuer signs. `subject`: names no holder before `verify` makes a Person of it."""

    subject: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """The part that the holder's key signed when the phone showed the code."""

    presented_at: datetime
    audience: str | None = None
    nonce: bytes | None = field(default=None, repr=False)
    disclosures: tuple[Disclosure, ...] = field(default=(), repr=False)  # each opens a digest of the card


@dataclass(frozen=True, slots=True)
class SignedCard:
    """A code that parses. UNTRUSTED: only `edge.trust.verify` may use it."""

    kid: bytes
    claims: Claims = field(repr=False)
    presentation: Presentation = field(repr=False)
    card_envelope: Sign1 = field(repr=False)
    presentation_envelope: Sign1 = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card(CardContent):
    """A card that a known issuer signed and its holder showed just now. Only `edge.trust.verify` makes it.

    It has no subject, only a `person`, so that no rule can compare a subject without its issuer.
    """

    kid: bytes
    person: Person
    pseudonym: str  # the only value of this card that a log may hold
    presented_at: datetime
    audience: str | None = None
    nonce: bytes | None = field(default=None, repr=False)
    disclosed: tuple[tuple[Attribute, str], ...] = field(
        default=(), repr=False
    )  # the attributes that the holder chose to disclose
    list_issued_at: datetime
    list_age: timedelta
    list_freshness: Freshness


def pseudonym(kid: bytes, card_id: bytes) -> str:
    """12 hex digits that stand for a card instance in this product; they reveal neither card nor holder."""
    return hashlib.sha256(_PSEUDONYM_LABEL + kid + card_id).hexdigest()[:12]


def within(site: str, places: tuple[str, ...]) -> bool:
    """Whether `site` is one of `places` or lies inside one: "tower-1/lobby" is within "tower-1"."""
    return any(site == place or site.startswith(f"{place}/") for place in places)
