"""Seals personal data of a venue to a public key; only the holder of the private key can read it.

A box is 32 bytes of an ephemeral X25519 key, 24 of nonce, then XSalsa20-Poly1305 (libsodium's crypto_box). A
Sealer has one ephemeral key: a list of arrivals takes one key agreement, not a hundred thousand.
"""

from __future__ import annotations

from typing import Final

from nacl.exceptions import CryptoError
from nacl.public import Box, PrivateKey, PublicKey

from edge.errors import ConfigError, InputError

KEY_BYTES: Final = 32
MAKE_A_PAIR: Final = "make a pair: doorward desk key FILE"


class Sealer:
    """Seals to one public key, and cannot open what it sealed."""

    def __init__(self, public: bytes) -> None:
        """`public`: 32 bytes of X25519. Raises ConfigError for a weak key."""
        ephemeral = PrivateKey.generate()
        self._prefix = bytes(ephemeral.public_key)
        try:
            self._box = Box(ephemeral, PublicKey(public))
        except CryptoError as error:
            raise ConfigError("not a usable X25519 public key", hint=MAKE_A_PAIR) from error

    def seal(self, plain: bytes) -> bytes:
        return self._prefix + self._box.encrypt(plain)


def unseal(box: bytes, private: PrivateKey) -> bytes:
    """The content of a box that was sealed to this key. Raises InputError."""
    try:
        return Box(private, PublicKey(box[:KEY_BYTES])).decrypt(box[KEY_BYTES:])
    except (CryptoError, TypeError, ValueError) as error:
        raise InputError(
            "sealed to another key, or changed", hint="use the private key that belongs to the sealing key"
        ) from error
