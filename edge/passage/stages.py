"""The stages of one passage, each a value in and a stronger value out.

    trust, clocks -> Footing                         `weigh`
    symbols -> Code -> SignedCard -> Card            `present`
    Card, Frame -> FaceEvidence -> Grant | Deny      `look`

The one `except Refused` of the product stands in `present`: below it a refusal is an exception that
cannot be overlooked, above it a Deny with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from edge.card.claims import SealedReference, TemplateReference, pseudonym
from edge.card.code import one_code
from edge.card.ecard import decode
from edge.decision import Deny, Reason
from edge.errors import Fault, ModelFault, Refused
from edge.face.fusion import Fusion
from edge.passage.liveness import LivenessRule
from edge.policy import decide, judge_card, needs_face, needs_prompts
from edge.trust.footing import footing as weigh
from edge.trust.freshness import Kind
from edge.trust.holders import HolderOffsets
from edge.trust.sealed import unseal
from edge.trust.sitepolicy import ladder_for
from edge.trust.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.card.claims import Card, SignedCard
    from edge.decision import Decision
    from edge.face.engine import FaceEngine, FaceEvidence
    from edge.face.template import Reference
    from edge.policy import DoorPolicy
    from edge.ports import Pixels, Symbol
    from edge.trust.footing import Footing
    from edge.trust.replay import ReplayMemory
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.timekeeper import Believed
    from edge.trust.verify import Gate

# Refusals that come after both signatures held: the time in the code is a holder's.
_HOLDERS_WORD = frozenset(
    {Reason.CODE_STALE, Reason.CARD_EXPIRED, Reason.CARD_NOT_YET_VALID, Reason.CLOCK_UNTRUSTED}
)


@dataclass(slots=True)
class Presented:
    """A verified card in the middle of its passage, and the reference its face is compared to.

    `policy` and `footing` are those that the passage began with, whatever is swapped meanwhile.
    """

    card: Card
    reference: Reference | None = field(repr=False)
    policy: DoorPolicy
    footing: Footing
    liveness: LivenessRule

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
    holders: HolderOffsets = field(default_factory=HolderOffsets)

    def weigh(self, trust: TrustSnapshot, at: Believed) -> Footing:
        """On what a passage that begins now would stand: the ages of this trust, and the clock."""
        return weigh(trust, at, ladder_for(trust.policy, self.policy.lists))

    def present(
        self, symbols: Sequence[Symbol], trust: TrustSnapshot, footing: Footing
    ) -> Presented | TurnedAway | None:
        """The card that these symbols present, the reason it is refused, or None where there is no code."""
        signed: SignedCard | None = None
        card: Card | None = None
        try:
            code = one_code(symbols)
            if code is None:
                return None
            policy = self.policy.under(trust.policy)
            signed = decode(code)
            card = verify(signed, trust, now=footing.at.now, gate=self._gate(footing))
            self.replay.admit(card, footing.at.now)
            self._hear(signed, footing)
            if objection := judge_card(card, policy, footing):
                return TurnedAway(objection, card)
            return self._presented(card, policy, footing.under(card), trust)
        except Refused as refused:
            if signed is not None and refused.reason in _HOLDERS_WORD:
                self._hear(signed, footing)
            return TurnedAway(Deny(refused.reason), card)
        except Fault:
            return TurnedAway(Deny(Reason.DEVICE_FAULT), card)

    def needs_face(self, presented: Presented) -> bool:
        """Whether the camera has to see a face before `conclude` may be asked."""
        return needs_face(presented.card, presented.policy, presented.footing)

    def burst(self, presented: Presented) -> Fusion:
        """An empty burst to compare this holder's looks in."""
        assert presented.reference is not None, "judge_card and _reference refuse cards that have none"
        return Fusion(presented.reference, threshold=presented.policy.similarity)

    def look(self, presented: Presented, rgb: Pixels, burst: Fusion) -> tuple[FaceEvidence, Decision]:
        """One look at whoever stands in front of the camera, and what the burst so far would decide."""
        assert self.engine is not None, "a door that compares faces starts with an engine"
        assert presented.reference is not None, "judge_card and _reference refuse cards that have none"
        evidence = self.engine.assess(rgb, presented.reference, burst)
        return evidence, decide(presented.card, evidence, presented.policy, presented.footing)

    def conclude(self, presented: Presented) -> Decision:
        """The decision for a card that passes without a face."""
        return decide(presented.card, None, presented.policy, presented.footing)

    def _gate(self, footing: Footing) -> Gate:
        """The gate at this moment."""
        return replace(
            self.gate,
            since_sync=footing.at.since_sync,
            budgets=footing.ladder.of(Kind.STATUS).budgets,
            clock=footing.clock,
        )

    def _hear(self, signed: SignedCard, footing: Footing) -> None:
        """What the holder's phone says of our clock, as long as we believe it ourselves."""
        if not footing.at.suspect:
            name = pseudonym(signed.kid, signed.claims.card_id)
            self.holders.hear(name, signed.presentation.presented_at, footing.at.now)

    def _presented(self, card: Card, policy: DoorPolicy, footing: Footing, trust: TrustSnapshot) -> Presented:
        prompts = max(self.liveness.prompts, needs_prompts(card, policy, footing))
        liveness = replace(self.liveness, prompts=prompts)
        if not needs_face(card, policy, footing):
            return Presented(card, None, policy, footing, liveness)
        if prompts and liveness.dice is None:
            raise ModelFault("this door cannot ask for movements", hint="it was put together without dice")
        return Presented(card, self._reference(card, trust), policy, footing, liveness)

    def _reference(self, card: Card, trust: TrustSnapshot) -> Reference:
        if self.engine is None:
            raise ModelFault(
                "the site's policy asks for a face, and this door compares none",
                hint="restart the device, so that it loads its models",
            )
        match card.face:
            case TemplateReference() as template:
                pass
            case SealedReference() as sealed:
                template = unseal(sealed, trust.sealed)
            case None:
                raise Refused(Reason.FACE_TEMPLATE, "the card has no reference")
        return self.engine.reference(template.data, fmt=template.format, model=template.model)
