"""Makes the targets of a repository from the trust folder that an issuer publishes.

Lists and sealed templates need the online keys only. The authority decides keys and scopes of issuers: those
in a trust folder are compared, never taken over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge.card import cbor
from edge.errors import InputError, Refused, TrustFault
from edge.sync import names
from edge.sync.names import ListName, list_target
from edge.trust import folder as bundle
from edge.trust.issuer_file import issuer_file, read_issuer
from edge.trust.status import any_list
from edge.trust.status.status import Bitmaps, StatusManifest
from edge.trust.time.clock_slack import is_ahead
from tools.issuing.editions import next_edition
from tools.issuing.roles import REVOCATION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from typing_extensions import Buffer

    from edge.trust.scope import IssuerKey, Scope
    from edge.trust.status.status import StatusList
    from tools.issuing.repository import Repository

MAX_BOXES: Final = 60_000  # of one issuer at one site: a trust folder holds at most 65,536 files
_OF_ISSUER: Final = re.compile(r"(?:issuers|status)/([0-9a-f]{16})[.-]")
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")  # a name that every server serves unchanged


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Scope and dates that the authority sets for an issuer's key; None: as in the issuer's file."""

    scope: Scope | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def issuers(repository: Repository) -> dict[bytes, IssuerKey]:
    """The issuers' keys that this authority publishes, by key id."""
    found = {names.issuer_kid(target.path): target.path for target in repository}
    return {
        kid: read_issuer(path, kid, repository.read(path)) for kid, path in found.items() if kid is not None
    }


def add_issuer(issuer: IssuerKey, term: Term, *, now: datetime) -> tuple[str, bytes]:
    """The target of an issuer's key with this scope and these dates, issued at `now`. Raises InputError."""
    return issuer_file(
        replace(
            issuer,
            scope=term.scope or issuer.scope,
            valid_from=(term.valid_from or issuer.valid_from).replace(microsecond=0),
            valid_until=(term.valid_until or issuer.valid_until).replace(microsecond=0),
            issued_at=now.replace(microsecond=0),
        )
    )


def remove_issuer(repository: Repository, kid: bytes) -> dict[str, bytes | None]:
    """The targets to remove for a key: itself, its lists and sealed templates. Raises InputError for none."""
    name = names.issuer(kid)
    if repository.find(name) is None:
        raise InputError(
            f"no issuer has the key {kid.hex()}", hint="list them with: doorward-authority issuer list"
        )
    return {
        name: None,
        **dict.fromkeys(target.path for target in repository if _speaks_for(target.path, kid)),
    }


