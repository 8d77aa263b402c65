"""Decoder of foreign status lists: the IETF Token Status List, as JWT or CWT, to StatusList.

Source: draft-ietf-oauth-status-list, sections "Status List Token in JWT Format" and "... in CWT Format". The
list is one token. Its statuses become our two bitmaps: 0 is good, 1 is revoked, 2 is suspended. Any other
value is not good and may be temporary, so it counts as suspended.
"""

from __future__ import annotations

import hashlib
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import cbor2
import numpy as np

from edge.card import cbor, fields
from edge.card import numbers as n
from edge.formats.untrusted_text import UnreadableText, json_object, one_of
from edge.trust.status.jwk import COSE_ALG, decode_base64url
from edge.trust.status.status import StatusList

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.trust.status.jwk import ForeignKey

MAX_TOKEN_BYTES: Final = (
    24 * 2**20
)  # 10^8 cards, 5 % revoked, deflated, take 4.5 MB; base64 and 8 bits take more
MAX_STATUS_BYTES: Final = 64 * 2**20  # 5 x 10^8 cards of one bit; zlib could expand a token a thousand times
MAX_CLAIMS: Final = 64  # in one map; tokens of the draft have five
BITS: Final = (1, 2, 4, 8)
BLOCK: Final = 2**20  # bytes of a list unpacked at a time: at most 8 MB of single values

JWT_TYPES: Final = frozenset({"statuslist+jwt", "application/statuslist+jwt"})  # RFC 7515 section 4.1.9
CWT_TYPE: Final = "application/statuslist+cwt"
_CWT_LIST: Final = 65533
_REVOKED, _SUSPENDED = 1, 2


def decode(data: bytes, key: ForeignKey) -> tuple[str, StatusList]:
    """The URI of a list (`sub`) and the list, if `key` signed it. A token that begins with "eyJ" is a JWT.

    Raises Refused, and TrustFault if this machine cannot check the signature.
    """
    if len(data) > MAX_TOKEN_BYTES:
        raise cbor.malformed("more bytes than a status list token may have")
    claims = _jwt(data, key) if data.startswith(b"eyJ") else _cwt(data, key)
    issued_at = _time(claims.get("iat"), "iat")
    # A list without `exp` has no end; the site's budgets for its age still apply.
    expires = _time(claims.get("exp", n.MAX_TIME), "exp")
    if expires <= issued_at:
        raise cbor.malformed("exp: not after iat")
    inner = claims.get("status_list")
    if not isinstance(inner, dict) or (bits := one_of(inner.get("bits"), BITS)) is None:
        raise cbor.malformed("status_list: bits is not 1, 2, 4 or 8")
    packed = _inflate(_packed(inner.get("lst")))
    revoked, suspended = _bitmaps(packed, bits)
    size = len(packed) * 8 // bits
    return fields.word(claims.get("sub"), n.MAX_URI_CHARS, "sub"), StatusList(
        size, revoked, suspended, issued_at, expires
    )


def _jwt(data: bytes, key: ForeignKey) -> dict[str, Any]:
    """The claims of a JWS in compact serialisation (RFC 7515 section 7.1)."""
    parts = data.rstrip(b"\r\n").split(b".")  # an editor ends a file with a line break
    if len(parts) != 3 or not all(part.isascii() for part in parts):
        raise cbor.malformed("not three parts of base64url")
    try:
        protected, payload, signature = (decode_base64url(part.decode()) for part in parts)
    except ValueError as error:
        raise cbor.malformed("not three parts of base64url") from error
    header = _json(protected)
    if header.get("alg") != key.alg or one_of(header.get("typ"), JWT_TYPES) is None or "crit" in header:
        raise cbor.malformed(f"header: not a status list signed with {key.alg}")
    key.check(parts[0] + b"." + parts[1], signature)
    return _json(payload)


