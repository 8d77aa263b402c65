"""A folder into which the property's system writes lists of arrivals. DESK.md section 2.

A list is picked up by one rename, so that a power cut leaves it in one place. A second rename marks it as
being tried before it is opened: a list that ends this process, or the power, is set aside at the next start
and is never opened again. An imported list is deleted, and a receipt stays in `done/`; a refused list goes to
`refused/`, with the reason beside it, for three days.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, Final

from edge.errors import EdgeError, InputError, StorageFault
from edge.files.untrusted_folder import UntrustedFolder
from edge.venues.desk.arrivals.intake import FORMATS, SIGNATURE, is_list, read_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge.venues.desk.arrivals.store import Imported
    from edge.vouched_time import VouchedTime

    Take = Callable[[str, BinaryIO, str], Imported]

MAX_ENTRIES: Final = 1_000  # a list a day for three years; a folder with more is the wrong one
MAX_NAME_BYTES: Final = 200  # ext4 allows 255, of which our endings take up to 13
REFUSED_KEPT: Final = timedelta(hours=72)  # a long weekend, until staff look; it has names in it
RECEIPTS_KEPT: Final = timedelta(days=90)  # they hold only counts and numbers of lines
_SHARED: Final = 0o770  # the property's system may be another user of our group
_PRIVATE: Final = 0o700
_READABLE, _FILE = 0o2750, 0o640  # its group reads the reasons, and writes nothing beside them
_INTERRUPTED: Final = "the import did not end, because this program or the power failed"


@dataclass(frozen=True, slots=True)
class ArrivalsImport:
    """The result of one list from the folder. `error`: the reason why it was refused."""

    name: str
    imported: Imported | None = None
    error: EdgeError | None = None

    @property
    def log_name(self) -> str:
        """A name for the log: the property chose the file's name, which may be that of a guest."""
        return log_name(self.name)

    @property
    def logged_error(self) -> EdgeError | None:
        """The error without the file's name."""
        if self.error is None:
            return None
        message = self.error.message.removeprefix(f"{self.name}: ")
        return InputError(f"{self.log_name}: {message}", hint=self.error.hint)


@dataclass(frozen=True, slots=True)
class _Folders:
    inbox: UntrustedFolder
    taken: UntrustedFolder
    trying: UntrustedFolder
    done: UntrustedFolder
    refused: UntrustedFolder


