"""People who are enrolled at a site, under keyed names that only this site can compute."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from edge.keyed_digest import DigestDomain

if TYPE_CHECKING:
    from datetime import datetime

    from edge.card.person import Person
    from edge.policy.pin import Pin


def person_name(person: Person, site_key: bytes) -> bytes:
    """A site's keyed name for this person: a keyed hash, which tells nothing without the key."""
    return person.digest(site_key, DigestDomain.PERSON)


@dataclass(frozen=True, slots=True)
class EnrolledPerson:
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

    def find(self, name: bytes) -> EnrolledPerson | None:
        """The person with this `person_name`; None if the person is not enrolled. Raises StorageFault."""
        ...
