"""The request of a venue to every holder, with its purpose: shown on a screen, compared with each answer.

The phone shows the holder all that is asked. If a card discloses less, the refusal names what is missing.
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
    """One venue's request. The limits are those of REQUEST.md section 3.

    `site`: the place that asks, and the audience of the answer. `purpose`: text for the holder. `needed` and
    `optional`: attributes, none in both. `documents`: types; one document of each must be linked to the card.
    `retention_days`: days until the disclosed values are erased; 0: erased when the visit is over.
    `issuers`: names of the issuers whose cards count here; empty: the venue does not tell.
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
        """The attributes that may be disclosed in answer to it."""
        return frozenset(self.needed) | frozenset(self.optional)


def check_disclosed(card: Card, request: Request) -> None:
    """Raises Refused(DISCLOSURE_MISSING) if the holder did not disclose a needed attribute."""
    told = {attribute for attribute, _ in card.disclosed}
    missing = [attribute.value for attribute in request.needed if attribute not in told]
    if missing:
        raise Refused(Reason.DISCLOSURE_MISSING, f"not disclosed: {', '.join(missing)}")


def asked_for(card: Card, request: Request) -> tuple[tuple[Attribute, str], ...]:
    """The requested attributes that the holder disclosed; attributes outside the request are dropped."""
    return tuple((attribute, value) for attribute, value in card.disclosed if attribute in request.attributes)
