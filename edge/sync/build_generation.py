"""Builds a generation of verified files: unchanged files are shared, lists continue their last edition."""

from __future__ import annotations

import mmap
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.card import cbor
from edge.errors import Refused, TrustFault, UpdateRejected
from edge.sync import names
from edge.sync.durable_files import copy, need_space, zeros
from edge.sync.generation import PACKS
from edge.trust.folder import sealed_file
from edge.trust.issuer_file import MAX_ISSUER_BYTES, read_issuer
from edge.trust.sealed_template import MAX_SEALED_BYTES
from edge.trust.site_policy import MAX_POLICY_BYTES
from edge.trust.status import any_list
from edge.trust.status import delta as statusdelta
from edge.trust.status.status import Bitmaps, StatusList, StatusManifest, bitmap_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from edge.sync.download import Downloads
    from edge.sync.generation import GenerationDraft
    from edge.sync.plan import Target, Way
    from edge.trust.scope import IssuerKey

MAX_PACK_BYTES: Final = 64 << 20  # 65,536 boxes at their limit, with their CBOR heads, take 34 MB
BITMAPS: Final = ("revoked", "suspended")


@dataclass(frozen=True, slots=True)
class ListHead:
    """One list as its issuer signed it, and the local edition, if deltas can continue it."""

    of: names.ListName
    status: StatusList | StatusManifest
    base: StatusManifest | None


def head_file(name: str) -> tuple[str, int]:
    """The file of a head's target in a generation, and its greatest size in bytes."""
    if names.issuer_kid(name):
        return name, MAX_ISSUER_BYTES
    if part := names.list_target(name):
        return f"{_stem(part.of)}.{part.kind}", any_list.MAX_BYTES[part.kind]
    return "policy.toml", MAX_POLICY_BYTES


def read_heads(heads: Mapping[str, bytes], before: Path | None) -> list[ListHead]:
    """The lists among the heads (content by target name), verified with the issuers among them.

    Raises UpdateRejected for a list without a valid signature, and for one older than the local list.
    """
    issuers: dict[bytes, IssuerKey] = {}
    for name, data in heads.items():
        if kid := names.issuer_kid(name):
            try:
                issuers[kid] = read_issuer(name, kid, data)
            except TrustFault as fault:
                raise UpdateRejected(fault.message, hint=fault.hint) from fault
    found = []
    for name, data in heads.items():
        if part := names.list_target(name):
            found.append(_read_head(part, data, issuers[part.of.kid], before))
    return found


def _read_head(part: names.ListTarget, data: bytes, issuer: IssuerKey, before: Path | None) -> ListHead:
    name, of = f"{part.of.stem}.{part.kind}", part.of
    try:
        uri, status = any_list.decode(part.kind, data, issuer)
    except Refused as refused:
        raise UpdateRejected(
            f"{name}: {refused.message}", hint="ask its issuer to publish again"
        ) from refused
    if names.ListName.of(issuer.kid, uri) != of:
        raise UpdateRejected(
            f"{name}: its name does not match its URI, {uri}", hint="ask its issuer to publish again"
        )
    old = _edition(part, issuer, before)
    if old and old.issued_at > status.issued_at:
        raise UpdateRejected(
            f"rollback: {name} was signed before the list of this device",
            hint="use a newer copy of the repository",
        )
    fits = isinstance(old, StatusManifest) and isinstance(status, StatusManifest) and old.size == status.size
    return ListHead(of, status, old if fits and isinstance(old, StatusManifest) else None)


def _edition(
    part: names.ListTarget, issuer: IssuerKey, before: Path | None
) -> StatusList | StatusManifest | None:
    """The list in the generation before; None if it has none that this issuer signed."""
    if before is None:
        return None
    with suppress(OSError, Refused):
        file = before / f"{_stem(part.of)}.{part.kind}"
        return any_list.decode(part.kind, file.read_bytes(), issuer)[1]
    return None


def bitmap_room(status: StatusList | StatusManifest) -> int:
    """Bytes of the bitmaps of a list on the disk."""
    return 2 * bitmap_bytes(status.size) if isinstance(status, StatusManifest) else 0


