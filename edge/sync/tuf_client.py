"""TUF client over a Source: verifies the metadata of a repository.

python-tuf's ngclient applies the rules of TUF. Two private attributes of it are used, because it has no
public ones: the reference time for expiry (it uses the system clock, which a device without a battery does
not have), and the list of all targets (it gives one name at a time).
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager, suppress
from itertools import chain
from typing import TYPE_CHECKING, Final

from securesystemslib.exceptions import Error as SecureSystemsError
from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Targets
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from edge.errors import FetchError, NotThere, SyncError, UpdateRejected
from edge.files.durable import flush
from edge.sync import tuf_keys
from edge.sync.durable_files import storing
from edge.sync.plan import Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from tuf.api.metadata import TargetFile
    from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet

    from edge.ports import Source

# Usual sizes: root 2.5 kB, snapshot 0.4 kB, 200 bytes a target: 5 MB are 25,000 targets, or 300 large lists.
LIMITS: Final = UpdaterConfig(
    max_root_rotations=256,  # more root versions than a device can miss, at one a year
    max_delegations=16,  # there are three
    root_max_length=128_000,
    timestamp_max_length=16_384,
    snapshot_max_length=256_000,
    targets_max_length=5_000_000,
)
_WORDS: Final = {
    ExpiredMetadataError: ("expired", "check the clock; if it is right, ask the authority to publish again"),
    UnsignedMetadataError: (
        "threshold",
        "check that [sync] root is the root of this repository",
    ),
    LengthOrHashMismatchError: (
        "mix-and-match",
        "copy the whole repository again, or ask the authority to publish again",
    ),
}


class TufClient:
    """Client of one repository. `folder` holds the verified metadata; only this process may use it.

    `root`: the first root, which the user trusts; None: the newest verified root. `now`: the time for expiry,
    aware UTC, never before a signed time. `below`: the folder of metadata in the source.
    """

    def __init__(
        self, source: Source, folder: Path, *, root: bytes | None, now: datetime, below: str = "metadata/"
    ) -> None:
        tuf_keys.register()
        self._folder = folder
        with storing(folder), _judged():
            (folder / "root_history").mkdir(parents=True, exist_ok=True)
            _tidy(folder)
            self._kept = _contents(folder)
            self._updater = Updater(
                str(folder),
                below,
                fetcher=_Fetcher(source),
                config=LIMITS,
                bootstrap=root if root is not None else _newest_root(folder),
            )
        self._verified.reference_time = now

    @property
    def _verified(self) -> TrustedMetadataSet:
        return self._updater._trusted_set  # noqa: SLF001  see the top of this module

    def refresh(self) -> None:
        """Bring the top-level metadata up to date. Raises UpdateRejected or FetchError."""
        with storing(self._folder), _judged():
            try:
                self._updater.refresh()
            finally:
                self._keep()

    def find(self, name: str) -> TargetFile | None:
        """One target by its name, from the metadata of the role that may sign it."""
        with storing(self._folder), _judged():
            try:
                return self._updater.get_targetinfo(name)
            finally:
                self._keep()

    def targets(self, probes: Sequence[str]) -> dict[str, Target]:
        """All targets of the top-level role, and of each role that may sign one of `probes`.

        Targets outside of a role's paths are left out, as in ngclient's search for one name.
        """
        top = self._verified.targets
        found = dict(top.targets)
        for probe in probes:
            self.find(probe)
            for role in _speakers(top, probe):
                metadata = self._verified.get(role)
                if isinstance(metadata, Targets):
                    found |= {
                        name: target
                        for name, target in metadata.targets.items()
                        if name not in top.targets and _speakers(top, name)[:1] == [role]
                    }
        return {name: as_target(target) for name, target in found.items()}

    @property
    def versions(self) -> dict[str, int]:
        """The version of every loaded role."""
        return {role: self._verified[role].version for role in self._verified._trusted_set}  # noqa: SLF001

    def path(self, target: Target) -> str:
        """The name of a target's file below `targets/`."""
        folder, slash, file = target.name.rpartition("/")
        if self._verified.root.consistent_snapshot:
            return f"{folder}{slash}{target.sha256}.{file}"
        return target.name

    def _keep(self) -> None:
        """Flush new metadata to the disk, because ngclient only renames files."""
        now = _contents(self._folder)
        fresh = [file for file, content in now.items() if self._kept.get(file) != content]
        for path in (*fresh, *{file.parent for file in fresh}):
            flush(path)
        self._kept = now


