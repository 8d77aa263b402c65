"""A verified card during its passage: the next factor, the movements, and what its repr keeps to itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from worlds.passage_site import LOOKS
from worlds.trust import NOW, TRUST, verified_card

from edge.card.claims import TemplateReference
from edge.decision import Deny, Reason
from edge.face import template
from edge.face.template import TemplateFormat
from edge.passage.face.pad_rule import PadRule
from edge.passage.presented import Presented, TurnedAway
from edge.passage.requirements.visit_rules import Requirements
from edge.policy.decide import DoorPolicy
from edge.policy.obligations import Factor, Obligation, Obligations
from edge.trust.site_policy import age_policy_for
from edge.trust.time.trust_age import trust_state
from edge.trust.time.trusted_clock import TrustedTime

POLICY = DoorPolicy("tower-1", 0.4)
STATE = trust_state(TRUST, TrustedTime(NOW, since_sync=timedelta()), age_policy_for(None, POLICY.lists))
CARD = verified_card(face=TemplateReference(TemplateFormat.INT8_64, "sim", bytes(range(1, 65))))


def presented(*factors: Factor, prompts: int = 0) -> Presented:
    asked = tuple(Obligation(factor, Reason.RISK_HIGH) for factor in factors)
    return Presented(
        CARD, None, POLICY, STATE, PadRule(prompts=prompts), Requirements(Obligations(asked))
    )  # fmt: skip


def test_factors_are_asked_for_in_their_order() -> None:
    visit = presented(Factor.NONCE, Factor.PIN)
    for factor in (Factor.NONCE, Factor.PIN):
        assert visit.missing == Obligation(factor, Reason.RISK_HIGH)
        visit = visit.with_given(factor, Obligations())
    assert visit.missing is None


@pytest.mark.parametrize("factor", [Factor.CHALLENGE, Factor.COMPANION, Factor.STAFF])
def test_no_factor_is_asked_for_before_one_that_the_device_cannot_ask_for(factor: Factor) -> None:
    assert presented(factor, Factor.PIN).missing is None


def test_a_factor_that_is_given_twice_stays_given() -> None:
    once = presented(Factor.PIN).with_given(Factor.PIN, Obligations())
    assert once.with_given(Factor.PIN, Obligations()).given == {Factor.PIN}


@pytest.mark.parametrize("prompts", [0, 1])
@pytest.mark.parametrize("factors", [(), (Factor.CHALLENGE,)])
def test_a_face_is_captured_again_for_movements_that_are_required_and_can_be_asked_for(
    factors: tuple[Factor, ...], prompts: int
) -> None:
    visit = presented(*factors, prompts=prompts)
    assert visit.lacks_challenge is bool(factors)
    assert visit.looks_again is (bool(factors) and bool(prompts))
    assert not visit.with_given(Factor.CHALLENGE, Obligations()).looks_again


def test_no_template_and_no_face_is_in_a_repr() -> None:
    assert isinstance(CARD.face, TemplateReference)
    reference = template.decode(CARD.face.data, fmt=CARD.face.format, model="sim", expected="sim")
    visit = replace(presented(), reference=reference, face=LOOKS["holder"])
    assert "reference=" not in repr(visit)
    assert "face=FaceEvidence" not in repr(visit)
    assert "card=" not in repr(TurnedAway(Deny(Reason.CARD_EXPIRED), CARD))
