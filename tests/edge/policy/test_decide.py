"""The rules of a door, one by one."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.trust import verified_card

from edge.card.claims import Card as VerifiedCard
from edge.card.claims import Freshness, TemplateReference
from edge.decision import Deny, Grant, Reason
from edge.errors import TrustFault
from edge.face.engine import FaceEvidence
from edge.policy.decide import (
    MAX_RELEASE_MS,
    DoorPolicy,
    FaceRule,
    Matches,
    decide,
    judge_card,
    judge_face,
    needs_face,
    needs_prompts,
)
from edge.policy.obligations import Factor, Obligation, Obligations
from edge.trust.site_policy import SitePolicy
from edge.trust.time.freshness import AgeAction, Aged, AgePolicy, AgeRule, Budgets, TrustInput
from edge.trust.time.trust_age import TrustState
from edge.trust.time.trusted_clock import ClockAnomaly, TrustedTime

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CARD = verified_card(
    moment=NOW, face=TemplateReference(100, "mfn1", bytes(64)), scope=("tower-1",), assurance=2
)
POLICY = DoorPolicy(site="tower-1/lobby", similarity=0.6)
MATCH = FaceEvidence(1, similarity=0.8)
FIRM = TrustState(TrustedTime(NOW), (), AgePolicy())
IF_BOUND = replace(POLICY, face=FaceRule.IF_BOUND)
NO_FACES = replace(POLICY, face=FaceRule.NONE)

CASES: dict[str, tuple[VerifiedCard, FaceEvidence | None, DoorPolicy, Reason | None]] = {
    "right card, right face": (CARD, MATCH, POLICY, None),
    "similarity at the threshold": (CARD, replace(MATCH, similarity=0.6), POLICY, None),
    "similarity just below": (CARD, replace(MATCH, similarity=0.5999), POLICY, Reason.FACE_NO_MATCH),
    "no face evidence": (CARD, None, POLICY, Reason.FACE_ABSENT),
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
    "a card without a scope of its own": (replace(CARD, scope=()), MATCH, POLICY, None),
    "ageing lists pass": (replace(CARD, list_freshness=Freshness.AGEING), MATCH, POLICY, None),
    "stale lists do not": (replace(CARD, list_freshness=Freshness.STALE), MATCH, POLICY, Reason.STATUS_STALE),
    "assurance as asked": (CARD, MATCH, replace(POLICY, min_assurance=2), None),
    "assurance below": (CARD, MATCH, replace(POLICY, min_assurance=3), Reason.CARD_ASSURANCE),
    "no reference at a door that compares": (replace(CARD, face=None), MATCH, POLICY, Reason.FACE_TEMPLATE),
    "no reference where it is optional": (replace(CARD, face=None), None, IF_BOUND, None),
    "a reference where it is optional is compared": (CARD, None, IF_BOUND, Reason.FACE_ABSENT),
    "an unknown rule requires a face": (
        CARD,
        None,
        replace(POLICY, face="required"),  # a plain string is not a FaceRule
        Reason.FACE_ABSENT,
    ),
    "a door without faces": (CARD, None, NO_FACES, None),
    "a door without faces still has a place": (
        replace(CARD, scope=("tower-2",)),
        None,
        NO_FACES,
        Reason.DOOR_NOT_PERMITTED,
    ),
    "a door without faces still has lists": (
        replace(CARD, list_freshness=Freshness.STALE),
        None,
        NO_FACES,
        Reason.STATUS_STALE,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_door_decides(case: str) -> None:
    card, face, policy, reason = CASES[case]
    assert decide(card, face, policy, FIRM) == (Deny(reason) if reason else Grant(3_000))


@pytest.mark.parametrize("scope", [("tower-2",), ("tower-1",)])
def test_no_face_matches_for_a_card_that_is_refused(scope: tuple[str, ...]) -> None:
    verdict = judge_face(replace(CARD, scope=scope), MATCH, POLICY, FIRM)
    assert verdict == (Matches() if scope == ("tower-1",) else Deny(Reason.DOOR_NOT_PERMITTED))


@pytest.mark.parametrize("factor", Factor)
def test_every_factor_but_staff_can_be_given(factor: Factor) -> None:
    asked = Obligations(required=(Obligation(factor, Reason.HOST_UNAVAILABLE),))
    assert decide(CARD, MATCH, POLICY, FIRM, asked) == Deny(Reason.HOST_UNAVAILABLE)
    decision = decide(CARD, MATCH, POLICY, FIRM, asked, given=frozenset(Factor))
    assert decision == (Deny(Reason.HOST_UNAVAILABLE) if factor is Factor.STAFF else Grant(3_000))


def test_no_door_stays_released_for_more_than_ten_seconds() -> None:
    assert decide(CARD, MATCH, replace(POLICY, release_ms=10_001), FIRM) == Grant(10_000)
    longer = Obligations(release_ms=10_001)
    assert decide(CARD, MATCH, POLICY, FIRM, longer) == Grant(10_000)


def test_a_release_is_capped() -> None:
    assert decide(CARD, MATCH, replace(POLICY, release_ms=60_000), FIRM) == Grant(MAX_RELEASE_MS)


@given(
    st.none() | st.sampled_from([reason for reason in Reason if reason.value.startswith("face.")]),
    st.none() | st.floats(-1, 1),
)
def test_a_door_that_compares_faces_grants_only_for_a_match(
    reason: Reason | None, similarity: float | None
) -> None:
    decision = decide(CARD, FaceEvidence(1, similarity=similarity, reason=reason), POLICY, FIRM)
    if isinstance(decision, Grant):
        assert reason is None
        assert similarity is not None
        assert similarity >= POLICY.similarity


@pytest.mark.parametrize(
    ("scope", "freshness", "assurance"),
    list(itertools.product([(), ("tower-1",), ("tower-2",)], Freshness, range(4))),
)
def test_a_face_that_matches_does_not_change_an_objection_to_the_card(
    scope: tuple[str, ...], freshness: Freshness, assurance: int
) -> None:
    card = replace(CARD, scope=scope, list_freshness=freshness, assurance=assurance)
    policy = replace(POLICY, min_assurance=2)
    objection = judge_card(card, policy, FIRM)
    if objection:
        assert decide(card, MATCH, policy, FIRM) == objection
    else:
        assert needs_face(card, policy, FIRM)
        assert isinstance(decide(card, MATCH, policy, FIRM), Grant)


# -- the age policy ----------------------------------------------------------------------------------------

ABLE = replace(POLICY, can_step_up=True)
OPEN = replace(ABLE, face=FaceRule.NONE)
AGEING, STALE = Freshness.AGEING, Freshness.STALE


def standing(kind: TrustInput, action: AgeAction) -> TrustState:
    """A trust state with this action for one trust input."""
    return replace(FIRM, ages=(Aged(kind, NOW, timedelta(0), AGEING, action),))


def lists(action: AgeAction) -> TrustState:
    return replace(FIRM, age_policy=AgePolicy(status=AgeRule(Budgets(), ageing=action)))


def doubted(clock: AgeAction) -> TrustState:
    return TrustState(TrustedTime(NOW, ClockAnomaly.BACK), (), AgePolicy(clock=clock))


OLD = replace(CARD, list_freshness=AGEING)
FACELESS = replace(OLD, face=None)
STEP, STAFF = AgeAction.STEP_UP, AgeAction.STAFF

# A card at a door with a trust state: the objection to the card, and the movements of the head.
LADDER: dict[str, tuple[VerifiedCard, DoorPolicy, TrustState, Reason | None, int]] = {
    "ageing lists pass": (OLD, ABLE, FIRM, None, 0),
    "ageing lists that step up": (OLD, ABLE, lists(STEP), None, 1),
    "fresh lists do not step up": (CARD, ABLE, lists(STEP), None, 0),
    "ageing lists for staff": (OLD, ABLE, lists(STAFF), Reason.STATUS_STALE, 1),
    "a door that cannot step up calls staff": (OLD, POLICY, lists(STEP), Reason.STATUS_STALE, 1),
    "a card without a face calls staff": (FACELESS, OPEN, lists(STEP), Reason.STATUS_STALE, 1),
    "a step-up compares a face at a door without faces": (OLD, OPEN, lists(STEP), None, 1),
    "a door with more movements than a step-up": (OLD, replace(ABLE, prompts=3), lists(STEP), None, 3),
    "old keys": (CARD, ABLE, standing(TrustInput.KEYS, STAFF), Reason.TRUST_STALE, 1),
    "an old policy": (CARD, ABLE, standing(TrustInput.POLICY, STAFF), Reason.TRUST_STALE, 1),
    "no signed time": (CARD, ABLE, standing(TrustInput.TIME, STAFF), Reason.TRUST_STALE, 1),
    "ageing keys that step up": (CARD, ABLE, standing(TrustInput.KEYS, STEP), None, 1),
    "ageing keys that pass": (CARD, ABLE, standing(TrustInput.KEYS, AgeAction.PASS), None, 0),
    "a clock in doubt": (CARD, ABLE, doubted(STAFF), Reason.CLOCK_UNTRUSTED, 1),
    "a clock in doubt that steps up": (CARD, ABLE, doubted(STEP), None, 1),
    "a clock in doubt at a door that cannot step up": (CARD, POLICY, doubted(STEP), Reason.CLOCK_UNTRUSTED, 1),
    "the wrong door comes before old lists": (
        replace(OLD, scope=("tower-2",)), ABLE, lists(STAFF), Reason.DOOR_NOT_PERMITTED, 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LADDER)
def test_an_old_trust_input_steps_up_or_calls_staff(case: str) -> None:
    card, policy, trust_state, reason, prompts = LADDER[case]
    assert judge_card(card, policy, trust_state) == (Deny(reason) if reason else None)
    assert needs_prompts(card, policy, trust_state) == prompts
    decision = decide(card, MATCH, policy, trust_state)
    assert decision == (Deny(reason) if reason else Grant(3_000))


@pytest.mark.parametrize("trust_state", [lists(STEP), doubted(STEP), standing(TrustInput.TIME, STEP)])
@pytest.mark.parametrize("rule", FaceRule)
def test_a_step_up_is_never_granted_without_a_face(trust_state: TrustState, rule: FaceRule) -> None:
    policy = replace(ABLE, face=rule)
    assert needs_face(OLD, policy, trust_state)
    assert decide(OLD, None, policy, trust_state) == Deny(Reason.FACE_ABSENT)


@given(st.sampled_from(Freshness), st.sampled_from(AgeAction), st.sampled_from(AgeAction), st.booleans())
def test_a_stricter_age_policy_never_grants_what_a_laxer_one_denies(
    freshness: Freshness, ageing: AgeAction, stale: AgeAction, able: bool
) -> None:
    card, policy = replace(CARD, list_freshness=freshness), replace(POLICY, can_step_up=able)
    trust_state = replace(FIRM, age_policy=AgePolicy(status=AgeRule(Budgets(), ageing, stale)))
    laxest = replace(FIRM, age_policy=AgePolicy(status=AgeRule(Budgets(), AgeAction.PASS, AgeAction.PASS)))
    if isinstance(decide(card, MATCH, policy, trust_state), Grant):
        assert isinstance(decide(card, MATCH, policy, laxest), Grant)


# -- the door's own policy under the signed one of its site ------------------------------------------------

WRITTEN = SitePolicy("2", "tower-1", NOW, min_assurance=2, face="if-bound", prompts=1)
UNDER = {
    "no signed policy": (POLICY, None, POLICY),
    "the site is stricter": (
        replace(POLICY, face=FaceRule.NONE), WRITTEN,
        replace(POLICY, face=FaceRule.IF_BOUND, min_assurance=2, prompts=1),
    ),
    "the door is stricter": (
        replace(POLICY, min_assurance=3, prompts=4), WRITTEN, replace(POLICY, min_assurance=3, prompts=4),
    ),
    "a site without a face rule": (
        replace(POLICY, face=FaceRule.NONE), replace(WRITTEN, face=None, min_assurance=0, prompts=0),
        replace(POLICY, face=FaceRule.NONE),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("door", "written", "both"), UNDER.values(), ids=UNDER)
def test_the_stricter_of_door_and_site_holds(
    door: DoorPolicy, written: SitePolicy | None, both: DoorPolicy
) -> None:
    assert door.under(written) == both


def test_an_unknown_rule_stays_the_strictest() -> None:
    odd = replace(POLICY, face="sometimes")
    assert odd.under(WRITTEN).face == "sometimes"


def test_the_policy_of_another_site_is_a_fault() -> None:
    with pytest.raises(TrustFault, match="tower-2"):
        POLICY.under(replace(WRITTEN, site="tower-2"))
