"""Replaces keys of roles, and signs roles again before they expire."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tuf.api.metadata import Metadata, Root

from edge.errors import InputError
from tools.issuing.draft import metadata_path, missing
from tools.issuing.metadata import signed_for
from tools.issuing.roles import (
    DELEGATED,
    LIVES,
    ROOT,
    ROOT_THRESHOLD,
    SIGN_FIRST,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
)

if TYPE_CHECKING:
    from datetime import datetime

    from tools.issuing.repository import Repository
    from tools.issuing.tufsigner import Keyring, SeedSigner


def next_root(
    repository: Repository, *, now: datetime, role: str = ROOT, new: SeedSigner | None = None, drop: str = ""
) -> Metadata[Root]:
    """The next root, not signed yet: valid for another year, with the key `new` instead of `drop`.

    `drop`: a key id, or its first digits; may be left out where the role has one key. Raises InputError.
    """
    root = copy.deepcopy(repository.root)
    root.version += 1
    root.expires = now.replace(microsecond=0) + LIVES[ROOT]
    if new is not None:
        root.revoke_key(_held(root.roles[role].keyids, drop, role), role)
        root.add_key(new.public_key, role)
    return Metadata(root)


def sign_root(repository: Repository, proposed: Metadata[Root], ring: Keyring) -> int:
    """Adds the signatures of the root keys in `ring`; returns the number of missing ones."""
    old, new = repository.root, proposed.signed
    for key_id in dict.fromkeys([*old.roles[ROOT].keyids, *new.roles[ROOT].keyids]):
        if key_id in ring:
            proposed.sign(ring[key_id], append=True)
    payload = proposed.signed_bytes
    results = (root.get_verification_result(ROOT, payload, proposed.signatures) for root in (old, new))
    return max(max(0, result.missing) for result in results)


def adopt_root(
    repository: Repository, proposed: Metadata[Root], ring: Keyring, *, now: datetime
) -> dict[str, bytes]:
    """The files that put a signed root in force, with the roles that its new keys must sign.

    Clients fetch the root first and use it at once. So the roles of its new keys are published before it,
    with signatures of the old keys too. Where an old key is lost, the root is published first, and clients
    that fetch between the two retry. Raises InputError.
    """
    old, new = repository.root, proposed.signed
    anchor = metadata_path(ROOT, new.version)
    if new.version != old.version + 1:
        raise InputError(
            f"root {new.version} does not follow root {old.version}", hint="start again with: rotate root"
        )
    if new.roles[ROOT].threshold < ROOT_THRESHOLD:
        raise InputError(
            f"the threshold of the root is {new.roles[ROOT].threshold}, below {ROOT_THRESHOLD}",
            hint="start again with: rotate root",
        )
    if not (signed_for(ROOT, proposed, old) and signed_for(ROOT, proposed, new)):
        raise missing(ROOT, [*old.roles[ROOT].keyids, *new.roles[ROOT].keyids])
    draft = repository.draft(ring, now=now)
    draft.signed[ROOT] = new
    files = draft.sign(now.replace(microsecond=0))
    paths = {role: metadata_path(role, draft.signed[role].version) for role in (TARGETS, SNAPSHOT, TIMESTAMP)}
    changed = {role: Metadata[Any].from_bytes(files[path]) for role, path in paths.items() if path in files}
    if all(signed_for(role, metadata, old) for role, metadata in changed.items()):
        return files | {anchor: proposed.to_bytes()}
    return {anchor: proposed.to_bytes()} | files


def rotate(
    repository: Repository, role: str, new: SeedSigner, ring: Keyring, *, now: datetime
) -> dict[str, bytes]:
    """The files that replace the key of a delegated role. Raises InputError."""
    assert role in DELEGATED, "the keys of top-level roles are in the root"
    draft = repository.draft(ring, now=now)
    delegator = draft.targets(TARGETS)
    delegator.revoke_key(_held(delegator.get_delegated_role(role).keyids, "", role), role)
    delegator.add_key(new.public_key, role)
    return draft.sign(now.replace(microsecond=0))


def renew(repository: Repository, role: str, ring: Keyring, *, now: datetime) -> dict[str, bytes]:
    """The files that sign a role again for its whole validity. Raises InputError."""
    assert role in SIGN_FIRST, "a root is renewed by the root after it"
    draft = repository.draft(ring, now=now)
    draft.renew(role)
    return draft.sign(now.replace(microsecond=0))


def _held(key_ids: list[str], drop: str, role: str) -> str:
    """The only key of a role whose id starts with `drop`."""
    found = [key_id for key_id in key_ids if key_id.startswith(drop)]
    if len(found) != 1:
        raise InputError(
            f"{len(found)} keys of {role} begin with {drop!r}" if drop else f"{role} has {len(key_ids)} keys",
            hint=f"name one with --drop: {', '.join(key_id[:8] for key_id in key_ids)}",
        )
    return found[0]
