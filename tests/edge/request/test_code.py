"""A request from the device's screen to the holder's phone, genuine or changed on the way."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta

import base45
import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.cards import NOW, words

from edge.card import cose
from edge.card.attributes import NUMBERS, Attribute
from edge.card.code import payload_of
from edge.card.numbers import REQUEST_PREFIX
from edge.decision import Reason
from edge.errors import InputError, Refused
from edge.request.certificate import Certificate, CertificateAuthority, sign_certificate
from edge.request.code import KnownRequest, RequestSigner, read_request
from edge.request.request import Request

ISSUER, DEVICE = b"i" * 32, b"d" * 32
AUTHORITY = CertificateAuthority("CN-GD", cose.public_key(ISSUER))
CERTIFICATE = Certificate(
    authority="CN-GD",
    site="inn",
    operator="Pousada",
    device_key=cose.public_key(DEVICE),
    issued_at=NOW - timedelta(days=1),
    expires=NOW + timedelta(days=89),
    askable=frozenset(Attribute) - {Attribute.PATRON},
    retention_days=30,
)
SIGNED = sign_certificate(CERTIFICATE, ISSUER)
REQUEST = Request(site="inn/desk", purpose="to register you", needed=(Attribute.FAMILY_NAME,))
NONCE = b"12345678"
TEXT = RequestSigner(DEVICE, REQUEST, SIGNED).at(NOW, NONCE)

purposes = (
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=24)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(lambda text: len(text.encode()) <= 96)
)
splits = st.lists(st.sampled_from(sorted(CERTIFICATE.askable)), unique=True).flatmap(
    lambda drawn: st.integers(0, len(drawn)).map(
        lambda at: [tuple(sorted(part, key=NUMBERS.__getitem__)) for part in (drawn[:at], drawn[at:])]
    )
)
requests = st.builds(
    lambda split, **rest: Request(needed=split[0], optional=split[1], **rest),
    splits,
    site=st.sampled_from(["inn", "inn/desk", "inn/desk/left"]),
    purpose=purposes,
    documents=st.sets(st.integers(0, 65_535), max_size=8).map(lambda drawn: tuple(sorted(drawn))),
    retention_days=st.integers(0, 30),
    issuers=st.lists(words, max_size=8).map(tuple),
)


def outcome(text: str, now=NOW, authorities=(AUTHORITY,)) -> KnownRequest | Reason:
    try:
        return read_request(text, authorities, now=now)
    except Refused as refused:
        return refused.reason


@given(requests, st.binary(min_size=8, max_size=16), st.integers(-60, 60))
def test_the_wallet_reads_the_request_of_the_device(request, nonce, seconds):
    text = RequestSigner(DEVICE, request, SIGNED).at(NOW + timedelta(seconds=seconds), nonce)
    known = outcome(text)
    assert isinstance(known, KnownRequest)
    assert (known.request, known.nonce, known.operator, known.authority) == (
        request,
        nonce,
        "Pousada",
        "CN-GD",
    )
    assert known.asked_at == NOW + timedelta(seconds=seconds)


def test_a_phone_can_read_the_code_of_a_request_with_every_claim():
    asks = Request(
        site="inn/desk",
        purpose="p" * 96,
        needed=tuple(Attribute)[:5],
        optional=tuple(Attribute)[5:-1],
        documents=(1, 2, 3),
        retention_days=30,
        issuers=("CN-GD", "MO", "HK", "tower-1"),
    )
    assert len(RequestSigner(DEVICE, asks, SIGNED).at(NOW, bytes(16))) <= 900


MISTAKES = {
    "another device's certificate": (b"x" * 32, REQUEST, SIGNED, "another device's key"),
    "no certificate": (DEVICE, REQUEST, b"", "not CBOR"),
    "a certificate cut short": (DEVICE, REQUEST, SIGNED[:-1], "not CBOR"),
    "another site": (DEVICE, replace(REQUEST, site="tower-1"), SIGNED, "another site"),
    "more than it may ask": (DEVICE, replace(REQUEST, needed=(Attribute.PATRON,)), SIGNED, "patron"),
    "for longer than it may": (DEVICE, replace(REQUEST, retention_days=31), SIGNED, "longer"),
    "an empty purpose": (DEVICE, replace(REQUEST, purpose=""), SIGNED, "purpose"),
    "a purpose of two lines": (DEVICE, replace(REQUEST, purpose="a\nb"), SIGNED, "invisible character"),
    "every claim at its longest": (
        DEVICE,
        replace(
            REQUEST,
            site="inn/" + "s" * 60,
            purpose="p" * 96,
            documents=tuple(range(65_528, 65_536)),
            issuers=tuple(f"{number}" + "i" * 31 for number in range(8)),
        ),
        SIGNED,
        "longer than any code",
    ),
    "a document twice": (DEVICE, replace(REQUEST, documents=(2, 2)), SIGNED, "document types"),
    "needed and optional": (
        DEVICE,
        replace(REQUEST, optional=(Attribute.FAMILY_NAME,)),
        SIGNED,
        "needed as well",
    ),
}


@pytest.mark.parametrize(("seed", "request_", "certificate", "complaint"), MISTAKES.values(), ids=MISTAKES)
def test_a_device_refuses_a_wrong_request_at_its_start(seed, request_, certificate, complaint):
    with pytest.raises(InputError, match=complaint) as caught:
        RequestSigner(seed, request_, certificate)
    assert caught.value.hint


def test_a_certificate_that_wallets_would_refuse_is_not_made():
    for wrong in (
        {"operator": ""},
        {"site": "*"},
        {"expires": NOW + timedelta(days=400)},
        {"expires": CERTIFICATE.issued_at},
        {"retention_days": 3_661},
        {"authority": "CN GD"},
        {"device_key": bytes(31)},
    ):
        with pytest.raises(InputError, match="not a valid certificate") as caught:
            sign_certificate(replace(CERTIFICATE, **wrong), ISSUER)
        assert caught.value.hint


def test_a_wallet_accepts_only_the_authorities_it_knows():
    assert outcome(TEXT, authorities=()) is Reason.ISSUER_UNKNOWN
    others = (
        CertificateAuthority("CN-GX", AUTHORITY.public_key),
        CertificateAuthority("CN-GD", cose.public_key(b"x" * 32)),
    )
    assert outcome(TEXT, authorities=others) is Reason.ISSUER_UNKNOWN
    assert isinstance(outcome(TEXT, authorities=(*others[1:], AUTHORITY)), KnownRequest)


def test_the_nonce_is_not_in_the_repr():
    assert repr(NONCE) not in repr(outcome(TEXT))


@given(st.text(max_size=200) | st.text("0123456789ABCDEF $%*+-./:", max_size=300).map("EQ1:".__add__))
def test_fuzz_any_text_is_refused(text):
    assert outcome(text) in {Reason.CODE_UNREADABLE, Reason.CARD_MALFORMED}


def test_fuzz_every_byte_of_a_request_matters():
    data = payload_of(TEXT, REQUEST_PREFIX)
    for at in range(0, 8 * len(data), 7):
        changed = bytearray(data)
        changed[at // 8] ^= 1 << at % 8
        got = outcome(REQUEST_PREFIX + base45.b45encode(bytes(changed)).decode())
        assert isinstance(got, Reason), f"bit {at}"


anything = st.recursive(
    st.integers(-(2**66), 2**66) | st.binary(max_size=20) | st.text(max_size=20) | st.none() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.integers(-70_000, 70_000), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([2, 6, 39, *range(-65_552, -65_546)]), anything, min_size=1, max_size=3)
)
def test_fuzz_anything_that_a_certified_device_signs_is_read_or_refused(edits):
    request = cbor2.loads(payload_of(TEXT, REQUEST_PREFIX))
    header, body = cbor2.loads(request.value[0]), cbor2.loads(request.value[2])
    signed = cose.sign(header, dict(body) | edits, DEVICE)
    got = outcome(REQUEST_PREFIX + base45.b45encode(signed).decode())
    assert isinstance(got, (KnownRequest, Reason))
