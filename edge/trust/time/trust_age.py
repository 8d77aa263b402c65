"""Age of each trust input of a decision, and whether the clock is trusted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edge.trust.time.freshness import AgeAction, Aged, AgePolicy, TrustInput, aged

if TYPE_CHECKING:
    from edge.card.claims import Card
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.time.trusted_clock import TrustedTime


@dataclass(frozen=True, slots=True)
class TrustState:
    """The trust of one moment under a site's age policy. `ages`: one for each kind of data that exists.

    `policy`: the version of the site's written policy, if there is one. Before a card is verified, the age of
    the lists is that of the oldest; after that, it is the age of the card's own list.
    """

    at: TrustedTime
    ages: tuple[Aged, ...]
    age_policy: AgePolicy
    policy: str | None = None

    @property
    def clock(self) -> AgeAction:
        """The action that the clock leaves a passage."""
        return self.age_policy.clock if self.at.suspect else AgeAction.PASS

    def action(self, kind: TrustInput) -> AgeAction:
        """The action for the age of this kind of data; PASS if there is no such data."""
        return next((part.action for part in self.ages if part.kind is kind), AgeAction.PASS)

    def under(self, card: Card) -> TrustState:
        """The trust state for a passage with this card."""
        action = self.age_policy.status.action(card.list_freshness)
        own = Aged(TrustInput.STATUS, card.list_issued_at, card.list_age, card.list_freshness, action)
        return replace(self, ages=(*(part for part in self.ages if part.kind is not TrustInput.STATUS), own))


def trust_state(trust: TrustSnapshot, at: TrustedTime, age_policy: AgePolicy) -> TrustState:
    """The trust state of this trust at this moment."""
    issued = ((kind, trust.issued(kind)) for kind in TrustInput)
    ages = (aged(kind, when, at.now, age_policy.of(kind)) for kind, when in issued if when is not None)
    return TrustState(at, tuple(ages), age_policy, trust.policy.version if trust.policy else None)
