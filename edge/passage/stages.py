"""The stages of one passage, each a value in and a stronger value out.

    symbols -> Code -> SignedCard -> Card            `present`
    Card, Frame -> FaceEvidence -> Grant | Deny      `look`

The one `except Refused` of the product stands in `present`: below it a refusal is an exception that
cannot be overlooked, above it a Deny with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.card.claims import SealedReference, TemplateReference
from edge.card.code import one_code
from edge.card.ecard import decode
from edge.decision import Deny, Reason
from edge.errors import Fault, Refused
from edge.face.fusion import Fusion
from edge.passage.liveness import LivenessRule
from edge.policy import decide, judge_card, needs_face
from edge.trust.sealed import unseal
from edge.trust.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from edge.card.claims import Card
    from edge.decision import Decision
    from edge.face.engine import FaceEngine, FaceEvidence
    from edge.face.template import Reference
    from edge.policy import DoorPolicy
    from edge.ports import Pixels, Symbol
    from edge.trust.replay import ReplayMemory
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.verify import Gate


@dataclass(slots=True)
class Presented:
    """A verified card in the middle of its passage, and the reference its face is compared to."""

    card: Card
    reference: Reference | None = field(repr=False)

    def wipe(self) -> None:
        """Overwrite the reference: a template lives in memory for one passage."""
        if self.reference is not None:
            self.reference.wipe()


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """A presentation that is refused. `card` is there where it was verified before something objected."""

    deny: Deny
    card: Card | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Stages:
    """What a passage is judged by. `stopwatch` returns nanoseconds of any monotonic clock."""

    gate: Gate
    policy: DoorPolicy
    engine: FaceEngine | None
    replay: ReplayMemory
    stopwatch: Callable[[], int]
    liveness: LivenessRule = field(default_factory=LivenessRule)

    def present(
        self, symbols: Sequence[Symbol], trust: TrustSnapshot, *, now: datetime
    ) -> Presented | TurnedAway | None:
        """The card that these symbols present, the reason it is refused, or None where there is no code."""
        card: Card | None = None
        try:
            code = one_code(symbols)
            if code is None:
                return None
            card = verify(decode(code), trust, now=now, gate=self.gate)
            self.replay.admit(card, now)
            if objection := judge_card(card, self.policy):
                return TurnedAway(objection, card)
            return Presented(card, self._reference(card, trust))
        except Refused as refused:
            return TurnedAway(Deny(refused.reason), card)
        except Fault:
            return TurnedAway(Deny(Reason.DEVICE_FAULT), card)

    def needs_face(self, presented: Presented) -> bool:
        """Whether the camera has to see a face before `conclude` may be asked."""
        return needs_face(presented.card, self.policy)

    def burst(self, presented: Presented) -> Fusion:
        """An empty burst to compare this holder's looks in."""
        assert presented.reference is not None, "judge_card and _reference refuse cards that have none"
        return Fusion(presented.reference, threshold=self.policy.similarity)

    def look(self, presented: Presented, rgb: Pixels, burst: Fusion) -> tuple[FaceEvidence, Decision]:
        """One look at whoever stands in front of the camera, and what the burst so far would decide."""
        assert self.engine is not None, "a door that compares faces starts with an engine"
        assert presented.reference is not None, "judge_card and _reference refuse cards that have none"
        evidence = self.engine.assess(rgb, presented.reference, burst)
        return evidence, decide(presented.card, evidence, self.policy)

    def conclude(self, presented: Presented) -> Decision:
        """The decision for a card that passes without a face."""
        return decide(presented.card, None, self.policy)

    def _reference(self, card: Card, trust: TrustSnapshot) -> Reference | None:
        if self.engine is None or not needs_face(card, self.policy):
            return None
        match card.face:
            case TemplateReference() as template:
                pass
            case SealedReference() as sealed:
                template = unseal(sealed, trust.sealed)
            case None:
                raise Refused(Reason.FACE_TEMPLATE, "the card has no reference")
        return self.engine.reference(template.data, fmt=template.format, model=template.model)
