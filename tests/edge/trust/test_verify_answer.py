"""Answers of a code: the challenge on this door's screen, and the disclosed attributes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds.trust import GATE, HOLDER, NOW, SEED, TRUST, claims

from edge.card import ecard
from edge.card.attributes import Attribute, Disclosure
from edge.card.claims import Card
from edge.card.code import parse_code
from edge.card.encode import sign_card, sign_presentation
from edge.decision import Reason
from edge.errors import Refused
from edge.trust.verify import verify

SHOWN, BEFORE, OTHER = b"shown---", b"before--", b"other---"
TOLD = (
    Disclosure(b"1" * 16, "Lovelace", Attribute.FAMILY_NAME),
    Disclosure(b"2" * 16, "1815-12-10", Attribute.BIRTH_DATE),
)


def outcome(gate, *, disclosures=(), **showing) -> Card | Reason:
    said = claims(redacted=tuple(sorted(told.digest() for told in TOLD)))
    text = sign_presentation(sign_card(said, SEED), HOLDER, iat=NOW, disclosures=disclosures, **showing)
    try:
        return verify(ecard.decode(parse_code(text)), TRUST, now=NOW, context=gate)
    except Refused as refused:
        return refused.reason


ANSWERS = {
    "no screen, no nonce": ({}, None, True),
    "no screen, the nonce of another door": ({}, OTHER, False),
    "the nonce on the screen": ({"nonce": SHOWN}, SHOWN, True),
    "no nonce, but one is required": ({"nonce": SHOWN}, None, False),
    "another": ({"nonce": SHOWN}, OTHER, False),
    "the nonce before": ({"nonce": SHOWN, "nonce_before": BEFORE}, BEFORE, True),
    "the nonce before, when it has expired": ({"nonce": SHOWN}, BEFORE, False),
    "another nonce than two valid ones": ({"nonce": SHOWN, "nonce_before": BEFORE}, OTHER, False),
    "no nonce, and it is optional": ({"nonce": SHOWN, "nonce_needed": False}, None, True),
    "the optional nonce": ({"nonce": SHOWN, "nonce_needed": False}, SHOWN, True),
    "another than the optional nonce": ({"nonce": SHOWN, "nonce_needed": False}, OTHER, False),
    "no nonce, before the first one is shown": ({"nonce_always": True}, None, False),
    "a nonce, before the first one is shown": ({"nonce_always": True}, SHOWN, False),
    "the nonce that every code needs": ({"nonce_always": True, "nonce": SHOWN}, SHOWN, True),
    "another, before the optional nonce is shown": ({"nonce_needed": False}, OTHER, False),
}


@pytest.mark.parametrize(("shows", "answered", "good"), ANSWERS.values(), ids=ANSWERS)
def test_a_code_answers_the_challenge_of_this_door(shows, answered, good):
    got = outcome(replace(GATE, **shows), cnonce=answered)
    assert isinstance(got, Card) if good else got is Reason.CODE_NONCE


def test_a_card_holds_the_disclosed_attributes_and_no_others():
    assert outcome(GATE).disclosed == ()
    assert outcome(GATE, disclosures=TOLD[1:]).disclosed == ((Attribute.BIRTH_DATE, "1815-12-10"),)
    both = outcome(GATE, disclosures=TOLD)
    assert dict(both.disclosed) == {told.attribute: told.value for told in TOLD}


def test_the_repr_of_a_card_hides_its_disclosures():
    card = outcome(GATE, disclosures=TOLD)
    assert "Lovelace" not in repr(card)
    assert "1815" not in repr(card)
