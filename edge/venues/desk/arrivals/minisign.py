"""Verifies lists that a property signs with minisign (jedisct1.github.io/minisign), a program of its own.

`minisign -S -m arrivals.csv` hashes the file with BLAKE2b-512, signs that with Ed25519, and signs the
signature once more with its trusted comment.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Final

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from edge.errors import InputError

MAX_SIGNATURE_BYTES: Final = 4_096  # two comments of minisign's own limit of 1,024 each, and 250 bytes
_HINT: Final = "sign it again: minisign -S -m FILE"
_PREHASHED, _KEY = b"ED", b"Ed"
_ID_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class SignerKey:
    """The public key that signs lists."""

    id: bytes
    key: bytes = field(repr=False)


def parse_key(text: str) -> SignerKey:
    """The last line of a `minisign.pub`, or that line alone. Raises InputError."""
    lines = text.split("\n")
    data = _decoded(next((line for line in reversed(lines) if line.strip()), ""), "key")
    if len(data) != 2 + _ID_BYTES + 32 or not data.startswith(_KEY):
        raise InputError("not a minisign public key", hint="use the 56 characters that begin with RW")
    return SignerKey(data[2 : 2 + _ID_BYTES], data[2 + _ID_BYTES :])


def check(signature: str, file_digest: bytes, signer: SignerKey) -> None:
    """Verify `signature`, the text of a `.minisig`, by this signer's key. Raises InputError.

    `file_digest`: BLAKE2b-512 of the file.
    """
    lines = signature.splitlines()
    if len(lines) != 4 or not lines[2].startswith("trusted comment: "):
        raise InputError("not a minisign signature", hint=_HINT)
    first, second = _decoded(lines[1], "signature"), _decoded(lines[3], "signature")
    if len(first) != 2 + _ID_BYTES + 64 or len(second) != 64:
        raise InputError("not a minisign signature", hint=_HINT)
    if not first.startswith(_PREHASHED):
        raise InputError("signed in minisign's old format", hint="sign with minisign 0.10 or later")
    if first[2 : 2 + _ID_BYTES] != signer.id:
        raise InputError("signed by another key", hint="sign it with the key of [desk] arrivals_key")
    made = first[2 + _ID_BYTES :]
    try:
        key = VerifyKey(signer.key)
        key.verify(file_digest, made)
        key.verify(made + lines[2].removeprefix("trusted comment: ").encode(), second)
    except (CryptoError, ValueError) as error:
        raise InputError("the signature is for another content", hint=_HINT) from error


def _decoded(text: str, what: str) -> bytes:
    try:
        return b64decode(text.strip().encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise InputError(f"not a minisign {what}", hint=_HINT) from error
