"""Downloads of targets: resumed after an interruption, and verified by length and hash."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from edge.errors import FetchError, NoSpace, UpdateRejected
from edge.files.durable import rename_durably
from edge.sync.durable_files import need_space, storing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from edge.ports import Source
    from edge.sync.plan import Target

MAX_S: Final = 1_800.0  # then another sync may run, such as that of a technician with a stick
TRIES: Final = 4  # after three interruptions the next sync continues


class DownloadProgress(Protocol):
    """Observer of a download: the number of bytes to come, and of bytes received."""

    def expect(self, count: int) -> None: ...

    def got(self, count: int) -> None: ...


class Unwatched:
    """Observer that does nothing."""

    def expect(self, count: int) -> None:
        """Nothing to do."""

    def got(self, count: int) -> None:
        """Nothing to do."""


class Downloads:
    """Downloads to `folder`: a complete target is named by its SHA-256, a partial one `<sha256>.part`.

    `path`: the path of a target in the source. `budget`: the most bytes in all. `reserve`: bytes of the disk
    that stay free. `seconds`: the deadline for all downloads.
    """

    def __init__(
        self,
        source: Source,
        folder: Path,
        *,
        path: Callable[[Target], str],
        budget: int,
        reserve: int,
        progress: DownloadProgress,
        seconds: float = MAX_S,
    ) -> None:
        self.folder = folder
        self.fetched = 0
        self._source = source
        self._path = path
        self._budget = budget
        self._reserve = reserve
        self._progress = progress
        self._end = time.monotonic() + seconds
        with storing(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def left(self, target: Target) -> int:
        """The number of bytes of a target that are still missing."""
        if self._whole(target).exists():
            return 0
        part = self._part(target)
        return max(target.length - part.stat().st_size, 0) if part.exists() else target.length

    @property
    def budget(self) -> int:
        """The number of bytes that may still be fetched."""
        return self._budget - self.fetched

    def get(self, target: Target) -> Path:
        """The file, verified. Raises FetchError, UpdateRejected, NoSpace or SyncError."""
        whole = self._whole(target)
        with storing(self.folder):
            if whole.exists():
                return whole
            if self.left(target) > self.budget:
                raise FetchError(
                    f"{target.name}: {target.length} bytes, but only {self.budget} may be fetched",
                    hint="increase [sync] max_mb",
                )
            need_space(self.folder, self.left(target), reserve=self._reserve)
            rename_durably(self._fetched(target), whole)
        return whole

    def read(self, target: Target, *, limit: int) -> bytes:
        """The content of a small target; UpdateRejected if its signed length is above `limit`."""
        if target.length > limit:
            raise UpdateRejected(f"{target.name}: {target.length} bytes, at most {limit} are allowed")
        with storing(self.folder):
            return self.get(target).read_bytes()

    def forget_all_but(self, targets: Collection[Target]) -> None:
        """Remove all files but those of these targets."""
        kept = {name for target in targets for name in (target.sha256, f"{target.sha256}.part")}
        with storing(self.folder):
            for file in self.folder.iterdir():
                if file.name not in kept:
                    file.unlink()

    def _whole(self, target: Target) -> Path:
        return self.folder / target.sha256

    def _part(self, target: Target) -> Path:
        return self.folder / f"{target.sha256}.part"

    def _fetched(self, target: Target) -> Path:
        """The complete and verified part file. A wrong resumed one is fetched again from the start."""
        part = self._part(target)
        resumed = part.exists()
        for _ in range(2):
            self._complete(target, part)
            if _sha256(part) == target.sha256:
                return part
            part.unlink()
            if not resumed:
                break
            resumed = False
        raise UpdateRejected(
            f"{target.name}: its SHA-256 is not the signed one",
            hint="check the server, and proxies before it",
        )

    def _complete(self, target: Target, part: Path) -> None:
        """Fetch the rest of a part file. After an interruption it stays; if it is too long, it is removed."""
        for tries_left in reversed(range(TRIES)):
            before = part.stat().st_size if part.exists() else 0
            try:
                self._append(target, part, before)
            except NoSpace:
                with suppress(OSError):
                    part.unlink()  # a partial file wastes a full disk
                raise
            except FetchError:
                if not tries_left or not part.exists() or part.stat().st_size == before:
                    raise
            if part.stat().st_size == target.length:
                return
            if part.stat().st_size == before:
                break
        raise FetchError(
            f"{target.name}: ends before its signed length",
            hint="sync again: it continues where this one stopped",
        )

    def _append(self, target: Target, part: Path, size: int) -> None:
        if size > target.length:
            part.unlink()
            size = 0
        with storing(part), part.open("ab") as file:
            if size == target.length:
                return
            for chunk in self._source.fetch(self._path(target), offset=size):
                if time.monotonic() > self._end:
                    raise FetchError(
                        f"{target.name}: the deadline of this sync is over",
                        hint="sync again: it continues where this one stopped",
                    )
                size += len(chunk)
                self.fetched += len(chunk)
                if size > target.length:
                    part.unlink()
                    raise FetchError(
                        f"{target.name}: endless data, more than the signed {target.length} bytes",
                        hint="check that [sync] url is right",
                    )
                file.write(chunk)
                self._progress.got(len(chunk))


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
