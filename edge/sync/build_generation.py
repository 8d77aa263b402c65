"""From verified files to a generation: what is unchanged is shared, a list goes on from its last edition."""

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

MAX_PACK_BYTES: Final = 64 << 20  # 65,536 boxes, each at its limit, with their CBOR heads are 34 MB
BITMAPS: Final = ("revoked", "suspended")


@dataclass(frozen=True, slots=True)
class ListHead:
    """One list as its issuer signed it, and the edition that is here, if it can be gone on from."""

    of: names.ListName
    status: StatusList | StatusManifest
    base: StatusManifest | None


def head_file(name: str) -> tuple[str, int]:
    """Where a head's target goes in a generation, and the most bytes it may have."""
    if names.issuer_kid(name):
        return name, MAX_ISSUER_BYTES
    if part := names.list_target(name):
        return f"{_stem(part.of)}.{part.kind}", any_list.MAX_BYTES[part.kind]
    return "policy.toml", MAX_POLICY_BYTES


def read_heads(heads: Mapping[str, bytes], before: Path | None) -> list[ListHead]:
    """The lists among the heads (content by target name), verified with the issuers among them.

    Raises UpdateRejected for what does not belong together, and for a list that is older than the one before.
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
            f"{name}: {refused.message}", hint="its issuer has to publish again"
        ) from refused
    if names.ListName.of(issuer.kid, uri) != of:
        raise UpdateRejected(
            f"{name}: holds another list than its name says", hint="its issuer has to publish again"
        )
    old = _edition(part, issuer, before)
    if old and old.issued_at > status.issued_at:
        raise UpdateRejected(
            f"rollback: {name} was signed before the list that is here", hint="the repository is old"
        )
    fits = isinstance(old, StatusManifest) and isinstance(status, StatusManifest) and old.size == status.size
    return ListHead(of, status, old if fits and isinstance(old, StatusManifest) else None)


def _edition(
    part: names.ListTarget, issuer: IssuerKey, before: Path | None
) -> StatusList | StatusManifest | None:
    """The list that the generation before has; None where it has none that this issuer signed."""
    if before is None:
        return None
    with suppress(OSError, Refused):
        file = before / f"{_stem(part.of)}.{part.kind}"
        return any_list.decode(part.kind, file.read_bytes(), issuer)[1]
    return None


def bitmap_room(status: StatusList | StatusManifest) -> int:
    """Bytes that the bitmaps beside a list take on the disk."""
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
    """The two bitmaps that a manifest promises: kept, or brought forward by deltas, or made anew.

    Raises UpdateRejected where not even the full list is what the issuer signed.
    """
    stem = _stem(head.of)
    if head.base and head.base.serial == manifest.serial and _same(head.base, manifest):
        with suppress(OSError):
            for kind in BITMAPS:
                draft.keep(f"{stem}.{kind}")
            return
    need_space(draft.folder, bitmap_room(manifest), reserve=reserve)
    if head.base and way.deltas:
        # Whatever does not come out as it was signed, or has lost its base, is what the full list is for.
        with suppress(UpdateRejected, FileNotFoundError):
            _forward(draft, stem, head.base.serial, manifest, [files.get(delta) for delta in way.deltas])
            return
    if way.full is None:
        raise UpdateRejected(
            f"{head.of.stem}: no full list of serial {manifest.serial}", hint="its issuer has to publish it"
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
    """Both bitmaps, writable where they lie. Their blocks are reserved: a full disk cannot end us here."""
    maps = []
    for kind in BITMAPS:
        with (draft.folder / f"{stem}.{kind}").open("r+b") as file:
            maps.append(mmap.mmap(file.fileno(), bitmap_bytes(manifest.size)))
    yield Bitmaps(manifest.size, *maps)
    for view in maps:
        view.flush()


def _view(file: Path) -> memoryview | bytes:
    """A file's bytes where they lie."""
    with file.open("rb") as stream:
        return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))


def pack_file(name: str) -> str:
    """Where a pack stays in a generation, so that the next one need not fetch it again."""
    return f"{PACKS}/{name.rpartition('/')[2]}"


def place_pack(draft: GenerationDraft, target: Target, files: Downloads, *, kept: bool) -> None:
    """The boxes of a pack, each in its own file; those that were here before are shared."""
    pack = pack_file(target.name)
    if kept:
        draft.keep(pack)
    else:
        draft.take(pack, files.get(target))
    for box in _boxes(target.name, (draft.folder / pack).read_bytes()):
        name, data = sealed_file(box)
        if (draft.folder / name).exists():
            continue  # in two packs
        if draft.before is not None:
            with suppress(FileNotFoundError):
                draft.keep(name)
                continue
        draft.write(name, data)


def _boxes(name: str, data: bytes) -> list[bytes]:
    hint = "the authority has to publish this pack again"
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
