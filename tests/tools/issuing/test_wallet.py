"""The content of a wallet, its codes, and the files that it refuses."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.office import HOLDER, NOW, enrolment, new_issuer

from edge.card import cbor
from edge.card.attributes import Attribute
from edge.card.code import parse_code
from edge.card.ecard import decode
from edge.errors import InputError
from edge.trust.time.code_window import TOKEN_LIFE
from tools.issuing.wallet import MAX_WALLET_BYTES, ROTATION, Delivery, Wallet


@pytest.fixture(scope="module")
def wallet() -> Wallet:
    return Wallet(HOLDER, new_issuer().enrol(enrolment(), now=NOW).card)


@pytest.fixture(scope="module")
def holding() -> Wallet:
    """A wallet with attributes, and with an authority that certifies venues."""
    office = new_issuer()
    said = {Attribute.FAMILY_NAME: "Lovelace", Attribute.BIRTH_DATE: "1815-12-10"}
    issued = office.enrol(enrolment(attributes=said), now=NOW)
    return Wallet(HOLDER, issued.card, issued.disclosures, (office.authority,))


def test_wallet_is_read_from_its_file(wallet):
    assert Wallet.from_bytes(wallet.to_bytes()) == wallet
    assert Wallet.from_bytes(Wallet(HOLDER).to_bytes()) == Wallet(HOLDER)


def test_wallet_does_not_show_its_key(wallet):
    assert repr(wallet) == "Wallet()"


def test_wallet_and_delivery_do_not_show_attributes(holding):
    delivery = Delivery(holding.card, holding.disclosures, holding.authorities)
    request = enrolment(attributes={Attribute.FAMILY_NAME: "Lovelace"})
    assert "Lovelace" not in repr(holding) + repr(delivery) + repr(request)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not a wallet"),
        (b"\x00" * 10, "not a wallet"),
        (cbor.encode([1, HOLDER, b""]), "this version"),
        (cbor.encode([3, HOLDER, b"", [], []]), "this version"),
        (cbor.encode([2, b"card", [], []]), "this version"),
        (cbor.encode({1: HOLDER}), "this version"),
        (cbor.encode([2, HOLDER[:31], b"", [], []]), "seed"),
        (cbor.encode([2, HOLDER, "card", [], []]), "card"),
        (cbor.encode([2, HOLDER, b"", [[bytes(16), "Ada"]], []]), "disclosure"),
        (cbor.encode([2, HOLDER, b"", [[bytes(16), "Ada ", 2]], []]), "given_name"),
        (cbor.encode([2, HOLDER, b"", [], [["a b", bytes(32)]]]), "authority"),
        (cbor.encode([2, HOLDER, b"", [], [["a", bytes(31)]]]), "authority's key"),
        (cbor.encode([2, HOLDER, b"x" * MAX_WALLET_BYTES, [], []]), "not a wallet"),
    ],
)
def test_file_that_is_not_a_wallet_is_refused_with_a_hint(data, complaint):
    with pytest.raises(InputError, match=complaint) as caught:
        Wallet.from_bytes(data)
    assert caught.value.hint


@given(st.binary(max_size=200))
def test_bytes_are_a_wallet_or_an_input_error(data):
    with suppress(InputError):
        assert Wallet.from_bytes(data).to_bytes() == data


def test_wallet_accepts_only_a_card_for_its_own_key(wallet):
    assert Wallet(HOLDER).with_card(wallet.card) == wallet
    with pytest.raises(InputError, match="another key"):
        Wallet(b"o" * 32).with_card(wallet.card)
    with pytest.raises(InputError, match="not a card"):
        Wallet(HOLDER).with_card(b"\x00")


def test_wallet_accepts_only_attributes_of_the_card(wallet, holding):
    with pytest.raises(InputError, match="not of this card"):
        Wallet(HOLDER).accept(Delivery(wallet.card, holding.disclosures))


def test_delivery_is_read_from_its_file_and_may_be_only_a_card(wallet, holding):
    delivery = Delivery(holding.card, holding.disclosures, holding.authorities)
    assert Delivery.from_bytes(delivery.to_bytes()) == delivery
    assert Wallet(HOLDER).accept(delivery) == holding
    assert Delivery.from_bytes(wallet.card) == Delivery(wallet.card)
    assert Wallet.from_bytes(holding.to_bytes()) == holding


@given(st.binary(max_size=200))
def test_fuzz_bytes_are_a_delivery_or_an_input_error(data):
    with suppress(InputError):
        assert data in {Delivery.from_bytes(data).to_bytes(), Delivery.from_bytes(data).card}


def test_wallet_discloses_only_the_chosen_attributes(holding):
    assert decode(parse_code(holding.code(NOW))).presentation.disclosures == ()
    chosen = {Attribute.BIRTH_DATE}
    (told,) = decode(parse_code(holding.code(NOW, disclose=chosen))).presentation.disclosures
    assert (told.attribute, told.value) == (Attribute.BIRTH_DATE, "1815-12-10")
    with pytest.raises(InputError, match="has no such attribute"):
        holding.code(NOW, disclose={Attribute.ADDRESS})


def test_cards_do_not_show_the_number_of_their_attributes():
    office = new_issuer()
    many = dict.fromkeys((Attribute.GIVEN_NAME, Attribute.FAMILY_NAME, Attribute.ADDRESS), "Ada")
    few = {Attribute.GIVEN_NAME: "Ada"}
    cards = [office.enrol(enrolment(attributes=said), now=NOW) for said in (many, few)]
    digests = [Wallet(HOLDER, issued.card).claims().redacted for issued in cards]
    assert [len(each) for each in digests] == [8, 8]
    assert len({len(issued.card) for issued in cards}) == 1
    assert not set(digests[0]) & set(digests[1])
    everything = dict.fromkeys(Attribute, "x") | {
        Attribute.BIRTH_DATE: "1815-12-10",
        Attribute.EXPIRY: "2031-05-04",
        Attribute.NATIONALITY: "GBR",
        Attribute.DOCUMENT_NUMBER: "K1",
    }
    card = office.enrol(enrolment(attributes=everything), now=NOW).card
    assert len(Wallet(HOLDER, card).claims().redacted) == 12


def test_issuer_signs_no_attribute_that_a_verifier_refuses():
    office = new_issuer()
    with pytest.raises(InputError, match="not an attribute: birth_date") as caught:
        office.enrol(enrolment(attributes={Attribute.BIRTH_DATE: "10.12.1815"}), now=NOW)
    assert caught.value.hint
    assert "1815" not in str(caught.value)


@pytest.mark.parametrize("use", [Wallet.claims, lambda wallet: wallet.code(NOW)])
def test_wallet_without_a_card_has_a_hint(use):
    with pytest.raises(InputError, match="has no card yet") as caught:
        use(Wallet(HOLDER))
    assert "accept" in caught.value.hint


def test_code_has_the_time_and_the_audience_of_its_call(wallet):
    code = wallet.code(NOW + timedelta(milliseconds=900), aud="tower-1/lobby", cnonce=b"12345678")
    shown = decode(parse_code(code)).presentation
    assert shown.presented_at == NOW
    assert shown.audience == "tower-1/lobby"
    assert shown.nonce == b"12345678"


def test_every_second_has_its_own_code_that_is_valid_after_the_next_one(wallet):
    codes = {wallet.code(NOW + timedelta(seconds=second)) for second in range(5)}
    assert len(codes) == 5
    assert ROTATION < TOKEN_LIFE


@pytest.mark.parametrize(
    "changes", [{"aud": "a b"}, {"aud": "x" * 65}, {"cnonce": b"1234567"}, {"cnonce": bytes(17)}]
)
def test_malformed_code_is_never_made(wallet, changes):
    with pytest.raises(InputError, match="does not make a code"):
        wallet.code(NOW, **changes)
