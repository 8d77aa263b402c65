"""Files of a repository on their way: resumed where they were cut off, believed by length and hash alone."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from edge.durable import rename_durably
from edge.errors import FetchError, NoSpace, UpdateRejected
from edge.sync.durable_files import need_space, storing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from edge.ports import Source
    from edge.sync.plan import Target

MAX_S: Final = 1_800.0  # then another may have its turn: a technician with a stick, who waits at the door
TRIES: Final = 4  # cut off three times on the way the line is bad: the next sync goes on from there


class DownloadProgress(Protocol):
    """Whoever watches: how much there is to come, and that some of it is here."""

    def expect(self, count: int) -> None: ...

    def got(self, count: int) -> None: ...


class Unwatched:
    """Nobody watches."""

    def expect(self, count: int) -> None:
        """Nothing to do."""

    def got(self, count: int) -> None:
        """Nothing to do."""


class Downloads:
    """Targets in `folder`, each under its SHA-256 once it is whole, `<sha256>.part` before.

    `path`: where a target is in the source. `budget`: bytes that may be fetched in all. `reserve`: bytes of
    the disk that are not for us. `seconds`: how long all of it may take.
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
        """How many bytes of a target are still to be fetched."""
        if self._whole(target).exists():
            return 0
        part = self._part(target)
        return max(target.length - part.stat().st_size, 0) if part.exists() else target.length

    @property
    def budget(self) -> int:
        """Bytes that may still be fetched."""
        return self._budget - self.fetched

    def get(self, target: Target) -> Path:
        """The file, verified. Raises FetchError, UpdateRejected, NoSpace or SyncError."""
        whole = self._whole(target)
        with storing(self.folder):
            if whole.exists():
                return whole
            if self.left(target) > self.budget:
                raise FetchError(
                    f"{target.name}: {target.length} bytes are more than may be fetched",
                    hint="raise [sync] max_mb",
                )
            need_space(self.folder, self.left(target), reserve=self._reserve)
            rename_durably(self._fetched(target), whole)
        return whole

    def read(self, target: Target, *, limit: int) -> bytes:
        """The content of a small target; UpdateRejected where its signed length is above `limit`."""
        if target.length > limit:
            raise UpdateRejected(f"{target.name}: {target.length} bytes, at most {limit} are read")
        with storing(self.folder):
            return self.get(target).read_bytes()

    def forget_all_but(self, targets: Collection[Target]) -> None:
        """Remove what nobody waits for any more."""
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
        """The part file, complete and right. A resumed one that is wrong is fetched again from its start."""
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
            f"{target.name}: not the file that was signed", hint="the server or the way to it is broken"
        )

    def _complete(self, target: Target, part: Path) -> None:
        """Fetch what is missing of a part file. Cut off, it stays for another time; too long, it goes."""
        for tries_left in reversed(range(TRIES)):
            before = part.stat().st_size if part.exists() else 0
            try:
                self._append(target, part, before)
            except NoSpace:
                with suppress(OSError):
                    part.unlink()  # half a file on a full disk is the least useful thing on it
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
            hint="a later sync goes on where this one stopped",
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
                        f"{target.name}: the time of one sync is over", hint="the next one goes on from here"
                    )
                size += len(chunk)
                self.fetched += len(chunk)
                if size > target.length:
                    part.unlink()
                    raise FetchError(
                        f"{target.name}: endless data, {target.length} bytes were signed",
                        hint="is this the right address?",
                    )
                file.write(chunk)
                self._progress.got(len(chunk))


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
