"""A TUF repository that can be published with any mistake; the authority's own tools refuse them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from edge.sync import tuf_keys
from tools.issuing.tufsigner import SeedSigner

TOP = ("root", "timestamp", "snapshot", "targets")


class TufWorld:
    """All roles in memory, and their files as served. `sign` signs any state; `release` publishes correctly."""

    def __init__(self, *, now: datetime | None = None) -> None:
        tuf_keys.register()
        self.now = now or datetime.now(UTC).replace(microsecond=0)
        self.files: dict[str, bytes] = {}
        self._numbers = count(1)
        self.keys = {role: [self.new_key()] for role in (*TOP, "side")}
        expires = self.now + timedelta(days=30)
        self.root = Root(expires=expires, consistent_snapshot=True)
        for role in TOP:
            self.root.add_key(self.keys[role][0].public_key, role)
        side = self.keys["side"][0]
        self.targets = Targets(
            expires=expires,
            delegations=Delegations(
                {side.key_id: side.public_key},
                {"side": DelegatedRole("side", [side.key_id], 1, True, ["side/*"])},
            ),
        )
        self.side = Targets(expires=expires)
        self.snapshot = Snapshot(expires=expires)
        self.snapshot.meta["side.json"] = MetaFile(1)
        self.timestamp = Timestamp(expires=expires)
        self.sign("root", "side", "targets", "snapshot", "timestamp")

    def new_key(self) -> SeedSigner:
        return SeedSigner(hashlib.sha256(b"%d" % next(self._numbers)).digest())

    def role(self, name: str):
        return getattr(self, name)

    def sign(self, *roles: str, keys: Sequence[SeedSigner] | None = None) -> None:
        """Serve these roles in their current state, signed by their keys or by the given ones."""
        for name in roles:
            signed = self.role(name)
            metadata = Metadata(signed)
            for key in self.keys[name] if keys is None else keys:
                metadata.sign(key, append=True)
            version = "" if name == "timestamp" else f"{signed.version}."
            self.files[f"metadata/{version}{name}.json"] = metadata.to_bytes()

    def bytes_of(self, role: str) -> bytes:
        version = "" if role == "timestamp" else f"{self.role(role).version}."
        return self.files[f"metadata/{version}{role}.json"]

    def describe(self, parent: str, role: str, *, hashed: bool = False) -> None:
        """Write a role's version into the snapshot or the timestamp."""
        meta = MetaFile(self.role(role).version)
        if hashed:
            data = self.bytes_of(role)
            meta = MetaFile(meta.version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})
        if parent == "timestamp":
            self.timestamp.snapshot_meta = meta
        else:
            self.snapshot.meta[f"{role}.json"] = meta

    def release(self, *, hashed: bool = False) -> None:
        """Publish a new version of all roles except the root."""
        for role in ("side", "targets"):
            self.role(role).version += 1
            self.sign(role)
            self.describe("snapshot", role, hashed=hashed)
        self.snapshot.version += 1
        self.sign("snapshot")
        self.describe("timestamp", "snapshot", hashed=hashed)
        self.timestamp.version += 1
        self.sign("timestamp")

    def put(self, name: str, data: bytes, *, role: str = "targets") -> str:
        """Add a target; returns the path of its file. The next release contains it."""
        target = TargetFile.from_data(name, data, ["sha256"])
        self.role(role).targets[name] = target
        folder, slash, file = name.rpartition("/")
        path = f"targets/{folder}{slash}{target.hashes['sha256']}.{file}"
        self.files[path] = data
        return path

    def rotate(self, role: str) -> None:
        """Replace the key of a role, in a root of the next version."""
        fresh = self.new_key()
        self.root.revoke_key(self.keys[role][0].key_id, role)
        self.root.add_key(fresh.public_key, role)
        before = self.keys["root"]
        self.keys[role] = [fresh]
        self.next_root(keys=[*before, *(key for key in self.keys["root"] if key not in before)])

    def next_root(self, *, keys: Sequence[SeedSigner] | None = None) -> None:
        self.root.version += 1
        self.sign("root", keys=keys)


Attack = Callable[[TufWorld], None]
