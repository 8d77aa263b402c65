"""Parties: families and groups whose members go through a lane one by one and stay together.

A card has one face, so one card cannot stand for a whole family: each member has a card, and all cards may be
on one phone. The issuer signs that they belong together: it writes `party/SIZE/NAME`, which is no real
place, into the scope of each card. The first member opens the party. Until all members have gone through, or
its time is over, the lane serves only this party.

If one member is stopped, the others are referred too: officers decide who goes on and who goes back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.decision import Deny, Reason

if TYPE_CHECKING:
    from edge.card.claims import Card

MAX_SIZE: Final = 8  # two parents and six children; a coach uses a desk
_NAME: Final = re.compile(rf"party/([2-{MAX_SIZE}])/([a-z0-9-]{{6,32}})")
# Time for the next member to find their code and come forward.
NEXT_MEMBER_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Party:
    """A party. `name`: made by the issuer for one journey; with another issuer it is another party."""

    issuer: str
    name: str = field(repr=False)
    size: int


def party_of(card: Card) -> Party | None:
    """The party in this card's scope; None if there is none, or more than one."""
    found = [match for place in card.scope if (match := _NAME.fullmatch(place))]
    return Party(card.issuer, found[0][2], int(found[0][1])) if len(found) == 1 else None


class Parties:
    """The party on its way through this lane, with pseudonyms. Only the lane's thread uses it."""

    def __init__(self, next_member_ms: int = NEXT_MEMBER_MS) -> None:
        self._next_member_ms = next_member_ms
        self._party: Party | None = None
        self._through: set[str] = set()
        self._torn = False
        self._last_ms = 0

    @property
    def progress(self) -> tuple[int, int] | None:
        """Numbers of the members who went through, and of all members; None without a party."""
        return (len(self._through), self._party.size) if self._party else None

    def objection(self, card: Card, tick_ms: int) -> Deny | None:
        """The denial while another party is on its way, or after this holder's party was stopped; or None."""
        self._tidy(tick_ms)
        if self._party is None:
            return None
        if party_of(card) != self._party:
            return Deny(Reason.SITE_FULL)  # shown as "wait"
        if self._torn:
            return Deny(Reason.LANE_REFERRED)
        return Deny(Reason.PERSON_PASSBACK) if card.pseudonym in self._through else None

    def began(self, card: Card, tick_ms: int) -> None:
        """Note that this holder was let into the lane; the first member opens the party."""
        self._tidy(tick_ms)
        if self._party is None:
            self._party = party_of(card)
        self._last_ms = tick_ms

    def passed(self, card: Card, tick_ms: int) -> None:
        """Note that this holder went through; the last member ends the party."""
        if self._party is None or party_of(card) != self._party:
            return
        self._through.add(card.pseudonym)
        self._last_ms = tick_ms
        if len(self._through) >= self._party.size:
            self._end()

    def stopped(self, card: Card, tick_ms: int) -> None:
        """Note that this holder was stopped: officers decide about the rest of the party.

        If no member is through yet, the party ends, and its first member may begin again.
        """
        if self._party is None or party_of(card) != self._party:
            return
        self._last_ms = tick_ms
        self._torn = bool(self._through)
        if not self._torn:
            self._end()

    def _tidy(self, tick_ms: int) -> None:
        if self._party is not None and tick_ms - self._last_ms > self._next_member_ms:
            self._end()

    def _end(self) -> None:
        self._party, self._torn = None, False
        self._through.clear()
