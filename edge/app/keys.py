"""The device's own key."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from edge.app.folders import open_files
from edge.errors import StorageFault
from edge.secretfile import read_secret

if TYPE_CHECKING:
    from pathlib import Path

SEED_BYTES = 32


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
