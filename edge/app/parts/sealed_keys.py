"""Keys of sealed boxes: makes a pair, and reads the public or the private key from its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nacl.public import PrivateKey

from edge.app.parts.trust_folder import open_files
from edge.delivery.sealed_box import KEY_BYTES, MAKE_A_PAIR, Sealer
from edge.errors import ConfigError, StorageFault
from edge.secret_file import read_secret

if TYPE_CHECKING:
    from pathlib import Path


_LINE_CHARS: Final = 66  # 64 hex digits and the end of a line


def make_pair(file: Path) -> Path:
    """Writes a new private key to `file`, mode 0600, and the public key next to it; returns its path.

    Raises ConfigError if one of the files exists, StorageFault.
    """
    public = file.with_name(f"{file.name}.pub")
    for path in (file, public):
        if path.exists():
            raise ConfigError(
                f"{path}: there is a key already", hint="choose another name: a lost key cannot be made again"
            )
    private = PrivateKey.generate()
    folder = open_files(file.parent)
    folder.write(file.name, bytes(private), secret=True)
    folder.write(public.name, f"{bytes(private.public_key).hex()}\n".encode())
    return public


def read_public(file: Path) -> bytes:
    """The public key in a file of 64 hex digits. Raises ConfigError."""
    try:
        text = open_files(file.parent).read(file.name, limit=_LINE_CHARS).decode("ascii")
        key = bytes.fromhex(text)
    except (StorageFault, ValueError) as error:
        raise ConfigError(f"{file}: is not a public key", hint=MAKE_A_PAIR) from error
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{file}: is not a public key", hint=MAKE_A_PAIR)
    Sealer(key)  # refuses a key of low order, with which nothing would be secret, before the first guest
    return key


def read_private(file: Path) -> PrivateKey:
    """The private key in a file. Raises ConfigError."""
    data = read_secret(file, "the private key", limit=KEY_BYTES, lost=MAKE_A_PAIR)
    if len(data) != KEY_BYTES:
        raise ConfigError(f"{file}: is not a private key", hint=MAKE_A_PAIR)
    return PrivateKey(data)
