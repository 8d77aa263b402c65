"""The stages of one passage; each turns a value into a more trusted one.

    trust, clocks -> TrustState                         `weigh`
    symbols -> Code -> SignedCard -> Card            `present`, `again`
    Card -> Requirements -> Presented                `present`
    Presented, Frame -> FaceEvidence, Matches | Deny `look`
    Presented, FaceEvidence -> Presented             `matched`
    Presented -> Grant | Deny                        `conclude`

The only `except Refused` of a passage is in `attempt`: below it a refusal is an exception that cannot be
overlooked, above it a Deny with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from edge.card.claims import Card, SealedReference, TemplateReference, pseudonym
from edge.card.code import one_code
from edge.card.ecard import decode
from edge.decision import Deny, Reason
from edge.errors import Fault, ModelFault, Refused
from edge.face.fusion import Fusion
from edge.passage.face.pad_rule import PadRule
from edge.passage.presented import Presented, TurnedAway
from edge.passage.requirements.factors import AskDocument, AskHost, AskNonce, AskPin
from edge.passage.requirements.visit_rules import Requirements, VisitRules
from edge.policy.decide import (
    STEP_UP_PROMPTS,
    FaceRule,
    decide,
    judge_card,
    judge_face,
    needs_face,
    needs_prompts,
)
from edge.policy.obligations import Factor, Obligations, StaffNotice, Visit
from edge.request.request import asked_for
from edge.trust.sealed_template import unseal
from edge.trust.site_policy import age_policy_for
from edge.trust.time.freshness import TrustInput
from edge.trust.time.phone_clock_offset import PhoneClockOffset
from edge.trust.time.trust_age import trust_state as weigh
from edge.trust.verify import verify, verify_again

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.card.claims import SignedCard
    from edge.decision import Decision
    from edge.face.engine import FaceEngine, FaceEvidence
    from edge.face.template import Reference
    from edge.passage.requirements.factors import Asking
    from edge.passage.requirements.request_display import RequestDisplay
    from edge.policy.decide import DoorPolicy, FaceVerdict
    from edge.policy.obligations import Obligation
    from edge.ports import Pixels, Symbol
    from edge.trust.replay import ReplayMemory
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.time.trust_age import TrustState
    from edge.trust.time.trusted_clock import TrustedTime
    from edge.trust.verify import VerificationContext

_P = ParamSpec("_P")
_T = TypeVar("_T")
# A holder without a face to compare must give one of these factors in its place.
_IN_PLACE_OF_A_FACE = frozenset({Factor.PIN, Factor.DOCUMENT, Factor.HOST, Factor.STAFF})
# Refusals after both signatures were valid: the time in the code comes from the holder's phone.
_HOLDERS_WORD = frozenset(
    {Reason.CODE_STALE, Reason.CARD_EXPIRED, Reason.CARD_NOT_YET_VALID, Reason.CLOCK_UNTRUSTED}
)


def attempt(stage: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | Deny:
    """The value of this stage, or the denial for a refusal or a fault in it."""
    try:
        return stage(*args, **kwargs)
    except Refused as refused:
        return Deny(refused.reason)
    except Fault:
        return Deny(Reason.DEVICE_FAULT)


@dataclass(frozen=True, slots=True)
class Stages:
    """The rules and models that judge a passage. `stopwatch` returns nanoseconds of a monotonic clock."""

    context: VerificationContext
    policy: DoorPolicy
    engine: FaceEngine | None
    replay: ReplayMemory
    stopwatch: Callable[[], int]
    pad_rule: PadRule = field(default_factory=PadRule)
    phone_offset: PhoneClockOffset = field(default_factory=PhoneClockOffset)
    visit_rules: VisitRules = field(default_factory=VisitRules)

    def weigh(self, trust: TrustSnapshot, at: TrustedTime) -> TrustState:
        """The trust state at this time: the ages of this trust, and the clock."""
        return weigh(trust, at, age_policy_for(trust.policy, self.policy.lists))

    def present(
        self, symbols: Sequence[Symbol], trust: TrustSnapshot, trust_state: TrustState
    ) -> Presented | TurnedAway | None:
        """The card that these symbols present, or its refusal, or None if there is no code."""
        card = self._verified(
            symbols, trust, self._gate(trust_state, self.visit_rules.means.display), trust_state
        )
        if not isinstance(card, Card):
            return card
        admitted = attempt(self._admitted, card, trust, trust_state)
        return self._turned_away(admitted, card, trust_state) if isinstance(admitted, Deny) else admitted

    def again(
        self,
        symbols: Sequence[Symbol],
        trust: TrustSnapshot,
        trust_state: TrustState,
        nonce: bytes | None = None,
        *,
        judged: bool = False,
    ) -> Card | Deny | None:
        """The card that is shown during a passage: made for this nonce, or a second document.

        `judged`: it must be a card that this door accepts; its face is not compared.
        """
        card = self._verified(symbols, trust, replace(self._gate(trust_state), nonce=nonce), trust_state)
        if isinstance(card, TurnedAway):
            return card.deny
        objection = attempt(self._objection, card, trust, trust_state) if card and judged else None
        return objection or card

    def recheck(self, card: Card, trust: TrustSnapshot, trust_state: TrustState) -> None:
        """Check a card that was verified before with the trust of this moment. Raises Refused."""
        verify_again(card, trust, now=trust_state.at.now, context=self._gate(trust_state))

    def _objection(self, card: Card, trust: TrustSnapshot, trust_state: TrustState) -> Deny | None:
        objection = judge_card(card, self.policy.under(trust.policy), trust_state)
        return None if objection == Deny(Reason.FACE_TEMPLATE) else objection

    def _verified(
        self,
        symbols: Sequence[Symbol],
        trust: TrustSnapshot,
        context: VerificationContext,
        trust_state: TrustState,
    ) -> Card | TurnedAway | None:
        """The card in these symbols, signed by issuer and holder, and not shown before."""
        signed = attempt(_signed_card, symbols)
        if signed is None or isinstance(signed, Deny):
            return TurnedAway(signed) if signed else None
        card = attempt(verify, signed, trust, now=trust_state.at.now, context=context)
        deny = card if isinstance(card, Deny) else attempt(self.replay.admit, card, trust_state.at.now)
        if deny is None or deny.reason in _HOLDERS_WORD:
            self._hear(signed, trust_state)
        if isinstance(card, Deny):
            return TurnedAway(card)
        return self._turned_away(deny, card, trust_state) if deny else card

    def _admitted(
        self, card: Card, trust: TrustSnapshot, trust_state: TrustState
    ) -> Presented | TurnedAway | Deny:
        """This card with the requirements of the venue, or its refusal. Raises Refused, Fault."""
        policy = self.policy.under(trust.policy)
        if objection := judge_card(card, policy, trust_state):
            return objection
        requirements = self.visit_rules.require(
            self.visit(card, trust_state), trust_state, compares=self.engine is not None
        )
        if staff := next(
            (item for item in requirements.obligations.required if item.factor is Factor.STAFF), None
        ):
            return TurnedAway(Deny(staff.reason), card, requirements)
        written = trust.policy is not None and trust.policy.face == FaceRule.REQUIRED
        policy = _under_terms(policy, requirements.obligations, face_is_written=written)
        return self._presented(card, policy, trust_state.under(card), trust, requirements)

    def _turned_away(self, deny: Deny, card: Card, trust_state: TrustState) -> TurnedAway:
        """The refusal of a verified card, with the notices for staff."""
        notes = attempt(self.visit_rules.notes, self.visit(card, trust_state))
        return TurnedAway(
            deny,
            card,
            Requirements() if isinstance(notes, Deny) else Requirements(Obligations(notices=notes)),
        )

    def visit(self, card: Card, trust_state: TrustState) -> Visit:
        """This card, here and now, for a venue: with only the requested attributes."""
        if self.visit_rules.request is not None:
            card = replace(card, disclosed=asked_for(card, self.visit_rules.request))
        return Visit(card, self.policy.site, trust_state.at.now, trust_state.at.vouched)

    def needs_face(self, presented: Presented) -> bool:
        """Whether a face must be captured before `conclude`."""
        return needs_face(presented.card, presented.policy, presented.trust_state)

    def new_fusion(self, presented: Presented) -> Fusion:
        """An empty fusion for this holder's frames."""
        assert presented.reference is not None, "judge_card and _reference refuse cards without a reference"
        return Fusion(presented.reference, threshold=presented.policy.similarity)

    def look(self, presented: Presented, rgb: Pixels, burst: Fusion) -> tuple[FaceEvidence, FaceVerdict]:
        """The evidence in one frame of the holder, and the verdict on the frames so far."""
        assert self.engine is not None, "a door that compares faces needs an engine"
        assert presented.reference is not None, "judge_card and _reference refuse cards without a reference"
        evidence = self.engine.assess(rgb, presented.reference, burst)
        return evidence, judge_face(presented.card, evidence, presented.policy, presented.trust_state)

    def matched(self, presented: Presented, evidence: FaceEvidence) -> Presented:
        """The card once its face matches. A similarity close to the threshold may add requirements.

        If it adds movements that this door can ask for, `looks_again` is true.
        """
        given = presented.given | {Factor.CHALLENGE} if presented.pad_rule.prompts else presented.given
        requirements = self.visit_rules.require_after_face(
            presented.card, presented.requirements, evidence, presented.policy.similarity
        )
        matched = replace(presented, face=evidence, given=given, requirements=requirements)
        return self.with_movements(matched) if matched.lacks_challenge else matched

    def with_movements(self, presented: Presented) -> Presented:
        """This card with movements of the head where a face is compared, if this door can ask for them."""
        if self.pad_rule.random_below is None:
            return presented
        prompts = max(presented.pad_rule.prompts, STEP_UP_PROMPTS)
        return replace(presented, pad_rule=replace(presented.pad_rule, prompts=prompts))

    def ask(
        self, presented: Presented, asked: Obligation, ground: Callable[[], tuple[TrustSnapshot, TrustState]]
    ) -> Asking:
        """Begin to ask for a factor. `ground`: returns the trust at the time of an answer."""
        card, means, obligations = presented.card, self.visit_rules.means, presented.requirements.obligations
        match asked.factor:
            case Factor.NONCE:
                assert means.display is not None
                return AskNonce(
                    card,
                    means.display,
                    ground()[1].at.now,
                    lambda seen, nonce: self.again(seen, *ground(), nonce=nonce),
                )
            case Factor.PIN:
                assert obligations.pin is not None
                return AskPin(obligations.pin, self.visit_rules.pin_tries, shortest=means.pin_digits)
            case Factor.DOCUMENT:
                return AskDocument(
                    card,
                    lambda seen, nonce: self.again(seen, *ground(), nonce=nonce, judged=True),
                    means.display,
                    ground()[1].at.now,
                )
            case Factor.HOST:
                assert means.host is not None
                return AskHost(means.host, self.visit(card, presented.trust_state))
            case factor:
                raise AssertionError(f"{factor} is not a factor that the device asks for")

    def conclude(self, presented: Presented) -> Decision:
        """The decision, once each required factor is given or cannot be given."""
        return decide(
            presented.card,
            presented.face,
            presented.policy,
            presented.trust_state,
            presented.requirements.obligations,
            presented.given,
        )

    def _gate(self, trust_state: TrustState, display: RequestDisplay | None = None) -> VerificationContext:
        """The verification context at this time; `display`: with the numbers on its screen."""
        shown = self.context
        if display is not None:
            shown = replace(
                shown,
                nonce=display.nonce,
                nonce_before=display.nonce_before,
                nonce_needed=display.needed,
                nonce_always=display.needed,
            )
        return replace(
            shown,
            since_sync=trust_state.at.since_sync,
            budgets=trust_state.age_policy.of(TrustInput.STATUS).budgets,
            clock=trust_state.clock,
        )

    def _hear(self, signed: SignedCard, trust_state: TrustState) -> None:
        """Compare the holder's phone with our clock, while our clock is trusted."""
        if not trust_state.at.suspect:
            name = pseudonym(signed.kid, signed.claims.card_id)
            self.phone_offset.hear(name, signed.presentation.presented_at, trust_state.at.now)

    def _presented(
        self,
        card: Card,
        policy: DoorPolicy,
        trust_state: TrustState,
        trust: TrustSnapshot,
        requirements: Requirements,
    ) -> Presented:
        asked = {item.factor for item in requirements.obligations.required}
        prompts = max(self.pad_rule.prompts_beside(asked), needs_prompts(card, policy, trust_state))
        if Factor.CHALLENGE in asked:
            prompts = max(prompts, STEP_UP_PROMPTS)
        pad_rule = replace(self.pad_rule, prompts=prompts)
        if not needs_face(card, policy, trust_state):
            return Presented(card, None, policy, trust_state, pad_rule, requirements)
        if prompts and pad_rule.random_below is None:
            raise ModelFault("this door cannot ask for movements", hint="give its PadRule a random_below")
        return Presented(card, self._reference(card, trust), policy, trust_state, pad_rule, requirements)

    def _reference(self, card: Card, trust: TrustSnapshot) -> Reference:
        if self.engine is None:
            raise ModelFault(
                "the site's policy requires a face, and this door has loaded no models",
                hint="restart the device: it then loads its models",
            )
        match card.face:
            case TemplateReference() as template:
                pass
            case SealedReference() as sealed:
                template = unseal(sealed, trust.sealed)
            case None:
                raise Refused(Reason.FACE_TEMPLATE, "the card has no reference")
        return self.engine.reference(template.data, fmt=template.format, model=template.model)


def _signed_card(symbols: Sequence[Symbol]) -> SignedCard | None:
    """The card in the only code of these symbols; None if there is no code. Raises Refused."""
    code = one_code(symbols)
    return None if code is None else decode(code)


def _under_terms(policy: DoorPolicy, obligations: Obligations, *, face_is_written: bool) -> DoorPolicy:
    """The door's policy with these obligations: a challenge needs a face; without a face another factor must.

    `face_is_written`: the site's signed policy requires a face of every holder; no venue can lift that.
    """
    factors = {item.factor for item in obligations.required}
    if Factor.CHALLENGE in factors:
        return replace(policy, face=FaceRule.REQUIRED)
    if StaffNotice.NO_FACE in obligations.notices and factors & _IN_PLACE_OF_A_FACE and not face_is_written:
        return replace(policy, face=FaceRule.NONE)
    return policy
