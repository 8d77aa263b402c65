from __future__ import annotations

import json

import cbor2
import pytest
from conftest import shared

from edge.card import cbor, cose, ecard
from edge.card.code import Code
from edge.card.cose import Sign1
from edge.decision import Reason
from edge.errors import Refused

SEED = b"s" * 32
KEY = cose.public_key(SEED)


def verdict(message: bytes, signature: bytes, key: bytes) -> str:
    try:
        cose.check_bytes(message, signature, key, whose="the vector")
    except Refused as refused:
        return {Reason.SIGNATURE_BAD: "invalid"}[refused.reason]
    return "valid"


def test_a_signature_holds_for_its_envelope_only():
    envelope = cose.parse(cbor.decode(cose.sign({1: -8}, {6: 1}, SEED), limit=200))
    cose.check_signature(envelope, KEY, whose="the issuer")
    for changed in (
        Sign1(envelope.protected + b"\0", envelope.payload, envelope.signature),
        Sign1(envelope.protected, envelope.payload + b"\0", envelope.signature),
        Sign1(envelope.payload, envelope.protected, envelope.signature),
        Sign1(envelope.protected, envelope.payload, bytes(64)),
    ):
        with pytest.raises(Refused, match="not signed by the issuer"):
            cose.check_signature(changed, KEY, whose="the issuer")


def test_the_repr_of_an_envelope_shows_no_part_of_a_code():
    envelope = Sign1(b"protected", b"payload", b"signature")
    for text in (repr(envelope), str(envelope), f"{envelope}"):
        assert text == "Sign1()"


@pytest.mark.parametrize("key", [b"", b"k" * 31, b"k" * 33, bytes(32), b"\xff" * 32])
def test_an_invalid_key_verifies_nothing(key):
    assert verdict(b"message", bytes(64), key) == "invalid"


NOT_ENVELOPES = {
    "a number": 18,
    "an untagged array": [b"", {}, b"", bytes(64)],
    "another tag": cbor2.CBORTag(17, [b"", {}, b"", bytes(64)]),
    "three items": cbor2.CBORTag(18, [b"", {}, b""]),
    "five items": cbor2.CBORTag(18, [b"", {}, b"", bytes(64), b""]),
    "a detached payload": cbor2.CBORTag(18, [b"", {}, None, bytes(64)]),
    "a header that is a map": cbor2.CBORTag(18, [{}, {}, b"", bytes(64)]),
    "an unprotected header that is an array": cbor2.CBORTag(18, [b"", [], b"", bytes(64)]),
    "an unprotected header": cbor2.CBORTag(18, [b"", {4: b"kid"}, b"", bytes(64)]),
    "no signature": cbor2.CBORTag(18, [b"", {}, b"", b""]),
}


@pytest.mark.parametrize("value", NOT_ENVELOPES.values(), ids=NOT_ENVELOPES)
def test_only_a_whole_envelope_is_one(value):
    with pytest.raises(Refused) as caught:
        cose.parse(value)
    assert caught.value.reason is Reason.CARD_MALFORMED


def test_a_key_id_is_the_thumbprint_of_rfc_9679():
    """SHA-256 over the map written out by hand: {1: 1, -1: 6, -2: key}."""
    written = bytes.fromhex("a3010120062158 20".replace(" ", "")) + KEY
    assert cbor.encode(cose.cose_key(KEY)) == written
    assert len(cose.kid_of(KEY)) == 8


def test_wycheproof_ed25519_verdicts_agree():
    seen = 0
    for group in json.loads(shared("vectors", "wycheproof", "ed25519_test.json").read_text())["testGroups"]:
        key = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            got = verdict(bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]), key)
            assert got == case["result"], case["tcId"]
            seen += 1
    assert seen > 50


def test_no_edge_case_with_a_low_order_key_is_accepted():
    cases = json.loads(shared("vectors", "ed25519_edge", "cctv.json").read_text())
    taken = [case for case in cases if _edge(case["msg"].encode(), case["sig"], case["key"]) == "valid"]
    assert not [case["number"] for case in taken if "low_order_A" in (case["flags"] or ())]
    assert not [case["number"] for case in taken if "non_canonical_A" in (case["flags"] or ())]
    assert len(taken) < len(cases) / 10  # 43 of 914 in the whole set


def test_only_the_speccheck_case_that_libsodium_accepts_is_accepted():
    path = shared("vectors", "ed25519_edge", "common", "speccheck_cases.json")
    cases = json.loads(path.read_text())
    verdicts = [_edge(bytes.fromhex(case["message"]), case["signature"], case["pub_key"]) for case in cases]
    assert [number for number, got in enumerate(verdicts) if got == "valid"] == [3]


def _edge(message: bytes, signature: str, key: str) -> str:
    return verdict(message, bytes.fromhex(signature), bytes.fromhex(key))


def test_signatures_agree_with_the_vectors_of_the_cose_working_group():
    seen = 0
    for path in shared("vectors", "cose").glob("*.json"):
        case = json.loads(path.read_text())
        sign1 = case["input"].get("sign0")
        if sign1 is None or "external" in sign1 or case.get("fail"):
            continue
        value = cbor2.loads(bytes.fromhex(case["output"]["cbor"]))
        protected, _, payload, signature = getattr(value, "value", value)
        if protected == b"\xa0":
            continue  # COSE hashes an empty map as nothing; a header of ours is never empty
        signed = Sign1(protected, payload, signature).signed_bytes()
        assert signed.hex() == case["intermediates"]["ToBeSign_hex"].lower(), path.name
        seen += 1
    assert seen >= 4


def test_tokens_of_related_formats_are_refused():
    """SD-CWT is the model of our format, and COSE its envelope; tokens of both are malformed here."""
    shapes = [
        shared("vectors", "sd_cwt", name).read_bytes() for name in ("kbt.cbor", "nested_issuer_cwt.cbor")
    ]
    cases = map(json.loads, (path.read_text() for path in shared("vectors", "cose").glob("*.json")))
    shapes += [bytes.fromhex(case["output"]["cbor"]) for case in cases]
    for data in shapes:
        with pytest.raises(Refused) as caught:
            ecard.decode(Code("", data))
        assert caught.value.reason is Reason.CARD_MALFORMED
