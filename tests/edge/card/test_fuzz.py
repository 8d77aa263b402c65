"""Hostile codes: any code is accepted or refused, and nothing else ever happens."""

from __future__ import annotations

from dataclasses import replace

import base45
import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.cards import HOLDER_SEED, ISSUER_SEED, LIST_SIZE, NOW, URI, claims, fits, ordinary

from edge.card import cose, ecard
from edge.card.attributes import Attribute, Disclosure
from edge.card.claims import Card, CardContent, Document, StatusPointer
from edge.card.code import parse_code
from edge.card.encode import sign_card, sign_presentation
from edge.card.person import Person
from edge.decision import Reason
from edge.errors import Refused
from edge.trust.scope import ANYWHERE, IssuerKey, Scope
from edge.trust.snapshot import TrustSnapshot
from edge.trust.status.status import StatusList
from edge.trust.verify import VerificationContext, verify

KEY = cose.public_key(ISSUER_SEED)
EVERYWHERE = Scope((ANYWHERE,), (ANYWHERE,), (ANYWHERE,))
FROM, UNTIL = NOW.replace(year=2020), NOW.replace(year=2040)
ISSUER = IssuerKey(cose.kid_of(KEY), "CN-GD", KEY, EVERYWHERE, FROM, UNTIL, FROM)
NONE_SET = bytes((LIST_SIZE + 7) // 8)
TRUST = TrustSnapshot.of(
    [ISSUER], {(ISSUER.kid, URI): StatusList(LIST_SIZE, NONE_SET, NONE_SET, FROM, UNTIL)}
)
GATE = VerificationContext(site="tower-1/lobby")

ADA = Disclosure(b"salt" * 4, "Ada", Attribute.GIVEN_NAME)
FULL = ordinary(
    subject="pairwise",
    documents=(Document(7, b"document", 20_700, 600),),
    scope=("tower-1",),
    assurance=2,
    status=StatusPointer(URI, 7),
    redacted=tuple(sorted((ADA.digest(), b"a decoy of digest"[:16]))),
)
TEXT = sign_presentation(sign_card(FULL, ISSUER_SEED), HOLDER_SEED, iat=NOW, disclosures=[ADA])
BYTES = parse_code(TEXT).payload
OTHER = parse_code(
    sign_presentation(sign_card(ordinary(card_id=b"card0002"), ISSUER_SEED), HOLDER_SEED, iat=NOW)
).payload


def outcome(text: str) -> Card | Reason:
    try:
        return verify(ecard.decode(parse_code(text)), TRUST, now=NOW, context=GATE)
    except Refused as refused:
        return refused.reason


def text_of(payload: bytes) -> str:
    return "EC1:" + base45.b45encode(payload).decode()


def test_the_seed_of_these_tests_is_a_good_code():
    assert isinstance(outcome(TEXT), Card)
    assert isinstance(outcome(text_of(OTHER)), Card)


@given(st.text(max_size=400))
def test_fuzz_any_text_is_refused(text):
    assert outcome(text) in {Reason.CODE_UNREADABLE, Reason.CODE_FOREIGN, Reason.CARD_MALFORMED}


@given(st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=400))
def test_fuzz_any_base45_is_refused(body):
    assert outcome("EC1:" + body) in {Reason.CODE_UNREADABLE, Reason.CARD_MALFORMED}


@given(st.binary(max_size=400))
def test_fuzz_any_bytes_are_refused(payload):
    assert outcome(text_of(payload)) is Reason.CARD_MALFORMED


