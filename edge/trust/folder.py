"""Reader of a trust folder to a TrustSnapshot, and the names of its files.

    issuers/<kid>.json           one key of one issuer
    sealed/<id>.box              one sealed template (edge.trust.sealed_template)
    status/<kid>-<list>.cwt      one status list, or the manifest of one, signed with that key (STATUS.md)
    status/<kid>-<list>.revoked, .suspended      the bitmaps of a manifest
    status/<kid>-<list>.tsl      an IETF Token Status List instead of the .cwt (status.token_status)
    policy.toml, generation.json                 the site's policy; the time at which all of this was fetched

`<kid>` is 16 hex digits, `<list>` the first 8 of the SHA-256 of the list's URI. `<id>` is 32
hex digits, the first 16 bytes of the SHA-256 of the file. The content must match the name, so no two files
hold the same key or the same list.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from edge.errors import InputError, Refused, TrustFault
from edge.trust import generation, site_policy
from edge.trust.issuer_file import MAX_ISSUER_BYTES, read_issuer
from edge.trust.sealed_template import MAX_SEALED_BYTES, box_id
from edge.trust.snapshot import TrustSnapshot
from edge.trust.status import any_list, signed_file
from edge.trust.status.status import MAX_SIZE, Bitmaps, StatusList, StatusManifest, WrongList, bitmap_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Buffer

    from edge.trust.scope import IssuerKey

MAX_FILE_BYTES: Final = max(MAX_ISSUER_BYTES, *any_list.MAX_BYTES.values())
MAX_FILES: Final = 65_536  # the issuers of a region and the sealed templates of a large site
MAX_BITMAP_BYTES: Final = bitmap_bytes(MAX_SIZE)
# A bitmap up to this size, of a million cards, is read; a larger one is mapped, so that it takes no memory.
READ_BYTES: Final = 131_072
MAX_MAPPED: Final = 128  # lists: each maps two files, two generations may be loaded: 512 of 1,024 descriptors

POLICY: Final = "policy.toml"  # read by edge.trust.site_policy
GENERATION: Final = "generation.json"  # read by edge.trust.generation

_ISSUER: Final = re.compile(r"issuers/([0-9a-f]{16})\.json")
_STATUS: Final = re.compile(r"status/([0-9a-f]{16})-[0-9a-f]{8}\.(?:cwt|tsl)")
_BITMAP: Final = re.compile(r"status/[0-9a-f]{16}-[0-9a-f]{8}\.(?:revoked|suspended)")
_SEALED: Final = re.compile(r"sealed/([0-9a-f]{32})\.box")
_OURS: Final = ("issuers/", "sealed/", "status/")


def load(files: Mapping[str, Buffer]) -> TrustSnapshot:
    """The trust in a folder's files, given by relative names with "/".

    Outside its three folders only `policy.toml` and `generation.json` are read, if they exist; hidden files
    are ignored. Bitmaps (`is_bitmap`) are not copied: the snapshot reads the buffers, which may be mapped
    files above READ_BYTES. All or nothing: raises TrustFault for the first file that is wrong.
    """
    names = sorted(name for name in files if name.startswith(_OURS) and not _hidden(name))
    if len(names) > MAX_FILES:
        raise TrustFault(
            f"the trust folder has {len(names)} files, at most {MAX_FILES} are allowed",
            hint="check that [paths] trust names the trust folder",
        )
    issuers: dict[bytes, IssuerKey] = {}
    lists: dict[tuple[bytes, str], StatusList] = {}
    boxes: dict[bytes, bytes] = {}
    for name in names:  # issuers/ sorts before status/
        if found := _ISSUER.fullmatch(name):
            kid = bytes.fromhex(found[1])
            issuers[kid] = read_issuer(name, kid, bytes(files[name]))
        elif found := _STATUS.fullmatch(name):
            kid = bytes.fromhex(found[1])
            uri, status = _read_status(name, issuers.get(kid), bytes(files[name]))
            if (kid, uri) in lists:
                raise TrustFault(
                    f"{name}: a second file of the same list", hint="remove the .cwt or the .tsl"
                )
            lists[kid, uri] = (
                _with_bitmaps(name, status, files) if isinstance(status, StatusManifest) else status
            )
        elif found := _SEALED.fullmatch(name):
            boxes[bytes.fromhex(found[1])] = _read_box(name, bytes.fromhex(found[1]), bytes(files[name]))
        elif not is_bitmap(name):
            raise TrustFault(
                f"{name}: not a name of a trust file", hint="move this file out of the trust folder"
            )
    if not issuers:
        raise TrustFault("no issuer keys", hint="publish one: doorward-issuer publish")
    _check_bitmaps(names, {status_stem(*key): status for key, status in lists.items() if status.serial})
    return TrustSnapshot.of(
        issuers.values(),
        lists,
        boxes,
        policy=site_policy.parse(bytes(files[POLICY])) if POLICY in files else None,
        generation=generation.parse(bytes(files[GENERATION])) if GENERATION in files else None,
    )


def is_bitmap(name: str) -> bool:
    """Whether `load` keeps the buffer of this file without a copy, so that a large one should be mapped."""
    return _BITMAP.fullmatch(name) is not None


def status_stem(kid: bytes, uri: str) -> str:
    """The name of a list's files without the ending .cwt, .revoked or .suspended."""
    return f"status/{kid.hex()}-{hashlib.sha256(uri.encode()).hexdigest()[:8]}"


