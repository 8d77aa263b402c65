"""Keys of an authority as files: 32-byte seeds, mode 0600, in folders outside the repository.

    KEYS/offline/root-1f0c9a33.key      root, targets, models, firmware: on sticks, each root key on its own
    KEYS/online/timestamp-77ab01de.key  revocation, snapshot, timestamp: on the machine that publishes

The file name is for people. The repository holds the role of a key, by the key's id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.app.parts.trust_folder import open_files
from edge.errors import InputError
from tools.issuing.roles import ONLINE
from tools.issuing.tufsigner import SEED_BYTES, Keyring, SeedSigner, keyring

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OFFLINE_FOLDER, ONLINE_FOLDER = "offline", "online"


def default_folder(repository: Path) -> Path:
    """The folder of keys beside the repository, never inside it: all files inside are served."""
    repository = repository.resolve()
    return repository.with_name(f"{repository.name}-keys")


def check_outside(keys: Path, repository: Path) -> None:
    """Raises InputError for a folder of keys that a web server would serve."""
    if keys.resolve().is_relative_to(repository.resolve()):
        raise InputError(
            f"{keys}: inside the repository, which is served to everyone", hint="choose another --keys"
        )


def store(keys: Path, role: str, signer: SeedSigner) -> Path:
    """Writes a key into the online or offline folder, by its role; returns the file."""
    folder = keys / (ONLINE_FOLDER if role in ONLINE else OFFLINE_FOLDER)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{role}-{signer.key_id[:8]}.key"
    open_files(folder).write(name, signer.seed, secret=True)
    return folder / name


def gather(folders: Iterable[Path]) -> Keyring:
    """All keys in these folders and in `offline` and `online` inside them; missing folders are skipped.

    Raises InputError and StorageFault for a file that is not a key.
    """
    places = [place for keys in folders for place in (keys, keys / OFFLINE_FOLDER, keys / ONLINE_FOLDER)]
    found = [path for place in places if place.is_dir() for path in sorted(place.glob("*.key"))]
    return keyring(_read(path) for path in found if not path.name.startswith("."))


def _read(path: Path) -> SeedSigner:
    return SeedSigner(open_files(path.parent).read(path.name, limit=SEED_BYTES))