class ArrivalsFolder:
    """The folder of new lists. Raises StorageFault."""

    def __init__(self, folder: Path, *, signed: bool) -> None:
        self._folder = folder
        self._signed = signed
        self._seen: dict[str, tuple[int, int]] = {}

    def glance(self) -> None:
        """Note the state of the files, without picking any up."""
        with self._opened() as folders:
            self._complete(folders)

    def take_all(self, take: Take) -> list[ArrivalsImport]:
        """Import the complete lists, the oldest first, with those that an earlier run picked up.

        A list is complete when it has not changed since the last call, and its signature is there if it needs
        one. A slow writer uses a name that begins with a dot, and then renames the file. `take` gets the
        name, the open file and the signature; a list for which it raises an error is refused.
        """
        with self._opened() as folders:
            if not folders.trying.lock():
                return []  # another process imports now: its list is not a failed one
            results = [
                self._refuse(
                    folders, name, InputError(f"{name}: {_INTERRUPTED}", hint="write the list again")
                )
                for name in folders.trying.names(limit=MAX_ENTRIES)
            ]
            for name in self._complete(folders):
                kept = _kept_name(name)
                folders.inbox.move(name + SIGNATURE, folders.taken, kept + SIGNATURE)
                folders.inbox.move(name, folders.taken, kept)
            waiting = filter(is_list, folders.taken.names(limit=2 * MAX_ENTRIES))
            results += [self._try(folders, name, take) for name in sorted(waiting, key=_oldest(folders))]
        return results

    def refused_since(self, second: float) -> list[str]:
        """Names, as in the log, of lists that were refused after this time; none without the folder."""
        if not self._folder.exists():
            return []
        with self._opened() as folders:
            lists = filter(is_list, folders.refused.names(limit=4 * MAX_ENTRIES))
            return [log_name(name) for name in lists if (folders.refused.changed_s(name) or 0) > second]

    def tidy(self, past: VouchedTime) -> None:
        """Delete old refused lists and old receipts."""
        with self._opened() as folders:
            for folder, keep in ((folders.refused, REFUSED_KEPT), (folders.done, RECEIPTS_KEPT)):
                for name in folder.names(limit=4 * MAX_ENTRIES):
                    changed_s = folder.changed_s(name)
                    if changed_s is not None and past.outlived(datetime.fromtimestamp(changed_s, UTC), keep):
                        folder.remove(name)

    def _try(self, folders: _Folders, name: str, take: Take) -> ArrivalsImport:
        """Import one list; set it aside if that fails, whatever the reason is."""
        signature = self._signature(folders, name)
        folders.taken.move(name, folders.trying)
        folders.trying.flush()  # so that the mark is on the disk before the first byte is read
        try:
            with folders.trying.reader(name) as source:
                imported = take(name, source, signature)
        except (InputError, StorageFault) as error:
            return self._refuse(folders, name, error)
        except OSError as error:
            why = (error.strerror or "cannot be read").lower()
            return self._refuse(
                folders, name, InputError(f"{name}: {why}", hint="write the list as a plain file")
            )
        except (KeyboardInterrupt, SystemExit):  # an operator stops the import, and starts it later
            folders.trying.move(name, folders.taken)
            raise
        folders.trying.remove(name)
        folders.taken.remove(name + SIGNATURE)
        self._say(folders.done, name, receipt(imported))
        return ArrivalsImport(name, imported)

    def _refuse(self, folders: _Folders, name: str, error: EdgeError) -> ArrivalsImport:
        """Move this list to `refused/`, then write the reason: a full disk must not stop the first."""
        folders.trying.move(name, folders.refused)
        folders.taken.move(name + SIGNATURE, folders.refused)
        folders.refused.flush()
        self._say(folders.refused, name, f"{error.message}\n{error.hint}\n")
        return ArrivalsImport(name, error=error)

    def _signature(self, folders: _Folders, name: str) -> str:
        """The text of a signature; empty if lists need none, or if it cannot be read."""
        if not self._signed:
            return ""
        try:
            with folders.taken.reader(name + SIGNATURE) as source:
                return read_signature(source)
        except OSError:
            return ""

    def _complete(self, folders: _Folders) -> list[str]:
        """The complete lists in the inbox; notes the state of all."""
        seen: dict[str, tuple[int, int]] = {}
        complete = []
        for name in folders.inbox.names(limit=MAX_ENTRIES):
            status = folders.inbox.status(name) if is_list(name) and not name.startswith(".") else None
            if status is None:
                continue
            seen[name] = (status.st_size, status.st_mtime_ns)
            if self._seen.get(name) == seen[name] and self._has_signature(folders, name):
                complete.append(name)
        self._seen = seen
        return complete

    def _has_signature(self, folders: _Folders, name: str) -> bool:
        """Whether a list has all that it needs; a power cut may have left a signature in `.taken` alone."""
        if not self._signed:
            return True
        places = ((folders.inbox, name), (folders.taken, _kept_name(name)))
        return any(place.status(each + SIGNATURE) for place, each in places)

    def _say(self, folder: UntrustedFolder, name: str, text: str) -> None:
        folder.write(f"{name}.txt", f"{text}in the log: {log_name(name)}\n".encode(), mode=_FILE)

    @contextmanager
    def _opened(self) -> Iterator[_Folders]:
        """The folder and those inside it, which are made if they are missing."""
        with self._faults(), ExitStack() as stack:
            inbox = stack.enter_context(UntrustedFolder.open(self._folder, mode=_SHARED))
            modes = {".taken": _PRIVATE, ".trying": _PRIVATE, "done": _READABLE, "refused": _READABLE}
            yield _Folders(
                inbox, *(stack.enter_context(inbox.own(name, mode=mode)) for name, mode in modes.items())
            )

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            what = (error.strerror or "cannot be used").lower()
            raise StorageFault(
                f"{self._folder}: {what}", hint="check the permissions of the folder, and the disk"
            ) from error


def log_name(name: str) -> str:
    """The name by which the log calls a list; its receipt, or the reason of its refusal, has both names."""
    digest = hashlib.blake2b(name.encode(errors="surrogateescape"), digest_size=4).hexdigest()
    ending = next((each for each in FORMATS if name.lower().endswith(each)), "")
    return f"list-{digest}{ending}"


def receipt(imported: Imported) -> str:
    """The result of a list, for its sender; it holds no data of the list."""
    counts = f"{imported.bookings} bookings, {imported.guests} guests"
    lines = [f"{counts}, taken {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", *map(str, imported.mistakes)]
    return "\n".join(lines) + "\n"


def _kept_name(name: str) -> str:
    """The name of a list after it is picked up: its own, if our endings fit behind it and it is printable."""
    fits = len(name.encode(errors="surrogateescape")) <= MAX_NAME_BYTES and name.isprintable()
    return name if fits else log_name(name)


def _oldest(folders: _Folders) -> Callable[[str], tuple[int, str]]:
    def key(name: str) -> tuple[int, str]:
        status = folders.taken.status(name)
        return (status.st_mtime_ns if status else 0, name)

    return key
