"""Arrays of a card and of its code: one item less or more than the format allows is refused."""

from __future__ import annotations

from collections.abc import Callable

import base45
import cbor2
import pytest
from samples.cards import HOLDER_SEED, ISSUER_SEED, NOW, ordinary

from edge.card import cbor, cose, ecard
from edge.card import numbers as n
from edge.card.attributes import Attribute, Disclosure
from edge.card.claims import Document, SealedReference, TemplateReference
from edge.card.code import parse_code
from edge.card.encode import sign_card, sign_presentation
from edge.decision import Reason
from edge.errors import Refused

ADA = Disclosure(b"salt" * 4, "Ada", Attribute.GIVEN_NAME)
PLAIN = ordinary(
    documents=(Document(7, b"document", 20_700, 600),), scope=("tower-1",), redacted=(ADA.digest(),)
)
SEALED = ordinary(face=SealedReference(b"h" * 16, b"k" * 16))
Arrays = Callable[[dict[int, list]], list]
# The array of a field, and the least and the most items that it may have.
IN_CARD: dict[str, tuple[object, Arrays, int, int]] = {
    "sealed template": (SEALED, lambda body: body[n.CLAIM_SEALED_FACE], 2, 2),
    "templates": (PLAIN, lambda body: body[n.CLAIM_169][n.FACE_TEMPLATES], 1, 1),
    "document": (PLAIN, lambda body: body[n.CLAIM_DOCUMENTS][0], 4, 4),
    "documents": (PLAIN, lambda body: body[n.CLAIM_DOCUMENTS], 1, n.MAX_DOCUMENTS),
    "scope": (PLAIN, lambda body: body[n.CLAIM_SCOPE], 1, n.MAX_SITES),
    "redacted": (PLAIN, lambda body: body[n.CLAIM_REDACTED], 1, n.MAX_DIGESTS),
}


def resized(items: list, count: int) -> None:
    """Make `items` this long in place: the last item is repeated, or digests that follow it."""
    last = items[-1]
    more = (
        [(int.from_bytes(last) + k).to_bytes(len(last)) for k in range(1, count + 1)]
        if (isinstance(last, bytes))
        else [last] * count
    )
    items[:] = (items + more)[:count]


def outcome(read: Callable[[], object]) -> Reason | None:
    """The refusal, or None. Any exception but ours fails the test."""
    try:
        read()
    except Refused as refused:
        return refused.reason
    return None


def read_card(claims: object, array: Arrays, count: int) -> Reason | None:
    envelope = cbor2.loads(sign_card(claims, ISSUER_SEED))
    body = cbor2.loads(envelope.value[2])
    resized(array(body), count)
    signed = cose.sign(cbor2.loads(envelope.value[0]), body, ISSUER_SEED)
    return outcome(lambda: ecard.decode_card(cbor.decode(signed, limit=9_000)))


@pytest.mark.parametrize("name", IN_CARD)
def test_an_array_of_a_card_has_no_item_less_or_more(name: str) -> None:
    claims, array, least, most = IN_CARD[name]
    lengths = [least - 1, least, most, most + 1]
    bad = Reason.CARD_MALFORMED
    assert [read_card(claims, array, count) for count in lengths] == [bad, None, None, bad]


HEADERS = {  # a changed header of a code, then of a card: neither is a signature of the other kind
    "another algorithm": {n.HEADER_ALG: -7},
    "the type of a card or a code": {n.HEADER_TYP: 1},
    "no algorithm": {n.HEADER_ALG: None},
}


