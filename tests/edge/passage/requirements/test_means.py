"""Factors that a door can ask a holder for, and staff in place of each other one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds.passage_site import ScriptedVenue, SimBoard
from worlds.trust import verified_card

from edge.card.claims import Card, TemplateReference
from edge.decision import Reason
from edge.passage.requirements.means import Means, possible
from edge.passage.requirements.request_display import RequestDisplay
from edge.policy.obligations import Factor, Obligation, Obligations, StaffNotice
from edge.policy.pin import Pin, verifier

WITHOUT_FACE = verified_card(face=None)
WITH_FACE = replace(WITHOUT_FACE, face=TemplateReference(101, "sim", b"t"))
HAS_PIN = Obligations(pin=Pin(verifier("271828")))
SCREEN = RequestDisplay(SimBoard(), lambda _, nonce: nonce.hex(), lambda: bytes(8))
COMPLETE = Means(keypad=True, display=SCREEN, host=ScriptedVenue())

ABLE: dict[str, tuple[Means, Card, Obligations, bool, set[Factor]]] = {
    "a complete door": (COMPLETE, WITH_FACE, HAS_PIN, True, {Factor.CHALLENGE, Factor.NONCE, Factor.PIN, Factor.HOST}),
    "a card without a face": (COMPLETE, WITHOUT_FACE, HAS_PIN, True, {Factor.NONCE, Factor.PIN, Factor.HOST}),
    "a door that compares no face": (COMPLETE, WITH_FACE, HAS_PIN, False, {Factor.NONCE, Factor.PIN, Factor.HOST}),
    "a person who does not take part in the comparison": (
        COMPLETE,
        WITH_FACE,
        replace(HAS_PIN, notices=frozenset({StaffNotice.NO_FACE})),
        True,
        {Factor.NONCE, Factor.PIN, Factor.HOST},
    ),
    "a person without a PIN": (COMPLETE, WITH_FACE, Obligations(), True, {Factor.CHALLENGE, Factor.NONCE, Factor.HOST}),
    "no keypad": (replace(COMPLETE, keypad=False), WITH_FACE, HAS_PIN, True, {Factor.CHALLENGE, Factor.NONCE, Factor.HOST}),
    "no screen": (replace(COMPLETE, display=None), WITH_FACE, HAS_PIN, True, {Factor.CHALLENGE, Factor.PIN, Factor.HOST}),
    "no host": (replace(COMPLETE, host=None), WITH_FACE, HAS_PIN, True, {Factor.CHALLENGE, Factor.NONCE, Factor.PIN}),
    "a camera alone, and a card without a face": (Means(), WITHOUT_FACE, Obligations(), True, set()),
}  # fmt: skip


@pytest.mark.parametrize("case", ABLE)
def test_a_door_asks_only_for_factors_that_it_and_the_holder_have(case: str) -> None:
    means, card, obligations, compares, able = ABLE[case]
    assert means.able(card, obligations, compares=compares) == able | {Factor.DOCUMENT}


@pytest.mark.parametrize("factor", Factor)
def test_staff_decide_in_place_of_a_factor_that_cannot_be_asked_for(factor: Factor) -> None:
    asked = Obligations((Obligation(factor, Reason.RISK_HIGH),))
    kept = possible(asked, {factor}).required
    assert [item.factor for item in kept] == [factor]
    given = factor if factor in (Factor.STAFF, Factor.COMPANION) else Factor.STAFF
    assert possible(asked, frozenset()).required == (Obligation(given, Reason.RISK_HIGH),)


def test_a_door_has_no_keypad_unless_it_says_so() -> None:
    assert Factor.PIN not in Means().able(WITH_FACE, HAS_PIN, compares=True)
