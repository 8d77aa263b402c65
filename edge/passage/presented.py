"""A card in the middle of its passage, or the reason it is refused, as values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from edge.passage.requirements.visit_rules import Requirements
from edge.policy.obligations import Factor, merge

if TYPE_CHECKING:
    from edge.card.claims import Card
    from edge.decision import Deny
    from edge.face.engine import FaceEvidence
    from edge.face.template import Reference
    from edge.passage.face.pad_rule import PadRule
    from edge.policy.decide import DoorPolicy
    from edge.policy.obligations import Obligation, Obligations
    from edge.trust.time.trust_age import TrustState

# The factors that a machine can take; a companion and staff are people, and a challenge is a way to look.
_ASKED_HERE: Final = frozenset({Factor.NONCE, Factor.PIN, Factor.DOCUMENT, Factor.HOST})


@dataclass(frozen=True, slots=True)
class Presented:
    """A verified card, and the reference its face is compared to.

    `policy` and `trust_state` are those that the passage began with, whatever is swapped meanwhile.
    `requirements`: what the venue and the risk ask besides; `given`: what of that has come; `face`: the look
    that matched.
    """

    card: Card
    reference: Reference | None = field(repr=False)
    policy: DoorPolicy
    trust_state: TrustState
    pad_rule: PadRule
    requirements: Requirements = field(default_factory=Requirements)
    given: frozenset[Factor] = frozenset()
    face: FaceEvidence | None = field(default=None, repr=False)

    @property
    def missing(self) -> Obligation | None:
        """The next thing to ask for; None where nothing is, or nothing that this device can ask for."""
        open_ones = [
            asked for asked in self.requirements.obligations.required if asked.factor not in self.given
        ]
        return open_ones[0] if open_ones and open_ones[0].factor in _ASKED_HERE else None

    @property
    def lacks_challenge(self) -> bool:
        """Whether movements are asked for that the holder has not made."""
        asked = {item.factor for item in self.requirements.obligations.required}
        return Factor.CHALLENGE in asked - self.given

    @property
    def looks_again(self) -> bool:
        """Whether the face must be looked at once more, moving. Asked after a look that matches."""
        return self.lacks_challenge and self.pad_rule.prompts > 0

    def with_given(self, factor: Factor, obligations: Obligations) -> Presented:
        """The same once the holder gave this factor, which may add to the terms of the visit."""
        requirements = replace(
            self.requirements, obligations=merge((self.requirements.obligations, obligations))
        )
        return replace(self, given=self.given | {factor}, requirements=requirements)

    def wipe(self) -> None:
        """Overwrite the reference, which all copies share: a template lives in memory for one passage."""
        if self.reference is not None:
            self.reference.wipe()


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """A presentation that is refused. `card` is there where it was verified before something objected."""

    deny: Deny
    card: Card | None = field(default=None, repr=False)
    requirements: Requirements = field(default_factory=Requirements)
