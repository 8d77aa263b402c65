"""A request as a code on the venue's screen: signed by the device, new every 20 s, checked by the wallet.

REQUEST.md is the format. The device uses `RequestSigner`, the wallet uses `read_request`; neither needs a
network. Refusals have the reasons of cards: `edge.decision.Reason`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import base45

from edge.card import cbor, cose, fields
from edge.card import numbers as n
from edge.card.claims import within
from edge.card.code import payload_of
from edge.decision import Reason
from edge.errors import InputError, Refused
from edge.request.certificate import (
    Certificate,
    CertificateAuthority,
    check_certificate,
    decode_certificate,
    numbers_of,
    read_attributes,
)
from edge.request.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

ROTATION: Final = timedelta(seconds=20)  # the same as for codes of cards
REQUEST_LIFE: Final = timedelta(seconds=60)  # behind and ahead: 40 s for a nonce, 20 s for two clocks
_HEADER: Final = frozenset({n.HEADER_ALG, n.HEADER_KCWT, n.HEADER_TYP})
_MUST: Final = frozenset({n.CLAIM_SUB, n.CLAIM_IAT, n.CLAIM_CNONCE, n.CLAIM_PURPOSE, n.CLAIM_RETENTION})
_MAY: Final = frozenset({n.CLAIM_NEEDED, n.CLAIM_OPTIONAL, n.CLAIM_TYPES, n.CLAIM_ISSUERS})


class RequestSigner:
    """Signs one request with the device's key, and adds the certificate of that key."""

    def __init__(self, seed: bytes, request: Request, certificate: bytes) -> None:
        """Raises InputError if wallets would refuse the signed request.

        `seed`: the device's Ed25519 seed; `certificate`: of `edge.request.certificate.sign_certificate`.
        """
        try:
            value = cbor.decode(certificate, limit=n.MAX_CODE_BYTES)
            _, said, _ = decode_certificate(value)
            if said.device_key != cose.public_key(seed):
                raise InputError(
                    "the certificate is for another device's key",
                    hint="make one for this device: doorward-issuer certify",
                )
            _check_within(request, said)
            self._seed, self._value, self._body = seed, value, _request_map(request)
            self.request, self.expires = request, said.expires
            _decode(self._sign(said.issued_at, bytes(n.MAX_NONCE_BYTES)))
        except Refused as refused:
            raise InputError(
                f"not a valid request: {refused.detail}",
                hint="compare [request] with the certificate and with the limits in edge/request/REQUEST.md",
            ) from refused

    def at(self, now: datetime, nonce: bytes) -> str:
        """The text of the code for this moment. `now`: aware UTC; `nonce`: 8 to 16 random bytes."""
        assert n.MIN_NONCE_BYTES <= len(nonce) <= n.MAX_NONCE_BYTES, "a nonce has 8 to 16 bytes"
        return self._sign(now, nonce)

    def _sign(self, now: datetime, nonce: bytes) -> str:
        protected = {n.HEADER_ALG: n.ALG_EDDSA, n.HEADER_KCWT: self._value, n.HEADER_TYP: n.TYP_REQUEST}
        body = self._body | {n.CLAIM_IAT: int(now.timestamp()), n.CLAIM_CNONCE: nonce}
        signed = cose.sign(protected, body, self._seed)
        text: str = n.REQUEST_PREFIX + base45.b45encode(signed).decode()
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRequest:
    """A request that the wallet has verified; only `read_request` makes it.

    `operator`: the name of the asking operator; `authority`: the issuer that signed its certificate; `nonce`:
    the number that the answer must hold.
    """

    request: Request
    operator: str
    authority: str
    asked_at: datetime
    nonce: bytes = field(repr=False)


def read_request(text: str, authorities: Iterable[CertificateAuthority], *, now: datetime) -> KnownRequest:
    """Read and verify the request on a venue's screen. `now`: the phone's time.

    Raises Refused: CODE_UNREADABLE or CARD_MALFORMED if it is not a request, ISSUER_UNKNOWN, SIGNATURE_BAD,
    ISSUER_SCOPE if it asks for more than its certificate allows or the certificate has expired, CODE_STALE.
    """
    signed = _decode(text)
    check_certificate(signed.kid, signed.certificate, signed.authority_envelope, authorities, now=now)
    cose.check_signature(signed.envelope, signed.certificate.device_key, whose="the device")
    _check_within(signed.request, signed.certificate)
    if abs(signed.asked_at - now) > REQUEST_LIFE:
        raise Refused(
            Reason.CODE_STALE, f"not made within {REQUEST_LIFE.seconds} s of now: read the screen again"
        )
    return KnownRequest(
        request=signed.request,
        operator=signed.certificate.operator,
        authority=signed.certificate.authority,
        asked_at=signed.asked_at,
        nonce=signed.nonce,
    )


