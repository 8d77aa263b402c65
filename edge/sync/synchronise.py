"""One sync, from the first request to the new current generation. After any failure the old trust stays."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from edge.errors import StorageFault, SyncError, TrustFault, UpdateRejected
from edge.sync import names, plan
from edge.sync.build_generation import (
    bitmap_room,
    head_file,
    pack_file,
    place_bitmaps,
    place_pack,
    read_heads,
)
from edge.sync.download import Downloads, Unwatched
from edge.sync.durable_files import need_space, storing
from edge.sync.generation import (
    GENERATION,
    KEPT,
    Generations,
    kept_file,
    read_generation,
    read_kept,
    write_generation,
)
from edge.sync.plan import Way
from edge.sync.report import Difference, Report
from edge.sync.signed_time import MAX_TIME_BYTES, read_signed_time
from edge.sync.tuf_client import TufClient
from edge.trust import generation as trust_generation
from edge.trust.generation import Generation
from edge.trust.status.status import StatusManifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from edge.ports import Source
    from edge.sync.build_generation import ListHead
    from edge.sync.download import DownloadProgress
    from edge.sync.generation import GenerationDraft
    from edge.sync.plan import Target, Wanted
    from edge.trust.snapshot import TrustSnapshot

# A role that lists models also lists the manifest that names them.
PROBES: Final = (names.TIME, "models/manifest.toml")
# A repository in the image is as old as the image; each decision judges its age, not this module.
AGELESS: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTrust:
    """The trust folder of one device, and the part of a repository that it needs.

    `trust`: the link to the current generation. `load`: loads a generation as the device does; raises
    TrustFault. `reserve`: bytes of the disk that stay free for the journal.
    """

    trust: Path
    state: Path
    site: str
    load: Callable[[Path], TrustSnapshot]
    models: bool = False
    max_bytes: int = 512_000_000
    reserve: int = 32_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSource:
    """One repository at one time. `origin`: its address or folder; `root`: the first root, if it was given.

    `now`: the time of this machine's clock, aware UTC; `floor`: a time that true time is not before. `baked`:
    the repository is part of the image, and its age does not count.
    """

    source: Source
    origin: str
    root: bytes | None
    now: datetime
    floor: datetime = AGELESS
    baked: bool = False


def synchronise(
    device_trust: DeviceTrust, source: UpdateSource, *, progress: DownloadProgress | None = None
) -> Report:
    """Bring a device's trust up to date. Raises SyncError; the trust is then unchanged."""
    watcher = progress or Unwatched()
    with _alone(device_trust.state):
        generations = Generations(device_trust.trust)
        before = generations.in_force()
        known = read_generation(before) if before else None
        client = _client(device_trust, source, known)
        client.refresh()
        _check_versions(client, known)
        targets = client.targets(PROBES if device_trust.models else PROBES[:1])
        wanted = plan.select(targets, site=device_trust.site, models=device_trust.models)
        files = Downloads(
            source.source,
            device_trust.state / "partial",
            path=lambda target: f"targets/{client.path(target)}",
            budget=device_trust.max_bytes,
            reserve=device_trust.reserve,
            progress=watcher,
        )
        old = read_kept(before) if before and known else {}
        signed_at = _signed_at(wanted.time, files, known, old)
        taken = Generation(source.now, signed_at, source.origin, client.versions)
        now = known.followed_by(taken) if known else taken.as_first()
        update = _Update(device_trust, targets, wanted, files, old, watcher)
        if before and update.nothing_new():
            write_generation(before, now)
            generations.tidy()
            files.forget_all_but(update.waiting)
            return Report(
                generation=before.name,
                signed_at=signed_at,
                fetched=files.fetched,
                changed=False,
                left_out=update.left_out,
            )
        draft = generations.begin()
        try:
            update.build(draft, now)
            trust = _loaded(device_trust, draft.folder)
            final = generations.name(draft)
        except BaseException:
            generations.drop(draft)
            raise
        files.forget_all_but(update.waiting)
        return Difference.between(old, update.kept).report(
            trust, generation=final.name, signed_at=signed_at, fetched=files.fetched, left_out=update.left_out
        )


def _signed_at(time: Target, files: Downloads, known: Generation | None, old: Mapping[str, str]) -> datetime:
    """The signed time of the publication. Raises UpdateRejected if the device has a newer one."""
    last = known.signed_at if known else None
    if last and old.get(time.name) == time.sha256:
        return last
    signed_at = read_signed_time(files.read(time, limit=MAX_TIME_BYTES))
    if last and signed_at < last:
        raise UpdateRejected(
            f"rollback: published {signed_at:%Y-%m-%d %H:%M}, but this device has {last:%Y-%m-%d %H:%M}",
            hint="use a newer copy of the repository",
        )
    return signed_at


