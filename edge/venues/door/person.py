"""People who are enrolled at a site, under keyed names that only this site can compute."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from edge.keyed_digest import DigestDomain, keyed_digest

if TYPE_CHECKING:
    from datetime import datetime

    from edge.card.claims import Card
    from edge.policy.pin import Pin


def person_name(issuer: str, subject: str, site_key: bytes) -> bytes:
    """A site's keyed name for this issuer's `subject`: a keyed hash, which tells nothing without the key."""
    return keyed_digest(site_key, DigestDomain.PERSON, issuer.encode(), subject.encode())


def card_name(card: Card, site_key: bytes) -> bytes:
    """A site's keyed name for the holder of this card; a card without a subject has its own."""
    if card.subject is not None:
        return person_name(card.issuer, card.subject, site_key)
    return keyed_digest(site_key, DigestDomain.CARD, card.kid, card.card_id)


@dataclass(frozen=True, slots=True)
class Person:
    """The entry of an enrolled person at a site.

    `name`: the keyed name, the same for all cards of this person. `valid_from`, `valid_until`: aware UTC; the
    second is the first moment that is too late; None: no limit. `assisted`: needs a longer release.
    `no_face`: passes without a face. `duress`: the card that was shown is the duress card.
    `template`: hash of the sealed template to which this person's card must point; None: any. `pin`: the
    verifiers of the person's PIN; None: no PIN.
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
        """Whether `now` is between `valid_from` and `valid_until`. Data for the rules, not a decision."""
        after = self.valid_from is None or now >= self.valid_from
        return after and (self.valid_until is None or now < self.valid_until)


class People(Protocol):
    """The people who are enrolled."""

    def find(self, name: bytes) -> Person | None:
        """The person with this `card_name`; None if the person is not enrolled. Raises StorageFault."""
        ...
