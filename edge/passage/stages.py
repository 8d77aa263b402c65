"""The stages of one passage, each a value in and a stronger value out.

    trust, clocks -> TrustState                         `weigh`
    symbols -> Code -> SignedCard -> Card            `present`, `again`
    Card -> Obligations, signs of risk                     `present`
    Card, Frame -> FaceEvidence -> Matches | Deny    `look`
    Card, FaceEvidence, factors -> Grant | Deny      `conclude`

The one `except Refused` of the product stands in `_tried`: below it a refusal is an exception that
cannot be overlooked, above it a Deny with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from edge.card.claims import SealedReference, TemplateReference, pseudonym
from edge.card.code import one_code
from edge.card.ecard import decode
from edge.decision import Deny, Reason
from edge.errors import Fault, ModelFault, Refused
from edge.face.fusion import Fusion
from edge.passage.factors import AskDocument, AskHost, AskNonce, AskPin
from edge.passage.pad_rule import PadRule
from edge.passage.requirements import Requirements, VisitRules, policy_for
from edge.policy.decide import (
    STEP_UP_PROMPTS,
    FaceRule,
    decide,
    judge_card,
    judge_face,
    needs_face,
    needs_prompts,
)
from edge.policy.obligations import Factor, Visit, merge
from edge.request.request import asked_for
from edge.trust.sealed_template import unseal
from edge.trust.site_policy import age_policy_for
from edge.trust.time.freshness import TrustInput
from edge.trust.time.phone_clock_offset import PhoneClockOffset
from edge.trust.time.trust_age import trust_state as weigh
from edge.trust.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.card.claims import Card, SignedCard
    from edge.decision import Decision
    from edge.face.engine import FaceEngine, FaceEvidence
    from edge.face.template import Reference
    from edge.passage.factors import Asking
    from edge.passage.request_display import RequestDisplay
    from edge.policy.decide import DoorPolicy, FaceVerdict
    from edge.policy.obligations import Obligation, Obligations
    from edge.ports import Pixels, Symbol
    from edge.trust.replay import ReplayMemory
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.time.trust_age import TrustState
    from edge.trust.time.trusted_clock import TrustedTime
    from edge.trust.verify import VerificationContext

_T = TypeVar("_T")
# The factors that a machine can take; a companion and staff are people, and a challenge is a way to look.
_ASKED_HERE = frozenset({Factor.NONCE, Factor.PIN, Factor.DOCUMENT, Factor.HOST})
# Refusals that come after both signatures held: the time in the code is a holder's.
_HOLDERS_WORD = frozenset(
    {Reason.CODE_STALE, Reason.CARD_EXPIRED, Reason.CARD_NOT_YET_VALID, Reason.CLOCK_UNTRUSTED}
)


@dataclass(slots=True)
class Presented:
    """A verified card in the middle of its passage, and the reference its face is compared to.

    `policy` and `footing` are those that the passage began with, whatever is swapped meanwhile. `advice`:
    what the venue and the risk ask besides; `given`: what of that has come; `face`: the look that matched.
    """

    card: Card
    reference: Reference | None = field(repr=False)
    policy: DoorPolicy
    footing: TrustState
    liveness: PadRule
    advice: Requirements = field(default_factory=Requirements)
    given: set[Factor] = field(default_factory=set)
    face: FaceEvidence | None = field(default=None, repr=False)

    def missing(self) -> Obligation | None:
        """What to ask for next; None where nothing is, or nothing that this device can ask for."""
        open_ones = [asked for asked in self.advice.terms.asked if asked.factor not in self.given]
        return open_ones[0] if open_ones and open_ones[0].factor in _ASKED_HERE else None

    def take(self, factor: Factor, terms: Obligations) -> None:
        """The holder gave it, which may add to the terms of the visit."""
        self.given.add(factor)
        self.advice = replace(self.advice, terms=merge((self.advice.terms, terms)))

    def wipe(self) -> None:
        """Overwrite the reference: a template lives in memory for one passage."""
        if self.reference is not None:
            self.reference.wipe()


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """A presentation that is refused. `card` is there where it was verified before something objected."""

    deny: Deny
    card: Card | None = field(default=None, repr=False)
    advice: Requirements = field(default_factory=Requirements)


@dataclass(slots=True)
class _Reached:
    """How far a presentation came before something was raised."""

    signed: SignedCard | None = None
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Stages:
    """What a passage is judged by. `stopwatch` returns nanoseconds of any monotonic clock."""

    gate: VerificationContext
    policy: DoorPolicy
    engine: FaceEngine | None
    replay: ReplayMemory
    stopwatch: Callable[[], int]
    liveness: PadRule = field(default_factory=PadRule)
    holders: PhoneClockOffset = field(default_factory=PhoneClockOffset)
    counsel: VisitRules = field(default_factory=VisitRules)

    def weigh(self, trust: TrustSnapshot, at: TrustedTime) -> TrustState:
        """On what a passage that begins now would stand: the ages of this trust, and the clock."""
        return weigh(trust, at, age_policy_for(trust.policy, self.policy.lists))

    def present(
        self, symbols: Sequence[Symbol], trust: TrustSnapshot, footing: TrustState
    ) -> Presented | TurnedAway | None:
        """The card that these symbols present, the reason it is refused, or None where there is no code."""
        return self._tried(footing, lambda reached: self._present(symbols, trust, footing, reached))

    def again(
        self, symbols: Sequence[Symbol], trust: TrustSnapshot, footing: TrustState, nonce: bytes | None = None
    ) -> Card | Deny | None:
        """The card that is shown in the middle of a passage: made for this nonce, or another document."""
        gate = replace(self._gate(footing), nonce=nonce)
        read = self._tried(footing, lambda reached: self._read(symbols, trust, gate, footing, reached))
        return read.deny if isinstance(read, TurnedAway) else read

    def _tried(self, footing: TrustState, work: Callable[[_Reached], _T]) -> _T | TurnedAway:
        """What `work` returns, or the denial that a refusal or a fault in it comes to."""
        reached = _Reached()
        try:
            return work(reached)
        except Refused as refused:
            if reached.signed is not None and refused.reason in _HOLDERS_WORD:
                self._hear(reached.signed, footing)
            advice = (
                self.counsel.noticed(self.visit(reached.card, footing)) if reached.card else Requirements()
            )
            return TurnedAway(Deny(refused.reason), reached.card, advice)
        except Fault:
            return TurnedAway(Deny(Reason.DEVICE_FAULT), reached.card)

    def _read(
        self,
        symbols: Sequence[Symbol],
        trust: TrustSnapshot,
        gate: VerificationContext,
        footing: TrustState,
        reached: _Reached,
    ) -> Card | None:
        code = one_code(symbols)
        if code is None:
            return None
        reached.signed = decode(code)
        reached.card = verify(reached.signed, trust, now=footing.at.now, gate=gate)
        self.replay.admit(reached.card, footing.at.now)
        self._hear(reached.signed, footing)
        return reached.card

    def _present(
        self, symbols: Sequence[Symbol], trust: TrustSnapshot, footing: TrustState, reached: _Reached
    ) -> Presented | TurnedAway | None:
        card = self._read(symbols, trust, self._gate(footing, self.counsel.means.notice), footing, reached)
        if card is None:
            return None
        policy = self.policy.under(trust.policy)
        if objection := judge_card(card, policy, footing):
            return TurnedAway(objection, card)
        advice = self.counsel.advise(self.visit(card, footing), footing, compares=self.engine is not None)
        if staff := next((item for item in advice.terms.asked if item.factor is Factor.STAFF), None):
            return TurnedAway(Deny(staff.reason), card, advice)
        written = trust.policy is not None and trust.policy.face == FaceRule.REQUIRED
        policy = policy_for(policy, advice.terms, face_is_written=written)
        return self._presented(card, policy, footing.under(card), trust, advice)

    def visit(self, card: Card, footing: TrustState) -> Visit:
        """This card, here and now, as a venue sees it: with no more disclosed than was asked for."""
        if self.counsel.request is not None:
            card = replace(card, disclosed=asked_for(card, self.counsel.request))
        return Visit(card, self.policy.site, footing.at.now)

    def needs_face(self, presented: Presented) -> bool:
        """Whether the camera has to see a face before `conclude` may be asked."""
        return needs_face(presented.card, presented.policy, presented.footing)

    def burst(self, presented: Presented) -> Fusion:
        """An empty burst to compare this holder's looks in."""
        assert presented.reference is not None, "judge_card and _reference refuse cards that have none"
        return Fusion(presented.reference, threshold=presented.policy.similarity)

    def look(self, presented: Presented, rgb: Pixels, burst: Fusion) -> tuple[FaceEvidence, FaceVerdict]:
        """One look at whoever stands in front of the camera, and what the burst so far comes to."""
        assert self.engine is not None, "a door that compares faces starts with an engine"
        assert presented.reference is not None, "judge_card and _reference refuse cards that have none"
        evidence = self.engine.assess(rgb, presented.reference, burst)
        return evidence, judge_face(presented.card, evidence, presented.policy, presented.footing)

    def matched(self, presented: Presented, evidence: FaceEvidence) -> bool:
        """The face matches. Whether it has to be looked at once more, moving, because it only just does."""
        presented.face = evidence
        if presented.liveness.prompts:
            presented.given.add(Factor.CHALLENGE)
        presented.advice = self.counsel.reconsider(
            presented.card, presented.advice, evidence, presented.policy.similarity
        )
        asked = {item.factor for item in presented.advice.terms.asked}
        if Factor.CHALLENGE not in asked - presented.given or self.liveness.dice is None:
            return False
        presented.liveness = replace(presented.liveness, prompts=STEP_UP_PROMPTS)
        return True

    def ask(
        self, presented: Presented, asked: Obligation, ground: Callable[[], tuple[TrustSnapshot, TrustState]]
    ) -> Asking:
        """Begin to ask for a factor. `ground`: what is believed at the moment of an answer."""
        card, means, terms = presented.card, self.counsel.means, presented.advice.terms
        match asked.factor:
            case Factor.NONCE:
                assert means.notice is not None
                return AskNonce(
                    card,
                    means.notice,
                    ground()[1].at.now,
                    lambda seen, nonce: self.again(seen, *ground(), nonce=nonce),
                )
            case Factor.PIN:
                assert terms.pin is not None
                return AskPin(terms.pin)
            case Factor.DOCUMENT:
                return AskDocument(card, lambda seen: self.again(seen, *ground()))
            case Factor.HOST:
                assert means.host is not None
                return AskHost(means.host, self.visit(card, presented.footing))
            case factor:
                raise AssertionError(f"{factor} is nothing that a machine asks for")

    def conclude(self, presented: Presented) -> Decision:
        """The decision, once everything that was asked for has come or cannot come."""
        return decide(
            presented.card,
            presented.face,
            presented.policy,
            presented.footing,
            presented.advice.terms,
            presented.given,
        )

    def _gate(self, footing: TrustState, notice: RequestDisplay | None = None) -> VerificationContext:
        """The gate at this moment; `notice`: with what is on its screen."""
        shown = self.gate
        if notice is not None:
            shown = replace(
                shown, nonce=notice.nonce, nonce_before=notice.nonce_before, nonce_needed=notice.needed
            )
        return replace(
            shown,
            since_sync=footing.at.since_sync,
            budgets=footing.ladder.of(TrustInput.STATUS).budgets,
            clock=footing.clock,
        )

    def _hear(self, signed: SignedCard, footing: TrustState) -> None:
        """What the holder's phone says of our clock, as long as we believe it ourselves."""
        if not footing.at.suspect:
            name = pseudonym(signed.kid, signed.claims.card_id)
            self.holders.hear(name, signed.presentation.presented_at, footing.at.now)

    def _presented(
        self, card: Card, policy: DoorPolicy, footing: TrustState, trust: TrustSnapshot, advice: Requirements
    ) -> Presented:
        prompts = max(self.liveness.prompts, needs_prompts(card, policy, footing))
        if any(item.factor is Factor.CHALLENGE for item in advice.terms.asked):
            prompts = max(prompts, STEP_UP_PROMPTS)
        liveness = replace(self.liveness, prompts=prompts)
        if not needs_face(card, policy, footing):
            return Presented(card, None, policy, footing, liveness, advice)
        if prompts and liveness.dice is None:
            raise ModelFault("this door cannot ask for movements", hint="it was put together without dice")
        return Presented(card, self._reference(card, trust), policy, footing, liveness, advice)

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
