"""A folder that the property's system puts lists of arrivals in. DESK.md section 2.

A list is picked up by one rename, so that a power cut leaves it in one place. What is in is erased, and a
receipt stays in `done/`; what is refused is moved to `refused/`, with the reason beside it, for three days.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Final

from edge.errors import StorageFault
from edge.venues.desk.arrivals.intake import SIGNATURE, is_list

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_ENTRIES: Final = 1_000  # a list a day for three years; more is not the folder it should be
REFUSED_KEPT_S: Final = 72 * 3_600  # a long weekend, until somebody looks; there are names in it
RECEIPTS_KEPT_S: Final = 90 * 86_400  # there are only counts and numbers of lines in them
_FOLDER, _FILE = (
    0o770,
    0o640,
)  # the property's system may be another user of our group, and has to read the reasons
_TAKEN, _DONE, _REFUSED = ".taken", "done", "refused"


class ArrivalsFolder:
    """Lists as they come. Raises StorageFault."""

    def __init__(self, folder: Path, *, signed: bool) -> None:
        self._folder = folder
        self._signed = signed
        self._seen: dict[str, tuple[int, int]] = {}

    def pick(self) -> list[Path]:
        """Lists that are whole, the oldest first; what an earlier run left half done comes before them.

        A list is whole when it has not changed since the last look, and its signature is there if it needs
        one. Whoever writes slowly writes under a name that begins with a dot, and renames.
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
        """Look without picking anything up."""
        self._make()
        with self._faults():
            list(self._whole())

    def done(self, file: Path, receipt: str) -> None:
        """This list is in force: erase it, leave a receipt."""
        with self._faults():
            self._say(_DONE, file, receipt)
            for path in (file, _signature(file)):
                path.unlink(missing_ok=True)

    def refused(self, file: Path, reason: str) -> None:
        """This list is not in force, and this is why."""
        with self._faults():
            refused = self._folder / _REFUSED
            self._say(_REFUSED, file, reason)
            with suppress(FileNotFoundError):
                os.rename(*self._pair(file, refused))  # noqa: PTH104  likewise
            file.rename(refused / file.name)

    def tidy(self, now_s: float) -> None:
        """Erase refused lists that nobody came for, and old receipts."""
        with self._faults():
            for name, kept_s in ((_REFUSED, REFUSED_KEPT_S), (_DONE, RECEIPTS_KEPT_S)):
                for path in (self._folder / name).iterdir():
                    if now_s - path.stat().st_ctime > kept_s:
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
                f"{self._folder}: {what}", hint="check who may write there, and the disk"
            ) from error


def _signature(file: Path) -> Path:
    return file.with_name(file.name + SIGNATURE)
