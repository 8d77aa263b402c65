"""What a code answers: the challenge on this gate's screen, and what its holder chose to disclose."""

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
    "no screen, somebody else's nonce": ({}, OTHER, False),
    "what is shown": ({"nonce": SHOWN}, SHOWN, True),
    "nothing, where it is needed": ({"nonce": SHOWN}, None, False),
    "another": ({"nonce": SHOWN}, OTHER, False),
    "what was shown before": ({"nonce": SHOWN, "nonce_before": BEFORE}, BEFORE, True),
    "what was shown before, not any more": ({"nonce": SHOWN}, BEFORE, False),
    "another, with two to choose from": ({"nonce": SHOWN, "nonce_before": BEFORE}, OTHER, False),
    "nothing, where it is offered": ({"nonce": SHOWN, "nonce_needed": False}, None, True),
    "what is offered": ({"nonce": SHOWN, "nonce_needed": False}, SHOWN, True),
    "another than is offered": ({"nonce": SHOWN, "nonce_needed": False}, OTHER, False),
    "another, where nothing is offered yet": ({"nonce_needed": False}, OTHER, False),
}


@pytest.mark.parametrize(("shows", "answered", "good"), ANSWERS.values(), ids=ANSWERS)
def test_a_code_answers_what_this_gate_shows(shows, answered, good):
    got = outcome(replace(GATE, **shows), cnonce=answered)
    assert isinstance(got, Card) if good else got is Reason.CODE_NONCE


def test_a_card_says_what_its_holder_disclosed_and_nothing_else():
    assert outcome(GATE).disclosed == ()
    assert outcome(GATE, disclosures=TOLD[1:]).disclosed == ((Attribute.BIRTH_DATE, "1815-12-10"),)
    both = outcome(GATE, disclosures=TOLD)
    assert dict(both.disclosed) == {told.attribute: told.value for told in TOLD}


def test_what_is_disclosed_shows_in_no_repr():
    card = outcome(GATE, disclosures=TOLD)
    assert "Lovelace" not in repr(card)
    assert "1815" not in repr(card)
