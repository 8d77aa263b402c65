"""COSE_Sign1 with Ed25519 (RFC 9052 section 4.2) and its keys: all the cryptography of the card format."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import cbor2
import nacl.exceptions
import nacl.signing

from edge.card import cbor
from edge.card import numbers as n
from edge.decision import Reason
from edge.errors import Refused

SEED_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Sign1:
    """The three parts of a COSE_Sign1 as received. The received bytes are verified, never a new encoding."""

    protected: bytes = field(repr=False)
    payload: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def signed_bytes(self) -> bytes:
        """Sig_structure of RFC 9052 section 4.4, with no external data."""
        return cbor.encode(["Signature1", self.protected, b"", self.payload])


def parse(value: object) -> Sign1:
    """A decoded tag 18 as an envelope. Raises Refused(CARD_MALFORMED).

    The unprotected header must be empty: no signature covers an algorithm or a key id in it.
    """
    match value:
        case cbor2.CBORTag(
            tag=n.COSE_SIGN1,
            value=(bytes() as protected, Mapping() as loose, bytes() as payload, bytes() as signature),
        ) if not loose and len(signature) == n.SIGNATURE_BYTES:
            return Sign1(protected, payload, signature)
    raise cbor.malformed("not a COSE_Sign1 with an empty unprotected header and 64 bytes of signature")


def check_signature(envelope: Sign1, public_key: bytes, *, whose: str) -> None:
    """Check that this key signed this envelope. Raises Refused(SIGNATURE_BAD)."""
    check_bytes(envelope.signed_bytes(), envelope.signature, public_key, whose=whose)


def check_bytes(message: bytes, signature: bytes, public_key: bytes, *, whose: str) -> None:
    """Check an Ed25519 signature by libsodium, which also refuses low-order keys and second encodings.

    Raises Refused(SIGNATURE_BAD).
    """
    try:
        nacl.signing.VerifyKey(public_key).verify(message, signature)
    except (nacl.exceptions.CryptoError, ValueError) as error:
        raise Refused(Reason.SIGNATURE_BAD, f"not signed by {whose}") from error


def sign(protected: Mapping[int, object], payload: object, seed: bytes) -> bytes:
    """A tagged COSE_Sign1 over a payload, in deterministic CBOR. `seed`: 32 bytes."""
    return cbor.encode(envelope(protected, payload, seed))


def envelope(protected: Mapping[int, object], payload: object, seed: bytes) -> cbor2.CBORTag:
    """The COSE_Sign1 of `sign` before encoding, for a map that contains it."""
    unsigned = Sign1(cbor.encode(protected), cbor.encode(payload), b"")
    signature = nacl.signing.SigningKey(seed).sign(unsigned.signed_bytes()).signature
    return cbor2.CBORTag(n.COSE_SIGN1, [unsigned.protected, {}, unsigned.payload, signature])


def public_key(seed: bytes) -> bytes:
    """The 32-byte Ed25519 public key of a 32-byte seed."""
    return bytes(nacl.signing.SigningKey(seed).verify_key)


def cose_key(key: bytes) -> dict[int, Any]:
    """An Ed25519 public key as a COSE_Key with no optional members."""
    return {n.KEY_KTY: n.KTY_OKP, n.KEY_CRV: n.CRV_ED25519, n.KEY_X: key}


def kid_of(key: bytes) -> bytes:
    """The key id of an issuer: the first 8 bytes of its COSE_Key thumbprint (RFC 9679, SHA-256)."""
    return hashlib.sha256(cbor.encode(cose_key(key))).digest()[: n.KID_BYTES]
