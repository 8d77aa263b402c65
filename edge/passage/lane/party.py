"""Families and groups: several people who go through a lane one by one, and are not torn apart.

A card has one face, so that a code for a whole family cannot be compared with anybody: each member has a card
of their own, all of them perhaps on one phone, shown one after the other. What makes them a party is signed:
the issuer writes a place into each one's scope that nobody can stand in, `party/SIZE/NAME`. Whoever comes
first opens the party; until all have gone through, or its time is over, the lane is theirs.

Where one of them is sent back, the others are referred too: who goes on and who goes back is decided by
people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.decision import Deny, Reason

if TYPE_CHECKING:
    from edge.card.claims import Card

MAX_SIZE: Final = 8  # two parents and six children; a coach has a group leader, and a desk
_NAME: Final = re.compile(rf"party/([2-{MAX_SIZE}])/([a-z0-9-]{{6,32}})")
# For which the lane waits for the next member: to find their code, and to come forward.
PATIENCE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Party:
    """Who belongs together. `name` says nothing to anybody but the issuer, who makes one per journey."""

    name: str = field(repr=False)
    size: int


def party_of(card: Card) -> Party | None:
    """The party that the issuer put this card into. Of two, none: nobody is in two places."""
    found = [match for place in card.scope if (match := _NAME.fullmatch(place))]
    return Party(found[0][2], int(found[0][1])) if len(found) == 1 else None


class Parties:
    """Which party is on its way through this lane. Belongs to the lane's single thread; holds pseudonyms."""

    def __init__(self, patience_ms: int = PATIENCE_MS) -> None:
        self._patience_ms = patience_ms
        self._party: Party | None = None
        self._through: set[str] = set()
        self._torn = False
        self._last_ms = 0

    @property
    def progress(self) -> tuple[int, int] | None:
        """How many of how many went through, while a party is on its way."""
        return (len(self._through), self._party.size) if self._party else None

    def objection(self, card: Card, tick_ms: int) -> Deny | None:
        """Why this card's holder does not come now: another party is on its way, or theirs was stopped."""
        self._tidy(tick_ms)
        if self._party is None:
            return None
        if party_of(card) != self._party:
            return Deny(Reason.SITE_FULL)  # "wait": the lane is a family's
        if self._torn:
            return Deny(Reason.LANE_REFERRED)
        return Deny(Reason.PERSON_PASSBACK) if card.pseudonym in self._through else None

    def began(self, card: Card, tick_ms: int) -> None:
        """This holder was let into the lane: the first of a party opens it."""
        self._tidy(tick_ms)
        if self._party is None:
            self._party = party_of(card)
        self._last_ms = tick_ms

    def passed(self, card: Card, tick_ms: int) -> None:
        """This holder went through; with the last one the party is over."""
        if self._party is None or party_of(card) != self._party:
            return
        self._through.add(card.pseudonym)
        self._last_ms = tick_ms
        if len(self._through) >= self._party.size:
            self._end()

    def stopped(self, card: Card, tick_ms: int) -> None:
        """This holder did not go through: the rest of the party is for people to decide about.

        Whoever was the first, and turned back with nobody through yet, may just begin anew.
        """
        if self._party is None or party_of(card) != self._party:
            return
        self._last_ms = tick_ms
        self._torn = bool(self._through)
        if not self._torn:
            self._end()

    def _tidy(self, tick_ms: int) -> None:
        if self._party is not None and tick_ms - self._last_ms > self._patience_ms:
            self._end()

    def _end(self) -> None:
        self._party, self._torn = None, False
        self._through.clear()
