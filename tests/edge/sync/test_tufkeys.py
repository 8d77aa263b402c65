"""Signatures of TUF metadata: those that libsodium accepts, and those that it refuses unlike others."""

from __future__ import annotations

import hashlib
import json

import pytest
from nacl.signing import SigningKey
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import Key, Signature

from edge.errors import InputError
from edge.sync import tuf_keys
from tools.issuing.tufsigner import SeedSigner

SIGNER = SeedSigner(b"s" * 32)
PUBLIC = SIGNER.public_key.keyval["public"]
GOOD = SIGNER.sign(b"message")
IDENTITY = (1).to_bytes(32, "little")
ORDER = 2**252 + 27742317777372353535851937790883648493


def key(public: str) -> tuf_keys.PynaclKey:
    return tuf_keys.PynaclKey("k" * 64, "ed25519", "ed25519", {"public": public})


def signature(data: bytes) -> Signature:
    return Signature("k" * 64, data.hex())


def test_a_signature_of_the_key_is_accepted():
    key(PUBLIC).verify_signature(GOOD, b"message")


def test_parsed_metadata_has_our_keys_after_registration():
    tuf_keys.register()
    tuf_keys.register()
    parsed = Key.from_dict(
        "k" * 64, {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": PUBLIC}}
    )
    assert type(parsed) is tuf_keys.PynaclKey
    assert parsed.to_dict()["keyval"] == {"public": PUBLIC}


def larger_scalar() -> bytes:
    raw = bytes.fromhex(GOOD.signature)
    return raw[:32] + (int.from_bytes(raw[32:], "little") + ORDER).to_bytes(32, "little")


BAD = {
    "another message": (PUBLIC, bytes.fromhex(GOOD.signature), b"massage"),
    "another key": (bytes(SigningKey(b"x" * 32).verify_key).hex(), bytes.fromhex(GOOD.signature), b"message"),
    "one bit": (
        PUBLIC,
        bytes([bytes.fromhex(GOOD.signature)[0] ^ 1]) + bytes.fromhex(GOOD.signature)[1:],
        b"message",
    ),
    "zeros": (PUBLIC, bytes(64), b"message"),
    "too short": (PUBLIC, bytes.fromhex(GOOD.signature)[:-1], b"message"),
    "nothing": (PUBLIC, b"", b"message"),
    "a scalar that is not reduced": (PUBLIC, larger_scalar(), b"message"),
    "a key of order 1, for which every attacker signs": (IDENTITY.hex(), IDENTITY + bytes(32), b"message"),
    "a key of zeros": (bytes(32).hex(), IDENTITY + bytes(32), b"message"),
    "a key that is too short": ("00", bytes(64), b"message"),
    "a key that is not hex": ("key", bytes(64), b"message"),
    "no key": ("", bytes(64), b"message"),
}


@pytest.mark.parametrize(("public", "raw", "message"), BAD.values(), ids=BAD)
def test_every_other_signature_is_refused(public, raw, message):
    with pytest.raises(UnverifiedSignatureError):  # a VerificationError is a subclass
        key(public).verify_signature(signature(raw), message)


def test_a_wrong_signature_is_not_reported_as_a_malformed_key():
    with pytest.raises(UnverifiedSignatureError) as caught:
        key(PUBLIC).verify_signature(GOOD, b"massage")
    assert not isinstance(caught.value, VerificationError)


def test_a_signature_that_is_not_hex_is_refused():
    with pytest.raises(VerificationError):
        key(PUBLIC).verify_signature(Signature("k" * 64, "signature"), b"message")


def test_a_key_has_the_id_that_tuf_specifies():
    """The id is the SHA-256 of the canonical JSON of the key, as in other tools."""
    said = {"keytype": "ed25519", "keyval": {"public": PUBLIC}, "scheme": "ed25519"}
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
    assert SIGNER.key_id == hashlib.sha256(canonical.encode()).hexdigest()


def test_a_seed_of_another_length_is_refused_and_no_key_is_printed():
    with pytest.raises(InputError, match="31 bytes"):
        SeedSigner(bytes(31))
    assert SIGNER.seed.hex() not in repr(SIGNER) + str(vars(SIGNER))
