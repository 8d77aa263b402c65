"""Keys that this device makes itself: the one it signs with, and those that its venue keeps secrets under."""

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
    """The device's Ed25519 seed. Raises ConfigError where others can read it, StorageFault for no seed."""
    leaked = "; if a stranger had the chance, move it away, and enrol the device anew"
    seed = read_secret(file, "the device's key", limit=SEED_BYTES, leaked=leaked)
    if len(seed) != SEED_BYTES:
        raise StorageFault(f"{file}: is no device key", hint="put the right file back, or remove this one")
    return seed


def own_key(file: Path, what: str, *, lost: str, may_make: bool = True) -> bytes:
    """A key of 32 bytes that only this device knows, made with mode 0600 where there is none yet.

    Of two processes that make it at once, the earlier one has made it for both. `what`: as in "the gate's
    key"; `lost`: the hint for whoever has none, or another file. Raises ConfigError, StorageFault.
    """
    if may_make and not os.path.exists(file):  # noqa: PTH110  Path.exists raises for what can be no name
        _make(file)
    key = read_secret(file, what, limit=OWN_KEY_BYTES, lost=lost)
    if len(key) != OWN_KEY_BYTES:
        raise ConfigError(f"{what} {file}: is not {OWN_KEY_BYTES} bytes", hint=lost)
    return key


def _make(file: Path) -> None:
    fresh = f".{secrets.token_hex(4)}.{file.name[:200]}"  # 255 bytes is the longest name of ext4
    open_files(file.parent).write(fresh, secrets.token_bytes(OWN_KEY_BYTES), secret=True)
    made = file.parent / fresh
    try:
        with suppress(FileExistsError):
            os.link(made, file)
    except OSError as error:
        what = (error.strerror or "cannot be written").lower()
        raise StorageFault(f"{file}: {what}", hint="check who may write there") from error
    finally:
        made.unlink()
