"""A trust repository in a folder, with all its keys, and a python-tuf client that reads it."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

from edge.app.parts.trust_folder import open_files
from tools.issuing import roles
from tools.issuing.repository import Repository, create
from tools.issuing.tufsigner import Keyring, keyring, new_keys

# python-tuf reads the clock of this machine.
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
ADDRESS = "folder:/"


class FromFolder(FetcherInterface):
    """A fetcher that reads files from a folder, as a web server would serve them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []

    def _fetch(self, url: str) -> Iterator[bytes]:
        name = url.removeprefix(ADDRESS)
        self.asked.append(name)
        if not (self.folder / name).is_file():
            raise DownloadHTTPError("no such file", 404)
        yield (self.folder / name).read_bytes()


class Client:
    """The device's side: verified metadata stays in the folder `memory`."""

    def __init__(self, memory: Path, anchor: bytes) -> None:
        self.memory, self.anchor = memory, anchor
        memory.mkdir(exist_ok=True)

    def look(self, folder: Path) -> Updater:
        """A refreshed updater. Raises the errors of python-tuf."""
        known = (self.memory / "root.json").exists()
        updater = Updater(
            str(self.memory),
            f"{ADDRESS}metadata/",
            str(self.memory),
            f"{ADDRESS}targets/",
            fetcher=FromFolder(folder),
            bootstrap=None if known else self.anchor,
        )
        updater.refresh()
        return updater

    def read(self, folder: Path, name: str) -> bytes | None:
        """The verified content of a target; None if the repository has no target of this name."""
        updater = self.look(folder)
        info = updater.get_targetinfo(name)
        return Path(updater.download_target(info)).read_bytes() if info else None


class RepositoryWorld:
    """The authority's side."""

    def __init__(self, folder: Path, *, now: datetime = NOW) -> None:
        self.folder = folder / "repository"
        self.files = open_files(self.folder)
        self.keys = new_keys(roles.KEY_COUNTS, secrets)
        self.now = now
        self.write(create(self.keys, now=self.now))
        self.anchor = (self.folder / "metadata/1.root.json").read_bytes()

    def keyring(self, *without: str) -> Keyring:
        """All keys except those of these roles."""
        return keyring(key for role, held in self.keys.items() if role not in without for key in held)

    @property
    def online(self) -> Keyring:
        return self.keyring(*(roles.KEY_COUNTS.keys() - roles.ONLINE))

    def repository(self) -> Repository:
        return Repository.load(self.files)

    def later(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def publish(self, puts: dict[str, bytes | None], keys: Keyring | None = None) -> None:
        self.write(
            self.repository().publish(puts, self.keyring() if keys is None else keys, now=self.later())
        )

    def write(self, files: dict[str, bytes]) -> None:
        for name, data in files.items():
            self.files.write(name, data)

    def cut_off(self, files: dict[str, bytes], to: Path) -> Iterator[Path]:
        """Copies of the repository in which none, the first, the first two, ... of the files were written."""
        for count in range(len(files) + 1):
            copy = to / f"cut-{count}"
            shutil.copytree(self.folder, copy)
            for name, data in list(files.items())[:count]:
                open_files(copy).write(name, data)
            yield copy
