"""Secrets lie in files of their own, which nobody but their owner can open: keys and passwords alike."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

# Without blocking: somebody may have put a pipe there.
_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
MAX_PASSWORD_BYTES: Final = 1_000


def read_secret(file: Path, what: str, *, limit: int, lost: str = "", leaked: str = "") -> bytes:
    """The bytes of a secret, `limit + 1` of them at most, so that a file that is too long is seen.

    The permissions are those of the very file that is read: looked at after it was opened.

    Args:
        file: where it lies.
        what: what it is, as in "the door's key".
        limit: how long it may be, in bytes.
        lost: the hint for whoever has none.
        leaked: what else to do where others could read it.

    Raises:
        ConfigError: it cannot be read, is no regular file, or others can read or change it.
    """
    try:
        handle = os.open(file, _READ)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(f"{what} {file}: is not a regular file", hint=lost)
            if status.st_mode & _OTHERS:
                raise ConfigError(
                    f"{file}: others can read or change {what} in it", hint=f"chmod 600 {file}{leaked}"
                )
            return os.read(handle, limit + 1)
        finally:
            os.close(handle)
    except PermissionError as err:
        raise ConfigError(
            f"{what} {file}: permission denied",
            hint=f"make it belong to whoever runs doorward: chown USER {file}",
        ) from err
    except (OSError, ValueError) as err:
        why = (getattr(err, "strerror", None) or "is no name of a file").lower()
        raise ConfigError(f"{what} {file}: {why}", hint=lost) from err


def read_password(file: Path, *, limit: int = MAX_PASSWORD_BYTES) -> str:
    """The password in a file, without the end of its line. Raises ConfigError, as `read_secret` does."""
    hint = "put the password there, as UTF-8 text on one line, and chmod 600"
    data = read_secret(file, "the password", limit=limit, lost=hint)
    if len(data) > limit:
        raise ConfigError(f"{file}: is larger than {limit} bytes", hint=hint)
    try:
        return data.decode().strip()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not text", hint=hint) from error
