"""Sealed to a public key: what a venue keeps of people, readable only where the private key lies.

A box is 32 bytes of an ephemeral X25519 key, 24 of nonce, then XSalsa20-Poly1305 (libsodium's crypto_box). A
Sealer has one ephemeral key: a list of arrivals takes one key agreement, not a hundred thousand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nacl.exceptions import CryptoError
from nacl.public import Box, PrivateKey, PublicKey

from edge.app.parts.trust_folder import open_files
from edge.errors import ConfigError, InputError, StorageFault
from edge.secret_file import read_secret

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES: Final = 32
_LINE_CHARS: Final = 66  # 64 hex digits and the end of a line
_MAKE: Final = "make a pair: doorward desk key FILE"


class Sealer:
    """Seals to one public key, and cannot open what it sealed."""

    def __init__(self, public: bytes) -> None:
        """`public`: 32 bytes of X25519. Raises ConfigError for a key with which nothing is secret."""
        ephemeral = PrivateKey.generate()
        self._prefix = bytes(ephemeral.public_key)
        try:
            self._box = Box(ephemeral, PublicKey(public))
        except CryptoError as error:
            raise ConfigError("not a public key to seal to", hint=_MAKE) from error

    def seal(self, plain: bytes) -> bytes:
        return self._prefix + self._box.encrypt(plain)


def unseal(box: bytes, private: PrivateKey) -> bytes:
    """What was sealed to this key. Raises InputError."""
    try:
        return Box(private, PublicKey(box[:KEY_BYTES])).decrypt(box[KEY_BYTES:])
    except (CryptoError, TypeError, ValueError) as error:
        raise InputError("sealed to another key, or changed", hint="use the key it was made for") from error


def make_pair(file: Path) -> Path:
    """A new private key in `file`, mode 0600, and its public key beside it, whose path is returned.

    Raises ConfigError where there is one already, StorageFault.
    """
    public = file.with_name(f"{file.name}.pub")
    for path in (file, public):
        if path.exists():
            raise ConfigError(f"{path}: there is a key already", hint="choose another name; never lose one")
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
        raise ConfigError(f"{file}: no public key to seal to", hint=_MAKE) from error
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{file}: no public key to seal to", hint=_MAKE)
    Sealer(
        key
    )  # with a key of low order nothing would be secret: better found out now than at the first guest
    return key


def read_private(file: Path) -> PrivateKey:
    """The private key in a file. Raises ConfigError."""
    data = read_secret(file, "the private key", limit=KEY_BYTES, lost=_MAKE)
    if len(data) != KEY_BYTES:
        raise ConfigError(f"{file}: no private key", hint=_MAKE)
    return PrivateKey(data)
