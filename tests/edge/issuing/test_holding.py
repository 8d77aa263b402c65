"""What a wallet keeps, shows and refuses."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from office import HOLDER, NOW, enrolment, new_issuer

from edge.card import cbor
from edge.card.code import parse_code
from edge.card.ecard import decode
from edge.errors import InputError
from edge.issuing.wallet import MAX_WALLET_BYTES, ROTATION, Wallet
from edge.trust.clock import TOKEN_LIFE


@pytest.fixture(scope="module")
def wallet() -> Wallet:
    return Wallet(HOLDER, new_issuer().enrol(enrolment(), now=NOW).card)


def test_wallet_comes_back_from_its_file(wallet):
    assert Wallet.from_bytes(wallet.to_bytes()) == wallet
    assert Wallet.from_bytes(Wallet(HOLDER).to_bytes()) == Wallet(HOLDER)


def test_wallet_tells_nobody_its_key(wallet):
    assert repr(wallet) == "Wallet()"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not a wallet"),
        (b"\x00" * 10, "not a wallet"),
        (cbor.encode([2, HOLDER, b""]), "this version"),
        (cbor.encode([1, HOLDER[:31], b""]), "this version"),
        (cbor.encode([1, HOLDER, "card"]), "this version"),
        (cbor.encode({1: HOLDER}), "this version"),
        (cbor.encode([1, HOLDER, b"x" * MAX_WALLET_BYTES]), "not a wallet"),
    ],
)
def test_file_that_is_no_wallet_is_refused_with_a_hint(data, complaint):
    with pytest.raises(InputError, match=complaint) as caught:
        Wallet.from_bytes(data)
    assert caught.value.hint


@given(st.binary(max_size=200))
def test_bytes_are_a_wallet_or_an_input_error(data):
    with suppress(InputError):
        assert Wallet.from_bytes(data).to_bytes() == data


def test_wallet_takes_only_a_card_for_its_own_key(wallet):
    assert Wallet(HOLDER).with_card(wallet.card) == wallet
    with pytest.raises(InputError, match="another key"):
        Wallet(b"o" * 32).with_card(wallet.card)
    with pytest.raises(InputError, match="not a card"):
        Wallet(HOLDER).with_card(b"\x00")


@pytest.mark.parametrize("use", [Wallet.claims, lambda wallet: wallet.code(NOW)])
def test_wallet_without_a_card_says_how_to_get_one(use):
    with pytest.raises(InputError, match="no card in this wallet") as caught:
        use(Wallet(HOLDER))
    assert "accept" in caught.value.hint


def test_code_is_signed_at_the_moment_it_is_made_for_whom_it_was_asked(wallet):
    code = wallet.code(NOW + timedelta(milliseconds=900), aud="tower-1/lobby", cnonce=b"12345678")
    shown = decode(parse_code(code)).presentation
    assert shown.presented_at == NOW
    assert shown.audience == "tower-1/lobby"
    assert shown.nonce == b"12345678"


def test_every_second_has_its_own_code_and_it_outlives_the_rotation(wallet):
    codes = {wallet.code(NOW + timedelta(seconds=second)) for second in range(5)}
    assert len(codes) == 5
    assert ROTATION < TOKEN_LIFE


@pytest.mark.parametrize(
    "changes", [{"aud": "a b"}, {"aud": "x" * 65}, {"cnonce": b"1234567"}, {"cnonce": bytes(17)}]
)
def test_code_that_a_door_would_call_malformed_is_never_made(wallet, changes):
    with pytest.raises(InputError, match="does not make a code"):
        wallet.code(NOW, **changes)
