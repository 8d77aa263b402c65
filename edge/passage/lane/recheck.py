"""Whether a card that opened the outer door still stands at the inner one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.decision import Reason
from edge.errors import Refused

if TYPE_CHECKING:
    from datetime import datetime

    from edge.card.claims import Card
    from edge.trust.snapshot import TrustSnapshot


def recheck(card: Card, trust: TrustSnapshot, now: datetime) -> None:
    """Raise Refused where trust has changed since this card was verified: keys, lists, dates.

    The card's own bit and those of all its documents are looked at: they stand or fall together.
    """
    if card.kid not in trust.issuers:
        raise Refused(Reason.ISSUER_UNKNOWN, "the issuer was dropped meanwhile")
    if now >= card.expires:
        raise Refused(Reason.CARD_EXPIRED, "exp has passed meanwhile")
    status = trust.status_lists.get((card.kid, card.status.uri))
    if status is None:
        raise Refused(Reason.STATUS_UNKNOWN, "this device has no such list any more")
    for index in (card.status.index, *(document.index for document in card.documents)):
        status.check(index)
