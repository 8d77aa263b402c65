"""The policy of a door, and the two tables that decide. The only place where a Grant is made.

Each rule names the reason it denies with; the first that objects decides. Nothing here is a score
that could be weighed against another: a card that fails one rule is not saved by passing the rest.

A trust input that is too old for `pass` and not too old for `step-up` passes with more than the door asks for
otherwise: a face that matches, whatever the door's own rule, and moves when it is asked to. Where the card or
the door has no means for that, staff decide.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge.decision import Deny, Grant, Reason
from edge.policy.obligations import Factor, Obligations
from edge.trust.site_policy import LocalLists
from edge.trust.time.freshness import AgeAction, TrustInput, strictest

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from edge.card.claims import Card
    from edge.decision import Decision
    from edge.face.engine import FaceEvidence
    from edge.trust.site_policy import SitePolicy
    from edge.trust.time.trust_age import TrustState

# The longest a door stays released for one person. hw/sim/door.py and the controller cap at the same.
MAX_RELEASE_MS = 10_000
# Movements of the head that a step-up asks for: a photograph or a film of the holder cannot know which.
STEP_UP_PROMPTS = 1
NO_OBLIGATIONS: Final = Obligations()


class FaceRule(StrEnum):
    """Whether a face is compared before this door opens."""

    REQUIRED = "required"
    IF_BOUND = "if-bound"  # compared where the card has a reference; others pass on the code alone
    NONE = "none"


_LAXEST_FIRST: Final = (FaceRule.NONE, FaceRule.IF_BOUND, FaceRule.REQUIRED)


@dataclass(frozen=True, slots=True)
class DoorPolicy:
    """The policy of one door.

    `site`: the door's name as cards and issuers scope it, for example "tower-1/lobby".
    `similarity`: cosine at or above which a probe matches its reference; the caller takes it from the
    models' threshold table, by the false match rate the site chose.
    `prompts`: at least so many movements of the head wherever a face is compared.
    `can_step_up`: this door can compare a face and ask its holder to move.
    `lists`: what the device's own configuration says of old lists.
    """

    site: str
    similarity: float
    release_ms: int = 3_000
    face: FaceRule = FaceRule.REQUIRED
    min_assurance: int = 0
    prompts: int = 0
    can_step_up: bool = False
    version: str = "1"
    lists: LocalLists = field(default_factory=LocalLists)

    def under(self, written: SitePolicy | None) -> DoorPolicy:
        """The stricter of this policy and the written one of its site. Raises TrustFault for another's."""
        if written is None:
            return self
        written.check_site(self.site)
        face = self.face
        if written.face is not None and face in _LAXEST_FIRST:  # a rule nobody knows is the strictest
            face = max(face, FaceRule(written.face), key=_LAXEST_FIRST.index)
        return replace(
            self,
            face=face,
            min_assurance=max(self.min_assurance, written.min_assurance),
            prompts=max(self.prompts, written.prompts),
        )


@dataclass(frozen=True, slots=True)
class _Facts:
    card: Card
    policy: DoorPolicy
    trust_state: TrustState
    face: FaceEvidence | None = field(default=None)

    @property
    def face_needed(self) -> bool:
        """Unless the rule says in so many words that it is not: a rule nobody knows asks for a face."""
        optional = self.policy.face is FaceRule.IF_BOUND and self.card.face is None
        return self.steps_up or not (optional or self.policy.face is FaceRule.NONE)

    @property
    def steps_up(self) -> bool:
        """Whether something here is too old, or too uncertain, to pass as usual."""
        return strictest(self.trust_state.clock, *map(self.action, TrustInput)) is not AgeAction.PASS

    def action(self, kind: TrustInput) -> AgeAction:
        """What the age of this kind of data leaves this card."""
        if kind is TrustInput.STATUS:
            return self.trust_state.age_policy.status.action(self.card.list_freshness)
        return self.trust_state.action(kind)

    def stops(self, *actions: AgeAction) -> bool:
        """Whether these leave nothing but staff: what steps up needs a card and a door that can."""
        worst = strictest(*actions)
        able = self.policy.can_step_up and self.card.face is not None
        return worst is AgeAction.STAFF or (worst is AgeAction.STEP_UP and not able)

    @property
    def matches(self) -> bool:
        similarity = self.face.similarity if self.face else None
        return similarity is not None and similarity >= self.policy.similarity


