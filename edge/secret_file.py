"""Reader of secret files, keys and passwords, which only their owner may read."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

# Without blocking, because the file may be a pipe.
_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
MAX_PASSWORD_BYTES: Final = 1_000


def read_secret(file: Path, what: str, *, limit: int, lost: str = "", leaked: str = "") -> bytes:
    """The bytes of a secret, at most `limit + 1`, so that the caller can detect a longer file.

    The permissions are checked after the file is opened, so that they are those of the file that is read.

    Args:
        file: the path.
        what: the name of the secret in messages, such as "the door's key".
        limit: the greatest length in bytes.
        lost: the hint if there is no such file.
        leaked: an addition to the hint if others could read it.

    Raises:
        ConfigError: the file cannot be read, is not regular, or others can read or change it.
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
            hint=f"run: chown USER {file}, where USER is the user that runs doorward",
        ) from err
    except (OSError, ValueError) as err:
        why = (getattr(err, "strerror", None) or "is not a name of a file").lower()
        raise ConfigError(f"{what} {file}: {why}", hint=lost) from err


def read_password(file: Path, *, limit: int = MAX_PASSWORD_BYTES) -> str:
    """The password in a file, without the line break. Raises ConfigError, as `read_secret` does."""
    hint = f"write the password to {file}, as UTF-8 text on one line, with mode 600"
    data = read_secret(file, "the password", limit=limit, lost=hint)
    if len(data) > limit:
        raise ConfigError(f"{file}: larger than {limit} bytes", hint=hint)
    try:
        return data.decode().strip()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not text", hint=hint) from error