def as_target(target: TargetFile) -> Target:
    """Name, length and SHA-256 of a target. Raises UpdateRejected if one is missing."""
    sha256 = target.hashes.get("sha256", "")
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise UpdateRejected(f"{target.path}: no SHA-256", hint="ask the authority to publish again")
    return Target(target.path, target.length, sha256)


class _Fetcher(FetcherInterface):
    """Adapter from ngclient's fetcher to our Source. ngclient applies the limits of UpdaterConfig."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def _fetch(self, url: str) -> Iterator[bytes]:
        chunks = self._source.fetch(url.removeprefix("/"))  # ngclient adds a slash to an empty base, too
        try:
            first = next(chunks, b"")
        except NotThere as error:
            raise DownloadHTTPError(error.message, 404) from error
        return chain((first,), chunks)


@contextmanager
def _judged() -> Iterator[None]:
    """Turns errors of python-tuf and securesystemslib into ours."""
    try:
        yield
    except DownloadLengthMismatchError as error:
        raise FetchError(f"endless data: {error}", hint="check that [sync] url is right") from error
    except DownloadError as error:
        if isinstance(error.__cause__, SyncError):
            raise error.__cause__ from None
        raise FetchError(str(error).lower() or "a file could not be fetched") from error
    except RepositoryError as error:
        word, hint = _verdict(error)
        raise UpdateRejected(f"{word}: {_one_line(error)}", hint=hint) from error
    except (SecureSystemsError, ValueError, TypeError, KeyError) as error:
        # Malformed keys and signatures; ngclient's parsers may raise any of these.
        raise UpdateRejected(
            f"malformed: {_one_line(error)}", hint="check that [sync] url is right"
        ) from error


def _verdict(error: RepositoryError) -> tuple[str, str]:
    for kind, said in _WORDS.items():
        if isinstance(error, kind):
            return said
    if isinstance(error, BadVersionNumberError):
        text = str(error)
        # ngclient has one class for both; tests hold its three texts of a rollback.
        if "must be >=" in text or ".json version" in text or "root version" in text:
            return "rollback", "use a newer copy of the repository"
        return _WORDS[LengthOrHashMismatchError]
    if "missing info" in str(error) or "not part of snapshot" in str(error):
        return _WORDS[LengthOrHashMismatchError]
    return "malformed", "check that [sync] url is a trust repository"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _speakers(targets: Targets, name: str) -> list[str]:
    """The roles that may sign a name, in order, up to the first terminating one."""
    speakers = []
    if targets.delegations is not None:
        for role, terminating in targets.delegations.get_roles_for_target(name):
            speakers.append(role)
            if terminating:
                break
    return speakers


def _newest_root(folder: Path) -> bytes | None:
    """The newest verified root; ngclient's own link to it is missing for a moment during updates."""
    known = {int(file.name.partition(".")[0]): file for file in folder.glob("root_history/*.root.json")}
    for _, file in sorted(known.items(), reverse=True):
        if data := file.read_bytes():
            return data
    return None


def _tidy(folder: Path) -> None:
    """Remove the remains of an interrupted write of ngclient."""
    for file in folder.glob("tmp*"):
        with suppress(IsADirectoryError):
            file.unlink()


def _contents(folder: Path) -> dict[Path, bytes]:
    """The hash of each file of metadata, because ngclient writes the first root again every time."""
    files = [*folder.glob("*.json"), *folder.glob("root_history/*.json")]
    return {file: hashlib.sha256(file.read_bytes()).digest() for file in files if not file.is_symlink()}