class ListPublisher:
    """Makes the targets of status lists, for any number of trust folders.

    It reads the names of the repository once, and of the issuers those that a folder names.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._files: dict[ListName, list[str]] = {}
        for path in repository.targets(REVOCATION).targets:
            if found := list_target(path):
                self._files.setdefault(found.of, []).append(path)

    def lists(self, trust: Mapping[str, Buffer], *, now: datetime) -> dict[str, bytes | None]:
        """The targets of all status lists in a trust folder. `trust`: its files; bitmaps may be mapped.

        Raises InputError for an issuer that the authority has not added, a list with a wrong signature, and a
        list that is older than the published one; TrustFault for a folder that no device would load.
        """
        known = self._issuers(trust)
        for name in trust:
            kid = names.issuer_kid(name)
            if kid is not None and kid not in known:
                raise InputError(
                    f"{name}: not an issuer of this authority",
                    hint="add it with: doorward-authority issuer add",
                )
        trusted = dict(issuer_file(issuer) for issuer in known.values())
        ours = {name: data for name, data in trust.items() if name.startswith(("status/", "sealed/"))}
        bundle.load({**ours, **trusted})  # all or nothing, as a door loads it
        puts: dict[str, bytes | None] = {}
        for name in sorted(ours):
            suffix = name.rpartition(".")[2]
            if suffix in any_list.MAX_BYTES:
                kid = bytes.fromhex(name.removeprefix("status/")[:16])
                puts |= self._list(known[kid], suffix, trust, signed=bytes(trust[name]), now=now)
        return puts

    def _issuers(self, trust: Mapping[str, Buffer]) -> dict[bytes, IssuerKey]:
        """The issuers that the folder names, as far as the authority publishes them; all if it names none."""
        named = {found[1] for name in trust if (found := _OF_ISSUER.match(name))}
        if not named:
            return issuers(self._repository)
        paths = {kid: names.issuer(kid) for kid in map(bytes.fromhex, sorted(named))}
        return {
            kid: read_issuer(path, kid, self._repository.read(path))
            for kid, path in paths.items()
            if self._repository.find(path)
        }

    def _list(
        self, issuer: IssuerKey, suffix: str, trust: Mapping[str, Buffer], *, signed: bytes, now: datetime
    ) -> dict[str, bytes | None]:
        uri, new = any_list.decode(suffix, signed, issuer)
        name = ListName.of(issuer.kid, uri)
        target = f"{name.stem}.{suffix}"
        old = _published(self._repository, issuer, name)
        if old and new.issued_at < old.issued_at:
            raise InputError(
                f"{target}: signed {new.issued_at:%Y-%m-%dT%H:%M:%SZ}, "
                "which is older than the published list",
                hint="make the issuer's latest list with: doorward-issuer publish",
            )
        if is_ahead(new.issued_at, now):
            raise InputError(
                f"{target}: signed in the future", hint="compare the clocks of office and authority"
            )
        files = self._files.get(name, [])
        if not isinstance(new, StatusManifest):
            return {**dict.fromkeys(files), target: signed}
        stem = bundle.status_stem(issuer.kid, uri)
        bitmaps = Bitmaps(new.size, trust[f"{stem}.revoked"], trust[f"{stem}.suspended"])
        before = old if isinstance(old, StatusManifest) else None
        foreign = {name.foreign: None} if self._repository.find(name.foreign) else {}
        editions = next_edition(self._repository.contents(files), name, before, new, bitmaps)
        return {**foreign, **editions, target: signed}


def boxes(
    repository: Repository, trust: Mapping[str, Buffer], *, kid: bytes, site: str | None
) -> dict[str, bytes | None]:
    """The target with an issuer's sealed templates for a site: exactly those in the folder."""
    name = names.boxes(site, kid)
    held = [bytes(trust[path]) for path in sorted(trust) if path.startswith("sealed/")]
    if len(held) > MAX_BOXES:
        raise InputError(
            f"{len(held)} sealed templates, and at most {MAX_BOXES} are allowed",
            hint="publish them separately for each site",
        )
    if held:
        return {name: cbor.encode(held)}
    return {name: None} if repository.find(name) else {}


def only_issuer(trust: Mapping[str, Buffer]) -> bytes:
    """The key id of the only issuer in a trust folder. Raises InputError for several or none."""
    found = [kid for name in trust if (kid := names.issuer_kid(name))]
    if len(found) != 1:
        raise InputError(
            f"{len(found)} issuers in this folder, and must be 1",
            hint="name the issuer of the sealed templates with --issuer KID",
        )
    return found[0]


def plain(folder: str, name: str, data: bytes) -> tuple[str, bytes]:
    """A target of `models/` or `firmware/`, by the name of its file. Raises InputError."""
    if not _PLAIN.fullmatch(name):
        raise InputError(
            f"{name!r} is not a name for a target",
            hint="rename the file: at most 100 letters, digits, `.`, `_` and `-`",
        )
    return f"{folder}/{name}", data


def _speaks_for(name: str, kid: bytes) -> bool:
    found = list_target(name)
    return (found is not None and found.of.kid == kid) or name.endswith(f".{kid.hex()}.boxes")


def _published(
    repository: Repository, issuer: IssuerKey, name: ListName
) -> StatusList | StatusManifest | None:
    """The published list, in the own or the foreign format; None without one."""
    for suffix, target in ((any_list.OWN, name.signed), (any_list.FOREIGN, name.foreign)):
        if repository.find(target) is None:
            continue
        try:
            return any_list.decode(suffix, repository.read(target), issuer)[1]
        except Refused as refused:  # the authority has renamed the issuer
            raise TrustFault(
                f"{target}: {refused.message}", hint="remove the issuer, and add it with its new name"
            ) from refused
    return None