@dataclass(frozen=True, slots=True)
class _SignedRequest:
    """A code that parses; not verified."""

    kid: bytes
    certificate: Certificate
    authority_envelope: cose.Sign1
    request: Request
    asked_at: datetime
    nonce: bytes = field(repr=False)
    envelope: cose.Sign1


def _decode(text: str) -> _SignedRequest:
    envelope = cose.parse(cbor.decode(payload_of(text, n.REQUEST_PREFIX), limit=n.MAX_CODE_BYTES))
    header = fields.mapping(_inside(envelope.protected), _HEADER, "request header")
    fields.constant(header[n.HEADER_ALG], n.ALG_EDDSA, "request alg")
    fields.constant(header[n.HEADER_TYP], n.TYP_REQUEST, "request typ")
    kid, certificate, inner = decode_certificate(header[n.HEADER_KCWT])
    body = fields.mapping(_inside(envelope.payload), _MUST, "request", _MAY)
    nonce = fields.octets(body[n.CLAIM_CNONCE], n.MIN_NONCE_BYTES, n.MAX_NONCE_BYTES, "cnonce")
    asked_at = fields.time(body[n.CLAIM_IAT], "request iat")
    return _SignedRequest(kid, certificate, inner, _request(body), asked_at, nonce, envelope)


def _request(body: dict[int, object]) -> Request:
    request = Request(
        site=fields.site(body[n.CLAIM_SUB], "request site"),
        purpose=fields.text(body[n.CLAIM_PURPOSE], n.MAX_PURPOSE_BYTES, "purpose"),
        needed=read_attributes(body[n.CLAIM_NEEDED], "needed") if n.CLAIM_NEEDED in body else (),
        optional=read_attributes(body[n.CLAIM_OPTIONAL], "optional") if n.CLAIM_OPTIONAL in body else (),
        documents=_types(body[n.CLAIM_TYPES]) if n.CLAIM_TYPES in body else (),
        retention_days=fields.number(body[n.CLAIM_RETENTION], 0, n.MAX_RETENTION_DAYS, "retention"),
        issuers=_issuers(body[n.CLAIM_ISSUERS]) if n.CLAIM_ISSUERS in body else (),
    )
    if set(request.needed) & set(request.optional):
        raise cbor.malformed("optional: an attribute is needed as well")
    return request


def _request_map(request: Request) -> dict[int, object]:
    """The claims that `_request` reads."""
    lists: dict[int, list[int] | list[str]] = {
        n.CLAIM_NEEDED: numbers_of(request.needed),
        n.CLAIM_OPTIONAL: numbers_of(request.optional),
        n.CLAIM_TYPES: sorted(request.documents),
        n.CLAIM_ISSUERS: list(request.issuers),
    }
    return {
        n.CLAIM_SUB: request.site,
        n.CLAIM_PURPOSE: request.purpose,
        n.CLAIM_RETENTION: request.retention_days,
        **{claim: listed for claim, listed in lists.items() if listed},
    }


def _types(value: object) -> tuple[int, ...]:
    types = [
        fields.number(item, 0, n.MAX_DOCUMENT_TYPE, "document types")
        for item in fields.array(value, 1, n.MAX_DOCUMENTS, "document types")
    ]
    if not fields.ascending(types):
        raise cbor.malformed("document types: one value twice, or not ascending")
    return tuple(types)


def _issuers(value: object) -> tuple[str, ...]:
    listed = fields.array(value, 1, n.MAX_ISSUERS, "issuers")
    return tuple(fields.word(item, n.MAX_ISS_CHARS, "issuers") for item in listed)


def _check_within(request: Request, certificate: Certificate) -> None:
    if not within(request.site, (certificate.site,)):
        raise Refused(Reason.ISSUER_SCOPE, "the certificate is for another site")
    if beyond := request.attributes - certificate.askable:
        raise Refused(Reason.ISSUER_SCOPE, f"asks for {min(beyond)}, which its certificate does not allow")
    if request.retention_days > certificate.retention_days:
        raise Refused(Reason.ISSUER_SCOPE, "keeps what is disclosed for longer than its certificate allows")


def _inside(data: bytes) -> object:
    return cbor.decode(data, limit=n.MAX_CODE_BYTES)
