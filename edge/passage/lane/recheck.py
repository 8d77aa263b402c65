"""Rechecks at the inner door a card that opened the outer door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.decision import Reason
from edge.errors import Refused

if TYPE_CHECKING:
    from datetime import datetime

    from edge.card.claims import Card
    from edge.trust.snapshot import TrustSnapshot


def recheck(card: Card, trust: TrustSnapshot, now: datetime) -> None:
    """Raise Refused if the card is no longer valid: its issuer, its dates, its status lists.

    The status of the card and of all its documents is checked: one that is revoked refuses the card.
    """
    if card.kid not in trust.issuers:
        raise Refused(Reason.ISSUER_UNKNOWN, "the issuer was removed meanwhile")
    if now >= card.expires:
        raise Refused(Reason.CARD_EXPIRED, "the card has expired meanwhile")
    status = trust.status_lists.get((card.kid, card.status.uri))
    if status is None:
        raise Refused(Reason.STATUS_UNKNOWN, "this device no longer has the status list")
    for index in (card.status.index, *(document.index for document in card.documents)):
        status.check(index)
