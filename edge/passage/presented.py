"""Values for a verified card during its passage, and for a refused presentation."""

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

# The factors that the state FACTOR asks for. A companion and staff are people; a challenge is done by camera.
_ASKED_HERE: Final = frozenset({Factor.NONCE, Factor.PIN, Factor.DOCUMENT, Factor.HOST})


@dataclass(frozen=True, slots=True)
class Presented:
    """A verified card, and the reference with which its holder's face is compared.

    `policy` and `trust_state` are those of the beginning of the passage, even if they change meanwhile.
    `requirements`: of venue and risk; `given`: the factors given so far; `face`: the evidence that matched.
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
        """The next factor to ask for; None if none is missing, or the device cannot ask for the next one."""
        open_ones = [
            asked for asked in self.requirements.obligations.required if asked.factor not in self.given
        ]
        return open_ones[0] if open_ones and open_ones[0].factor in _ASKED_HERE else None

    @property
    def lacks_challenge(self) -> bool:
        """Whether movements are required that the holder has not made."""
        asked = {item.factor for item in self.requirements.obligations.required}
        return Factor.CHALLENGE in asked - self.given

    @property
    def looks_again(self) -> bool:
        """Whether a face that matches must be captured once more, with movements."""
        return self.lacks_challenge and self.pad_rule.prompts > 0

    def with_given(self, factor: Factor, obligations: Obligations) -> Presented:
        """This card with one more factor given, which may add obligations to the visit."""
        requirements = replace(
            self.requirements, obligations=merge((self.requirements.obligations, obligations))
        )
        return replace(self, given=self.given | {factor}, requirements=requirements)

    def wipe(self) -> None:
        """Overwrite the reference, which all copies share: a template is in memory for one passage only."""
        if self.reference is not None:
            self.reference.wipe()


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """A refused presentation. `card`: the card, if it was verified before the refusal."""

    deny: Deny
    card: Card | None = field(default=None, repr=False)
    requirements: Requirements = field(default_factory=Requirements)
