"""What a door asks for, rule by rule."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.card.claims import Card as VerifiedCard
from edge.card.claims import Freshness, StatusPointer, TemplateReference
from edge.decision import Deny, Grant, Reason
from edge.face.engine import FaceEvidence
from edge.policy import MAX_RELEASE_MS, DoorPolicy, FaceRule, decide, judge_card, needs_face

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CARD = VerifiedCard(
    issuer="CN-GD",
    issued_at=NOW,
    not_before=NOW,
    expires=NOW + timedelta(days=30),
    card_id=bytes(8),
    holder_key=bytes(32),
    status=StatusPointer("https://s.example/7", 5),
    face=TemplateReference(100, "mfn1", bytes(64)),
    scope=("tower-1",),
    assurance=2,
    kid=bytes(8),
    pseudonym="0" * 12,
    presented_at=NOW,
    list_issued_at=NOW,
    list_age=timedelta(0),
    list_freshness=Freshness.FRESH,
)
POLICY = DoorPolicy(site="tower-1/lobby", similarity=0.6)
MATCH = FaceEvidence(1, similarity=0.8)

CASES: dict[str, tuple[VerifiedCard, FaceEvidence | None, DoorPolicy, Reason | None]] = {
    "right card, right face": (CARD, MATCH, POLICY, None),
    "similarity at the threshold": (CARD, replace(MATCH, similarity=0.6), POLICY, None),
    "similarity just below": (CARD, replace(MATCH, similarity=0.5999), POLICY, Reason.FACE_NO_MATCH),
    "nobody was looked at": (CARD, None, POLICY, Reason.FACE_ABSENT),
    "evidence without a similarity": (CARD, FaceEvidence(1), POLICY, Reason.FACE_NO_MATCH),
    "an attack that would match": (
        CARD,
        replace(MATCH, reason=Reason.FACE_ATTACK),
        POLICY,
        Reason.FACE_ATTACK,
    ),
    "two people": (CARD, FaceEvidence(2, reason=Reason.FACE_SEVERAL), POLICY, Reason.FACE_SEVERAL),
    "another tower": (replace(CARD, scope=("tower-2",)), MATCH, POLICY, Reason.DOOR_NOT_PERMITTED),
    "a tower with a longer name": (replace(CARD, scope=("tower",)), MATCH, POLICY, Reason.DOOR_NOT_PERMITTED),
    "a card for everywhere its issuer reaches": (replace(CARD, scope=()), MATCH, POLICY, None),
    "ageing lists pass": (replace(CARD, list_freshness=Freshness.AGEING), MATCH, POLICY, None),
    "stale lists do not": (replace(CARD, list_freshness=Freshness.STALE), MATCH, POLICY, Reason.STATUS_STALE),
    "assurance as asked": (CARD, MATCH, replace(POLICY, min_assurance=2), None),
    "assurance below": (CARD, MATCH, replace(POLICY, min_assurance=3), Reason.CARD_ASSURANCE),
    "no reference at a door that compares": (replace(CARD, face=None), MATCH, POLICY, Reason.FACE_TEMPLATE),
    "no reference where it is optional": (
        replace(CARD, face=None),
        None,
        replace(POLICY, face=FaceRule.IF_BOUND),
        None,
    ),
    "a reference where it is optional is compared": (
        CARD,
        None,
        replace(POLICY, face=FaceRule.IF_BOUND),
        Reason.FACE_ABSENT,
    ),
    "a rule that nobody knows asks for a face": (
        CARD,
        None,
        replace(POLICY, face="required"),  # a plain string is no FaceRule
        Reason.FACE_ABSENT,
    ),
    "a door without faces": (CARD, None, replace(POLICY, face=FaceRule.NONE), None),
    "a door without faces still has lists": (
        replace(CARD, list_freshness=Freshness.STALE),
        None,
        replace(POLICY, face=FaceRule.NONE),
        Reason.STATUS_STALE,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_door_decides(case: str) -> None:
    card, face, policy, reason = CASES[case]
    assert decide(card, face, policy) == (Deny(reason) if reason else Grant(3_000))


def test_a_release_is_capped() -> None:
    assert decide(CARD, MATCH, replace(POLICY, release_ms=60_000)) == Grant(MAX_RELEASE_MS)


@given(
    st.none() | st.sampled_from([reason for reason in Reason if reason.value.startswith("face.")]),
    st.none() | st.floats(-1, 1),
)
def test_no_face_evidence_grants_at_a_comparing_door_but_a_match(
    reason: Reason | None, similarity: float | None
) -> None:
    decision = decide(CARD, FaceEvidence(1, similarity=similarity, reason=reason), POLICY)
    if isinstance(decision, Grant):
        assert reason is None
        assert similarity is not None
        assert similarity >= POLICY.similarity


@pytest.mark.parametrize(
    ("scope", "freshness", "assurance"),
    list(itertools.product([(), ("tower-1",), ("tower-2",)], Freshness, range(4))),
)
def test_what_the_card_alone_decides_no_face_can_mend(
    scope: tuple[str, ...], freshness: Freshness, assurance: int
) -> None:
    card = replace(CARD, scope=scope, list_freshness=freshness, assurance=assurance)
    policy = replace(POLICY, min_assurance=2)
    objection = judge_card(card, policy)
    if objection:
        assert decide(card, MATCH, policy) == objection
    else:
        assert needs_face(card, policy)
        assert isinstance(decide(card, MATCH, policy), Grant)