def status_file(
    status: StatusList | StatusManifest, *, issuer: IssuerKey, uri: str, issuer_seed: bytes
) -> tuple[str, bytes]:
    """Name and content of a signed list or manifest for a trust folder; InputError if `load` refuses it."""
    name = f"{status_stem(issuer.kid, uri)}.cwt"
    data = signed_file.encode(status, issuer=issuer.name, uri=uri, issuer_seed=issuer_seed)
    try:
        _read_status(name, issuer, data)
    except TrustFault as fault:
        raise InputError(f"invalid status list: {fault.message}", hint=fault.hint) from fault
    return name, data


def sealed_file(box: bytes) -> tuple[str, bytes]:
    """Name and content of a sealed template for a trust folder. `box`: from `sealed_template.seal`."""
    return f"sealed/{box_id(box).hex()}.box", box


def _hidden(name: str) -> bool:
    """Whether a part of the name begins with a dot, as files of editors and unfinished writes do."""
    return any(part.startswith(".") for part in name.split("/"))


def _read_status(name: str, issuer: IssuerKey | None, data: bytes) -> tuple[str, StatusList | StatusManifest]:
    if issuer is None:
        raise TrustFault(
            f"{name}: the key of its issuer is not in issuers/",
            hint="publish the issuer's key, or remove the list",
        )
    try:
        uri, status = any_list.decode(name.rpartition(".")[2], data, issuer)
    except Refused as refused:
        raise TrustFault(
            f"{name}: {refused.message}", hint="fetch this list again from its issuer"
        ) from refused
    if name.rpartition(".")[0] != status_stem(issuer.kid, uri):
        raise TrustFault(f"{name}: its name does not match its URI, {uri}", hint="fetch this list again")
    return uri, status


def _with_bitmaps(name: str, manifest: StatusManifest, files: Mapping[str, Buffer]) -> StatusList:
    stem = name.removesuffix(".cwt")
    revoked, suspended = f"{stem}.revoked", f"{stem}.suspended"
    hint = "fetch this list again from its issuer: the manifest and both bitmaps"
    for missing in {revoked, suspended} - files.keys():
        raise TrustFault(f"{missing}: missing, but its manifest exists", hint=hint)
    try:
        return manifest.check(Bitmaps(manifest.size, files[revoked], files[suspended]))
    except WrongList as wrong:
        raise TrustFault(f"{stem}.{wrong.message}", hint=hint) from wrong


def _check_bitmaps(names: list[str], with_manifest: Mapping[str, StatusList]) -> None:
    mapped = sum(bitmap_bytes(status.size) > READ_BYTES for status in with_manifest.values())
    if mapped > MAX_MAPPED:
        raise TrustFault(
            f"{mapped} lists of more than {READ_BYTES * 8} cards, at most {MAX_MAPPED} are allowed",
            hint="remove the lists that this door does not need",
        )
    for name in filter(is_bitmap, names):
        if name.rpartition(".")[0] not in with_manifest:
            raise TrustFault(
                f"{name}: a bitmap without a manifest",
                hint="fetch the list again from its issuer, or remove this file",
            )


def _read_box(name: str, expected: bytes, data: bytes) -> bytes:
    if len(data) > MAX_SEALED_BYTES or box_id(data) != expected:
        raise TrustFault(f"{name}: its SHA-256 does not match its name", hint="fetch this file again")
    return data
