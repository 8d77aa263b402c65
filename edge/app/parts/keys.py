"""Keys that this device makes itself: its signing key, and the keys of its venue."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from edge.app.parts.trust_folder import open_files
from edge.errors import ConfigError, StorageFault
from edge.secret_file import read_secret

if TYPE_CHECKING:
    from pathlib import Path

SEED_BYTES = 32
OWN_KEY_BYTES = 32


def device_seed(file: Path) -> bytes:
    """The device's Ed25519 seed; made with mode 0600 at the first start. Raises ConfigError, StorageFault."""
    if os.path.exists(file):  # noqa: PTH110  Path.exists raises for what can be no name
        return read_seed(file)
    seed = secrets.token_bytes(SEED_BYTES)
    open_files(file.parent).write(file.name, seed, secret=True)
    return seed


def read_seed(file: Path) -> bytes:
    """The device's Ed25519 seed. Raises ConfigError if others can read it, StorageFault for a wrong size."""
    leaked = "; if another user could read it, move it away, and enrol the device again"
    seed = read_secret(file, "the device's key", limit=SEED_BYTES, leaked=leaked)
    if len(seed) != SEED_BYTES:
        raise StorageFault(f"{file}: is not a device key", hint="put the right file back, or remove this one")
    return seed


def own_key(file: Path, what: str, *, lost: str, may_make: bool = True) -> bytes:
    """A key of 32 bytes of this device, made with mode 0600 if there is none.

    If two processes make it at once, both use that of the first. `what`: its name in errors, such as "the
    library's key"; `lost`: the hint for a missing or wrong file. Raises ConfigError, StorageFault.
    """
    if may_make and not os.path.exists(file):  # noqa: PTH110  Path.exists raises for what can be no name
        _make(file)
    key = read_secret(file, what, limit=OWN_KEY_BYTES, lost=lost)
    if len(key) != OWN_KEY_BYTES:
        raise ConfigError(f"{what} {file}: is not {OWN_KEY_BYTES} bytes", hint=lost)
    return key


def _make(file: Path) -> None:
    fresh = f".{secrets.token_hex(4)}.{file.name[:200]}"  # ext4 takes names of up to 255 bytes
    open_files(file.parent).write(fresh, secrets.token_bytes(OWN_KEY_BYTES), secret=True)
    made = file.parent / fresh
    try:
        with suppress(FileExistsError):
            os.link(made, file)
    except OSError as error:
        what = (error.strerror or "cannot be written").lower()
        raise StorageFault(
            f"{file}: {what}", hint="give the service's user write access to that folder"
        ) from error
    finally:
        made.unlink()