def place_bitmaps(
    draft: GenerationDraft,
    head: ListHead,
    manifest: StatusManifest,
    way: Way,
    files: Downloads,
    *,
    reserve: int,
) -> None:
    """Place the two bitmaps of a manifest: unchanged, or updated by deltas, or from the full list.

    Raises UpdateRejected if even the full list does not have the signed hashes.
    """
    stem = _stem(head.of)
    if head.base and head.base.serial == manifest.serial and _same(head.base, manifest):
        with suppress(OSError):
            for kind in BITMAPS:
                draft.keep(f"{stem}.{kind}")
            return
    need_space(draft.folder, bitmap_room(manifest), reserve=reserve)
    if head.base and way.deltas:
        # The full list is used if the result does not have the signed hashes, or if the base is lost.
        with suppress(UpdateRejected, FileNotFoundError):
            _forward(draft, stem, head.base.serial, manifest, [files.get(delta) for delta in way.deltas])
            return
    if way.full is None:
        raise UpdateRejected(
            f"{head.of.stem}: no full list of serial {manifest.serial}",
            hint="ask the authority to publish it",
        )
    _anew(draft, stem, manifest, files.get(way.full))


def _forward(
    draft: GenerationDraft, stem: str, serial: int, manifest: StatusManifest, deltas: list[Path]
) -> None:
    assert draft.before is not None
    for kind in BITMAPS:
        place = draft.place(f"{stem}.{kind}")
        place.unlink(missing_ok=True)
        copy(draft.before / f"{stem}.{kind}", place)
    with _mapped(draft, stem, manifest) as bitmaps:
        for delta in deltas:
            serial = statusdelta.apply(_view(delta), bitmaps, serial=serial)
        manifest.check(bitmaps)


def _anew(draft: GenerationDraft, stem: str, manifest: StatusManifest, full: Path) -> None:
    for kind in BITMAPS:
        place = draft.place(f"{stem}.{kind}")
        place.unlink(missing_ok=True)
        zeros(place, bitmap_bytes(manifest.size))
    with _mapped(draft, stem, manifest) as bitmaps:
        statusdelta.expand(_view(full), bitmaps, serial=manifest.serial)
        manifest.check(bitmaps)


@contextmanager
def _mapped(draft: GenerationDraft, stem: str, manifest: StatusManifest) -> Iterator[Bitmaps]:
    """Both bitmaps, mapped writable. Their blocks are reserved, so that a full disk cannot cause SIGBUS."""
    maps = []
    for kind in BITMAPS:
        with (draft.folder / f"{stem}.{kind}").open("r+b") as file:
            maps.append(mmap.mmap(file.fileno(), bitmap_bytes(manifest.size)))
    yield Bitmaps(manifest.size, *maps)
    for view in maps:
        view.flush()


def _view(file: Path) -> memoryview | bytes:
    """A file's bytes, mapped read-only."""
    with file.open("rb") as stream:
        return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))


def pack_file(name: str) -> str:
    """The file of a pack in a generation, kept so that the next generation need not fetch it again."""
    return f"{PACKS}/{name.rpartition('/')[2]}"


def place_pack(draft: GenerationDraft, target: Target, files: Downloads, *, kept: bool) -> None:
    """Place the boxes of a pack, each in its own file; unchanged ones are shared."""
    pack = pack_file(target.name)
    if kept:
        draft.keep(pack)
    else:
        draft.take(pack, files.get(target))
    for box in _boxes(target.name, (draft.folder / pack).read_bytes()):
        name, data = sealed_file(box)
        if (draft.folder / name).exists():
            continue  # the box is in two packs
        if draft.before is not None:
            with suppress(FileNotFoundError):
                draft.keep(name)
                continue
        draft.write(name, data)


def _boxes(name: str, data: bytes) -> list[bytes]:
    hint = "ask the authority to publish this pack again"
    try:
        boxes = cbor.decode(data, limit=MAX_PACK_BYTES)
    except Refused as refused:
        raise UpdateRejected(f"{name}: {refused.message}", hint=hint) from refused
    if not isinstance(boxes, list | tuple) or not all(
        isinstance(box, bytes) and len(box) <= MAX_SEALED_BYTES for box in boxes
    ):
        raise UpdateRejected(f"{name}: not an array of boxes", hint=hint)
    return list(boxes)


def _same(one: StatusManifest, other: StatusManifest) -> bool:
    return (one.revoked_sha256, one.suspended_sha256) == (other.revoked_sha256, other.suspended_sha256)


def _stem(of: names.ListName) -> str:
    return f"status/{of.stem.rpartition('/')[2]}"
