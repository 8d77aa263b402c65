"""The next state of a repository: its changes, then one signature for each changed role."""

from __future__ import annotations

import copy
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Snapshot, TargetFile, Targets, Timestamp

from edge.errors import InputError
from tools.issuing import roles
from tools.issuing.metadata import MAX_METADATA_BYTES, signed_for
from tools.issuing.roles import DELEGATED, LIVES, ONLINE, ROOT, SIGN_FIRST, SNAPSHOT, TARGETS, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tools.issuing.tufsigner import Keyring

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def metadata_path(role: str, version: int) -> str:
    """The path of a role's metadata."""
    return f"metadata/{role}.json" if role == TIMESTAMP else f"metadata/{version}.{role}.json"


def target_path(target: TargetFile) -> str:
    """The path of a target: its name, with its SHA-256 before the last part."""
    return f"targets/{target.get_prefixed_paths()[0]}"


class MetadataDraft:
    """A draft of all roles. It starts as a copy of `old`, by role, or for a new repository as `signed`."""

    def __init__(
        self,
        ring: Keyring,
        *,
        old: Mapping[str, Metadata[Any]] = _NOTHING,
        signed: Mapping[str, Signed] = _NOTHING,
    ) -> None:
        self.signed = dict(signed) or {role: copy.deepcopy(metadata.signed) for role, metadata in old.items()}
        self._old = old
        self._ring = ring
        self._renewed: set[str] = set()
        self._files: dict[str, bytes] = {}

    def targets(self, role: str) -> Targets:
        return cast("Targets", self.signed[role])

    def put(self, puts: Mapping[str, bytes | None]) -> None:
        """Adds or replaces targets by name; None removes one. Raises InputError for a name without a role."""
        for name, data in puts.items():
            content = self.targets(roles.role_of(name)).targets
            if data is None:
                content.pop(name, None)
                continue
            target = TargetFile.from_data(name, data, ["sha256"])
            if content.get(name) != target:
                content[name] = target
                self._files[target_path(target)] = data

    def renew(self, role: str) -> None:
        """Signs this role again, whether or not it changes."""
        self._renewed.add(role)

    def sign(self, now: datetime, *, life: timedelta = LIVES[TIMESTAMP]) -> dict[str, bytes]:
        """The files to write, in order: targets, then metadata, `timestamp.json` last.

        `life`: validity of the timestamp. Raises InputError where a key is missing.
        """
        if not timedelta(0) < life <= roles.MAX_LIFE:
            raise InputError(
                f"--life: {life / timedelta(days=1):g} is not above 0 and at most {roles.MAX_LIFE.days} days",
                hint="choose a shorter time, and sign again before it ends",
            )
        files = dict(self._files)
        snapshot = cast("Snapshot", self.signed[SNAPSHOT])
        for role in SIGN_FIRST:
            if not self._changed(role):
                continue
            version = self._old[role].signed.version + 1 if role in self._old else 1
            path, data = self._sign(role, version, now + _life(role, life))
            files[path] = data
            described = MetaFile.from_data(version, data, ["sha256"])
            if role == SNAPSHOT:
                cast("Timestamp", self.signed[TIMESTAMP]).snapshot_meta = described
            elif role != TIMESTAMP:
                snapshot.meta[f"{role}.json"] = described
        return files

    def _changed(self, role: str) -> bool:
        old = self._old.get(role)
        if old is None or role in self._renewed or old.signed != self.signed[role]:
            return True
        return not signed_for(role, old, self._delegator(role, self.signed))  # its keys have changed

    def _sign(self, role: str, version: int, expires: datetime) -> tuple[str, bytes]:
        """Signs with the keys in force and, where they change, with the old ones: every client accepts it."""
        signed = self.signed[role]
        signed.version, signed.expires = version, expires
        metadata: Metadata[Any] = Metadata(signed)
        delegator = self._delegator(role, self.signed)
        wanted = list(delegator.get_delegated_role(role).keyids)
        if self._old:
            before = {name: metadata.signed for name, metadata in self._old.items()}
            wanted += self._delegator(role, before).get_delegated_role(role).keyids
        for key_id in dict.fromkeys(wanted):
            if key_id in self._ring:
                metadata.sign(self._ring[key_id], append=True)
        if not signed_for(role, metadata, delegator):
            raise missing(role, wanted)
        data = metadata.to_bytes()
        if len(data) > MAX_METADATA_BYTES:
            raise InputError(
                f"{role}: {len(data)} bytes of metadata, and clients accept {MAX_METADATA_BYTES}",
                hint="publish fewer lists in one repository",
            )
        return metadata_path(role, version), data

    @staticmethod
    def _delegator(role: str, signed: Mapping[str, Signed]) -> Root | Targets:
        return cast("Root | Targets", signed[TARGETS if role in DELEGATED else ROOT])


def _life(role: str, asked: timedelta) -> timedelta:
    """The validity of a role; the other roles of the online keys live at least as long as the timestamp."""
    if role == TIMESTAMP:
        return asked
    return max(LIVES[role], asked) if role in ONLINE else LIVES[role]


def missing(role: str, key_ids: list[str]) -> InputError:
    """The error for a key that is needed and was not found."""
    short = ", ".join(key_id[:8] for key_id in dict.fromkeys(key_ids))
    return InputError(
        f"the key of {role} was not found ({short})",
        hint="name the folder or stick that holds it with --keys DIR",
    )
