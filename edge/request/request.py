"""The request of a venue to every holder, with its purpose: shown on a screen, and compared with each answer.

A holder who is asked for more than this sees it on the phone; a card that says less is refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.decision import Reason
from edge.errors import Refused

if TYPE_CHECKING:
    from edge.card.attributes import Attribute
    from edge.card.claims import Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One venue's need. The limits are those of REQUEST.md section 3.

    `site`: who asks, and the audience of the answer. `purpose`: in words for the holder. `needed` and
    `optional`: attributes, none in both. `documents`: types of which one each must be linked to the card.
    `retention_days`: after how many days what was disclosed is erased; 0: when the visit is over.
    `issuers`: whose cards count here, by name; empty: the venue does not say.
    """

    site: str
    purpose: str
    needed: tuple[Attribute, ...] = ()
    optional: tuple[Attribute, ...] = ()
    documents: tuple[int, ...] = ()
    retention_days: int = 0
    issuers: tuple[str, ...] = ()

    @property
    def attributes(self) -> frozenset[Attribute]:
        """All that may be disclosed in answer to it."""
        return frozenset(self.needed) | frozenset(self.optional)


def check_disclosed(card: Card, request: Request) -> None:
    """Raises Refused(DISCLOSURE_MISSING) where something is missing that this venue cannot do without."""
    told = {attribute for attribute, _ in card.disclosed}
    missing = [attribute.value for attribute in request.needed if attribute not in told]
    if missing:
        raise Refused(Reason.DISCLOSURE_MISSING, f"not disclosed: {', '.join(missing)}")


def asked_for(card: Card, request: Request) -> tuple[tuple[Attribute, str], ...]:
    """The requested attributes that the holder disclosed. The rest is not for this venue: forget it."""
    return tuple((attribute, value) for attribute, value in card.disclosed if attribute in request.attributes)