class _Update:
    """The parts of the next generation. `kept`: its targets; `waiting`: targets for a later sync."""

    def __init__(
        self,
        device_trust: DeviceTrust,
        targets: Mapping[str, Target],
        wanted: Wanted,
        files: Downloads,
        old: Mapping[str, str],
        progress: DownloadProgress,
    ) -> None:
        self.kept = wanted.kept()
        self.waiting: tuple[Target, ...] = ()
        self._device_trust = device_trust
        self._ways = plan.ListWays(targets)
        self._wanted = wanted
        self._files = files
        self._old = old
        self._progress = progress

    @property
    def left_out(self) -> tuple[str, ...]:
        """Names of targets that do not fit into the bytes of this sync."""
        return tuple(target.name for target in self.waiting)

    def nothing_new(self) -> bool:
        """Whether the current generation has all of these targets, except models that never fit."""
        if any(self._old.get(name) != sha256 for name, sha256 in self.kept.items() if not _is_model(name)):
            return False
        self._choose(())
        return self.kept == self._old

    def build(self, draft: GenerationDraft, now: Generation) -> None:
        """Fill the draft of a generation. Raises SyncError."""
        with storing(draft.folder):
            heads = self._heads(draft)
            ways = [(head, self._way(head)) for head in read_heads(heads, draft.before)]
            models = self._fetch(ways, draft)
            for head, way in ways:
                if isinstance(head.status, StatusManifest):
                    place_bitmaps(
                        draft, head, head.status, way, self._files, reserve=self._device_trust.reserve
                    )
            for target in self._wanted.sealed:
                place_pack(
                    draft, target, self._files, kept=self._is_here(draft, target, pack_file(target.name))
                )
            for target in models:
                self._place_one(draft, target, target.name)
            draft.write(KEPT, kept_file(self.kept))
            draft.write(GENERATION, trust_generation.encode(now))

    def _heads(self, draft: GenerationDraft) -> dict[str, bytes]:
        """Place keys, policy and lists in the draft. Returns their content."""
        found = {}
        for target in self._wanted.heads:
            file, limit = head_file(target.name)
            if target.length > limit:
                raise UpdateRejected(f"{target.name}: {target.length} bytes, at most {limit} are allowed")
            self._place_one(draft, target, file)
            found[target.name] = (draft.folder / file).read_bytes()
        return found

    def _way(self, head: ListHead) -> Way:
        """The downloads for the bitmaps of a list; none for a list that has them inside."""
        if not isinstance(head.status, StatusManifest):
            return Way()
        have = head.base.serial if head.base else None
        return self._ways.way(head.of, have=have, want=head.status.serial)

    def _fetch(self, ways: list[tuple[ListHead, Way]], draft: GenerationDraft) -> tuple[Target, ...]:
        """Download the missing targets, models last. Returns the models that fit."""
        lists = [target for _, way in ways for target in way.fetch]
        needed = [
            target for target in (*lists, *self._wanted.sealed) if self._old.get(target.name) != target.sha256
        ]
        coming = [*needed, *self._choose(needed)]
        total = sum(map(self._files.left, coming))
        bitmaps = sum(bitmap_room(head.status) for head, way in ways if not way.here)
        need_space(draft.folder, total + bitmaps, reserve=self._device_trust.reserve)
        self._progress.expect(total)
        for target in coming:
            self._files.get(target)
        return tuple(target for target in self._wanted.models if target not in self.waiting)

    def _choose(self, needed: Iterable[Target]) -> tuple[Target, ...]:
        """The models that fit besides the needed targets; the others wait for a later sync."""
        fresh = [target for target in self._wanted.models if self._old.get(target.name) != target.sha256]
        fitting = plan.fit(needed, fresh, budget=self._files.budget)
        self.waiting = tuple(target for target in fresh if target not in fitting)
        self.kept = self._wanted.kept()
        for name in self.left_out:
            del self.kept[name]
        return fitting

    def _place_one(self, draft: GenerationDraft, target: Target, file: str) -> None:
        if self._is_here(draft, target, file):
            draft.keep(file)
        else:
            draft.take(file, self._files.get(target))

    def _is_here(self, draft: GenerationDraft, target: Target, file: str) -> bool:
        """Whether the generation before has this file with these bytes."""
        if draft.before is None or self._old.get(target.name) != target.sha256:
            return False
        return (draft.before / file).is_file()


def _is_model(name: str) -> bool:
    return name.startswith("models/")


def _loaded(device_trust: DeviceTrust, folder: Path) -> TrustSnapshot:
    """The trust that a device loads from a generation. Raises UpdateRejected."""
    try:
        trust = device_trust.load(folder)
        if trust.policy is not None:
            trust.policy.check_site(device_trust.site)
    except (TrustFault, StorageFault) as fault:
        raise UpdateRejected(f"the new trust cannot be loaded: {fault.message}", hint=fault.hint) from fault
    return trust


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Lock for one sync at a time: only one process may use the metadata and the partial downloads."""
    with storing(state):
        state.mkdir(parents=True, exist_ok=True)
        lock = (state / "sync.lock").open("ab")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SyncError("another sync is running", hint="wait until it ends") from error
        yield


def _client(device_trust: DeviceTrust, source: UpdateSource, known: Generation | None) -> TufClient:
    signed_at = known.signed_at if known and known.signed_at else AGELESS
    now = AGELESS if source.baked else max(source.now, source.floor, signed_at)
    return TufClient(source.source, device_trust.state / "tuf", root=source.root, now=now)


def _check_versions(client: TufClient, known: Generation | None) -> None:
    """Check the versions of metadata against those of the generation, which outlive lost metadata files.

    Under another root versions may begin again: TUF recovers in this way from a version that is too high.
    """
    if known is None or client.versions.get("root") != known.versions.get("root"):
        return
    for role, version in client.versions.items():
        if version < known.versions.get(role, 0):
            raise UpdateRejected(
                f"rollback: {role} has version {version}, but this device has {known.versions[role]}",
                hint="use a newer copy of the repository",
            )