@pytest.mark.parametrize("changes", HEADERS.values(), ids=HEADERS)
def test_a_code_and_its_card_name_their_algorithm_and_type(changes: dict[int, object]) -> None:
    text = sign_presentation(sign_card(PLAIN, ISSUER_SEED), HOLDER_SEED, iat=NOW)
    outer = cbor2.loads(parse_code(text).payload)
    header, body = cbor2.loads(outer.value[0]), cbor2.loads(outer.value[2])

    def read(header: dict[int, object]) -> Reason | None:
        signed = n.PREFIX + base45.b45encode(cose.sign(header, body, HOLDER_SEED)).decode()
        return outcome(lambda: ecard.decode(parse_code(signed)))

    card = header[n.HEADER_KCWT]
    inner, claims = cbor2.loads(card.value[0]), cbor2.loads(card.value[2])
    other = {n.HEADER_TYP: n.TYP_CARD} if n.HEADER_TYP in changes else changes
    other_card = {n.HEADER_TYP: n.TYP_PRESENTATION} if n.HEADER_TYP in changes else changes
    assert read(header) is None
    assert read(header | other) is Reason.CARD_MALFORMED
    wrong = cose.envelope(inner | other_card, claims, ISSUER_SEED)
    assert read(header | {n.HEADER_KCWT: wrong}) is Reason.CARD_MALFORMED


def read_code(disclosures: list, card: bytes | None = None) -> Reason | None:
    text = sign_presentation(card or sign_card(PLAIN, ISSUER_SEED), HOLDER_SEED, iat=NOW)
    envelope = cbor2.loads(parse_code(text).payload)
    body = cbor2.loads(envelope.value[2]) | {n.CLAIM_DISCLOSED: disclosures}
    header = cbor2.loads(envelope.value[0])
    signed = n.PREFIX + base45.b45encode(cose.sign(header, body, HOLDER_SEED)).decode()
    return outcome(lambda: ecard.decode(parse_code(signed)))


@pytest.mark.parametrize("length", [0, 1, 2, 4, 5])
def test_a_disclosure_has_three_items(length: int) -> None:
    items = [*ecard.disclosure_array(ADA), 0, 0]
    assert read_code([items[:3]]) is None
    assert read_code([items[:length]]) is Reason.CARD_MALFORMED


def test_an_attribute_has_a_number_from_one_on() -> None:
    salt, value, _ = ecard.disclosure_array(ADA)
    for number in (0, n.ATTRIBUTES + 1):
        assert read_code([[salt, value, number]]) is Reason.CARD_MALFORMED


def test_disclosures_ascend_by_the_numbers_of_their_attributes() -> None:
    two = [ADA, Disclosure(b"pepp" * 4, "Lovelace", Attribute.FAMILY_NAME)]
    two.sort(key=lambda each: ecard.NUMBERS[each.attribute])
    redacted = tuple(sorted(each.digest() for each in two))
    card = sign_card(ordinary(redacted=redacted), ISSUER_SEED)
    first, second = map(ecard.disclosure_array, two)
    assert read_code([first, second], card) is None
    assert read_code([second, first], card) is Reason.CARD_MALFORMED
    assert read_code([first, first], card) is Reason.CARD_MALFORMED


TEMPLATES = {  # a changed field of a template, and whether it is one
    "one byte of data": ({n.TEMPLATE_DATA: b"x"}, True),
    "no data": ({n.TEMPLATE_DATA: b""}, False),
    "a picture": ({n.TEMPLATE_KIND: n.KIND_TEMPLATE + 1}, False),
}


@pytest.mark.parametrize(("changes", "good"), TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_is_of_its_kind_and_has_data(changes: dict[int, object], *, good: bool) -> None:
    whole = ecard.template_map(TemplateReference(101, "mfn1", bytes(64))) | changes
    assert outcome(lambda: ecard.read_template(whole)) is (None if good else Reason.CARD_MALFORMED)


def test_a_list_of_disclosures_has_at_least_one_and_at_most_one_of_each_attribute() -> None:
    one = ecard.disclosure_array(ADA)
    assert read_code([one]) is None
    assert read_code([]) is Reason.CARD_MALFORMED
    assert read_code([one] * (n.ATTRIBUTES + 1)) is Reason.CARD_MALFORMED
