"""The folder of an authority: locks, loads, verifies, writes in order and prunes it."""

from __future__ import annotations

import fcntl
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.app.parts.trust_folder import open_files
from edge.cli.output import progress
from edge.cli.values import instant
from edge.cli.verbs import Argument, OneOf, Verb, argument, verb
from edge.errors import InputError, StorageFault
from tools.authority.keys import default_folder, gather
from tools.issuing.pruning import obsolete
from tools.issuing.repository import Repository
from tools.issuing.roles import LIVES, ONLINE, TIMESTAMP

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tools.issuing.tufsigner import Keyring

KEEP: Final = 48  # publications whose files stay: two days of hourly refreshes, for downloads on slow lines
WAIT_S: Final = 60.0  # publishing the list of a whole country takes some seconds
_LOCK: Final = ".lock"  # hidden and empty: serving it does no harm


class AuthorityFolder:
    """A repository's folder, the folders of keys, and the time."""

    def __init__(self, folder: Path, keys: Sequence[Path], now: datetime) -> None:
        self.folder = folder
        self.files = open_files(folder)
        self.now = now
        self._keys = [default_folder(folder), *keys]
        self.repository: Repository

    @property
    def keyring(self) -> Keyring:
        """The keys in the folders of keys, read at each call."""
        return gather(self._keys)

    def keys(self, role: str) -> Path:
        """The folder for a new key: beside the repository for an online key, else the last folder named."""
        beside = self._keys[0]
        return beside if role in ONLINE and beside.is_dir() else self._keys[-1]

    def publish(
        self, puts: Mapping[str, bytes | None], *, life: timedelta = LIVES[TIMESTAMP], keep: int = KEEP
    ) -> None:
        """Signs and writes the changes, then removes files that no client needs. Raises EdgeError."""
        self.write(self.repository.publish(puts, self.keyring, now=self.now, life=life), keep=keep)

    def write(self, files: Mapping[str, bytes], *, keep: int = KEEP) -> None:
        """Writes a publication in its order: after a power cut it is published whole or not at all."""
        for name, data in progress(files.items(), total=len(files), label="publishing"):
            self.files.write(name, data)
        self.repository = Repository.load(self.files)
        for name in obsolete(self.repository, self.files, keep=keep):
            (self.folder / name).unlink(missing_ok=True)
        for leftover in _half_written(self.folder):
            leftover.unlink(missing_ok=True)


def authority_of(args: argparse.Namespace) -> AuthorityFolder:
    """The authority that a command line names."""
    return AuthorityFolder(args.folder, args.keys, args.now)


@contextmanager
def opened(args: argparse.Namespace) -> Iterator[AuthorityFolder]:
    """The authority with its repository verified, locked until the command ends. Raises EdgeError."""
    authority = authority_of(args)
    if not authority.folder.is_dir():
        raise InputError(
            f"{args.folder}: no such folder", hint="make a repository with: doorward-authority init"
        )
    with locked(authority.folder):
        authority.repository = Repository.load(authority.files)
        yield authority


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Locks a folder for one publisher; the lock ends with this process. Raises StorageFault."""
    try:
        file = (folder / _LOCK).open("w")
    except OSError as error:
        raise StorageFault(
            f"{folder}: cannot be locked: {error.strerror}", hint="check who owns the folder"
        ) from error
    with file:
        _wait(file.fileno(), folder)
        yield


def _wait(descriptor: int, folder: Path) -> None:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.1)
    raise StorageFault(f"{folder}: another program is publishing", hint="try again after it has ended")


def _half_written(folder: Path) -> Iterator[Path]:
    """Files of writes that were interrupted: while the lock is held there are no other writes."""
    for below in ("metadata", "targets"):
        yield from (path for path in (folder / below).rglob(".*") if path.is_file())


def days(text: str) -> timedelta:
    """A number of days from a command line."""
    return timedelta(days=float(text))


REPOSITORY: Final = (
    argument("folder", type=Path, metavar="DIR", help="the repository"),
    argument(
        "--keys",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="read keys from DIR too, such as a stick; new keys go to the last one (default DIR-keys)",
    ),
    argument("--now", type=instant, default="now", metavar="TIME", help="use TIME as the time, for tests"),
)


def repository_verb(
    name: str, text: str, run: Callable[[argparse.Namespace], int], *arguments: Argument | OneOf
) -> Verb:
    """A verb that works on a repository; its --help shows the docstring of the function."""
    return verb(name, text, run, *REPOSITORY, *arguments, about=run.__doc__)
