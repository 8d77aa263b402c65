"""A folder into which the property's system writes lists of arrivals. DESK.md section 2.

A list is picked up by one rename, so that a power cut leaves it in one place. An imported list is deleted,
and a receipt stays in `done/`; a refused list goes to `refused/`, with the reason beside it, for three days.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from edge.errors import StorageFault
from edge.venues.desk.arrivals.intake import SIGNATURE, is_list

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.vouched_time import VouchedTime

MAX_ENTRIES: Final = 1_000  # a list a day for three years; a folder with more is the wrong one
REFUSED_KEPT: Final = timedelta(hours=72)  # a long weekend, until staff look; it has names in it
RECEIPTS_KEPT: Final = timedelta(days=90)  # they hold only counts and numbers of lines
_FOLDER, _FILE = (
    0o770,
    0o640,
)  # the property's system may be another user of our group, and must read the reasons
_TAKEN, _DONE, _REFUSED = ".taken", "done", "refused"


class ArrivalsFolder:
    """The folder of new lists. Raises StorageFault."""

    def __init__(self, folder: Path, *, signed: bool) -> None:
        self._folder = folder
        self._signed = signed
        self._seen: dict[str, tuple[int, int]] = {}

    def pick(self) -> list[Path]:
        """Pick up the complete lists, the oldest first, with those that an earlier run left.

        A list is complete when it has not changed since the last call, and its signature is there if it needs
        one. A slow writer uses a name that begins with a dot, and then renames the file.
        """
        self._make()
        with self._faults():
            for path in self._whole():
                taken = self._folder / _TAKEN
                with suppress(FileNotFoundError):
                    os.rename(*self._pair(path, taken))  # noqa: PTH104  so that a crash leaves a list behind
                path.rename(taken / path.name)
            waiting = [path for path in (self._folder / _TAKEN).iterdir() if is_list(path)]
            return sorted(waiting, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def glance(self) -> None:
        """Note the state of the files, without picking any up."""
        self._make()
        with self._faults():
            list(self._whole())

    def done(self, file: Path, receipt: str) -> None:
        """Delete this list, which is in force, and write a receipt."""
        with self._faults():
            self._say(_DONE, file, receipt)
            for path in (file, _signature(file)):
                path.unlink(missing_ok=True)

    def refused(self, file: Path, reason: str) -> None:
        """Move this list to `refused/`, with the reason."""
        with self._faults():
            refused = self._folder / _REFUSED
            self._say(_REFUSED, file, reason)
            with suppress(FileNotFoundError):
                os.rename(*self._pair(file, refused))  # noqa: PTH104  likewise
            file.rename(refused / file.name)

    def tidy(self, past: VouchedTime) -> None:
        """Delete old refused lists and old receipts."""
        self._make()
        with self._faults():
            for name, keep in ((_REFUSED, REFUSED_KEPT), (_DONE, RECEIPTS_KEPT)):
                for path in (self._folder / name).iterdir():
                    if past.outlived(datetime.fromtimestamp(path.stat().st_ctime, UTC), keep):
                        path.unlink()

    def _say(self, folder: str, file: Path, text: str) -> None:
        path = self._folder / folder / f"{file.name}.txt"
        path.write_text(text, "utf-8")
        path.chmod(_FILE)

    def _make(self) -> None:
        with self._faults():
            for name in (_TAKEN, _DONE, _REFUSED):
                path = self._folder / name
                if not path.exists():
                    path.mkdir(parents=True)
                    path.chmod(_FOLDER)  # whatever our umask is

    def _whole(self) -> Iterator[Path]:
        seen: dict[str, tuple[int, int]] = {}
        for entry in islice(os.scandir(self._folder), MAX_ENTRIES):
            path = self._folder / entry.name
            if entry.name.startswith(".") or not is_list(path):
                continue
            if not entry.is_file(follow_symlinks=False):
                continue
            state = entry.stat(follow_symlinks=False)
            seen[entry.name] = (state.st_size, state.st_mtime_ns)
            complete = not self._signed or _signature(path).exists()
            if complete and self._seen.get(entry.name) == seen[entry.name]:
                yield path
        self._seen = seen

    def _pair(self, file: Path, folder: Path) -> tuple[Path, Path]:
        signature = _signature(file)
        return signature, folder / signature.name

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            what = (error.strerror or "cannot be used").lower()
            raise StorageFault(
                f"{self._folder}: {what}", hint="check the permissions of the folder, and the disk"
            ) from error


def _signature(file: Path) -> Path:
    return file.with_name(file.name + SIGNATURE)
