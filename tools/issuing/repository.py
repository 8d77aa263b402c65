"""A trust repository for its authority: the published state, and the files of the next publication.

Pure: files come in through a port and go out as a mapping, in the order to write them. A publication that is
interrupted is not published: clients read `metadata/timestamp.json` first, and it is written last.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Signed,
    Snapshot,
    T,
    TargetFile,
    Targets,
    Timestamp,
)

from edge.errors import InputError
from edge.sync import names, tuf_keys
from edge.sync.signed_time import read_signed_time, signed_time
from edge.trust.time.clock_slack import is_ahead
from tools.issuing import roles
from tools.issuing.draft import MetadataDraft, metadata_path, target_path
from tools.issuing.metadata import MAX_METADATA_BYTES, parse, require_content, require_signed
from tools.issuing.roles import DELEGATED, LIVES, ROOT, SNAPSHOT, TARGETS, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime, timedelta

    from edge.ports import Files
    from tools.issuing.tufsigner import Keyring, SeedSigner

_ROOT_FILE: Final = re.compile(r"metadata/([1-9][0-9]{0,8})\.root\.json")


def create(keys: Mapping[str, Sequence[SeedSigner]], *, now: datetime) -> dict[str, bytes]:
    """The files of a new repository; the time is its only target. `keys`: as in `roles.KEY_COUNTS`."""
    now = now.replace(microsecond=0)
    root = Root(expires=now + LIVES[ROOT], consistent_snapshot=True)
    for role in (ROOT, TARGETS, SNAPSHOT, TIMESTAMP):
        for signer in keys[role]:
            root.add_key(signer.public_key, role)
    root.roles[ROOT].threshold = roles.ROOT_THRESHOLD
    delegations = Delegations(
        {signer.key_id: signer.public_key for role in DELEGATED for signer in keys[role]},
        {
            role: DelegatedRole(role, [signer.key_id for signer in keys[role]], 1, True, list(paths))
            for role, paths in DELEGATED.items()
        },
    )
    signed: dict[str, Signed] = {role: Targets() for role in DELEGATED}
    signed |= {
        ROOT: root,
        TARGETS: Targets(delegations=delegations),
        SNAPSHOT: Snapshot(),
        TIMESTAMP: Timestamp(),
    }
    draft = MetadataDraft({signer.key_id: signer for held in keys.values() for signer in held}, signed=signed)
    draft.put({names.TIME: signed_time(now)})
    anchor: Metadata[Root] = Metadata(root)
    for signer in keys[ROOT]:
        anchor.sign(signer, append=True)
    return {metadata_path(ROOT, 1): anchor.to_bytes()} | draft.sign(now)


class Repository:
    """The published state: `metadata` by role, verified from the first root on, except expiry."""

    def __init__(self, files: Files, metadata: Mapping[str, Metadata[Any]]) -> None:
        self.metadata = metadata
        self._files = files

    @classmethod
    def load(cls, files: Files) -> Repository:
        """The repository in a folder. Raises InputError where a file in it is not as it was signed.

        A file that an attacker on the web server altered must not be signed in the next publication.
        """
        tuf_keys.register()
        roots = _roots(files)
        root = roots[-1]
        # An interrupted rotation may leave a role signed by the old keys; the next publication repairs it.
        known = [metadata.signed for metadata in reversed(roots[-2:])]
        timestamp = _read(files, TIMESTAMP, None, Timestamp, known)
        snapshot = _read(files, SNAPSHOT, timestamp.signed.snapshot_meta, Snapshot, known)
        meta = snapshot.signed.meta
        targets = _read(files, TARGETS, meta.get("targets.json"), Targets, known)
        metadata: dict[str, Metadata[Any]] = {
            role: _read(files, role, meta.get(f"{role}.json"), Targets, [targets.signed])
            for role in DELEGATED
        }
        return cls(files, metadata | {TARGETS: targets, SNAPSHOT: snapshot, TIMESTAMP: timestamp, ROOT: root})

    @property
    def root(self) -> Root:
        return cast("Root", self.metadata[ROOT].signed)

    def targets(self, role: str) -> Targets:
        return cast("Targets", self.metadata[role].signed)

    def __iter__(self) -> Iterator[TargetFile]:
        """All targets, by role and name."""
        for role in (TARGETS, *DELEGATED):
            for _, target in sorted(self.targets(role).targets.items()):
                yield target

    def find(self, name: str) -> TargetFile | None:
        """A target by its name. Raises InputError for a name without a role."""
        return self.targets(roles.role_of(name)).targets.get(name)

    def read(self, name: str) -> bytes:
        """The verified content of a target. Raises InputError and StorageFault."""
        target = self.find(name)
        if target is None:
            raise InputError(
                f"{name}: not in this repository", hint="list the targets with: doorward-authority show"
            )
        data = self._files.read(target_path(target), limit=target.length)
        require_content(target_path(target), data, target)
        return data

    def contents(self, paths: Collection[str]) -> Mapping[str, bytes]:
        """The contents of these targets, by name; each is read and verified when it is needed."""
        return _Contents(self, paths)

    def signed_at(self) -> datetime:
        """The signed time of the last publication."""
        return read_signed_time(self.read(names.TIME))

    def publish(
        self,
        puts: Mapping[str, bytes | None],
        ring: Keyring,
        *,
        now: datetime,
        life: timedelta = LIVES[TIMESTAMP],
    ) -> dict[str, bytes]:
        """The files that change these targets, in the order to write them; None removes a target.

        Every publication holds the time, and its timestamp is valid for `life`. Raises InputError for a clock
        that is behind, or where a key is missing: only roles that change need their keys.
        """
        draft = self.draft(ring, now=now)
        draft.put(puts)
        return draft.sign(now.replace(microsecond=0), life=life)

    def draft(self, ring: Keyring, *, now: datetime) -> MetadataDraft:
        """A publication that changes only the time. Raises InputError for a clock that is behind."""
        if is_ahead(last := self.signed_at(), now):
            raise InputError(
                f"the clock is {now:%Y-%m-%dT%H:%M:%SZ}, and the last publication {last:%Y-%m-%dT%H:%M:%SZ}",
                hint="set the clock: devices refuse an older time",
            )
        draft = MetadataDraft(ring, old=self.metadata)
        draft.put({names.TIME: signed_time(max(now, last))})  # devices refuse an older time
        return draft


class _Contents(Mapping[str, bytes]):
    def __init__(self, repository: Repository, paths: Collection[str]) -> None:
        self._repository = repository
        self._paths = paths

    def __getitem__(self, name: str) -> bytes:
        if name not in self._paths:
            raise KeyError(name)
        return self._repository.read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def _roots(files: Files) -> list[Metadata[Root]]:
    """All roots in order, each signed by enough keys of the root before it and of itself."""
    found = [int(match[1]) for name in files.names() if (match := _ROOT_FILE.fullmatch(name))]
    if not found:
        raise InputError("there is no repository here", hint="make one with: doorward-authority init")
    roots: list[Metadata[Root]] = []
    for version in range(min(found), max(found) + 1):
        path = metadata_path(ROOT, version)
        metadata = parse(path, files.read(path, limit=MAX_METADATA_BYTES), Root)
        require_signed(path, ROOT, metadata, [metadata.signed])
        if roots:
            require_signed(path, ROOT, metadata, [roots[-1].signed])
        if metadata.signed.version != version:
            raise InputError(
                f"{path}: holds version {metadata.signed.version}", hint="restore it from a backup"
            )
        roots.append(metadata)
    return roots


def _read(
    files: Files, role: str, described: MetaFile | None, kind: type[T], delegators: Sequence[Root | Targets]
) -> Metadata[T]:
    if described is None and role != TIMESTAMP:
        raise InputError(f"the snapshot does not name {role}", hint="restore the repository from a backup")
    path = metadata_path(role, described.version if described else 0)
    data = files.read(path, limit=MAX_METADATA_BYTES)
    if described:
        require_content(path, data, described)
    metadata = parse(path, data, kind)
    require_signed(path, role, metadata, delegators)
    return metadata