def _cwt(data: bytes, key: ForeignKey) -> dict[str, Any]:
    """The claims of a COSE_Sign1 (RFC 9052 section 4.2), under the names that a JWT uses."""
    match _foreign_cbor(data):
        case cbor2.CBORTag(
            tag=n.COSE_SIGN1, value=(bytes() as protected, _, bytes() as payload, bytes() as signature)
        ):
            pass
        case _:
            raise cbor.malformed("not a COSE_Sign1")
    header = _foreign_cbor(protected)
    if (
        not isinstance(header, dict)
        or header.get(n.HEADER_ALG) != COSE_ALG[key.alg]
        or header.get(n.HEADER_TYP) != CWT_TYPE
        or 2 in header  # crit: an extension that a reader must support
    ):
        raise cbor.malformed(f"header: not a status list signed with {key.alg}")
    key.check(cbor.encode(["Signature1", protected, b"", payload]), signature)
    claims = _foreign_cbor(payload)
    if not isinstance(claims, dict):
        raise cbor.malformed("claims: not a map")
    names = {n.CLAIM_SUB: "sub", n.CLAIM_IAT: "iat", n.CLAIM_EXP: "exp", _CWT_LIST: "status_list"}
    return {name: claims[number] for number, name in names.items() if number in claims}


def _json(data: bytes) -> dict[str, Any]:
    try:
        return json_object(data, most=MAX_CLAIMS)
    except UnreadableText as error:
        raise cbor.malformed("not a JSON object with each name once") from error


def _foreign_cbor(data: bytes) -> object:
    """One item of CBOR that need not be deterministic, because the draft's own examples are not."""
    seal = hashlib.sha256(data).digest()[:16]  # a second item after it, which no sender can forge
    try:
        value = cbor2.loads(
            b"\x82" + data + b"\x50" + seal,
            semantic_decoders=cbor.NO_TAGS,
            allow_duplicate_keys=False,
            max_depth=cbor.MAX_DEPTH + 1,
        )
    except (cbor2.CBORError, ValueError) as error:
        raise cbor.malformed("not CBOR") from error
    if not isinstance(value, list) or len(value) != 2 or value[1] != seal:
        raise cbor.malformed("more than one item of CBOR")
    return value[0]


def _time(value: object, what: str) -> datetime:
    """NumericDate (RFC 7519 section 2): seconds; a fraction is cut off."""
    if isinstance(value, float) and 0 <= value <= n.MAX_TIME:
        value = int(value)
    return datetime.fromtimestamp(fields.number(value, 0, n.MAX_TIME, what), UTC)


def _packed(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        try:
            return decode_base64url(value)
        except ValueError as error:
            raise cbor.malformed("lst: not base64url") from error
    raise cbor.malformed("lst: missing")


def _inflate(data: bytes) -> bytes:
    """Decompress zlib data (RFC 1950), which must end where `data` ends."""
    stream = zlib.decompressobj()
    try:
        packed = stream.decompress(data, MAX_STATUS_BYTES + 1)
    except zlib.error as error:
        raise cbor.malformed("lst: not zlib") from error
    if len(packed) > MAX_STATUS_BYTES:
        raise cbor.malformed("lst: more cards than the limit")
    if not stream.eof or stream.unused_data or not packed:
        raise cbor.malformed("lst: cut off, empty, or followed by other bytes")
    return packed


def _bitmaps(packed: bytes, bits: int) -> tuple[bytes, bytes]:
    """The bitmaps revoked and suspended, one bit a card, least significant first as in the token."""
    if bits == 1:
        return packed, bytes(len(packed))
    revoked, suspended = bytearray(), bytearray()
    for start in range(0, len(packed), BLOCK):
        values = _values(np.frombuffer(packed[start : start + BLOCK], np.uint8), bits)
        revoked += np.packbits(values == _REVOKED, bitorder="little").tobytes()
        suspended += np.packbits(values >= _SUSPENDED, bitorder="little").tobytes()
    return bytes(revoked), bytes(suspended)


def _values(block: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """uint8 (bytes x 8 / bits): the statuses in a block, in order."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    values: NDArray[np.uint8] = (block[:, None] >> shifts & np.uint8((1 << bits) - 1)).reshape(-1)
    return values
