"""On what a decision stands: how old everything is that it rests on, and whether the clock is believed."""

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
    """One moment's trust, weighed by a site's age policy. `ages`: of each kind of data that there is.

    `policy`: the version of the site's written policy, where there is one. Until a card is verified, the age
    of the lists is that of the oldest; from then on it is its own list's.
    """

    at: TrustedTime
    ages: tuple[Aged, ...]
    age_policy: AgePolicy
    policy: str | None = None

    @property
    def clock(self) -> AgeAction:
        """What the clock leaves of a passage."""
        return self.age_policy.clock if self.at.suspect else AgeAction.PASS

    def action(self, kind: TrustInput) -> AgeAction:
        """What the age of this kind of data leaves; what is not there has no age."""
        return next((part.action for part in self.ages if part.kind is kind), AgeAction.PASS)

    def under(self, card: Card) -> TrustState:
        """The trust state of this card's passage."""
        action = self.age_policy.status.action(card.list_freshness)
        own = Aged(TrustInput.STATUS, card.list_issued_at, card.list_age, card.list_freshness, action)
        return replace(self, ages=(*(part for part in self.ages if part.kind is not TrustInput.STATUS), own))


def trust_state(trust: TrustSnapshot, at: TrustedTime, age_policy: AgePolicy) -> TrustState:
    """How this trust stands at this moment."""
    issued = ((kind, trust.issued(kind)) for kind in TrustInput)
    ages = (aged(kind, when, at.now, age_policy.of(kind)) for kind, when in issued if when is not None)
    return TrustState(at, tuple(ages), age_policy, trust.policy.version if trust.policy else None)
