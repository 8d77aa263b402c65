"""The signed forms of a status list (STATUS.md): with its bitmaps inside, or as a manifest of bitmaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge.card import cbor, cose, fields
from edge.card import numbers as n
from edge.decision import Reason
from edge.errors import Refused
from edge.trust.status.status import MAX_SIZE, StatusList, StatusManifest, bitmap_bytes

if TYPE_CHECKING:
    from datetime import datetime

    from edge.trust.scope import IssuerKey

MAX_CARDS: Final = 10_000_000  # two raw bitmaps of 1.25 MB: a city; a larger list needs a manifest
MAX_MANIFEST_BYTES: Final = 1_024  # one with every field at its limit takes 340
MAX_STATUS_BYTES: Final = 2 * (MAX_CARDS // 8) + 1_024  # the bitmaps, and a kilobyte for the rest
SHA256_BYTES: Final = 32

_HEADER: Final = frozenset({n.HEADER_ALG, n.HEADER_KID, n.HEADER_TYP})
_CLAIMS: Final = frozenset({n.CLAIM_ISS, n.CLAIM_SUB, n.CLAIM_EXP, n.CLAIM_IAT})
_OWN_CLAIM: Final = {n.TYP_STATUS: n.CLAIM_STATUS_BITS, n.TYP_STATUS_MANIFEST: n.CLAIM_STATUS_HASHES}


def decode(data: bytes, issuer: IssuerKey) -> tuple[str, StatusList | StatusManifest]:
    """The URI of a list and the list, or its manifest, if `issuer` signed it. Raises Refused."""
    envelope = cose.parse(cbor.decode(data, limit=MAX_STATUS_BYTES))
    header = fields.mapping(cbor.decode(envelope.protected, limit=MAX_MANIFEST_BYTES), _HEADER, "header")
    fields.constant(header[n.HEADER_ALG], n.ALG_EDDSA, "alg")
    own = _OWN_CLAIM.get(header[n.HEADER_TYP]) if isinstance(header[n.HEADER_TYP], str) else None
    if own is None:
        raise cbor.malformed("typ: neither a status list nor a manifest of one")
    if fields.octets(header[n.HEADER_KID], n.KID_BYTES, n.KID_BYTES, "kid") != issuer.kid:
        raise Refused(Reason.ISSUER_UNKNOWN, "signed with another key")
    cose.check_signature(envelope, issuer.public_key, whose="the issuer")
    body = fields.mapping(cbor.decode(envelope.payload, limit=MAX_STATUS_BYTES), _CLAIMS | {own}, "list")
    if fields.word(body[n.CLAIM_ISS], n.MAX_ISS_CHARS, "iss") != issuer.name:
        raise Refused(Reason.ISSUER_UNKNOWN, "another issuer's list")
    issued_at, expires = fields.time(body[n.CLAIM_IAT], "iat"), fields.time(body[n.CLAIM_EXP], "exp")
    if expires <= issued_at:
        raise cbor.malformed("exp: not after iat")
    uri = fields.word(body[n.CLAIM_SUB], n.MAX_URI_CHARS, "sub")
    read = _status_list if own == n.CLAIM_STATUS_BITS else _manifest
    return uri, read(body[own], issued_at, expires)


def encode(status: StatusList | StatusManifest, *, issuer: str, uri: str, issuer_seed: bytes) -> bytes:
    """The signed file that `decode` reads."""
    own: list[Any]
    if isinstance(status, StatusManifest):
        typ = n.TYP_STATUS_MANIFEST
        own = [status.size, status.serial, status.revoked_sha256, status.suspended_sha256]
    else:
        typ = n.TYP_STATUS
        own = [status.size, bytes(status.revoked), bytes(status.suspended)]
    protected = {
        n.HEADER_ALG: n.ALG_EDDSA,
        n.HEADER_KID: cose.kid_of(cose.public_key(issuer_seed)),
        n.HEADER_TYP: typ,
    }
    payload = {
        n.CLAIM_ISS: issuer,
        n.CLAIM_SUB: uri,
        n.CLAIM_EXP: int(status.expires.timestamp()),
        n.CLAIM_IAT: int(status.issued_at.timestamp()),
        _OWN_CLAIM[typ]: own,
    }
    return cose.sign(protected, payload, issuer_seed)


def _status_list(value: object, issued_at: datetime, expires: datetime) -> StatusList:
    size, revoked, suspended = fields.array(value, 3, 3, "bits")
    size = fields.number(size, 1, MAX_CARDS, "size")
    return StatusList(
        size, _bitmap(revoked, size, "revoked"), _bitmap(suspended, size, "suspended"), issued_at, expires
    )


def _manifest(value: object, issued_at: datetime, expires: datetime) -> StatusManifest:
    size, serial, revoked, suspended = fields.array(value, 4, 4, "hashes")
    return StatusManifest(
        fields.number(size, 1, MAX_SIZE, "size"),
        fields.number(serial, 1, n.MAX_SERIAL, "serial"),
        fields.octets(revoked, SHA256_BYTES, SHA256_BYTES, "revoked"),
        fields.octets(suspended, SHA256_BYTES, SHA256_BYTES, "suspended"),
        issued_at,
        expires,
    )


def _bitmap(value: object, size: int, what: str) -> bytes:
    length = bitmap_bytes(size)
    bitmap = fields.octets(value, length, length, what)
    if size % 8 and bitmap[-1] >> size % 8:
        raise cbor.malformed(f"{what}: bits past the end")
    return bitmap
