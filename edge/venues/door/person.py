"""Who is enrolled at a site, kept under names that only this site can compute."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from edge.card.claims import Card
    from edge.policy.pin import Pin

SITE_KEY_BYTES: Final = 32
NAME_BYTES: Final = 16  # of 100,000 people two share one with probability 2^-95
_SUBJECT: Final = b"doorward person"  # BLAKE2b takes 16 bytes of these
_CARD: Final = b"doorward card"


def person_name(issuer: str, subject: str, site_key: bytes) -> bytes:
    """What a site calls this issuer's `subject`: a keyed hash, which tells nothing without the key."""
    return _name(_SUBJECT, issuer.encode(), subject.encode(), site_key)


def card_name(card: Card, site_key: bytes) -> bytes:
    """What a site calls the holder of this card; one that names no subject stands for itself."""
    if card.subject is not None:
        return person_name(card.issuer, card.subject, site_key)
    return _name(_CARD, card.kid, card.card_id, site_key)


def _name(kind: bytes, first: bytes, second: bytes, site_key: bytes) -> bytes:
    assert len(site_key) == SITE_KEY_BYTES
    # The length of the first part keeps ("ab", "c") and ("a", "bc") apart.
    data = len(first).to_bytes(4, "big") + first + second
    return hashlib.blake2b(data, digest_size=NAME_BYTES, key=site_key, person=kind).digest()


@dataclass(frozen=True, slots=True)
class Person:
    """What a site says of somebody.

    `name`: by which the site knows this person, whichever card is shown. `valid_from`, `valid_until`: aware
    UTC; the second is the first moment that is too late; None: no such end. `assisted`: wants more time.
    `no_face`: passes without one. `duress`: the card that was shown is the one for being forced.
    `template`: hash of the sealed template that this person's card has to point at; None: any. `pin`: by what
    a PIN is judged, where there is one.
    """

    name: bytes = field(repr=False)
    groups: frozenset[str]
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    assisted: bool = False
    no_face: bool = False
    duress: bool = False
    template: bytes | None = field(default=None, repr=False)
    pin: Pin | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether `now` is in this person's window. Data for the rules, not a decision."""
        after = self.valid_from is None or now >= self.valid_from
        return after and (self.valid_until is None or now < self.valid_until)


class People(Protocol):
    """Everybody who is enrolled."""

    def find(self, name: bytes) -> Person | None:
        """Whose card this is, by `card_name`; None: nobody's here. Raises StorageFault."""
        ...


class Enrolled:
    """People in memory. `by_name`: what their cards are called."""

    def __init__(self, by_name: dict[bytes, Person] | None = None) -> None:
        self.by_name = {} if by_name is None else by_name

    def find(self, name: bytes) -> Person | None:
        return self.by_name.get(name)
