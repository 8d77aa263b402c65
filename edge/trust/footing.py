"""On what a decision stands: how old everything is that it rests on, and whether the clock is believed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edge.trust.freshness import Aged, Kind, Ladder, Rung, aged

if TYPE_CHECKING:
    from edge.card.claims import Card
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.timekeeper import Believed


@dataclass(frozen=True, slots=True)
class Footing:
    """One moment's trust, weighed by a site's ladder. `ages`: of each kind of data that there is.

    `policy`: the version of the site's written policy, where there is one. Until a card is verified, the age
    of the lists is that of the oldest; from then on it is its own list's.
    """

    at: Believed
    ages: tuple[Aged, ...]
    ladder: Ladder
    policy: str | None = None

    @property
    def clock(self) -> Rung:
        """What the clock leaves of a passage."""
        return self.ladder.clock if self.at.suspect else Rung.PASS

    def rung(self, kind: Kind) -> Rung:
        """What the age of this kind of data leaves; what is not there has no age."""
        return next((part.rung for part in self.ages if part.kind is kind), Rung.PASS)

    def under(self, card: Card) -> Footing:
        """The footing of this card's passage."""
        rung = self.ladder.status.rung(card.list_freshness)
        own = Aged(Kind.STATUS, card.list_issued_at, card.list_age, card.list_freshness, rung)
        return replace(self, ages=(*(part for part in self.ages if part.kind is not Kind.STATUS), own))


def footing(trust: TrustSnapshot, at: Believed, ladder: Ladder) -> Footing:
    """How this trust stands at this moment."""
    issued = ((kind, trust.issued(kind)) for kind in Kind)
    ages = (aged(kind, when, at.now, ladder.of(kind)) for kind, when in issued if when is not None)
    return Footing(at, tuple(ages), ladder, trust.policy.version if trust.policy else None)
