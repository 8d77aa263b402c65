from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.cards import HOLDER_SEED, ISSUER_SEED, NOW, claims, fits, ordinary, sites, words

from edge.card import cbor, ecard
from edge.card.claims import StatusPointer, TemplateReference
from edge.card.code import parse_code
from edge.card.encode import sign_card, sign_presentation
from edge.card.numbers import MAX_CODE_CHARS
from edge.errors import InputError


@given(
    claims.filter(fits),
    st.none() | sites,
    st.none() | st.binary(min_size=8, max_size=16),
    st.integers(-3_600, 3_600),
)
def test_an_issued_and_presented_card_is_read_back(issued, audience, nonce, seconds):
    shown_at = NOW + timedelta(seconds=seconds)
    text = sign_presentation(
        sign_card(issued, ISSUER_SEED), HOLDER_SEED, iat=shown_at, aud=audience, cnonce=nonce
    )
    signed = ecard.decode(parse_code(text))
    assert signed.claims == issued
    assert signed.presentation.presented_at == shown_at
    assert (signed.presentation.audience, signed.presentation.nonce) == (audience, nonce)


@given(claims.filter(fits))
def test_a_card_has_one_encoding(issued):
    card = sign_card(issued, ISSUER_SEED)
    assert card == sign_card(issued, ISSUER_SEED)
    assert cbor.encode(cbor.decode(card, limit=1_000)) == card


@given(words)
def test_nothing_about_a_person_shows_in_the_repr_of_a_code_that_parses(subject):
    issued = ordinary(subject=f"subject-{subject}", status=StatusPointer("https://s.example/1", 987_654))
    text = sign_presentation(sign_card(issued, ISSUER_SEED), HOLDER_SEED, iat=NOW)
    seen = repr(ecard.decode(parse_code(text))) + repr(issued)
    for secret in (
        issued.subject,
        "987654",
        repr(issued.card_id),
        repr(issued.holder_key),
        repr(issued.face.data),
    ):
        assert str(secret) not in seen


def test_every_text_may_be_as_long_as_its_limit():
    issued = ordinary(
        issuer="i" * 32,
        subject="s" * 64,
        status=StatusPointer("u" * 64, 2**32 - 1),
        face=TemplateReference(200, "m" * 16, bytes(64)),
        scope=("a" * 64, "b/" * 31 + "cc"),
        assurance=3,
    )
    text = sign_presentation(
        sign_card(issued, ISSUER_SEED), HOLDER_SEED, iat=NOW, aud="a" * 64, cnonce=b"n" * 16
    )
    assert ecard.decode(parse_code(text)).claims == issued


NOT_ISSUED = {
    "a template that is too large": {"face": TemplateReference(101, "mfn1", bytes(257))},
    "no template at all": {"face": TemplateReference(101, "mfn1", b"")},
    "a site in upper case": {"scope": ("Tower-1",)},
    "an issuer with a space": {"issuer": "CN GD"},
    "an assurance of 4": {"assurance": 4},
    "a short card id": {"card_id": b"1234567"},
    "expired before it begins": {"expires": NOW - timedelta(days=2)},
    "a holder key that is no key": {"holder_key": b"short"},
    "an index below zero": {"status": StatusPointer("https://s.example/1", -1)},
    "more than a code can hold": {"scope": tuple(f"{i}" * 64 for i in range(8)), "subject": "s" * 64},
}


@pytest.mark.parametrize("changes", NOT_ISSUED.values(), ids=NOT_ISSUED)
def test_no_card_is_signed_that_a_verifier_would_refuse(changes):
    with pytest.raises(InputError, match="these claims do not make a card") as caught:
        sign_card(ordinary(**changes), ISSUER_SEED)
    assert caught.value.hint


def test_a_phone_shows_only_its_own_card():
    card = sign_card(ordinary(), ISSUER_SEED)
    with pytest.raises(InputError, match="not the key that the card names"):
        sign_presentation(card, b"x" * 32, iat=NOW)


NOT_SHOWN = {
    "an audience that is empty": {"aud": ""},
    "a short nonce": {"cnonce": b"1234567"},
    "a time before 1970": {"iat": NOW - timedelta(days=30_000)},
}


@pytest.mark.parametrize("changes", NOT_SHOWN.values(), ids=NOT_SHOWN)
def test_no_code_is_made_that_a_verifier_would_refuse(changes):
    card = sign_card(ordinary(), ISSUER_SEED)
    with pytest.raises(InputError, match="this does not make a code"):
        sign_presentation(card, HOLDER_SEED, **({"iat": NOW} | changes))


def test_a_card_that_fits_may_still_be_too_large_to_show():
    for sites_count in range(1, 9):
        issued = ordinary(scope=tuple(f"{i}" * 64 for i in range(sites_count)))
        try:
            text = sign_presentation(sign_card(issued, ISSUER_SEED), HOLDER_SEED, iat=NOW)
        except InputError:
            return
        assert len(text) <= MAX_CODE_CHARS
    pytest.fail("eight long sites are more than a code can hold")


@pytest.mark.parametrize("card", [b"", b"\xd2", b"not a card", bytes(900)])
def test_bytes_that_are_no_card_make_no_code(card):
    with pytest.raises(InputError, match="this does not make a code"):
        sign_presentation(card, HOLDER_SEED, iat=NOW)


def test_nbf_is_left_out_if_it_equals_iat():
    plain = ordinary()
    later = replace(plain, not_before=plain.issued_at + timedelta(seconds=1))
    assert len(sign_card(later, ISSUER_SEED)) - len(sign_card(plain, ISSUER_SEED)) == 6
