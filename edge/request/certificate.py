"""Certificates: an issuer signs the key of a venue's device (REQUEST.md section 2).

The wallet has the key of its own card's issuer, so it checks the certificate without a network.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.card import cbor, cose, fields
from edge.card import numbers as n
from edge.card.attributes import BY_NUMBER, NUMBERS, Attribute
from edge.decision import Reason
from edge.errors import InputError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

MAX_CERTIFICATE_BYTES: Final = 420  # a phone still reads the code with the longest request around it
MAX_LIFE: Final = timedelta(days=400)  # a certificate cannot be revoked
_HEADER: Final = frozenset({n.HEADER_ALG, n.HEADER_KID, n.HEADER_TYP})
_MUST: Final = frozenset(
    {
        n.CLAIM_ISS,
        n.CLAIM_SUB,
        n.CLAIM_EXP,
        n.CLAIM_IAT,
        n.CLAIM_CNF,
        n.CLAIM_OPERATOR,
        n.CLAIM_RETENTION,
    }
)
_MAY: Final = frozenset({n.CLAIM_ASKABLE})


@dataclass(frozen=True, slots=True)
class CertificateAuthority:
    """An issuer whose certificates a wallet accepts; the issuer of its own card always is one."""

    name: str
    public_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """An issuer's statement about a venue's device. `site` covers all that lies inside it.

    `operator`: the name of the place's operator, for visitors. `askable`: all attributes that the device may
    ask for. `retention_days`: the longest retention that its requests may name.
    """

    authority: str
    site: str
    operator: str
    device_key: bytes = field(repr=False)
    issued_at: datetime
    expires: datetime
    askable: frozenset[Attribute] = frozenset()
    retention_days: int = 0


def sign_certificate(certificate: Certificate, issuer_seed: bytes) -> bytes:
    """A certificate as a file for the device. Raises InputError if wallets would refuse it."""
    protected = {
        n.HEADER_ALG: n.ALG_EDDSA,
        n.HEADER_KID: cose.kid_of(cose.public_key(issuer_seed)),
        n.HEADER_TYP: n.TYP_VENUE,
    }
    body: dict[int, object] = {
        n.CLAIM_ISS: certificate.authority,
        n.CLAIM_SUB: certificate.site,
        n.CLAIM_EXP: int(certificate.expires.timestamp()),
        n.CLAIM_IAT: int(certificate.issued_at.timestamp()),
        n.CLAIM_CNF: {n.CNF_COSE_KEY: cose.cose_key(certificate.device_key)},
        n.CLAIM_OPERATOR: certificate.operator,
        n.CLAIM_RETENTION: certificate.retention_days,
    }
    if certificate.askable:
        body[n.CLAIM_ASKABLE] = numbers_of(certificate.askable)
    data = cose.sign(protected, body, issuer_seed)
    try:
        decode_certificate(cbor.decode(data, limit=MAX_CERTIFICATE_BYTES))
    except Refused as refused:
        raise InputError(
            f"not a valid certificate: {refused.detail}",
            hint="compare the values with the limits in edge/request/REQUEST.md section 3",
        ) from refused
    return data


def decode_certificate(value: object) -> tuple[bytes, Certificate, cose.Sign1]:
    """Key id, claims and envelope, from its decoded tag; not verified. Raises Refused(CARD_MALFORMED)."""
    envelope = cose.parse(value)
    header = fields.mapping(_inside(envelope.protected), _HEADER, "certificate header")
    fields.constant(header[n.HEADER_ALG], n.ALG_EDDSA, "certificate alg")
    fields.constant(header[n.HEADER_TYP], n.TYP_VENUE, "certificate typ")
    kid = fields.octets(header[n.HEADER_KID], n.KID_BYTES, n.KID_BYTES, "kid")
    body = fields.mapping(_inside(envelope.payload), _MUST, "certificate", _MAY)
    certificate = Certificate(
        authority=fields.word(body[n.CLAIM_ISS], n.MAX_ISS_CHARS, "iss"),
        site=fields.site(body[n.CLAIM_SUB], "certificate site"),
        operator=fields.text(body[n.CLAIM_OPERATOR], n.MAX_OPERATOR_BYTES, "operator"),
        device_key=fields.public_key(body[n.CLAIM_CNF]),
        issued_at=fields.time(body[n.CLAIM_IAT], "certificate iat"),
        expires=fields.time(body[n.CLAIM_EXP], "certificate exp"),
        askable=frozenset(read_attributes(body[n.CLAIM_ASKABLE], "askable"))
        if n.CLAIM_ASKABLE in body
        else frozenset(),
        retention_days=fields.number(
            body[n.CLAIM_RETENTION], 0, n.MAX_RETENTION_DAYS, "certificate retention"
        ),
    )
    if not timedelta(0) < certificate.expires - certificate.issued_at <= MAX_LIFE:
        raise cbor.malformed(f"certificate exp: not within {MAX_LIFE.days} days after iat")
    return kid, certificate, envelope


def check_certificate(
    kid: bytes,
    certificate: Certificate,
    envelope: cose.Sign1,
    authorities: Iterable[CertificateAuthority],
    *,
    now: datetime,
) -> None:
    """Raises Refused unless an authority that the wallet knows signed this, and it has not expired.

    ISSUER_UNKNOWN, SIGNATURE_BAD, or ISSUER_SCOPE if it has expired.
    """
    known = {cose.kid_of(authority.public_key): authority for authority in authorities}
    authority = known.get(kid)
    if authority is None or authority.name != certificate.authority:
        raise Refused(
            Reason.ISSUER_UNKNOWN, "this wallet does not know the issuer of the device's certificate"
        )
    cose.check_signature(envelope, authority.public_key, whose="the authority")
    if now >= certificate.expires:
        raise Refused(Reason.ISSUER_SCOPE, "the certificate of this device has expired")


def read_attributes(value: object, what: str) -> tuple[Attribute, ...]:
    """Attributes by their numbers, ascending. Raises Refused(CARD_MALFORMED)."""
    listed = [
        fields.number(item, 1, n.ATTRIBUTES, what) for item in fields.array(value, 1, n.ATTRIBUTES, what)
    ]
    if not fields.ascending(listed):
        raise cbor.malformed(f"{what}: one value twice, or not ascending")
    return tuple(BY_NUMBER[number] for number in listed)


def numbers_of(attributes: Iterable[Attribute]) -> list[int]:
    """The numbers that `read_attributes` reads."""
    return sorted(NUMBERS[attribute] for attribute in attributes)


def _inside(data: bytes) -> object:
    return cbor.decode(data, limit=n.MAX_CODE_BYTES)
