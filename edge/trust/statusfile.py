"""The signed form of a status list (STATUS.md): bytes to StatusList and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.card import cbor, cose, fields
from edge.card import numbers as n
from edge.decision import Reason
from edge.errors import Refused
from edge.trust.status import StatusList

if TYPE_CHECKING:
    from edge.trust.snapshot import IssuerKey

MAX_CARDS: Final = 10_000_000  # two raw bitmaps of 1.25 MB: a city; above that a list wants a denser form
MAX_STATUS_BYTES: Final = 2 * (MAX_CARDS // 8) + 1_024  # the bitmaps, and a kilobyte for all around them

_HEADER: Final = frozenset({n.HEADER_ALG, n.HEADER_KID, n.HEADER_TYP})
_CLAIMS: Final = frozenset({n.CLAIM_ISS, n.CLAIM_SUB, n.CLAIM_EXP, n.CLAIM_IAT, n.CLAIM_STATUS_BITS})


def decode(data: bytes, issuer: IssuerKey) -> tuple[str, StatusList]:
    """The URI of a list and the list, if `issuer` signed it. Raises Refused."""
    envelope = cose.parse(cbor.decode(data, limit=MAX_STATUS_BYTES))
    header = fields.mapping(cbor.decode(envelope.protected, limit=MAX_STATUS_BYTES), _HEADER, "header")
    fields.constant(header[n.HEADER_ALG], n.ALG_EDDSA, "alg")
    fields.constant(header[n.HEADER_TYP], n.TYP_STATUS, "typ")
    if fields.octets(header[n.HEADER_KID], n.KID_BYTES, n.KID_BYTES, "kid") != issuer.kid:
        raise Refused(Reason.ISSUER_UNKNOWN, "signed with another key")
    cose.check_signature(envelope, issuer.public_key, whose="the issuer")
    body = fields.mapping(cbor.decode(envelope.payload, limit=MAX_STATUS_BYTES), _CLAIMS, "list")
    if fields.word(body[n.CLAIM_ISS], n.MAX_ISS_CHARS, "iss") != issuer.name:
        raise Refused(Reason.ISSUER_UNKNOWN, "another issuer's list")
    issued_at, expires = fields.time(body[n.CLAIM_IAT], "iat"), fields.time(body[n.CLAIM_EXP], "exp")
    if expires <= issued_at:
        raise cbor.malformed("exp: not after iat")
    size, revoked, suspended = _bits(body[n.CLAIM_STATUS_BITS])
    status = StatusList(size, revoked, suspended, issued_at, expires)
    return fields.word(body[n.CLAIM_SUB], n.MAX_URI_CHARS, "sub"), status


def encode(status: StatusList, *, issuer: str, uri: str, issuer_seed: bytes) -> bytes:
    """What `decode` reads."""
    protected = {
        n.HEADER_ALG: n.ALG_EDDSA,
        n.HEADER_KID: cose.kid_of(cose.public_key(issuer_seed)),
        n.HEADER_TYP: n.TYP_STATUS,
    }
    payload = {
        n.CLAIM_ISS: issuer,
        n.CLAIM_SUB: uri,
        n.CLAIM_EXP: int(status.expires.timestamp()),
        n.CLAIM_IAT: int(status.issued_at.timestamp()),
        n.CLAIM_STATUS_BITS: [status.size, status.revoked, status.suspended],
    }
    return cose.sign(protected, payload, issuer_seed)


def _bits(value: object) -> tuple[int, bytes, bytes]:
    size, revoked, suspended = fields.array(value, 3, 3, "bits")
    size = fields.number(size, 1, MAX_CARDS, "size")
    return size, _bitmap(revoked, size, "revoked"), _bitmap(suspended, size, "suspended")


def _bitmap(value: object, size: int, what: str) -> bytes:
    length = (size + 7) // 8
    bitmap = fields.octets(value, length, length, what)
    if size % 8 and bitmap[-1] >> size % 8:
        raise cbor.malformed(f"{what}: bits past the end")
    return bitmap
