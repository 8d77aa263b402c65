"""Public keys of foreign status lists, as JSON Web Keys (RFC 7517, 7518, 8037).

There are two kinds, each with one algorithm: P-256 with ES256, which the draft and the wallets of the
European Union use, and Ed25519 with EdDSA. The key sets the algorithm; the message never does.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import msgspec
import nacl.bindings

from edge.card.cose import check_bytes
from edge.decision import Reason
from edge.errors import Refused, TrustFault
from edge.formats.untrusted_text import UnreadableText, typed_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

MAX_KEY_BYTES: Final = 1_024  # a JWK of these kinds has 200; some have a key id and a use
COORDINATE_BYTES: Final = 32  # P-256 and Ed25519 alike
SIGNATURE_BYTES: Final = 64  # r and s of ES256 (RFC 7518 section 3.4), or Ed25519

COSE_ALG: Final = {"ES256": -7, "EdDSA": -8}  # RFC 9053 section 2


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A public key and its algorithm. `point`: Ed25519 32 bytes; P-256 x and y, 64 bytes."""

    alg: Literal["ES256", "EdDSA"]
    point: bytes = field(repr=False)

    def to_jwk(self) -> dict[str, str]:
        """The members of the JWK that `parse` reads."""
        x, y = _text(self.point[:COORDINATE_BYTES]), _text(self.point[COORDINATE_BYTES:])
        if self.alg == "EdDSA":
            return {"kty": "OKP", "crv": "Ed25519", "x": x}
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    def check(self, message: bytes, signature: bytes) -> None:
        """Check that this key signed the message. Raises Refused(SIGNATURE_BAD).

        Raises TrustFault if the package that checks it is not installed.
        """
        if len(signature) != SIGNATURE_BYTES:
            raise Refused(
                Reason.SIGNATURE_BAD, f"a signature of {len(signature)} bytes, not {SIGNATURE_BYTES}"
            )
        if self.alg == "EdDSA":
            check_bytes(message, signature, self.point, whose="the issuer of the list")
        else:
            _check_es256(message, signature, self.point)


class _Jwk(msgspec.Struct, frozen=True):
    """The members of a JWK that are used; others (kid, use) are ignored."""

    kty: Literal["EC", "OKP"]
    crv: Literal["P-256", "Ed25519"]
    x: str
    y: str | None = None
    d: str | None = None


_decoder = msgspec.json.Decoder(_Jwk)


def parse(data: bytes) -> ForeignKey:
    """The key in a JWK file. Raises TrustFault."""
    hint = 'write the public key as a JWK: {"kty": "EC", "crv": "P-256", "x": ..., "y": ...}'
    if len(data) > MAX_KEY_BYTES:
        raise TrustFault(f"{len(data)} bytes, at most {MAX_KEY_BYTES} are allowed", hint=hint)
    try:
        jwk = typed_json(data, _decoder)
    except UnreadableText as error:
        raise TrustFault("not a JWK for P-256 or Ed25519", hint=hint) from error
    if jwk.d is not None:
        raise TrustFault(
            "it holds a private key (d)", hint="make a new key pair, and publish only the public key"
        )
    x = _coordinate(jwk.x, hint)
    match jwk.kty, jwk.crv, jwk.y:
        case "OKP", "Ed25519", None:
            if not nacl.bindings.crypto_core_ed25519_is_valid_point(x):
                raise TrustFault("not a safe Ed25519 key, but of low order or not on the curve", hint=hint)
            return ForeignKey("EdDSA", x)
        case "EC", "P-256", str() as y:
            point = x + _coordinate(y, hint)
            _p256(point)
            return ForeignKey("ES256", point)
    raise TrustFault("kty, crv and y do not match", hint=hint)


def decode_base64url(text: str) -> bytes:
    """The bytes of canonical base64url without padding (RFC 7515 section 2). Raises ValueError."""
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error
    if _text(data) != text:
        raise ValueError("not canonical base64url")
    return data


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _coordinate(text: str, hint: str) -> bytes:
    try:
        data = decode_base64url(text)
    except ValueError as error:
        raise TrustFault("a coordinate is not base64url", hint=hint) from error
    if len(data) != COORDINATE_BYTES:
        raise TrustFault(f"a coordinate has {len(data)} bytes, not {COORDINATE_BYTES}", hint=hint)
    return data


def _p256(point: bytes) -> EllipticCurvePublicKey:
    """The key as an object of `cryptography`, which refuses a point that is not on the curve."""
    try:
        # 5 MB of memory, which only foreign lists pay for
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as error:
        raise TrustFault(
            "ES256 needs the package cryptography", hint="run: pip install 'doorward[foreign]'"
        ) from error
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + point)
    except ValueError as error:
        raise TrustFault("not a point of P-256", hint="get the public key from its issuer again") from error


def _check_es256(message: bytes, signature: bytes, point: bytes) -> None:
    key = _p256(point)
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
    try:
        key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise Refused(Reason.SIGNATURE_BAD, "not signed by the issuer of the list") from error
