"""Reader and writer of an issuer's key file in a trust folder (STATUS.md section 2)."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
import nacl.bindings

from edge.card import cose, fields
from edge.card import numbers as n
from edge.errors import InputError, Refused, TrustFault
from edge.formats.untrusted_text import typed_json
from edge.trust.scope import ANYWHERE, IssuerKey, Scope
from edge.trust.status import jwk

MAX_ISSUER_BYTES: Final = 8_192  # an issuer with every field at its limit takes 5 kB
MAX_VENUES: Final = 16  # there are five kinds
MAX_SITES: Final = 64  # an issuer for more sites names "*", or a site that contains them
MAX_JURISDICTIONS: Final = 64  # about twice the 34 parts of China

_JURISDICTION: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")  # the form of ISO 3166-1 alpha-2 and 3166-2
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class _ScopeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    venues: list[str]
    sites: list[str]
    jurisdictions: list[str]


class _IssuerFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    public_key: str
    scope: _ScopeFile
    valid_from: _Instant
    valid_until: _Instant
    issued_at: _Instant
    list_key: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decoder = msgspec.json.Decoder(_IssuerFile)


def issuer_file(issuer: IssuerKey) -> tuple[str, bytes]:
    """Name and content of a key file for a trust folder; InputError if `load` would refuse them."""
    content = _IssuerFile(
        name=issuer.name,
        public_key=_text_of(issuer.public_key),
        scope=_ScopeFile(
            list(issuer.scope.venues), list(issuer.scope.sites), list(issuer.scope.jurisdictions)
        ),
        valid_from=issuer.valid_from,
        valid_until=issuer.valid_until,
        issued_at=issuer.issued_at,
        list_key=msgspec.Raw(msgspec.json.encode(issuer.list_key.to_jwk()))
        if issuer.list_key
        else msgspec.UNSET,
    )
    name = f"issuers/{issuer.kid.hex()}.json"
    data = msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
    try:
        read_issuer(name, issuer.kid, data)
    except TrustFault as fault:
        raise InputError(f"invalid issuer: {fault.message}", hint=fault.hint) from fault
    return name, data


def read_issuer(name: str, kid: bytes, data: bytes) -> IssuerKey:
    """The key in a file with this name. Raises TrustFault."""
    hint = "fetch this file again from its issuer"
    if len(data) > MAX_ISSUER_BYTES:
        raise TrustFault(f"{name}: {len(data)} bytes, at most {MAX_ISSUER_BYTES} are allowed", hint=hint)
    try:
        content = typed_json(data, _decoder)
        key = _key_of(content.public_key)
        scope = _scope_of(content.scope)
        issuer = fields.word(content.name, n.MAX_ISS_CHARS, "name")
        list_key = jwk.parse(bytes(content.list_key)) if content.list_key else None
        start, end, issued_at = map(_utc, (content.valid_from, content.valid_until, content.issued_at))
    except TrustFault as fault:
        raise TrustFault(f"{name}: list_key: {fault.message}", hint=fault.hint) from fault
    except Refused as refused:
        raise TrustFault(f"{name}: {refused.detail}", hint=hint) from refused
    except (ValueError, OverflowError) as error:  # UnreadableText is a ValueError
        raise TrustFault(f"{name}: {error}", hint=hint) from error
    if cose.kid_of(key) != kid:
        raise TrustFault(f"{name}: the key in it has the id {cose.kid_of(key).hex()}", hint=hint)
    if start >= end:
        raise TrustFault(f"{name}: valid_until is not after valid_from", hint=hint)
    return IssuerKey(kid, issuer, key, scope, start, end, issued_at, list_key)


def _scope_of(scope: _ScopeFile) -> Scope:
    """The scope of a file. Each of its lists has at least one entry, which may be "*"."""
    venues = fields.array(scope.venues, 1, MAX_VENUES, "scope.venues")
    sites = fields.array(scope.sites, 1, MAX_SITES, "scope.sites")
    jurisdictions = fields.array(scope.jurisdictions, 1, MAX_JURISDICTIONS, "scope.jurisdictions")
    return Scope(
        tuple(fields.word(venue, n.MAX_SITE_CHARS, "scope.venues") for venue in venues),
        tuple(site if site == ANYWHERE else fields.site(site, "scope.sites") for site in sites),
        tuple(code if code == ANYWHERE else _jurisdiction(code) for code in jurisdictions),
    )


def _jurisdiction(code: str) -> str:
    if not _JURISDICTION.fullmatch(code):
        raise ValueError("scope.jurisdictions: an entry is not a code of ISO 3166 such as MO or CN-GD")
    return code


def _utc(instant: datetime) -> datetime:
    moment = instant.astimezone(UTC)
    if not 0 <= moment.timestamp() <= n.MAX_TIME:
        raise ValueError("a time is not from 1970 to 2100")
    return moment


def _text_of(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def _key_of(text: str) -> bytes:
    """An Ed25519 public key from base64url without padding: a canonical point of the main subgroup."""
    try:
        key = base64.b64decode(text.encode() + b"=", altchars=b"-_", validate=True)
    except binascii.Error:
        key = b""
    if len(key) != n.PUBLIC_KEY_BYTES or _text_of(key) != text:
        raise ValueError("public_key: not 32 bytes of base64url")
    if not nacl.bindings.crypto_core_ed25519_is_valid_point(key):
        raise ValueError("public_key: not a safe Ed25519 key, but of low order or not on the curve")
    return key