# Asked as soon as the card is verified, before anybody is told to look at the camera.
CARD_RULES: tuple[tuple[Reason, Callable[[_Facts], bool]], ...] = (
    (Reason.DOOR_NOT_PERMITTED, lambda f: not f.card.covers(f.policy.site)),
    (Reason.CLOCK_UNTRUSTED, lambda f: f.stops(f.trust_state.clock)),
    (Reason.STATUS_STALE, lambda f: f.stops(f.action(TrustInput.STATUS))),
    (
        Reason.TRUST_STALE,
        lambda f: f.stops(f.action(TrustInput.KEYS), f.action(TrustInput.POLICY), f.action(TrustInput.TIME)),
    ),
    (Reason.CARD_ASSURANCE, lambda f: f.card.assurance < f.policy.min_assurance),
    (Reason.FACE_TEMPLATE, lambda f: f.face_needed and f.card.face is None),
)

# Asked of each look at the face. A missing answer objects: FACE_ABSENT before anything else.
FACE_RULES: tuple[tuple[Callable[[_Facts], bool], Callable[[_Facts], Reason]], ...] = (
    (lambda f: f.face is None, lambda _: Reason.FACE_ABSENT),
    (lambda f: f.face is not None and f.face.reason is not None, lambda f: _reason_of(f.face)),
    (lambda f: not f.matches, lambda _: Reason.FACE_NO_MATCH),
)


def _reason_of(face: FaceEvidence | None) -> Reason:
    return face.reason if face and face.reason else Reason.FACE_ABSENT


def needs_face(card: Card, policy: DoorPolicy, trust_state: TrustState) -> bool:
    """Whether this card at this door goes on to the camera; data for the passage, not a decision."""
    return _Facts(card, policy, trust_state).face_needed


def needs_prompts(card: Card, policy: DoorPolicy, trust_state: TrustState) -> int:
    """The least number of movements that this card's holder has to make; likewise data."""
    facts = _Facts(card, policy, trust_state)
    return max(policy.prompts, STEP_UP_PROMPTS if facts.steps_up else 0)


def judge_card(card: Card, policy: DoorPolicy, trust_state: TrustState) -> Deny | None:
    """The first objection that needs no face, or None: go on."""
    facts = _Facts(card, policy, trust_state)
    for reason, objects in CARD_RULES:
        if objects(facts):
            return Deny(reason)
    return None


@dataclass(frozen=True, slots=True)
class Matches:
    """This face is the one the card is bound to, as far as one look can say. It grants nothing."""


FaceVerdict = Matches | Deny


def judge_face(
    card: Card, face: FaceEvidence | None, policy: DoorPolicy, trust_state: TrustState
) -> FaceVerdict:
    """The verdict of one look at the holder. `face` is None where the camera has seen no face."""
    if objection := judge_card(card, policy, trust_state):
        return objection
    facts = _Facts(card, policy, trust_state, face)
    for objects, reason in FACE_RULES:
        if objects(facts):
            return Deny(reason(facts))
    return Matches()


def decide(
    card: Card,
    face: FaceEvidence | None,
    policy: DoorPolicy,
    trust_state: TrustState,
    obligations: Obligations = NO_OBLIGATIONS,
    given: AbstractSet[Factor] = frozenset(),
) -> Decision:
    """Grant, or Deny with the first reason that objects: the card's, the face's, then what was asked besides.

    `given`: the factors of `obligations` that the holder has given. Nobody can give STAFF to a machine.
    """
    if objection := judge_card(card, policy, trust_state):
        return objection
    if needs_face(card, policy, trust_state):
        verdict = judge_face(card, face, policy, trust_state)
        if isinstance(verdict, Deny):
            return verdict
    for asked in obligations.required:
        if asked.factor is Factor.STAFF or asked.factor not in given:
            return Deny(asked.reason)
    release_ms = policy.release_ms if obligations.release_ms is None else obligations.release_ms
    return Grant(release_ms=min(release_ms, MAX_RELEASE_MS))
