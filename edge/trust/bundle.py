"""The trust folder: names and bytes in, a TrustSnapshot out; and the files that an issuer puts there.

    issuers/<kid>.json           one key of one issuer
    sealed/<id>.box              one sealed template (edge.trust.sealed)
    status/<kid>-<list>.cwt      one status list, signed with that key (STATUS.md)

`<kid>` is 16 hex digits, `<list>` the first 8 of the SHA-256 of the list's URI. `<id>` is 32
hex digits, the first 16 bytes of the SHA-256 of the file. The name of a file says what must be inside, so no
two files can speak for the same key or the same list.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from edge.errors import InputError, Refused, TrustFault
from edge.trust import statusfile
from edge.trust.issuerfile import MAX_ISSUER_BYTES, read_issuer
from edge.trust.sealed import MAX_SEALED_BYTES, box_id
from edge.trust.snapshot import IssuerKey, TrustSnapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.trust.status import StatusList

MAX_FILE_BYTES: Final = max(MAX_ISSUER_BYTES, statusfile.MAX_STATUS_BYTES)
MAX_FILES: Final = (
    65_536  # a region's issuers and the sealed templates of a large site; more is a wrong folder
)

_ISSUER: Final = re.compile(r"issuers/([0-9a-f]{16})\.json")
_STATUS: Final = re.compile(r"status/([0-9a-f]{16})-[0-9a-f]{8}\.cwt")
_SEALED: Final = re.compile(r"sealed/([0-9a-f]{32})\.box")
_OURS: Final = ("issuers/", "sealed/", "status/")


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
            issuers[kid] = read_issuer(name, kid, files[name])
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