def test_fuzz_every_bit_of_a_code_matters():
    for at in range(8 * len(BYTES)):
        changed = bytearray(BYTES)
        changed[at // 8] ^= 1 << at % 8
        assert isinstance(outcome(text_of(bytes(changed))), Reason), f"bit {at}"


def test_fuzz_every_truncation_is_refused():
    assert {outcome(text_of(BYTES[:size])) for size in range(len(BYTES))} == {Reason.CARD_MALFORMED}


@pytest.mark.parametrize("at", range(0, len(TEXT), 7))
def test_fuzz_a_lost_character_is_refused(at):
    assert isinstance(outcome(TEXT[:at] + TEXT[at + 1 :]), Reason)


@given(st.integers(0, len(BYTES)), st.integers(0, len(OTHER)))
def test_fuzz_two_good_codes_spliced_are_refused(cut, join):
    spliced = BYTES[:cut] + OTHER[join:]
    got = outcome(text_of(spliced))
    assert isinstance(got, Reason) or spliced in {BYTES, OTHER}


@given(st.integers(0, len(BYTES)), st.binary(min_size=1, max_size=12), st.integers(0, 12))
def test_fuzz_bytes_put_in_or_over_are_refused(at, inserted, over):
    changed = BYTES[:at] + inserted + BYTES[at + over :]
    assert isinstance(outcome(text_of(changed)), Reason) or changed == BYTES


# Values that CBOR can say and a format like ours can be attacked with.
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.binary(max_size=40)
    | st.text(max_size=20)
    | st.builds(cbor2.CBORSimpleValue, st.integers(32, 255)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-70_000, 70_000) | st.text(max_size=12), inner, max_size=4)
        | st.builds(cbor2.CBORTag, st.sampled_from([0, 1, 2, 18, 28, 29, 35, 61, 98, 258, 65_536]), inner)
    ),
    max_leaves=12,
)


@given(anything)
def test_fuzz_any_cbor_is_refused(value):
    assert isinstance(outcome(text_of(cbor2.dumps(value))), Reason)


KEYS = [1, 2, 4, 5, 6, 7, 8, 39, 62, 169, 65535, -65537, -65538, -65539, -65540, -65543, 10, "iss"]


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from(KEYS), anything, max_size=3), st.lists(st.sampled_from(KEYS), max_size=2)
)
def test_fuzz_signed_claims_of_any_kind_are_accepted_or_refused(edits, dropped):
    """A dishonest issuer that this device trusts signs any claims."""
    card = cbor2.loads(sign_card(FULL, ISSUER_SEED))
    claimed = cbor2.loads(card.value[2]) | edits
    for key in dropped:
        claimed.pop(key, None)
    header = {1: -8, 4: ISSUER.kid, 16: 293}
    inner = cose.envelope(header, claimed, ISSUER_SEED)
    text = text_of(cose.sign({1: -8, 13: inner, 16: 294}, {6: int(NOW.timestamp())}, HOLDER_SEED))
    got = outcome(text)
    assert isinstance(got, (Card, Reason))


@given(anything, anything)
def test_fuzz_signed_presentations_of_any_kind_are_accepted_or_refused(header, payload):
    """A dishonest holder signs any presentation of a good card."""
    card = cbor2.loads(sign_card(FULL, ISSUER_SEED))
    good = {1: -8, 13: card, 16: 294}
    for protected, body in ((good, payload), (header, {6: int(NOW.timestamp())})):
        text = text_of(cose.sign(protected, body, HOLDER_SEED))
        assert isinstance(outcome(text), (Card, Reason))


@given(anything)
def test_fuzz_disclosures_of_any_kind_are_refused(claim):
    """A dishonest holder discloses any value."""
    card = cbor2.loads(sign_card(FULL, ISSUER_SEED))
    body = {6: int(NOW.timestamp()), -65544: claim}
    assert outcome(text_of(cose.sign({1: -8, 13: card, 16: 294}, body, HOLDER_SEED))) is Reason.CARD_MALFORMED


@given(claims.filter(fits))
def test_honest_cards_verify_whatever_else_they_say(issued):
    issued = replace(issued, issuer="CN-GD")
    card = outcome(sign_presentation(sign_card(issued, ISSUER_SEED), HOLDER_SEED, iat=NOW))
    assert isinstance(card, Card)
    assert card.person == Person(issued.issuer, issued.card_id if issued.subject is None else issued.subject)
    assert all(getattr(card, name) == getattr(issued, name) for name in CardContent.__slots__)
