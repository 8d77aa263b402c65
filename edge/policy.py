"""What a door asks for, and the two tables that decide. The only place where a Grant is made.

Each rule names the reason it denies with; the first that objects decides. Nothing here is a score
that could be weighed against another: a card that fails one rule is not saved by passing the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from edge.card.claims import Freshness
from edge.decision import Deny, Grant, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.card.claims import Card
    from edge.decision import Decision
    from edge.face.engine import FaceEvidence

# The longest a door stays released for one person. hw/sim/door.py and the controller cap at the same.
MAX_RELEASE_MS = 10_000


class FaceRule(StrEnum):
    """Whether a face is compared before this door opens."""

    REQUIRED = "required"
    IF_BOUND = "if-bound"  # compared where the card has a reference; others pass on the code alone
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DoorPolicy:
    """What one door asks for.

    `site`: the door's name as cards and issuers scope it, for example "tower-1/lobby".
    `similarity`: cosine at or above which a probe matches its reference; the caller takes it from the
    models' threshold table, by the false match rate the site chose.
    """

    site: str
    similarity: float
    release_ms: int = 3_000
    face: FaceRule = FaceRule.REQUIRED
    min_assurance: int = 0
    version: str = "1"


@dataclass(frozen=True, slots=True)
class _Facts:
    card: Card
    policy: DoorPolicy
    face: FaceEvidence | None = field(default=None)

    @property
    def face_needed(self) -> bool:
        """Unless the rule says in so many words that it is not: a rule nobody knows asks for a face."""
        optional = self.policy.face is FaceRule.IF_BOUND and self.card.face is None
        return not (optional or self.policy.face is FaceRule.NONE)

    @property
    def matches(self) -> bool:
        similarity = self.face.similarity if self.face else None
        return similarity is not None and similarity >= self.policy.similarity


# Asked as soon as the card is verified, before anybody is told to look at the camera.
CARD_RULES: tuple[tuple[Reason, Callable[[_Facts], bool]], ...] = (
    (Reason.DOOR_NOT_PERMITTED, lambda f: not f.card.covers(f.policy.site)),
    (Reason.STATUS_STALE, lambda f: f.card.list_freshness is Freshness.STALE),
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


def needs_face(card: Card, policy: DoorPolicy) -> bool:
    """Whether this card at this door goes on to the camera; data for the passage, not a decision."""
    return _Facts(card, policy).face_needed


def judge_card(card: Card, policy: DoorPolicy) -> Deny | None:
    """The first objection that needs no face, or None: go on."""
    facts = _Facts(card, policy)
    for reason, objects in CARD_RULES:
        if objects(facts):
            return Deny(reason)
    return None


def decide(card: Card, face: FaceEvidence | None, policy: DoorPolicy) -> Decision:
    """Grant, or Deny with the first reason that objects. `face` is None where nobody has been seen."""
    if objection := judge_card(card, policy):
        return objection
    facts = _Facts(card, policy, face)
    if facts.face_needed:
        for objects, reason in FACE_RULES:
            if objects(facts):
                return Deny(reason(facts))
    return Grant(release_ms=min(policy.release_ms, MAX_RELEASE_MS))
