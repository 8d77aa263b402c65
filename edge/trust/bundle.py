"""The trust folder: names and bytes in, a TrustSnapshot out; and the files that an issuer puts there.

    issuers/<kid>.json           one key of one issuer
    sealed/<id>.box              one sealed template (edge.trust.sealed)
    status/<kid>-<list>.cwt      one status list, signed with that key (STATUS.md)

`<kid>` is 16 hex digits, `<list>` the first 8 of the SHA-256 of the list's URI. `<id>` is 32
hex digits, the first 16 bytes of the SHA-256 of the file. The name of a file says what must be inside, so no
two files can speak for the same key or the same list.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import nacl.bindings

from edge.card import cose, fields
from edge.card import numbers as n
from edge.errors import InputError, Refused, TrustFault
from edge.trust import statusfile
from edge.trust.sealed import MAX_SEALED_BYTES, box_id
from edge.trust.snapshot import ANYWHERE, IssuerKey, Scope, TrustSnapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.trust.status import StatusList

MAX_ISSUER_BYTES: Final = 8_192  # an issuer with every field at its limit takes 5 kB
MAX_FILE_BYTES: Final = max(MAX_ISSUER_BYTES, statusfile.MAX_STATUS_BYTES)
MAX_FILES: Final = (
    65_536  # a region's issuers and the sealed templates of a large site; more is a wrong folder
)
MAX_VENUES: Final = 16  # there are five kinds so far
MAX_SITES: Final = 64  # an issuer of more sites than this signs for "*" or for a place around them

_ISSUER: Final = re.compile(r"issuers/([0-9a-f]{16})\.json")
_STATUS: Final = re.compile(r"status/([0-9a-f]{16})-[0-9a-f]{8}\.cwt")
_SEALED: Final = re.compile(r"sealed/([0-9a-f]{32})\.box")
_OURS: Final = ("issuers/", "sealed/", "status/")
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class _ScopeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    venues: list[str]
    sites: list[str]


class _IssuerFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    public_key: str
    scope: _ScopeFile
    valid_from: _Instant
    valid_until: _Instant
    issued_at: _Instant


def load(files: Mapping[str, bytes]) -> TrustSnapshot:
    """The trust in a folder's files; names are relative with "/".

    Files outside these three folders belong to others and are not looked at, nor are hidden ones. All or
    nothing: raises TrustFault, naming the file and what to do, for the first that is not right.
    """
    names = sorted(name for name in files if name.startswith(_OURS) and not _hidden(name))
    if len(names) > MAX_FILES:
        raise TrustFault(
            f"{len(names)} files of trust, at most {MAX_FILES}", hint="is this the right folder?"
        )
    issuers: dict[bytes, IssuerKey] = {}
    lists: dict[tuple[bytes, str], StatusList] = {}
    boxes: dict[bytes, bytes] = {}
    for name in names:  # issuers/ sorts before status/
        if found := _ISSUER.fullmatch(name):
            kid = bytes.fromhex(found[1])
            issuers[kid] = _read_issuer(name, kid, files[name])
        elif found := _STATUS.fullmatch(name):
            kid = bytes.fromhex(found[1])
            uri, status = _read_status(name, issuers.get(kid), files[name])
            lists[kid, uri] = status
        elif found := _SEALED.fullmatch(name):
            boxes[bytes.fromhex(found[1])] = _read_box(name, bytes.fromhex(found[1]), files[name])
        else:
            raise TrustFault(
                f"{name}: not a name that trust uses", hint="move this file out of the trust folder"
            )
    if not issuers:
        raise TrustFault("no issuer keys", hint="publish one: tools/issuer.py publish")
    return TrustSnapshot.of(issuers.values(), lists, boxes)


def issuer_file(issuer: IssuerKey) -> tuple[str, bytes]:
    """Name and content that put a key into a trust folder; InputError where `load` would refuse them."""
    content = _IssuerFile(
        name=issuer.name,
        public_key=_text_of(issuer.public_key),
        scope=_ScopeFile(list(issuer.scope.venues), list(issuer.scope.sites)),
        valid_from=issuer.valid_from,
        valid_until=issuer.valid_until,
        issued_at=issuer.issued_at,
    )
    name = f"issuers/{issuer.kid.hex()}.json"
    data = msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
    try:
        _read_issuer(name, issuer.kid, data)
    except TrustFault as fault:
        raise InputError(f"this does not make an issuer: {fault.message}", hint=fault.hint) from fault
    return name, data


def status_file(status: StatusList, *, issuer: IssuerKey, uri: str, issuer_seed: bytes) -> tuple[str, bytes]:
    """Name and content of a signed list for a trust folder; InputError where `load` would refuse them."""
    name = _status_name(issuer.kid, uri)
    data = statusfile.encode(status, issuer=issuer.name, uri=uri, issuer_seed=issuer_seed)
    try:
        _read_status(name, issuer, data)
    except TrustFault as fault:
        raise InputError(f"this does not make a status list: {fault.message}", hint=fault.hint) from fault
    return name, data


def sealed_file(box: bytes) -> tuple[str, bytes]:
    """Name and content of a sealed template for a trust folder, as `edge.trust.sealed.seal` made it."""
    return f"sealed/{box_id(box).hex()}.box", box


def _hidden(name: str) -> bool:
    """Editors and half-finished writes leave such names behind; a door must not stay shut for them."""
    return any(part.startswith(".") for part in name.split("/"))


def _status_name(kid: bytes, uri: str) -> str:
    return f"status/{kid.hex()}-{hashlib.sha256(uri.encode()).hexdigest()[:8]}.cwt"


def _read_issuer(name: str, kid: bytes, data: bytes) -> IssuerKey:
    hint = "fetch this file again from its issuer"
    if len(data) > MAX_ISSUER_BYTES:
        raise TrustFault(f"{name}: more than {MAX_ISSUER_BYTES} bytes", hint=hint)
    try:
        content = msgspec.json.decode(data, type=_IssuerFile)
        key = _key_of(content.public_key)
        scope = _scope_of(content.scope)
        issuer = fields.word(content.name, n.MAX_ISS_CHARS, "name")
        start, end, issued_at = map(_utc, (content.valid_from, content.valid_until, content.issued_at))
    except Refused as refused:
        raise TrustFault(f"{name}: {refused.detail}", hint=hint) from refused
    except (ValueError, RecursionError, OverflowError) as error:  # msgspec's errors are ValueErrors
        raise TrustFault(f"{name}: {error}", hint=hint) from error
    if cose.kid_of(key) != kid:
        raise TrustFault(f"{name}: holds another key than its name says", hint=hint)
    if start >= end:
        raise TrustFault(f"{name}: valid_until is not after valid_from", hint=hint)
    return IssuerKey(kid, issuer, key, scope, start, end, issued_at)


def _read_status(name: str, issuer: IssuerKey | None, data: bytes) -> tuple[str, StatusList]:
    if issuer is None:
        raise TrustFault(
            f"{name}: its issuer is not in issuers/", hint="publish the issuer's key, or remove the list"
        )
    try:
        uri, status = statusfile.decode(data, issuer)
    except Refused as refused:
        raise TrustFault(
            f"{name}: {refused.message}", hint="fetch this list again from its issuer"
        ) from refused
    if name != _status_name(issuer.kid, uri):
        raise TrustFault(f"{name}: holds another list than its name says", hint="fetch this list again")
    return uri, status


def _read_box(name: str, expected: bytes, data: bytes) -> bytes:
    if len(data) > MAX_SEALED_BYTES or box_id(data) != expected:
        raise TrustFault(f"{name}: not the box its name says", hint="fetch this file again")
    return data


def _scope_of(scope: _ScopeFile) -> Scope:
    """An empty scope would be an issuer for nowhere; "*" has to be written out."""
    venues = fields.array(scope.venues, 1, MAX_VENUES, "scope.venues")
    sites = fields.array(scope.sites, 1, MAX_SITES, "scope.sites")
    return Scope(
        tuple(fields.word(venue, n.MAX_SITE_CHARS, "scope.venues") for venue in venues),
        tuple(site if site == ANYWHERE else fields.site(site, "scope.sites") for site in sites),
    )


def _utc(instant: datetime) -> datetime:
    moment = instant.astimezone(UTC)
    if not 0 <= moment.timestamp() <= n.MAX_TIME:
        raise ValueError("a time outside 1970 to 2100")
    return moment


def _text_of(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def _key_of(text: str) -> bytes:
    """An Ed25519 public key, base64url without padding: a point of the main subgroup, in its one form."""
    try:
        key = base64.b64decode(text.encode() + b"=", altchars=b"-_", validate=True)
    except binascii.Error:
        key = b""
    if len(key) != n.PUBLIC_KEY_BYTES or _text_of(key) != text:
        raise ValueError("public_key: not 32 bytes of base64url")
    if not nacl.bindings.crypto_core_ed25519_is_valid_point(key):
        raise ValueError("public_key: not an Ed25519 key that anyone should use")
    return key
