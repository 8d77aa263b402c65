"""The policy of a door, and the two tables that decide. Only this module makes a Grant.

Each rule names the reason of its denial; the first rule that objects decides. There is no score: a card that
fails one rule is denied, even if it passes all others.

A trust input can be too old for `pass`, but not too old for `step-up`. Then the visit requires a face that
matches, also where the door's own rule requires none, and movements of the head. If the card or the door has
no means for that, staff decide.
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
# Movements of the head that a step-up requires: a photograph or a film of the holder cannot follow them.
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
    `prompts`: the least number of movements of the head when a face is compared.
    `can_step_up`: this door can compare a face and ask the holder to move.
    `lists`: the rules for old status lists in the device's own configuration.
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
        """The stricter of this policy and the signed one of its site. Raises TrustFault for another site."""
        if written is None:
            return self
        written.check_site(self.site)
        face = self.face
        if written.face is not None and face in _LAXEST_FIRST:  # an unknown rule is the strictest
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
        """Whether a face must be compared. An unknown rule requires a face."""
        optional = self.policy.face is FaceRule.IF_BOUND and self.card.face is None
        return self.steps_up or not (optional or self.policy.face is FaceRule.NONE)

    @property
    def steps_up(self) -> bool:
        """Whether something here is too old, or too uncertain, to pass as usual."""
        return strictest(self.trust_state.clock, *map(self.action, TrustInput)) is not AgeAction.PASS

    def action(self, kind: TrustInput) -> AgeAction:
        """The action that the age of this trust input requires for this card."""
        if kind is TrustInput.STATUS:
            return self.trust_state.age_policy.status.action(self.card.list_freshness)
        return self.trust_state.action(kind)

    def stops(self, *actions: AgeAction) -> bool:
        """Whether only staff can decide: for STAFF, and for a STEP_UP that the card or the door cannot do."""
        worst = strictest(*actions)
        able = self.policy.can_step_up and self.card.face is not None
        return worst is AgeAction.STAFF or (worst is AgeAction.STEP_UP and not able)

    @property
    def matches(self) -> bool:
        similarity = self.face.similarity if self.face else None
        return similarity is not None and similarity >= self.policy.similarity


# Applied as soon as the card is verified, before the holder is told to look at the camera.
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

# Applied to each frame of the face. A missing value objects: FACE_ABSENT comes before all others.
FACE_RULES: tuple[tuple[Callable[[_Facts], bool], Callable[[_Facts], Reason]], ...] = (
    (lambda f: f.face is None, lambda _: Reason.FACE_ABSENT),
    (lambda f: f.face is not None and f.face.reason is not None, lambda f: _reason_of(f.face)),
    (lambda f: not f.matches, lambda _: Reason.FACE_NO_MATCH),
)


def _reason_of(face: FaceEvidence | None) -> Reason:
    return face.reason if face and face.reason else Reason.FACE_ABSENT


def needs_face(card: Card, policy: DoorPolicy, trust_state: TrustState) -> bool:
    """Whether this card's holder must show a face at this door; data for the passage, not a decision."""
    return _Facts(card, policy, trust_state).face_needed


def needs_prompts(card: Card, policy: DoorPolicy, trust_state: TrustState) -> int:
    """The least number of movements that this card's holder has to make; data, not a decision."""
    facts = _Facts(card, policy, trust_state)
    return max(policy.prompts, STEP_UP_PROMPTS if facts.steps_up else 0)


def judge_card(card: Card, policy: DoorPolicy, trust_state: TrustState) -> Deny | None:
    """The first objection that needs no face, or None if there is none."""
    facts = _Facts(card, policy, trust_state)
    for reason, objects in CARD_RULES:
        if objects(facts):
            return Deny(reason)
    return None


@dataclass(frozen=True, slots=True)
class Matches:
    """The face in one frame matches the card's reference. It grants nothing."""


FaceVerdict = Matches | Deny


def judge_face(
    card: Card, face: FaceEvidence | None, policy: DoorPolicy, trust_state: TrustState
) -> FaceVerdict:
    """The verdict on one frame of the holder. `face` is None if the camera saw no face."""
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
    """Grant, or Deny with the reason of the first objection: of the card, the face, then the obligations.

    `given`: the factors of `obligations` that the holder has given. STAFF never counts as given.
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
