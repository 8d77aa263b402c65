"""Attributes that a holder may disclose: spelling, digests, and the refusal of all else."""

from __future__ import annotations

import unicodedata

import cbor2
import pytest
from conftest import shared
from hypothesis import given
from hypothesis import strategies as st
from samples.cards import HOLDER_SEED, ISSUER_SEED, NOW, ordinary

from edge.card import ecard
from edge.card import numbers as n
from edge.card.attributes import BY_NUMBER, NUMBERS, Attribute, Disclosure, check_value, digest
from edge.card.code import parse_code
from edge.card.encode import sign_card, sign_presentation
from edge.decision import Reason
from edge.errors import InputError, Refused

FREE = (Attribute.FAMILY_NAME, Attribute.GIVEN_NAME, Attribute.DOCUMENT_ISSUER, Attribute.ADDRESS)
SPELLED = {
    Attribute.BIRTH_DATE: "1815-12-10",
    Attribute.EXPIRY: "2031-05-04",
    Attribute.NATIONALITY: "GBR",
    Attribute.DOCUMENT_TYPE: "id-card",
    Attribute.DOCUMENT_NUMBER: "K1234567",
    Attribute.BOOKING: "HL-2026/0611",
    Attribute.PATRON: "21700012345678",
}
names = (
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(lambda text: len(text.encode()) <= n.MAX_VALUE_BYTES)
)
disclosures = st.dictionaries(st.sampled_from(FREE), names, max_size=4).flatmap(
    lambda told: st.lists(
        st.binary(min_size=16, max_size=16), min_size=len(told), max_size=len(told), unique=True
    ).map(lambda salts: [Disclosure(salt, told[key], key) for salt, key in zip(salts, told, strict=True)])
)


@pytest.mark.parametrize("attribute", [Attribute.BIRTH_DATE, Attribute.EXPIRY])
def test_a_date_is_one_of_the_calendar(attribute):
    assert check_value(attribute, "2028-02-29") == "2028-02-29"
    with pytest.raises(Refused, match="calendar"):
        check_value(attribute, "2027-02-29")


def card_with(made) -> bytes:
    return sign_card(ordinary(redacted=tuple(sorted(each.digest() for each in made))), ISSUER_SEED)


def test_every_attribute_has_a_number_of_its_own():
    assert sorted(NUMBERS.values()) == list(range(1, n.ATTRIBUTES + 1))
    assert {NUMBERS[attribute]: attribute for attribute in Attribute} == BY_NUMBER


@given(disclosures, st.randoms(use_true_random=False))
def test_disclosed_attributes_are_read_back(made, chance):
    chosen = [each for each in made if chance.random() < 0.7]
    chance.shuffle(chosen)
    text = sign_presentation(card_with(made), HOLDER_SEED, iat=NOW, disclosures=chosen)
    told = ecard.decode(parse_code(text)).presentation.disclosures
    assert sorted(told, key=lambda each: NUMBERS[each.attribute]) == list(told)
    assert set(told) == set(chosen)


@given(disclosures.filter(bool))
def test_an_attribute_without_a_digest_in_the_card_makes_no_code(made):
    with pytest.raises(InputError, match="no digest of it is in the card"):
        sign_presentation(card_with(made[1:]), HOLDER_SEED, iat=NOW, disclosures=made[:1])


def test_the_repr_of_a_code_hides_its_disclosures():
    told = Disclosure(b"s" * 16, "Lovelace", Attribute.FAMILY_NAME)
    text = sign_presentation(card_with([told]), HOLDER_SEED, iat=NOW, disclosures=[told])
    signed = ecard.decode(parse_code(text))
    assert "Lovelace" not in repr(signed) + repr(signed.presentation) + repr(told)


def test_another_salt_or_attribute_gives_another_digest():
    made = {
        Disclosure(salt, "Ada", attribute).digest()
        for salt in (b"a" * 16, b"b" * 16)
        for attribute in (Attribute.GIVEN_NAME, Attribute.FAMILY_NAME)
    }
    assert len(made) == 4


@pytest.mark.parametrize(("attribute", "value"), SPELLED.items())
def test_a_value_that_machines_compare_has_one_spelling(attribute, value):
    assert check_value(attribute, value) == value
    for other in (f"{value} ", f" {value}", value.swapcase(), f"{value}\u00e9", f"{value} {value}"):
        if attribute in {Attribute.BOOKING, Attribute.PATRON} and other == value.swapcase():
            continue  # ids of other systems: upper and lower case are different
        if other != value:
            with pytest.raises(Refused) as refused:
                check_value(attribute, other)
            assert refused.value.reason is Reason.CARD_MALFORMED


COMPLAINTS = {
    "not a text of 1 to 96 bytes",
    "not in normalisation form C",
    "an invisible character",
    "a space at an end",
    "not in the form of FORMAT.md section 3.4",
    "not a date of the calendar",
}


def complaint(attribute: Attribute, value: object) -> str:
    try:
        return "" if check_value(attribute, value) == value else "changed"
    except Refused as refused:
        return refused.detail


@given(st.sampled_from(Attribute), st.text(max_size=120) | st.integers() | st.none() | st.binary(max_size=4))
def test_fuzz_any_value_is_accepted_unchanged_or_refused_without_quoting_it(attribute, value):
    assert complaint(attribute, value) in {"", *(f"{attribute}: {words}" for words in COMPLAINTS)}


def test_a_digest_is_the_first_half_of_that_of_sd_cwt():
    """Compares with the draft's own example: the redacted claims, and the digests that its issuer signed."""
    binding = cbor2.loads(shared("vectors", "sd_cwt", "kbt.cbor").read_bytes())
    card = cbor2.loads(binding.value[0])[13]
    claims = cbor2.loads(card.value[2])
    signed = claims[cbor2.CBORSimpleValue(59)] + claims[503][cbor2.CBORSimpleValue(59)]
    disclosed = [cbor2.loads(item) for item in card.value[1][17]]
    ours = {digest(*item) for item in disclosed if len(item) == 3}
    assert len(ours) == 2
    assert ours <= {item[: n.DIGEST_BYTES] for item in signed}
