"""The content of a card, in two types: `SignedCard` is a claim by anyone, `Card` has passed every check.

Bytes that would identify a person or a phone are kept out of `repr`: no log can hold them by accident.
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

_PSEUDONYM_LABEL = b"doorward card pseudonym 1\0"


class Freshness(StrEnum):
    """The age of the status list behind a card, by the site's budgets (`edge.trust.time.freshness`)."""

    FRESH = "fresh"
    AGEING = "ageing"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class TemplateReference:
    """A face template inside the card: `data` means something only to `model` in `format`."""

    format: int
    model: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedReference:
    """A template kept sealed at the site: 16 bytes of its SHA-256, and the 16-byte key that opens it."""

    hash: bytes = field(repr=False)
    key: bytes = field(repr=False)


FaceReference = TemplateReference | SealedReference


@dataclass(frozen=True, slots=True)
class StatusPointer:
    """The place where the issuer publishes the card's status: bit `index` of the list at `uri`."""

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
class Claims:
    """The content that an issuer signs (FORMAT.md section 3). Times are aware UTC, in whole seconds."""

    issuer: str
    subject: str | None = field(default=None, repr=False)
    issued_at: datetime
    not_before: datetime  # the card's own `issued_at` where it names none
    expires: datetime
    card_id: bytes = field(repr=False)
    holder_key: bytes = field(repr=False)
    status: StatusPointer
    face: FaceReference | None = None
    documents: tuple[Document, ...] = ()
    scope: tuple[str, ...] = ()  # sites and doors; empty: wherever the issuer's own scope reaches
    assurance: int = 0  # 0..3, how the issuer checked the face at enrolment
    redacted: tuple[bytes, ...] = field(default=(), repr=False)  # digests of what may be disclosed, sorted

    def covers(self, site: str) -> bool:
        """Whether the scope names `site` or a place around it. Data for policy, not a decision."""
        return not self.scope or within(site, self.scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """The part that the holder's key signed when the phone showed the code."""

    presented_at: datetime
    audience: str | None = None
    nonce: bytes | None = field(default=None, repr=False)
    disclosures: tuple[Disclosure, ...] = field(default=(), repr=False)  # each opens a digest of the card


@dataclass(frozen=True, slots=True)
class SignedCard:
    """A code that parses. UNTRUSTED: only `edge.trust.verify` has a use for it."""

    kid: bytes
    claims: Claims = field(repr=False)
    presentation: Presentation = field(repr=False)
    card_envelope: Sign1 = field(repr=False)
    presentation_envelope: Sign1 = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card(Claims):
    """A card that a known issuer signed and its holder showed just now. Made in `edge.trust.verify` only."""

    kid: bytes
    pseudonym: str  # the only word about this card that a log may hold
    presented_at: datetime
    audience: str | None = None
    nonce: bytes | None = field(default=None, repr=False)
    disclosed: tuple[tuple[Attribute, str], ...] = field(
        default=(), repr=False
    )  # what the holder chose to say
    list_issued_at: datetime
    list_age: timedelta
    list_freshness: Freshness


def pseudonym(kid: bytes, card_id: bytes) -> str:
    """12 hex digits that name a card instance to this product only; they say nothing to a stranger."""
    return hashlib.sha256(_PSEUDONYM_LABEL + kid + card_id).hexdigest()[:12]


def within(site: str, places: tuple[str, ...]) -> bool:
    """Whether `site` is one of `places` or lies inside one: "tower-1/lobby" is within "tower-1"."""
    return any(site == place or site.startswith(f"{place}/") for place in places)
